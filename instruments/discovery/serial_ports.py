"""Serial ports of this computer, by what their USB side says.

Nothing is written to a port and none is opened: what hangs on a serial converter cannot be told
from outside, and the wrong question can start a pump.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from instruments.discovery.finding import Finding

_CONVERTERS = {
    0x0403: "FTDI",
    0x067B: "Prolific",
    0x10C4: "Silicon Labs",
    0x1A86: "WCH",
}
"""Makers of serial converters, which say nothing of the instrument behind them."""

_WORDS = {
    "zaber": ("zaber-ascii",),
    "dc4100": ("thorlabs-dc4100",),
    "dc4104": ("thorlabs-dc4100",),
    "dc2100": ("thorlabs-dc2100",),
    "sc10": ("thorlabs-sc10",),
    "fw102": ("thorlabs-fw102c",),
    "esp301": ("newport-esp301",),
    "coolled": ("coolled-pe4000", "coolled-pe300"),
    "ika": ("ika-plate",),
    "mettler": ("mt-sics",),
    "sartorius": ("sartorius-sbi",),
}
"""Words in the text of the maker or of the product, and what they hint at."""


class PortInfo(Protocol):
    """What pyserial knows of a port."""

    device: str
    description: str | None
    manufacturer: str | None
    product: str | None
    serial_number: str | None
    vid: int | None
    pid: int | None


def serial_ports(list_ports: Callable[[], Iterable[PortInfo]] | None = None) -> list[Finding]:
    """Return the serial ports with what their descriptors hint at.

    Args:
        list_ports: Lists them; None takes pyserial's own.
    """
    if list_ports is None:
        from serial.tools.list_ports import comports

        list_ports = comports
    found = sorted(list_ports(), key=lambda port: port.device)
    return [_finding(port) for port in found]


def visa_address(device: str) -> str:
    """Return the VISA address of a serial port: ``COM4`` is ``ASRL4::INSTR``."""
    number = device[3:] if device.upper().startswith("COM") else device
    return f"ASRL{number}::INSTR"


def _finding(port: PortInfo) -> Finding:
    texts = [text for text in (port.manufacturer, port.product) if text]
    words = " ".join(texts).lower().replace("-", " ").split()
    models = tuple(
        model
        for word, candidates in _WORDS.items()
        if any(part.startswith(word) for part in words)
        for model in candidates
    )
    return Finding(
        bus="serial",
        address=visa_address(port.device),
        what=_what(port, texts),
        models=models,
        serial=port.serial_number or "",
        note="" if models else "name the instrument: regrow discover --probe ADDRESS --as MODEL",
    )


def _what(port: PortInfo, texts: list[str]) -> str:
    if port.vid is None:
        return f"serial port of the computer ({port.device})"
    ids = f"{port.vid:04x}:{port.pid or 0:04x}"
    maker = _CONVERTERS.get(port.vid)
    if maker is not None:
        return f"{maker} serial converter {ids} ({', '.join(texts) or port.device})"
    return f"USB serial port {ids} ({', '.join(texts) or port.description or port.device})"
