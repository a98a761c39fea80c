"""CoolLED pE-300 light source."""

from instruments.light_sources.coolled_pe300.driver import CoolledPe300

__all__ = ["CoolledPe300"]
