"""Light-induced regrowth, followed and stopped by its PL."""

import dataclasses
import statistics
import time
from collections.abc import Sequence
from typing import Annotated, Any

from bluesky.preprocessors import finalize_wrapper
from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.power_meters.power_meter import PowerMeter
from instruments.pumps import Dispense, SyringePump
from instruments.spectrometers.spectrometer import Spectrometer
from instruments.stages.stage import HOME, Stage
from plans.analysis import Endpoint, EndpointState, TrackPoint
from plans.frames import PLSeries
from plans.live.tracker import PLTracker
from plans.parameters import Quantity
from plans.preflight import require
from plans.progress import Note
from plans.regrowth_settings import RegrowthSettings, preflight
from plans.safety import ending_safe
from plans.stubs import dark, expose, save_event, set_and_wait

_LAMP_WARM_UP_S = 1.0  # before the power meter is read


class IrradianceError(RuntimeError):
    """The power meter does not see the irradiance that the light source was asked for."""


class NoSignalError(RuntimeError):
    """The baseline shows no PL; the sample was not exposed."""


def light_regrowth(
    spectrometer: Spectrometer,
    light: LightSource,
    *,
    wavelength_nm: Annotated[
        float,
        Quantity(
            help="wavelength of the actinic light",
            unit="nm",
            choices=(365.0, 385.0, 405.0, 450.0, 470.0, 530.0),
        ),
    ] = 405.0,
    irradiance_mw_cm2: Annotated[
        float,
        Quantity(help="irradiance at the sample", unit="mW/cm²", minimum=0.1, maximum=200),
    ] = 20.0,
    max_time_min: Annotated[
        float, Quantity(help="longest exposure", unit="min", minimum=1, maximum=1440)
    ] = 240.0,
    max_dose_j_cm2: Annotated[
        float, Quantity(help="largest dose", unit="J/cm²", minimum=1, maximum=5000)
    ] = 300.0,
    interval_s: Annotated[
        float, Quantity(help="time between PL spectra", unit="s", minimum=1, maximum=600)
    ] = 10.0,
    probe_irradiance_mw_cm2: Annotated[
        float,
        Quantity(
            help="irradiance while a spectrum is taken", unit="mW/cm²", minimum=0.05, maximum=20
        ),
    ] = 1.0,
    integration_time_s: Annotated[
        float, Quantity(help="integration time of a spectrum", unit="s", minimum=0.006, maximum=10)
    ] = 0.2,
    averages: Annotated[
        int, Quantity(help="spectra averaged into one", minimum=1, maximum=100)
    ] = 1,
    baseline_frames: Annotated[
        int, Quantity(help="spectra before the exposure", minimum=3, maximum=50)
    ] = 10,
    dark_tail_min: Annotated[
        float,
        Quantity(help="watch the sample after light-off", unit="min", minimum=0, maximum=240),
    ] = 60.0,
    tail_interval_s: Annotated[
        float,
        Quantity(help="time between spectra after light-off", unit="s", minimum=1, maximum=600),
    ] = 60.0,
    plateau: Annotated[bool, Quantity(help="stop when the peak stops moving")] = True,
    plateau_window_min: Annotated[
        float, Quantity(help="window of the slope", unit="min", minimum=1, maximum=120)
    ] = 10.0,
    plateau_threshold_nm_min: Annotated[
        float,
        Quantity(help="slope that counts as standing", unit="nm/min", minimum=0.0005, maximum=1),
    ] = 0.01,
    plateau_hold_min: Annotated[
        float, Quantity(help="how long it must stand", unit="min", minimum=0, maximum=120)
    ] = 5.0,
    min_shift_nm: Annotated[
        float, Quantity(help="shift before a plateau counts", unit="nm", minimum=0, maximum=50)
    ] = 1.0,
    target_peak_nm: Annotated[
        float | None,
        Quantity(help="stop when the peak reaches this", unit="nm", minimum=450, maximum=700),
    ] = None,
    min_area_fraction: Annotated[
        float,
        Quantity(
            help="stop when the area falls below this part of the start", minimum=0, maximum=1
        ),
    ] = 0.5,
    ligand_volume_ul: Annotated[
        float,
        Quantity(help="ligand solution to add before", unit="µL", minimum=0, maximum=10000),
    ] = 0.0,
    ligand_rate_ul_min: Annotated[
        float, Quantity(help="rate of the addition", unit="µL/min", minimum=1, maximum=20000)
    ] = 500.0,
    position: Annotated[str, Quantity(help="stage position of the sample")] = "sample",
    meter_position: Annotated[str, Quantity(help="stage position of the power meter")] = "meter",
    irradiance_tolerance: Annotated[
        float,
        Quantity(help="allowed deviation of the measured irradiance", minimum=0.01, maximum=1),
    ] = 0.1,
    sample: Annotated[str, Quantity(help="what is in the vial, for the record")] = "",
    stage: Stage | None = None,
    meter: PowerMeter | None = None,
    pump: SyringePump | None = None,
    md: dict[str, Any] | None = None,
) -> MsgGenerator[None]:
    """Light a dispersion until its PL says that the nanocrystals have regrown.

    A baseline in probe light, an exposure that is interrupted for a moment at every interval to
    take a spectrum in weak probe light, and a dark tail. The exposure ends by the first of:
    plateau of the peak, target peak, degradation, dose, time. The dose is integrated by the light
    source from the instants at which it was confirmed on and off.

    Args:
        spectrometer: Takes the PL spectra.
        light: Actinic and probe light.
        wavelength_nm: Wavelength of the actinic and the probe light, nm.
        irradiance_mw_cm2: Actinic irradiance at the sample, mW/cm².
        max_time_min: Longest exposure, min.
        max_dose_j_cm2: Largest dose, J/cm².
        interval_s: Time between spectra, s.
        probe_irradiance_mw_cm2: Irradiance while a spectrum is taken, mW/cm².
        integration_time_s: Integration time of a spectrum, s.
        averages: Spectra averaged into one.
        baseline_frames: Spectra before the exposure.
        dark_tail_min: Time watched after light-off, min; fusion goes on for a while.
        tail_interval_s: Time between spectra after light-off, s.
        plateau: Whether a plateau of the peak ends the exposure.
        plateau_window_min: Window over which the slope is taken, min.
        plateau_threshold_nm_min: Slope below which the peak stands, nm/min.
        plateau_hold_min: Time for which it must stand, min.
        min_shift_nm: Shift that must have happened before a plateau counts, nm.
        target_peak_nm: Peak that ends the exposure, nm; None for none.
        min_area_fraction: Part of the first area below which the sample counts as degraded.
        ligand_volume_ul: Ligand solution that the pump adds before the baseline, µL.
        ligand_rate_ul_min: Rate of that addition, µL/min.
        position: Named stage position of the sample.
        meter_position: Named stage position of the power meter.
        irradiance_tolerance: Relative deviation of the measured from the set irradiance above
            which the run is refused.
        sample: What is in the vial; written into the record.
        stage: Brings sample and power meter into the beam; None if nothing moves.
        meter: Checks the irradiance before the run, with the stage; None for no check.
        pump: Adds the ligand solution; None if nothing is added.
        md: Further metadata.

    Raises:
        PreflightError: Before anything is switched, naming every reason.
    """
    arguments = {
        key: value
        for key, value in locals().items()
        if key in {field.name for field in dataclasses.fields(RegrowthSettings)}
    }
    settings = RegrowthSettings(**arguments)
    checks = preflight(settings, light=light, stage=stage, meter=meter, pump=pump)
    require("light_regrowth", checks)
    run = RegrowthRun(settings, spectrometer, light, stage=stage, meter=meter, pump=pump)
    notes = [f"{check.name}: {check.detail}" for check in checks if check.verdict == "note"]
    metadata = {
        "plan_name": "light_regrowth",
        "plan_args": {**arguments, "spectrometer": spectrometer.name, "light": light.name},
        "sample": sample or "not named",
        "endpoints": [type(rule).__name__ for rule in settings.rules()],
        "longest_s": settings.longest_s(),
        **(md or {}),
    }
    yield Msg("open_run", None, **metadata)
    token = yield Msg("subscribe", None, run.tracker, "all")
    safely = ending_safe(run.whole(notes), (light, pump, stage))
    yield from finalize_wrapper(safely, run.note_dose)
    yield Msg("unsubscribe", None, token=token)
    yield Msg("close_run")


class RegrowthRun:
    """One light regrowth from the irradiance check to the end of the dark tail.

    Args:
        settings: The parameters, checked.
        spectrometer: Takes the PL spectra.
        light: Actinic and probe light.
        stage: Brings sample and power meter into the beam, or None.
        meter: Checks the irradiance, or None.
        pump: Adds ligand, or None.
    """

    def __init__(
        self,
        settings: RegrowthSettings,
        spectrometer: Spectrometer,
        light: LightSource,
        *,
        stage: Stage | None,
        meter: PowerMeter | None,
        pump: SyringePump | None,
    ) -> None:
        self.settings = settings
        self.tracker = PLTracker(spectrometer=spectrometer.name, light=light.name)
        self.endpoint = Endpoint(settings.rules())
        self._spectrometer, self._light = spectrometer, light
        self._stage, self._meter, self._pump = stage, meter, pump
        self._actinic = Emission(
            wavelength_nm=settings.wavelength_nm, irradiance_mw_cm2=settings.irradiance_mw_cm2
        )
        probe = Emission(
            wavelength_nm=settings.wavelength_nm,
            irradiance_mw_cm2=settings.probe_irradiance_mw_cm2,
            purpose="probe",
        )
        self._notes = Note("notes", {"note": ""})
        self._series = PLSeries(spectrometer, light, probe=probe, tracker=self.tracker)

    def whole(self, notes: Sequence[str] = ()) -> MsgGenerator[None]:
        """Yield the run between its opening and its closing.

        Args:
            notes: What the preflight found worth saying; written into the run.
        """
        yield from self._say(notes)
        yield from self._prepare()
        yield Msg("stage", self._light)  # from here on the light's dose is the sample's
        baseline = yield from self._baseline()
        yield from self._say_what_cannot_be_met(baseline)
        verdict, number = yield from self._exposure(baseline)
        yield from self._note_ending(verdict, number)
        yield from self._dark_tail()

    def note_dose(self) -> MsgGenerator[None]:
        """Write the final dose, however the run has ended."""
        yield from self._series.note_dose()

    def _prepare(self) -> MsgGenerator[None]:
        settings, spectrometer = self.settings, self._spectrometer
        yield from set_and_wait(spectrometer.integration_time_s, settings.integration_time_s)
        yield from set_and_wait(spectrometer.averages, settings.averages)
        yield from dark(self._light)
        if self._stage is not None and not self._stage.is_homed():
            yield from set_and_wait(self._stage, HOME)
        if self._stage is not None and self._meter is not None:
            yield from set_and_wait(self._stage, settings.meter_position)
            yield from self._check_irradiance(self._meter)
        if self._stage is not None:
            yield from set_and_wait(self._stage, settings.position)
        if self._pump is not None and settings.ligand_volume_ul > 0:
            dispense = Dispense(
                volume_ul=settings.ligand_volume_ul, rate_ul_min=settings.ligand_rate_ul_min
            )
            yield from set_and_wait(self._pump, dispense)

    def _check_irradiance(self, meter: PowerMeter) -> MsgGenerator[None]:
        yield from set_and_wait(meter.wavelength_nm, self.settings.wavelength_nm)
        yield from set_and_wait(self._light, self._actinic)
        yield Msg("sleep", None, _LAMP_WARM_UP_S)
        yield from expose(meter)
        values = yield from save_event("meter", meter, self._light)
        yield from dark(self._light)
        measured = float(values[f"{meter.name}_irradiance_mw_cm2"])
        asked = self.settings.irradiance_mw_cm2
        if not abs(measured / asked - 1) <= self.settings.irradiance_tolerance:  # NaN fails, too
            allowed = 100 * self.settings.irradiance_tolerance
            raise IrradianceError(
                f"{meter.name} reads {measured:.3g} mW/cm² where {asked:g} mW/cm² was asked of "
                f"{self._light.name}: more than {allowed:g} % off. "
                "Check that the sensor is in the beam, then calibrate the light source again"
            )

    def _baseline(self) -> MsgGenerator[list[TrackPoint]]:
        yield from self._series.dark_frame()
        points = []
        due_s = time.monotonic()
        for _ in range(self.settings.baseline_frames):
            due_s = yield from self._series.wait(due_s)
            points.append((yield from self._series.frame()))
            yield from dark(self._light)
            yield from self._series.publish()
            due_s += self.settings.interval_s
        return points

    def _say_what_cannot_be_met(self, baseline: list[TrackPoint]) -> MsgGenerator[None]:
        peaks = [point.peak_nm for point in baseline if point.peak_nm is not None]
        if len(peaks) < 2:
            flags = ", ".join(sorted({flag for point in baseline for flag in point.flags}))
            raise NoSignalError(
                f"{len(peaks)} of {len(baseline)} baseline spectra show a PL peak "
                f"(flags: {flags or 'none'}): "
                "check sample, probe irradiance and integration time; the sample was not exposed"
            )
        noise_nm = statistics.stdev(peaks)
        yield from self._say(self.endpoint.feasibility(noise_nm, self.settings.interval_s))

    def _say(self, texts: Sequence[str]) -> MsgGenerator[None]:
        for text in texts:
            self._notes.update({"note": text})
            yield from save_event("notes", self._notes)

    def _exposure(self, baseline: list[TrackPoint]) -> MsgGenerator[tuple[EndpointState, int]]:
        series = self._series
        series.progress.phase = "exposure"
        start_s = series.elapsed_s()
        for point in baseline:
            self.endpoint.reference(point)
        yield from set_and_wait(self._light, self._actinic)
        due_s = time.monotonic()
        while True:
            due_s = yield from series.wait(due_s + self.settings.interval_s)
            point = yield from series.frame()
            exposed = dataclasses.replace(point, time_s=point.time_s - start_s)
            verdict = self.endpoint.update(exposed)
            yield from set_and_wait(
                self._light, self._actinic if verdict is None else Emission.off()
            )
            yield from series.publish()
            if verdict is not None:
                return verdict, series.progress.frame

    def _note_ending(self, verdict: EndpointState, number: int) -> MsgGenerator[None]:
        values: dict[str, str | int | float] = {
            "ending_rule": verdict.rule,
            "ending_text": verdict.text,
            "ending_elapsed_s": self._series.progress.elapsed_s,
            "ending_seq_num": number,
        }
        yield from save_event("ending", Note("ending", values, {"ending_elapsed_s": "s"}))

    def _dark_tail(self) -> MsgGenerator[None]:
        series, settings = self._series, self.settings
        series.progress.phase = "dark_tail"
        due_s = time.monotonic()
        for _ in range(int(60 * settings.dark_tail_min // settings.tail_interval_s)):
            due_s = yield from series.wait(due_s + settings.tail_interval_s)
            yield from series.frame()
            yield from dark(self._light)
            yield from series.publish()
