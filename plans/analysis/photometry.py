"""Colour of a spectrum: CIE 1931 xy and Rec. 2020."""

from dataclasses import dataclass
from functools import lru_cache
from math import hypot
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis.noise import FloatArray
from plans.analysis.power_law import columns

REC2020_GREEN_XY: Final = (0.170, 0.797)
"""Green primary of ITU-R BT.2020, the colour of monochromatic 532 nm."""
XY_ACCURACY: Final = 0.01
"""Largest error of x or y from the analytic functions, for a line 12 to 19 nm wide that peaks
between 510 and 540 nm, against the tables; a line of no width at 532 nm is within 0.02."""
_Lobes = tuple[tuple[float, float, float, float], ...]
# weight, middle in nm, width to the blue in nm, width to the red in nm
_X: Final[_Lobes] = (
    (1.056, 599.8, 37.9, 31.0),
    (0.362, 442.0, 16.0, 26.7),
    (-0.065, 501.1, 20.4, 26.2),
)
_Y: Final[_Lobes] = ((0.821, 568.8, 46.9, 40.5), (0.286, 530.9, 16.3, 31.1))
_Z: Final[_Lobes] = ((1.217, 437.0, 11.8, 36.0), (0.681, 459.0, 26.0, 13.8))
_FEWEST_PIXELS: Final = 5
_VISIBLE_NM: Final = (360.0, 830.0)


def colour_matching(wavelength_nm: ArrayLike) -> FloatArray:
    """Return the CIE 1931 2-degree functions x, y, z as three rows.

    Sums of split Gaussians by Wyman, Sloan and Shirley (Journal of Computer Graphics Techniques
    2013, 2(2), 1); they follow the tables to about 1 % of their maximum.
    """
    nm = np.asarray(wavelength_nm, dtype=np.float64)
    return np.stack([_sum_of(lobes, nm) for lobes in (_X, _Y, _Z)])


def _sum_of(lobes: _Lobes, nm: FloatArray) -> FloatArray:
    total = np.zeros_like(nm)
    for weight, middle, blue, red in lobes:
        away = (nm - middle) / np.where(nm < middle, blue, red)
        total += weight * np.exp(-0.5 * np.minimum(away**2, 1400.0))
    return total


@dataclass(frozen=True, kw_only=True)
class ColourResult:
    """Chromaticity of a spectrum.

    Attributes:
        x: CIE 1931 x, None when there is no colour.
        y: CIE 1931 y.
        x_se: standard uncertainty of x from the noise of the pixels, without `XY_ACCURACY`.
        y_se: the same of y.
        rec2020_distance: distance in the xy plane to the green primary of Rec. 2020.
        rec2020_distance_se: its standard uncertainty.
        reason: why there is no colour, empty if there is one.
    """

    x: float | None = None
    y: float | None = None
    x_se: float | None = None
    y_se: float | None = None
    rec2020_distance: float | None = None
    rec2020_distance_se: float | None = None
    reason: str = ""


def colour(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    *,
    counts_se: float = 0.0,
    photons: bool = True,
) -> ColourResult:
    """Return the chromaticity of an emission spectrum.

    Args:
        wavelength_nm: the axis.
        counts: emission per nm, dark and baseline taken off.
        counts_se: standard uncertainty of one pixel, for the uncertainty of the result.
        photons: the counts are photons (a detector's are) and are turned into power here; False
            if the spectrum is in units of power already.
    """
    held = columns(wavelength_nm, counts)
    if held is None:
        return ColourResult(reason="wavelength and counts do not have the same number of pixels")
    order = np.argsort(held[0], kind="stable")
    nm, spectrum = held[0][order], held[1][order]
    visible = (nm >= _VISIBLE_NM[0]) & (nm <= _VISIBLE_NM[1])
    nm, spectrum = nm[visible], spectrum[visible]
    if nm.size < _FEWEST_PIXELS or float(np.ptp(nm)) <= 0.0:
        return ColourResult(reason="fewer than five pixels between 360 and 830 nm")
    matching = _weights(nm.tobytes(), photons)
    return _colour_of(matching, spectrum, abs(counts_se))


def colour_of_part(wavelength_nm: FloatArray, part: slice, counts: FloatArray) -> ColourResult:
    """Return the chromaticity of a few pixels of a spectrum, without uncertainties.

    What depends on the axis is remembered, so that spectra of a run cost little.

    Args:
        wavelength_nm: the whole axis, rising.
        part: the pixels with light.
        counts: photons of these pixels, dark and baseline taken off.
    """
    if counts.size < _FEWEST_PIXELS:
        return ColourResult(reason="fewer than five pixels")
    red, green, blue = (_visible_weights(wavelength_nm.tobytes())[:, part] @ counts).tolist()
    total = red + green + blue
    if not (total > 0.0 and green > 0.0):
        return ColourResult(reason="there is no light in the visible part of the spectrum")
    x, y = red / total, green / total
    distance = hypot(x - REC2020_GREEN_XY[0], y - REC2020_GREEN_XY[1])
    return ColourResult(x=x, y=y, rec2020_distance=distance)


@lru_cache(maxsize=8)
def _visible_weights(axis: bytes) -> FloatArray:
    """Return what each pixel adds to X, Y and Z, nothing outside of the visible."""
    nm = np.frombuffer(axis, dtype=np.float64)
    visible = (nm >= _VISIBLE_NM[0]) & (nm <= _VISIBLE_NM[1])
    return np.where(visible, _weights(axis, photons=True), 0.0)


@lru_cache(maxsize=8)
def _weights(axis: bytes, photons: bool) -> FloatArray:
    """Return what each pixel adds to X, Y and Z."""
    nm = np.frombuffer(axis, dtype=np.float64)
    matching = colour_matching(nm) * _widths(nm)
    return np.asarray(matching / nm) if photons else matching


def _colour_of(matching: FloatArray, spectrum: FloatArray, counts_se: float) -> ColourResult:
    tristimulus = matching @ spectrum
    total = float(np.sum(tristimulus))
    if total <= 0.0 or tristimulus[1] <= 0.0:
        return ColourResult(reason="there is no light in the visible part of the spectrum")
    x, y = (float(value) / total for value in tristimulus[:2])
    by_pixel = (matching[:2] - np.outer([x, y], np.sum(matching, axis=0))) / total
    away = np.array([x - REC2020_GREEN_XY[0], y - REC2020_GREEN_XY[1]])
    distance = float(np.hypot(*away))
    along = away / distance if distance > 0.0 else np.array([1.0, 0.0])
    x_se, y_se, distance_se = (
        counts_se * float(np.linalg.norm(row)) for row in (*by_pixel, along @ by_pixel)
    )
    return ColourResult(
        x=x,
        y=y,
        x_se=x_se,
        y_se=y_se,
        rec2020_distance=distance,
        rec2020_distance_se=distance_se,
    )


def _widths(nm: FloatArray) -> FloatArray:
    """Return the trapezoid weight of each pixel in nm."""
    steps = np.diff(nm)
    return np.asarray(0.5 * (np.append(steps, 0.0) + np.append(0.0, steps)))
