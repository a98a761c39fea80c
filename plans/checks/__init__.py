"""Checks that several plans share."""

from plans.checks.bench import check_disk, check_positions
from plans.checks.light import check_dose, check_interval, check_light, check_probe_share
from plans.checks.liquids import check_syringe, check_vessel
from plans.checks.solvents import SOLVENTS, Solvent, check_flash_point, check_temperature

__all__ = [
    "SOLVENTS",
    "Solvent",
    "check_disk",
    "check_dose",
    "check_flash_point",
    "check_interval",
    "check_light",
    "check_positions",
    "check_probe_share",
    "check_syringe",
    "check_temperature",
    "check_vessel",
]
