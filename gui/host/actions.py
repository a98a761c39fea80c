"""What a person may ask of a device by hand, and how it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gui.messages import ActionInfo, FieldInfo, Value
from instruments.balances import Balance
from instruments.device import BenchDevice
from instruments.errors import LimitError
from instruments.light_sources import Emission, LightSource
from instruments.power_meters import PowerMeter
from instruments.pumps import Dispense, SyringePump
from instruments.shutters import FilterWheel, Shutter
from instruments.spectrometers import Spectrometer
from instruments.stages import Stage
from instruments.stages.stage import HOME
from instruments.thermal import Thermostat

Values = Mapping[str, Value]
Work = Callable[[Values], str]
_LONGEST_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action: what the window shows and what is done; `work` returns a sentence."""

    info: ActionInfo
    work: Work


def actions_of(device: BenchDevice) -> tuple[Action, ...]:
    """Return what can be done with a device by hand.

    Args:
        device: A device of the bench.
    """
    for kind, build in _BUILDERS:
        if isinstance(device, kind):
            return build(device)
    return ()


def _number(values: Values, name: str) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LimitError(name, f"takes a number, got {value!r}", value=value)
    return float(value)


def _text(values: Values, name: str) -> str:
    return str(values.get(name) or "")


def _light(light: LightSource) -> tuple[Action, ...]:
    ranges = [light.irradiance_range_mw_cm2(c.wavelength_nm) for c in light.channels]

    def emit(values: Values) -> str:
        emission = Emission(
            wavelength_nm=_number(values, "wavelength_nm"),
            irradiance_mw_cm2=_number(values, "irradiance_mw_cm2"),
        )
        light.set(emission).wait(timeout=_LONGEST_S)
        return f"emits {emission}"

    def off(_: Values) -> str:
        light.stop(success=True)
        return "is dark, confirmed"

    wavelengths = tuple(channel.wavelength_nm for channel in light.channels)
    fields = (
        FieldInfo(
            name="wavelength_nm",
            help="wavelength",
            unit="nm",
            choices=wavelengths,
            default=405.0 if 405.0 in wavelengths else wavelengths[0],
        ),
        FieldInfo(
            name="irradiance_mw_cm2",
            help="irradiance at the sample",
            unit="mW/cm²",
            minimum=min(low for low, _ in ranges),
            maximum=max(high for _, high in ranges),
            default=1.0,
        ),
    )
    return (
        Action(
            info=ActionInfo(
                name="emit",
                label="Light on",
                help="Emit one wavelength until it is switched off",
                fields=fields,
                confirm="Light will leave the source. Is everybody protected?",
            ),
            work=emit,
        ),
        Action(
            info=ActionInfo(
                name="off", label="Light off", help="Switch off and confirm", stops=True
            ),
            work=off,
        ),
    )


def _pump(pump: SyringePump) -> tuple[Action, ...]:
    def dispense(values: Values) -> str:
        what = Dispense(
            volume_ul=_number(values, "volume_ul"),
            rate_ul_min=_number(values, "rate_ul_min"),
            direction="withdraw" if values.get("direction") == "withdraw" else "infuse",
        )
        pump.set(what).wait(timeout=_LONGEST_S)
        return f"done: {what}"

    def reload(values: Values) -> str:
        pump.reload(_number(values, "volume_ul"))
        return "the syringe's account begins anew"

    def stop(_: Values) -> str:
        pump.stop(success=True)
        return "stands still, confirmed"

    capacity_ul = pump.syringe.capacity_ul
    volume = FieldInfo(
        name="volume_ul", help="volume", unit="µL", minimum=0.1, maximum=capacity_ul, default=100.0
    )
    rate = FieldInfo(
        name="rate_ul_min", help="rate", unit="µL/min", minimum=0.01, maximum=50000, default=500.0
    )
    direction = FieldInfo(
        name="direction", kind="str", help="direction", choices=("infuse", "withdraw"),
        default="infuse",
    )  # fmt: skip
    return (
        Action(
            info=ActionInfo(
                name="dispense",
                label="Dispense",
                help="Move the plunger by a volume at a rate",
                fields=(volume, rate, direction),
                confirm="The plunger will move. Is the tubing where it should be?",
            ),
            work=dispense,
        ),
        Action(
            info=ActionInfo(name="stop", label="Stop", help="Stop the plunger", stops=True),
            work=stop,
        ),
        Action(
            info=ActionInfo(
                name="reload",
                label="Refilled",
                help="Tell what is in the syringe after it was filled",
                fields=(
                    FieldInfo(
                        name="volume_ul",
                        help="volume in the syringe",
                        unit="µL",
                        minimum=0.0,
                        maximum=capacity_ul,
                        default=capacity_ul,
                    ),
                ),
            ),
            work=reload,
        ),
    )


def _stage(stage: Stage) -> tuple[Action, ...]:
    def go(values: Values) -> str:
        stage.set(_text(values, "position")).wait(timeout=_LONGEST_S)
        return f"stands at {_text(values, 'position')}"

    def move(values: Values) -> str:
        target = {axis: _number(values, f"{axis}_mm") for axis in stage.axis_names}
        stage.set(target).wait(timeout=_LONGEST_S)
        return "stands at " + ", ".join(f"{axis} {mm:g} mm" for axis, mm in target.items())

    def home(_: Values) -> str:
        stage.set(HOME).wait(timeout=_LONGEST_S)
        return "has found its reference"

    def stop(_: Values) -> str:
        stage.stop(success=True)
        return "stands still, confirmed"

    actions: list[Action] = []
    if stage.positions:
        position = FieldInfo(
            name="position", kind="str", help="named position", choices=tuple(stage.positions),
            default=next(iter(stage.positions)),
        )  # fmt: skip
        actions.append(
            Action(
                info=ActionInfo(
                    name="go",
                    label="Go to",
                    help="Move to a named position",
                    fields=(position,),
                    confirm="The stage will move. Is its way free?",
                ),
                work=go,
            )
        )
    axes = tuple(
        FieldInfo(name=f"{axis}_mm", help=f"axis {axis}", unit="mm", default=0.0)
        for axis in stage.axis_names
    )
    moving = "The stage will move. Is its way free?"
    actions += [
        Action(
            info=ActionInfo(
                name="move", label="Move", help="Move the axes", fields=axes, confirm=moving
            ),
            work=move,
        ),
        Action(
            info=ActionInfo(
                name="home",
                label="Home",
                help="Search the reference: every axis runs to its end",
                confirm="Every axis runs to its end. Is the way free?",
            ),
            work=home,
        ),
        Action(
            info=ActionInfo(name="stop", label="Stop", help="Stop every axis", stops=True),
            work=stop,
        ),
    ]
    return tuple(actions)


def _thermostat(thermostat: Thermostat) -> tuple[Action, ...]:
    def heat(values: Values) -> str:
        temperature_degc = _number(values, "temperature_degc")
        thermostat.set(temperature_degc).wait(timeout=_LONGEST_S)
        return f"holds {temperature_degc:g} °C"

    def stir(values: Values) -> str:
        thermostat.stirring_rpm.set(_number(values, "speed_rpm")).wait(timeout=_LONGEST_S)
        return f"stirs at {_number(values, 'speed_rpm'):g} rpm"

    def off(_: Values) -> str:
        thermostat.stop(success=True)
        return "the heater is off, confirmed"

    temperature = FieldInfo(
        name="temperature_degc",
        help="temperature at the probe",
        unit="°C",
        minimum=0.0,
        maximum=thermostat.heating.limit_degc,
        default=25.0,
    )
    speed = FieldInfo(
        name="speed_rpm",
        help="stirring",
        unit="rpm",
        minimum=0.0,
        maximum=thermostat.heating.stirring_limit_rpm,
        default=300.0,
    )
    return (
        Action(
            info=ActionInfo(
                name="heat",
                label="Heat",
                help="Heat to a temperature and keep it",
                fields=(temperature,),
                confirm="The plate will heat. Is a vessel with solvent on it meant for that?",
            ),
            work=heat,
        ),
        Action(
            info=ActionInfo(name="off", label="Heater off", help="Switch off", stops=True),
            work=off,
        ),
        Action(
            info=ActionInfo(
                name="stir",
                label="Stir",
                help="Stir at a speed",
                fields=(speed,),
                confirm="The bar will turn. Is the vessel in its place?",
            ),
            work=stir,
        ),
    )


def _shutter(shutter: Shutter) -> tuple[Action, ...]:
    def open_shutter(_: Values) -> str:
        shutter.set("open").wait(timeout=_LONGEST_S)
        return "is open"

    def close(_: Values) -> str:
        shutter.stop(success=True)
        return "is closed, confirmed"

    return (
        Action(
            info=ActionInfo(
                name="open",
                label="Open",
                help="Let the light pass",
                confirm="Light will pass. Is everybody protected?",
            ),
            work=open_shutter,
        ),
        Action(
            info=ActionInfo(name="close", label="Close", help="Close it", stops=True), work=close
        ),
    )


def _wheel(wheel: FilterWheel) -> tuple[Action, ...]:
    def turn(values: Values) -> str:
        wheel.set(_text(values, "filter_name")).wait(timeout=_LONGEST_S)
        return f"{_text(values, 'filter_name')} is in the beam"

    if not wheel.filters:
        return ()
    names = tuple(wheel.filters)
    field = FieldInfo(
        name="filter_name", kind="str", help="filter", choices=names, default=names[0]
    )
    info = ActionInfo(name="turn", label="Turn to", help="Put a filter in", fields=(field,))
    return (Action(info=info, work=turn),)


def _balance(balance: Balance) -> tuple[Action, ...]:
    def weigh(_: Values) -> str:
        balance.trigger().wait(timeout=_LONGEST_S)
        return f"{float(balance.mass_g.get()):.4f} g"

    def tare(_: Values) -> str:
        balance.tare().wait(timeout=_LONGEST_S)
        return "shows zero"

    return (
        Action(
            info=ActionInfo(name="weigh", label="Weigh", help="Wait for a stable weight"),
            work=weigh,
        ),
        Action(info=ActionInfo(name="tare", label="Tare", help="Set to zero"), work=tare),
    )


def _meter(meter: PowerMeter) -> tuple[Action, ...]:
    def measure(values: Values) -> str:
        meter.wavelength_nm.set(_number(values, "wavelength_nm")).wait(timeout=_LONGEST_S)
        meter.trigger().wait(timeout=_LONGEST_S)
        power_w = float(meter.power_w.get())
        return f"{1e3 * power_w:.4g} mW, {float(meter.irradiance_mw_cm2.get()):.4g} mW/cm²"

    field = FieldInfo(
        name="wavelength_nm", help="corrected for", unit="nm", minimum=200, maximum=2000,
        default=405.0,
    )  # fmt: skip
    info = ActionInfo(name="measure", label="Measure", help="Take one reading", fields=(field,))
    return (Action(info=info, work=measure),)


def _spectrometer(spectrometer: Spectrometer) -> tuple[Action, ...]:
    def look(values: Values) -> str:
        spectrometer.integration_time_s.set(_number(values, "integration_time_s")).wait(
            timeout=_LONGEST_S
        )
        spectrometer.averages.set(int(_number(values, "averages"))).wait(timeout=_LONGEST_S)
        spectrometer.trigger().wait(timeout=_LONGEST_S)
        return f"strongest pixel {float(spectrometer.peak_counts.get()):.0f} counts"

    fields = (
        FieldInfo(
            name="integration_time_s", help="integration time", unit="s", minimum=0.001,
            maximum=60, default=0.2,
        ),
        FieldInfo(
            name="averages", kind="int", help="spectra averaged", minimum=1, maximum=1000, default=1
        ),
    )  # fmt: skip
    info = ActionInfo(name="look", label="Take a spectrum", help="Show one spectrum", fields=fields)
    return (Action(info=info, work=look),)


_BUILDERS: tuple[tuple[type[BenchDevice], Callable[[Any], tuple[Action, ...]]], ...] = (
    (LightSource, _light),
    (SyringePump, _pump),
    (Stage, _stage),
    (Thermostat, _thermostat),
    (Shutter, _shutter),
    (FilterWheel, _wheel),
    (Balance, _balance),
    (PowerMeter, _meter),
    (Spectrometer, _spectrometer),
)
