"""Simulated CoolLED pE-300 and pE-4000 light sources.

Commands as two independent clients use them: Micro-Manager (CoolLEDpE300, CoolLEDpE4000) and
python-microscope (coolled), whose notes say how selected and on go together. A line ends in CR or
LF; answers end in CR LF. The greeting is python-microscope's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_GREETING = b"CoolLED precisExcite, Hello, pleased to meet you.\r\n\r\n"
_FULL_MA = 1000.0  # through an LED at 100 %
_LOADED_AT_FIRST = (365, 460, 525, 635)
_LEDS_NM = (
    (365, 385, 405, 435),
    (460, 470, 490, 500),
    (525, 550, 580, 595),
    (635, 660, 740, 770),
)
_CHANNEL = re.compile(r"([A-H])([SX])([NF])(\d{3})")


@dataclass(kw_only=True)
class _Channel:
    letter: str
    selected: bool = False
    on: bool = False
    percent: int = 0
    emitted_ma: float = 0.0

    def text(self) -> str:
        return (
            f"{self.letter}{'S' if self.selected else 'X'}{'N' if self.on else 'F'}"
            f"{self.percent:03d}"
        )


class CoolLedPE:
    """The source.

    Args:
        world: Hears of every change of a current; 100 % are 1000 mA.
        model: ``"pE-300"`` or ``"pE-4000"``.
        loaded_nm: LEDs in the light path when it is switched on, for a pE-4000.
    """

    fault_kinds = ("pod", "ttl", "no-led")

    def __init__(
        self,
        world: World,
        *,
        model: str = "pE-300",
        loaded_nm: Sequence[int] = _LOADED_AT_FIRST,
    ) -> None:
        self._world = world
        self._model = model
        self._first_nm = tuple(loaded_nm)
        self._lines = LineBuffer(b"\r\n")
        self._log = SwitchLog()
        self._faults: set[tuple[str, int]] = set()
        self._channels: list[_Channel] = []
        self._reset()

    def _reset(self) -> None:
        emitted = [channel.emitted_ma for channel in self._channels] or [0.0] * 8
        letters = "ABC" if self._model == "pE-300" else "ABCD"
        self._channels = [
            _Channel(letter=letter, emitted_ma=before)
            for letter, before in zip(letters, emitted, strict=False)
        ]
        self._loaded_nm = list(self._first_nm)
        self._pod_locked = False

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        out = b""
        for line in self._lines.feed(data):
            text = line.decode("ascii", "replace").strip()
            if text:
                out += "".join(f"{reply}\r\n" for reply in self._execute(text)).encode("ascii")
            self._apply(now_s)
        return out

    def poll(self, now_s: float) -> bytes:
        """Do nothing: the source speaks only when spoken to."""
        return b""

    def next_event_s(self) -> float | None:
        """Return None: nothing happens by itself."""
        return None

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. The light stays as it is."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start dark, with nothing selected."""
        self._reset()
        self._lines.clear()
        self._log.add(now_s, "power on")
        self._apply(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Turn a channel up at the pod, let a TTL edge come, or take the LED out."""
        if kind not in self.fault_kinds:
            raise unknown_fault(self._model, kind, self.fault_kinds)
        (self._faults.add if on else self._faults.discard)((kind, channel))
        if kind == "pod" and on and not self._pod_locked:
            state = self._channels[channel]
            state.selected, state.on, state.percent = True, True, 100
        self._apply(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what is lit, whatever the commands said."""
        return {
            "safe": not any(channel.selected for channel in self._channels),
            "emitting": any(channel.emitted_ma > 0 for channel in self._channels),
            "channels": {channel.letter: channel.text() for channel in self._channels},
            "loaded_nm": list(self._loaded_nm),
            "log": self._log.entries(),
        }

    def greeting(self) -> bytes:
        """Return the two lines that the source says when its line is opened."""
        return _GREETING

    # -- commands

    def _execute(self, text: str) -> Sequence[str]:
        if text == "XMODEL":
            return [f"XMODEL {self._model}"]
        if text == "XVER":
            return [f"XVER={part:<3}1.{at}" for at, part in enumerate(("MB", "HW", "DA", "PD"))]
        if text.startswith("CSS"):
            return self._all_channels(text[3:])
        if text in {"CSN", "CSF"}:
            for channel in self._channels:
                channel.on = channel.selected and text == "CSN"
            return [text]
        if text == "LAMS" and self._model == "pE-4000":
            return [f"LAM:{x}:{nm}" for x, nm in zip("ABCD", self._loaded_nm, strict=True)]
        if text.startswith("LOAD:") and self._model == "pE-4000":
            return self._load(text[5:])
        if text in {"PORT:P=ON", "PORT:P=OFF"}:
            self._pod_locked = text.endswith("OFF")
            return [text]
        return self._one_channel(text)

    def _all_channels(self, rest: str) -> Sequence[str]:
        if rest != "?":
            parts = [rest[at : at + 6] for at in range(0, len(rest), 6)]
            matches = [_CHANNEL.fullmatch(part) for part in parts]
            known = {channel.letter: channel for channel in self._channels}
            for match in matches:
                if match is None or match[1] not in known or int(match[4]) > 100:
                    return ["ERROR"]
            for match in matches:
                assert match is not None
                channel = known[match[1]]
                channel.selected = match[2] == "S"
                channel.on = channel.selected and match[3] == "N"
                channel.percent = int(match[4])
        return ["CSS" + "".join(channel.text() for channel in self._channels)]

    def _one_channel(self, text: str) -> Sequence[str]:
        known = {channel.letter: channel for channel in self._channels}
        if len(text) < 3 or text[0] != "C" or text[1] not in known:
            return ["ERROR"]
        channel, what = known[text[1]], text[2:]
        if what in {"S", "X"}:
            channel.selected = what == "S"
            channel.on = channel.on and channel.selected
            return []
        if what in {"N", "F"}:
            channel.on = channel.selected and what == "N"
            return [text]
        if what[0] == "I" and what[1:].isdecimal() and int(what[1:4]) <= 100 and len(what) <= 4:
            channel.percent = int(what[1:])
            return [text]
        if what == "?":
            return [f"C{channel.letter}{channel.percent:03d}"]
        return ["ERROR"]

    def _load(self, text: str) -> Sequence[str]:
        wanted_nm = int(text) if text.isdecimal() and len(text) == 3 else 0
        for number, leds_nm in enumerate(_LEDS_NM):
            if wanted_nm in leds_nm:
                self._loaded_nm[number] = wanted_nm
                return [f"LOAD:{wanted_nm}"]
        return ["ERROR"]

    # -- light

    def _apply(self, now_s: float) -> None:
        for number, channel in enumerate(self._channels):
            triggered = channel.selected and ("ttl", number) in self._faults
            wanted_ma = 0.0
            if (channel.on or triggered) and ("no-led", number) not in self._faults:
                wanted_ma = channel.percent / 100.0 * _FULL_MA
            if (wanted_ma > 0) != (channel.emitted_ma > 0):
                self._log.add(now_s, f"channel {number} {'on' if wanted_ma > 0 else 'off'}")
            channel.emitted_ma = wanted_ma
            self._world.set_light(now_s, number, wanted_ma)


def pe300_from_table(table: Mapping[str, Any], world: World) -> CoolLedPE:
    """Make the pE-300 of a ``[device.*]`` table of a bench file."""
    return CoolLedPE(world, model="pE-300")


def pe4000_from_table(table: Mapping[str, Any], world: World) -> CoolLedPE:
    """Make the pE-4000 of a ``[device.*]`` table of a bench file."""
    return CoolLedPE(world, model="pE-4000")
