"""A spectrum of a run, as rules see it, and what they say."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from plans.analysis import flags as flag_words


@dataclass(frozen=True, kw_only=True)
class TrackPoint:
    """One spectrum of a run, as the rules see it.

    Attributes:
        time_s: since the start of the run, rising.
        peak_nm: peak wavelength, NaN or None when there is none.
        peak_nm_se: its standard error, in nm.
        fwhm_nm: full width at half maximum, in nm.
        area: integral of the line, in counts nm (per second, where exposures differ).
        snr: height over pixel noise.
        dose_j_cm2: light dose so far, in J/cm2.
        flags: words of `plans.analysis.flags`.
    """

    time_s: float
    peak_nm: float | None = None
    peak_nm_se: float = float("nan")
    fwhm_nm: float = float("nan")
    area: float = float("nan")
    snr: float = float("nan")
    dose_j_cm2: float = 0.0
    flags: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Tell whether the peak may take part in a decision."""
        known = self.peak_nm is not None and bool(np.isfinite(self.peak_nm))
        return known and flag_words.is_usable(self.flags)


@dataclass(frozen=True, kw_only=True)
class EndpointState:
    """Where a rule stands after a spectrum.

    Attributes:
        rule: name of the rule.
        met: the experiment has reached this end.
        text: the numbers behind it, for a person.
        progress: from 0.0 to 1.0, for a bar.
    """

    rule: str
    met: bool
    text: str
    progress: float = 0.0


class Rule(Protocol):
    """A rule that watches a run."""

    @property
    def name(self) -> str:
        """Name that the run record carries when this rule ends the run."""
        ...

    def reference(self, point: TrackPoint) -> None:
        """Take a spectrum from before the start into account, where the sample was itself."""
        ...

    def update(self, point: TrackPoint) -> EndpointState:
        """Take the next spectrum into account."""
        ...

    def feasibility(self, noise_nm: float, interval_s: float) -> str | None:
        """Say why the rule could never be met with this noise, None when it can."""
        ...


def minutes(time_s: float) -> str:
    """Write a time as m:ss."""
    whole = max(0, round(time_s))
    return f"{whole // 60}:{whole % 60:02d}"
