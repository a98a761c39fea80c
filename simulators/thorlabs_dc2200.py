"""A simulated Thorlabs DC2200 high-power LED driver.

Commands: Thorlabs/Current_And_Temperature_Controller_Examples, "DC2200 with PyVISA.py"; DC2200
operation manual v1.8, section 4.3.2, as public programs quote it. Headers are taken in long form or
cut to their capitals, and the constant current only with the maker's spelling CCURENT. What an LED
that opens writes into the error queue is not public: -300 is what SCPI has for it.
"""

import collections
import re
from collections.abc import Callable, Mapping
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_RANGE_A = 10.0
_MODES = ("CC", "CB", "PWM", "PULS", "IMOD", "EMOD", "TTL")
_QUEUE_LENGTH = 30
_UNDEFINED = '-113,"Undefined header"'
_OUT_OF_RANGE = '-222,"Data out of range"'
_ILLEGAL = '-224,"Illegal parameter value"'
_FAULT_TEXTS = {
    "led-open": '-300,"LED open"',
    "no-led": '-300,"No LED"',
    "over-temperature": '-300,"Over temperature"',
}
_FORMS = {
    "SOURCE1": "SOUR",
    "SOURCE": "SOUR",
    "SOUR1": "SOUR",
    "OUTPUT1": "OUTP",
    "OUTPUT": "OUTP",
    "OUTP1": "OUTP",
    "STATE": "STAT",
    "SENSE3": "SENS3",
    "CURRENT": "CURR",
    "LIMIT": "LIM",
    "CCURENT": "CCUR",
    "CBRIGHTNESS": "CBR",
    "BRIGHTNESS": "BRIG",
    "SYSTEM": "SYST",
    "ERROR": "ERR",
}


class _ScpiError(Exception):
    """An entry for the error queue, in its own words."""


class ThorlabsDC2200:
    """The driver with its head.

    Args:
        world: Hears of every change of the current, as channel 0.
        maximum_a: Of the head.
        serial_number: Of the driver.
        firmware: Of the driver.
    """

    fault_kinds = ("led-open", "no-led", "over-temperature")

    def __init__(
        self,
        world: World,
        *,
        maximum_a: float = 1.7,
        serial_number: str = "M00412345",
        firmware: str = "1.3.0",
    ) -> None:
        self._world = world
        self._maximum_a = maximum_a
        self._identity = f"Thorlabs,DC2200,{serial_number},{firmware}"
        self._lines = LineBuffer(b"\n")
        self._log = SwitchLog()
        self._faults: set[str] = set()
        self._emitted_a = 0.0
        self._reset()

    def _reset(self) -> None:
        self._mode = "CC"
        self._on = False
        self._current_a = 0.0
        self._percent = 0.0
        self._limit_a = self._maximum_a
        self._errors: collections.deque[str] = collections.deque(maxlen=_QUEUE_LENGTH)

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        out = ""
        for line in self._lines.feed(data):
            text = line.decode("ascii", "replace").strip().upper()
            if not text:
                continue
            header, _, argument = text.partition(" ")
            try:
                name = _short(header)
                if name not in self._actions:
                    raise _ScpiError(_UNDEFINED)
                reply = self._actions[name](self, argument.strip())
                if reply is not None:
                    out += f"{reply}\n"
            except _ScpiError as error:
                self._errors.append(str(error))
            self._apply(now_s)
        return out.encode("ascii")

    def poll(self, now_s: float) -> bytes:
        """Do nothing: the driver speaks only when spoken to."""
        return b""

    def next_event_s(self) -> float | None:
        """Return None: nothing happens by itself."""
        return None

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. The light stays as it is."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start dark, with the limit of the head."""
        self._reset()
        self._lines.clear()
        self._log.add(now_s, "power on")
        self._apply(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Open the LED, unplug it or overheat the driver."""
        if kind not in self.fault_kinds:
            raise unknown_fault("DC2200", kind, self.fault_kinds)
        (self._faults.add if on else self._faults.discard)(kind)
        self._apply(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what is lit, whatever the commands said."""
        return {
            "safe": not self._on,
            "emitting": self._emitted_a > 0,
            "current_a": self._emitted_a,
            "limit_a": self._limit_a,
            "mode": self._mode,
            "log": self._log.entries(),
        }

    # -- commands

    def _take_error(self, argument: str) -> str:
        return self._errors.popleft() if self._errors else '+0,"No error"'

    def _set_mode(self, argument: str) -> None:
        if argument.isdecimal() and 1 <= int(argument[:3]) <= len(_MODES):
            argument = _MODES[int(argument) - 1]
        if argument not in _MODES:
            raise _ScpiError(_ILLEGAL)
        self._on = self._on and argument == self._mode
        self._mode = argument

    def _set_current(self, argument: str) -> None:
        self._current_a = _value(argument, 0.0, self._limit_a)

    def _set_percent(self, argument: str) -> None:
        self._percent = _value(argument, 0.0, 100.0)

    def _set_limit(self, argument: str) -> None:
        self._limit_a = min(_value(argument, 0.0, _RANGE_A), self._maximum_a)
        self._current_a = min(self._current_a, self._limit_a)

    def _set_output(self, argument: str) -> None:
        if argument not in {"0", "1", "OFF", "ON"}:
            raise _ScpiError(_ILLEGAL)
        self._on = argument in {"1", "ON"}

    _actions: Mapping[str, Callable[["ThorlabsDC2200", str], str | None]] = {
        "*IDN?": lambda self, argument: self._identity,
        "*CLS": lambda self, argument: self._errors.clear(),
        "SYST:ERR?": _take_error,
        "SOUR:MODE": _set_mode,
        "SOUR:MODE?": lambda self, argument: self._mode,
        "SOUR:CCUR:CURR": _set_current,
        "SOUR:CCUR:CURR?": lambda self, argument: _real(self._current_a),
        "SOUR:CBR:BRIG": _set_percent,
        "SOUR:CBR:BRIG?": lambda self, argument: _real(self._percent),
        "SOUR:CURR:LIM": _set_limit,
        "SOUR:CURR:LIM?": lambda self, argument: _real(self._limit_a),
        "OUTP:STAT": _set_output,
        "OUTP:STAT?": lambda self, argument: str(int(self._on)),
        "SENS3:CURR:DATA?": lambda self, argument: _real(self._emitted_a),
    }

    # -- light

    def _apply(self, now_s: float) -> None:
        """Let the faults switch off what they must, then drive the LED."""
        if self._on and self._faults:
            self._on = False
            self._errors.append(_FAULT_TEXTS[sorted(self._faults)[0]])
        wanted_a = 0.0
        if self._on and self._mode == "CC":
            wanted_a = self._current_a
        elif self._on and self._mode == "CB":
            wanted_a = self._limit_a * self._percent / 100.0
        if (wanted_a > 0) != (self._emitted_a > 0):
            self._log.add(now_s, "on" if wanted_a > 0 else "off")
        self._emitted_a = wanted_a
        self._world.set_light(now_s, 0, wanted_a * 1000.0)


def from_table(table: Mapping[str, Any], world: World) -> ThorlabsDC2200:
    """Make the driver of a ``[device.*]`` table of a bench file."""
    channels = table.get("channel") or [{}]
    return ThorlabsDC2200(world, maximum_a=float(channels[0].get("limit_ma", 1700)) / 1000.0)


def _short(header: str) -> str:
    query = "?" if header.endswith("?") else ""
    nodes = header.removesuffix("?").lstrip(":").split(":")
    return ":".join(_FORMS.get(node, node) for node in nodes) + query


def _real(value: float) -> str:
    return f"{value:.6f}"


def _value(argument: str, low: float, high: float) -> float:
    if not re.fullmatch(r"[-+]?\d{0,9}\.?\d{1,9}(E[-+]?\d{1,2})?", argument):
        raise _ScpiError(_ILLEGAL)
    value = float(argument)
    if not low <= value <= high:
        raise _ScpiError(_OUT_OF_RANGE)
    return value
