"""A simulated Thorlabs SC10 shutter controller.

Commands, echo and prompt: Micro-Manager mmCoreAndDevices, ThorlabsSC10/SC10.cpp; InstrumentKit 0.6,
thorlabs/sc10.py. Errors: InstrumentKit, thorlabs/thorlabs_utils.py. The blade moves at once;
nothing is connected to the trigger input, so that whatever waits for it stays closed.
"""

from collections.abc import Mapping
from typing import Any

from simulators.instrument import JSON, SwitchLog, World, unknown_fault
from simulators.thorlabs_console import INVALID, PROMPT, UNKNOWN, Console, whole

_MANUAL, _AUTO, _SINGLE, _REPEAT, _EXTERNAL = 1, 2, 3, 4, 5
_SETTINGS: Mapping[str, tuple[int, int, int]] = {  # at the start, lowest, highest
    "mode": (_MANUAL, 1, 5),
    "open": (1000, 1, 999999),
    "shut": (1000, 1, 999999),
    "rep": (1, 1, 99),
    "trig": (0, 0, 1),
    "xto": (0, 0, 1),
    "baud": (0, 0, 1),
}


class ThorlabsSC10:
    """The controller and its shutter; it tells the world when the blade moves.

    Args:
        world: Hears of the blade.
        firmware: Version in the identification.
    """

    fault_kinds = ("interlock-open", "stall")

    def __init__(self, world: World, *, firmware: str = "1.07") -> None:
        self._world = world
        self._identity = f"THORLABS SC10 VERSION {firmware}"
        self._console = Console(self._execute)
        self._log = SwitchLog()
        self._faults: set[str] = set()
        self._open = False
        self._reset()

    def _reset(self) -> None:
        self._settings = {name: start for name, (start, _, _) in _SETTINGS.items()}
        self._enabled = False
        self._wanted_open = False
        self._phase_ends_s: float | None = None
        self._cycles_left = 0

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return echo, replies and prompts."""
        self.poll(now_s)
        return b"".join(self._console.feed_byte(bytes([byte]), now_s) for byte in data)

    def poll(self, now_s: float) -> bytes:
        """Open or close when its time has come; the controller says nothing about it."""
        if self._phase_ends_s is not None and now_s >= self._phase_ends_s:
            if self._wanted_open:
                self._end_opening(now_s)
            else:
                self._begin_opening(now_s)
        return b""

    def next_event_s(self) -> float | None:
        """Return when the shutter opens or closes by itself."""
        return self._phase_ends_s

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. The shutter stays as it is."""
        self._console.clear()

    def power_cycle(self, now_s: float) -> None:
        """Close: without current the spring does it. Start in manual mode."""
        self._console.clear()
        self._reset()
        self._log.add(now_s, "power on")
        if not self._open:
            self._world.set_shutter(now_s, False)
        self._drive(now_s, is_open=False)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Open the interlock, which closes the shutter, or let the blade stick where it is."""
        if kind not in self.fault_kinds:
            raise unknown_fault("SC10", kind, self.fault_kinds)
        (self._faults.add if on else self._faults.discard)(kind)
        if "interlock-open" in self._faults:
            self._disable(now_s)
        self._drive(now_s, is_open=self._wanted_open)

    def state(self) -> dict[str, JSON]:
        """Return whether the shutter is open, whatever the commands said."""
        return {
            "safe": not (self._open or self._enabled),
            "open": self._open,
            "enabled": self._enabled,
            "interlock_open": "interlock-open" in self._faults,
            "settings": dict(self._settings),
            "log": self._log.entries(),
        }

    # -- the blade

    def _drive(self, now_s: float, *, is_open: bool) -> None:
        self._wanted_open = is_open
        if "stall" in self._faults or is_open == self._open:
            return
        self._open = is_open
        self._log.add(now_s, "open" if is_open else "closed")
        self._world.set_shutter(now_s, is_open)

    def _toggle(self, now_s: float) -> None:
        if self._enabled:
            self._disable(now_s)
            return
        if "interlock-open" in self._faults:
            return
        self._enabled = True
        if self._settings["mode"] == _EXTERNAL or self._settings["trig"]:
            return  # waits for a trigger that does not come
        self._cycles_left = {_SINGLE: 1, _REPEAT: self._settings["rep"]}.get(
            self._settings["mode"], 0
        )
        self._begin_opening(now_s)

    def _disable(self, now_s: float) -> None:
        self._enabled = False
        self._phase_ends_s = None
        self._drive(now_s, is_open=False)

    def _begin_opening(self, now_s: float) -> None:
        self._drive(now_s, is_open=True)
        manual = self._settings["mode"] == _MANUAL
        self._phase_ends_s = None if manual else now_s + self._settings["open"] / 1000.0

    def _end_opening(self, now_s: float) -> None:
        if self._settings["mode"] != _AUTO:
            self._cycles_left -= 1
            if self._cycles_left <= 0:
                self._disable(now_s)
                return
        self._drive(now_s, is_open=False)
        self._phase_ends_s = now_s + self._settings["shut"] / 1000.0

    # -- commands

    def _execute(self, text: str, now_s: float) -> bytes:
        answer = self._answer(text, now_s) if text else None
        line = b"" if answer is None else f"{answer}\r".encode("ascii")
        return line + PROMPT

    def _answer(self, text: str, now_s: float) -> str | None:
        questions: Mapping[str, str] = {
            "id?": self._identity,
            "*idn?": self._identity,
            "ens?": str(int(self._enabled)),
            "closed?": str(int(not self._open)),
            "interlock?": str(int("interlock-open" in self._faults)),
        }
        name, equals, argument = (part.strip() for part in text.partition("="))
        if text in questions:
            return questions[text]
        if text.endswith("?") and text[:-1] in self._settings:
            return str(self._settings[text[:-1]])
        if text == "ens":
            self._toggle(now_s)
            return None
        if not equals or name not in self._settings:
            return UNKNOWN
        value = whole(argument, *_SETTINGS[name][1:])
        if value is None:
            return INVALID
        if name == "mode":
            self._disable(now_s)
        self._settings[name] = value
        return None


def from_table(table: Mapping[str, Any], world: World) -> ThorlabsSC10:
    """Make the controller of a ``[device.*]`` table of a bench file."""
    return ThorlabsSC10(world)
