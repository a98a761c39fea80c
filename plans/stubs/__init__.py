"""Small pieces that plans are made of."""

from plans.stubs.basic import dark, expose, save_event, set_and_wait, sleep_until
from plans.stubs.light import expose_to_dose, move_dark
from plans.stubs.liquids import dispense, mix, rinse, settle, withdraw
from plans.stubs.thermal import heating_s, hold_temperature, ramp_temperature, stir

__all__ = [
    "dark",
    "dispense",
    "expose",
    "expose_to_dose",
    "heating_s",
    "hold_temperature",
    "mix",
    "move_dark",
    "ramp_temperature",
    "rinse",
    "save_event",
    "set_and_wait",
    "settle",
    "sleep_until",
    "stir",
    "withdraw",
]
