"""A simulated Sartorius balance with the SBI protocol.

Commands and the lines of 16 and 22 characters: Sartorius operating instructions WSE6004
(Secura, Quintix, Practum). A command begins with ESC and is carried out as soon as it is complete,
with CR LF behind it or without.
"""

import collections
from collections.abc import Mapping
from typing import Any

from simulators.instrument import JSON, SwitchLog, World, unknown_fault
from simulators.weighing_cell import FAULT_KINDS, SAMPLE_S, WeighingCell

_ESC = 0x1B
_COMMAND_LIMIT = 8
_QUEUE_LENGTH = 30
_PATIENCE_S = 10.0
_ADJUSTMENT_S = 20.0
_FILTERS = {"K": "very stable", "L": "stable", "M": "unstable", "N": "very unstable"}


class EscapeReader:
    """Cuts a byte stream into commands: ESC and a capital, or ESC, letter, digits and ``_``."""

    def __init__(self) -> None:
        self._command: str | None = None

    def feed(self, data: bytes) -> list[str]:
        """Take bytes and return the commands that they complete, without ESC."""
        commands: list[str] = []
        for byte in data:
            if byte == _ESC:
                self._command = ""
            elif self._command is not None:
                self._command += chr(byte)
                if self._command.isupper() or self._command.endswith("_"):
                    commands.append(self._command)
                    self._command = None
                elif byte < 0x20 or len(self._command) > _COMMAND_LIMIT:
                    self._command = None
        return commands

    def clear(self) -> None:
        """Forget a command that has only begun."""
        self._command = None


class SartoriusBalance:
    """The balance.

    Args:
        world: Gives the mass on the pan.
        type: Answer to ``ESC x1_``.
        capacity_g: Above it the balance is overloaded.
        readability_g: The last digit.
        serial_number: Answer to ``ESC x2_``.
        firmware: Answer to ``ESC x3_``.
        characters: Length of a printed line, 16 or 22.
    """

    fault_kinds = (*FAULT_KINDS, "error")

    def __init__(
        self,
        world: World,
        *,
        type: str = "QUINTIX224-1S",
        capacity_g: float = 220.0,
        readability_g: float = 0.0001,
        serial_number: str = "0032456789",
        firmware: str = "00-50-20",
        characters: int = 22,
    ) -> None:
        if characters not in {16, 22}:
            raise ValueError(f"characters is {characters}; lines have 16 or 22")
        self._cell = WeighingCell(world, capacity_g=capacity_g, readability_g=readability_g)
        self._identity = {"x1_": type, "x2_": serial_number, "x3_": firmware}
        self._characters = characters
        self._reader = EscapeReader()
        self._waiting: collections.deque[str] = collections.deque(maxlen=_QUEUE_LENGTH)
        self._log = SwitchLog()
        self._failed = False
        self._reset()

    def _reset(self) -> None:
        self._doing: str | None = None
        self._began_s = 0.0
        self._due_s = 0.0
        self._adjusted_s: float | None = None
        self._filter = _FILTERS["L"]
        self._keys_locked = False

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies that are due."""
        self._waiting.extend(self._reader.feed(data))
        return self.poll(now_s)

    def poll(self, now_s: float) -> bytes:
        """Take a sample when one is due, and answer what has waited for it."""
        out = b""
        if self._adjusted_s is not None and now_s >= self._adjusted_s:
            self._adjusted_s = None
            self._log.add(now_s, "adjusted")
        if self._doing is not None and now_s >= self._due_s:
            out += self._sample(self._doing, now_s)
        while self._waiting and self._doing is None:
            out += self._execute(self._waiting.popleft(), now_s)
        return out

    def next_event_s(self) -> float | None:
        """Return when the next sample is due; a balance that nobody asks does nothing."""
        due_s = None if self._doing is None else self._due_s
        return min((t for t in (due_s, self._adjusted_s) if t is not None), default=None)

    def line_closed(self, now_s: float) -> None:
        """Forget what nobody waits for."""
        self._reader.clear()
        self._waiting.clear()
        if self._doing == "P":
            self._doing = None

    def power_cycle(self, now_s: float) -> None:
        """Start without tare; the pan is taken to have been empty."""
        self._reader.clear()
        self._waiting.clear()
        self._reset()
        self._cell.reset()
        self._log.add(now_s, "power on")

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Overload the pan, take it away, let a draught blow, or show an error."""
        if kind not in self.fault_kinds:
            raise unknown_fault("SBI balance", kind, self.fault_kinds)
        if kind == "error":
            self._failed = on
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
            "adjusting": self._adjusted_s is not None,
            "filter": self._filter,
            "keys_locked": self._keys_locked,
            "log": self._log.entries(),
        }

    # -- weighing

    def _sample(self, doing: str, now_s: float) -> bytes:
        self._cell.sample(now_s)
        self._due_s = now_s + SAMPLE_S
        if doing == "P":
            self._doing = None
            return self._printed()
        waited_s = now_s - self._began_s
        if (
            self._cell.is_settled
            or self._cell.out_of_range
            or waited_s >= _PATIENCE_S - SAMPLE_S / 2
        ):
            self._doing = None
            if self._cell.is_settled and not self._cell.out_of_range:
                self._zero_or_tare(doing, now_s)
        return b""

    def _zero_or_tare(self, doing: str, now_s: float) -> None:
        """Carry out T (zero if the load is small, tare otherwise), U (tare) or V (zero)."""
        if doing in {"T", "V"} and not self._cell.set_zero():
            self._log.add(now_s, "zero")
        elif doing in {"T", "U"} and not self._cell.set_tare():
            self._log.add(now_s, "tare")

    def _printed(self) -> bytes:
        cell = self._cell
        if cell.out_of_range:
            return self._special("High" if cell.out_of_range == "+" else "Low")
        net_g = cell.net_g
        unit = "g  " if cell.is_steady else "   "
        body = f"{'-' if net_g < 0 else '+'} {abs(net_g):8.{cell.decimals}f} {unit}"
        return self._line("N", body)

    def _special(self, text: str) -> bytes:
        return self._line("Stat", f"{text:^14}")

    def _line(self, head: str, body: str) -> bytes:
        shown = f"{head:6}{body}" if self._characters == 22 else body
        return f"{shown}\r\n".encode("ascii")

    # -- commands

    def _execute(self, command: str, now_s: float) -> bytes:
        if command in self._identity:
            return f"{self._identity[command]}\r\n".encode("ascii", "replace")
        if command == "P" and self._failed:
            return self._special("Err 054")
        if command == "P" and self._adjusted_s is not None:
            return self._special("Cal.Int.")
        if command == "P" or (command in {"T", "U", "V"} and self._adjusted_s is None):
            self._cell.begin(now_s)
            self._doing = command
            self._began_s = now_s
            self._due_s = now_s + SAMPLE_S
        elif command == "Z" and self._adjusted_s is None:
            self._adjusted_s = now_s + _ADJUSTMENT_S
        elif command in {"O", "R"}:
            self._keys_locked = command == "O"
        elif command in _FILTERS:
            self._filter = _FILTERS[command]
        return b""


def from_table(table: Mapping[str, Any], world: World) -> SartoriusBalance:
    """Make the balance of a ``[device.*]`` table of a bench file."""
    return SartoriusBalance(
        world,
        capacity_g=float(table.get("capacity_g", 220.0)),
        readability_g=float(table.get("readability_g", 0.0001)),
        characters=int(table.get("characters", 22)),
    )
