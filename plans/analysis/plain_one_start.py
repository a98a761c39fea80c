"""Where the line of one plain spectrum is, and how noisy."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from plans.analysis.grid import SEARCH_FWHM_NM, Grid
from plans.analysis.judge import WIDEST_EV
from plans.analysis.noise import FloatArray
from plans.analysis.plain_start import LEAST_FEET, OF_DIFFERENCE, PATCH_WITH_SPIKE, SPIKE
from plans.analysis.spectrum import HC_EV_NM

_FOURTH: Final = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
_max, _min = np.maximum, np.minimum


@dataclass(slots=True, kw_only=True)
class OneStart:
    """One spectrum on its knots, and where to start; see `plain_start.Starts`."""

    knots: FloatArray
    variance: FloatArray
    floor: float
    gain: float
    ground: float
    shape: tuple[float, float, float]
    height: float


def find_one_start(grid: Grid, pixels: FloatArray, dark_noise: float | None) -> OneStart | None:
    """Return the first guess for a spectrum (above its lowest pixel), None when it is not plain."""
    knots = grid.thin(pixels)
    smoothed = grid.smooth(knots)
    ground = float(_min.reduce(smoothed))
    top = int(smoothed.argmax())
    height = float(smoothed[top])
    edge = grid.edge
    if not edge < top < smoothed.size - 1 - edge:
        return None
    after, before = smoothed[top:], smoothed[top::-1]
    rise, feet = 0.0, []
    for way in (before, after):
        lowest = _min.accumulate(way)
        feet.append(float(lowest[-1]))
        rise = max(rise, float(_max.reduce(way - lowest)))
    higher, lower = max(feet), min(feet)
    prominence, full = height - higher, height - ground
    if not prominence > LEAST_FEET * (height - lower):
        return None
    noise = _noise(grid, pixels, smoothed - ground, full, dark_noise)
    if noise is None:
        return None
    variance, floor, gain = noise
    needed = max(6.0 * floor * grid.smoothed**0.5, 0.01 * full, 1e-9 * (full + abs(ground)))
    if not (prominence > 1.2 * needed and rise < needed):
        return None
    level = 0.5 * (height + higher)
    return OneStart(
        knots=knots,
        variance=variance,
        floor=floor,
        gain=gain,
        ground=ground,
        shape=_shape(grid, top, _fall(before, level), _fall(after, level)),
        height=prominence,
    )


def _noise(
    grid: Grid, pixels: FloatArray, level: FloatArray, full: float, dark_noise: float | None
) -> tuple[FloatArray, float, float] | None:
    """Return the variance of a pixel at each knot, floor and gain; None where spikes may be."""
    squares = np.convolve(pixels, _FOURTH, "valid")
    squares *= squares
    patches = squares.size // grid.patch
    table = squares[: patches * grid.patch].reshape(patches, grid.patch)
    variance = table @ grid.mean_of_patch
    patch_level = level[grid.knot_of_patch]
    bright = patch_level > 0.5 * full
    if dark_noise is not None:
        dark = dark_noise**2
    else:
        dim = variance[patch_level < 0.2 * full]
        dark = float(np.add.reduce(dim)) / max(dim.size, 1)
    shining = variance[bright]
    held = max(shining.size, 1)
    excess = max(float(np.add.reduce(shining)) / held - dark, 0.0)
    light = float(np.add.reduce(patch_level[bright])) / held
    gain = excess / max(light, 1e-30)
    if not dark > 0.0:
        return None
    usual = patch_level * gain
    usual += dark
    if (variance > PATCH_WITH_SPIKE * usual).any():
        largest = _max.reduce(table, axis=1)
        if (largest > OF_DIFFERENCE * SPIKE * usual).any():
            return None
    at_knots = level * gain
    at_knots += dark
    at_knots *= (variance @ grid.near) / (usual @ grid.near)
    return at_knots, sqrt(dark), gain


def _fall(way: FloatArray, level: float) -> float:
    """Return how many knots down from the top a level is crossed."""
    first = int((way <= level).argmax())
    below = float(way[first])
    rise = float(way[max(first - 1, 0)]) - below
    return first - (level - below) / max(rise, 1e-30)


def _shape(grid: Grid, top: int, blue: float, red: float) -> tuple[float, float, float]:
    """Return position and widths from the distances of half prominence, in knots."""
    position = float(grid.energy_ev[top])
    per_knot = float(grid.ev_per_knot[top])
    blur = SEARCH_FWHM_NM * position**2 / HC_EV_NM
    low, high = (
        sqrt(max(wide**2 - blur**2, (0.3 * wide) ** 2))
        for wide in (2.0 * per_knot * max(red, 0.5), 2.0 * per_knot * max(blue, 0.5))
    )
    middle = 0.5 * (low + high)
    low = min(max(low, 0.6 * middle), 1.4 * middle, WIDEST_EV)
    high = min(max(high, 0.6 * middle), 1.4 * middle, WIDEST_EV)
    return position, low, high
