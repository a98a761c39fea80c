"""How fast a signal changes, and how long it lasts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis.noise import FloatArray
from plans.analysis.power_law import columns, inverse_of_normal, straight_line

Law = Literal["first order", "stretched exponential", "Avrami", "second order"]
LAWS: Final[tuple[Law, ...]] = ("first order", "stretched exponential", "Avrami", "second order")
GAS_CONSTANT_J_MOL_K: Final = 8.314462618
_ABSOLUTE_ZERO_DEGC: Final = -273.15
_EXPONENTS: Final[dict[Law, tuple[float, float]]] = {
    "stretched exponential": (0.2, 1.0),
    "Avrami": (1.0, 5.0),
}
_FEWEST_SPARE: Final = 2
_LEAST_GAIN: Final = 10.0
_CLOSE: Final = 2.0
_SEEN_SHARE: Final = 0.75


@dataclass(frozen=True, kw_only=True)
class KineticFit:
    """One law, fitted: signal = start + change x g, where g goes from 0 to 1.

    The laws are g = 1 - exp(-k x) (first order), 1 - exp(-(k x)^n) with n <= 1 (stretched
    exponential) or n >= 1 (Avrami, J. Chem. Phys. 1939, 7, 1103), and k x / (1 + k x) (second
    order, two particles meet).

    Attributes:
        law: which.
        rate: k, per unit of x.
        rate_se: its standard error.
        exponent: n, None for the laws without.
        exponent_se: its standard error.
        start: signal at x = 0.
        start_se: its standard error.
        change: from the start to the end of the law.
        change_se: its standard error.
        half: x at half of the change: the half-time, or the half-dose if x is a dose.
        half_se: its standard error.
        aicc: corrected Akaike criterion; smaller is better.
        bic: Bayesian criterion.
        chi2_red: reduced chi squared, None without uncertainties of the signal.
        seen: share of the change that the data reach.
    """

    law: Law
    rate: float
    rate_se: float
    exponent: float | None
    exponent_se: float | None
    start: float
    start_se: float
    change: float
    change_se: float
    half: float
    half_se: float
    aicc: float
    bic: float
    chi2_red: float | None
    seen: float


@dataclass(frozen=True, kw_only=True)
class KineticsResult:
    """The laws of a course, best first.

    Attributes:
        best: the law of the smallest AICc, None when there is no answer.
        fits: all that were fitted, best first.
        flags: "ambiguous" when the next law is within 2 in AICc, "end not seen" when the data
            cover less than three quarters of the change.
        reason: why there is no answer, empty if there is one.
    """

    best: KineticFit | None = None
    fits: tuple[KineticFit, ...] = ()
    flags: tuple[str, ...] = ()
    reason: str = ""


def fit_kinetics(
    x: ArrayLike,
    signal: ArrayLike,
    *,
    signal_se: ArrayLike | None = None,
    laws: Sequence[Law] = LAWS,
) -> KineticsResult:
    """Fit laws of change to a course and compare them.

    Args:
        x: time or dose since the light went on, from 0, any unit.
        signal: peak, area, fraction or anything that goes from one level to another.
        signal_se: standard uncertainty of each; without it the scatter about the law gives it.
        laws: which to try.
    """
    held = columns(x, signal, *([] if signal_se is None else [signal_se]))
    if held is None:
        return KineticsResult(reason="x and signal are not lists of numbers of the same length")
    at, values = held[0], held[1]
    if at.size < 4 + _FEWEST_SPARE or float(np.min(at, initial=0.0)) < 0.0:
        return KineticsResult(reason=f"{at.size} points: a law needs six, at x from 0 on")
    if float(np.ptp(at)) <= 0.0 or float(np.ptp(values)) <= 0.0:
        return KineticsResult(reason="nothing changes")
    sigma = held[2] if signal_se is not None else None
    if sigma is not None and not np.all(sigma > 0.0):
        return KineticsResult(reason="an uncertainty is not above zero")
    course = _Course(at, values, sigma)
    found = [course.fit(law) for law in dict.fromkeys(laws) if law in LAWS]
    fits = sorted((fit for fit in found if fit is not None), key=lambda fit: fit.aicc)
    if not fits:
        return KineticsResult(reason="no law could be fitted")
    best = fits[0]
    if course.flat_bic - best.bic < _LEAST_GAIN:
        return KineticsResult(fits=tuple(fits), reason="no change above the noise")
    flags = []
    if len(fits) > 1 and fits[1].aicc - best.aicc < _CLOSE:
        flags.append("ambiguous")
    if best.seen < _SEEN_SHARE:
        flags.append("end not seen")
    return KineticsResult(best=best, fits=tuple(fits), flags=tuple(flags))


def _progress(law: Law, x: FloatArray, log_rate: float, exponent: float) -> FloatArray:
    with np.errstate(over="ignore", under="ignore"):
        run = np.exp(np.clip(log_rate, -700.0, 700.0)) * x
        if law == "second order":
            return np.asarray(run / (1.0 + run))
        return np.asarray(-np.expm1(-np.minimum(run**exponent, 700.0)))


def _half(law: Law, rate: float, exponent: float) -> float:
    if law == "second order":
        return 1.0 / rate
    return float(np.log(2.0) ** (1.0 / exponent)) / rate


class _Course:
    def __init__(self, x: FloatArray, values: FloatArray, sigma: FloatArray | None) -> None:
        self.x, self.values, self.known = x, values, sigma is not None
        self.weight = np.ones(x.size) if sigma is None else 1.0 / sigma
        mean = float(np.average(values, weights=self.weight**2))
        self.floor = 1e-24 * float(np.sum((self.weight * values) ** 2)) + 1e-300
        self.flat_bic = self._criteria(float(np.sum((self.weight * (values - mean)) ** 2)), 1)[1]

    def _criteria(self, cost: float, parameters: int) -> tuple[float, float]:
        """Return AICc (Hurvich and Tsai, Biometrika 1989, 76, 297) and BIC."""
        number = self.x.size
        if self.known:
            lost, free = cost, parameters
        else:
            lost, free = number * float(np.log((cost + self.floor) / number)), parameters + 1
        aic = lost + 2.0 * free
        small = 2.0 * free * (free + 1) / max(number - free - 1, 0.5)
        return aic + small, lost + free * float(np.log(number))

    def _solve(self, law: Law, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
        exponent = float(shape[1]) if shape.size > 1 else 1.0
        progress = _progress(law, self.x, float(shape[0]), exponent)
        design = np.column_stack([np.ones(self.x.size), progress]) * self.weight[:, None]
        levels = np.linalg.lstsq(design, self.values * self.weight, rcond=None)[0]
        return np.asarray(levels), self.values * self.weight - design @ levels

    def fit(self, law: Law) -> KineticFit | None:
        """Return the best fit of one law; start and change follow from rate and exponent."""
        from scipy.optimize import least_squares  # slow to import, so only when it is used

        bounds = _EXPONENTS.get(law)
        reach = float(np.max(self.x))
        rates = np.log(np.geomspace(0.05, 200.0, 12) / reach)
        exponents = [1.0] if bounds is None else np.linspace(*bounds, 4)
        starts = [
            np.array([rate] if bounds is None else [rate, exponent])
            for rate in rates
            for exponent in exponents
        ]
        costs = [float(np.sum(self._solve(law, start)[1] ** 2)) for start in starts]
        start = starts[int(np.argmin(costs))]
        low, high = [rates[0] - 3.0], [rates[-1] + 3.0]
        if bounds is not None:
            low, high = [*low, bounds[0]], [*high, bounds[1]]
        found = least_squares(
            lambda shape: self._solve(law, shape)[1],
            np.clip(start, np.array(low) + 1e-6, np.array(high) - 1e-6),
            bounds=(low, high),
            xtol=1e-12,
            ftol=1e-12,
        )
        shape = np.asarray(found.x, dtype=np.float64)
        return self._described(law, shape)

    def _described(self, law: Law, shape: FloatArray) -> KineticFit | None:
        levels, residuals = self._solve(law, shape)
        parameters = np.concatenate([shape, levels])
        cost = float(residuals @ residuals)
        free = max(self.x.size - parameters.size, 1)
        covariance = self._covariance(law, parameters)
        if covariance is None:
            return None
        covariance = covariance if self.known else covariance * cost / free
        errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        rate = float(np.exp(shape[0]))
        exponent = float(shape[1]) if shape.size > 1 else None
        aicc, bic = self._criteria(cost, parameters.size)
        half = _half(law, rate, exponent or 1.0)
        gradient = np.array([-half])
        if exponent is not None:
            gradient = np.append(gradient, -half * np.log(np.log(2.0)) / exponent**2)
        part = covariance[: shape.size, : shape.size]
        return KineticFit(
            law=law,
            rate=rate,
            rate_se=rate * float(errors[0]),
            exponent=exponent,
            exponent_se=None if exponent is None else float(errors[1]),
            start=float(levels[0]),
            start_se=float(errors[-2]),
            change=float(levels[1]),
            change_se=float(errors[-1]),
            half=half,
            half_se=float(np.sqrt(max(gradient @ part @ gradient, 0.0))),
            aicc=aicc,
            bic=bic,
            chi2_red=cost / free if self.known else None,
            seen=float(np.max(_progress(law, self.x, float(shape[0]), exponent or 1.0))),
        )

    def _covariance(self, law: Law, parameters: FloatArray) -> FloatArray | None:
        def model(at: FloatArray) -> FloatArray:
            exponent = float(at[1]) if at.size > 3 else 1.0
            progress = _progress(law, self.x, float(at[0]), exponent)
            return np.asarray((at[-2] + at[-1] * progress) * self.weight)

        jacobian = _derivatives(model, parameters)
        return inverse_of_normal(jacobian.T @ jacobian)


def _derivatives(model: Callable[[FloatArray], FloatArray], at: FloatArray) -> FloatArray:
    rows = []
    for number, value in enumerate(at):
        step = np.zeros(at.size)
        step[number] = 1e-5 * max(abs(float(value)), 1e-3)
        rows.append((model(at + step) - model(at - step)) / (2.0 * step[number]))
    return np.asarray(np.column_stack(rows))


@dataclass(frozen=True, kw_only=True)
class Lasting:
    """When a signal falls below a share of its start.

    Attributes:
        level: the share: 0.9 for T90, 0.8 for T80, 0.5 for T50.
        at: x of the crossing, None when it was not reached.
        at_se: its standard uncertainty, from the noise and from the gap between the points.
        after: the last x that was still above the level.
        before: the first x that was below it, None when it was not reached.
        reason: "not reached" and up to where was watched, empty if it was reached.
    """

    level: float
    at: float | None = None
    at_se: float | None = None
    after: float | None = None
    before: float | None = None
    reason: str = ""


def photostability(
    x: ArrayLike,
    signal: ArrayLike,
    *,
    levels: Sequence[float] = (0.9, 0.8, 0.5),
    initial: float | None = None,
    signal_se: float = 0.0,
) -> tuple[Lasting, ...]:
    """Return when a signal has fallen to 90, 80 and 50 % of its start.

    A crossing counts when the next point is below the level as well, so a single dark frame ends
    nothing. What was not reached is censored: it is longer than `after`.

    Args:
        x: time or dose.
        signal: area or power.
        levels: shares of the start.
        initial: the start; the first point if not given. With brightening at first, the maximum
            is another choice: pass it.
        signal_se: standard uncertainty of one point.
    """
    held = columns(x, signal)
    if held is None or held[0].size < 2:
        reason = "x and signal are not two lists of at least two numbers"
        return tuple(Lasting(level=level, reason=reason) for level in levels)
    order = np.argsort(held[0], kind="stable")
    at, values = held[0][order], held[1][order]
    start = float(values[0]) if initial is None else initial
    if not (np.isfinite(start) and start > 0.0):
        return tuple(Lasting(level=level, reason="the start is not above zero") for level in levels)
    return tuple(_lasting(at, values / start, level, abs(signal_se) / start) for level in levels)


def _lasting(x: FloatArray, share: FloatArray, level: float, share_se: float) -> Lasting:
    below = share < level
    if np.all(below):
        return Lasting(level=level, before=float(x[0]), reason="below the level from the first on")
    stays = below & np.append(below[1:], False)
    stays[: int(np.argmin(below))] = False  # brightening up to the level is no fall
    if not np.any(stays):
        state = "only the last point is below" if below[-1] else f"{share[-1]:.0%} is left"
        return Lasting(
            level=level,
            after=float(x[-2] if below[-1] else x[-1]),
            reason=f"not reached: {state} at {x[-1]:g}",
        )
    first = int(np.argmax(stays))
    left, right = float(x[first - 1]), float(x[first])
    fall = float(share[first - 1] - share[first])
    part = float(np.clip((share[first - 1] - level) / fall, 0.0, 1.0)) if fall > 0.0 else 0.5
    gap = (right - left) / float(np.sqrt(12.0))
    noise = share_se * (right - left) / fall if fall > 0.0 else 0.0
    return Lasting(
        level=level,
        at=left + part * (right - left),
        at_se=float(np.hypot(gap, noise)),
        after=left,
        before=right,
    )


@dataclass(frozen=True, kw_only=True)
class ArrheniusResult:
    """Rate = prefactor x exp(-Ea / RT).

    Attributes:
        activation_kj_mol: Ea, None when there is none.
        activation_kj_mol_se: its standard error.
        log_prefactor: natural logarithm of the prefactor, in the unit of the rates.
        log_prefactor_se: its standard error.
        r2: share of the scatter that the line explains.
        reason: why there is no answer, empty if there is one.
    """

    activation_kj_mol: float | None = None
    activation_kj_mol_se: float | None = None
    log_prefactor: float | None = None
    log_prefactor_se: float | None = None
    r2: float | None = None
    reason: str = ""


def arrhenius(
    temperature_degc: ArrayLike, rate: ArrayLike, *, rate_se: ArrayLike | None = None
) -> ArrheniusResult:
    """Fit the logarithm of the rates of several runs against 1/T.

    Args:
        temperature_degc: of each run.
        rate: of each run, above zero.
        rate_se: standard uncertainty of each rate; without it the scatter gives it.
    """
    held = columns(temperature_degc, rate, *([] if rate_se is None else [rate_se]))
    if held is None:
        return ArrheniusResult(reason="temperatures and rates are not lists of the same length")
    kelvin, rates = held[0] - _ABSOLUTE_ZERO_DEGC, held[1]
    good = (kelvin > 0.0) & (rates > 0.0)
    if np.unique(kelvin[good]).size < 3:
        return ArrheniusResult(reason="an activation energy needs three temperatures")
    errors = None if rate_se is None else held[2][good] / rates[good]
    line = straight_line(1.0 / kelvin[good], np.log(rates[good]), errors)
    if line is None:
        return ArrheniusResult(reason="an uncertainty of a rate is not above zero")
    scale = GAS_CONSTANT_J_MOL_K * 1e-3
    return ArrheniusResult(
        activation_kj_mol=-line.slope * scale,
        activation_kj_mol_se=line.slope_se * scale,
        log_prefactor=line.intercept,
        log_prefactor_se=line.intercept_se,
        r2=line.r2,
    )
