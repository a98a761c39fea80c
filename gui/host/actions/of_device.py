"""Which actions a device has."""

from collections.abc import Callable
from typing import Any

from gui.host.actions.action import Action
from gui.host.actions.flow import gas_actions, pump_actions
from gui.host.actions.heat import thermostat_actions
from gui.host.actions.light import light_actions, shutter_actions, switch_actions, wheel_actions
from gui.host.actions.motion import stage_actions
from gui.host.actions.reading import balance_actions, meter_actions, spectrometer_actions
from instruments.balances import Balance
from instruments.device import BenchDevice
from instruments.gas import GasFlow
from instruments.light_sources import LightSource
from instruments.power_meters import PowerMeter
from instruments.pumps import SyringePump
from instruments.shutters import FilterWheel, Shutter
from instruments.spectrometers import Spectrometer
from instruments.stages import Stage
from instruments.switches import Switch
from instruments.thermal import Thermostat


def actions_of(device: BenchDevice) -> tuple[Action, ...]:
    """Return what can be done with a device by hand.

    Args:
        device: A device of the bench.
    """
    for kind, build in _BUILDERS:
        if isinstance(device, kind):
            return build(device)
    return ()


_BUILDERS: tuple[tuple[type[BenchDevice], Callable[[Any], tuple[Action, ...]]], ...] = (
    (LightSource, light_actions),
    (SyringePump, pump_actions),
    (GasFlow, gas_actions),
    (Stage, stage_actions),
    (Thermostat, thermostat_actions),
    (Shutter, shutter_actions),
    (FilterWheel, wheel_actions),
    (Switch, switch_actions),
    (Balance, balance_actions),
    (PowerMeter, meter_actions),
    (Spectrometer, spectrometer_actions),
)
