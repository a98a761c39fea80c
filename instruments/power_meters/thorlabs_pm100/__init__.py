"""Thorlabs PM100 family of power meters."""

from instruments.power_meters.thorlabs_pm100.driver import SensorIdentity, ThorlabsPm100

__all__ = ["SensorIdentity", "ThorlabsPm100"]
