"""A simulated New Era NE-1000 syringe pump.

Commands, prompts, errors and alarms: NE-1000 user manual, publication 1200-01, section 10,
pages 33-35; NE-500 manual, publication 1200-02, pages 7 and 29.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from simulators.instrument import JSON, World, unknown_fault
from simulators.newera_framing import PumpFraming, Request, encode_basic, encode_safe
from simulators.newera_motor import PHASES, UNITS_UL_MIN, Phase, PumpMotor
from simulators.newera_plunger import Syringe, rate_limits_ul_min

_UNITS_UL = {"UL": 1.0, "ML": 1000.0}
_SMALL_SYRINGE_MM = 14.0  # up to this diameter volumes are in uL unless set
_FUNCTIONS = ("RAT", "STP", "FIL", "INC", "DEC", "CLD", "BEP")
_OPTIONS = ("LOC", "AL", "PF", "BP")  # keypad lock, alarm, power failure, beep: on or off
_REQUEST = re.compile(r"(\*?)(\d{0,2})(.*)\Z")
_BURST = re.compile(r"(\d)([^*]+)\*")


class _AnswerError(Exception):
    """An error for the host: "?", "?NA" or "?OOR"."""


class NewEraNE1000:
    """The pump; it tells the world how much flows.

    Args:
        world: Hears of every change of the flow.
        address: Network address, 0 to 99.
        firmware: Answer to ``VER``.
        diameter_mm: What the pump remembers of the last syringe.
        syringe: What is really in the holder.
    """

    fault_kinds = ("stall", "reset")

    def __init__(
        self,
        world: World,
        *,
        address: int = 0,
        firmware: str = "NE1000V3.923",
        diameter_mm: float = 26.59,
        syringe: Syringe | None = None,
    ) -> None:
        self._address = address
        self._firmware = firmware
        self._motor = PumpMotor(world, syringe or Syringe(), diameter_mm)
        self._framing = PumpFraming()
        self._volume_unit = _default_unit(diameter_mm)
        self._selected = 1
        self._safe_timeout_s = 0
        self._safe_deadline_s: float | None = None
        self._options = dict.fromkeys(_OPTIONS, "0")
        self._commands: dict[str, Callable[[str, float], str]] = {
            "DIA": self._diameter,
            "RAT": self._rate,
            "VOL": self._volume,
            "DIR": self._direction,
            "PHN": self._phase_number,
            "FUN": self._function,
            "RUN": self._run,
            "STP": self._stop,
            "PUR": self._purge,
            "DIS": self._dispensed,
            "CLD": self._clear_dispensed,
            "SAF": self._safe_mode,
            "VER": self._version,
            "ADR": self._network_address,
            "RESET": self._factory_reset,
            **{name: self._option(name) for name in _OPTIONS},
        }

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        out = bytearray(self.poll(now_s))
        for request in self._framing.feed(data, now_s, safe_mode=self._safe_timeout_s > 0):
            out += self._answer(request, now_s)
        return bytes(out)

    def poll(self, now_s: float) -> bytes:
        """Let the plunger move; in safe mode an alarm is sent unasked."""
        motor = self._motor
        motor.advance(now_s)
        if self._safe_deadline_s is not None and now_s >= self._safe_deadline_s:
            self._safe_deadline_s = None
            motor.raise_alarm("T", now_s)
        untold, motor.alarm_untold = motor.alarm_untold, False
        if untold and motor.alarm and self._safe_timeout_s:
            return encode_safe(f"{self._address:02d}A?{motor.alarm}")
        return b""

    def next_event_s(self) -> float | None:
        """Return when a phase ends, the motor stalls or the host has been silent too long."""
        if self._motor.alarm_untold and self._safe_timeout_s:
            return 0.0
        times_s = (self._motor.next_event_s(), self._safe_deadline_s)
        return min((time_s for time_s in times_s if time_s is not None), default=None)

    def line_closed(self, now_s: float) -> None:
        """Forget half a request. The pump goes on pumping."""
        self._framing.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start stopped and with the reset alarm; what is stored stays."""
        self._selected = 1
        self._safe_deadline_s = None  # armed again by the first valid packet
        self._framing.clear()
        self._motor.reset(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Block the plunger ("stall"), or interrupt the power once ("reset")."""
        if kind not in self.fault_kinds:
            raise unknown_fault("NE-1000", kind, self.fault_kinds)
        self._motor.advance(now_s)
        if kind == "stall":
            self._motor.block(now_s, blocked=on)
        elif on:
            self.power_cycle(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what flows and what is left."""
        motor = self._motor
        return {
            "safe": not motor.pumping,
            "pumping": motor.pumping,
            "status": motor.status,
            "alarm": motor.alarm,
            "rate_ul_min": abs(motor.counted_rate_ul_min),
            "flow_ul_min": motor.true_rate_ul_min,
            "diameter_mm": motor.diameter_mm,
            "infused_ul": motor.plunger.infused_ul,
            "withdrawn_ul": motor.plunger.withdrawn_ul,
            "content_ul": motor.plunger.content_ul,
            "safe_mode_timeout_s": self._safe_timeout_s,
            "log": motor.log.entries(),
        }

    # -- requests and replies

    def _answer(self, request: Request, now_s: float) -> bytes:
        if request.safe and not request.valid:
            return self._encode("?COM")
        if self._safe_timeout_s:
            self._safe_deadline_s = now_s + self._safe_timeout_s
        if "*" in request.text[1:]:
            for digit, text in _BURST.findall(request.text):
                if int(digit) == self._address:
                    self._execute(text, now_s)
            return b""  # all pumps of a chain would answer at once: nobody listens
        match = _REQUEST.match(request.text)
        if match is None:  # pragma: no cover - the expression matches any text
            return b""
        everybody, address, text = match.groups()
        if not everybody and int(address or 0) != self._address:
            return b""
        return self._encode(self._execute(text, now_s))

    def _execute(self, text: str, now_s: float) -> str:
        """Carry a command out, unless it has to tell of an alarm first."""
        name = next((name for name in self._commands if text.startswith(name)), None)
        valid = name is not None or not text
        if self._motor.alarm:
            told, self._motor.alarm_untold = f"A?{self._motor.alarm}", False
            if not valid:
                return f"{told}?"
            self._motor.alarm = ""
            return told
        if name is None:
            return "?" if text else ""
        try:
            return self._commands[name](text[len(name) :], now_s)
        except _AnswerError as error:
            return str(error)

    def _encode(self, answer: str) -> bytes:
        status = "" if answer.startswith("A?") else self._motor.status
        text = f"{self._address:02d}{status}{answer}"
        return encode_safe(text) if self._safe_timeout_s else encode_basic(text)

    # -- commands: without data a query

    @property
    def _phase(self) -> Phase:
        return self._motor.phases[self._motor.running if self._motor.pumping else self._selected]

    def _not_while_pumping(self) -> None:
        if self._motor.pumping:
            raise _AnswerError("?NA")

    def _diameter(self, data: str, now_s: float) -> str:
        if not data:
            return _digits(self._motor.diameter_mm)
        self._not_while_pumping()
        self._motor.diameter_mm = _number(data, 0.1, 50.0)
        self._volume_unit = _default_unit(self._motor.diameter_mm)
        self._motor.plunger.clear()
        return ""

    def _rate(self, data: str, now_s: float) -> str:
        phase = self._phase
        if phase.function != "RAT":
            raise _AnswerError("?NA")
        if not data:
            return f"{_digits(phase.rate)}{phase.units}"
        units = data[-2:] if data[-2:] in UNITS_UL_MIN else ""
        if units and self._motor.pumping:
            raise _AnswerError("?NA")
        lowest, highest = rate_limits_ul_min(self._motor.diameter_mm)
        rate = _number(data.removesuffix(units), 0.0, 9999.0)
        if not lowest <= rate * UNITS_UL_MIN[units or phase.units] <= highest:
            raise _AnswerError("?OOR")
        phase.rate, phase.units = rate, units or phase.units
        self._motor.drive(now_s)
        return ""

    def _volume(self, data: str, now_s: float) -> str:
        if not data:
            shown = self._phase.volume_ul / _UNITS_UL[self._volume_unit]
            return f"{_digits(shown)}{self._volume_unit}"
        self._not_while_pumping()
        if data in _UNITS_UL:
            self._volume_unit = data
        else:
            self._phase.volume_ul = _number(data, 0.0, 9999.0) * _UNITS_UL[self._volume_unit]
        return ""

    def _direction(self, data: str, now_s: float) -> str:
        phase = self._phase
        if not data:
            return "INF" if phase.sign > 0 else "WDR"
        if self._motor.pumping and phase.volume_ul > 0:
            raise _AnswerError("?NA")
        signs = {"INF": 1, "WDR": -1, "REV": -phase.sign, "STK": phase.sign}
        if data not in signs:
            raise _AnswerError("?OOR")
        phase.sign = signs[data]
        if self._motor.status in "IW":
            self._motor.status = "I" if phase.sign > 0 else "W"
        self._motor.drive(now_s)
        return ""

    def _phase_number(self, data: str, now_s: float) -> str:
        if not data:
            return f"{self._selected}"
        self._not_while_pumping()
        self._selected = _whole(data, 1, PHASES)
        return ""

    def _function(self, data: str, now_s: float) -> str:
        if not data:
            return self._phase.function
        self._not_while_pumping()
        if data not in _FUNCTIONS:
            raise _AnswerError("?OOR")
        self._phase.function = data
        return ""

    def _run(self, data: str, now_s: float) -> str:
        self._not_while_pumping()
        number = _whole(data, 1, PHASES) if data else 1
        if self._motor.status == "P" and not data:
            number = self._motor.running
        if self._motor.phases[number].function == "RAT" and not self._motor.phases[number].rate:
            raise _AnswerError("?NA")
        self._motor.start(number, now_s)
        return ""

    def _stop(self, data: str, now_s: float) -> str:
        if data:
            raise _AnswerError("?")
        if self._motor.status == "S":
            raise _AnswerError("?NA")
        self._motor.stop(now_s)
        return ""

    def _purge(self, data: str, now_s: float) -> str:
        self._not_while_pumping()
        self._motor.purge(self._selected, now_s)
        return ""

    def _dispensed(self, data: str, now_s: float) -> str:
        unit_ul, plunger = _UNITS_UL[self._volume_unit], self._motor.plunger
        infused, withdrawn = plunger.infused_ul / unit_ul, plunger.withdrawn_ul / unit_ul
        return f"I{_digits(infused)}W{_digits(withdrawn)}{self._volume_unit}"

    def _clear_dispensed(self, data: str, now_s: float) -> str:
        self._not_while_pumping()
        if data not in {"INF", "WDR"}:
            raise _AnswerError("?OOR")
        self._motor.plunger.clear(infused=data == "INF", withdrawn=data == "WDR")
        return ""

    def _safe_mode(self, data: str, now_s: float) -> str:
        if not data:
            return f"{self._safe_timeout_s}"
        self._safe_timeout_s = _whole(data, 0, 255)
        self._safe_deadline_s = now_s + self._safe_timeout_s if self._safe_timeout_s else None
        return ""

    def _version(self, data: str, now_s: float) -> str:
        return self._firmware

    def _network_address(self, data: str, now_s: float) -> str:
        if data:
            self._address = _whole(data, 0, 99)
            return ""
        return f"{self._address}"

    def _factory_reset(self, data: str, now_s: float) -> str:
        self._not_while_pumping()
        self._motor.phases.update({number: Phase() for number in range(1, PHASES + 1)})
        self._motor.phases[1].function = "RAT"
        self._selected = 1
        return ""

    def _option(self, name: str) -> Callable[[str, float], str]:
        def handle(data: str, now_s: float) -> str:
            if data:
                self._options[name] = str(_whole(data, 0, 1))
                return ""
            return self._options[name]

        return handle


def from_table(table: Mapping[str, Any], world: World) -> NewEraNE1000:
    """Make the pump of a ``[device.*]`` table of a bench file."""
    volume_ul = float(table.get("syringe_volume_ul", 10000.0))
    syringe = Syringe(
        diameter_mm=float(table.get("syringe_diameter_mm", 14.43)),
        volume_ul=volume_ul,
        loaded_ul=float(table.get("loaded_volume_ul", volume_ul)),
    )
    return NewEraNE1000(world, address=int(table.get("pump_address", 0)), syringe=syringe)


def _default_unit(diameter_mm: float) -> str:
    return "UL" if diameter_mm <= _SMALL_SYRINGE_MM else "ML"


def _digits(value: float) -> str:
    """Write a number as the pump does: four digits and a point, three decimals at most."""
    for decimals, below in ((3, 9.9995), (2, 99.995), (1, 999.95)):
        if value < below:
            return f"{value:.{decimals}f}"
    return f"{min(value, 9999.0):.0f}."


def _number(data: str, lowest: float, highest: float) -> float:
    """Read a number of at most four digits, three of them behind the point."""
    whole, _, decimals = data.partition(".")
    if not (whole + decimals).isdecimal():
        raise _AnswerError("?")
    if len(whole + decimals) > 4 or len(decimals) > 3:
        raise _AnswerError("?OOR")
    value = float(data)
    if not lowest <= value <= highest:
        raise _AnswerError("?OOR")
    return value


def _whole(data: str, lowest: int, highest: int) -> int:
    if not data.isdecimal():
        raise _AnswerError("?")
    if len(data) > 3 or not lowest <= int(data) <= highest:
        raise _AnswerError("?OOR")
    return int(data)
