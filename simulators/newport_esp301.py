"""A simulated Newport ESP301 motion controller.

Commands, answers and errors: Newport ESP300 and ESP301 user's manuals, command reference and
appendix "Error messages". Commands end with CR, several in a line are separated by ``;``; only
questions are answered.
"""

import collections
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault
from simulators.newport_axis import AxisTable, NewportAxis

_COMMAND = re.compile(r"(?P<axis>\d*)(?P<name>[A-Z]{2})(?P<asks>\??)(?P<data>[^?]*)\Z")
_CYCLE_S = 400e-6
_ERRORS_KEPT = 10
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)\Z")  # no exponent

_UNKNOWN, _PARAMETER_RANGE, _AXIS_RANGE, _AXIS_MISSING, _PARAMETER_MISSING = 6, 7, 9, 37, 38
_EMERGENCY_STOP = 4
_FOLLOWING, _UPPER_LIMIT, _LOWER_LIMIT, _MOTOR_OFF, _DURING_HOMING = 3, 6, 7, 13, 30
_TEXTS = {
    0: "NO ERROR DETECTED",
    _EMERGENCY_STOP: "EMERGENCY STOP ACTIVATED",
    _UNKNOWN: "COMMAND DOES NOT EXIST",
    _PARAMETER_RANGE: "PARAMETER OUT OF RANGE",
    _AXIS_RANGE: "AXIS NUMBER OUT OF RANGE",
    _AXIS_MISSING: "AXIS NUMBER MISSING",
    _PARAMETER_MISSING: "COMMAND PARAMETER MISSING",
    100 + _FOLLOWING: "FOLLOWING ERROR THRESHOLD EXCEEDED",
    100 + _UPPER_LIMIT: "POSITIVE SOFTWARE LIMIT DETECTED",
    100 + _LOWER_LIMIT: "NEGATIVE SOFTWARE LIMIT DETECTED",
    100 + _MOTOR_OFF: "MOTOR NOT ENABLED",
    100 + _DURING_HOMING: "COMMAND NOT ALLOWED DURING HOMING",
}


class _RefusedError(Exception):
    """A command that is not carried out; the argument is the error code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class NewportESP301:
    """The controller with its axes; it tells the world what stands in the beam.

    Args:
        world: Hears when a stage sets off and where it comes to rest.
        axes: The axes.
        firmware: Answer to ``VE?``.
    """

    fault_kinds = ("stall", "emergency-stop", "power-loss")

    def __init__(
        self,
        world: World,
        *,
        axes: Sequence[AxisTable],
        firmware: str = "ESP301 Version 3.0.1  08/15/11",
    ) -> None:
        self._world = world
        self._axes = {table.number: NewportAxis(table) for table in axes}
        self._firmware = firmware
        self._lines = LineBuffer(b"\r")
        self._errors: collections.deque[int] = collections.deque(maxlen=_ERRORS_KEPT)
        self._log = SwitchLog()
        self._switched_on_s = 0.0
        self._emergency = False
        self._told: tuple[float, float] | None = None
        self._commands: dict[str, Callable[[NewportAxis, str, float], None]] = {
            "PA": lambda axis, data, now_s: self._move(axis, _number(data), now_s),
            "PR": lambda axis, data, now_s: self._move(
                axis, axis.position_mm(now_s) + _number(data), now_s
            ),
            "OR": self._home,
            "DH": lambda axis, data, now_s: axis.define(_number(data) if data else 0.0),
            "ST": lambda axis, data, now_s: axis.stop(now_s),
            "MO": self._motor_on,
            "MF": lambda axis, data, now_s: axis.halt(now_s),
            "VA": self._speed,
            "AC": self._acceleration,
            "AG": lambda axis, data, now_s: None,
            "SL": self._lower_limit,
            "SR": self._upper_limit,
            "WS": lambda axis, data, now_s: None,
        }
        self._questions: dict[str, Callable[[NewportAxis, float], str]] = {
            "TP": lambda axis, now_s: f"{axis.position_mm(now_s):.6f}",
            "DP": lambda axis, now_s: f"{axis.position_mm(now_s):.6f}",
            "MD": lambda axis, now_s: str(int(not axis.moving)),
            "MO": lambda axis, now_s: str(int(axis.motor_on)),
            "VA": lambda axis, now_s: f"{axis.speed_mm_s:g}",
            "VU": lambda axis, now_s: f"{axis.top_speed_mm_s:g}",
            "AC": lambda axis, now_s: f"{axis.acceleration_mm_s2:g}",
            "SL": lambda axis, now_s: f"{axis.low_mm:g}",
            "SR": lambda axis, now_s: f"{axis.high_mm:g}",
            "SN": lambda axis, now_s: str(axis.table.unit),
            "SU": lambda axis, now_s: f"{axis.table.encoder_mm:.6f}",
            "ID": lambda axis, now_s: f"MFA-CC, SN{1000 + axis.table.number}",
        }

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the answers."""
        out = self.poll(now_s)
        for line in self._lines.feed(data):
            for command in line.decode("ascii", "replace").split(";"):
                text = "".join(command.split()).upper()
                if text:
                    out += self._execute(text, now_s)
        self._tell(now_s)
        return out

    def poll(self, now_s: float) -> bytes:
        """Let axes come to rest."""
        for axis in self._axes.values():
            axis.advance(now_s)
        self._tell(now_s)
        return b""

    def next_event_s(self) -> float | None:
        """Return when the next axis comes to rest."""
        ends_s = (axis.ends_s for axis in self._axes.values())
        return min((end_s for end_s in ends_s if end_s is not None), default=None)

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. What moves goes on to its target."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start at rest, without a reference and with the motors off."""
        for axis in self._axes.values():
            axis.power_cycle(now_s)
        self._lines.clear()
        self._errors.clear()
        self._switched_on_s = now_s
        self._log.add(now_s, "power on")
        self._told = None
        self._tell(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Jam an axis ("stall", channel 0 is all), press the red button, or cut the power once."""
        if kind not in self.fault_kinds:
            raise unknown_fault("ESP301", kind, self.fault_kinds)
        self.poll(now_s)
        if kind == "power-loss":
            if on:
                self.power_cycle(now_s)
            return
        if kind == "emergency-stop":
            self._emergency = on
        for number, axis in self._axes.items():
            if kind == "stall" and channel in {0, number}:
                axis.stalled = on
                if on and axis.moving:
                    self._fail(axis, now_s)
            elif kind == "emergency-stop" and on:
                axis.halt(now_s)
        if kind == "emergency-stop" and on:
            self._errors.append(_EMERGENCY_STOP)
        self._tell(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what moves and where the rest stands."""
        moving = any(axis.moving for axis in self._axes.values())
        axes: dict[str, JSON] = {
            axis.table.name: {
                "moving": axis.moving,
                "motor_on": axis.motor_on,
                "position_mm": None if axis.moving else axis.place_mm,
            }
            for axis in self._axes.values()
        }
        return {"safe": not moving, "moving": moving, "axes": axes, "log": self._log.entries()}

    def _tell(self, now_s: float) -> None:
        """Tell the world where the stage is, if that has changed."""
        if any(axis.moving for axis in self._axes.values()):
            if self._told is not None:
                self._told = None
                self._log.add(now_s, "moving")
                self._world.set_stage(now_s, None)
            return
        place = {axis.table.name: axis.place_mm for axis in self._axes.values()}
        here = (place.get("x", 0.0), place.get("y", 0.0))
        if here != self._told:
            self._told = here
            self._log.add(now_s, f"at rest x {here[0]:.4f} mm y {here[1]:.4f} mm")
            self._world.set_stage(now_s, *here)

    # -- commands and answers

    def _execute(self, text: str, now_s: float) -> bytes:
        try:
            answer = self._answer(text, now_s)
        except _RefusedError as refused:
            self._errors.append(refused.code)
            return b""
        return b"" if answer is None else answer.encode("ascii") + b"\r\n"

    def _answer(self, text: str, now_s: float) -> str | None:
        match = _COMMAND.match(text)
        if match is None:
            raise _RefusedError(_UNKNOWN)
        name, data = match["name"], match["data"]
        # TP, TE and TB mean a question with and without the mark; TS is one without it.
        asks = bool(match["asks"]) or name in {"TP", "TE", "TB", "TS"}
        general = self._general(name, now_s) if asks else None
        if general is not None:
            return general
        if name == "AB":
            for axis in self._axes.values():
                axis.halt(now_s)
            return None
        if name == "RS":
            self.power_cycle(now_s)
            return None
        if name not in (self._questions if asks else self._commands):
            raise _RefusedError(_UNKNOWN)
        axis = self._axis(match["axis"])
        if asks:
            return self._questions[name](axis, now_s)
        self._commands[name](axis, data, now_s)
        return None

    def _general(self, name: str, now_s: float) -> str | None:
        if name in {"TE", "TB"}:
            code = self._errors.popleft() if self._errors else 0
            if name == "TE":
                return str(code)
            text = _TEXTS[code if code < 100 else 100 + code % 100]
            cycles = round((now_s - self._switched_on_s) / _CYCLE_S)
            return f"{code}, {cycles}, {text}"
        if name == "VE":
            return self._firmware
        if name == "TS":
            moving = sum(1 << n - 1 for n, axis in self._axes.items() if axis.moving)
            power = any(axis.motor_on for axis in self._axes.values())
            return chr(0x40 | power << 4 | moving)
        return None

    def _axis(self, number: str) -> NewportAxis:
        if not number:
            raise _RefusedError(_AXIS_MISSING)
        if int(number) not in self._axes:
            raise _RefusedError(_AXIS_RANGE)
        return self._axes[int(number)]

    def _error(self, axis: NewportAxis, code: int) -> _RefusedError:
        return _RefusedError(100 * axis.table.number + code)

    def _fail(self, axis: NewportAxis, now_s: float) -> None:
        axis.halt(now_s)
        self._errors.append(100 * axis.table.number + _FOLLOWING)

    def _check_motor(self, axis: NewportAxis) -> None:
        if not axis.motor_on:
            raise self._error(axis, _MOTOR_OFF)

    def _move(self, axis: NewportAxis, position_mm: float, now_s: float) -> None:
        self._check_motor(axis)
        if axis.homing:
            raise self._error(axis, _DURING_HOMING)
        if position_mm > axis.high_mm:
            raise self._error(axis, _UPPER_LIMIT)
        if position_mm < axis.low_mm:
            raise self._error(axis, _LOWER_LIMIT)
        if not axis.go_to(position_mm, now_s):
            raise self._error(axis, _FOLLOWING)

    def _home(self, axis: NewportAxis, data: str, now_s: float) -> None:
        self._check_motor(axis)
        if data not in {"", *"0123456"}:
            raise _RefusedError(_PARAMETER_RANGE)
        if not axis.home(now_s):
            raise self._error(axis, _FOLLOWING)

    def _motor_on(self, axis: NewportAxis, data: str, now_s: float) -> None:
        if self._emergency:
            raise _RefusedError(_EMERGENCY_STOP)
        axis.motor_on = True

    def _speed(self, axis: NewportAxis, data: str, now_s: float) -> None:
        speed_mm_s = _number(data)
        if not 0.0 < speed_mm_s <= axis.top_speed_mm_s:
            raise _RefusedError(_PARAMETER_RANGE)
        axis.speed_mm_s = speed_mm_s

    def _acceleration(self, axis: NewportAxis, data: str, now_s: float) -> None:
        acceleration_mm_s2 = _number(data)
        if not acceleration_mm_s2 > 0.0:
            raise _RefusedError(_PARAMETER_RANGE)
        axis.acceleration_mm_s2 = acceleration_mm_s2

    def _lower_limit(self, axis: NewportAxis, data: str, now_s: float) -> None:
        axis.low_mm = _number(data)

    def _upper_limit(self, axis: NewportAxis, data: str, now_s: float) -> None:
        axis.high_mm = _number(data)


def from_table(table: Mapping[str, Any], world: World) -> NewportESP301:
    """Make the controller of a ``[device.*]`` table of a bench file."""
    axes = [
        AxisTable(
            number=int(axis["number"]),
            name=str(axis.get("name", "x")),
            minimum_mm=float(axis.get("minimum_mm", 0.0)),
            maximum_mm=float(axis.get("maximum_mm", 100.0)),
        )
        for axis in table.get("axis", ())
    ]
    return NewportESP301(world, axes=axes)


def _number(data: str) -> float:
    if not data:
        raise _RefusedError(_PARAMETER_MISSING)
    if _NUMBER.match(data) is None:
        raise _RefusedError(_PARAMETER_RANGE)
    return float(data)
