"""Calibrations of a spectrometer and a lamp: lines, linearity, response, slope."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis.noise import FloatArray, robust_sigma

HG_AR_NM: Final = (
    404.656, 435.833, 546.074, 576.960, 579.066, 696.543, 706.722, 738.398, 750.387, 763.511,
    772.376, 794.818, 811.531,
)  # fmt: skip
"""Lines of a mercury-argon lamp in air, nm (NIST Atomic Spectra Database)."""
_NEAR_NM: Final = 4.0
_APART_NM: Final = 3.0
_SIGMAS: Final = 8.0
_LEAST_SNR: Final = 10.0
_MOST_DEGREE: Final = 7


@dataclass(frozen=True, kw_only=True)
class LineOffset:
    """A lamp line and where the spectrometer shows it.

    Attributes:
        true_nm: Where it is.
        found_nm: Where it is shown.
        height: Its height, counts.
    """

    true_nm: float
    found_nm: float
    height: float


@dataclass(frozen=True, kw_only=True)
class WavelengthResult:
    """How far the wavelength axis is off.

    Attributes:
        lines: The lines that were found.
        offset_nm: Mean of shown minus true, None without a line.
        offset_nm_se: Its standard error.
        rms_nm: Scatter of the lines about the mean.
        slope_nm_per_100nm: How the offset changes along the axis.
        reason: Why there is no offset, empty if there is one.
    """

    lines: tuple[LineOffset, ...] = ()
    offset_nm: float | None = None
    offset_nm_se: float | None = None
    rms_nm: float | None = None
    slope_nm_per_100nm: float | None = None
    reason: str = ""


def find_lamp_lines(wavelength_nm: ArrayLike, counts: ArrayLike) -> WavelengthResult:
    """Find the lines of a mercury-argon lamp and compare them with where they are.

    A line that has a neighbour within 3 nm, or does not stand out of the noise, is left out.

    Args:
        wavelength_nm: The axis.
        counts: Counts, dark subtracted.
    """
    axis, signal = np.asarray(wavelength_nm, dtype=float), np.asarray(counts, dtype=float)
    floor = float(np.median(signal))
    noise = max(float(robust_sigma(signal)), 1e-9)
    found = []
    for line in HG_AR_NM:
        crowded = any(0 < abs(line - other) < _APART_NM for other in HG_AR_NM)
        near = np.abs(axis - line) <= _NEAR_NM
        if crowded or np.count_nonzero(near) < 7 or not near[0:1].size:
            continue
        if line < axis[0] + _NEAR_NM or line > axis[-1] - _NEAR_NM:
            continue
        middle = axis[near][int(np.argmax(signal[near]))]
        core = np.abs(axis - middle) <= _APART_NM / 2
        height = float(np.max(signal[core])) - floor
        if height < _SIGMAS * noise:
            continue
        weight = np.clip(signal[core] - floor - 0.1 * height, 0.0, None)
        centre = float(np.sum(weight * axis[core]) / np.sum(weight))
        found.append(LineOffset(true_nm=line, found_nm=centre, height=height))
    if not found:
        return WavelengthResult(reason="no line of the lamp stands out of the noise")
    away = np.array([line.found_nm - line.true_nm for line in found])
    at = np.array([line.true_nm for line in found])
    slope = float(np.polyfit(at, away, 1)[0]) * 100 if len(found) > 2 else None
    rms = float(np.std(away, ddof=1)) if len(found) > 1 else None
    return WavelengthResult(
        lines=tuple(found),
        offset_nm=float(np.mean(away)),
        offset_nm_se=None if rms is None else rms / float(np.sqrt(len(found))),
        rms_nm=rms,
        slope_nm_per_100nm=slope,
    )


@dataclass(frozen=True, kw_only=True)
class LinearityResult:
    """How the response of a detector depends on how full it is.

    Attributes:
        coefficients: Of the polynomial by which counts are divided, lowest first.
        largest_deviation: Largest deviation from a constant response, as a share.
        residual: Scatter that the polynomial leaves, as a share.
        reason: Why there is none, empty if there is one.
    """

    coefficients: tuple[float, ...] = ()
    largest_deviation: float | None = None
    residual: float | None = None
    reason: str = ""


def fit_linearity(
    integration_time_s: ArrayLike, counts: ArrayLike, *, full_scale_counts: float, degree: int = 3
) -> LinearityResult:
    """Fit counts per second against counts, for a constant light.

    The response is normalised to its mean, as the polynomial that Ocean spectrometers keep: after
    the dark is subtracted, counts are divided by it.

    Args:
        integration_time_s: Exposure of each point, s.
        counts: Counts of each point, dark subtracted.
        full_scale_counts: Where the converter ends.
        degree: Of the polynomial, at most 7.
    """
    times, values = np.asarray(integration_time_s, dtype=float), np.asarray(counts, dtype=float)
    good = (times > 0) & (values > 0) & np.isfinite(values)
    times, values = times[good], values[good]
    degree = min(degree, _MOST_DEGREE, max(times.size - 2, 0))
    if times.size < 4:
        return LinearityResult(reason=f"{times.size} usable points: four are needed")
    rate = values / times
    rate /= float(np.mean(rate))
    scaled = values / full_scale_counts
    weights = np.sqrt(values)
    fitted = np.polynomial.Polynomial.fit(scaled, rate, degree, w=weights)
    plain = fitted.convert(domain=[-1, 1], window=[-1, 1]).coef
    powers = np.arange(plain.size, dtype=np.float64)
    coefficients = np.asarray(plain, dtype=np.float64) / full_scale_counts**powers
    return LinearityResult(
        coefficients=tuple(float(c) for c in coefficients),
        largest_deviation=float(np.max(np.abs(fitted(scaled) - 1.0))),
        residual=float(np.std(rate - fitted(scaled))),
    )


@dataclass(frozen=True, kw_only=True)
class SlopeResult:
    """A straight line through zero.

    Attributes:
        slope: Irradiance per current; NaN when there is none.
        slope_se: Its standard error.
        largest_deviation: Largest deviation of a point from the line, as a share of its value.
    """

    slope: float
    slope_se: float
    largest_deviation: float


def fit_through_zero(x: ArrayLike, y: ArrayLike) -> SlopeResult:
    """Fit y = slope x with relative weights.

    Args:
        x: Such as currents, above zero.
        y: Such as irradiances.
    """
    at, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    good = (at > 0) & np.isfinite(values)
    if not good.any():
        nan = float("nan")
        return SlopeResult(slope=nan, slope_se=nan, largest_deviation=nan)
    ratio = values[good] / at[good]
    slope = float(np.mean(ratio))
    spread = float(np.std(ratio, ddof=1)) if ratio.size > 1 else float("nan")
    return SlopeResult(
        slope=slope,
        slope_se=spread / float(np.sqrt(ratio.size)),
        largest_deviation=float(np.max(np.abs(ratio / slope - 1.0))),
    )


def response_factor(
    wavelength_nm: ArrayLike,
    counts_s: ArrayLike,
    known_nm: ArrayLike,
    known: ArrayLike,
    *,
    anchor_nm: float = 550.0,
    least: float = 0.01,
    noise: float = 0.0,
) -> FloatArray:
    """Return the relative factor that turns counts into photons, 1 at the anchor.

    Args:
        wavelength_nm: The axis.
        counts_s: Spectrum of a calibrated lamp, dark subtracted.
        known_nm: Wavelengths of its certificate.
        known: Photons per nm there, in any unit.
        anchor_nm: Where the factor is 1.
        least: Part of the largest signal below which there is no factor (NaN).
        noise: Standard deviation of a pixel, in counts per second; below ten of it there is no
            factor. Without one at the anchor the mean of all is 1.
    """
    axis, signal = np.asarray(wavelength_nm, dtype=float), np.asarray(counts_s, dtype=float)
    true = np.interp(axis, np.asarray(known_nm, float), np.asarray(known, float), left=np.nan,
                     right=np.nan)  # fmt: skip
    seen = signal > max(least * float(np.nanmax(signal)), _LEAST_SNR * noise)
    factor = np.full(axis.shape, np.nan)
    factor[seen] = true[seen] / signal[seen]
    found = np.isfinite(factor)
    if not np.any(found):
        return factor
    near = found & (np.abs(axis - anchor_nm) <= 2.0)
    return np.asarray(factor / float(np.mean(factor[near if np.any(near) else found])))


def photon_integral(
    wavelength_nm: ArrayLike, counts_s: ArrayLike, band_nm: tuple[float, float]
) -> float:
    """Return the integral of a spectrum over a band; the dark must be off it already.

    Args:
        wavelength_nm: The axis.
        counts_s: Counts per second, dark subtracted.
        band_nm: First and last wavelength.
    """
    axis, signal = np.asarray(wavelength_nm, dtype=float), np.asarray(counts_s, dtype=float)
    used = (axis >= band_nm[0]) & (axis <= band_nm[1])
    return float(np.trapezoid(signal[used], axis[used])) if np.any(used) else float("nan")
