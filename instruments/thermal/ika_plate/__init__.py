"""IKA hotplate stirrers with the NAMUR command set."""

from instruments.thermal.ika_plate.driver import MAX_SPEED_RPM, WATCHDOG_LIMITS_S, IkaPlate

__all__ = ["MAX_SPEED_RPM", "WATCHDOG_LIMITS_S", "IkaPlate"]
