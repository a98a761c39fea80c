"""What was found at one address."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An instrument, or a port behind which one may be.

    Attributes:
        bus: "USB", "serial" or "network".
        address: As a bench file wants it.
        what: What it says it is, or what the port is.
        models: Models of a bench file that it is, or may be; empty when it is not known.
        serial: Serial number, empty when it is not known.
        note: What hinders, or what to do next.
    """

    bus: str
    address: str
    what: str
    models: tuple[str, ...] = ()
    serial: str = ""
    note: str = ""
