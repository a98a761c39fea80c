"""A simulated Thorlabs DC2100 one-channel LED driver.

Commands: Thorlabs/Current_And_Temperature_Controller_Examples, "DC410x LED Controllers/README.md",
without a channel, as Micro-Manager's DC2XXX adapter sends them. Set commands are not answered;
``E?`` tells what became of them. Error numbers other than 0 are not public.
"""

from collections.abc import Callable, Mapping
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_RANGE_MA = 2000
_BIT_NO_LED = 1
_BIT_LED_OPEN = 3
_BIT_LIMIT = 5
_NO_ERROR = "ERROR 0:No Error"
_UNKNOWN = "ERROR 1:Unknown command"
_OUT_OF_RANGE = "ERROR 2:Value out of range"
_ABOVE_MAXIMUM = "ERROR 3:Limit above maximum"


class _RefusedError(Exception):
    """A command that sets the error register; the message is what the register then holds."""


class ThorlabsDC2100:
    """The driver with its head.

    Args:
        world: Hears of every change of the current, as channel 0.
        wavelength_nm: Of the head.
        maximum_ma: Of the head.
        serial_number: Answer to ``S?``.
        firmware: Answer to ``V?``.
    """

    fault_kinds = ("led-open", "no-led")

    def __init__(
        self,
        world: World,
        *,
        wavelength_nm: float = 365.0,
        maximum_ma: int = 1700,
        serial_number: str = "M00265412",
        firmware: str = "1.7.0",
    ) -> None:
        self._world = world
        self._maximum_ma = maximum_ma
        self._texts = {
            "N": "DC2100",
            "S": serial_number,
            "V": firmware,
            "H": "Thorlabs",
            "WL": f"{wavelength_nm:g}",
        }
        self._lines = LineBuffer(b"\n")
        self._log = SwitchLog()
        self._faults: set[str] = set()
        self._emitted_ma = 0.0
        self._reset()
        self._setters: Mapping[str, Callable[[int], None]] = {
            "M": self._set_mode,
            "O": self._set_output,
            "CC": self._set_current,
            "L": self._set_limit,
            "PC": self._set_pulse_current,
            "PF": lambda value: self._set_pulse("PF", value, 1, 10_000),
            "PD": lambda value: self._set_pulse("PD", value, 1, 100),
            "PN": lambda value: self._set_pulse("PN", value, 0, 100),
        }

    def _reset(self) -> None:
        self._mode = 0
        self._on = False
        self._open = False
        self._current_ma = 0
        self._limit_ma = self._maximum_ma
        self._at_limit = False
        self._pulse = {"PC": 0, "PF": 100, "PD": 50, "PN": 0}
        self._error = _NO_ERROR
        self._latches = 0
        self._condition = self._conditions()

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        out = ""
        for line in self._lines.feed(data):
            words = line.decode("ascii", "replace").strip().upper().split()
            if not words:
                continue
            try:
                if words[0].endswith("?"):
                    out += f"{self._query(words)}\r\n"
                else:
                    self._command(words)
            except _RefusedError as refused:
                self._error = str(refused)
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
        """Open the LED or unplug it."""
        if kind not in self.fault_kinds:
            raise unknown_fault("DC2100", kind, self.fault_kinds)
        (self._faults.add if on else self._faults.discard)(kind)
        self._apply(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what is lit, whatever the commands said."""
        return {
            "safe": not self._on,
            "emitting": self._emitted_ma > 0,
            "current_ma": self._emitted_ma,
            "limit_ma": self._limit_ma,
            "mode": self._mode,
            "log": self._log.entries(),
        }

    # -- commands

    def _query(self, words: list[str]) -> str:
        name = words[0][:-1]
        if len(words) != 1:
            raise _RefusedError(_UNKNOWN)
        if name == "E":
            error, self._error = self._error, _NO_ERROR
            return error
        if name == "R":
            register, self._latches = self._condition | self._latches, 0
            return str(register)
        numbers = {
            "M": self._mode,
            "O": int(self._on),
            "CC": self._current_ma,
            "L": self._limit_ma,
            "ML": self._maximum_ma,
            **self._pulse,
        }
        if name in self._texts:
            return self._texts[name]
        if name not in numbers:
            raise _RefusedError(_UNKNOWN)
        return str(numbers[name])

    def _command(self, words: list[str]) -> None:
        if len(words) != 2 or words[0] not in self._setters:
            raise _RefusedError(_UNKNOWN)
        try:
            value = int(words[1])
        except ValueError:
            raise _RefusedError(_OUT_OF_RANGE) from None
        self._setters[words[0]](value)

    def _set_mode(self, mode: int) -> None:
        _check(mode, 0, 2)
        self._on = self._on and mode == self._mode
        self._mode = mode

    def _set_output(self, on: int) -> None:
        _check(on, 0, 1)
        self._on = bool(on)

    def _set_current(self, current_ma: int) -> None:
        _check(current_ma, 0, _RANGE_MA)
        self._at_limit = current_ma > self._limit_ma
        self._current_ma = min(current_ma, self._limit_ma)

    def _set_limit(self, limit_ma: int) -> None:
        _check(limit_ma, 0, _RANGE_MA)
        if limit_ma > self._maximum_ma:
            raise _RefusedError(_ABOVE_MAXIMUM)
        self._limit_ma = limit_ma
        self._at_limit = self._current_ma > limit_ma
        self._current_ma = min(self._current_ma, limit_ma)
        self._pulse["PC"] = min(self._pulse["PC"], limit_ma)

    def _set_pulse_current(self, current_ma: int) -> None:
        self._set_pulse("PC", current_ma, 0, self._limit_ma)

    def _set_pulse(self, name: str, value: int, low: int, high: int) -> None:
        _check(value, low, high)
        self._pulse[name] = value

    # -- condition and light

    def _conditions(self) -> int:
        bits = {
            _BIT_NO_LED: "no-led" in self._faults,
            _BIT_LED_OPEN: self._open,
            _BIT_LIMIT: self._at_limit,
        }
        return sum(1 << bit for bit, is_set in bits.items() if is_set)

    def _apply(self, now_s: float) -> None:
        """Let the faults switch off what they must, then drive the LED."""
        self._open = "led-open" in self._faults and (self._open or self._on)
        if self._open or "no-led" in self._faults:
            self._on = False
        condition = self._conditions()
        self._latches |= (condition ^ self._condition) >> 1
        self._condition = condition
        wanted_ma = 0.0
        if self._on and self._mode == 0:
            wanted_ma = float(self._current_ma)
        elif self._on and self._mode == 1:
            wanted_ma = self._pulse["PC"] * self._pulse["PD"] / 100.0
        if (wanted_ma > 0) != (self._emitted_ma > 0):
            self._log.add(now_s, "on" if wanted_ma > 0 else "off")
        self._emitted_ma = wanted_ma
        self._world.set_light(now_s, 0, wanted_ma)


def from_table(table: Mapping[str, Any], world: World) -> ThorlabsDC2100:
    """Make the driver of a ``[device.*]`` table of a bench file."""
    channels = table.get("channel") or [{}]
    return ThorlabsDC2100(
        world,
        wavelength_nm=float(channels[0].get("wavelength_nm", 365)),
        maximum_ma=int(channels[0].get("limit_ma", 1700)),
    )


def _check(value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise _RefusedError(_OUT_OF_RANGE)
