"""A spectrometer as plans see it."""

import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from ophyd import Component as Cpt
from ophyd.status import DeviceStatus

from instruments.device import BenchDevice, Driver
from instruments.errors import InstrumentError, LimitError
from instruments.signals import InstrumentSignal

AVERAGES_LIMITS = (1, 1000)
BOXCAR_LIMITS_PX = (0, 100)
_MARGIN_S = 5.0  # for the line to be free and the transfers

Counts = NDArray[np.float64]


class SpectrometerDriver(Driver, Protocol):
    """What a spectrometer needs of its driver."""

    @property
    def pixel_count(self) -> int:
        """Pixels of a spectrum."""
        ...

    @property
    def full_scale_counts(self) -> float:
        """Counts at which the detector's converter ends."""
        ...

    @property
    def spectrum_timeout_s(self) -> float:
        """How long one spectrum may take."""
        ...

    @property
    def pending_discards(self) -> int:
        """Spectra that must be thrown away before the next one that counts."""
        ...

    def prepare(self, integration_time_s: float) -> None:
        """Set what must hold before the first spectrum."""
        ...

    def wavelength_axis_nm(self) -> Counts:
        """Return the wavelength of every pixel."""
        ...

    def integration_time_s(self) -> float:
        """Return the integration time."""
        ...

    def set_integration_time_s(self, integration_time_s: float) -> None:
        """Set the integration time."""
        ...

    def discard_next(self) -> None:
        """Throw the next spectra away because the light has changed."""
        ...

    def discard_stale(self) -> None:
        """Take and throw away the spectra that must not count."""
        ...

    def take_spectrum(self) -> Counts:
        """Expose and return one spectrum of raw counts."""
        ...


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """What the last trigger took.

    Attributes:
        counts: Averaged and smoothed counts, shape (pixels,).
        peak_counts: Largest raw count in any of the averaged spectra.
        start_s: Begin of the first spectrum that counts, seconds since 1970.
    """

    counts: Counts
    peak_counts: float
    start_s: float


def smooth_boxcar(counts: Counts, half_width_px: int) -> Counts:
    """Return the running mean over a pixel and its neighbours; at the ends over those there are.

    Args:
        counts: Shape (pixels,).
        half_width_px: Neighbours to each side, 0 for none.
    """
    if half_width_px == 0:
        return counts
    ends = np.arange(len(counts))
    first = np.maximum(ends - half_width_px, 0)
    last = np.minimum(ends + half_width_px + 1, len(counts))
    sums = np.concatenate(([0.0], np.cumsum(counts)))
    return np.asarray((sums[last] - sums[first]) / (last - first), dtype=np.float64)


class Spectrometer(BenchDevice):
    """Takes spectra of raw counts; averaging and smoothing are done here.

    Args:
        name: Name on the bench.
        driver: The instrument.
        integration_time_s: What it is set to when it is connected.
        averages: Spectra per trigger.
        boxcar_px: Neighbours to each side in the running mean.
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
        doc="Wavelength of every pixel",
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

    def __init__(
        self,
        *,
        name: str,
        driver: SpectrometerDriver,
        integration_time_s: float,
        averages: int = 1,
        boxcar_px: int = 0,
        **kwargs: Any,
    ) -> None:
        self._spectrometer = driver
        self._initial_integration_time_s = integration_time_s
        self._average_count = averages
        self._boxcar_half_px = boxcar_px
        self._axis_nm: Counts | None = None
        self._exposure: Exposure | None = None
        self._stopped = threading.Event()
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Set the integration time and read the wavelength axis."""
        self._spectrometer.prepare(self._initial_integration_time_s)
        self._axis_nm = self._spectrometer.wavelength_axis_nm()

    # -- exposure ----------------------------------------------------------------------------

    def trigger(self) -> DeviceStatus:
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
        self._exposure = Exposure(
            counts=smooth_boxcar(mean, self._boxcar_half_px),
            peak_counts=float(np.max(spectra)),
            start_s=start_s,
        )

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

    def _get_wavelength(self) -> Counts:
        if self._axis_nm is None:
            self._axis_nm = self._spectrometer.wavelength_axis_nm()
        return self._axis_nm

    def _get_full_scale(self) -> float:
        return self._spectrometer.full_scale_counts

    def _get_model(self) -> str:
        return f"{self.identity.maker} {self.identity.model}"

    def _get_serial(self) -> str:
        return self.identity.serial
