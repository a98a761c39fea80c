"""Rules of the bench that are watched whatever a plan does."""

from instruments.interlocks.rule import InterlockRule, read_rules
from instruments.interlocks.watch import InterlockWatch, Trip

__all__ = ["InterlockRule", "InterlockWatch", "Trip", "read_rules"]
