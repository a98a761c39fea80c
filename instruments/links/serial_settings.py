"""How a serial line is to be set."""

from dataclasses import dataclass
from typing import Literal

Parity = Literal["none", "odd", "even", "mark", "space"]
FlowControl = Literal["none", "rts-cts", "xon-xoff", "dtr-dsr"]


@dataclass(frozen=True, kw_only=True)
class SerialSettings:
    """Speed and frame of a serial line; has no meaning on a socket or on USB.

    Attributes:
        baud_rate: Speed, Bd.
        data_bits: Data bits of a frame, 5 to 8.
        parity: Parity bit.
        stop_bits: 1, 1.5 or 2.
        flow_control: Which side may tell the other to wait, and how.
    """

    baud_rate: int = 9600
    data_bits: int = 8
    parity: Parity = "none"
    stop_bits: float = 1.0
    flow_control: FlowControl = "none"

    def __str__(self) -> str:
        """Return it as manuals write it, such as ``9600 Bd 7E1``."""
        words = f"{self.baud_rate} Bd {self.data_bits}{self.parity[0].upper()}{self.stop_bits:g}"
        return words if self.flow_control == "none" else f"{words} {self.flow_control}"
