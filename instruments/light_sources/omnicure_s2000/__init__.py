"""OmniCure S2000 mercury lamp with iris and shutter."""

from instruments.light_sources.omnicure_s2000.driver import OmnicureS2000, UnitStatus

__all__ = ["OmnicureS2000", "UnitStatus"]
