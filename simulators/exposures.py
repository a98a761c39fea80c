"""Exposures of a simulated array spectrometer, one at a time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.instrument import World


class Exposures:
    """Opens and closes exposures on the sample, and remembers the spectrum of the last one.

    That the first spectrum after a change of the integration time may be an old one is reported for
    several Ocean spectrometers (python-seabreeze #38, #110, #177 and #298).

    Args:
        world: Gives the light and the detector.
        wavelength_nm: Centres of the pixels, rising, shape [n].
        dark_pixels: Pixels that no light reaches.
        stale_after_change: Whether the first spectrum after :meth:`changed` is the one from before.
    """

    def __init__(
        self,
        world: World,
        wavelength_nm: NDArray[np.float64],
        *,
        dark_pixels: Sequence[int] = (),
        stale_after_change: bool = True,
    ) -> None:
        self.count = 0
        self.stale_after_change = stale_after_change
        self._world = world
        self._wavelength_nm = wavelength_nm
        self._dark = list(dark_pixels)
        self._open: tuple[int, float, float] | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the last spectrum."""
        self._stale = False
        self._last: NDArray[np.int64] | None = None

    @property
    def due_s(self) -> float | None:
        """When the exposure under way ends, None if there is none."""
        return None if self._open is None else self._open[2]

    @property
    def stale_next(self) -> bool:
        """Whether the next spectrum is an old one."""
        return self._stale

    def changed(self) -> None:
        """Note that the integration time was changed."""
        self._stale = self.stale_after_change

    def start(self, now_s: float, integration_time_s: float) -> None:
        """Begin to collect light."""
        handle = self._world.open_exposure(now_s, self._wavelength_nm)
        self._open = (handle, now_s, now_s + integration_time_s)

    def finish(self, now_s: float) -> NDArray[np.int64]:
        """End the exposure under way and return counts of a 16-bit converter, shape [n]."""
        assert self._open is not None
        handle, opened_s, due_s = self._open
        self._open = None
        photons = self._world.close_exposure(now_s, handle)
        seconds = due_s - opened_s
        if now_s > due_s:  # read out late: the shutter of a real one is electronic
            photons = photons * (seconds / (now_s - opened_s))
        photons[self._dark] = 0.0
        rng = self._world.exposure_rng(handle)
        counts = self._world.detector.counts(photons, seconds, rng).astype(np.int64)
        sent = self._last if self._stale and self._last is not None else counts
        self._stale, self._last = False, counts
        self.count += 1
        return sent

    def abandon(self, now_s: float) -> None:
        """Give up the exposure under way."""
        if self._open is not None:
            self._world.close_exposure(now_s, self._open[0])
            self._open = None
