"""CoolLED pE-4000 light source."""

from instruments.light_sources.coolled_pe4000.driver import CoolledPe4000

__all__ = ["CoolledPe4000"]
