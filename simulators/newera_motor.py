"""Motor and pumping program of a simulated syringe pump.

A program is a list of phases. Status letters and alarms are those of the pump: S stopped,
P paused, I infusing, W withdrawing, X purging; alarms R reset, S stalled, T time-out, E program
error (NE-1000 user manual, publication 1200-01, section 10.2.4, page 34).
"""

from dataclasses import dataclass

from simulators.instrument import SwitchLog, World
from simulators.newera_plunger import Plunger, Syringe, rate_limits_ul_min

PHASES = 41
UNITS_UL_MIN = {"UM": 1.0, "MM": 1000.0, "UH": 1.0 / 60.0, "MH": 1000.0 / 60.0}
_STALL_AFTER_S = 0.2  # how long a blocked motor pushes before it gives up


@dataclass(kw_only=True)
class Phase:
    """One step of the program; only RAT pumps."""

    function: str = "STP"
    rate: float = 0.0
    units: str = "MH"
    volume_ul: float = 0.0
    sign: int = 1

    @property
    def rate_ul_min(self) -> float:
        """Rate in uL/min, whatever its units."""
        return self.rate * UNITS_UL_MIN[self.units]


class PumpMotor:
    """Runs the program against the clock and tells the world what flows.

    Args:
        world: Hears of every change of the flow, which is what the syringe really gives.
        syringe: What is really in the holder.
        diameter_mm: What the pump believes is in the holder.
    """

    def __init__(self, world: World, syringe: Syringe, diameter_mm: float) -> None:
        self.plunger = Plunger(syringe)
        self.diameter_mm = diameter_mm
        self.phases = {number: Phase() for number in range(1, PHASES + 1)}
        self.phases[1].function = "RAT"
        self.log = SwitchLog()
        self.status = "S"
        self.alarm = ""
        self.alarm_untold = False
        self.running = 1
        self.blocked = False
        self._world = world
        self._now_s = 0.0
        self._left_ul = 0.0  # of this phase; 0 is without end
        self._stalls_at_s: float | None = None
        self._told_ul_min: float | None = None

    # -- what the pump is doing

    @property
    def pumping(self) -> bool:
        """Whether the motor turns."""
        return self.status in "IWX"

    @property
    def counted_rate_ul_min(self) -> float:
        """What the pump believes it pumps, below 0 when it withdraws."""
        if not self.pumping:
            return 0.0
        phase = self.phases[self.running]
        rate = rate_limits_ul_min(self.diameter_mm)[1] if self.status == "X" else phase.rate_ul_min
        return phase.sign * rate

    @property
    def true_rate_ul_min(self) -> float:
        """What leaves the needle."""
        if self.blocked:
            return 0.0
        return self.plunger.true_rate_ul_min(self.counted_rate_ul_min, self.diameter_mm)

    def next_event_s(self) -> float | None:
        """Return when a phase ends, the plunger meets an end or the motor gives up."""
        if not self.pumping:
            return None
        if self._stalls_at_s is not None:
            return self._stalls_at_s
        return min(self._phase_ends_s(), self._stroke_ends_s())

    # -- what the pump is told

    def start(self, number: int, now_s: float) -> None:
        """Run the program from a phase, or go on where it was paused."""
        if self.status == "P" and number == self.running:
            self._begin(self.running, self._left_ul)
        else:
            self._enter(number, now_s)
        self.drive(now_s)

    def stop(self, now_s: float) -> None:
        """Pause what runs; end what is paused or purges."""
        ends = self.status in "PX"
        self.status = "S" if ends else "P"
        self._stalls_at_s = None
        if ends:
            self._left_ul = 0.0
        self.drive(now_s)

    def purge(self, number: int, now_s: float) -> None:
        """Pump as fast as the motor can until stopped."""
        self.running, self.status, self._left_ul = number, "X", 0.0
        self._arm_stall()
        self.drive(now_s)

    def reset(self, now_s: float) -> None:
        """Be as after switching on, but for the program and the diameter."""
        self._now_s = now_s
        self.running = 1
        self._told_ul_min = None
        self.plunger.clear()
        self.log.add(now_s, "power on")
        self.raise_alarm("R", now_s)

    def block(self, now_s: float, *, blocked: bool) -> None:
        """Let something hold the plunger, or let it go."""
        self.blocked = blocked
        self._stalls_at_s = None
        if blocked and self.pumping:
            self.raise_alarm("S", now_s)
        self.drive(now_s)

    def raise_alarm(self, kind: str, now_s: float) -> None:
        """Stop with an alarm."""
        self.status, self._left_ul, self._stalls_at_s = "S", 0.0, None
        self.alarm, self.alarm_untold = kind, True
        self.log.add(now_s, f"alarm {kind}")
        self.drive(now_s)

    def drive(self, now_s: float) -> None:
        """Tell the world what flows from now on."""
        rate_ul_min = self.true_rate_ul_min
        if rate_ul_min != self._told_ul_min:
            self._told_ul_min = rate_ul_min
            self._world.set_flow(now_s, rate_ul_min)
            self.log.add(now_s, f"flow {rate_ul_min:.6g} uL/min")

    # -- time

    def advance(self, now_s: float) -> None:
        """Move the plunger up to now, through as many phases as end on the way."""
        while self.pumping:
            if self._stalls_at_s is not None:
                if self._stalls_at_s > now_s:
                    break
                self.raise_alarm("S", now_s)
                break
            phase_s, stroke_s = self._phase_ends_s(), self._stroke_ends_s()
            if min(phase_s, stroke_s) > now_s:
                self._move(abs(self.counted_rate_ul_min) * (now_s - self._now_s) / 60.0)
                break
            if stroke_s < phase_s:
                self._move(abs(self.counted_rate_ul_min) * (stroke_s - self._now_s) / 60.0)
                self.raise_alarm("S", now_s)  # the plunger stands at an end of the syringe
            else:
                self._move(self._left_ul)
                self._now_s = phase_s
                self._enter(self.running + 1, now_s)
        self._now_s = max(self._now_s, now_s)
        self.drive(now_s)

    def _phase_ends_s(self) -> float:
        rate_ul_min = abs(self.counted_rate_ul_min)
        if self._left_ul <= 0.0 or self.status == "X":
            return float("inf")
        return self._now_s + 60.0 * self._left_ul / rate_ul_min

    def _stroke_ends_s(self) -> float:
        return self._now_s + self.plunger.time_to_end_s(self.true_rate_ul_min)

    def _move(self, counted_ul: float) -> None:
        sign = self.phases[self.running].sign
        true_ul = self.plunger.true_rate_ul_min(counted_ul, self.diameter_mm)
        self.plunger.move(sign * counted_ul, sign * true_ul)
        if self._left_ul > 0.0 and self.status != "X":
            self._left_ul = max(self._left_ul - counted_ul, 1e-12)

    def _enter(self, number: int, now_s: float) -> None:
        """Enter a phase of the program; functions that pump nothing are done at once."""
        while number in self.phases and self.phases[number].function in {"CLD", "BEP"}:
            if self.phases[number].function == "CLD":
                self.plunger.clear()
            number += 1
        if number not in self.phases or self.phases[number].function == "STP":
            self.status, self._left_ul = "S", 0.0
            return
        phase = self.phases[number]
        lowest, highest = rate_limits_ul_min(self.diameter_mm)
        if phase.function != "RAT" or not lowest <= phase.rate_ul_min <= highest:
            self.raise_alarm("E", now_s)
            return
        self._begin(number, phase.volume_ul)

    def _begin(self, number: int, volume_ul: float) -> None:
        self.running, self._left_ul = number, volume_ul
        self.status = "I" if self.phases[number].sign > 0 else "W"
        self._arm_stall()

    def _arm_stall(self) -> None:
        self._stalls_at_s = self._now_s + _STALL_AFTER_S if self.blocked else None
