"""Where the lines of many spectra are, and which are plain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from plans.analysis.judge import WIDEST_EV
from plans.analysis.noise import FOURTH_DIFFERENCE, FloatArray
from plans.analysis.search import SEARCH_FWHM_NM
from plans.analysis.smooth import kernel, rebin
from plans.analysis.spectrum import HC_EV_NM, NARROWEST_LINE_NM, BoolArray

IntArray = NDArray[np.intp]

_TO_SIGMA: Final = 1.4826 / float(np.sqrt(np.sum(FOURTH_DIFFERENCE**2)))
_NEAR_TOP: Final = np.arange(-26, 27)  # pixels
_SPIKE: Final = 6.0  # of the noise; below what `clean` takes for a spike
_SURE: Final = 0.85  # of the height a second maximum needs: below this there is none for sure
_ALMOST: Final = 0.95  # the same with the noise of the whole spectrum
_LEAST_FEET: Final = 0.35
_COLUMNS: Final = 64
_ROWS: Final = 32  # as many as the cache of a processor holds
# Comparisons that bring the median of seven values to place 3.
_MEDIAN_OF_SEVEN: Final = (
    *((0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6)),
    *((2, 3), (3, 6), (4, 5), (1, 4), (1, 3), (3, 4)),
)


@dataclass(frozen=True, kw_only=True)
class Starts:
    """Where to start the fits.

    Attributes:
        shape: position and widths in eV (n x 3).
        clear: one maximum, no other and no spike.
        doubtful: the noise may have a second maximum, or a pixel may be a spike.
        least_floor: with more pixel noise than this a second maximum is only noise, in counts.
    """

    shape: FloatArray
    clear: BoolArray
    doubtful: BoolArray
    least_floor: FloatArray


class SmoothedSearch:
    """The search of `find_candidates` for spectra that share an axis.

    Rebinning and smoothing are linear: they are one banded matrix, made once.
    """

    def __init__(self, wavelength_nm: FloatArray, dark_noise: float | None) -> None:
        binned = rebin(wavelength_nm, np.zeros_like(wavelength_nm))
        self.wavelength_nm, self.step_nm = binned.wavelength_nm, binned.step_nm
        self.dark_noise = dark_noise
        bins = binned.wavelength_nm.size
        weights = kernel(min(SEARCH_FWHM_NM, self.step_nm * bins / 3), self.step_nm)
        self.gain = float(
            np.sqrt(np.sum(kernel(SEARCH_FWHM_NM, self.step_nm) ** 2) / binned.pixels)
        )
        matrix = correlate1d(_rebinning(wavelength_nm, self), weights, axis=0, mode="nearest")
        self._blocks = [self._block(matrix, start) for start in range(0, bins, _COLUMNS)]
        index = ((wavelength_nm - wavelength_nm[0]) / self.step_nm).astype(np.intp)
        self._bin_of_pixel = np.minimum(index, bins - 1)
        pixel_nm = float(wavelength_nm[-1] - wavelength_nm[0]) / (wavelength_nm.size - 1)
        droop = -np.expm1(-4 * np.log(2) * (1.75 * pixel_nm / NARROWEST_LINE_NM) ** 2)
        self._droop = 1.9 * float(droop)

    @staticmethod
    def _block(matrix: FloatArray, start: int) -> tuple[slice, slice, FloatArray]:
        rows = slice(start, min(start + _COLUMNS, matrix.shape[0]))
        used = np.flatnonzero(np.any(matrix[rows] != 0.0, axis=0))
        pixels = slice(int(used[0]), int(used[-1]) + 1)
        return rows, pixels, np.ascontiguousarray(matrix[rows, pixels].T)

    def smooth(self, counts: FloatArray) -> FloatArray:
        """Return the smoothed bins of spectra (n x bins)."""
        found = np.empty((counts.shape[0], self.wavelength_nm.size))
        for bins, pixels, matrix in self._blocks:
            found[:, bins] = counts[:, pixels] @ matrix
        return found

    def starts(self, counts: FloatArray) -> Starts:
        """Return first guesses for spectra (n x pixels, finite)."""
        smoothed = self.smooth(counts)
        level = smoothed - smoothed.min(axis=1, keepdims=True)
        floor = self._noise(counts, level)
        noise = floor * self.gain
        full = np.ptp(smoothed, axis=1)
        least = np.maximum(0.01 * full, 1e-9 * np.max(np.abs(smoothed), axis=1))
        needed = np.maximum(6.0 * noise, least)
        top, feet, left, right, rise = _single_maximum(smoothed)
        height = np.take_along_axis(smoothed, top[:, None], axis=1)[:, 0]
        prominence = height - np.maximum(*feet)
        width_nm = (right - left) * self.step_nm
        narrowed = np.sqrt(np.maximum(width_nm**2 - SEARCH_FWHM_NM**2, (0.3 * width_nm) ** 2))
        peak_nm = self.wavelength_nm[top]
        fwhm_ev = HC_EV_NM * np.maximum(narrowed, self.step_nm) / peak_nm**2
        edge = int(np.ceil(SEARCH_FWHM_NM / self.step_nm))
        plain = (top > edge) & (top < smoothed.shape[1] - 1 - edge)
        plain &= prominence > _LEAST_FEET * (height - np.minimum(*feet))
        plain &= prominence > 1.2 * needed
        clear = plain & (rise < np.maximum(_SURE * 6.0 * noise, 0.999 * least))
        spiky = self._may_have_spikes(counts, level, floor, top)
        clear &= ~spiky
        width = np.minimum(fwhm_ev, WIDEST_EV)
        return Starts(
            shape=np.stack([HC_EV_NM / peak_nm, width, width], axis=1),
            clear=np.asarray(clear),
            doubtful=np.asarray(plain & ~clear),
            least_floor=np.where(spiky, np.inf, rise / (6.0 * self.gain * _ALMOST)),
        )

    def _noise(self, counts: FloatArray, level: FloatArray) -> FloatArray:
        """Return the noise of a pixel without light, from fourth differences."""
        if self.dark_noise is not None:
            return np.full(counts.shape[0], self.dark_noise)
        size = np.abs(_fourth_differences(counts))
        dim = (level < 0.2 * level.max(axis=1, keepdims=True))[:, self._bin_of_pixel[2:-2]]
        always = dim.all(axis=0)
        if int(always.sum()) >= 0.7 * int(dim.sum(axis=1).max()):
            chosen = np.sort(size[:, always].astype(np.float32), axis=1)
            sigma = chosen[:, chosen.shape[1] // 2].astype(np.float64)
        else:
            sigma = np.array(
                [
                    np.median(one[where]) if where.any() else np.inf
                    for one, where in zip(size, dim, strict=True)
                ]
            )
        sigma = sigma * _TO_SIGMA
        # Rounded values that hardly change have a median of zero: `fit_peak` looks closer.
        return np.asarray(np.where(sigma > 0.0, sigma, np.where(size.any(axis=1), np.inf, 0.0)))

    def _may_have_spikes(
        self, counts: FloatArray, level: FloatArray, floor: FloatArray, top: IntArray
    ) -> BoolArray:
        """Return which spectra hold pixels that could be spikes."""
        excess = np.concatenate(
            [_excess(counts[i : i + _ROWS]) for i in range(0, counts.shape[0], _ROWS)]
        )
        suspect = np.flatnonzero(excess.max(axis=1) > _SPIKE * floor)
        found = np.zeros(counts.shape[0], dtype=np.bool_)
        light = level[suspect][:, self._bin_of_pixel]
        gain = self._gain(counts[suspect], level[suspect], floor[suspect], top[suspect])
        allowed = _SPIKE * np.sqrt(floor[suspect, None] ** 2 + gain[:, None] * light)
        allowed = np.maximum(allowed, self._droop * light)
        allowed = np.maximum(allowed, 1e-9 * np.abs(counts[suspect]))
        found[suspect] = np.any(excess[suspect] > allowed, axis=1)
        return found

    def _gain(
        self, counts: FloatArray, level: FloatArray, floor: FloatArray, top: IntArray
    ) -> FloatArray:
        """Return the variance per count of signal, from the pixels around the top."""
        middle = np.searchsorted(self._bin_of_pixel, top)
        index = np.clip(middle[:, None] + _NEAR_TOP, 0, counts.shape[1] - 1)
        size = np.median(
            np.abs(_fourth_differences(np.take_along_axis(counts, index, axis=1))), axis=1
        )
        light = np.take_along_axis(level, self._bin_of_pixel[index], axis=1).mean(axis=1)
        variance = np.maximum((size * _TO_SIGMA) ** 2 - floor**2, 0.0)
        return np.asarray(variance / np.where(light > 0.0, light, np.inf))


def floor_of(counts: FloatArray) -> FloatArray:
    """Return the noise of a pixel in spectra that are dark for the most part."""
    size = np.sort(np.abs(_fourth_differences(counts)).astype(np.float32), axis=1)
    return np.asarray(size[:, size.shape[1] // 2].astype(np.float64) * _TO_SIGMA)


def _excess(counts: FloatArray) -> NDArray[np.float32]:
    """Return how far pixels are from the median of the seven around them."""
    single = np.asarray(counts, dtype=np.float32)
    padded = np.pad(single, ((0, 0), (3, 3)), mode="edge")
    values = [padded[:, i : i + counts.shape[1]] for i in range(7)]
    for i, j in _MEDIAN_OF_SEVEN:
        values[i], values[j] = (
            np.minimum(values[i], values[j]),
            np.maximum(values[i], values[j]),
        )
    return np.asarray(np.abs(single - values[3]))


def _fourth_differences(counts: FloatArray) -> FloatArray:
    second = counts[:, 2:] - 2.0 * counts[:, 1:-1] + counts[:, :-2]
    return np.asarray(second[:, 2:] - 2.0 * second[:, 1:-1] + second[:, :-2])


def _rebinning(wavelength_nm: FloatArray, search: SmoothedSearch) -> FloatArray:
    """Return the matrix of `plans.analysis.smooth.rebin` (bins x pixels)."""
    bins = search.wavelength_nm.size
    index = ((wavelength_nm - wavelength_nm[0]) / search.step_nm).astype(np.intp)
    index = np.minimum(index, bins - 1)
    held = np.bincount(index, minlength=bins)
    full = np.flatnonzero(held)
    sums = np.zeros((bins, wavelength_nm.size))
    sums[index, np.arange(wavelength_nm.size)] = 1.0
    means = sums[full] / held[full, None]
    at = np.interp(search.wavelength_nm, means @ wavelength_nm, np.arange(full.size))
    below = np.minimum(at.astype(np.intp), max(full.size - 2, 0))
    part = (at - below)[:, None]
    above = np.minimum(below + 1, full.size - 1)
    return np.asarray((1.0 - part) * means[below] + part * means[above])


def _single_maximum(
    smoothed: FloatArray,
) -> tuple[IntArray, Sequence[FloatArray], FloatArray, FloatArray, FloatArray]:
    """Return the top, its two feet, where it has half its prominence, and the largest rise.

    The largest rise on the way down from the top, to either side, is more than the prominence of
    any second maximum.
    """
    number, bins = smoothed.shape
    top = np.argmax(smoothed, axis=1)
    place = np.arange(bins)
    height = np.take_along_axis(smoothed, top[:, None], axis=1)
    after = np.where(place >= top[:, None], smoothed, height)
    before = np.where(place <= top[:, None], smoothed, height)[:, ::-1]
    rises = []
    feet = []
    for way in (before, after):
        lowest = np.minimum.accumulate(way, axis=1)
        rises.append(np.max(way - lowest, axis=1))
        feet.append(lowest[:, -1])
    half = 0.5 * (height[:, 0] + np.maximum(*feet))
    rows = np.arange(number)
    right = np.argmax(after <= half[:, None], axis=1)
    left = bins - 1 - np.argmax(before <= half[:, None], axis=1)
    right_part = _part(smoothed, rows, right, np.maximum(right - 1, 0), half)
    left_part = _part(smoothed, rows, left, np.minimum(left + 1, bins - 1), half)
    return top, feet, left + left_part, right - right_part, np.maximum(*rises)


def _part(
    smoothed: FloatArray, rows: IntArray, low: IntArray, high: IntArray, level: FloatArray
) -> FloatArray:
    """Return how far from the lower to the higher of two bins a level is crossed."""
    below, above = smoothed[rows, low], smoothed[rows, high]
    rise = above - below
    return np.asarray((level - below) / np.where(rise > 0.0, rise, 1.0))
