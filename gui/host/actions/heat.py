"""Hotplates, by hand."""

from gui.host.actions.action import LONGEST_S, Action, Values, number
from gui.messages import ActionInfo, FieldInfo
from instruments.thermal import Thermostat


def thermostat_actions(thermostat: Thermostat) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def heat(values: Values) -> str:
        temperature_degc = number(values, "temperature_degc")
        thermostat.set(temperature_degc).wait(timeout=LONGEST_S)
        return f"holds {temperature_degc:g} °C"

    def stir(values: Values) -> str:
        thermostat.stirring_rpm.set(number(values, "speed_rpm")).wait(timeout=LONGEST_S)
        return f"stirs at {number(values, 'speed_rpm'):g} rpm"

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
