"""A simulated IKA hotplate stirrer (RCT, C-MAG HS, RET).

Commands and watchdogs: IKA operating instructions 20014388 (RCT digital) and 20014381a (C-MAG HS 7
control). What only sets is not answered and what is wrong neither. Not certain: the form of the
watchdog echoes, what clears ER 2 (here RESET and OUT_WD2@0), and how far below the safety
temperature a set temperature must stay (here 50 K, as github.com/heingroup/ika notes).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from simulators.ika_thermal import HotplateThermal
from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_EVENT_S = 1.0
_MAXIMUM_DEGC = 310.0
_MAXIMUM_RPM = 1500.0
_SAFETY_MARGIN_K = 50.0
_RPM_PER_S = 100.0
_RUNAWAY_DEGC = 1000.0  # a target that is never reached
_WATCHDOG_S = (20.0, 1500.0)
_SETTER = re.compile(r"(OUT_[A-Z]+_?\d{1,2})[ @](\d{1,6}(?:\.\d{1,6})?)\Z")


class IkaPlate:
    """The plate; it tells the world the temperature of what stands on it.

    Args:
        world: Hears of the temperature.
        name: Answer to ``IN_NAME``.
        ambient_degc: Of the room.
        safety_temperature_degc: As set with the knob of the safety circuit.
    """

    fault_kinds = ("over-temperature", "sensor-open", "heater-open", "stall")

    def __init__(
        self,
        world: World,
        *,
        name: str = "RCT digital",
        ambient_degc: float = 22.0,
        safety_temperature_degc: float = 360.0,
    ) -> None:
        self._world = world
        self._name = name
        self._safety_degc = safety_temperature_degc
        self._thermal = HotplateThermal(ambient_degc=ambient_degc)
        self._lines = LineBuffer(b"\n")
        self._log = SwitchLog()
        self._faults: set[str] = set()
        self._now_s: float | None = None
        self._told_degc: float | None = None
        self._speed_rpm = 0.0
        self._reset()

    def _reset(self) -> None:
        self._heater_on = False
        self._motor_on = False
        self._set_degc = 0.0
        self._set_rpm = 0.0
        self._error = ""
        self._watchdog = 0
        self._watchdog_ends_s: float | None = None
        self._fallback_degc = 0.0
        self._fallback_rpm = 0.0

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        self._advance(now_s)
        replies = (
            self._execute(line.decode("ascii", "replace").strip(), now_s)
            for line in self._lines.feed(data)
        )
        return "".join(f"{reply}\r\n" for reply in replies if reply is not None).encode(
            "ascii", "replace"
        )

    def poll(self, now_s: float) -> bytes:
        """Let it heat, cool and stir; the plate never speaks unasked."""
        self._advance(now_s)
        return b""

    def next_event_s(self) -> float | None:
        """Return when something has changed, None for a plate at rest without a watchdog."""
        change_s = None
        if self._now_s is not None and self._changes():
            change_s = self._now_s + _EVENT_S
        return min((t for t in (change_s, self._watchdog_ends_s) if t is not None), default=None)

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. Heater and motor go on: that is what the watchdog is for."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start with heater and motor off, as hot as the plate is."""
        self._told_degc = None
        self._advance(now_s)
        self._switch(now_s, heater=False, motor=False)
        self._lines.clear()
        self._reset()
        self._log.add(now_s, "power on")

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Let the heater stick on, unplug the sensor, break the heater or block the motor."""
        if kind not in self.fault_kinds:
            raise unknown_fault("IKA plate", kind, self.fault_kinds)
        self._advance(now_s)
        (self._faults.add if on else self._faults.discard)(kind)
        self._protect(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what heats and turns, whatever the commands said."""
        return {
            "safe": not (self._heater_on or self._motor_on or self._heats),
            "heater_on": self._heater_on,
            "heating": self._heats,
            "motor_on": self._motor_on,
            "plate_degc": self._thermal.plate_degc,
            "medium_degc": self._thermal.medium_degc,
            "speed_rpm": self._speed_rpm,
            "set_temperature_degc": self._set_degc,
            "set_speed_rpm": self._set_rpm,
            "safety_temperature_degc": self._safety_degc,
            "watchdog": self._watchdog,
            "watchdog_ends_s": self._watchdog_ends_s,
            "error": self._error,
            "log": self._log.entries(),
        }

    # -- heat and motion

    @property
    def _target_degc(self) -> float | None:
        """What the heater brings the plate to, None without current."""
        if "heater-open" in self._faults or self._error == "safety circuit":
            return None
        if "over-temperature" in self._faults:
            return _RUNAWAY_DEGC
        return self._set_degc if self._heater_on else None

    @property
    def _heats(self) -> bool:
        target_degc = self._target_degc
        return target_degc is not None and target_degc > self._thermal.ambient_degc

    def _changes(self) -> bool:
        return not self._thermal.is_at_rest(self._target_degc) or (
            self._speed_rpm != self._wanted_rpm
        )

    @property
    def _wanted_rpm(self) -> float:
        return self._set_rpm if self._motor_on and "stall" not in self._faults else 0.0

    def _advance(self, now_s: float) -> None:
        """Bring everything up to now, by way of the watchdog if its time has come."""
        ends_s = self._watchdog_ends_s
        if ends_s is not None and now_s >= ends_s:
            self._move(ends_s)
            self._watchdog_ends_s = None
            self._bark(now_s)
        self._move(now_s)
        self._protect(now_s)
        self._tell(now_s)

    def _move(self, now_s: float) -> None:
        elapsed_s = 0.0 if self._now_s is None else max(0.0, now_s - self._now_s)
        self._now_s = now_s
        self._thermal.advance(elapsed_s, self._target_degc)
        step_rpm = _RPM_PER_S * elapsed_s
        missing_rpm = self._wanted_rpm - self._speed_rpm
        self._speed_rpm += min(max(missing_rpm, -step_rpm), step_rpm)

    def _protect(self, now_s: float) -> None:
        """Let the plate's own protection switch off what it must."""
        if self._thermal.plate_degc >= self._safety_degc and not self._error:
            self._error = "safety circuit"
            self._switch(now_s, heater=False)
        if "stall" in self._faults and self._motor_on:
            self._error = self._error or "ER 4"
            self._switch(now_s, heater=False, motor=False)
        if "sensor-open" in self._faults and self._heater_on:
            self._error = self._error or "sensor open"
            self._switch(now_s, heater=False)

    def _bark(self, now_s: float) -> None:
        self._log.add(now_s, f"watchdog {self._watchdog}")
        if self._watchdog == 1:
            self._error = self._error or "ER 2"
            self._switch(now_s, heater=False, motor=False)
        else:
            self._set_degc = self._fallback_degc
            self._set_rpm = self._fallback_rpm

    def _switch(
        self, now_s: float, *, heater: bool | None = None, motor: bool | None = None
    ) -> None:
        if heater is not None and heater != self._heater_on:
            self._heater_on = heater
            self._log.add(now_s, f"heater {'on' if heater else 'off'}")
        if motor is not None and motor != self._motor_on:
            self._motor_on = motor
            self._log.add(now_s, f"motor {'on' if motor else 'off'}")

    def _tell(self, now_s: float) -> None:
        if self._thermal.medium_degc != self._told_degc:
            self._told_degc = self._thermal.medium_degc
            self._world.set_temperature(now_s, self._told_degc)

    # -- commands

    def _execute(self, text: str, now_s: float) -> str | None:
        match = _SETTER.match(text)
        if match is not None:
            setter = self._setters.get(text[: match.end(1) + 1])
            return setter(self, float(match.group(2)), now_s) if setter else None
        if text == "IN_NAME":
            return self._name
        if text.startswith("IN_"):
            value = self._values().get(text)
            return None if value is None else f"{value:.1f} {text.rpartition('_')[2]} "
        if text in self._actions and not (self._error and text.startswith("START")):
            self._actions[text](self, now_s)
            self._protect(now_s)
        return None

    def _values(self) -> Mapping[str, float | None]:
        return {
            "IN_PV_1": None if "sensor-open" in self._faults else self._thermal.medium_degc,
            "IN_PV_2": self._thermal.plate_degc,
            "IN_PV_4": self._speed_rpm,
            "IN_PV_5": 0.0,
            "IN_SP_1": self._set_degc,
            "IN_SP_3": self._safety_degc,
            "IN_SP_4": self._set_rpm,
        }

    def _set_temperature(self, value: float, now_s: float) -> None:
        highest_degc = min(_MAXIMUM_DEGC, self._safety_degc - _SAFETY_MARGIN_K)
        self._set_degc = min(value, max(0.0, highest_degc))

    def _set_speed(self, value: float, now_s: float) -> None:
        self._set_rpm = min(value, _MAXIMUM_RPM)

    def _set_fallback_temperature(self, value: float, now_s: float) -> str:
        self._fallback_degc = min(value, _MAXIMUM_DEGC)
        return _echo(value)

    def _set_fallback_speed(self, value: float, now_s: float) -> str:
        self._fallback_rpm = min(value, _MAXIMUM_RPM)
        return _echo(value)

    def _arm_1(self, value: float, now_s: float) -> str | None:
        return self._arm(1, value, now_s)

    def _arm_2(self, value: float, now_s: float) -> str | None:
        if value == 0.0:
            self._watchdog = 0
            self._watchdog_ends_s = None
            self._clear_error(now_s)
            return _echo(value)
        return self._arm(2, value, now_s)

    def _arm(self, watchdog: int, value: float, now_s: float) -> str | None:
        if not _WATCHDOG_S[0] <= value <= _WATCHDOG_S[1]:
            return None
        self._watchdog = watchdog
        self._watchdog_ends_s = now_s + value
        return _echo(value)

    def _clear_error(self, now_s: float) -> None:
        if self._error == "ER 2":
            self._error = ""

    _setters: Mapping[str, Callable[["IkaPlate", float, float], str | None]] = {
        "OUT_SP_1 ": _set_temperature,
        "OUT_SP_4 ": _set_speed,
        "OUT_SP_12@": _set_fallback_temperature,
        "OUT_SP_42@": _set_fallback_speed,
        "OUT_WD1@": _arm_1,
        "OUT_WD2@": _arm_2,
    }

    _actions: Mapping[str, Callable[["IkaPlate", float], None]] = {
        "START_1": lambda self, now_s: self._switch(now_s, heater=True),
        "STOP_1": lambda self, now_s: self._switch(now_s, heater=False),
        "START_4": lambda self, now_s: self._switch(now_s, motor=True),
        "STOP_4": lambda self, now_s: self._switch(now_s, motor=False),
        "RESET": _clear_error,
        **dict.fromkeys(("SET_MODE_A", "SET_MODE_B", "SET_MODE_D"), lambda self, now_s: None),
    }


def from_table(table: Mapping[str, Any], world: World) -> IkaPlate:
    """Make the plate of a ``[device.*]`` table of a bench file."""
    return IkaPlate(
        world,
        ambient_degc=float(table.get("ambient_degc", 22.0)),
        safety_temperature_degc=float(table.get("safety_temperature_degc", 360.0)),
    )


def _echo(value: float) -> str:
    return f"{value:g} "
