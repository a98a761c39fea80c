"""Syringe pumps."""

from instruments.pumps.dispense import Direction, Dispense, PumpDriver, PumpProgress, Syringe
from instruments.pumps.syringe_pump import SyringePump
from instruments.pumps.syringes import SyringeModel, syringe_library

__all__ = [
    "Direction",
    "Dispense",
    "PumpDriver",
    "PumpProgress",
    "Syringe",
    "SyringeModel",
    "SyringePump",
    "syringe_library",
]
