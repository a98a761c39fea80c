"""Plunger and liquid of a simulated syringe pump.

The pump counts what it believes it has pumped, from the diameter it was told. What really flows
follows from the syringe that is mounted, and ends when the plunger meets one end of it.
"""

import math
from dataclasses import dataclass

_SLOWEST_CM_H = 0.004205  # NE-1000 specifications: plunger speed
_FASTEST_CM_MIN = 5.1005


@dataclass(frozen=True, kw_only=True)
class Syringe:
    """The syringe that is really in the holder.

    Args:
        diameter_mm: Inner diameter.
        volume_ul: What it holds at most; the plunger cannot be drawn back further.
        loaded_ul: What is in it at the start.
    """

    diameter_mm: float = 14.43
    volume_ul: float = 10000.0
    loaded_ul: float = 8000.0


def rate_limits_ul_min(diameter_mm: float) -> tuple[float, float]:
    """Return the slowest and the fastest rate in uL/min for a syringe of this diameter."""
    area_cm2 = math.pi / 4.0 * (diameter_mm / 10.0) ** 2
    return area_cm2 * _SLOWEST_CM_H / 60.0 * 1000.0, area_cm2 * _FASTEST_CM_MIN * 1000.0


class Plunger:
    """Where the plunger is, and how much has passed."""

    def __init__(self, syringe: Syringe) -> None:
        self.syringe = syringe
        self.content_ul = syringe.loaded_ul
        self.infused_ul = 0.0
        self.withdrawn_ul = 0.0

    def true_rate_ul_min(self, rate_ul_min: float, diameter_mm: float) -> float:
        """Return what really flows when the pump believes in another diameter."""
        return rate_ul_min * (self.syringe.diameter_mm / diameter_mm) ** 2

    def time_to_end_s(self, signed_true_rate_ul_min: float) -> float:
        """Return how long the plunger can go on like this, in s."""
        if signed_true_rate_ul_min > 0:
            return 60.0 * self.content_ul / signed_true_rate_ul_min
        if signed_true_rate_ul_min < 0:
            room_ul = self.syringe.volume_ul - self.content_ul
            return 60.0 * room_ul / -signed_true_rate_ul_min
        return math.inf

    def move(self, counted_ul: float, true_ul: float) -> None:
        """Move the plunger; above 0 infuses, below 0 withdraws."""
        self.content_ul = min(max(self.content_ul - true_ul, 0.0), self.syringe.volume_ul)
        if counted_ul > 0:
            self.infused_ul += counted_ul
        else:
            self.withdrawn_ul -= counted_ul

    def clear(self, *, infused: bool = True, withdrawn: bool = True) -> None:
        """Set the counted volumes to 0."""
        if infused:
            self.infused_ul = 0.0
        if withdrawn:
            self.withdrawn_ul = 0.0
