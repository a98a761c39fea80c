"""One managed line per physical port."""

from instruments.links.link import Link
from instruments.links.scripted import ScriptedLink
from instruments.links.wire_log import Direction, WireEntry, WireLog

__all__ = ["Direction", "Link", "ScriptedLink", "WireEntry", "WireLog"]
