"""What the drivers of all Ocean spectrometers have in common."""

from collections.abc import Mapping

import numpy as np

from instruments.driver import LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, LinkTimeoutError, ProtocolError
from instruments.links import Link
from instruments.spectrometers.driver import Counts

FREE = "free"


class OceanSpectrometer(LinkedInstrument):
    """Integration time, wavelength axis, and spectra that must not count.

    After any change the first spectra may still show the light or the exposure from before it
    (python-seabreeze #38, #110, #177, #298), so they are taken and thrown away.

    Args:
        link: Nothing is added to or taken from its bytes.
        discard_after_change: Spectra thrown away after a change.
    """

    pixel_count = 0
    full_scale_counts = 65535.0
    integration_limits_s = (0.0, 0.0)
    dark_pixels: tuple[int, ...] = ()
    trigger_modes: Mapping[str, int] = {FREE: 0}
    """Numbers of the modes that this model has, by name."""

    def __init__(self, link: Link, *, discard_after_change: int = 1) -> None:
        super().__init__(link)
        self._discard_after_change = discard_after_change
        self._stale = discard_after_change
        self._is_prepared = False
        self._exposure_s = 1.0  # until it is known
        self._trigger_mode = FREE
        self.trigger_timeout_s = 10.0
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    # -- what a model does in its own way

    def _resynchronise(self) -> None:
        """Make sure that question and answer belong together."""
        raise NotImplementedError

    def _write_trigger_mode(self, number: int) -> None:
        """Send the number of a trigger mode."""
        raise NotImplementedError

    def _switch_lamp_line_off(self) -> None:
        """Let the output that switches an external lamp be off."""
        raise NotImplementedError

    def _write_integration_time_us(self, microseconds: int) -> None:
        """Send an integration time that is within the limits."""
        raise NotImplementedError

    def _read_integration_time_us(self) -> int:
        """Ask for the integration time."""
        raise NotImplementedError

    def _resolution_us(self, microseconds: int) -> int:
        """Return the step in which the instrument counts near an integration time."""
        return 1

    def _read_wavelength_coefficients(self) -> list[float]:
        """Ask for the polynomial of the wavelength axis, lowest order first."""
        raise NotImplementedError

    def _read_nonlinearity(self) -> list[float]:
        """Ask for the polynomial of the detector's response, lowest order first."""
        raise NotImplementedError

    def _raw_spectrum(self) -> Counts:
        """Take a spectrum."""
        raise NotImplementedError

    def _begin_series(self) -> None:
        """Throw away what was exposed before it was asked for."""

    # -- settings

    def prepare(self, integration_time_s: float) -> None:
        """Set what must hold before the first spectrum: lamp line, trigger, integration time.

        Nothing here uses the lamp line, but another program may have left a lamp on with it, whose
        light would be in no ledger.

        Args:
            integration_time_s: Within ``integration_limits_s``.
        """
        with self.link.exchange():
            self._switch_lamp_line_off()
            self._write_trigger_mode(self.trigger_modes[self._trigger_mode])
            self.set_integration_time_s(integration_time_s)
        self._is_prepared = True

    def _restore(self) -> None:
        """Set what a spectrometer forgets when it loses its power along with the line."""
        if self._is_prepared:
            self.prepare(self._exposure_s)

    def wavelength_axis_nm(self) -> Counts:
        """Return the wavelength of every pixel, from the polynomial stored in the instrument.

        Returns:
            Nanometres, shape ``(pixel_count,)``, strictly increasing.

        Raises:
            ProtocolError: The coefficients make no wavelength axis.
        """
        coefficients = self._read_wavelength_coefficients()
        axis = np.polynomial.Polynomial(coefficients)(np.arange(self.pixel_count, dtype=float))
        if not (np.all(np.isfinite(axis)) and np.all(np.diff(axis) > 0)):
            raise ProtocolError(
                self.link.name, f"wavelength coefficients {coefficients} give no increasing axis"
            )
        return np.asarray(axis, dtype=np.float64)

    def nonlinearity(self) -> Counts:
        """Return the polynomial by which dark-corrected counts are divided to be linear.

        Returns:
            Coefficients in powers of counts, lowest order first; ``[1]`` where none are stored.
        """
        found = np.asarray(self._read_nonlinearity(), dtype=np.float64)
        if not np.all(np.isfinite(found)):
            raise ProtocolError(self.link.name, f"nonlinearity coefficients are {found.tolist()}")
        return found if np.any(found) else np.ones(1)

    def integration_time_s(self) -> float:
        """Return the integration time that the instrument holds, in seconds."""
        return self._read_integration_time_us() / 1e6

    def set_integration_time_s(self, integration_time_s: float) -> None:
        """Set the integration time; the spectra that may still show the old one are thrown away.

        Args:
            integration_time_s: Within ``integration_limits_s``, rounded to the step in which the
                instrument counts.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The instrument refused, or reads back another value.
        """
        low_s, high_s = self.integration_limits_s
        if not low_s <= integration_time_s <= high_s:
            raise LimitError(
                self.link.name,
                f"integration time must be {low_s:g} to {high_s:g} s, asked for "
                f"{integration_time_s!r}",
                value=integration_time_s,
                unit="s",
                limits=self.integration_limits_s,
            )
        step_us = self._resolution_us(round(integration_time_s * 1e6))
        asked_us = round(integration_time_s * 1e6 / step_us) * step_us
        self._stale = self._discard_after_change
        with self.link.exchange():
            self._write_integration_time_us(asked_us)
            actual_us = self._read_integration_time_us()
        self._exposure_s = actual_us / 1e6
        if abs(actual_us - asked_us) > step_us:
            raise DeviceFaultError(
                self.link.name,
                f"integration time reads {actual_us / 1e6:g} s after {asked_us / 1e6:g} s was set",
            )

    # -- exposure

    @property
    def trigger_mode(self) -> str:
        """What begins an exposure: being asked (``"free"``), or the trigger input."""
        return self._trigger_mode

    def set_trigger_mode(self, mode: str) -> None:
        """Set what begins an exposure; the spectra that may be old are thrown away.

        Args:
            mode: ``"free"``, ``"edge"`` or ``"level"``, as far as the model has them.

        Raises:
            LimitError: It has no such mode; nothing was sent.
        """
        if mode not in self.trigger_modes:
            known = ", ".join(self.trigger_modes)
            raise LimitError(
                self.link.name, f"has the trigger modes {known}, asked for {mode!r}", value=mode
            )
        with self.link.exchange():
            self._write_trigger_mode(self.trigger_modes[mode])
            self._trigger_mode = mode
        self._stale = self._discard_after_change

    @property
    def _exposing_timeout_s(self) -> float:
        """How long the exposure under way, the next and the transfer may take."""
        return 2.0 * self._exposure_s + 1.0

    @property
    def spectrum_timeout_s(self) -> float:
        """How long one spectrum may take, with the wait for a trigger."""
        waits_s = 0.0 if self._trigger_mode == FREE else self.trigger_timeout_s
        return waits_s + self._exposing_timeout_s

    @property
    def pending_discards(self) -> int:
        """Spectra that the next :meth:`take_spectrum` throws away first."""
        return self._stale

    def discard_next(self) -> None:
        """Throw the next spectra away because the light has changed."""
        self._stale = self._discard_after_change

    def discard_stale(self) -> None:
        """Take and throw away the spectra that may still show what was before the last change."""
        if self._stale > 0:
            self._begin_series()
        while self._stale > 0:
            self._one_spectrum()
            self._stale -= 1

    def take_spectrum(self) -> Counts:
        """Expose and return one spectrum, after throwing away those that must not count.

        Returns:
            Raw counts, shape ``(pixel_count,)``.

        Raises:
            LinkTimeoutError: No spectrum within :attr:`spectrum_timeout_s`.
        """
        self.discard_stale()
        self._begin_series()
        return self._one_spectrum()

    def take_next_spectrum(self) -> Counts:
        """Return the spectrum that follows the last one, as close to it as the instrument can.

        Returns:
            Raw counts, shape ``(pixel_count,)``.
        """
        return self._one_spectrum()

    def _one_spectrum(self) -> Counts:
        try:
            return self._raw_spectrum()
        except LinkTimeoutError as error:
            if self._trigger_mode == FREE:
                raise
            raise LinkTimeoutError(
                self.link.name,
                f"no spectrum within {self.spectrum_timeout_s:g} s in trigger mode "
                f"{self._trigger_mode!r}: look whether triggers come, or set the mode to 'free'",
            ) from error

    def make_safe(self) -> None:
        """Do nothing: a spectrometer neither emits nor moves."""
