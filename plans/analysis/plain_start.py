"""Where the lines of many plain spectra are, and how noisy they are."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from plans.analysis.grid import SEARCH_FWHM_NM, Grid, IntArray, SingleArray
from plans.analysis.judge import WIDEST_EV
from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import HC_EV_NM, BoolArray

OF_DIFFERENCE: Final = 70.0  # variance of a fourth difference of white noise
SPIKE: Final = 30.0  # mean square of a fourth difference: a spike of 8 standard deviations has 32
PATCH_WITH_SPIKE: Final = 4.0  # in the variance of its patch, at least
LEAST_FEET: Final = 0.35
_sum, _max, _min = np.add.reduce, np.maximum.reduce, np.minimum.reduce


@dataclass(frozen=True, kw_only=True)
class Starts:
    """Spectra on their knots, and where to start the fits.

    Attributes:
        knots: thinned spectra (... x knots), in counts above their lowest pixel.
        variance: of the noise of one pixel at each knot.
        floor: standard deviation of a pixel without light.
        gain: variance per count of signal.
        ground: low level of the knots.
        shape: position and widths in eV (... x 3).
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
    """Return first guesses for spectra (... x pixels, finite)."""
    knots = grid.thin(spectra)
    smoothed = grid.smooth(knots)
    ground = _min(smoothed, axis=-1)
    level = smoothed - ground[..., None]
    full = _max(level, axis=-1)
    variance, squares = _noise(grid, spectra)
    patch_level = level[..., grid.knot_of_patch]
    floor, gain = _model(variance, patch_level, full, dark_noise)
    usual = patch_level * gain[..., None]
    usual += (floor**2)[..., None]
    spiky = _has_spikes(squares, variance, usual)
    near = grid.near_single
    at_knots = level * gain[..., None] + (floor**2)[..., None]
    at_knots *= (variance @ near) / (usual @ near)
    noise = floor * np.sqrt(grid.smoothed)
    needed = np.maximum(6.0 * noise, np.maximum(0.01 * full, 1e-9 * (full + abs(ground))))
    found = _Maximum(smoothed)
    higher, lower = np.maximum(*found.feet), np.minimum(*found.feet)
    prominence = found.height - higher
    edge = grid.edge
    plain = (found.top > edge) & (found.top < smoothed.shape[-1] - 1 - edge)
    plain &= prominence > LEAST_FEET * (found.height - lower)
    plain &= (prominence > 1.2 * needed) & (found.rise < needed)
    plain &= ~spiky & (floor > 0.0)
    return Starts(
        knots=knots,
        variance=at_knots,
        floor=floor,
        gain=gain,
        ground=ground,
        shape=_shape(grid, found.top, found.crossings(0.5 * (found.height + higher))),
        height=prominence,
        plain=np.asarray(plain),
    )


def _noise(grid: Grid, spectra: SingleArray) -> tuple[SingleArray, SingleArray]:
    """Return the variance of a pixel, and squares of fourth differences, both for each patch."""
    found = spectra
    for _ in range(4):
        found = found[..., 1:] - found[..., :-1]
    found *= found
    patches = found.shape[-1] // grid.patch
    whole = found[..., : patches * grid.patch]
    squares = whole.reshape(*whole.shape[:-1], patches, grid.patch)
    ones = np.full(grid.patch, 1.0 / (OF_DIFFERENCE * grid.patch), dtype=np.float32)
    return np.asarray(squares @ ones), squares


def _has_spikes(squares: SingleArray, variance: SingleArray, usual: SingleArray) -> BoolArray:
    """Return which spectra hold pixels that could be spikes."""
    found = np.asarray(np.any(variance > PATCH_WITH_SPIKE * usual, axis=-1))
    if found.any():
        limit = (OF_DIFFERENCE * SPIKE) * usual[found]
        found[found] = np.any(squares[found] > limit[..., None], axis=(-1, -2))
    return found


def _model(
    variance: SingleArray, level: SingleArray, top: SingleArray, dark_noise: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return floor and gain of the noise."""
    dim = (level < (0.2 * top)[..., None]).astype(np.float32)
    bright = (level > (0.5 * top)[..., None]).astype(np.float32)
    if dark_noise is not None:
        dark = np.full(top.shape, dark_noise**2, dtype=np.float32)
    else:
        dark = _sum(variance * dim, axis=-1) / np.maximum(_sum(dim, axis=-1), 1.0)
    held = np.maximum(_sum(bright, axis=-1), 1.0)
    excess = np.maximum(_sum(variance * bright, axis=-1) / held - dark, 0.0)
    light = _sum(level * bright, axis=-1) / held
    return np.sqrt(dark), excess / np.maximum(light, np.float32(1e-30))


def _shape(grid: Grid, top: IntArray, crossings: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return position and widths from the top and the places of half prominence."""
    blue, red = crossings  # in knots
    position = grid.energy_ev[top]
    per_knot = grid.ev_per_knot[top]
    blur = SEARCH_FWHM_NM * position**2 / HC_EV_NM
    shape = np.empty((*np.shape(top), 3))
    for column, away in ((1, red - top), (2, top - blue)):
        wide = 2.0 * per_knot * np.maximum(away, 0.5)
        shape[..., column] = np.sqrt(np.maximum(wide**2 - blur**2, (0.3 * wide) ** 2))
    shape[..., 0] = position
    widths = shape[..., 1:]
    middle = 0.5 * (widths[..., :1] + widths[..., 1:])
    # The maximum of a noisy top wanders.
    limited = np.minimum(np.maximum(widths, 0.6 * middle), 1.4 * middle)
    shape[..., 1:] = np.minimum(limited, WIDEST_EV)
    return shape


def take(rows: Any, index: Any) -> Any:
    """Return the values of each row at its own index, one or several."""
    row = np.arange(rows.shape[0])
    return rows[row if index.ndim == 1 else row[:, None], index]


class _Maximum:
    """The highest knot of each spectrum, and what lies to both sides.

    Attributes:
        top: where it is.
        height: its value.
        feet: lowest values before and after it.
        rise: the largest rise on the way down from the top, to either side: more than the
            prominence of any second maximum.
    """

    def __init__(self, smoothed: SingleArray) -> None:
        self._smoothed = smoothed
        self.top = np.argmax(smoothed, axis=-1)
        self.height = take(smoothed, self.top)
        place = np.arange(smoothed.shape[-1])
        high, top = self.height[..., None], self.top[..., None]
        self._after = np.where(place >= top, smoothed, high)
        self._before = np.where(place <= top, smoothed, high)[..., ::-1]
        rises, feet = [], []
        for way in (self._before, self._after):
            lowest = np.minimum.accumulate(way, axis=-1)
            rises.append(_max(way - lowest, axis=-1))
            feet.append(lowest[..., -1])
        self.rise = np.maximum(*rises)
        self.feet = feet

    def crossings(self, level: SingleArray) -> tuple[FloatArray, FloatArray]:
        """Return where a level is crossed before and after the top, in knots."""
        size = self._smoothed.shape[-1]
        right = np.argmax(self._after <= level[..., None], axis=-1)
        left = size - 1 - np.argmax(self._before <= level[..., None], axis=-1)
        red = right - self._part(right, np.maximum(right - 1, 0), level)
        blue = left + self._part(left, np.minimum(left + 1, size - 1), level)
        return blue, red

    def _part(self, low: IntArray, high: IntArray, level: SingleArray) -> FloatArray:
        """Return how far from the lower to the higher of two knots a level is crossed."""
        below = take(self._smoothed, low)
        rise = take(self._smoothed, high) - below
        return np.asarray((level - below) / np.maximum(rise, np.float32(1e-30)), dtype=np.float64)
