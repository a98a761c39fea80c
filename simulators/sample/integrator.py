"""An explicit adaptive Runge-Kutta step on plain floats.

The pair of order 5 and 4 of Dormand and Prince (J. Comput. Appl. Math. 6, 19, 1980). For seven
numbers plain floats are several times faster than arrays. A step is repeated with a shorter length
when its error is too large, when a number overflows or when a quantity that cannot be negative
became so; the fastest rate of a stiff system therefore sets the step by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

Vector: TypeAlias = tuple[float, ...]
Rates: TypeAlias = Callable[[float, Vector], Vector]

RELATIVE_TOLERANCE = 1e-7
ABSOLUTE_TOLERANCE = 1e-11
_SHRINK = 0.1
_GROW = 5.0
_SAFETY = 0.9
_SHORTEST = 1e-13
_FIRST_PART = 1e-6
_CLIPS = 100


class StepError(RuntimeError):
    """The rates cannot be integrated: no step is short enough."""


def integrate(
    rates: Rates, start: Vector, duration_s: float, first_step_s: float
) -> tuple[Vector, float]:
    """Integrate non-negative quantities over a duration.

    Args:
        rates: Function of (time since the start in s, quantities) that returns their derivatives.
        start: The quantities at the start, none negative.
        duration_s: How long to integrate, at least 0.
        first_step_s: Length of step to try first; the one that this function returned last is good.

    Returns:
        The quantities at the end, and a length of step to begin with next time.

    Raises:
        StepError: When the step would become shorter than rounding allows.
    """
    time_s, below = 0.0, 0
    state, slope = start, rates(0.0, start) if duration_s > 0.0 else start
    step_s = min(max(first_step_s, _FIRST_PART * duration_s), duration_s)
    while time_s < duration_s:
        left_s = duration_s - time_s
        last = step_s >= left_s
        tried_s = left_s if last else step_s
        trial, error, end_slope = _dormand_prince(rates, time_s, state, slope, tried_s)
        lowest = min(trial)
        below += lowest < 0.0
        if error <= 1.0 and (lowest >= 0.0 or (lowest >= -ABSOLUTE_TOLERANCE and below < _CLIPS)):
            # what is off by less than the tolerance is nothing, not a reason for a shorter step
            state = trial if lowest >= 0.0 else tuple([max(each, 0.0) for each in trial])
            time_s = duration_s if last else time_s + tried_s
            slope = end_slope if lowest >= 0.0 else rates(time_s, state)
            growth = _GROW if error < 1e-5 else min(_GROW, _SAFETY * error**-0.2)
            # a last step cut short by the end says nothing against a longer one
            step_s = max(step_s, tried_s * growth) if last else tried_s * growth
        else:
            step_s = tried_s * _shrink(error)
            if step_s < _SHORTEST * duration_s:
                message = f"the rates at {state} need steps below {step_s:.1e} s"
                raise StepError(message)
    return state, step_s


def _shrink(error: float) -> float:
    """Return the factor for the next try; an error of nan or inf shrinks the most."""
    if 1.0 < error < 1e12:
        return max(_SHRINK, min(0.5, _SAFETY * float(error**-0.2)))
    return 0.5 if error <= 1.0 else _SHRINK


def _dormand_prince(
    rates: Rates, time_s: float, y: Vector, k1: Vector, h: float
) -> tuple[Vector, float, Vector]:
    """Return the quantities after one step, its error in units of the tolerance, and their slope.

    The last stage is the first one of the next step.
    """
    k2 = rates(time_s + h / 5, _second(y, k1, h))
    k3 = rates(time_s + h * 3 / 10, _third(y, k1, k2, h))
    k4 = rates(time_s + h * 4 / 5, _fourth(y, k1, k2, k3, h))
    k5 = rates(time_s + h * 8 / 9, _fifth(y, k1, k2, k3, k4, h))
    k6 = rates(time_s + h, _sixth(y, k1, k2, k3, k4, k5, h))
    end = _end(y, k1, k3, k4, k5, k6, h)
    k7 = rates(time_s + h, end)
    return end, _error(y, end, (k1, k3, k4, k5, k6, k7), h), k7


# One function a stage of the method, with its row of coefficients: in plain Python a written-out
# sum is several times faster than a loop over a table.


def _second(y: Vector, k1: Vector, h: float) -> Vector:
    a = h / 5
    return tuple([u + a * p for u, p in zip(y, k1, strict=True)])


def _third(y: Vector, k1: Vector, k2: Vector, h: float) -> Vector:
    a, b = h * 3 / 40, h * 9 / 40
    return tuple([u + a * p + b * q for u, p, q in zip(y, k1, k2, strict=True)])


def _fourth(y: Vector, k1: Vector, k2: Vector, k3: Vector, h: float) -> Vector:
    a, b, c = h * 44 / 45, -h * 56 / 15, h * 32 / 9
    return tuple([u + a * p + b * q + c * r for u, p, q, r in zip(y, k1, k2, k3, strict=True)])


def _fifth(y: Vector, k1: Vector, k2: Vector, k3: Vector, k4: Vector, h: float) -> Vector:
    a, b, c, d = h * 19372 / 6561, -h * 25360 / 2187, h * 64448 / 6561, -h * 212 / 729
    stages = zip(y, k1, k2, k3, k4, strict=True)
    return tuple([u + a * p + b * q + c * r + d * s for u, p, q, r, s in stages])


def _sixth(
    y: Vector, k1: Vector, k2: Vector, k3: Vector, k4: Vector, k5: Vector, h: float
) -> Vector:
    a, b, c = h * 9017 / 3168, -h * 355 / 33, h * 46732 / 5247
    d, e = h * 49 / 176, -h * 5103 / 18656
    stages = zip(y, k1, k2, k3, k4, k5, strict=True)
    return tuple([u + a * p + b * q + c * r + d * s + e * t for u, p, q, r, s, t in stages])


def _end(y: Vector, k1: Vector, k3: Vector, k4: Vector, k5: Vector, k6: Vector, h: float) -> Vector:
    a, c, d = h * 35 / 384, h * 500 / 1113, h * 125 / 192
    e, f = -h * 2187 / 6784, h * 11 / 84
    stages = zip(y, k1, k3, k4, k5, k6, strict=True)
    return tuple([u + a * p + c * r + d * s + e * t + f * v for u, p, r, s, t, v in stages])


def _error(start: Vector, end: Vector, stages: tuple[Vector, ...], h: float) -> float:
    """Return the largest difference to the solution of order 4, in units of the tolerance."""
    k1, k3, k4, k5, k6, k7 = stages
    h1, h3, h4 = h * 71 / 57600, -h * 71 / 16695, h * 71 / 1920
    h5, h6, h7 = -h * 17253 / 339200, h * 22 / 525, -h / 40
    largest = 0.0
    for u, v, a, c, d, e, f, g in zip(start, end, k1, k3, k4, k5, k6, k7, strict=True):
        scale = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * max(abs(u), abs(v))
        error = abs(h1 * a + h3 * c + h4 * d + h5 * e + h6 * f + h7 * g) / scale
        if not math.isfinite(error):
            return math.inf
        largest = max(largest, error)
    return largest
