"""The rule that hardly any shift is left to come."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plans.analysis.noise import FloatArray
from plans.analysis.track import EndpointState, TrackPoint, minutes

_FEWEST: Final = 30
_STRETCHES: Final = (0.6, 0.8, 1.0, 1.3, 1.7)
_TIMES: Final = 24
_BINS: Final = 60
_SIGMAS: Final = 1.0
_EVERY: Final = 6  # spectra between two fits: a fit looks at the whole run
_MOST_FLAT: Final = 3.0  # time constants beyond the length of the run say nothing


@dataclass(frozen=True, kw_only=True)
class StretchedFit:
    """p_end + a exp(-(t / tau)^b) through peaks.

    Attributes:
        end_nm: where the peak goes, None when the course does not say.
        end_nm_se: its standard error.
        now_nm: the fitted peak at the last point.
        start_nm: the fitted peak at the first point.
        tau_s: time constant.
        stretch: exponent.
    """

    end_nm: float | None = None
    end_nm_se: float = float("nan")
    now_nm: float = float("nan")
    start_nm: float = float("nan")
    tau_s: float = float("nan")
    stretch: float = float("nan")


def fit_stretched(time_s: FloatArray, peak_nm: FloatArray, error_nm: FloatArray) -> StretchedFit:
    """Fit a stretched exponential to a course.

    Time constant and exponent are looked for on a grid, the two levels follow; the error of the
    end is that of all grid points that describe the course about as well as the best.

    Args:
        time_s: from the start of the light, rising.
        peak_nm: usable peaks.
        error_nm: their standard errors.
    """
    span = float(time_s[-1] - time_s[0])
    if time_s.size < _FEWEST or span <= 0.0:
        return StretchedFit()
    weight = 1.0 / error_nm
    taus = span * np.geomspace(0.05, _MOST_FLAT, _TIMES)
    shapes = np.array(
        [
            np.exp(-(((time_s - time_s[0]) / tau) ** stretch))
            for tau in taus
            for stretch in _STRETCHES
        ]
    )
    ones = np.sum(weight**2)
    mean_shape = shapes @ weight**2 / ones
    mean_peak = float(np.sum(weight**2 * peak_nm) / ones)
    away = (shapes - mean_shape[:, None]) * weight
    target = (peak_nm - mean_peak) * weight
    power = np.maximum(np.sum(away**2, axis=1), 1e-300)
    amplitude = away @ target / power
    cost = np.sum(target**2) - amplitude**2 * power
    end = mean_peak - amplitude * mean_shape
    best = int(np.argmin(cost))
    scale = max(float(cost[best]) / max(time_s.size - 4, 1), 1.0)
    likely = np.exp(-0.5 * (cost - cost[best]) / scale)
    likely /= np.sum(likely)
    middle = float(np.sum(likely * end))
    own = scale * (1.0 / ones + mean_shape[best] ** 2 / power[best])
    spread = float(np.sqrt(np.sum(likely * (end - middle) ** 2) + own))
    tau = float(taus[best // len(_STRETCHES)])
    return StretchedFit(
        end_nm=middle,
        end_nm_se=spread,
        now_nm=middle + float(np.sum(likely * amplitude * shapes[:, -1])),
        start_nm=middle + float(np.sum(likely * amplitude * shapes[:, 0])),
        tau_s=tau,
        stretch=_STRETCHES[best % len(_STRETCHES)],
    )


@dataclass(kw_only=True)
class RemainingShiftRule:
    """Less than a part of the whole shift is left to come.

    A stretched exponential through the course says where the peak goes. The rule is met when what
    is left, with one standard error, stays below the part for the hold time. It does not depend on
    a window: a slow sample is given the time that it needs.

    Attributes:
        part: of the whole shift that may be left.
        hold_s: how long it must last.
        min_shift_nm: how far the peak must have moved first.
    """

    part: float = 0.05
    hold_s: float = 300.0
    min_shift_nm: float = 1.0
    name: str = field(default="remaining_shift", init=False)
    _before: list[float] = field(default_factory=list, init=False, repr=False)
    _points: list[TrackPoint] = field(default_factory=list, init=False, repr=False)
    _since_s: float | None = field(default=None, init=False, repr=False)
    _last: EndpointState | None = field(default=None, init=False, repr=False)
    _until_fit: int = field(default=0, init=False, repr=False)

    def reference(self, point: TrackPoint) -> None:
        """Take a spectrum from before the start: the shift is counted from their median."""
        if point.is_usable and point.peak_nm is not None:
            self._before.append(point.peak_nm)

    def update(self, point: TrackPoint) -> EndpointState:
        """Take the next spectrum into account; one without a usable peak changes nothing."""
        if not point.is_usable or (self._points and point.time_s <= self._points[-1].time_s):
            return self._last or self._state("no usable spectrum yet")
        self._points.append(point)
        if len(self._points) < _FEWEST:
            return self._state(f"{len(self._points)} of {_FEWEST} usable spectra")
        self._until_fit -= 1
        if self._until_fit > 0 and self._last is not None:
            return self._last
        self._until_fit = _EVERY
        return self._judge(point.time_s)

    def feasibility(self, noise_nm: float, interval_s: float) -> str | None:
        """Say how small the noise must be for the last part of the least shift to be seen."""
        left_nm = self.part * self.min_shift_nm
        reached_nm = noise_nm / float(np.sqrt(max(600.0 / interval_s, 1.0)))
        if 2.0 * reached_nm < left_nm:
            return None
        return (
            f"the remaining-shift rule cannot be met with this noise: ten minutes of peaks of "
            f"{noise_nm:.3f} nm every {interval_s:g} s fix a level to {reached_nm:.4f} nm, and "
            f"{self.part:.0%} of the least shift of {self.min_shift_nm:g} nm are {left_nm:.4f} nm; "
            f"expose longer, or leave a larger part"
        )

    def _judge(self, now_s: float) -> EndpointState:
        fit = fit_stretched(*_binned(self._points))
        if fit.end_nm is None:
            return self._state("the course is too short")
        start = float(np.median(self._before)) if self._before else fit.start_nm
        whole, left = fit.end_nm - start, fit.end_nm - fit.now_nm
        if abs(fit.now_nm - start) < self.min_shift_nm:
            self._since_s = None
            return self._state(f"moved {fit.now_nm - start:+.2f} of {self.min_shift_nm:.2f} nm")
        limit = (abs(left) + _SIGMAS * fit.end_nm_se) / abs(whole)
        text = f"{left:+.2f} ± {fit.end_nm_se:.2f} nm left of {whole:+.2f}, needs < {self.part:.0%}"
        if limit >= self.part:
            self._since_s = None
            return self._state(text, 1.0 - abs(left / whole))
        self._since_s = now_s if self._since_s is None else self._since_s
        held_s = now_s - self._since_s
        return self._state(
            f"{text}, held {minutes(held_s)} of {minutes(self.hold_s)}",
            1.0,
            met=held_s >= self.hold_s,
        )

    def _state(self, text: str, progress: float = 0.0, *, met: bool = False) -> EndpointState:
        self._last = EndpointState(
            rule=self.name, met=met, text=text, progress=float(np.clip(progress, 0.0, 1.0))
        )
        return self._last


def _binned(points: list[TrackPoint]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return at most 60 means of neighbours: time, peak, standard error."""
    time_s = np.array([point.time_s for point in points])
    peak = np.array([point.peak_nm for point in points], dtype=np.float64)
    error = np.array([point.peak_nm_se for point in points], dtype=np.float64)
    good = np.isfinite(error) & (error > 0.0)
    usual = float(np.median(error[good])) if bool(good.any()) else 0.1
    # Errors of single fits are uncertain themselves; neighbours share one.
    parts = np.array_split(np.arange(time_s.size), min(_BINS, time_s.size))
    held = np.array([part.size for part in parts], dtype=np.float64)
    return (
        np.array([time_s[part].mean() for part in parts]),
        np.array([peak[part].mean() for part in parts]),
        usual / np.sqrt(held),
    )
