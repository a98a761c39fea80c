"""How long to expose so that the PL fills the detector well."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

TARGET: Final = 0.7
"""Share of the full scale that the PL shall reach."""
GOOD: Final = (0.4, 0.9)
"""Shares between which an integration time is kept: it must not hunt."""
_SATURATED: Final = 0.95
_BACK_OFF: Final = 4.0
_LONGEST_STEP: Final = 50.0  # of one look: what is weaker than the noise says little of the signal
_BAND_NM: Final = (450.0, 650.0)
_SCATTER_NM: Final = 36.0  # three widths of a LED to each side of its line
_SMOOTH_PX: Final = 5


@dataclass(frozen=True, kw_only=True)
class ExposureAdvice:
    """What integration time to take next.

    Attributes:
        integration_time_s: The next one, s.
        level: Share of the full scale that the PL reached, dark included.
        is_settled: The present one is good, or no better one is allowed.
        reason: Why, in words.
    """

    integration_time_s: float
    level: float
    is_settled: bool
    reason: str


def advise_exposure(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    *,
    integration_time_s: float,
    full_scale_counts: float,
    excitation_nm: float = 0.0,
    limits_s: tuple[float, float] = (0.006, 10.0),
) -> ExposureAdvice:
    """Return the integration time that brings the PL to 70 % of the full scale.

    Only the PL band counts, without the bands around the excitation and its second order: a
    scatter peak is never chased, and may even saturate. What saturates in the PL band divides the
    time by four.

    Args:
        wavelength_nm: The axis.
        counts: Raw counts.
        integration_time_s: How long they were exposed, s.
        full_scale_counts: Counts at which a pixel is saturated.
        excitation_nm: Wavelength of the light, 0 for none.
        limits_s: Shortest and longest time allowed, s.
    """
    axis = np.asarray(wavelength_nm, dtype=np.float64)
    raw = np.asarray(counts, dtype=np.float64)
    used = (axis >= _BAND_NM[0]) & (axis <= _BAND_NM[1])
    for line_nm in (excitation_nm, 2.0 * excitation_nm):
        if line_nm > 0.0:
            used &= np.abs(axis - line_nm) > _SCATTER_NM
    if not np.any(used):
        return _stay(integration_time_s, 0.0, "no pixel is in the PL band outside the scatter")
    low_s, high_s = limits_s
    smooth = np.convolve(raw[used], np.full(_SMOOTH_PX, 1 / _SMOOTH_PX), mode="valid")
    floor = float(np.percentile(raw, 5.0))
    top = float(np.max(smooth)) if smooth.size else float(np.max(raw[used]))
    level = top / full_scale_counts
    if float(np.max(raw[used])) >= _SATURATED * full_scale_counts:
        if integration_time_s <= low_s:
            return _stay(integration_time_s, level, "saturated at the shortest time: less light")
        wanted_s = max(integration_time_s / _BACK_OFF, low_s)
        return ExposureAdvice(
            integration_time_s=wanted_s, level=level, is_settled=False, reason="saturated"
        )
    if GOOD[0] <= level <= GOOD[1]:
        return _stay(integration_time_s, level, f"the PL fills {level:.0%}")
    signal = max(top - floor, 1e-3 * full_scale_counts)
    factor = min((TARGET * full_scale_counts - floor) / signal, _LONGEST_STEP)
    wanted_s = float(np.clip(integration_time_s * factor, low_s, high_s))
    if np.isclose(wanted_s, integration_time_s, rtol=0.02):
        return _stay(integration_time_s, level, f"the PL fills {level:.0%}, no more is allowed")
    return ExposureAdvice(
        integration_time_s=wanted_s,
        level=level,
        is_settled=False,
        reason=f"the PL fills {level:.0%}",
    )


def _stay(seconds: float, level: float, reason: str) -> ExposureAdvice:
    return ExposureAdvice(integration_time_s=seconds, level=level, is_settled=True, reason=reason)
