"""Width, area and centre of a measured line, beside the fit."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from plans.analysis.line import SplitGaussian
from plans.analysis.noise import FloatArray

AREA_FWHM: Final = 2.0
"""The area is taken over the peak, this many full widths to each side."""
CENTROID_FWHM: Final = 1.5
"""The centroid is taken over this many full widths to each side."""
TOP_FWHM: Final = 0.25
CROSSING_FWHM: Final = 0.15
CORE_FWHM: Final = 0.65
"""Beside the core of this many full widths to each side a shoulder stands."""
LOCAL_FWHM: Final = 0.23
"""The top is read within this many full widths."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the measured curve above the baseline says.

    Attributes:
        blue_nm: where it crosses half of its maximum on the short side, None if it does not.
        red_nm: the same on the long side.
        height: maximum above the baseline, from a parabola through the top, in counts.
        area: integral above the baseline, in counts nm.
        centroid_nm: mean wavelength, weighted by the counts above the baseline.
        moment_fwhm_nm: 2.355 times the root of the second moment about it, in nm.
        shoulder: part of the area beside the core that the line does not describe.
    """

    blue_nm: float | None
    red_nm: float | None
    height: float
    area: float
    centroid_nm: float
    moment_fwhm_nm: float
    shoulder: float


def measure_shape(wavelength_nm: FloatArray, counts: FloatArray, line: SplitGaussian) -> Shape:
    """Measure a line on the data themselves, with the fitted baseline taken off.

    Args:
        wavelength_nm: the axis, rising.
        counts: the spectrum.
        line: the fitted line; it says where to look.
    """
    above = counts - line.baseline(wavelength_nm)
    width, peak = line.fwhm_nm, line.peak_nm
    height = _top(wavelength_nm, above, peak, TOP_FWHM * width, line.height)
    crossing = CROSSING_FWHM * width
    near = np.abs(wavelength_nm - peak) <= AREA_FWHM * width
    centre = np.abs(wavelength_nm - peak) <= CENTROID_FWHM * width
    blue_guess, red_guess = _half_of_line(line)
    area = float(np.trapezoid(above[near], wavelength_nm[near]))
    left = above - line.line(wavelength_nm)
    left[np.abs(wavelength_nm - peak) <= CORE_FWHM * width] = 0.0
    beside = float(np.trapezoid(left[near], wavelength_nm[near]))
    centroid, moment = _moments(wavelength_nm[centre], above[centre], peak, width)
    return Shape(
        blue_nm=_crossing(wavelength_nm, above, 0.5 * height, blue_guess, crossing, rising=True),
        red_nm=_crossing(wavelength_nm, above, 0.5 * height, red_guess, crossing, rising=False),
        height=height,
        area=area,
        centroid_nm=centroid,
        moment_fwhm_nm=moment,
        shoulder=beside / area if area > 0.0 else float("nan"),
    )


def _half_of_line(line: SplitGaussian) -> tuple[float, float]:
    from_ev = line.position_ev
    scale = line.peak_nm * 0.5 / from_ev
    return (
        line.peak_nm - scale * line.fwhm_high_ev,
        line.peak_nm + scale * line.fwhm_low_ev,
    )


def _top(
    wavelength_nm: FloatArray, above: FloatArray, peak: float, half: float, otherwise: float
) -> float:
    near = np.abs(wavelength_nm - peak) <= half
    if int(near.sum()) < 4:
        return otherwise
    away = (wavelength_nm[near] - peak) / half
    curve, tilt, middle = np.linalg.lstsq(np.vander(away, 3), above[near], rcond=None)[0]
    if curve >= 0.0:
        return otherwise
    return float(middle + np.clip(-0.5 * tilt / curve, -1.0, 1.0) * 0.5 * tilt)


def _crossing(
    wavelength_nm: FloatArray,
    above: FloatArray,
    level: float,
    guess: float,
    half: float,
    *,
    rising: bool,
) -> float | None:
    """Cross a level with a straight line through the pixels around the expected place.

    A line through some pixels instead of two keeps the noise out; the flank of a line is straight
    where it passes half of its height.
    """
    at = guess
    for _ in range(4):
        near = np.abs(wavelength_nm - at) <= half
        if int(near.sum()) < 3:
            return _plain_crossing(wavelength_nm, above, level, guess, 4 * half, rising=rising)
        slope, middle = np.polyfit(wavelength_nm[near] - at, above[near], 1)
        if slope == 0.0 or (slope > 0.0) != rising:
            return None
        step = float((level - middle) / slope)
        at += float(np.clip(step, -2 * half, 2 * half))
        if not wavelength_nm[0] <= at <= wavelength_nm[-1]:
            return None
        if abs(step) < 1e-3 * half:
            break
    return at if abs(at - guess) <= 6 * half else None


def _plain_crossing(
    wavelength_nm: FloatArray,
    above: FloatArray,
    level: float,
    guess: float,
    reach: float,
    *,
    rising: bool,
) -> float | None:
    near = np.flatnonzero(np.abs(wavelength_nm - guess) <= reach)
    best: float | None = None
    for left, right in pairwise(near):
        low, high = float(above[left]), float(above[right])
        if (low < level <= high) if rising else (low >= level > high):
            part = (level - low) / (high - low)
            at = float(wavelength_nm[left] + part * (wavelength_nm[right] - wavelength_nm[left]))
            if best is None or abs(at - guess) < abs(best - guess):
                best = at
    return best


def _moments(
    wavelength_nm: FloatArray, above: FloatArray, otherwise: float, width: float
) -> tuple[float, float]:
    """Return the mean, and 2.355 times the root of the second moment about it."""
    steps = np.gradient(wavelength_nm) if wavelength_nm.size > 1 else np.ones(1)
    weight = above * steps
    whole = float(np.sum(weight))
    if whole <= 0.0:
        return otherwise, width
    centroid = float(np.sum(weight * wavelength_nm)) / whole
    if not wavelength_nm[0] <= centroid <= wavelength_nm[-1]:
        return otherwise, width
    square = float(np.sum(weight * (wavelength_nm - centroid) ** 2)) / whole
    return centroid, float(np.sqrt(8.0 * np.log(2.0) * max(square, 0.0)))


@dataclass(frozen=True, kw_only=True)
class Top:
    """The maximum of a measured curve.

    Attributes:
        peak_nm: where it is.
        error_per_count: standard error of its place for noise of one count per pixel.
    """

    peak_nm: float
    error_per_count: float


def read_top(wavelength_nm: FloatArray, counts: FloatArray, line: SplitGaussian) -> Top | None:
    """Read the maximum of the measured curve with a parabola, None when it has none at the line.

    A parabola knows nothing of the shape of a line: it stands where no line describes the curve.
    """
    half = LOCAL_FWHM * line.fwhm_nm
    at = line.peak_nm
    for _ in range(5):
        near = np.abs(wavelength_nm - at) <= half
        if int(near.sum()) < 5:
            return None
        away = (wavelength_nm[near] - at) / half
        solve = np.linalg.pinv(np.vander(away, 3))
        curve, tilt, _ = solve @ counts[near]
        if curve >= 0.0:
            return None
        step = -0.5 * float(tilt / curve)
        at += half * float(np.clip(step, -1.0, 1.0))
        if abs(at - line.peak_nm) > 2.0 * half:
            return None
    slope = np.array([2.0 * step, 1.0, 0.0]) @ solve
    error = half * float(np.sqrt(np.sum(slope**2))) / (2.0 * abs(float(curve)))
    return Top(peak_nm=at, error_per_count=error)
