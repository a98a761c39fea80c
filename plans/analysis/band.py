"""The pixels in which a line is looked for."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from plans.analysis.grid import Grid, grid_of
from plans.analysis.leak import leak_windows
from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import LONGEST_NM, SHORTEST_NM, BoolArray, in_windows

Windows = tuple[tuple[float, float], ...]


class Band:
    """A part of an axis, with the windows of the excitation taken out.

    Attributes:
        axis: wavelengths of all pixels, rising.
        limits_nm: where lines may be.
        whole: pixels within the limits, a row of them.
        windows: wavelengths of the excitation, to be left out.
        pixels: what is open, as one row of pixels.
        grid: its knots; None when the pixels are too few, uneven, or not in one row.
    """

    def __init__(
        self, axis: FloatArray, limits_nm: tuple[float, float] | None, windows: Windows
    ) -> None:
        self.axis = axis
        ends = float(axis[0]), float(axis[-1])
        low, high = ends if limits_nm is None else sorted(limits_nm)
        self.limits_nm = max(low, ends[0]), min(high, ends[1])
        inside: BoolArray = (axis >= low) & (axis <= high)
        self.whole = _row_of(inside)
        self.windows = windows
        free = inside & ~in_windows(axis, windows)
        self.pixels = _row_of(free)
        in_one_row = self.pixels.stop - self.pixels.start == int(free.sum()) > 0
        self.grid: Grid | None = grid_of(axis[self.pixels]) if in_one_row else None

    def leak(self, spectra: FloatArray) -> FloatArray:
        """Return the most that known excitation light can have in or at the band, in counts."""
        most = np.zeros(spectra.shape[0])
        for low, high in self.windows:
            first, last = np.searchsorted(self.axis, [low, high])
            if last > first and high >= self.limits_nm[0] and low <= self.limits_nm[1]:
                most = np.maximum(most, np.ptp(spectra[:, first:last], axis=1))
        return most


def _row_of(marked: BoolArray) -> slice:
    """Return the pixels from the first to the last that is marked."""
    found = np.flatnonzero(marked)
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)


def band_of(
    axis: FloatArray,
    limits_nm: tuple[float, float] | None,
    excitation_nm: Sequence[float],
    excitation_fwhm_nm: float,
) -> Band | None:
    """Return the band of an axis, None when the axis is not rising or not that of light.

    Bands are remembered: a spectrometer has the same axis for every spectrum.
    """
    sources = tuple(float(nm) for nm in excitation_nm if nm > 0.0 and nm < LONGEST_NM)
    limits = None if limits_nm is None else (float(limits_nm[0]), float(limits_nm[1]))
    return _remembered(axis.tobytes(), limits, sources, float(excitation_fwhm_nm))


@lru_cache(maxsize=32)
def _remembered(
    axis: bytes,
    limits_nm: tuple[float, float] | None,
    sources: tuple[float, ...],
    excitation_fwhm_nm: float,
) -> Band | None:
    wavelength_nm = np.frombuffer(axis, dtype=np.float64)
    if wavelength_nm.size < 2 or not np.all(np.isfinite(wavelength_nm)):
        return None
    if not np.all(np.diff(wavelength_nm) > 0.0):
        return None
    if wavelength_nm[0] < SHORTEST_NM or wavelength_nm[-1] > LONGEST_NM:
        return None
    return Band(wavelength_nm, limits_nm, leak_windows(sources, excitation_fwhm_nm))
