"""Power meters."""

from instruments.power_meters.power_meter import PowerMeter, PowerMeterDriver, PowerReading

__all__ = ["PowerMeter", "PowerMeterDriver", "PowerReading"]
