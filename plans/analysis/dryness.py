"""The rule that a drop has dried."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plans.analysis.track import EndpointState, minutes

_LEAST_POINTS: Final = 10
_LEAST_FILL: Final = 0.9
_SIGMAS: Final = 2.0


@dataclass(kw_only=True)
class DryRule:
    """Mass or area of the PL has changed and has come to rest.

    Both fall while the solvent leaves and stand when it has left. The rule is met when the change
    over the last window, with two standard errors, has stayed below a share of all that has
    changed for the hold time.

    Attributes:
        window_s: Length of the window, s.
        share: Part of the whole change that counts as none.
        min_change: Part of the start by which the quantity must have changed first.
        hold_s: How long it must stand, s.
    """

    window_s: float = 300.0
    share: float = 0.02
    min_change: float = 0.1
    hold_s: float = 1800.0
    name: str = field(default="dry", init=False)
    _points: deque[tuple[float, float]] = field(default_factory=deque, init=False, repr=False)
    _low: float = field(default=float("inf"), init=False, repr=False)
    _high: float = field(default=float("-inf"), init=False, repr=False)
    _start: float | None = field(default=None, init=False, repr=False)
    _since_s: float | None = field(default=None, init=False, repr=False)

    def update(self, time_s: float, quantity: float) -> EndpointState:
        """Take the next mass or area into account.

        Args:
            time_s: When, s, rising.
            quantity: Mass or area in any unit; NaN is passed over.
        """
        if np.isfinite(quantity):
            self._start = quantity if self._start is None else self._start
            self._low, self._high = min(self._low, quantity), max(self._high, quantity)
            self._points.append((time_s, quantity))
            while time_s - self._points[0][0] > self.window_s:
                self._points.popleft()
        change = self._high - self._low
        if self._start is None or change < self.min_change * abs(self._start):
            return self._waiting("nothing has changed yet")
        times, values = np.array(self._points).T
        if len(times) < _LEAST_POINTS or times[-1] - times[0] < _LEAST_FILL * self.window_s:
            return self._waiting(f"watched for {minutes(float(times[-1] - times[0]))}")
        moved = _drift(times, values) / change
        if moved > self.share:
            return self._waiting(f"{moved:.1%} of the whole change in {minutes(self.window_s)}")
        self._since_s = time_s if self._since_s is None else self._since_s
        held_s = time_s - self._since_s
        return EndpointState(
            rule=self.name,
            met=held_s >= self.hold_s,
            text=f"at rest for {minutes(held_s)} of {minutes(self.hold_s)}",
            progress=float(np.clip(held_s / max(self.hold_s, 1e-9), 0.0, 1.0)),
        )

    @property
    def since_s(self) -> float | None:
        """Since when the quantity stands, s; None while it moves."""
        return self._since_s

    def _waiting(self, text: str) -> EndpointState:
        self._since_s = None
        return EndpointState(rule=self.name, met=False, text=text)


def _drift(times: np.ndarray, values: np.ndarray) -> float:
    """Return how far a straight line moves over the window, two standard errors more."""
    design = np.column_stack([np.ones_like(times), times - times.mean()])
    solution, *_ = np.linalg.lstsq(design, values, rcond=None)
    scatter = float(np.std(values - design @ solution, ddof=2))
    span = float(times[-1] - times[0])
    slope_se = scatter / float(np.sqrt(np.sum((times - times.mean()) ** 2)))
    return (abs(float(solution[1])) + _SIGMAS * slope_se) * span
