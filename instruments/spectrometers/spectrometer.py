"""A spectrometer as plans see it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ophyd import Component as Cpt

from instruments.device import BenchDevice
from instruments.errors import InstrumentError, LimitError
from instruments.signals import InstrumentSignal
from instruments.spectrometers.burst import Burst
from instruments.spectrometers.corrections import Corrections
from instruments.spectrometers.driver import Counts, SpectrometerDriver
from instruments.spectrometers.exposure import Exposure, WavelengthOffset
from instruments.spectrometers.smoothing import smooth_boxcar
from instruments.tasks import Status

AVERAGES_LIMITS = (1, 1000)
BOXCAR_LIMITS_PX = (0, 100)
TRIGGER_TIMEOUT_LIMITS_S = (0.1, 3600.0)
_MARGIN_S = 5.0  # for the line to be free and the transfers


class Spectrometer(BenchDevice):
    """Takes spectra of raw counts; averaging and smoothing are done here.

    Args:
        name: Name on the bench.
        driver: The instrument.
        integration_time_s: What it is set to when it is connected.
        averages: Spectra per trigger.
        boxcar_px: Neighbours to each side in the running mean.
        wavelength_offset: What must be added to the instrument's own axis.
        corrections: Go into the configuration for whoever reads the spectra; these stay raw.
        **kwargs: As for ``ophyd.Device``.
    """

    spectrum_counts = Cpt(
        InstrumentSignal,
        getter="_get_spectrum",
        kind="normal",
        units="counts",
        precision=1,
        doc="Spectrum of raw counts, averaged; no dark is subtracted",
    )
    peak_counts = Cpt(
        InstrumentSignal,
        getter="_get_peak",
        kind="hinted",
        units="counts",
        precision=0,
        doc="Largest raw count in any of the averaged spectra",
    )
    electric_dark_counts = Cpt(
        InstrumentSignal,
        getter="_get_electric_dark",
        kind="normal",
        units="counts",
        precision=1,
        doc="Mean of the pixels that no light reaches; not a number where there are none",
    )
    exposure_start_s = Cpt(
        InstrumentSignal,
        getter="_get_start",
        kind="normal",
        units="s",
        precision=3,
        doc="Begin of the exposure, seconds since 1970",
    )
    integration_time_s = Cpt(
        InstrumentSignal,
        getter="_get_integration_time",
        setter="_set_integration_time",
        kind="normal",
        units="s",
        precision=6,
        tolerance=1e-6,
        timeout_s=30.0,  # the exposure under way has to end first
        doc="Integration time of one spectrum",
    )
    averages = Cpt(
        InstrumentSignal,
        getter="_get_averages",
        setter="_set_averages",
        kind="config",
        precision=0,
        doc="Spectra averaged per trigger",
    )
    trigger_mode = Cpt(
        InstrumentSignal,
        getter="_get_trigger_mode",
        setter="_set_trigger_mode",
        kind="config",
        doc="What begins an exposure: being asked (free), an edge or a level at the trigger input",
    )
    trigger_timeout_s = Cpt(
        InstrumentSignal,
        getter="_get_trigger_timeout",
        setter="_set_trigger_timeout",
        kind="config",
        units="s",
        precision=1,
        doc="How long an edge or a level is waited for",
    )
    boxcar_px = Cpt(
        InstrumentSignal,
        getter="_get_boxcar",
        setter="_set_boxcar",
        kind="config",
        units="px",
        precision=0,
        doc="Neighbours to each side in the running mean",
    )
    wavelength_nm = Cpt(
        InstrumentSignal,
        getter="_get_wavelength",
        kind="config",
        units="nm",
        precision=3,
        doc="Wavelength of every pixel, with the offset of the bench file",
    )
    wavelength_offset_nm = Cpt(
        InstrumentSignal,
        getter="_get_offset",
        kind="config",
        units="nm",
        precision=3,
        doc="What was added to the instrument's own wavelength axis",
    )
    wavelength_calibrated = Cpt(
        InstrumentSignal,
        getter="_get_calibrated",
        kind="config",
        doc="Date on which the offset was measured, empty when it never was",
    )
    nonlinearity = Cpt(
        InstrumentSignal,
        getter="_get_nonlinearity",
        kind="config",
        doc="Polynomial in dark-corrected counts by which these are divided to be linear, "
        "lowest order first; the spectra are not corrected",
    )
    dark_pixels = Cpt(
        InstrumentSignal,
        getter="_get_dark_pixels",
        kind="config",
        doc="Numbers of the pixels that no light reaches",
    )
    full_scale_counts = Cpt(
        InstrumentSignal,
        getter="_get_full_scale",
        kind="config",
        units="counts",
        precision=0,
        doc="Counts at which a pixel is saturated",
    )
    model = Cpt(InstrumentSignal, getter="_get_model", kind="config", doc="Maker and model")
    serial_number = Cpt(InstrumentSignal, getter="_get_serial", kind="config", doc="Serial number")
    burst = Cpt(Burst, "", kind="omitted", doc="Many spectra in one event")

    def __init__(
        self,
        *,
        name: str,
        driver: SpectrometerDriver,
        integration_time_s: float,
        averages: int = 1,
        boxcar_px: int = 0,
        wavelength_offset: WavelengthOffset | None = None,
        corrections: Corrections | None = None,
        **kwargs: Any,
    ) -> None:
        self._spectrometer = driver
        self._initial_integration_time_s = integration_time_s
        self._average_count = averages
        self._boxcar_half_px = boxcar_px
        self._offset = wavelength_offset or WavelengthOffset()
        self._corrections = corrections or Corrections()
        self._axis_nm: Counts | None = None
        self._response: Counts | None = None
        self._exposure: Exposure | None = None
        self._stopped = threading.Event()
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Set the integration time and read wavelength axis and nonlinearity."""
        self._spectrometer.prepare(self._initial_integration_time_s)
        self._axis_nm = self._spectrometer.wavelength_axis_nm() + self._offset.offset_nm
        self._response = self._spectrometer.nonlinearity()
        self._corrections.check(self._axis_nm, self.identity.serial)

    def read_configuration(self) -> dict[str, Any]:
        """Return the settings, and the corrections that the bench names."""
        return {**super().read_configuration(), **self._corrections.read(self.name)}

    def describe_configuration(self) -> dict[str, Any]:
        """Describe the keys of :meth:`read_configuration`."""
        return {**super().describe_configuration(), **self._corrections.describe(self.name)}

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Take no further spectrum; the instrument neither emits nor moves.

        Args:
            timeout_s: Has no meaning here: nothing is asked of the instrument, so that the longest
                exposure keeps nobody waiting.
        """
        self.stop()

    # -- exposure ----------------------------------------------------------------------------

    def trigger(self) -> Status:  # type: ignore[override]
        """Take a spectrum; :meth:`read` gives it when the status is done."""
        self._stopped.clear()
        exposures = self._average_count + self._spectrometer.pending_discards
        timeout_s = exposures * self._spectrometer.spectrum_timeout_s + _MARGIN_S
        return self.run_in_thread(self._expose, timeout_s)

    def _expose(self) -> None:
        self._spectrometer.discard_stale()
        start_s = time.time()
        spectra: list[Counts] = []
        for _ in range(self._average_count):
            if self._stopped.is_set():
                raise InstrumentError(
                    self.name, f"stopped after {len(spectra)} of {self._average_count} spectra"
                )
            spectra.append(self._spectrometer.take_spectrum())
        mean = np.asarray(np.mean(spectra, axis=0), dtype=np.float64)
        dark = mean[list(self._spectrometer.dark_pixels)]
        self._exposure = Exposure(
            counts=smooth_boxcar(mean, self._boxcar_half_px),
            peak_counts=float(np.max(spectra)),
            electric_dark_counts=float(np.mean(dark)) if dark.size else float("nan"),
            start_s=start_s,
        )

    def take_burst(self, number: int) -> tuple[Counts, Counts]:
        """Take spectra one after the other as fast as the instrument can; blocks.

        Args:
            number: How many.

        Returns:
            Raw counts, shape (number, pixels), and the time at which each was complete, seconds
            since 1970, shape (number,).

        Raises:
            InstrumentError: Stopped, or what the driver says; the spectra are lost then.
        """
        driver = self._spectrometer
        driver.discard_stale()
        counts = np.empty((number, driver.pixel_count))
        times_s = np.empty(number)
        for index in range(number):
            if self._stopped.is_set():
                raise InstrumentError(self.name, f"stopped after {index} of {number} spectra")
            counts[index] = driver.take_next_spectrum() if index else driver.take_spectrum()
            times_s[index] = time.time()
        return counts, times_s

    def start_burst(self, number: int, finish: Callable[[Counts, Counts], None]) -> Status:
        """Take a burst in a thread.

        Args:
            number: How many spectra.
            finish: Takes what :meth:`take_burst` returns.
        """
        self._stopped.clear()
        exposures = number + self._spectrometer.pending_discards
        timeout_s = exposures * self._spectrometer.spectrum_timeout_s + _MARGIN_S
        return self.run_in_thread(lambda: finish(*self.take_burst(number)), timeout_s)

    def discard_next(self) -> None:
        """Throw away the next spectra because the light or the sample has changed."""
        self._spectrometer.discard_next()

    def stop(self, *, success: bool = False) -> None:
        """Take no further spectrum for the trigger under way; repeatable, never waits.

        Args:
            success: Has no meaning here.
        """
        self._stopped.set()

    # -- signals -----------------------------------------------------------------------------

    def _get_spectrum(self) -> Counts:
        if self._exposure is None:
            return np.full(self._spectrometer.pixel_count, np.nan)
        return self._exposure.counts

    def _get_peak(self) -> float:
        return float("nan") if self._exposure is None else self._exposure.peak_counts

    def _get_start(self) -> float:
        return float("nan") if self._exposure is None else self._exposure.start_s

    def _get_integration_time(self) -> float:
        return self._spectrometer.integration_time_s()

    def _set_integration_time(self, integration_time_s: float) -> None:
        self._spectrometer.set_integration_time_s(integration_time_s)

    def _get_averages(self) -> int:
        return self._average_count

    def _set_averages(self, averages: int) -> None:
        self._average_count = self._whole("averages", averages, AVERAGES_LIMITS)

    def _get_trigger_mode(self) -> str:
        return self._spectrometer.trigger_mode

    def _set_trigger_mode(self, mode: str) -> None:
        self._spectrometer.set_trigger_mode(mode)

    def _get_trigger_timeout(self) -> float:
        return self._spectrometer.trigger_timeout_s

    def _set_trigger_timeout(self, timeout_s: float) -> None:
        low_s, high_s = TRIGGER_TIMEOUT_LIMITS_S
        if not low_s <= timeout_s <= high_s:
            raise LimitError(
                self.name,
                f"a trigger is waited for {low_s:g} to {high_s:g} s, asked for {timeout_s!r}",
                value=timeout_s,
                unit="s",
                limits=TRIGGER_TIMEOUT_LIMITS_S,
            )
        self._spectrometer.trigger_timeout_s = float(timeout_s)

    def _get_boxcar(self) -> int:
        return self._boxcar_half_px

    def _set_boxcar(self, boxcar_px: int) -> None:
        self._boxcar_half_px = self._whole("boxcar_px", boxcar_px, BOXCAR_LIMITS_PX)

    def _whole(self, quantity: str, value: float, limits: tuple[int, int]) -> int:
        low, high = limits
        if value != int(value) or not low <= value <= high:
            raise LimitError(
                self.name,
                f"{quantity} must be a whole number from {low} to {high}, asked for {value!r}",
                value=value,
                limits=limits,
            )
        return int(value)

    def _get_electric_dark(self) -> float:
        return float("nan") if self._exposure is None else self._exposure.electric_dark_counts

    def _get_wavelength(self) -> Counts:
        if self._axis_nm is None:
            self._axis_nm = self._spectrometer.wavelength_axis_nm() + self._offset.offset_nm
        return self._axis_nm

    def _get_offset(self) -> float:
        return self._offset.offset_nm

    def _get_calibrated(self) -> str:
        return self._offset.calibrated

    def _get_nonlinearity(self) -> Counts:
        if self._response is None:
            self._response = self._spectrometer.nonlinearity()
        return self._response

    def _get_dark_pixels(self) -> NDArray[np.int64]:
        return np.asarray(self._spectrometer.dark_pixels, dtype=np.int64)

    @property
    def integration_limits_s(self) -> tuple[float, float]:
        """Shortest and longest integration time of the instrument, s."""
        return self._spectrometer.integration_limits_s

    def _get_full_scale(self) -> float:
        return self._spectrometer.full_scale_counts

    def _get_model(self) -> str:
        return f"{self.identity.maker} {self.identity.model}"

    def _get_serial(self) -> str:
        return self.identity.serial
