"""The quantities of a light source."""

import time

from ophyd import Component as Cpt

from instruments.light_sources.channel import LightState
from instruments.light_sources.ledger import DoseLedger
from instruments.ordered import OrderedDevice
from instruments.signals import InstrumentSignal


class LightSignals(OrderedDevice):
    """What can be read of a light source.

    Interlock rules watch ``fault``, ``is_led_open``, ``is_over_temperature`` and
    ``is_interlock_open``.
    """

    ledger: DoseLedger

    wavelength_nm = Cpt(
        InstrumentSignal,
        getter="_get_wavelength",
        kind="normal",
        units="nm",
        precision=0,
        doc="Nominal wavelength of the strongest light that is emitted, 0 when dark",
    )
    irradiance_mw_cm2 = Cpt(
        InstrumentSignal,
        getter="_get_irradiance",
        kind="hinted",
        units="mW/cm2",
        precision=3,
        doc="Irradiance at the sample of all light: level read back through the calibration",
    )
    current_ma = Cpt(
        InstrumentSignal,
        getter="_get_current",
        kind="normal",
        units="mA",
        precision=0,
        doc="Current read back, 0 when dark, NaN for a source that takes percent",
    )
    level_percent = Cpt(
        InstrumentSignal,
        getter="_get_level_percent",
        kind="normal",
        units="%",
        precision=1,
        doc="Level read back in percent of what the model can, 0 when dark",
    )
    is_on = Cpt(InstrumentSignal, getter="_get_is_on", kind="normal", doc="1 when it emits")
    emits = Cpt(
        InstrumentSignal,
        getter="_get_emits",
        kind="normal",
        doc="All wavelengths that are on with their irradiances, empty when dark",
    )
    fault = Cpt(
        InstrumentSignal, getter="_get_fault", kind="normal", doc="What is wrong, empty for nothing"
    )
    is_led_open = Cpt(
        InstrumentSignal,
        getter="_get_is_led_open",
        kind="normal",
        doc="1 when the circuit of an LED is open or its head is missing",
    )
    is_over_temperature = Cpt(
        InstrumentSignal,
        getter="_get_is_over_temperature",
        kind="normal",
        doc="1 when the source or its head is too hot",
    )
    is_interlock_open = Cpt(
        InstrumentSignal,
        getter="_get_is_interlock_open",
        kind="normal",
        doc="1 when the hardware interlock of the source is open; 0 where it reports none",
    )
    dose_j_cm2 = Cpt(
        InstrumentSignal,
        getter="_get_dose",
        kind="normal",
        units="J/cm2",
        precision=4,
        doc="Dose of all light since the ledger was reset",
    )
    probe_dose_j_cm2 = Cpt(
        InstrumentSignal,
        getter="_get_probe_dose",
        kind="normal",
        units="J/cm2",
        precision=4,
        doc="Share of the dose that came from probing",
    )
    on_time_s = Cpt(
        InstrumentSignal,
        getter="_get_on_time",
        kind="normal",
        units="s",
        precision=1,
        doc="Time with light since the ledger was reset",
    )
    lamp_hours = Cpt(
        InstrumentSignal,
        getter="_get_lamp_hours",
        kind="config",
        units="h",
        precision=0,
        doc="Age of the lamp as the source counts it, NaN for one that does not",
    )
    calibration = Cpt(
        InstrumentSignal,
        getter="_get_calibration",
        kind="config",
        doc="Irradiance by level of every channel, with the date of its calibration",
    )

    def state(self) -> LightState:
        """Ask the instrument what it emits."""
        raise NotImplementedError

    def _get_wavelength(self) -> float:
        channel = self.state().channel
        return 0.0 if channel is None else channel.wavelength_nm

    def _get_irradiance(self) -> float:
        return float(self.state().irradiance_mw_cm2)

    def _get_is_on(self) -> int:
        return int(bool(self.state().lit))

    def _get_emits(self) -> str:
        return " + ".join(
            f"{channel.wavelength_nm:g} nm at {irradiance:.4g} mW/cm2"
            for channel, _, irradiance in self.state().lit
        )

    def _get_fault(self) -> str:
        return ", ".join(map(str, self.state().faults))

    def _get_is_led_open(self) -> int:
        state = self.state()
        return int(state.has("led-open") or state.has("no-led"))

    def _get_is_over_temperature(self) -> int:
        return int(self.state().has("over-temperature"))

    def _get_is_interlock_open(self) -> int:
        return int(self.state().has("interlock"))

    def _get_dose(self) -> float:
        return self.ledger.dose_j_cm2(time.monotonic())

    def _get_probe_dose(self) -> float:
        return self.ledger.dose_j_cm2(time.monotonic(), purpose="probe")

    def _get_on_time(self) -> float:
        return self.ledger.on_time_s(time.monotonic())
