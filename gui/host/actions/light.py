"""Light and what lets it pass, by hand."""

from gui.host.actions.action import LONGEST_S, Action, Values, number, text
from gui.messages import ActionInfo, FieldInfo
from instruments.light_sources import Emission, LightSource
from instruments.shutters import FilterWheel, Shutter
from instruments.switches import Switch


def light_actions(light: LightSource) -> tuple[Action, ...]:
    """Return what can be done by hand."""
    ranges = [light.irradiance_range_mw_cm2(c.wavelength_nm) for c in light.channels]

    def emit(values: Values) -> str:
        emission = Emission(
            wavelength_nm=number(values, "wavelength_nm"),
            irradiance_mw_cm2=number(values, "irradiance_mw_cm2"),
        )
        light.set(emission).wait(timeout=LONGEST_S)
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


def shutter_actions(shutter: Shutter) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def open_shutter(_: Values) -> str:
        shutter.set("open").wait(timeout=LONGEST_S)
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


def wheel_actions(wheel: FilterWheel) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def turn(values: Values) -> str:
        wheel.set(text(values, "filter_name")).wait(timeout=LONGEST_S)
        return f"{text(values, 'filter_name')} is in the beam"

    if not wheel.filters:
        return ()
    names = tuple(wheel.filters)
    field = FieldInfo(
        name="filter_name", kind="str", help="filter", choices=names, default=names[0]
    )
    info = ActionInfo(name="turn", label="Turn to", help="Put a filter in", fields=(field,))
    return (Action(info=info, work=turn),)


def switch_actions(switch: Switch) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def on(_: Values) -> str:
        switch.set("on").wait(timeout=LONGEST_S)
        return "is on"

    def off(_: Values) -> str:
        switch.stop(success=True)
        return "is off, confirmed"

    return (
        Action(
            info=ActionInfo(
                name="on",
                label="Switch on",
                help="Close the contact",
                confirm="What is behind it will be on. Is everybody protected?",
            ),
            work=on,
        ),
        Action(
            info=ActionInfo(name="off", label="Switch off", help="Open the contact", stops=True),
            work=off,
        ),
    )
