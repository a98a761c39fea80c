"""What a simulated instrument tells a USB host."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simulators.instrument import Instrument

_ADDRESS = re.compile(r"seabreeze(@\w+)?::([^:\s]{1,15})\Z", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class UsbDescription:
    """Identity and end points.

    Attributes:
        vendor_id: Of the maker.
        product_id: Of the model.
        manufacturer: String descriptor.
        product: String descriptor.
        serial: String descriptor, empty where the model has none.
        packet_bytes: Largest packet of each bulk end point, by its address.
    """

    vendor_id: int
    product_id: int
    manufacturer: str
    product: str
    serial: str
    packet_bytes: Mapping[int, int]


class UsbInstrument(Instrument, Protocol):
    """An instrument that can hang on the virtual USB."""

    @property
    def usb(self) -> UsbDescription:
        """What it tells the host."""
        ...

    def transfers(self, data: bytes, now_s: float) -> list[tuple[int, bytes]]:
        """Take what the host has written, do what is due, return transfers by end point."""
        ...


def is_usb_address(address: str) -> bool:
    """Tell whether an address is one of a USB spectrometer."""
    return address.lower().startswith("seabreeze")


def usb_serial(address: str) -> str | None:
    """Return the serial number of a USB address, None where it is none."""
    match = _ADDRESS.match(address)
    return match.group(2) if match else None


def serial_of(table: Mapping[str, Any], usual: str) -> str:
    """Return the serial number that a table's address names, or the usual one."""
    return usb_serial(str(table.get("address", ""))) or usual
