"""What only measures, by hand."""

from gui.host.actions.action import LONGEST_S, Action, Values, number
from gui.messages import ActionInfo, FieldInfo
from instruments.balances import Balance
from instruments.power_meters import PowerMeter
from instruments.spectrometers import Spectrometer


def balance_actions(balance: Balance) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def weigh(_: Values) -> str:
        balance.trigger().wait(timeout=LONGEST_S)
        return f"{float(balance.mass_g.get()):.4f} g"

    def tare(_: Values) -> str:
        balance.tare().wait(timeout=LONGEST_S)
        return "shows zero"

    return (
        Action(
            info=ActionInfo(name="weigh", label="Weigh", help="Wait for a stable weight"),
            work=weigh,
        ),
        Action(info=ActionInfo(name="tare", label="Tare", help="Set to zero"), work=tare),
    )


def meter_actions(meter: PowerMeter) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def measure(values: Values) -> str:
        meter.wavelength_nm.set(number(values, "wavelength_nm")).wait(timeout=LONGEST_S)
        meter.trigger().wait(timeout=LONGEST_S)
        power_w = float(meter.power_w.get())
        return f"{1e3 * power_w:.4g} mW, {float(meter.irradiance_mw_cm2.get()):.4g} mW/cm²"

    field = FieldInfo(
        name="wavelength_nm", help="corrected for", unit="nm", minimum=200, maximum=2000,
        default=405.0,
    )  # fmt: skip
    info = ActionInfo(name="measure", label="Measure", help="Take one reading", fields=(field,))
    return (Action(info=info, work=measure),)


def spectrometer_actions(spectrometer: Spectrometer) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def look(values: Values) -> str:
        spectrometer.integration_time_s.set(number(values, "integration_time_s")).wait(
            timeout=LONGEST_S
        )
        spectrometer.averages.set(int(number(values, "averages"))).wait(timeout=LONGEST_S)
        spectrometer.trigger().wait(timeout=LONGEST_S)
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
