"""Thorlabs DC2100 and DC2010 one-channel LED drivers.

Commands: see :mod:`instruments.light_sources.thorlabs_dc`; no command names a channel. Status bits
as Micro-Manager's DC2XXX adapter reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.light_sources.channel import LightFault
from instruments.light_sources.thorlabs_dc import ThorlabsDc
from instruments.links import Link

CHANNELS = (0,)
_FULL_MA = 2000
_NO_LED, _LED_OPEN, _LIMIT = 0x2, 0x8, 0x20


@dataclass(frozen=True, kw_only=True)
class Dc2100Status:
    """The status register, decoded.

    Attributes:
        no_led: There is no LED head.
        led_open: The circuit of the LED is open.
        at_limit: The current is held at the limit.
    """

    no_led: bool
    led_open: bool
    at_limit: bool

    @classmethod
    def from_register(cls, register: int) -> "Dc2100Status":
        """Decode the decimal answer to ``R?``.

        Args:
            register: The number.
        """
        return cls(
            no_led=bool(register & _NO_LED),
            led_open=bool(register & _LED_OPEN),
            at_limit=bool(register & _LIMIT),
        )

    def faults(self, channel: int | None = None) -> Sequence[LightFault]:
        """Return what is wrong; a current at its limit is no fault.

        Args:
            channel: The channel that shall emit: an absent head is a fault then.
        """
        found = []
        if self.led_open:
            found.append(LightFault(kind="led-open", words="the LED is open"))
        if self.no_led and channel is not None:
            found.append(LightFault(kind="no-led", words="there is no LED head"))
        return tuple(found)


class ThorlabsDc2100(ThorlabsDc):
    """The controller; its one channel has the number 0.

    Args:
        link: Serial or socket link, CR LF both ways.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link, names=("DC21", "DC20"), channels=CHANNELS, full_ma=_FULL_MA)

    def _to(self, channel: int) -> str:
        return ""

    def status(self) -> Dc2100Status:
        """Return the status register."""
        return Dc2100Status.from_register(self._integer("R?"))
