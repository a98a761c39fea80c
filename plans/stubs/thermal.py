"""Hold and ramp a temperature, and stir."""

import time

from bluesky.utils import Msg, MsgGenerator

from instruments.thermal import Thermostat
from plans.safety import Deliberately
from plans.stubs.basic import set_and_wait, sleep_until

_RAMP_STEP_S = 30.0
_HEATING_S = 1800.0  # a plate with a beaker takes this long to settle; estimates only


def heating_s(thermostat: Thermostat | None, rate_k_min: float = 0.0, way_k: float = 40.0) -> float:
    """Return about how long heating takes at most, s; 0 without a thermostat.

    Args:
        thermostat: The thermostat, or None.
        rate_k_min: Of a ramp, 0 for none.
        way_k: How far the ramp goes, K.
    """
    if thermostat is None:
        return 0.0
    ramp_s = 60 * way_k / rate_k_min if rate_k_min > 0 else 0.0
    return ramp_s + min(_HEATING_S, thermostat.heating.settle_timeout_s)


def hold_temperature(thermostat: Thermostat, temperature_degc: float) -> MsgGenerator[None]:
    """Heat, and wait until the probe has stayed in the thermostat's band for its hold time.

    Args:
        thermostat: The thermostat; its bench entry says how wide the band is.
        temperature_degc: What to hold, °C.
    """
    yield from set_and_wait(thermostat, temperature_degc)


def ramp_temperature(
    thermostat: Thermostat, temperature_degc: float, rate_k_min: float
) -> MsgGenerator[None]:
    """Move the set point at a steady rate from where the probe is, then hold the end.

    Args:
        thermostat: The thermostat.
        temperature_degc: Where the ramp ends, °C.
        rate_k_min: How fast, K/min.
    """
    reading = yield Msg("read", thermostat)
    start_degc = float(reading[f"{thermostat.name}_temperature_degc"]["value"])
    way_k = temperature_degc - start_degc
    steps = int(abs(way_k) / (rate_k_min * _RAMP_STEP_S / 60))
    due_s = time.monotonic()
    for step in range(1, steps + 1):
        due_s += _RAMP_STEP_S
        # A hotplate takes tenths; it would refuse what lies between them.
        target_degc = round(start_degc + way_k * step / (steps + 1), 1)
        yield Msg("set", thermostat, target_degc, group="ramp")
        yield from sleep_until(due_s)
        yield Msg("stop", Deliberately(thermostat))  # the step gives way to the next one
    yield from hold_temperature(thermostat, temperature_degc)


def stir(thermostat: Thermostat, speed_rpm: float) -> MsgGenerator[None]:
    """Stir, or stop stirring.

    Args:
        thermostat: Has the stirrer.
        speed_rpm: How fast, 1/min; 0 stops.
    """
    yield from set_and_wait(thermostat.stirring_rpm, speed_rpm)
