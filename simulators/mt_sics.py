"""A simulated Mettler Toledo balance with MT-SICS.

Commands, replies and errors: Mettler Toledo reference manual MT-SICS, 11780711; the example
``S S     100.00 g``: AL-IC balances operating instructions, page 72.
"""

import collections
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault
from simulators.weighing_cell import FAULT_KINDS, SAMPLE_S, WeighingCell

_TIMEOUT_S = 10.0
_ADJUSTMENT_S = 10.0
_QUEUE_LENGTH = 30
_DEVIATION = 0.125  # of the last weight, for SNR and SR
_DEVIATION_DIGITS = 30
_STABLE = {"S", "SNR", "SR", "Z", "T"}  # these wait for the balance to settle
_REPEATED = {"SIR", "SNR", "SR"}
_UNIT_PLACES = {"0", "1", "2"}  # of M21: host, display, information
_GRAM = "0"
_WEIGHTS = {"S", "SI", *_REPEATED}  # what is answered to these begins with S


class _RefusedError(Exception):
    """A command that is not carried out; the message is the reply."""


@dataclass(kw_only=True)
class _Weighing:
    command: str
    began_s: float
    due_s: float
    deviation_g: float | None = None
    last_g: float | None = None  # what a repeated weighing sent last, until that changes


class MettlerBalance:
    """The balance.

    Args:
        world: Gives the mass on the pan.
        type: In the answer to ``I2``.
        capacity_g: Above it the balance is overloaded.
        readability_g: The last digit.
        serial_number: Answer to ``I4`` and ``@``.
        firmware: Answer to ``I3``.
    """

    fault_kinds = (*FAULT_KINDS, "busy")

    def __init__(
        self,
        world: World,
        *,
        type: str = "MS204TS",
        capacity_g: float = 220.0,
        readability_g: float = 0.0001,
        serial_number: str = "B021002593",
        firmware: str = "1.20 3.1.2.345",
    ) -> None:
        self._cell = WeighingCell(world, capacity_g=capacity_g, readability_g=readability_g)
        self._digit_g = readability_g
        self._identity = {
            "I0": "".join(f'I0 B {level} "{name}"\r\n' for level, name in _LEVELS[:-1])
            + f'I0 A {_LEVELS[-1][0]} "{_LEVELS[-1][1]}"',
            "I1": 'I1 A "01" "2.00" "2.00" "" ""',
            "I2": f'I2 A "{type} {capacity_g:.{self._cell.decimals}f} g"',
            "I3": f'I3 A "{firmware}"',
            "I4": f'I4 A "{serial_number}"',
            "I10": 'I10 A ""',
            "I11": f'I11 A "{type}"',
        }
        self._lines = LineBuffer(b"\n")
        self._waiting: collections.deque[str] = collections.deque(maxlen=_QUEUE_LENGTH)
        self._log = SwitchLog()
        self._busy = False
        self._reset()

    def _reset(self) -> None:
        self._weighing: _Weighing | None = None
        self._adjusted_s: float | None = None
        self._keys = 1
        self._display = ""

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies that are due."""
        out = b""
        for line in self._lines.feed(data):
            text = line.decode("ascii", "replace").strip()
            if text == "@":
                self._waiting.clear()
                self._weighing = None
                self._keys = 1
                out += self._reply(self._identity["I4"])
            elif text:
                self._waiting.append(text)
        return out + self.poll(now_s)

    def poll(self, now_s: float) -> bytes:
        """Take a sample when one is due, and answer what has waited for it."""
        out = b""
        if self._adjusted_s is not None and now_s >= self._adjusted_s:
            self._adjusted_s = None
            out += self._reply("C3 A")
        if self._weighing is not None and now_s >= self._weighing.due_s:
            out += self._weigh(self._weighing, now_s)
        while self._waiting and self._is_free():
            out += self._execute(self._waiting.popleft(), now_s)
        return out

    def next_event_s(self) -> float | None:
        """Return when the next sample is due; a balance that nobody asks does nothing."""
        due_s = None if self._weighing is None else self._weighing.due_s
        return min((t for t in (due_s, self._adjusted_s) if t is not None), default=None)

    def line_closed(self, now_s: float) -> None:
        """Forget what nobody waits for."""
        self._lines.clear()
        self._waiting.clear()
        self._weighing = None

    def power_cycle(self, now_s: float) -> None:
        """Start without tare; the pan is taken to have been empty."""
        self.line_closed(now_s)
        self._reset()
        self._cell.reset()
        self._log.add(now_s, "power on")

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Overload the pan, take it away, let a draught blow, or keep somebody in the menu."""
        if kind not in self.fault_kinds:
            raise unknown_fault("MT-SICS balance", kind, self.fault_kinds)
        if kind == "busy":
            self._busy = on
        else:
            (self._cell.faults.add if on else self._cell.faults.discard)(kind)

    def state(self) -> dict[str, JSON]:
        """Return the last sample, zero and tare. A balance is always safe."""
        return {
            "safe": True,
            "gross_g": self._cell.gross_g,
            "tare_g": self._cell.tare_g,
            "zero_g": self._cell.zero_g,
            "stable": self._cell.is_steady,
            "weighing": self._weighing.command if self._weighing else None,
            "adjusting": self._adjusted_s is not None,
            "keys": self._keys,
            "display": self._display,
            "log": self._log.entries(),
        }

    # -- weighing

    def _is_free(self) -> bool:
        return self._weighing is None or self._weighing.command in _REPEATED

    def _begin(self, command: str, now_s: float, *, deviation_g: float | None = None) -> None:
        if self._busy or self._adjusted_s is not None:
            raise _RefusedError(f"{_head(command)} I")
        self._cell.begin(now_s)
        self._weighing = _Weighing(
            command=command, began_s=now_s, due_s=now_s + SAMPLE_S, deviation_g=deviation_g
        )

    def _weigh(self, weighing: _Weighing, now_s: float) -> bytes:
        cell = self._cell
        cell.sample(now_s)
        weighing.due_s = now_s + SAMPLE_S
        if weighing.last_g is not None and not cell.out_of_range:
            return self._watch(weighing, weighing.last_g, now_s)
        if weighing.command in _STABLE and not cell.out_of_range and not cell.is_settled:
            if now_s - weighing.began_s < _TIMEOUT_S - SAMPLE_S / 2:
                return b""
            reply = f"{_head(weighing.command)} I"
        else:
            reply = self._result(weighing.command)
        if weighing.command not in _REPEATED:
            self._weighing = None
        elif weighing.command != "SIR":
            weighing.last_g = cell.net_g
        return self._reply(reply)

    def _watch(self, weighing: _Weighing, last_g: float, now_s: float) -> bytes:
        """Wait for the weight to become another one."""
        least_g = max(_DEVIATION * abs(last_g), _DEVIATION_DIGITS * self._digit_g)
        wanted_g = least_g if weighing.deviation_g is None else weighing.deviation_g
        if abs(self._cell.net_g - last_g) < wanted_g:
            return b""
        weighing.last_g = None
        weighing.began_s = now_s
        return (
            self._reply(f"S D {self._weight(self._cell.net_g)}") if self._repeats_at_once else b""
        )

    @property
    def _repeats_at_once(self) -> bool:
        return self._weighing is not None and self._weighing.command == "SR"

    def _result(self, command: str) -> str:
        cell, head = self._cell, _head(command)
        if cell.out_of_range:
            return f"{head} {cell.out_of_range}"
        is_stable = cell.is_settled if command in _STABLE else cell.is_steady
        status = "S" if is_stable else "D"
        if head == "S":
            return f"S {status} {self._weight(cell.net_g)}"
        if head in {"Z", "ZI"}:
            refused = cell.set_zero()
            done = "A" if head == "Z" else status
            return f"{head} {refused or done}"
        refused = cell.set_tare()
        return f"{head} {refused}" if refused else f"{head} {status} {self._weight(cell.tare_g)}"

    def _weight(self, weight_g: float) -> str:
        return f"{weight_g:10.{self._cell.decimals}f} g"

    @staticmethod
    def _reply(text: str) -> bytes:
        return f"{text}\r\n".encode("ascii", "replace")

    # -- commands

    def _execute(self, text: str, now_s: float) -> bytes:
        name, _, rest = text.partition(" ")
        try:
            if name in self._identity and not rest:
                return self._reply(self._identity[name])
            if name not in self._actions:
                raise _RefusedError("ES")
            reply = self._actions[name](self, name, rest.split(), now_s)
        except _RefusedError as refused:
            reply = str(refused)
        return b"" if reply is None else self._reply(reply)

    def _ask_weight(self, name: str, words: Sequence[str], now_s: float) -> None:
        deviation_g = None
        if words and name == "SR":
            deviation_g = self._given_g(name, words)
        elif words:
            raise _RefusedError("ES")
        self._begin(name, now_s, deviation_g=deviation_g)

    def _tare_memory(self, name: str, words: Sequence[str], now_s: float) -> str:
        if words:
            self._cell.tare_g = self._given_g(name, words)
        return f"TA A {self._weight(self._cell.tare_g)}"

    def _given_g(self, name: str, words: Sequence[str]) -> float:
        try:
            weight_g = float(words[0])
        except ValueError:
            weight_g = -1.0
        is_weight = len(words) == 2 and words[1] == "g"
        if not (is_weight and 0.0 <= weight_g <= self._cell.capacity_g):
            raise _RefusedError(f"{name} L")
        return round(weight_g, self._cell.decimals)

    def _clear_tare(self, name: str, words: Sequence[str], now_s: float) -> str:
        _nothing(words)
        self._cell.tare_g = 0.0
        return "TAC A"

    def _lock_keys(self, name: str, words: Sequence[str], now_s: float) -> str:
        if len(words) != 1 or words[0] not in {"1", "2", "3", "4"}:
            raise _RefusedError("K L")
        self._keys = int(words[0])
        return "K A"

    def _show(self, name: str, words: Sequence[str], now_s: float) -> str:
        text = " ".join(words)
        if len(text) < 2 or not text.startswith('"') or not text.endswith('"'):
            raise _RefusedError("D L")
        self._display = text[1:-1]
        return "D A"

    def _show_weight(self, name: str, words: Sequence[str], now_s: float) -> str:
        _nothing(words)
        self._display = ""
        return "DW A"

    def _adjust(self, name: str, words: Sequence[str], now_s: float) -> str:
        _nothing(words)
        if self._busy or self._adjusted_s is not None:
            raise _RefusedError("C3 I")
        self._weighing = None
        self._adjusted_s = now_s + _ADJUSTMENT_S
        return "C3 B"

    def _set_unit(self, name: str, words: Sequence[str], now_s: float) -> str:
        if len(words) != 2 or words[0] not in _UNIT_PLACES or words[1] != _GRAM:
            raise _RefusedError("M21 L")
        return "M21 A"

    _actions: Mapping[str, Callable[["MettlerBalance", str, Sequence[str], float], str | None]] = {
        **dict.fromkeys(("S", "SI", "SIR", "SNR", "SR", "Z", "ZI", "T", "TI"), _ask_weight),
        "TA": _tare_memory,
        "TAC": _clear_tare,
        "K": _lock_keys,
        "D": _show,
        "DW": _show_weight,
        "C3": _adjust,
        "M21": _set_unit,
    }


_LEVELS = (
    *((0, name) for name in ("I0", "I1", "I2", "I3", "I4", "S", "SI", "SIR", "Z", "ZI", "@")),
    *((1, name) for name in ("D", "DW", "K", "SNR", "SR", "T", "TA", "TAC", "TI")),
    *((2, name) for name in ("C3", "I10", "I11", "M21")),
)


def from_table(table: Mapping[str, Any], world: World) -> MettlerBalance:
    """Make the balance of a ``[device.*]`` table of a bench file."""
    return MettlerBalance(
        world,
        capacity_g=float(table.get("capacity_g", 220.0)),
        readability_g=float(table.get("readability_g", 0.0001)),
    )


def _head(command: str) -> str:
    return "S" if command in _WEIGHTS else command


def _nothing(words: Sequence[str]) -> None:
    if words:
        raise _RefusedError("ES")
