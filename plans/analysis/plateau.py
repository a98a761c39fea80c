"""The rule that a peak has moved and come to rest."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plans.analysis.track import EndpointState, TrackPoint, minutes

_SIGMAS: Final = 2.0
_LEAST_POINTS: Final = 5
_LEAST_FILL: Final = 0.9
_LONGEST_GAP: Final = 0.25  # of the window; nobody knows whether the peak rested meanwhile


def slope_sigma(noise_nm: float, window_s: float, interval_s: float) -> float:
    """Return the standard error of a slope in nm/min over a window of equally spaced points.

    sigma sqrt(12) / (T sqrt(N)), the error of a straight line through N points over T.
    """
    points = max(window_s / interval_s, 2.0)
    return noise_nm * float(np.sqrt(12.0 / points)) / (window_s / 60.0)


@dataclass(kw_only=True)
class PlateauRule:
    """The peak has moved and has come to rest.

    A straight line is laid through the peaks of the last window, each with its weight. The rule
    is met when the speed it may have at most, |slope| + 2 standard errors, has stayed below the
    threshold for the hold time. The sign of the slope does not matter: a peak that runs back is
    not at rest either.

    Attributes:
        window_s: length of the window.
        threshold_nm_min: speed that counts as rest.
        hold_s: how long it must last, so that one lucky window does not end a run.
        min_shift_nm: how far the peak must have moved from its start first; a sample that has
            not started yet is at rest too. The start is the median of the reference spectra, or of
            the first five.
    """

    window_s: float = 600.0
    threshold_nm_min: float = 0.01
    hold_s: float = 300.0
    min_shift_nm: float = 1.0
    name: str = field(default="plateau", init=False)
    _points: deque[TrackPoint] = field(default_factory=deque, init=False, repr=False)
    _first: list[float] = field(default_factory=list, init=False, repr=False)
    _before: list[float] = field(default_factory=list, init=False, repr=False)
    _since_s: float | None = field(default=None, init=False, repr=False)

    def reference(self, point: TrackPoint) -> None:
        """Take a spectrum from before the start: the shift is counted from their median."""
        if point.is_usable and point.peak_nm is not None:
            self._before.append(point.peak_nm)

    def update(self, point: TrackPoint) -> EndpointState:
        """Take the next spectrum into account; one without a usable peak changes nothing."""
        if not point.is_usable:
            return self._waiting("the last spectrum has no usable peak")
        if self._points and point.time_s <= self._points[-1].time_s:
            return self._waiting("the last spectrum is not later than the one before")
        if self._points and point.time_s - self._points[-1].time_s > _LONGEST_GAP * self.window_s:
            self._since_s = None
        self._points.append(point)
        while self._points[-1].time_s - self._points[0].time_s > self.window_s:
            self._points.popleft()
        if len(self._first) < _LEAST_POINTS and point.peak_nm is not None:
            self._first.append(point.peak_nm)
        return self._judge(point.time_s)

    def feasibility(self, noise_nm: float, interval_s: float) -> str | None:
        """Say how long the window must be when the noise is too large for the threshold.

        The standard error of the slope must stay below a third of the threshold, else the rule
        asks for a slope that the noise alone exceeds most of the time.
        """
        sigma = slope_sigma(noise_nm, self.window_s, interval_s)
        needed = self.threshold_nm_min / 3.0
        if sigma < needed:
            return None
        window_s = self.window_s * (sigma / needed) ** (2.0 / 3.0)
        window_min = float(np.ceil(window_s / 60.0 + 1e-9))
        return (
            f"the plateau rule cannot be met with this noise: {noise_nm:.3f} nm every "
            f"{interval_s:g} s over {self.window_s / 60:g} min leaves the slope uncertain by "
            f"{sigma:.4f} nm/min, and it must stay below a third of "
            f"{self.threshold_nm_min:g} nm/min; use a window of at least {window_min:g} min, "
            f"longer exposures or a larger threshold"
        )

    def _judge(self, now_s: float) -> EndpointState:
        span_s = now_s - self._points[0].time_s
        if len(self._points) < _LEAST_POINTS or span_s < _LEAST_FILL * self.window_s:
            self._since_s = None
            return self._state(
                f"window filled {minutes(span_s)} of {minutes(self.window_s)}", now_s
            )
        slope, error, level = weighted_slope(list(self._points))
        shift = level - float(np.median(self._before or self._first))
        limit = abs(slope) + _SIGMAS * error
        text = f"slope {slope:.3f} ± {error:.3f} nm/min, needs < {self.threshold_nm_min:.3f}"
        if abs(shift) < self.min_shift_nm:
            self._since_s = None
            return self._state(f"moved {shift:+.2f} of {self.min_shift_nm:.2f} nm; {text}", now_s)
        if limit >= self.threshold_nm_min:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s
        held_s = 0.0 if self._since_s is None else now_s - self._since_s
        return self._state(f"{text}, held {minutes(held_s)} of {minutes(self.hold_s)}", now_s)

    def _waiting(self, text: str) -> EndpointState:
        return EndpointState(rule=self.name, met=False, text=text)

    def _state(self, text: str, now_s: float) -> EndpointState:
        held_s = -1.0 if self._since_s is None else now_s - self._since_s
        return EndpointState(
            rule=self.name,
            met=held_s >= self.hold_s,
            text=text,
            progress=float(np.clip(held_s / max(self.hold_s, 1e-9), 0.0, 1.0)),
        )


def weighted_slope(points: Sequence[TrackPoint]) -> tuple[float, float, float]:
    """Lay a weighted straight line through peaks.

    The standard error follows from the errors of the points, unless their scatter about the line
    is larger than chance allows: a stated error that is too small must not end a run.

    Args:
        points: at least three usable points at different times.

    Returns:
        Slope in nm/min, its standard error in nm/min, and the level at the last point in nm.
    """
    time_min = np.array([point.time_s for point in points]) / 60.0
    peak = np.array([point.peak_nm for point in points], dtype=np.float64)
    error = np.array([point.peak_nm_se for point in points], dtype=np.float64)
    known = np.isfinite(error) & (error > 0)
    usual = float(np.median(error[known])) if bool(np.any(known)) else 1.0
    # No point counts for more than four others: a small error is itself uncertain.
    spread = np.clip(np.where(known, error, usual), 0.5 * usual, None)
    weight = 1.0 / spread**2
    total = float(np.sum(weight))
    middle = float(np.sum(weight * time_min)) / total
    mean = float(np.sum(weight * peak)) / total
    away = time_min - middle
    moment = float(np.sum(weight * away**2))
    slope = float(np.sum(weight * away * (peak - mean))) / moment
    left = peak - mean - slope * away
    freedom = max(len(points) - 2, 1)
    scatter = float(np.sum(weight * left**2)) / freedom
    by_chance = bool(np.any(known)) and scatter < 1.0 + 3.0 * float(np.sqrt(2.0 / freedom))
    sigma = float(np.sqrt((1.0 if by_chance else scatter) / moment))
    return slope, sigma, mean + slope * (float(time_min[-1]) - middle)
