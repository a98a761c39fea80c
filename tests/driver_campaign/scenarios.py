"""What the fault campaign lets each kind of device do.

A scenario is an order to a device and what must have happened before. Scenarios belong to kinds, so
that a further model has its entry without a line here; a further kind needs one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from instruments.balances import Balance
from instruments.gas import GasFlow
from instruments.light_sources import Emission, LightSource
from instruments.power_meters import PowerMeter
from instruments.pumps import Dispense, SyringePump
from instruments.shutters import FilterWheel, Shutter
from instruments.spectrometers import Spectrometer
from instruments.stages import Stage
from instruments.switches import Switch
from instruments.thermal import Thermostat


def nothing(device):
    """Need nothing before the order."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """An order.

    Attributes:
        name: What is done, for the table.
        order: Gives it; may return a status.
        before: Brings the device to where the order makes sense.
        connects: Whether the order itself connects the device.
        within_s: Time-out of the order.
    """

    name: str
    order: Callable
    before: Callable = nothing
    connects: bool = False
    within_s: float = 60.0


def finished(status):
    """Wait for a status."""
    status.wait(timeout=10_000)


def emission(light, share=0.5):
    """Return a light of the first channel in the middle of its range."""
    wavelength_nm = light.channels[0].wavelength_nm
    low, high = light.irradiance_range_mw_cm2(wavelength_nm)
    return Emission(wavelength_nm=wavelength_nm, irradiance_mw_cm2=low + share * (high - low))


def light_on(light):
    """Have the light on."""
    finished(light.set(emission(light)))


def axes(stage):
    """Return the axes of a stage."""
    return [
        getattr(stage, name)
        for name in stage.component_names
        if hasattr(getattr(stage, name), "home")
    ]


def home(stage):
    """Home all axes."""
    for axis in axes(stage):
        finished(axis.home())


ALWAYS = (
    Scenario(name="connect", order=lambda device: device.connect(), connects=True),
    Scenario(name="read", order=lambda device: device.read()),
    Scenario(name="make safe", order=lambda device: device.make_safe(30.0)),
)

BY_KIND = {
    LightSource: (
        Scenario(name="light on", order=lambda light: light.set(emission(light))),
        Scenario(
            name="other light", order=lambda light: light.set(emission(light, 0.2)), before=light_on
        ),
        Scenario(name="light off", order=lambda light: light.set(Emission.off()), before=light_on),
        Scenario(name="stop", order=lambda light: light.stop(success=True), before=light_on),
        Scenario(name="read lit", order=lambda light: light.read(), before=light_on),
    ),
    Shutter: (
        Scenario(name="open", order=lambda shutter: shutter.set("open")),
        Scenario(
            name="close",
            order=lambda shutter: shutter.set("closed"),
            before=lambda shutter: finished(shutter.set("open")),
        ),
    ),
    Switch: (
        Scenario(name="on", order=lambda switch: switch.set("on")),
        Scenario(
            name="off",
            order=lambda switch: switch.set("off"),
            before=lambda switch: finished(switch.set("on")),
        ),
    ),
    FilterWheel: (Scenario(name="turn", order=lambda wheel: wheel.set(3)),),
    GasFlow: (
        Scenario(name="flow", order=lambda gas: gas.set(50.0)),
        Scenario(
            name="no flow",
            order=lambda gas: gas.set(0.0),
            before=lambda gas: finished(gas.set(50.0)),
        ),
    ),
    PowerMeter: (
        Scenario(name="measure", order=lambda meter: meter.trigger()),
        Scenario(name="wavelength", order=lambda meter: meter.wavelength_nm.set(500)),
    ),
    Balance: (
        Scenario(name="weigh", order=lambda balance: balance.trigger(), within_s=120),
        Scenario(name="tare", order=lambda balance: balance.tare(), within_s=120),
    ),
    SyringePump: (
        Scenario(
            name="dispense",
            order=lambda pump: pump.set(Dispense(volume_ul=100, rate_ul_min=600)),
            within_s=120,
        ),
    ),
    Stage: (
        Scenario(name="home", order=lambda stage: axes(stage)[0].home(), within_s=120),
        Scenario(
            name="move", order=lambda stage: axes(stage)[0].set(5.0), before=home, within_s=120
        ),
    ),
    Spectrometer: (
        Scenario(name="spectrum", order=lambda spectrometer: spectrometer.trigger()),
        Scenario(
            name="exposure", order=lambda spectrometer: spectrometer.integration_time_s.set(0.25)
        ),
    ),
    Thermostat: (
        Scenario(name="heat", order=lambda plate: plate.set(30.0), within_s=4000),
        Scenario(
            name="off",
            order=lambda plate: plate.set("off"),
            before=lambda plate: finished(plate.set(30.0)),
        ),
    ),
}


def scenarios_of(kind):
    """Return the scenarios of a kind.

    Raises:
        LookupError: A kind has none: add them above.
    """
    for each, scenarios in BY_KIND.items():
        if issubclass(kind, each):
            return ALWAYS + scenarios
    raise LookupError(f"the fault campaign has no scenario for {kind.__name__}")
