"""Thorlabs DC4100 and DC4104 four-channel LED drivers.

Commands: see :mod:`instruments.light_sources.thorlabs_dc`. Status bits: DC4100 operation manual
rev. 2.2, section 6.3.24, page 28. The DC4104 differs in its connectors (one cable to a four-LED
head) and takes the same commands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

from instruments.light_sources.channel import LightFault
from instruments.light_sources.thorlabs_dc import ThorlabsDc
from instruments.links import Link

CHANNELS = (0, 1, 2, 3)
_FULL_MA = 1000
_ALL = -1
_MULTI_SELECTION = 0


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

    def faults(self, channel: int | None = None) -> Sequence[LightFault]:
        """Return what is wrong; a current at its limit is no fault.

        Args:
            channel: The channel that shall emit: an absent head is a fault there; ``None`` for
                the controller and every head that is present.
        """
        found = []
        if self.vcc_fail:
            found.append(LightFault(kind="supply", words="LED supply voltage (VCC) failed"))
        if self.over_temperature:
            found.append(LightFault(kind="over-temperature", words="controller over temperature"))
        for c in self.led_open:
            if channel in (None, c):
                found.append(LightFault(kind="led-open", words=f"LED of channel {c} is open"))
        if channel is not None and channel in self.no_led:
            found.append(LightFault(kind="no-led", words=f"no LED head on channel {channel}"))
        return tuple(found)


class ThorlabsDc4100(ThorlabsDc):
    """The controller with its four channels, numbered 0 to 3.

    Args:
        link: Serial or socket link, CR LF both ways.
    """

    many_at_once = True

    def __init__(self, link: Link) -> None:
        super().__init__(link, names=("DC41", "LEDD4"), channels=CHANNELS, full_ma=_FULL_MA)

    def _make_ready(self) -> None:
        self._command(f"SM {_MULTI_SELECTION}")

    def _switch_all_off(self) -> str:
        return f"O {_ALL} 0"

    def status(self) -> Dc4100Status:
        """Return the status register."""
        return Dc4100Status.from_register(self._integer("R?"))
