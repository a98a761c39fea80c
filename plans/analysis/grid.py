"""What only depends on the axis of a spectrometer."""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from plans.analysis.noise import FloatArray
from plans.analysis.smooth import kernel
from plans.analysis.spectrum import HC_EV_NM, SHORTEST_NM

IntArray = NDArray[np.intp]
SingleArray = NDArray[np.float32]
"""Pixel work is done in single precision: it rounds to a millionth of the height."""

_Rows = TypeVar("_Rows", SingleArray, FloatArray)

KNOT_NM: Final = 1.35
"""Distance of the knots, at most; the narrowest line has eight of them in its width."""
SEARCH_FWHM_NM: Final = 6.0
NOISE_REACH_NM: Final = 12.0
"""How much noisier pixels are than light and dark explain is averaged this far to each side. From a
patch alone a standard error varies by 22 % from spectrum to spectrum, from all these by 12 %."""
_FEWEST_KNOTS: Final = 24
_FEWEST_PIXELS: Final = 64
_FEWEST_ROWS: Final = 16  # for which a band matrix is worth its making
_SUMS: Final = 16  # in one product with a band matrix
_ROWS: Final = 128


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
        edge: knots at each end in which no line is read.
        mean_of_patch: what makes a variance of squares of fourth differences.
        patch: pixels whose noise is one value; two at each end belong to none.
        knot_of_patch: the knot in the middle of a patch.
        near: 1 where a patch is near enough to a knot to tell of its noise (patches x knots).
        few_pixels: by how much a variance from so few pixels is to be taken larger.
    """

    def __init__(self, pixels_nm: FloatArray) -> None:
        size = pixels_nm.size
        pitch = float(pixels_nm[-1] - pixels_nm[0]) / (size - 1)
        self.every = every = _every(pitch)
        reach = 2 * every - 1 if every > 1 else 0  # the kernel ends in zeros
        index = np.arange(reach, size - reach, every)
        self.wavelength_nm = pixels_nm[index]
        self.energy_ev = HC_EV_NM / self.wavelength_nm
        self.step_nm = np.gradient(self.wavelength_nm)
        self.usual_nm = float(np.median(self.step_nm))
        self.points, self.pixels = _points(self.wavelength_nm), _points(pixels_nm)
        self.ev_per_knot = np.abs(np.gradient(self.energy_ev))
        taps = _cubic(np.arange(-reach, reach + 1) / every) / every
        self._taps = taps.astype(np.float32)
        self.white = float(np.sum(taps**2))
        self.rough_pairs = _rough_pairs(taps, every)
        step_nm = pitch * every
        weights = kernel(min(SEARCH_FWHM_NM, step_nm * index.size / 3), step_nm)
        self._weights = weights.astype(np.float32)
        self.edge = int(np.ceil(SEARCH_FWHM_NM / self.usual_nm))
        self.smoothed = float(np.sum(np.convolve(_spread(weights, every), taps) ** 2))
        self.patch = max(8, 2 * every)
        self.mean_of_patch = np.full(self.patch, 1.0 / (70.0 * self.patch))
        patches = (size - 4) // self.patch
        middle = self.patch * np.arange(patches) + self.patch // 2 + 2
        self.knot_of_patch = np.minimum(np.searchsorted(index, middle), index.size - 1)
        apart = np.abs(pixels_nm[middle][:, None] - self.wavelength_nm)
        apart -= np.minimum(apart.min(axis=0), 0.5 * self.patch * pitch)  # one patch at least
        self.near = (apart <= NOISE_REACH_NM).astype(np.float64)
        self.near_single = self.near.astype(np.float32)
        self.few_pixels = _few_pixels(2.0 * NOISE_REACH_NM / pitch)

    def thin(self, spectra: _Rows) -> _Rows:
        """Return the knots of spectra (... x pixels)."""
        return spectra if self.every == 1 else weighed(spectra, self._taps, self.every)

    def smooth(self, knots: _Rows) -> _Rows:
        """Return the knots seen through the Gaussian of the search, ends kept."""
        half = self._weights.size // 2
        size = knots.shape[-1]
        padded = np.empty((*knots.shape[:-1], size + 2 * half), dtype=knots.dtype)
        padded[..., :half] = knots[..., :1]
        padded[..., half : half + size] = knots
        padded[..., half + size :] = knots[..., -1:]
        return weighed(padded, self._weights)


def weighed(rows: _Rows, weights: SingleArray | FloatArray, every: int = 1) -> _Rows:
    """Return the sums of neighbours under weights, for each place that has all of them."""
    number = (rows.shape[-1] - weights.size) // every + 1
    if not rows.flags.c_contiguous:
        rows = rows.copy()
    if rows.ndim == 2 and rows.shape[0] >= _FEWEST_ROWS:
        return _weighed_together(rows, weights, every, number)
    *outer, step = rows.strides
    shape = (*rows.shape[:-1], number, weights.size)
    views: Any = np.ndarray(shape, rows.dtype, buffer=rows, strides=(*outer, every * step, step))
    found: _Rows = views @ weights
    return found


def _weighed_together(
    rows: _Rows, weights: SingleArray | FloatArray, every: int, number: int
) -> _Rows:
    """Return `weighed` of many rows: some sums at a time are a product with a band matrix.

    It multiplies by many zeros and still costs a third of the sums. Few rows at a time stay below
    the size for which numpy wakes the threads of its linear algebra, which cost more than they
    give on pieces of this size.
    """
    band = np.zeros(((_SUMS - 1) * every + weights.size, _SUMS), dtype=rows.dtype)
    for place in range(_SUMS):
        band[place * every : place * every + weights.size, place] = weights
    found = np.empty((rows.shape[0], number), dtype=rows.dtype)
    for first in range(0, number, _SUMS):
        sums = min(_SUMS, number - first)
        reach = (sums - 1) * every + weights.size
        some, part = rows[:, first * every : first * every + reach], band[:reach, :sums]
        for row in range(0, rows.shape[0], _ROWS):
            few = slice(row, row + _ROWS)
            np.matmul(some[few], part, out=found[few, first : first + sums])
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


def _few_pixels(number: float) -> float:
    """Return nu / (nu - 2): of a standard uncertainty squared with nu degrees of freedom.

    The result is distributed as Student's t, whose variance this is (JCGM 101:2008, 6.4.9.4).
    Fourth differences hang together: the sum of their squared correlations leaves one degree of
    freedom of 2.63 pixels.
    """
    freedom = max(number / 2.63, 4.0)
    return freedom / (freedom - 2.0)


def _rough_pairs(taps: FloatArray, every: int) -> float:
    """Return the variance of fourth differences of sums of two knots of white noise."""
    pairs = np.repeat([1.0, -4.0, 6.0, -4.0, 1.0], 2)
    through = np.convolve(_spread(pairs, every), taps)
    return float(np.sum(through**2))


def grid_of(pixels_nm: FloatArray) -> Grid | None:
    """Return the grid of an axis, None when it is too short, uneven or not rising.

    Args:
        pixels_nm: wavelengths of the pixels in which a line may be.
    """
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
