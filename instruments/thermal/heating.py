"""How a thermostat is to be used, and what it needs of its driver."""

from dataclasses import dataclass
from typing import Protocol

from instruments.device import Driver


@dataclass(frozen=True, kw_only=True)
class Heating:
    """How a thermostat is to be used.

    Attributes:
        limit_degc: No set point above it is sent.
        overshoot_k: How far above the limit the probe may get before the heater is switched off.
        band_k: How near the set point the probe has to be.
        hold_s: How long it has to stay there.
        settle_timeout_s: When to give up waiting for it.
        stirring_limit_rpm: No faster stirring is sent.
    """

    limit_degc: float
    overshoot_k: float = 5.0
    band_k: float = 0.5
    hold_s: float = 60.0
    settle_timeout_s: float = 3600.0
    stirring_limit_rpm: float = 1500.0


class ThermostatDriver(Driver, Protocol):
    """What a thermostat needs of its driver."""

    @property
    def watchdog_s(self) -> float:
        """After how long without :meth:`feed_watchdog` the instrument switches itself off."""
        ...

    def prepare(self, limit_degc: float) -> None:
        """Switch the heater off and give the instrument its limit."""
        ...

    def temperature_degc(self) -> float:
        """Return the temperature at the probe."""
        ...

    def setpoint_degc(self) -> float:
        """Return the temperature that is set."""
        ...

    def heat_to(self, temperature_degc: float) -> None:
        """Set a temperature, arm the watchdog and heat."""
        ...

    def feed_watchdog(self) -> None:
        """Begin the time of the watchdog anew."""
        ...

    def stop_heating(self) -> None:
        """Switch the heater off, confirm it, disarm the watchdog."""
        ...

    def is_heating(self) -> bool:
        """Return whether the heater is on, as far as is known."""
        ...

    def fault(self) -> str:
        """Return what is wrong, "" for nothing."""
        ...

    def speed_rpm(self) -> float:
        """Return how fast it stirs."""
        ...

    def set_speed_rpm(self, speed_rpm: float) -> None:
        """Stir."""
        ...
