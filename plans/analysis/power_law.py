"""Power dependence: slope, threshold, quality factor."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import LARGEST_VALUE, BoolArray

_FEWEST_POINTS: Final = 3
_FEWEST_PER_BRANCH: Final = 3
_BIC_GAIN: Final = 10.0
_AT_THE_LIMIT: Final = 1.2
_DEGENERATE: Final = 1e-10


def rows_of_numbers(*arrays: FloatArray) -> BoolArray:
    """Return where arrays of one length all hold numbers that a measurement can give."""
    held = np.ones(arrays[0].shape, dtype=np.bool_)
    for array in arrays:
        held &= np.abs(array) < LARGEST_VALUE
    return held


def columns(*values: ArrayLike) -> tuple[FloatArray, ...] | None:
    """Return the rows in which every column holds a number, None if the columns do not match."""
    try:
        arrays = [np.asarray(column, dtype=np.float64) for column in values]
    except (TypeError, ValueError):
        return None
    if not arrays or arrays[0].ndim != 1 or any(a.shape != arrays[0].shape for a in arrays):
        return None
    held = rows_of_numbers(*arrays)
    return tuple(array[held] for array in arrays)


def inverse_of_normal(normal: FloatArray) -> FloatArray | None:
    """Return the inverse of a normal matrix, None when it has none to speak of."""
    scale = np.sqrt(np.diag(normal))
    if not np.all(scale > 0.0):
        return None
    normal = normal / scale / scale[:, None]
    if float(np.linalg.eigvalsh(normal)[0]) < _DEGENERATE:
        return None
    return np.asarray(np.linalg.inv(normal) / scale / scale[:, None])


@dataclass(frozen=True, kw_only=True)
class StraightLine:
    """A weighted straight line.

    Attributes:
        slope: the slope.
        slope_se: its standard error.
        intercept: the value at zero.
        intercept_se: its standard error.
        covariance: of slope and intercept.
        r2: share of the scatter that the line explains.
        cost: weighted sum of squared residuals.
    """

    slope: float
    slope_se: float
    intercept: float
    intercept_se: float
    covariance: float
    r2: float
    cost: float


def straight_line(
    x: FloatArray, y: FloatArray, y_se: FloatArray | None = None
) -> StraightLine | None:
    """Fit a straight line, None when the points cannot hold one.

    Args:
        x: where.
        y: what.
        y_se: standard uncertainty of each y; without it the scatter about the line gives it.
    """
    if x.size < _FEWEST_POINTS or float(np.ptp(x)) <= 0.0:
        return None
    if y_se is not None and not np.all(y_se > 0.0):
        return None
    weight = np.ones(x.size) if y_se is None else 1.0 / y_se**2
    total = float(np.sum(weight))
    middle_x, middle_y = float(weight @ x) / total, float(weight @ y) / total
    spread = float(weight @ (x - middle_x) ** 2)
    if spread <= 0.0:
        return None
    slope = float(weight @ ((x - middle_x) * (y - middle_y))) / spread
    cost = float(weight @ (y - middle_y - slope * (x - middle_x)) ** 2)
    scatter = float(weight @ (y - middle_y) ** 2)
    unit = cost / (x.size - 2) if y_se is None else 1.0
    return StraightLine(
        slope=slope,
        slope_se=float(np.sqrt(unit / spread)),
        intercept=middle_y - slope * middle_x,
        intercept_se=float(np.sqrt(unit * (1.0 / total + middle_x**2 / spread))),
        covariance=-unit * middle_x / spread,
        r2=1.0 - cost / scatter if scatter > 0.0 else 0.0,
        cost=cost,
    )


@dataclass(frozen=True, kw_only=True)
class PowerLawResult:
    """Signal = prefactor x power^exponent.

    Attributes:
        exponent: slope in log-log, None when there is none.
        exponent_se: its standard error.
        prefactor: signal at a power of one.
        r2: share of the scatter in log-log that the line explains.
        points: how many points were used; those at or below zero have no logarithm.
        reason: why there is no exponent, empty if there is one.
    """

    exponent: float | None = None
    exponent_se: float | None = None
    prefactor: float | None = None
    r2: float | None = None
    points: int = 0
    reason: str = ""


def _logarithms(power: ArrayLike, signal: ArrayLike) -> tuple[FloatArray, FloatArray] | str:
    held = columns(power, signal)
    if held is None:
        return "power and signal are not two lists of numbers of the same length"
    power_, signal_ = held
    above = (power_ > 0.0) & (signal_ > 0.0)
    order = np.argsort(power_[above], kind="stable")
    return np.log(power_[above])[order], np.log(signal_[above])[order]


def fit_power_law(power: ArrayLike, signal: ArrayLike) -> PowerLawResult:
    """Fit the slope of signal against power in log-log.

    Args:
        power: excitation power or irradiance, any unit.
        signal: intensity, any unit.
    """
    logs = _logarithms(power, signal)
    if isinstance(logs, str):
        return PowerLawResult(reason=logs)
    line = straight_line(*logs)
    if line is None:
        return PowerLawResult(
            points=logs[0].size,
            reason=f"{logs[0].size} points above zero: a slope needs three, at different powers",
        )
    return PowerLawResult(
        exponent=line.slope,
        exponent_se=line.slope_se,
        prefactor=float(np.exp(np.clip(line.intercept, -700.0, 700.0))),
        r2=line.r2,
        points=logs[0].size,
    )


@dataclass(frozen=True, kw_only=True)
class ThresholdResult:
    """Where the slope in log-log changes.

    Attributes:
        threshold: power at the knee, None when there is none.
        threshold_se: its standard error.
        exponent_below: slope before the knee.
        exponent_above: slope after the knee.
        bic_gain: BIC of one line minus BIC of two that meet.
        reason: why there is no threshold, empty if there is one.
    """

    threshold: float | None = None
    threshold_se: float | None = None
    exponent_below: float | None = None
    exponent_above: float | None = None
    bic_gain: float | None = None
    reason: str = ""


def find_threshold(power: ArrayLike, signal: ArrayLike) -> ThresholdResult:
    """Find the knee of a signal in log-log, for example where lasing sets in.

    One line is compared with two that meet at the knee; the second line has to earn a gain of 10
    in BIC. A gain in exponent is asked for: saturation has a knee too, and is no threshold.

    Args:
        power: excitation power, any unit.
        signal: intensity, any unit.
    """
    logs = _logarithms(power, signal)
    if isinstance(logs, str):
        return ThresholdResult(reason=logs)
    x, y = logs
    single = straight_line(x, y)
    if single is None or x.size < 2 * _FEWEST_PER_BRANCH:
        return ThresholdResult(reason=f"{x.size} points above zero: a knee needs six")
    low, high = x[_FEWEST_PER_BRANCH - 1], x[-_FEWEST_PER_BRANCH]
    if high <= low:
        return ThresholdResult(reason="the powers hardly differ")
    knees = np.linspace(low, high, 200)
    costs = np.array([_broken(x, y, knee)[1] for knee in knees])
    knee = _refined(x, y, knees, costs)
    solution, cost = _broken(x, y, knee)
    floor = max(1e-30, 1e-24 * float(y @ y))
    gain = x.size * float(np.log((single.cost + floor) / (cost + floor))) - 2 * np.log(x.size)
    if gain <= _BIC_GAIN:
        return ThresholdResult(bic_gain=gain, reason="one straight line does as well: no knee")
    below, bend = float(solution[1]), float(solution[2])
    if bend <= 0.0:
        return ThresholdResult(
            exponent_below=below,
            exponent_above=below + bend,
            bic_gain=gain,
            reason="the signal bends down: saturation, no threshold",
        )
    return ThresholdResult(
        threshold=float(np.exp(knee)),
        threshold_se=float(np.exp(knee)) * _knee_se(x, knee, bend, cost),
        exponent_below=below,
        exponent_above=below + bend,
        bic_gain=gain,
    )


def _broken(x: FloatArray, y: FloatArray, knee: float) -> tuple[FloatArray, float]:
    design = np.column_stack([np.ones(x.size), x - knee, np.maximum(x - knee, 0.0)])
    solution = np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], dtype=np.float64)
    return solution, float(np.sum((y - design @ solution) ** 2))


def _refined(x: FloatArray, y: FloatArray, knees: FloatArray, costs: FloatArray) -> float:
    step = float(knees[1] - knees[0])
    best = float(knees[int(np.argmin(costs))])
    near = np.clip(np.linspace(best - step, best + step, 81), knees[0], knees[-1])
    return float(near[int(np.argmin([_broken(x, y, knee)[1] for knee in near]))])


def _knee_se(x: FloatArray, knee: float, bend: float, cost: float) -> float:
    """Return the standard error of the logarithm of the knee, with all else free."""
    beyond = x > knee
    design = np.column_stack([np.ones(x.size), x - knee, np.maximum(x - knee, 0.0), -bend * beyond])
    free = max(x.size - 4, 1)
    return float(np.sqrt(np.linalg.pinv(design.T @ design)[3, 3] * cost / free))


@dataclass(frozen=True, kw_only=True)
class QualityFactor:
    """Q = peak / width of a resonance.

    Attributes:
        quality: measured Q, a lower limit when the instrument sets the width; None if there is
            none.
        quality_se: its standard error, from that of the width.
        most_quality: the largest Q that this instrument can show at this wavelength.
        resolution_limited: the line is not wider than 1.2 times what the instrument shows of any
            line.
        reason: why there is no Q, empty if there is one.
    """

    quality: float | None = None
    quality_se: float | None = None
    most_quality: float | None = None
    resolution_limited: bool = False
    reason: str = ""


def linewidth_nm(peak_nm: float, quality: float) -> float:
    """Return the full width in nm of a line with this Q, NaN for a Q that is not above zero."""
    return peak_nm / quality if quality > 0.0 else float("nan")


def quality_factor(
    peak_nm: float, fwhm_nm: float, *, instrument_fwhm_nm: float, fwhm_nm_se: float = 0.0
) -> QualityFactor:
    """Return Q, and whether it is the sample's or the spectrometer's.

    Args:
        peak_nm: middle of the line.
        fwhm_nm: measured full width.
        instrument_fwhm_nm: full width that the spectrometer gives to a line of no width.
        fwhm_nm_se: standard uncertainty of the measured width.
    """
    given = (peak_nm, fwhm_nm, instrument_fwhm_nm)
    if not all(np.isfinite(value) and value > 0.0 for value in given):
        return QualityFactor(reason="peak, width and resolution must be above zero")
    quality = peak_nm / fwhm_nm
    return QualityFactor(
        quality=quality,
        quality_se=quality * abs(fwhm_nm_se) / fwhm_nm,
        most_quality=peak_nm / instrument_fwhm_nm,
        resolution_limited=fwhm_nm <= _AT_THE_LIMIT * instrument_fwhm_nm,
    )
