"""Light-induced regrowth, followed and stopped by its PL."""

import dataclasses
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.power_meters.power_meter import PowerMeter
from instruments.pumps import SyringePump
from instruments.stages.stage import HOME
from instruments.thermal import Thermostat
from plans.analysis import (
    DegradationRule,
    DoseRule,
    Endpoint,
    EndpointState,
    PlateauRule,
    Rule,
    TargetPeakRule,
    TimeRule,
    TrackPoint,
)
from plans.annotations import (
    BaselineFrames,
    IntervalS,
    IrradianceMwCm2,
    MeterPosition,
    RateUlMin,
    Solvent,
)
from plans.checks import (
    check_dose,
    check_interval,
    check_probe_share,
    check_syringe,
    check_temperature,
)
from plans.experiments.base import plan_of
from plans.experiments.pl import NoSignalError, PLExperiment, require_peak
from plans.experiments.points import compare, doses
from plans.frames import PLSeries
from plans.logbook import Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.progress import Note
from plans.stubs import (
    dark,
    dispense,
    expose,
    heating_s,
    hold_temperature,
    save_event,
    set_and_wait,
    stir,
)

__all__ = ["IrradianceError", "LightRegrowth", "NoSignalError", "light_regrowth"]

_LAMP_WARM_UP_S = 1.0  # before the power meter is read
_ROOM_DEGC = 25.0


class IrradianceError(RuntimeError):
    """The power meter does not see the irradiance that the light source was asked for."""


@dataclass(frozen=True, eq=False)
class LightRegrowth(PLExperiment):
    """Light a dispersion until its PL says that the nanocrystals have regrown.

    A baseline in probe light, an exposure that is interrupted for a moment at every interval to
    take a spectrum in weak probe light, and a dark tail. The exposure ends by the first of:
    plateau of the peak, target peak, degradation, dose, time. The dose is integrated by the light
    source from the instants at which it was confirmed on and off.
    """

    _: dataclasses.KW_ONLY
    irradiance_mw_cm2: IrradianceMwCm2 = 20.0
    max_time_min: Annotated[
        float, Quantity(help="longest exposure", unit="min", minimum=1, maximum=1440)
    ] = 240.0
    max_dose_j_cm2: Annotated[
        float, Quantity(help="largest dose", unit="J/cm²", minimum=1, maximum=5000)
    ] = 300.0
    interval_s: IntervalS = 10.0
    baseline_frames: BaselineFrames = 10
    dark_tail_min: Annotated[
        float,
        Quantity(help="watch the sample after light-off", unit="min", minimum=0, maximum=240),
    ] = 60.0
    tail_interval_s: Annotated[
        float,
        Quantity(help="time between spectra after light-off", unit="s", minimum=1, maximum=600),
    ] = 60.0
    plateau: Annotated[bool, Quantity(help="stop when the peak stops moving")] = True
    plateau_window_min: Annotated[
        float, Quantity(help="window of the slope", unit="min", minimum=1, maximum=120)
    ] = 10.0
    plateau_threshold_nm_min: Annotated[
        float,
        Quantity(help="slope that counts as standing", unit="nm/min", minimum=0.0005, maximum=1),
    ] = 0.01
    plateau_hold_min: Annotated[
        float, Quantity(help="how long it must stand", unit="min", minimum=0, maximum=120)
    ] = 5.0
    min_shift_nm: Annotated[
        float, Quantity(help="shift before a plateau counts", unit="nm", minimum=0, maximum=50)
    ] = 1.0
    target_peak_nm: Annotated[
        float | None,
        Quantity(help="stop when the peak reaches this", unit="nm", minimum=450, maximum=700),
    ] = None
    min_area_fraction: Annotated[
        float,
        Quantity(
            help="stop when the area falls below this part of the start", minimum=0, maximum=1
        ),
    ] = 0.5
    temperature_degc: Annotated[
        float | None,
        Quantity(help="hold this temperature", unit="°C", minimum=10, maximum=60),
    ] = None
    stir_rpm: Annotated[float, Quantity(help="stirring", unit="rpm", minimum=0, maximum=1500)] = 0.0
    solvent: Solvent = "toluene"
    ligand_volume_ul: Annotated[
        float,
        Quantity(help="ligand solution to add before", unit="µL", minimum=0, maximum=10000),
    ] = 0.0
    ligand_rate_ul_min: RateUlMin = 500.0
    meter_position: MeterPosition = "meter"
    irradiance_tolerance: Annotated[
        float,
        Quantity(help="allowed deviation of the measured irradiance", minimum=0.01, maximum=1),
    ] = 0.1
    meter: Annotated[
        PowerMeter | None, Quantity(help="checks the irradiance before the run, with the stage")
    ] = None
    pump: Annotated[SyringePump | None, Quantity(help="adds the ligand solution")] = None
    thermostat: Annotated[Thermostat | None, Quantity(help="holds the temperature, stirs")] = None

    # -- what is asked for

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules that may end the exposure, in the order in which they are asked."""
        rules: list[Rule] = []
        if self.plateau:
            rules.append(
                PlateauRule(
                    window_s=60 * self.plateau_window_min,
                    threshold_nm_min=self.plateau_threshold_nm_min,
                    hold_s=60 * self.plateau_hold_min,
                    min_shift_nm=self.min_shift_nm,
                )
            )
        if self.target_peak_nm is not None:
            rules.append(TargetPeakRule(target_nm=self.target_peak_nm))
        rules.append(DegradationRule(min_area_fraction=self.min_area_fraction))
        rules.append(DoseRule(max_dose_j_cm2=self.max_dose_j_cm2))
        rules.append(TimeRule(max_time_s=60 * self.max_time_min))
        return tuple(rules)

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        frames = self.baseline_frames * self.interval_s
        heating = heating_s(self.thermostat) if self.temperature_degc is not None else 0.0
        return heating + frames + 60 * (self.max_time_min + self.dark_tail_min)

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        exposed = 60 * self.max_time_min / self.interval_s
        return int(self.baseline_frames + exposed + 60 * self.dark_tail_min / self.tail_interval_s)

    def probe_share(self) -> float:
        """Return the share of the dose that the probe light will have."""
        probe = self.probe_irradiance_mw_cm2 * self.frame_s()
        lit_s = max(self.interval_s - self.frame_s(), 1e-9)
        return probe / (probe + self.irradiance_mw_cm2 * lit_s)

    def irradiances_needed(self) -> tuple[float, ...]:
        """Return actinic and probe irradiance, mW/cm²."""
        return (self.irradiance_mw_cm2, self.probe_irradiance_mw_cm2)

    def positions_needed(self) -> tuple[str, ...]:
        """Return the position of the sample, and of the meter if there is one."""
        return (self.position, self.meter_position) if self.meter is not None else (self.position,)

    def details(self) -> Mapping[str, Any]:
        """Return which rules may end the exposure."""
        return {"endpoints": [type(rule).__name__ for rule in self.rules()]}

    def watched(self) -> Sequence[Any]:
        """Return the thermostat if it is used."""
        used = self.temperature_degc is not None or self.stir_rpm > 0
        return (self.thermostat,) if used and self.thermostat is not None else ()

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, dose, cadence, temperature and liquid."""
        yield from super().checks()
        yield check_probe_share(self.probe_share())
        yield check_interval(self.interval_s, self.frame_s())
        planned = self.irradiance_mw_cm2 * self.max_time_min * 60e-3
        yield check_dose(planned, self.max_dose_j_cm2)
        if self.temperature_degc is not None:
            yield check_temperature(self.temperature_degc, self.solvent, self.thermostat)
        if self.stir_rpm > 0 and self.thermostat is None:
            yield Check(name="stirring", verdict="refused", detail="there is no stirrer")
        yield from check_syringe(
            self.pump, self.ligand_volume_ul, self.ligand_rate_ul_min, what="ligand"
        )

    # -- what is done

    def prepare(self, log: PLSeries) -> MsgGenerator[None]:
        """Check the irradiance, bring the sample into the beam, warm it, add the ligand."""
        yield from self.set_exposure(log)
        yield from dark(self.light)
        if self.stage is not None and self.meter is not None:
            if not self.stage.is_homed():
                yield from set_and_wait(self.stage, HOME)
            yield from set_and_wait(self.stage, self.meter_position)
            yield from self._check_irradiance(self.meter)
        yield from log.go_to(self.stage, self.position)
        if self.thermostat is not None and self.stir_rpm > 0:
            yield from stir(self.thermostat, self.stir_rpm)
        if self.thermostat is not None and self.temperature_degc is not None:
            yield from hold_temperature(self.thermostat, self.temperature_degc)
        if self.pump is not None:
            yield from dispense(self.pump, self.ligand_volume_ul, self.ligand_rate_ul_min)

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Take the baseline, expose, watch the dark tail."""
        endpoint = Endpoint(self.rules())
        standing = Note("endpoint", _standing_of(endpoint))
        log.beside = (standing,)
        baseline = yield from log.points(self.baseline_frames, self.interval_s, phase="baseline")
        noise_nm = statistics.stdev(require_peak(baseline))
        yield from log.say(endpoint.feasibility(noise_nm, self.interval_s))
        verdict, exposed = yield from self._exposure(log, endpoint, standing, baseline)
        yield from log.end(verdict.rule, verdict.text)
        tail = yield from self._dark_tail(log)
        yield from log.conclude(_summary(baseline, tail or exposed, verdict, log))
        if self.thermostat is not None and self.stir_rpm > 0:
            yield from stir(self.thermostat, 0.0)

    def _check_irradiance(self, meter: PowerMeter) -> MsgGenerator[None]:
        yield from set_and_wait(meter.wavelength_nm, self.wavelength_nm)
        yield from set_and_wait(self.light, self.actinic(self.irradiance_mw_cm2))
        yield Msg("sleep", None, _LAMP_WARM_UP_S)
        yield from expose(meter)
        values = yield from save_event("meter", meter, self.light)
        yield from dark(self.light)
        measured = float(values[f"{meter.name}_irradiance_mw_cm2"])
        asked = self.irradiance_mw_cm2
        if not abs(measured / asked - 1) <= self.irradiance_tolerance:  # NaN fails, too
            raise IrradianceError(
                f"{meter.name} reads {measured:.3g} mW/cm² where {asked:g} mW/cm² was asked of "
                f"{self.light.name}: more than {100 * self.irradiance_tolerance:g} % off. "
                "Check that the sensor is in the beam, then calibrate the light source again"
            )

    def _exposure(
        self, log: PLSeries, endpoint: Endpoint, standing: Note, baseline: list[TrackPoint]
    ) -> MsgGenerator[tuple[EndpointState, list[TrackPoint]]]:
        log.progress.phase = "exposure"
        actinic, start_s = self.actinic(self.irradiance_mw_cm2), log.elapsed_s()
        for point in baseline:
            endpoint.reference(point)
        yield from set_and_wait(self.light, actinic)
        due_s = time.monotonic()
        points = []
        while True:
            due_s = yield from log.wait(due_s + self.interval_s)
            point = yield from log.frame()
            points.append(point)
            verdict = endpoint.update(dataclasses.replace(point, time_s=point.time_s - start_s))
            yield from set_and_wait(self.light, actinic if verdict is None else Emission.off())
            standing.update(_standing_of(endpoint))
            yield from log.publish()
            if verdict is not None:
                return verdict, points

    def _dark_tail(self, log: PLSeries) -> MsgGenerator[list[TrackPoint]]:
        number = int(60 * self.dark_tail_min // self.tail_interval_s)
        if number == 0:
            return []
        log.progress.phase = "dark_tail"
        yield from log.wait(time.monotonic() + self.tail_interval_s)
        return (yield from log.points(number, self.tail_interval_s))


def _standing_of(endpoint: Endpoint) -> dict[str, str | int | float]:
    """Return where each rule stands: its words, and how far it is from 0.0 to 1.0."""
    states = {state.rule: state for state in endpoint.states}
    standing: dict[str, str | int | float] = {}
    for rule in endpoint.rules:
        state = states.get(rule.name)
        standing[f"endpoint_{rule.name}"] = "" if state is None else state.text
        standing[f"endpoint_{rule.name}_progress"] = 0.0 if state is None else state.progress
    return standing


def _summary(
    baseline: list[TrackPoint], end: list[TrackPoint], verdict: EndpointState, log: PLSeries
) -> Row:
    """Return what a table of many runs holds of this one."""
    return {**compare(baseline, end), **doses(log), "ended_by": verdict.rule}


light_regrowth = plan_of(LightRegrowth)
