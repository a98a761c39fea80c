"""What a syringe pump is asked to do, and what it says about it."""

import math
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from instruments.device import Driver

Direction = Literal["infuse", "withdraw"]
"""Out of the syringe, or into it."""


@dataclass(frozen=True, kw_only=True)
class Dispense:
    """A volume at a rate. Build a new one for each dose.

    Attributes:
        volume_ul: Volume, microlitres.
        rate_ul_min: Rate, microlitres per minute.
        direction: ``infuse`` or ``withdraw``.
    """

    volume_ul: float
    rate_ul_min: float
    direction: Direction = "infuse"

    def __post_init__(self) -> None:
        """Refuse what no pump can do."""
        for quantity, value in (("volume_ul", self.volume_ul), ("rate_ul_min", self.rate_ul_min)):
            if not math.isfinite(value) or value <= 0:
                raise ValueError(f"{quantity} must be a finite number above 0, got {value!r}")
        if self.direction not in get_args(Direction):
            raise ValueError(f"direction must be infuse or withdraw, got {self.direction!r}")

    @property
    def duration_s(self) -> float:
        """How long it takes."""
        return self.volume_ul / self.rate_ul_min * 60

    def __str__(self) -> str:
        """Return it in words, for messages."""
        return f"{self.direction} {self.volume_ul:g} uL at {self.rate_ul_min:g} uL/min"


@dataclass(frozen=True, kw_only=True)
class Syringe:
    """The syringe in the pump.

    Attributes:
        name: Maker and size.
        diameter_mm: Inner diameter.
        capacity_ul: What it holds.
        loaded_ul: What is in it when the pump is connected.
        contents: What that is.
        refill_below_ul: When less is left, the syringe should be filled again.
    """

    name: str
    diameter_mm: float
    capacity_ul: float
    loaded_ul: float
    contents: str
    refill_below_ul: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PumpProgress:
    """What the pump does and what it has counted since the dispense was started.

    Attributes:
        is_pumping: The plunger moves.
        is_paused: The dispense was interrupted and could go on.
        infused_ul: Infused volume.
        withdrawn_ul: Withdrawn volume.
        resolution_ul: What the last digit of these is worth.
    """

    is_pumping: bool
    is_paused: bool
    infused_ul: float
    withdrawn_ul: float
    resolution_ul: float

    def volume_ul(self, direction: Direction) -> float:
        """Return the volume counted in a direction.

        Args:
            direction: ``infuse`` or ``withdraw``.
        """
        return self.infused_ul if direction == "infuse" else self.withdrawn_ul


class PumpDriver(Driver, Protocol):
    """What a syringe pump needs of its driver."""

    def prepare(self, diameter_mm: float) -> str:
        """Stop, set the syringe, clear the counters; return the alarm that was pending."""
        ...

    def rate_limits_ul_min(self) -> tuple[float, float]:
        """Return the slowest and fastest rate with the syringe set."""
        ...

    def check_dispense(self, volume_ul: float, rate_ul_min: float) -> None:
        """Raise ``LimitError`` for what cannot be dispensed."""
        ...

    def start(self, *, volume_ul: float, rate_ul_min: float, direction: Direction) -> None:
        """Start a dispense with the counters at 0."""
        ...

    def progress(self) -> PumpProgress:
        """Return what the pump does and has counted."""
        ...

    def rate_ul_min(self) -> float:
        """Return the rate that is set."""
        ...

    def stop(self) -> None:
        """Stop and read back that the plunger stands still."""
        ...
