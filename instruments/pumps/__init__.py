"""Syringe pumps."""

from instruments.pumps.dispense import Direction, Dispense, PumpDriver, PumpProgress, Syringe
from instruments.pumps.syringe_pump import SyringePump

__all__ = ["Direction", "Dispense", "PumpDriver", "PumpProgress", "Syringe", "SyringePump"]
