"""Where the line of a plain spectrum is, and how noisy it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.grid import SEARCH_FWHM_NM, Grid, IntArray, SingleArray
from plans.analysis.judge import WIDEST_EV
from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import HC_EV_NM, BoolArray

_OF_DIFFERENCE: Final = 70.0  # variance of a fourth difference of white noise
_SPIKE: Final = 30.0  # mean square of a fourth difference: a spike of 8 standard deviations has 32
_PATCH_WITH_SPIKE: Final = 4.0  # in the variance of its patch, at least
_LEAST_FEET: Final = 0.35


@dataclass(frozen=True, kw_only=True)
class Starts:
    """Spectra on their knots, and where to start the fits.

    Attributes:
        knots: thinned spectra (n x knots), in counts above their lowest pixel.
        variance: of the noise of one pixel at each knot.
        floor: standard deviation of a pixel without light.
        gain: variance per count of signal.
        ground: low level of the knots.
        shape: position and widths in eV (n x 3).
        height: of the smoothed line above its higher foot.
        plain: one maximum, no other and no spike.
    """

    knots: SingleArray
    variance: SingleArray
    floor: FloatArray
    gain: FloatArray
    ground: FloatArray
    shape: FloatArray
    height: FloatArray
    plain: BoolArray


def find_starts(grid: Grid, spectra: SingleArray, dark_noise: float | None) -> Starts:
    """Return first guesses for spectra (n x pixels, finite)."""
    knots = grid.thin(spectra)
    smoothed = grid.smooth(knots)
    ground = smoothed.min(axis=1)
    level = smoothed - ground[:, None]
    variance, squares = _noise(grid, spectra)
    patch_level = level[:, grid.knot_of_patch]
    floor, gain = _model(variance, patch_level, dark_noise)
    usual = (floor**2)[:, None] + gain[:, None] * patch_level
    spiky = _has_spikes(squares, variance, usual.astype(np.float32))
    noise = floor * np.sqrt(grid.smoothed)
    full = level.max(axis=1)
    least = np.maximum(0.01 * full, 1e-9 * np.max(np.abs(smoothed), axis=1))
    needed = np.maximum(6.0 * noise, least)
    top, feet, crossings, rise = _single_maximum(smoothed)
    height = smoothed[np.arange(top.size), top]
    prominence = height - np.maximum(*feet)
    edge = int(np.ceil(SEARCH_FWHM_NM / grid.usual_nm))
    plain = (top > edge) & (top < smoothed.shape[1] - 1 - edge)
    plain &= prominence > _LEAST_FEET * (height - np.minimum(*feet))
    plain &= prominence > 1.2 * needed
    plain &= rise < needed
    plain &= ~spiky & (floor > 0.0)
    return Starts(
        knots=knots,
        variance=variance[:, grid.patch_of_knot],
        floor=floor,
        gain=gain,
        ground=ground.astype(np.float64),
        shape=_shape(grid, top, crossings),
        height=prominence.astype(np.float64),
        plain=np.asarray(plain),
    )


def _noise(grid: Grid, spectra: SingleArray) -> tuple[SingleArray, SingleArray]:
    """Return the variance of a pixel, and squares of fourth differences, both for each patch."""
    second = spectra[:, 2:] + spectra[:, :-2]
    second -= 2.0 * spectra[:, 1:-1]
    fourth = np.zeros_like(spectra)
    inner = fourth[:, 2:-2]
    np.add(second[:, 2:], second[:, :-2], out=inner)
    second *= 2.0
    inner -= second[:, 1:-1]
    inner *= inner
    patches = spectra.shape[1] // grid.patch
    squares = fourth[:, : patches * grid.patch].reshape(-1, patches, grid.patch)
    ones = np.full((grid.patch, 1), 1.0 / (_OF_DIFFERENCE * grid.patch), dtype=np.float32)
    variance = (squares @ ones)[:, :, 0]
    variance[:, [0, -1]] = variance[:, [1, -2]]  # two pixels at each end have no difference
    return variance, squares


def _has_spikes(squares: SingleArray, variance: SingleArray, usual: SingleArray) -> BoolArray:
    """Return which spectra hold pixels that could be spikes."""
    found = np.max(variance / np.maximum(usual, 1e-30), axis=1) > _PATCH_WITH_SPIKE
    doubtful = np.flatnonzero(found)
    largest = squares[doubtful].max(axis=2)
    found[doubtful] = np.any(largest > _OF_DIFFERENCE * _SPIKE * usual[doubtful], axis=1)
    return np.asarray(found)


def _model(
    variance: SingleArray, level: SingleArray, dark_noise: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return floor and gain of the noise."""
    top = level.max(axis=1, keepdims=True)
    dim, bright = level < 0.2 * top, level > 0.5 * top
    dark = np.sum(variance * dim, axis=1) / np.maximum(dim.sum(axis=1), 1)
    if dark_noise is not None:
        dark = np.full_like(dark, dark_noise**2)
    held = np.maximum(bright.sum(axis=1), 1)
    excess = np.maximum(np.sum(variance * bright, axis=1) / held - dark, 0.0)
    light = np.sum(level * bright, axis=1) / held
    gain = excess / np.where(light > 0.0, light, np.inf)
    return np.sqrt(dark.astype(np.float64)), gain.astype(np.float64)


def _shape(grid: Grid, top: IntArray, crossings: Sequence[FloatArray]) -> FloatArray:
    """Return position and widths from the top and the places of half prominence."""
    blue, red = crossings  # in knots
    position = grid.energy_ev[top]
    per_knot = grid.ev_per_knot[top]
    away = np.stack([red - top, top - blue], axis=1) * per_knot[:, None]
    wide = 2.0 * np.maximum(away, 0.5 * per_knot[:, None])
    blur = (SEARCH_FWHM_NM * position**2 / HC_EV_NM)[:, None]
    widths = np.sqrt(np.maximum(wide**2 - blur**2, (0.3 * wide) ** 2))
    middle = widths.mean(axis=1, keepdims=True)
    # The maximum of a noisy top wanders.
    widths = np.minimum(np.maximum(widths, 0.6 * middle), 1.4 * middle)
    return np.concatenate([position[:, None], np.minimum(widths, WIDEST_EV)], axis=1)


def _single_maximum(
    smoothed: SingleArray,
) -> tuple[IntArray, Sequence[SingleArray], Sequence[FloatArray], SingleArray]:
    """Return the top, its two feet, where it has half its prominence, and the largest rise.

    The largest rise on the way down from the top, to either side, is more than the prominence of
    any second maximum.
    """
    number, size = smoothed.shape
    top = np.argmax(smoothed, axis=1)
    place = np.arange(size)
    rows = np.arange(number)
    height = smoothed[rows, top][:, None]
    after = np.where(place >= top[:, None], smoothed, height)
    before = np.where(place <= top[:, None], smoothed, height)[:, ::-1]
    rises = []
    feet = []
    for way in (before, after):
        lowest = np.minimum.accumulate(way, axis=1)
        rises.append(np.max(way - lowest, axis=1))
        feet.append(lowest[:, -1])
    half = 0.5 * (height[:, 0] + np.maximum(*feet))
    right = np.argmax(after <= half[:, None], axis=1)
    left = size - 1 - np.argmax(before <= half[:, None], axis=1)
    red = right - _part(smoothed, rows, right, np.maximum(right - 1, 0), half)
    blue = left + _part(smoothed, rows, left, np.minimum(left + 1, size - 1), half)
    return top, feet, (blue, red), np.maximum(*rises)


def _part(
    smoothed: SingleArray, rows: IntArray, low: IntArray, high: IntArray, level: SingleArray
) -> FloatArray:
    """Return how far from the lower to the higher of two knots a level is crossed."""
    below, above = smoothed[rows, low], smoothed[rows, high]
    rise = above - below
    return np.asarray((level - below) / np.where(rise > 0.0, rise, 1.0), dtype=np.float64)
