"""Thorlabs DC4100 four-channel LED driver.

Sources: Thorlabs, "DC410x LED Controllers" in the Current_And_Temperature_Controller_Examples
repository (command table); status bits as read by Micro-Manager's ThorlabsDCxxxx adapter. Serial,
115200 baud, CR LF both ways. A set command is not answered: the error query that follows is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.links import Link

CHANNELS = (0, 1, 2, 3)
MAX_CURRENT_MA = 1000
_ALL = -1
_CONSTANT_CURRENT = 0
_MULTI_SELECTION = 0
_NAMES = ("DC41", "LEDD4")

_ERROR = re.compile(r"(?:ERROR\s+)?(?P<number>-?\d+)\s*:\s*(?P<text>.*)", re.IGNORECASE)


class StatusBit(IntFlag):
    """Bits of the status register; the bits between them only say that a bit has changed."""

    VCC_FAIL = 0x2
    OVER_TEMPERATURE = 0x8
    NO_LED_1 = 0x20
    NO_LED_2 = 0x80
    NO_LED_3 = 0x200
    NO_LED_4 = 0x800
    OPEN_1 = 0x2000
    OPEN_2 = 0x8000
    OPEN_3 = 0x20000
    OPEN_4 = 0x80000
    LIMIT_1 = 0x200000
    LIMIT_2 = 0x800000
    LIMIT_3 = 0x2000000
    LIMIT_4 = 0x8000000


@dataclass(frozen=True, kw_only=True)
class Dc4100Status:
    """The status register, decoded.

    Attributes:
        vcc_fail: The supply of the LEDs has failed.
        over_temperature: The controller is too hot.
        no_led: Channels without an LED head.
        led_open: Channels whose LED circuit is open.
        at_limit: Channels whose current is held at the limit.
    """

    vcc_fail: bool
    over_temperature: bool
    no_led: tuple[int, ...]
    led_open: tuple[int, ...]
    at_limit: tuple[int, ...]

    @classmethod
    def from_register(cls, register: int) -> "Dc4100Status":
        """Decode the decimal answer to ``R?``.

        Args:
            register: The number.
        """

        def channels(first_bit: int) -> tuple[int, ...]:
            return tuple(c for c in CHANNELS if register & (first_bit << (2 * c)))

        return cls(
            vcc_fail=bool(register & StatusBit.VCC_FAIL),
            over_temperature=bool(register & StatusBit.OVER_TEMPERATURE),
            no_led=channels(StatusBit.NO_LED_1),
            led_open=channels(StatusBit.OPEN_1),
            at_limit=channels(StatusBit.LIMIT_1),
        )

    def faults(self, channel: int | None = None) -> tuple[str, ...]:
        """Return what is wrong, in words; a current at its limit is no fault.

        Args:
            channel: The channel that shall emit: an absent head is a fault there; ``None`` for
                the controller and every head that is present.
        """
        found = []
        if self.vcc_fail:
            found.append("LED supply voltage (VCC) failed")
        if self.over_temperature:
            found.append("controller over temperature")
        for c in self.led_open:
            if channel in (None, c):
                found.append(f"LED of channel {c} is open")
        if channel is not None and channel in self.no_led:
            found.append(f"no LED head on channel {channel}")
        return tuple(found)


class ThorlabsDc4100(LinkedInstrument):
    """The controller with its four channels, numbered 0 to 3.

    Args:
        link: Serial or socket link, CR LF both ways.
    """

    current_step_ma = 1.0

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._limits_ma: dict[int, int] = {}
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        self.link.synchronise("N?", lambda answer: answer.upper().startswith(_NAMES))

    def _restore(self) -> None:
        """Bring back what a power cut took; a controller that kept its settings stays as it is."""
        kept = self._integer("M?") == _CONSTANT_CURRENT and all(
            self._integer(f"L? {channel}") == limit_ma
            for channel, limit_ma in self._limits_ma.items()
        )
        if not kept:
            self.prepare(dict(self._limits_ma))

    def _query(self, command: str) -> str:
        with self.link.exchange():
            self.link.write(command)
            return str(self.link.read()).strip()

    def _integer(self, command: str) -> int:
        reply = self._query(command)
        try:
            return round(float(reply))
        except ValueError as error:
            raise ProtocolError(
                self.link.name, f"{command!r} was answered {reply!r}, which is no number"
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
        if channel not in CHANNELS:
            raise LimitError(self.link.name, f"channels are 0 to 3, asked for {channel!r}")
        return channel

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the controller says it is."""
        with self.link.exchange():
            return Identity(
                maker=self._query("H?"),
                model=self._query("N?"),
                serial=self._query("S?"),
                firmware=self._query("V?"),
            )

    def prepare(self, limits_ma: Mapping[int, float]) -> None:
        """Switch everything off and set what must hold before any light.

        Constant-current mode, several channels allowed, and the limit current of every channel in
        the instrument itself, read back.

        Args:
            limits_ma: Highest current of each channel that may be used.

        Raises:
            LimitError: A limit is above 1000 mA or above what the LED head allows.
            DeviceFaultError: The controller did not take a setting.
        """
        for channel, limit_ma in limits_ma.items():
            self._check_current(self._channel(channel), limit_ma, MAX_CURRENT_MA)
        with self.link.exchange():
            self.make_safe()
            self._command(f"M {_CONSTANT_CURRENT}")
            self._command(f"SM {_MULTI_SELECTION}")
            for channel, limit_ma in limits_ma.items():
                self._set_limit(channel, int(limit_ma))

    def _set_limit(self, channel: int, limit_ma: int) -> None:
        highest_ma = self._integer(f"ML? {channel}")
        if limit_ma > highest_ma:
            raise LimitError(
                self.link.name,
                f"the LED head on channel {channel} allows {highest_ma} mA, the bench file asks "
                f"for a limit of {limit_ma} mA; lower limit_ma",
                value=limit_ma,
                unit="mA",
                limits=(0, highest_ma),
            )
        self._command(f"L {channel} {limit_ma}")
        actual_ma = self._integer(f"L? {channel}")
        if actual_ma != limit_ma:
            raise DeviceFaultError(
                self.link.name,
                f"limit of channel {channel} reads {actual_ma} mA after {limit_ma} mA was set",
            )
        self._limits_ma[channel] = limit_ma

    # -- light -------------------------------------------------------------------------------

    def _check_current(self, channel: int, current_ma: float, highest_ma: float) -> int:
        if not 0 <= current_ma <= highest_ma or current_ma != round(current_ma):
            raise LimitError(
                self.link.name,
                f"channel {channel} takes whole mA, 0 to {highest_ma:g}, asked for {current_ma!r}",
                value=current_ma,
                unit="mA",
                limits=(0, highest_ma),
            )
        return int(current_ma)

    def set_current_ma(self, channel: int, current_ma: float) -> None:
        """Set the constant current of a channel; it does not switch it on.

        Args:
            channel: 0 to 3.
            current_ma: Whole mA up to the limit given to :meth:`prepare`.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The controller refused.
        """
        highest_ma = self._limits_ma.get(self._channel(channel), MAX_CURRENT_MA)
        self._command(f"CC {channel} {self._check_current(channel, current_ma, highest_ma)}")

    def current_ma(self, channel: int) -> float:
        """Return the current that a channel is set to, in mA.

        Args:
            channel: 0 to 3.
        """
        return float(self._integer(f"CC? {self._channel(channel)}"))

    def switch_on(self, channel: int) -> None:
        """Switch a channel on at its set current.

        Args:
            channel: 0 to 3.
        """
        self._command(f"O {self._channel(channel)} 1")

    def switch_off(self, channel: int) -> None:
        """Switch a channel off.

        Args:
            channel: 0 to 3.
        """
        self._command(f"O {self._channel(channel)} 0")

    def is_on(self, channel: int) -> bool:
        """Return whether a channel is on.

        Args:
            channel: 0 to 3.

        Raises:
            ProtocolError: The answer is neither 0 nor 1.
        """
        state = self._integer(f"O? {self._channel(channel)}")
        if state not in (0, 1):
            raise ProtocolError(self.link.name, f"'O? {channel}' was answered {state}")
        return state == 1

    def status(self) -> Dc4100Status:
        """Return the status register."""
        return Dc4100Status.from_register(self._integer("R?"))

    def faults(self, channel: int | None = None) -> tuple[str, ...]:
        """Return what is wrong, in words; empty when all is well.

        Args:
            channel: The channel that shall emit, ``None`` for all.
        """
        return self.status().faults(channel)

    def make_safe(self) -> None:
        """Switch all channels off and read back that they are.

        Raises:
            DeviceFaultError: A channel says that it is still on.
        """
        with self.link.exchange(urgent=True):
            self.link.write(f"O {_ALL} 0")
            error = self._query("E?")
            still_on = [channel for channel in CHANNELS if self.is_on(channel)]
        if still_on:
            raise DeviceFaultError(
                self.link.name,
                f"channels {still_on} still report on after all were switched off (the controller "
                f"says {error!r}); switch the controller off at its key",
            )
