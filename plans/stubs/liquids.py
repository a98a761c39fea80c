"""Dispense, withdraw, rinse, mix and settle."""

from bluesky.utils import Msg, MsgGenerator

from instruments.pumps import Dispense, SyringePump
from instruments.thermal import Thermostat
from plans.stubs.basic import set_and_wait
from plans.stubs.thermal import stir


def dispense(pump: SyringePump, volume_ul: float, rate_ul_min: float) -> MsgGenerator[None]:
    """Push a volume out of the syringe; nothing happens for no volume.

    Args:
        pump: The pump.
        volume_ul: Volume, µL.
        rate_ul_min: Rate, µL/min.
    """
    if volume_ul > 0:
        yield from set_and_wait(pump, Dispense(volume_ul=volume_ul, rate_ul_min=rate_ul_min))


def withdraw(pump: SyringePump, volume_ul: float, rate_ul_min: float) -> MsgGenerator[None]:
    """Pull a volume into the syringe; nothing happens for no volume.

    Args:
        pump: The pump.
        volume_ul: Volume, µL.
        rate_ul_min: Rate, µL/min.
    """
    if volume_ul > 0:
        job = Dispense(volume_ul=volume_ul, rate_ul_min=rate_ul_min, direction="withdraw")
        yield from set_and_wait(pump, job)


def rinse(
    supply: SyringePump, waste: SyringePump, *, volume_ul: float, rate_ul_min: float, times: int
) -> MsgGenerator[None]:
    """Fill a vessel with fresh solvent and empty it again, a few times.

    Args:
        supply: Brings the solvent.
        waste: Takes it away.
        volume_ul: Solvent of one rinse, µL.
        rate_ul_min: Rate of both pumps, µL/min.
        times: How often.
    """
    for _ in range(times):
        yield from dispense(supply, volume_ul, rate_ul_min)
        yield from withdraw(waste, volume_ul, rate_ul_min)


def mix(
    seconds: float,
    *,
    thermostat: Thermostat | None = None,
    speed_rpm: float = 500.0,
    pump: SyringePump | None = None,
    volume_ul: float = 200.0,
    rate_ul_min: float = 2000.0,
) -> MsgGenerator[None]:
    """Mix by the stirrer, else by drawing liquid in and pushing it out again, else by waiting.

    Args:
        seconds: How long to stir or wait, s; for a pump one stroke in and out is made.
        thermostat: Has the stirrer, if there is one.
        speed_rpm: How fast it stirs, 1/min.
        pump: Draws in and pushes out, when there is no stirrer.
        volume_ul: Stroke of the pump, µL.
        rate_ul_min: Rate of the pump, µL/min.
    """
    if thermostat is not None:
        yield from stir(thermostat, speed_rpm)
        yield from settle(seconds)
        yield from stir(thermostat, 0.0)
        return
    if pump is not None:
        yield from withdraw(pump, volume_ul, rate_ul_min)
        yield from dispense(pump, volume_ul, rate_ul_min)
    yield from settle(seconds)


def settle(seconds: float) -> MsgGenerator[None]:
    """Leave everything as it is for a while.

    Args:
        seconds: How long, s.
    """
    if seconds > 0:
        yield Msg("sleep", None, seconds)
