"""A simulated OmniCure S2000 mercury lamp.

Commands: OmniCure S2000 user guide, chapter 16, pages 36 to 38; OPN, CLS and SIL as a public
program sends them. GIL, GLH and the bits of GUS are the likely ones, not quoted. The checksum is
computed with a table here.
"""

from collections.abc import Mapping
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_FULL_MA = 1000.0  # what the world is told of an iris of 100 %
_ERROR = b"Err67\r"


def _table_entry(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (0x8C if index % 2 else 0)
    return index


_TABLE = [_table_entry(index) for index in range(256)]


def _crc(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = _TABLE[crc ^ byte]
    return crc


class OmniCureS2000:
    """The unit with its lamp.

    Args:
        world: Hears of every change of the light, as channel 0; 100 % are 1000 mA.
        serial_number: Answer to ``GSN``.
        lamp_hours: Answer to ``GLH``.
    """

    fault_kinds = ("alarm", "lamp-off", "shutter-stuck")

    def __init__(self, world: World, *, serial_number: int = 1234, lamp_hours: int = 812) -> None:
        self._world = world
        self._serial_number = serial_number
        self._lamp_hours = lamp_hours
        self._lines = LineBuffer(b"\r")
        self._log = SwitchLog()
        self._faults: set[str] = set()
        self._shone = False
        self._reset()

    def _reset(self) -> None:
        self._connected = False
        self._open = False
        self._percent = 100
        self._exposure = 20  # tenths of a second

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        out = b""
        for line in self._lines.feed(data):
            if line.strip():
                out += self._answer(line.strip())
            self._apply(now_s)
        return out

    def poll(self, now_s: float) -> bytes:
        """Do nothing: the unit speaks only when spoken to."""
        return b""

    def next_event_s(self) -> float | None:
        """Return None: nothing happens by itself."""
        return None

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. The light stays as it is."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start with a closed shutter; the lamp is taken to be warm."""
        self._reset()
        self._lines.clear()
        self._log.add(now_s, "power on")
        self._apply(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Raise an alarm (its interlock), let the lamp go out, or hold the shutter open."""
        if kind not in self.fault_kinds:
            raise unknown_fault("OmniCure S2000", kind, self.fault_kinds)
        (self._faults.add if on else self._faults.discard)(kind)
        self._apply(now_s)

    def state(self) -> dict[str, JSON]:
        """Return whether light leaves the unit."""
        return {
            "safe": not self._open,
            "emitting": self._open and "lamp-off" not in self._faults,
            "iris_percent": self._percent,
            "connected": self._connected,
            "log": self._log.entries(),
        }

    # -- commands

    def _answer(self, line: bytes) -> bytes:
        body, digits = line[:-2], line[-2:]
        if digits.upper() != b"%02X" % _crc(body):
            return _ERROR
        reply = self._execute(body.decode("ascii", "replace"))
        if reply is None:
            return _ERROR
        data = reply.encode("ascii")
        return data + b"%02X\r" % _crc(data)

    def _execute(self, command: str) -> str | None:
        if command == "CONN":
            self._connected = True
            return "READY"
        if not self._connected:
            return None
        if command == "DCON":
            self._connected = False
            return "CLOSE"
        numbers = {
            "GUS": self._status(),
            "GIL": self._percent,
            "GLH": self._lamp_hours,
            "GSN": self._serial_number,
            "GTM": self._exposure,
            "VEB": 10,
            "VIO": 10,
        }
        if command in numbers:
            return str(numbers[command])
        return "Received" if self._set(command) else None

    def _set(self, command: str) -> bool:
        if command in {"LOC", "ULOC", "CLR"}:
            return True
        if command == "OPN":
            self._open = not self._faults & {"alarm"}
            return self._open
        if command == "CLS":
            self._open = self._open and "shutter-stuck" in self._faults
            return True
        value = command[3:]
        if command[:3] != "SIL" or not value.isdecimal() or not 1 <= int(value[:4]) <= 100:
            return False
        self._percent = int(value)
        return True

    def _status(self) -> int:
        lamp = "lamp-off" not in self._faults
        alarm = bool(self._faults & {"alarm", "lamp-off"})
        return 1 * alarm + 2 * lamp + 4 * self._open + 16 * lamp

    # -- light

    def _apply(self, now_s: float) -> None:
        if "alarm" in self._faults and self._open:
            self._open = False
        shines = self._open and "lamp-off" not in self._faults
        wanted_ma = self._percent / 100.0 * _FULL_MA if shines else 0.0
        if shines != self._shone:
            self._log.add(now_s, "open" if shines else "closed")
        self._shone = shines
        self._world.set_light(now_s, 0, wanted_ma)


def from_table(table: Mapping[str, Any], world: World) -> OmniCureS2000:
    """Make the lamp of a ``[device.*]`` table of a bench file."""
    return OmniCureS2000(world)
