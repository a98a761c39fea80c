"""What Thorlabs' DC LED drivers with a serial line have in common.

Sources: Thorlabs, "DC410x LED Controllers" in the Current_And_Temperature_Controller_Examples
repository (command table); Micro-Manager's ThorlabsDCxxxx adapter, which drives DC2100 and DC4100
alike. 115200 baud, CR LF both ways. A set command is not answered: the error query after it is.
The one-channel models take the same commands without a channel.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.light_sources.channel import LevelUnit, LightFault
from instruments.links import Link

_CONSTANT_CURRENT = 0
_ERROR = re.compile(r"(?:ERROR\s+)?(?P<number>-?\d+)\s*:\s*(?P<text>.*)", re.IGNORECASE)


class DcStatus(Protocol):
    """A status register, decoded."""

    def faults(self, channel: int | None = None) -> Sequence[LightFault]:
        """Return what is wrong; a current at its limit is no fault."""
        ...


class ThorlabsDc(LinkedInstrument):
    """A controller of the family.

    Args:
        link: Serial or socket link, CR LF both ways.
        names: How the answers to ``N?`` of the models begin.
        channels: Numbers of the channels.
        full_ma: Highest current that the models know.
    """

    level_unit: LevelUnit = "mA"
    level_step = 1.0
    many_at_once = False

    def __init__(
        self, link: Link, *, names: tuple[str, ...], channels: Sequence[int], full_ma: int
    ) -> None:
        super().__init__(link)
        self._names = names
        self.channel_numbers = tuple(channels)
        self.full_level = float(full_ma)
        self._limits_ma: dict[int, int] = {}
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    def _to(self, channel: int) -> str:
        """Return how a command names a channel."""
        return f" {channel}"

    def _make_ready(self) -> None:
        """Set what a model needs beyond constant current, when all is off."""

    def status(self) -> DcStatus:
        """Return the status register."""
        raise NotImplementedError

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        self.link.synchronise("N?", lambda answer: answer.upper().startswith(self._names))

    def _restore(self) -> None:
        """Bring back what a power cut took; a controller that kept its settings stays as it is."""
        kept = self._integer("M?") == _CONSTANT_CURRENT and all(
            self._integer(f"L?{self._to(channel)}") == limit_ma
            for channel, limit_ma in self._limits_ma.items()
        )
        if not kept:
            self.prepare(dict(self._limits_ma))

    def _query(self, command: str) -> str:
        with self.link.exchange():
            self.link.write(command)
            return str(self.link.read()).strip()

    def _integer(self, command: str) -> int:
        with self.link.exchange():
            reply = self._query(command)
            try:
                return round(float(reply))
            except (ValueError, OverflowError) as error:
                raise ProtocolError(
                    self.link.name,
                    f"{command!r} was answered {reply!r}, which is no number",
                    reply=reply,
                ) from error

    def _command(self, command: str) -> None:
        with self.link.exchange():
            self.link.write(command)
            reply = self._query("E?")
            match = _ERROR.fullmatch(reply)
            if match is None:
                raise ProtocolError(self.link.name, f"'E?' was answered {reply!r}", reply=reply)
        if int(match["number"]) != 0:
            raise DeviceFaultError(
                self.link.name,
                f"{command!r} was refused: error {match['number']}, {match['text']}",
                code=int(match["number"]),
            )

    def _channel(self, channel: int) -> int:
        if channel not in self.channel_numbers:
            first, last = self.channel_numbers[0], self.channel_numbers[-1]
            words = f"channels are {first} to {last}" if last > first else f"has channel {first}"
            raise LimitError(self.link.name, f"{words}, asked for {channel!r}; nothing was sent")
        return channel

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the controller says it is."""
        with self.link.exchange():
            identity = Identity(
                maker=self._query("H?"),
                model=self._query("N?"),
                serial=self._query("S?"),
                firmware=self._query("V?"),
            )
            if not identity.model.upper().startswith(self._names):
                raise ProtocolError(
                    self.link.name,
                    f"'N?' was answered {identity.model!r}, expected one of "
                    f"{', '.join(self._names)}; check the model and the address",
                    reply=identity.model,
                )
        return identity

    def prepare(self, limits: Mapping[int, float]) -> None:
        """Switch everything off and set what must hold before any light.

        Constant-current mode, and the limit current of every channel in the instrument itself,
        read back: it holds even when the computer is gone.

        Args:
            limits: Highest current of each channel that may be used, whole mA.

        Raises:
            LimitError: A limit is above what the controller or the LED head allows.
            DeviceFaultError: The controller did not take a setting.
        """
        for channel, limit_ma in limits.items():
            self._check_current(self._channel(channel), limit_ma, self.full_level)
        with self.link.exchange():
            self.make_safe()
            self._command(f"M {_CONSTANT_CURRENT}")
            self._make_ready()
            for channel, limit_ma in limits.items():
                self._set_limit(channel, int(limit_ma))

    def _set_limit(self, channel: int, limit_ma: int) -> None:
        highest_ma = self._integer(f"ML?{self._to(channel)}")
        if limit_ma > highest_ma:
            raise LimitError(
                self.link.name,
                f"the LED head on channel {channel} allows {highest_ma} mA, the bench file asks "
                f"for a limit of {limit_ma} mA; lower limit_ma",
                value=limit_ma,
                unit="mA",
                limits=(0, highest_ma),
            )
        self._command(f"L{self._to(channel)} {limit_ma}")
        actual_ma = self._integer(f"L?{self._to(channel)}")
        if actual_ma != limit_ma:
            raise DeviceFaultError(
                self.link.name,
                f"limit of channel {channel} reads {actual_ma} mA after {limit_ma} mA was set",
            )
        self._limits_ma[channel] = limit_ma

    # -- light -------------------------------------------------------------------------------

    def _check_current(self, channel: int, current_ma: float, highest_ma: float) -> int:
        if not (math.isfinite(current_ma) and 0 <= current_ma <= highest_ma) or (
            current_ma != round(current_ma)
        ):
            raise LimitError(
                self.link.name,
                f"channel {channel} takes whole mA, 0 to {highest_ma:g}, asked for {current_ma!r}; "
                "nothing was sent",
                value=current_ma,
                unit="mA",
                limits=(0, highest_ma),
            )
        return int(current_ma)

    def set_level(self, channel: int, level: float) -> None:
        """Set the constant current of a channel; it does not switch it on.

        Args:
            channel: Number of the channel.
            level: Whole mA up to the limit given to :meth:`prepare`.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The controller refused.
        """
        highest_ma = self._limits_ma.get(self._channel(channel), self.full_level)
        current_ma = self._check_current(channel, level, highest_ma)
        self._command(f"CC{self._to(channel)} {current_ma}")

    def level(self, channel: int) -> float:
        """Return the current that a channel is set to, in mA.

        Args:
            channel: Number of the channel.
        """
        return float(self._integer(f"CC?{self._to(self._channel(channel))}"))

    def switch_on(self, channel: int) -> None:
        """Switch a channel on at its set current.

        Args:
            channel: Number of the channel.
        """
        self._command(f"O{self._to(self._channel(channel))} 1")

    def is_on(self, channel: int) -> bool:
        """Return whether a channel is on.

        Args:
            channel: Number of the channel.

        Raises:
            ProtocolError: The answer is neither 0 nor 1.
        """
        with self.link.exchange():
            command = f"O?{self._to(self._channel(channel))}"
            state = self._integer(command)
            if state not in (0, 1):
                raise ProtocolError(self.link.name, f"{command!r} was answered {state}")
        return state == 1

    def lit(self, channel: int | None = None) -> Mapping[int, float]:
        """Return the current in mA of every channel that is on.

        Args:
            channel: Ask for this one only; ``None`` asks for all.
        """
        with self.link.exchange():
            asked = self.channel_numbers if channel is None else (channel,)
            return {number: self.level(number) for number in asked if self.is_on(number)}

    def faults(self, channel: int | None = None) -> Sequence[LightFault]:
        """Return what is wrong; empty when all is well.

        Args:
            channel: The channel that shall emit, ``None`` for all.
        """
        return self.status().faults(channel)

    def lamp_hours(self) -> float:
        """Return NaN: these controllers count no hours."""
        return math.nan

    def _switch_all_off(self) -> str:
        """Return the command that switches everything off."""
        return f"O{self._to(self.channel_numbers[0])} 0"

    def make_safe(self) -> None:
        """Switch all channels off and read back that they are.

        Raises:
            DeviceFaultError: A channel says that it is still on.
        """
        with self.link.exchange(urgent=True):
            self.link.write(self._switch_all_off())
            error = self._query("E?")
            still_on = [channel for channel in self.channel_numbers if self.is_on(channel)]
        if still_on:
            raise DeviceFaultError(
                self.link.name,
                f"channels {still_on} still report on after all were switched off (the controller "
                f"says {error!r}); switch the controller off at its key",
            )
