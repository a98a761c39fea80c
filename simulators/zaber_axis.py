"""One axis of a simulated Zaber stage: position, reference, limits and warnings."""

import math
from dataclasses import dataclass

from simulators.ramp import Ramp

_SPEED_UNIT = 1.6384  # maxspeed is in microsteps/s times this
_ACCELERATION_UNIT = 1.6384e-4  # accel is in microsteps/s² times this
_WARNINGS_BY_RANK = ("FS", "WR", "NI")  # the highest stands in every reply
_CLEARED_BY_READING = ("FS", "NI")


@dataclass(frozen=True, kw_only=True)
class AxisTable:
    """What a bench file says about an axis.

    Args:
        number: Axis number on the wire, from 1.
        name: Direction on the bench, "x" or "y" for the ones the sample can see.
        microstep_um: Length of a microstep.
        minimum_mm: Lower end of the travel.
        maximum_mm: Upper end of the travel.
    """

    number: int
    name: str = "x"
    microstep_um: float = 0.49609375
    minimum_mm: float = 0.0
    maximum_mm: float = 100.0

    def __post_init__(self) -> None:
        """Refuse a travel that is none.

        Raises:
            ValueError: It is not finite, or the microstep has no length.
        """
        values = (self.microstep_um, self.minimum_mm, self.maximum_mm)
        if not (all(map(math.isfinite, values)) and self.microstep_um > 0):
            raise ValueError(
                f"axis {self.number}: {self.minimum_mm:g} to {self.maximum_mm:g} mm in microsteps "
                f"of {self.microstep_um:g} um is no travel; give finite numbers"
            )


class ZaberAxis:
    """An axis that moves with time.

    Positions on the wire count from the reference, which only homing finds: after switching on, the
    carriage stands where it was left but the counter is 0.
    """

    def __init__(self, table: AxisTable, *, maxspeed: int, accel: int) -> None:
        self.table = table
        self.maxspeed = maxspeed
        self.accel = accel
        self.limit_min = math.ceil(round(table.minimum_mm * 1e3 / table.microstep_um, 6))
        self.limit_max = math.floor(round(table.maximum_mm * 1e3 / table.microstep_um, 6))
        self.stalled = False
        self._offset = -float(self.limit_min)  # counter minus place of the carriage
        self._place = float(self.limit_min)
        self._ramp: Ramp | None = None
        self._homing = False
        self._warnings = {"WR"}

    # -- where it is

    @property
    def moving(self) -> bool:
        """Whether the axis is on its way."""
        return self._ramp is not None

    @property
    def homed(self) -> bool:
        """Whether the position is worth something."""
        return "WR" not in self._warnings

    @property
    def ends_s(self) -> float | None:
        """When it comes to rest, None when it is at rest."""
        return None if self._ramp is None else self._ramp.ends_s

    def place_mm(self) -> float:
        """Where the carriage really stands when it is at rest."""
        return self._place * self.table.microstep_um * 1e-3

    def counter(self, now_s: float) -> int:
        """Return the position that the wire tells, microsteps."""
        place = self._place if self._ramp is None else self._ramp.position(now_s)
        return round(place + self._offset)

    def warnings(self) -> list[str]:
        """Return the warning flags, the highest first."""
        return [flag for flag in _WARNINGS_BY_RANK if flag in self._warnings]

    def clear_warnings(self) -> None:
        """Acknowledge what can be acknowledged."""
        self._warnings.difference_update(_CLEARED_BY_READING)

    # -- moving

    def advance(self, now_s: float) -> None:
        """Come to rest if it is time."""
        ramp = self._ramp
        if ramp is None or now_s < ramp.ends_s:
            return
        self._place, self._ramp = ramp.end, None
        if self._homing:
            self._homing = False
            self._offset = 0.0
            self._warnings.discard("WR")

    def may_go_to(self, target: int) -> bool:
        """Return whether the axis knows where the target is and can reach it."""
        return self.homed and self.limit_min <= target <= self.limit_max

    def go_to(self, target: int, now_s: float, *, speed: int | None = None) -> None:
        """Start towards a position of the counter."""
        self._start(target - self._offset, now_s, speed or self.maxspeed)

    def home(self, now_s: float) -> None:
        """Start towards the reference at the lower end."""
        self._warnings.discard("FS")
        self._start(float(self.limit_min), now_s, self.maxspeed)
        self._homing = not self.stalled

    def stop(self, now_s: float) -> None:
        """Brake."""
        if self._ramp is not None:
            self._interrupt(now_s)
            self._ramp = self._ramp.stopped(now_s)

    def stall(self, now_s: float, *, on: bool) -> None:
        """Jam the carriage, or free it."""
        self.stalled = on
        if on and self._ramp is not None:
            self._place, self._ramp, self._homing = self._ramp.position(now_s), None, False
            self._warnings.add("FS")

    def power_cycle(self, now_s: float) -> None:
        """Lose the reference; the carriage stays where it is."""
        if self._ramp is not None:
            self._place = self._ramp.position(now_s)
        self._ramp, self._homing = None, False
        self._offset = -self._place
        self._warnings = {"WR"}

    def _interrupt(self, now_s: float) -> None:
        self._warnings.add("NI")
        self._homing = False

    def _start(self, target: float, now_s: float, speed: int) -> None:
        if self._ramp is not None:
            self._interrupt(now_s)
            self._place = self._ramp.position(now_s)
            self._ramp = None
        if self.stalled:
            self._warnings.add("FS")
            return
        self._ramp = Ramp(
            start=self._place,
            end=target,
            started_s=now_s,
            speed=speed / _SPEED_UNIT,
            acceleration=self.accel / _ACCELERATION_UNIT,
        )
