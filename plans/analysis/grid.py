"""What only depends on the axis of a spectrometer."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plans.analysis.noise import FloatArray
from plans.analysis.smooth import kernel
from plans.analysis.spectrum import HC_EV_NM, SHORTEST_NM

IntArray = NDArray[np.intp]
SingleArray = NDArray[np.float32]
"""Pixel work is done in single precision: it rounds to a millionth of the height."""

KNOT_NM: Final = 1.35
"""Distance of the knots, at most; the narrowest line has eight of them in its width."""
SEARCH_FWHM_NM: Final = 6.0
_BLOCK: Final = 64
_FEWEST_KNOTS: Final = 24
_FEWEST_PIXELS: Final = 64


@dataclass(frozen=True, kw_only=True)
class Points:
    """Places on an axis.

    Attributes:
        wavelength_nm: rising.
        energy_ev: of the same.
        falling: the energies with a minus, for a search.
    """

    wavelength_nm: FloatArray
    energy_ev: FloatArray
    falling: FloatArray


def _points(wavelength_nm: FloatArray) -> Points:
    energy = HC_EV_NM / wavelength_nm
    return Points(wavelength_nm=wavelength_nm, energy_ev=energy, falling=-energy)


class Grid:
    """Rising wavelengths of a row of pixels, thinned to knots.

    A spectrum is thinned with the kernel of cubic convolution (Keys, IEEE Trans. ASSP 1981, 29,
    1153). Its sum with any curve that is smooth over a knot is then the same over the knots as
    over all pixels, to a few parts in 1e5: a fit to the knots is the fit to all pixels, and costs
    a quarter.

    Attributes:
        every: pixels from one knot to the next.
        wavelength_nm: of the knots.
        energy_ev: of the knots.
        step_nm: width that a knot stands for.
        usual_nm: its median.
        points: the knots.
        pixels: all pixels.
        white: variance of a knot of white noise of unit variance per pixel.
        rough_pairs: the same of the fourth difference of sums of two knots.
        smoothed: the same of a knot of the smoothed spectrum.
    """

    def __init__(self, pixels_nm: FloatArray) -> None:
        size = pixels_nm.size
        pitch = float(pixels_nm[-1] - pixels_nm[0]) / (size - 1)
        self.every = every = _every(pitch)
        reach = 2 * every if every > 1 else 0
        index = np.arange(reach, size - reach, every)
        self.wavelength_nm = pixels_nm[index]
        self.energy_ev = HC_EV_NM / self.wavelength_nm
        self.step_nm = np.gradient(self.wavelength_nm)
        self.usual_nm = float(np.median(self.step_nm))
        self.points, self.pixels = _points(self.wavelength_nm), _points(pixels_nm)
        self.ev_per_knot = np.abs(np.gradient(self.energy_ev))
        taps = _cubic(np.arange(-reach, reach + 1) / every) / every
        self._thin = _Banded(size, index[:, None] + np.arange(-reach, reach + 1), taps)
        self.white = float(np.sum(taps**2))
        self.rough_pairs = _rough_pairs(taps, every)
        self._smooth = self._smoother(pitch * every)
        rows = self._smooth.T @ np.eye(index.size)
        through = np.array([np.convolve(_spread(row, every), taps) for row in rows[::8]])
        self.smoothed = float(np.median(np.sum(through**2, axis=1)))
        self.patch = max(8, 2 * every)  # pixels whose noise is one value
        self.patch_of_knot = np.minimum(index // self.patch, size // self.patch - 1)
        self.knot_of_patch = np.minimum(
            np.searchsorted(index, self.patch * np.arange(size // self.patch) + self.patch // 2),
            index.size - 1,
        )

    def _smoother(self, step_nm: float) -> SingleArray:
        """Return the matrix of a Gaussian, with the ends continued by their last value."""
        size = self.wavelength_nm.size
        weights = kernel(min(SEARCH_FWHM_NM, step_nm * size / 3), step_nm)
        half = weights.size // 2
        matrix = np.zeros((size, size))
        for away, weight in zip(range(-half, half + 1), weights, strict=True):
            np.add.at(
                matrix, (np.clip(np.arange(size) + away, 0, size - 1), np.arange(size)), weight
            )
        return matrix.astype(np.float32)

    def thin(self, spectra: SingleArray) -> SingleArray:
        """Return the knots of spectra (n x pixels)."""
        return spectra if self.every == 1 else self._thin.apply(spectra)

    def smooth(self, knots: SingleArray) -> SingleArray:
        """Return the knots seen through the Gaussian of the search."""
        return np.asarray(knots @ self._smooth)


class _Banded:
    """A matrix with few neighbours per column, kept in blocks that hold no zeros."""

    def __init__(self, size: int, pixels: IntArray, taps: FloatArray) -> None:
        self._size = pixels.shape[0]
        self._blocks: list[tuple[slice, slice, SingleArray]] = []
        for start in range(0, self._size, _BLOCK):
            rows = pixels[start : start + _BLOCK]
            first, last = int(rows.min()), min(int(rows.max()) + 1, size)
            block = np.zeros((last - first, rows.shape[0]), dtype=np.float32)
            for column, row in enumerate(rows):
                block[row - first, column] = taps
            self._blocks.append((slice(start, start + rows.shape[0]), slice(first, last), block))

    def apply(self, values: SingleArray) -> SingleArray:
        found = np.empty((values.shape[0], self._size), dtype=np.float32)
        for columns, pixels, block in self._blocks:
            np.matmul(values[:, pixels], block, out=found[:, columns])
        return found


def _cubic(away: FloatArray) -> FloatArray:
    """Return the kernel of cubic convolution at distances in knots."""
    size = np.abs(away)
    near = (1.5 * size - 2.5) * size**2 + 1.0
    far = ((-0.5 * size + 2.5) * size - 4.0) * size + 2.0
    return np.where(size < 1.0, near, np.where(size < 2.0, far, 0.0))


def _spread(values: FloatArray, every: int) -> FloatArray:
    found = np.zeros(values.size * every)
    found[::every] = values
    return found


def _rough_pairs(taps: FloatArray, every: int) -> float:
    """Return the variance of fourth differences of sums of two knots of white noise."""
    pairs = np.repeat([1.0, -4.0, 6.0, -4.0, 1.0], 2)
    through = np.convolve(_spread(pairs, every), taps)
    return float(np.sum(through**2))


def grid_of(pixels_nm: FloatArray) -> Grid | None:
    """Return the grid of an axis, None when it is too short or not rising.

    Grids are remembered: a spectrometer has the same axis for every spectrum.

    Args:
        pixels_nm: wavelengths of the pixels in which a line may be.
    """
    return _remembered(pixels_nm.tobytes())


@lru_cache(maxsize=16)
def _remembered(axis: bytes) -> Grid | None:
    pixels_nm = np.frombuffer(axis, dtype=np.float64)
    if pixels_nm.size < _FEWEST_PIXELS or not pixels_nm[0] >= SHORTEST_NM:
        return None
    steps = np.diff(pixels_nm)
    if not np.all(steps > 0.0) or float(np.max(steps)) > 2.0 * float(np.min(steps)):
        return None
    if float(np.max(steps)) > KNOT_NM:
        return None
    every = _every(float(pixels_nm[-1] - pixels_nm[0]) / (pixels_nm.size - 1))
    if pixels_nm.size < every * (_FEWEST_KNOTS + 4):  # four are lost to the ends
        return None
    grid = Grid(pixels_nm)
    return grid if grid.wavelength_nm.size >= _FEWEST_KNOTS else None


def _every(pitch_nm: float) -> int:
    """Return how many pixels make a knot."""
    return max(1, int(KNOT_NM / pitch_nm))
