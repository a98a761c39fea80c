"""One managed line per physical port."""

from instruments.links.link import Link
from instruments.links.scripted import ScriptedLink
from instruments.links.serial_settings import FlowControl, Parity, SerialSettings
from instruments.links.wire_log import Direction, WireEntry, WireLog

__all__ = [
    "Direction",
    "FlowControl",
    "Link",
    "Parity",
    "ScriptedLink",
    "SerialSettings",
    "WireEntry",
    "WireLog",
]
