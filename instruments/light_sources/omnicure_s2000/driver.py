"""OmniCure S2000 (and PRO, ELITE) mercury lamp.

Sources: OmniCure S2000 user guide, chapter 16, pages 36 to 38 (frame, CONN, DCON, CLR, GUS, GTM,
GSN, VEB); a public program that drives one (OPN, CLS, SIL). Not seen in a manual, and therefore
checked by what they do each time they are used: GIL, and the meaning of the bits of GUS. The lamp
itself burns on: light is made with the shutter, and its strength with the iris.
"""

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, LinkTimeoutError, ProtocolError
from instruments.light_sources.channel import LevelUnit, LightFault
from instruments.light_sources.omnicure_s2000 import _codec
from instruments.links import Link

CHANNELS = (0,)
_FULL_PERCENT = 100
_HANDSHAKES = 3


class StatusBit(IntFlag):
    """Bits of the answer to ``GUS``, as the maker's X-Cite lamps have them."""

    ALARM = 0x01
    LAMP_ON = 0x02
    SHUTTER_OPEN = 0x04
    LAMP_READY = 0x10


@dataclass(frozen=True, kw_only=True)
class UnitStatus:
    """The unit status, decoded.

    Attributes:
        alarm: The front panel shows an alarm.
        lamp_on: The lamp burns.
        shutter_open: Light leaves the unit.
        lamp_ready: The lamp has warmed up.
    """

    alarm: bool
    lamp_on: bool
    shutter_open: bool
    lamp_ready: bool

    @classmethod
    def from_register(cls, register: int) -> "UnitStatus":
        """Decode the decimal answer to ``GUS``.

        Args:
            register: The number.
        """
        return cls(
            alarm=bool(register & StatusBit.ALARM),
            lamp_on=bool(register & StatusBit.LAMP_ON),
            shutter_open=bool(register & StatusBit.SHUTTER_OPEN),
            lamp_ready=bool(register & StatusBit.LAMP_READY),
        )


class OmnicureS2000(LinkedInstrument):
    """The lamp with its iris (level in percent) and its shutter; its one channel is 0.

    Args:
        link: Serial or socket link, CR both ways.
    """

    level_unit: LevelUnit = "%"
    level_step = 1.0
    full_level = float(_FULL_PERCENT)
    many_at_once = False

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._limit = _FULL_PERCENT
        link.resync = self._resynchronise

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        """Say hello until the unit is ready: after its power came back it wants that first."""
        for attempt in range(_HANDSHAKES):
            last = attempt == _HANDSHAKES - 1
            with contextlib.nullcontext() if last else contextlib.suppress(LinkTimeoutError):
                self.link.synchronise(
                    _codec.encode("CONN"), lambda answer: answer.strip() == _codec.encode("READY")
                )
                return

    def _exchange(self, command: str) -> str:
        with self.link.exchange():
            self.link.write(_codec.encode(command))
            return str(self.link.read()).strip()

    def _ask(self, command: str) -> str:
        with self.link.exchange():
            reply = self._exchange(command)
            if reply.startswith("Err"):
                # It refuses everything until it was greeted: its power may have been off.
                self._resynchronise()
                reply = self._exchange(command)
            if reply.startswith("Err"):
                raise DeviceFaultError(
                    self.link.name,
                    f"{command!r} was refused ({reply}); see the alarm at its front panel",
                    code=reply,
                )
            try:
                return _codec.decode(reply)
            except ValueError as error:
                raise ProtocolError(
                    self.link.name, f"answer to {command!r}: {error}", reply=reply
                ) from error

    def _number(self, command: str) -> int:
        with self.link.exchange():
            text = self._ask(command)
            if not text.isdecimal():
                raise ProtocolError(
                    self.link.name,
                    f"{command!r} was answered {text!r}, which is no whole number",
                    reply=text,
                )
        return int(text)

    def _command(self, command: str) -> None:
        with self.link.exchange():
            text = self._ask(command)
            if text != "Received":
                raise ProtocolError(
                    self.link.name, f"{command!r} was answered {text!r}", reply=text
                )

    def _channel(self, channel: int) -> None:
        if channel not in CHANNELS:
            raise LimitError(self.link.name, f"has channel 0 only, asked for {channel!r}")

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return serial number and firmware; the unit has no word for its model."""
        with self.link.exchange():
            self._resynchronise()
            return Identity(
                maker="Excelitas",
                model="OmniCure S2000",
                serial=str(self._number("GSN")),
                firmware=f"{self._number('VEB') / 10:.1f}",
            )

    def prepare(self, limits: Mapping[int, float]) -> None:
        """Close the shutter and keep the widest iris.

        Args:
            limits: Widest iris of channel 0, whole percent.

        Raises:
            LimitError: It makes no sense; nothing was sent.
        """
        for channel, limit in limits.items():
            self._channel(channel)
            self._check_percent(limit, _FULL_PERCENT)
        self.make_safe()
        for limit in limits.values():
            self._limit = int(limit)

    # -- light -------------------------------------------------------------------------------

    def _check_percent(self, percent: float, highest: float) -> int:
        if not (math.isfinite(percent) and 1 <= percent <= highest) or percent != round(percent):
            raise LimitError(
                self.link.name,
                f"the iris takes whole percent, 1 to {highest:g}, asked for {percent!r}; nothing "
                "was sent",
                value=percent,
                unit="%",
                limits=(1, highest),
            )
        return int(percent)

    def set_level(self, channel: int, level: float) -> None:
        """Set the iris; the shutter stays as it is.

        Args:
            channel: 0.
            level: Whole percent from 1 up to the limit given to :meth:`prepare`.

        Raises:
            LimitError: Outside; nothing was sent.
        """
        self._channel(channel)
        self._command(f"SIL{self._check_percent(level, self._limit)}")

    def level(self, channel: int) -> float:
        """Return how wide the iris is, percent.

        Args:
            channel: 0.
        """
        self._channel(channel)
        return float(self._number("GIL"))

    def switch_on(self, channel: int) -> None:
        """Open the shutter.

        Args:
            channel: 0.

        Raises:
            LimitError: Somebody has opened the iris beyond the limit; the shutter stays closed.
        """
        self._channel(channel)
        with self.link.exchange():
            self._check_percent(self.level(0), self._limit)
            self._command("OPN")

    def status(self) -> UnitStatus:
        """Return the unit status."""
        return UnitStatus.from_register(self._number("GUS"))

    def lit(self, channel: int | None = None) -> Mapping[int, float]:
        """Return how wide the iris is when the shutter is open.

        Args:
            channel: Has no meaning here.
        """
        with self.link.exchange():
            return {0: self.level(0)} if self.status().shutter_open else {}

    def faults(self, channel: int | None = None) -> Sequence[LightFault]:
        """Return what is wrong.

        Args:
            channel: When it shall emit, a lamp that is off is a fault, too.
        """
        status = self.status()
        found = []
        if status.alarm:
            words = "the unit shows an alarm (interlock, lamp or temperature); see its front panel"
            found.append(LightFault(kind="interlock", words=words))
        if channel is not None and not status.lamp_on:
            found.append(LightFault(kind="no-led", words="the lamp is off"))
        elif channel is not None and not status.lamp_ready:
            found.append(LightFault(kind="other", words="the lamp is still warming up"))
        return tuple(found)

    def lamp_hours(self) -> float:
        """Return the hours of the lamp."""
        return float(self._number("GLH"))

    def make_safe(self) -> None:
        """Close the shutter and read back that it is closed; the lamp burns on.

        Raises:
            DeviceFaultError: It says that it is still open.
        """
        with self.link.exchange(urgent=True):
            self._command("CLS")
            if self.status().shutter_open:
                raise DeviceFaultError(
                    self.link.name,
                    "the shutter still reports open after it was closed; switch the lamp off",
                )
