"""A simulated Numato Lab USB relay module with an ultrasonic bath on it.

Commands, echo and prompt: Numato Lab, user guides of the USB relay modules, "The command set". A
command that the module does not know is only echoed. Every relay that is on switches an ultrasonic
bath on in which all samples stand; a relay falls off when the module loses its power, but not when
the line is closed.
"""

from collections.abc import Mapping
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_RELAYS = 32
_PROMPT = "\n\r>"


class NumatoRelay:
    """The module; it tells the world when the bath is switched.

    Args:
        world: Hears of the bath.
        firmware: Answer to ``ver``.
        serial: Answer to ``id get``.
    """

    fault_kinds = ("stuck",)

    def __init__(
        self, world: World, *, firmware: str = "00000008", serial: str = "12345678"
    ) -> None:
        self._world = world
        self._firmware, self._serial = firmware, serial
        self._lines = LineBuffer(b"\r")
        self._log = SwitchLog()
        self._faults: set[str] = set()
        self._on = [False] * _RELAYS

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return echoes, answers and prompts."""
        out = ""
        for line in self._lines.feed(data.replace(b"\n", b"")):
            text = line.decode("ascii", "replace").strip()
            answer = self._execute(text, now_s)
            out += text + ("" if answer is None else f"\n\r{answer}") + _PROMPT
        return out.encode("ascii", "replace")

    def poll(self, now_s: float) -> bytes:
        """Say nothing: the module does nothing by itself."""
        return b""

    def next_event_s(self) -> float | None:
        """Return that nothing is due."""
        return None

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. The relays stay as they are."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Let all relays fall off."""
        self._lines.clear()
        self._log.add(now_s, "power on")
        self._on = [False] * _RELAYS
        self._tell(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Let the relays stick where they are."""
        if kind not in self.fault_kinds:
            raise unknown_fault("Numato relay", kind, self.fault_kinds)
        (self._faults.add if on else self._faults.discard)(kind)

    def state(self) -> dict[str, JSON]:
        """Return which relays are on, whatever the commands said."""
        numbers = [number for number, on in enumerate(self._on) if on]
        return {
            "safe": not numbers,
            "on": bool(numbers),
            "relays_on": numbers,
            "log": self._log.entries(),
        }

    def _execute(self, text: str, now_s: float) -> str | None:
        words = text.split(" ")
        if text == "ver":
            return self._firmware
        if text == "id get":
            return self._serial
        if len(words) != 3 or words[0] != "relay" or words[2] not in tuple(_DIGITS):
            return None
        number = _DIGITS.index(words[2])
        if words[1] == "read":
            return "on" if self._on[number] else "off"
        if words[1] in {"on", "off"} and "stuck" not in self._faults:
            self._on[number] = words[1] == "on"
            self._log.add(now_s, f"relay {number} {words[1]}")
            self._tell(now_s)
        return None

    def _tell(self, now_s: float) -> None:
        self._world.set_sonication(now_s, 1.0 if any(self._on) else 0.0)


def from_table(table: Mapping[str, Any], world: World) -> NumatoRelay:
    """Make the module of a ``[device.*]`` table of a bench file."""
    return NumatoRelay(world)
