"""What heats: hotplate stirrers."""

from instruments.thermal.heating import Heating, ThermostatDriver
from instruments.thermal.settling import Settling
from instruments.thermal.thermostat import Thermostat

__all__ = ["Heating", "Settling", "Thermostat", "ThermostatDriver"]
