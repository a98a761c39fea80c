"""One axis of a simulated Newport motion controller, in mm."""

from dataclasses import dataclass

from simulators.ramp import Ramp

_HOMING_SPEED_MM_S = 5.0
_SWITCH_MM = 0.0  # where the home switch is, seen from the lower end of the travel


@dataclass(frozen=True, kw_only=True)
class AxisTable:
    """What a bench file says about an axis.

    Args:
        number: Axis number on the wire, 1 to 3.
        name: Direction on the bench, "x" or "y" for the ones the sample can see.
        minimum_mm: Lower software limit.
        maximum_mm: Upper software limit.
        unit: Code of the unit that it is set up with, 2 for mm.
        encoder_mm: Length of an encoder count.
    """

    number: int
    name: str = "x"
    minimum_mm: float = 0.0
    maximum_mm: float = 100.0
    unit: int = 2
    encoder_mm: float = 0.0001


class NewportAxis:
    """An axis that moves with time; after switching on its counter is 0 wherever it stands."""

    def __init__(self, table: AxisTable) -> None:
        self.table = table
        self.low_mm, self.high_mm = table.minimum_mm, table.maximum_mm
        self.speed_mm_s = 20.0
        self.top_speed_mm_s = 50.0
        self.acceleration_mm_s2 = 80.0
        self.motor_on = False
        self.stalled = False
        self._place_mm = _SWITCH_MM
        self._offset_mm = 0.0  # counter minus place
        self._ramp: Ramp | None = None
        self._homing = False

    @property
    def moving(self) -> bool:
        """Whether the axis is on its way."""
        return self._ramp is not None

    @property
    def homing(self) -> bool:
        """Whether it is on its way to the home switch."""
        return self._homing

    @property
    def ends_s(self) -> float | None:
        """When it comes to rest, None when it is at rest."""
        return None if self._ramp is None else self._ramp.ends_s

    @property
    def place_mm(self) -> float:
        """Where the carriage really stands when it is at rest."""
        return self._place_mm

    def position_mm(self, now_s: float) -> float:
        """Return the position that the wire tells: whole encoder counts."""
        place = self._place_mm if self._ramp is None else self._ramp.position(now_s)
        count = self.table.encoder_mm
        return round((place + self._offset_mm) / count) * count

    def advance(self, now_s: float) -> None:
        """Come to rest if it is time."""
        if self._ramp is None or now_s < self._ramp.ends_s:
            return
        self._place_mm, self._ramp = self._ramp.end, None
        if self._homing:
            self._homing = False
            self._offset_mm = 0.0

    def go_to(self, position_mm: float, now_s: float) -> bool:
        """Start towards a position of the counter; return False when the axis cannot follow."""
        count = self.table.encoder_mm
        return self._start(round(position_mm / count) * count - self._offset_mm, now_s)

    def home(self, now_s: float) -> bool:
        """Start towards the home switch; return False when the axis cannot follow."""
        started = self._start(_SWITCH_MM, now_s, _HOMING_SPEED_MM_S)
        self._homing = started
        return started

    def define(self, position_mm: float) -> None:
        """Call where it stands a position."""
        self._offset_mm = position_mm - self._place_mm

    def stop(self, now_s: float) -> None:
        """Brake."""
        if self._ramp is not None:
            self._ramp = self._ramp.stopped(now_s)
            self._homing = False

    def halt(self, now_s: float) -> None:
        """Stand still at once, without power."""
        if self._ramp is not None:
            self._place_mm, self._ramp = self._ramp.position(now_s), None
        self._homing = self.motor_on = False

    def power_cycle(self, now_s: float) -> None:
        """Lose the reference; the carriage stays where it is."""
        self.halt(now_s)
        self._offset_mm = -self._place_mm

    def _start(self, target_mm: float, now_s: float, speed_mm_s: float | None = None) -> bool:
        if self._ramp is not None:
            self._place_mm, self._ramp = self._ramp.position(now_s), None
        self._homing = False
        if self.stalled:
            self.motor_on = False
            return False
        self._ramp = Ramp(
            start=self._place_mm,
            end=target_mm,
            started_s=now_s,
            speed=speed_mm_s or self.speed_mm_s,
            acceleration=self.acceleration_mm_s2,
        )
        return True
