"""Rules that say when an experiment has reached its end."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plans.analysis import flags as flag_words
from plans.analysis.plateau import PlateauRule
from plans.analysis.track import EndpointState, Rule, TrackPoint, minutes

__all__ = [
    "DegradationRule",
    "DoseRule",
    "Endpoint",
    "EndpointState",
    "PlateauRule",
    "Rule",
    "TargetPeakRule",
    "TimeRule",
    "TrackPoint",
]


@dataclass(kw_only=True)
class TargetPeakRule:
    """The peak has reached a wavelength.

    Attributes:
        target_nm: the wavelength.
        needed: the median of this many usable spectra must be at or beyond the target.
    """

    target_nm: float
    needed: int = 5
    name: str = field(default="target", init=False)
    _peaks: deque[float] = field(default_factory=deque, init=False, repr=False)
    _first_nm: float | None = field(default=None, init=False, repr=False)

    def reference(self, point: TrackPoint) -> None:
        """Take a spectrum from before the start: it tells from which side the peak comes."""
        if point.is_usable and point.peak_nm is not None and self._first_nm is None:
            self._first_nm = point.peak_nm

    def update(self, point: TrackPoint) -> EndpointState:
        """Take the next spectrum into account."""
        if point.is_usable and point.peak_nm is not None:
            self._peaks.append(point.peak_nm)
            if len(self._peaks) > self.needed:
                self._peaks.popleft()
        if len(self._peaks) < self.needed:
            text = f"{len(self._peaks)} of {self.needed} usable spectra"
            return EndpointState(rule=self.name, met=False, text=text)
        median = float(np.median(self._peaks))
        if self._first_nm is None:
            self._first_nm = median
        way = self.target_nm - self._first_nm
        gone = (median - self._first_nm) / way if way else 1.0
        return EndpointState(
            rule=self.name,
            met=gone >= 1.0,
            text=f"peak {median:.2f} nm, target {self.target_nm:.2f} nm",
            progress=float(np.clip(gone, 0.0, 1.0)),
        )

    def feasibility(self, noise_nm: float, interval_s: float) -> str | None:
        """Return None: a median of spectra reaches any target that the sample reaches."""
        return None


@dataclass(kw_only=True)
class DegradationRule:
    """The photoluminescence has faded.

    Attributes:
        min_area_fraction: part of the starting area that must remain. The start is the median of
            the reference spectra, or of the first ones.
        needed: the median of this many spectra must be below.
    """

    min_area_fraction: float = 0.5
    needed: int = 5
    name: str = field(default="degradation", init=False)
    _areas: deque[float] = field(default_factory=deque, init=False, repr=False)
    _before: list[float] = field(default_factory=list, init=False, repr=False)
    _start: float | None = field(default=None, init=False, repr=False)

    def reference(self, point: TrackPoint) -> None:
        """Take a spectrum from before the start into account."""
        if point.is_usable and np.isfinite(point.area):
            self._before.append(point.area)
            self._start = float(np.median(self._before))

    def update(self, point: TrackPoint) -> EndpointState:
        """Take the next spectrum into account.

        A sample that has gone dark has no peak: a spectrum in which none stands out of the noise
        counts as area zero, once there was one.
        """
        dark = {flag_words.NO_PEAK, flag_words.LOW_SNR} <= set(point.flags)
        if point.is_usable and np.isfinite(point.area):
            self._areas.append(point.area)
        elif dark and (self._areas or self._start is not None):
            self._areas.append(0.0)
        if len(self._areas) > self.needed:
            self._areas.popleft()
        if len(self._areas) < self.needed:
            text = f"{len(self._areas)} of {self.needed} usable spectra"
            return EndpointState(rule=self.name, met=False, text=text)
        median = float(np.median(self._areas))
        if self._start is None:
            self._start = median
        left = median / self._start if self._start > 0.0 else 1.0
        lost = (1.0 - left) / max(1.0 - self.min_area_fraction, 1e-9)
        return EndpointState(
            rule=self.name,
            met=left < self.min_area_fraction,
            text=f"area {left:.0%} of the start, ends below {self.min_area_fraction:.0%}",
            progress=float(np.clip(lost, 0.0, 1.0)),
        )

    def feasibility(self, noise_nm: float, interval_s: float) -> str | None:
        """Return None: the noise of the peak does not matter here."""
        return None


@dataclass(kw_only=True)
class DoseRule:
    """The sample has had its light.

    Attributes:
        max_dose_j_cm2: dose at which the run ends, whatever the spectra say.
    """

    max_dose_j_cm2: float
    name: str = field(default="dose", init=False)

    def reference(self, point: TrackPoint) -> None:
        """Take nothing from a spectrum before the start."""

    def update(self, point: TrackPoint) -> EndpointState:
        """Take the next dose into account."""
        return EndpointState(
            rule=self.name,
            met=point.dose_j_cm2 >= self.max_dose_j_cm2,
            text=f"dose {point.dose_j_cm2:.2f} of {self.max_dose_j_cm2:g} J/cm2",
            progress=float(np.clip(point.dose_j_cm2 / max(self.max_dose_j_cm2, 1e-12), 0, 1)),
        )

    def feasibility(self, noise_nm: float, interval_s: float) -> str | None:
        """Return None: the noise of the peak does not matter here."""
        return None


_ROUNDING_S: Final = 1e-3  # a whole interval more for a rounded microsecond would be a dose


@dataclass(kw_only=True)
class TimeRule:
    """The time is up.

    Attributes:
        max_time_s: time at which the run ends.
    """

    max_time_s: float
    name: str = field(default="time", init=False)

    def reference(self, point: TrackPoint) -> None:
        """Take nothing from a spectrum before the start."""

    def update(self, point: TrackPoint) -> EndpointState:
        """Take the next time into account."""
        return EndpointState(
            rule=self.name,
            met=point.time_s >= self.max_time_s - _ROUNDING_S,
            text=f"{minutes(point.time_s)} of {minutes(self.max_time_s)}",
            progress=float(np.clip(point.time_s / max(self.max_time_s, 1e-12), 0, 1)),
        )

    def feasibility(self, noise_nm: float, interval_s: float) -> str | None:
        """Return None: the noise of the peak does not matter here."""
        return None


class Endpoint:
    """Several rules watching one run; the first that is met ends it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.states: tuple[EndpointState, ...] = ()

    def reference(self, point: TrackPoint) -> None:
        """Give every rule a spectrum from before the start, in which no rule can be met."""
        for rule in self.rules:
            rule.reference(point)

    def update(self, point: TrackPoint) -> EndpointState | None:
        """Give every rule the next spectrum and return the first that is met, else None."""
        self.states = tuple(rule.update(point) for rule in self.rules)
        return next((state for state in self.states if state.met), None)

    def feasibility(self, noise_nm: float, interval_s: float) -> tuple[str, ...]:
        """Return a sentence for every rule that this noise makes impossible."""
        texts = (rule.feasibility(noise_nm, interval_s) for rule in self.rules)
        return tuple(text for text in texts if text is not None)
