"""What the drivers of all Ocean spectrometers have in common."""

import numpy as np
from numpy.typing import NDArray

from instruments.driver import LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.links import Link

Counts = NDArray[np.float64]


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

    def __init__(self, link: Link, *, discard_after_change: int = 1) -> None:
        super().__init__(link)
        self._discard_after_change = discard_after_change
        self._stale = discard_after_change
        self._is_prepared = False
        self._exposure_s = 1.0  # until it is known
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    # -- what a model does in its own way

    def _resynchronise(self) -> None:
        """Make sure that question and answer belong together."""
        raise NotImplementedError

    def _set_normal_trigger(self) -> None:
        """Let a spectrum be taken whenever one is asked for."""
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
        """Set what must hold before the first spectrum: free-running trigger, integration time.

        Args:
            integration_time_s: Within ``integration_limits_s``.
        """
        with self.link.exchange():
            self._set_normal_trigger()
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
    def spectrum_timeout_s(self) -> float:
        """How long one spectrum may take: the exposure under way, the next, the transfer."""
        return 2.0 * self._exposure_s + 1.0

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
            self._raw_spectrum()
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
        return self._raw_spectrum()

    def take_next_spectrum(self) -> Counts:
        """Return the spectrum that follows the last one, as close to it as the instrument can.

        Returns:
            Raw counts, shape ``(pixel_count,)``.
        """
        return self._raw_spectrum()

    def make_safe(self) -> None:
        """Do nothing: a spectrometer neither emits nor moves."""
