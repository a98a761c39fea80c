"""What a spectrometer needs of its driver."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from instruments.device import Driver

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
    def dark_pixels(self) -> Sequence[int]:
        """Pixels that no light reaches."""
        ...

    @property
    def integration_limits_s(self) -> tuple[float, float]:
        """Shortest and longest integration time."""
        ...

    @property
    def spectrum_timeout_s(self) -> float:
        """How long one spectrum may take."""
        ...

    @property
    def trigger_mode(self) -> str:
        """What begins an exposure: ``"free"``, ``"edge"`` or ``"level"``."""
        ...

    trigger_timeout_s: float
    """How long an edge or a level is waited for."""

    def set_trigger_mode(self, mode: str) -> None:
        """Set what begins an exposure, among the modes that the instrument has."""
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

    def nonlinearity(self) -> Counts:
        """Return the polynomial by which dark-corrected counts are divided to be linear."""
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

    def take_next_spectrum(self) -> Counts:
        """Return the spectrum that follows the last one without a gap, where it can be had."""
        ...
