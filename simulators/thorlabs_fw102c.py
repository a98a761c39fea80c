"""A simulated Thorlabs FW102C or FW212C filter wheel.

Commands, echo and prompt: Micro-Manager mmCoreAndDevices, ThorlabsFilterWheel/FilterWheel.cpp;
python-microscope 0.7, filterwheels/thorlabs.py. Errors: InstrumentKit, thorlabs/thorlabs_utils.py.
That the prompt waits for the wheel, and the time for a step, are not certain.
"""

from collections.abc import Mapping
from typing import Any

from simulators.instrument import JSON, SwitchLog, World, unknown_fault
from simulators.thorlabs_console import INVALID, PROMPT, UNKNOWN, Console, whole

_STEP_S = (0.6, 0.3)  # from one filter to the next, by speed
_SETTINGS: Mapping[str, int] = {"speed": 1, "trig": 0, "sensors": 1, "baud": 1}
_WAITING_LIMIT = 4096


class ThorlabsFW102C:
    """The wheel; it tells the world which filter is in the beam, also those that pass.

    Args:
        world: Hears of every position.
        positions: 6, or 12 for the FW212C.
        firmware: Version in the identification.
    """

    fault_kinds = ("stall",)

    def __init__(self, world: World, *, positions: int = 6, firmware: str = "1.07") -> None:
        if positions not in {6, 12}:
            raise ValueError(f"positions is {positions}; there are wheels with 6 and with 12")
        self._world = world
        self._positions = positions
        self._identity = f"THORLABS FW102C/FW212C Filter Wheel version {firmware}"
        self._console = Console(self._execute)
        self._log = SwitchLog()
        self._stalled = False
        self._reset()

    def _reset(self) -> None:
        self._settings = dict(_SETTINGS)
        self._position = 1
        self._steps_left = 0
        self._direction = 1
        self._step_ends_s: float | None = None
        self._waiting = bytearray()

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return echo, replies and prompts."""
        room = _WAITING_LIMIT - len(self._waiting)
        if self._step_ends_s is None:
            room = len(data)
        self._waiting += data[:room]
        return self.poll(now_s)

    def poll(self, now_s: float) -> bytes:
        """Turn; when the wheel is there, give the prompt and read on."""
        out = bytearray()
        ends_s = self._step_ends_s
        if ends_s is not None and now_s >= ends_s and self._step(now_s):
            out += PROMPT
        done = 0
        while self._step_ends_s is None and done < len(self._waiting):
            out += self._console.feed_byte(bytes(self._waiting[done : done + 1]), now_s)
            done += 1
        del self._waiting[:done]
        del self._waiting[_WAITING_LIMIT:]
        return bytes(out)

    def next_event_s(self) -> float | None:
        """Return when the next filter is in the beam."""
        return self._step_ends_s

    def line_closed(self, now_s: float) -> None:
        """Forget what nobody waits for; the wheel goes on to where it was sent."""
        self._console.clear()
        self._waiting.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start at position 1."""
        self._console.clear()
        self._reset()
        self._log.add(now_s, "power on")
        self._world.set_filter(now_s, self._position)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Let the wheel stick: it takes the time for the way and stays where it is."""
        if kind not in self.fault_kinds:
            raise unknown_fault("FW102C", kind, self.fault_kinds)
        self._stalled = on

    def state(self) -> dict[str, JSON]:
        """Return the position. A wheel emits nothing, so it is always safe."""
        return {
            "safe": True,
            "position": self._position,
            "moving": self._step_ends_s is not None,
            "settings": dict(self._settings),
            "log": self._log.entries(),
        }

    # -- the wheel

    def _go(self, position: int, now_s: float) -> None:
        forward = (position - self._position) % self._positions
        backward = self._positions - forward
        self._direction = 1 if forward <= backward else -1
        self._steps_left = min(forward, backward)
        if self._steps_left:
            self._step_ends_s = now_s + _STEP_S[self._settings["speed"]]

    def _step(self, now_s: float) -> bool:
        """Turn to the next filter; return whether the wheel is where it was sent."""
        self._steps_left -= 1
        if not self._stalled:
            self._position = (self._position - 1 + self._direction) % self._positions + 1
            self._log.add(now_s, f"position {self._position}")
            self._world.set_filter(now_s, self._position)
        arrived = self._steps_left <= 0
        self._step_ends_s = None if arrived else now_s + _STEP_S[self._settings["speed"]]
        return arrived

    # -- commands

    def _execute(self, text: str, now_s: float) -> bytes:
        answer = self._answer(text, now_s) if text else None
        prompt = PROMPT if self._step_ends_s is None else b""
        if answer is None:
            return prompt
        end = "\n" if answer in {UNKNOWN, INVALID} else "\r"
        return f"{answer}{end}".encode("ascii") + prompt

    def _answer(self, text: str, now_s: float) -> str | None:
        questions: Mapping[str, str] = {
            "*idn?": self._identity,
            "pos?": str(self._position),
            "pcount?": str(self._positions),
        }
        name, equals, argument = (part.strip() for part in text.partition("="))
        if text in questions:
            return questions[text]
        if text.endswith("?") and text[:-1] in self._settings:
            return str(self._settings[text[:-1]])
        if not equals or name not in {"pos", *self._settings}:
            return UNKNOWN
        value = whole(argument, 1, self._positions) if name == "pos" else whole(argument, 0, 1)
        if value is None:
            return INVALID
        if name == "pos":
            self._go(value, now_s)
        else:
            self._settings[name] = value
        return None


def from_table(table: Mapping[str, Any], world: World) -> ThorlabsFW102C:
    """Make the wheel of a ``[device.*]`` table of a bench file."""
    return ThorlabsFW102C(world, positions=int(table.get("position_count", 6)))
