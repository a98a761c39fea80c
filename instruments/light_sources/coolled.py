"""What CoolLED's pE light sources have in common.

Sources: Micro-Manager's adapters CoolLEDpE300 and CoolLEDpE4000, and python-microscope's coolled
controller (two independent clients). USB (virtual serial port), 57600 baud 8N1; commands end in
CR, answers in CR LF. ``CSS`` tells and sets all channels: a letter, S or X (selected or not),
N or F (on or off) and three digits of percent. A channel that is selected and off is armed: a TTL
signal lights it. A channel at rest is therefore not selected. When the line opens, the source
greets.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.light_sources.channel import LevelUnit, LightFault
from instruments.links import Link

_LETTERS = "ABCDEFGH"
_FULL_PERCENT = 100
_CSS = re.compile(r"CSS((?:[A-H][SX][NF]\d{3})+)")


@dataclass(frozen=True, kw_only=True)
class PeChannel:
    """State of one channel.

    Attributes:
        letter: Its name on the wire.
        selected: Whether it may emit.
        on: Whether it emits; selected and not on, it waits for a TTL signal.
        percent: Intensity.
    """

    letter: str
    selected: bool
    on: bool
    percent: int

    @classmethod
    def from_text(cls, text: str) -> "PeChannel":
        """Decode six characters of an answer to ``CSS?``.

        Args:
            text: Such as ``ASN050``.
        """
        return cls(
            letter=text[0], selected=text[1] == "S", on=text[2] == "N", percent=int(text[3:])
        )

    def __str__(self) -> str:
        """Return the six characters."""
        return (
            f"{self.letter}{'S' if self.selected else 'X'}{'N' if self.on else 'F'}"
            f"{self.percent:03d}"
        )


class CoolledPe(LinkedInstrument):
    """A source of the family; channel A has the number 0.

    Args:
        link: Serial or socket link; CR out, CR LF in.
        name: What the answer to ``XMODEL`` contains.
        channels: Numbers of its channels.
    """

    level_unit: LevelUnit = "%"
    level_step = 1.0
    full_level = float(_FULL_PERCENT)
    many_at_once = True

    def __init__(self, link: Link, *, name: str, channels: Sequence[int]) -> None:
        super().__init__(link)
        self._model_name = name
        self.channel_numbers = tuple(channels)
        self._limits: dict[int, int] = {}
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    def _make_ready(self) -> None:
        """Set what a model needs, when all is off."""

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        self.link.synchronise("CSS?", lambda answer: _CSS.fullmatch(answer.strip()) is not None)

    def _restore(self) -> None:
        """Bring back what a power cut may have taken; nothing is sent while it shines."""
        if self._limits and not self.lit():
            self._make_ready()

    def _query(self, command: str, timeout_s: float | None = None) -> str:
        with self.link.exchange():
            self.link.write(command)
            return str(self.link.read(timeout_s=timeout_s)).strip()

    def _states(self, command: str) -> tuple[PeChannel, ...]:
        with self.link.exchange():
            reply = self._query(command)
            match = _CSS.fullmatch(reply)
            states = re.findall("......", match[1]) if match else []
            channels = tuple(PeChannel.from_text(text) for text in states)
            odd = [channel for channel in channels if channel.percent > _FULL_PERCENT]
            if not channels or odd:
                raise ProtocolError(
                    self.link.name, f"{command!r} was answered {reply!r}", reply=reply
                )
        return channels

    def channels(self) -> Mapping[int, PeChannel]:
        """Return the state of all channels by number.

        Raises:
            ProtocolError: The answer has another form, or lacks a channel of the model.
        """
        with self.link.exchange():
            found = {_LETTERS.index(state.letter): state for state in self._states("CSS?")}
            missing = [number for number in self.channel_numbers if number not in found]
            if missing:
                raise ProtocolError(
                    self.link.name,
                    f"'CSS?' says nothing of channels {missing}; is it a {self._model_name}?",
                )
        return found

    def _put(self, *states: PeChannel) -> None:
        """Set channels and read back that they are so."""
        with self.link.exchange():
            self._states(f"CSS{''.join(map(str, states))}")
            actual = self.channels()
            wrong = [s for s in states if actual[_LETTERS.index(s.letter)] != s]
        if wrong:
            now = ", ".join(str(actual[_LETTERS.index(state.letter)]) for state in wrong)
            raise DeviceFaultError(
                self.link.name,
                f"{', '.join(map(str, wrong))} was set and reads back {now}; is somebody at the "
                "control pod, or is the head missing?",
            )

    def _channel(self, channel: int) -> int:
        if channel not in self.channel_numbers:
            raise LimitError(
                self.link.name,
                f"channels are 0 to {self.channel_numbers[-1]}, asked for {channel!r}; nothing "
                "was sent",
            )
        return channel

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the source says it is; it has no word for its serial number.

        Raises:
            ProtocolError: It is another model.
        """
        with self.link.exchange():
            self._resynchronise()  # passes the greeting
            reply = self._query("XMODEL")
            if self._model_name not in reply:
                raise ProtocolError(
                    self.link.name,
                    f"'XMODEL' was answered {reply!r}, which is no {self._model_name}; check model "
                    "and address",
                    reply=reply,
                )
        return Identity(maker="CoolLED", model=reply[7:], serial="", firmware="")

    def prepare(self, limits: Mapping[int, float]) -> None:
        """Switch everything off and keep the highest percent of every channel.

        The source itself has no limit that can be set: the driver keeps it.

        Args:
            limits: Highest percent of each channel that may be used.

        Raises:
            LimitError: A limit makes no sense; nothing was sent.
        """
        for channel, limit in limits.items():
            self._check_percent(self._channel(channel), limit, self.full_level)
        with self.link.exchange():
            self.make_safe()
            self._limits = {channel: int(limit) for channel, limit in limits.items()}
            self._make_ready()

    # -- light -------------------------------------------------------------------------------

    def _check_percent(self, channel: int, percent: float, highest: float) -> int:
        if not (math.isfinite(percent) and 0 <= percent <= highest) or percent != round(percent):
            raise LimitError(
                self.link.name,
                f"channel {channel} takes whole percent, 0 to {highest:g}, asked for {percent!r}; "
                "nothing was sent",
                value=percent,
                unit="%",
                limits=(0, highest),
            )
        return int(percent)

    def set_level(self, channel: int, level: float) -> None:
        """Set the intensity of a channel; it stays on or off as it is.

        Args:
            channel: Number of the channel, 0 for A.
            level: Whole percent up to the limit given to :meth:`prepare`.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: It reads back otherwise.
        """
        limit = self._limits.get(self._channel(channel), _FULL_PERCENT)
        percent = self._check_percent(channel, level, limit)
        with self.link.exchange():
            on = self.channels()[channel].on
            self._put(PeChannel(letter=_LETTERS[channel], selected=on, on=on, percent=percent))

    def level(self, channel: int) -> float:
        """Return the intensity that a channel is set to, percent.

        Args:
            channel: Number of the channel.
        """
        number = self._channel(channel)
        return float(self.channels()[number].percent)

    def switch_on(self, channel: int) -> None:
        """Switch a channel on at its set intensity.

        Args:
            channel: Number of the channel.

        Raises:
            LimitError: Somebody has set more than the limit since; nothing was switched on.
        """
        self._channel(channel)
        with self.link.exchange():
            percent = self.channels()[channel].percent
            self._check_percent(channel, percent, self._limits.get(channel, _FULL_PERCENT))
            self._put(PeChannel(letter=_LETTERS[channel], selected=True, on=True, percent=percent))

    def lit(self, channel: int | None = None) -> Mapping[int, float]:
        """Return the percent of every channel that emits.

        Args:
            channel: Has no meaning here: one question tells all.
        """
        return {
            number: float(state.percent) for number, state in self.channels().items() if state.on
        }

    def faults(self, channel: int | None = None) -> Sequence[LightFault]:
        """Return what is wrong: a channel that waits for a TTL signal, or is above its limit.

        Args:
            channel: Has no meaning here.
        """
        found = []
        for number, state in self.channels().items():
            if state.selected and not state.on:
                words = f"channel {number} is selected and off: a TTL signal would light it"
                found.append(LightFault(kind="other", words=words))
            limit = self._limits.get(number, _FULL_PERCENT)
            if state.on and state.percent > limit:
                words = f"channel {number} is at {state.percent} %, above its limit of {limit} %"
                found.append(LightFault(kind="other", words=words))
        return tuple(found)

    def lamp_hours(self) -> float:
        """Return NaN: no command for hours is known."""
        return math.nan

    def make_safe(self) -> None:
        """Switch all channels off, deselect them at 0 %, and read back that they are.

        Raises:
            DeviceFaultError: A channel still is selected or on.
        """
        with self.link.exchange(urgent=True):
            letters = [_LETTERS[number] for number in self.channel_numbers]
            off = [PeChannel(letter=x, selected=False, on=False, percent=0) for x in letters]
            self._put(*off)
