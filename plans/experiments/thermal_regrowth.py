"""Regrowth or annealing by heat, followed by its PL."""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from bluesky.utils import MsgGenerator

from instruments.thermal import Thermostat
from plans.analysis import (
    DegradationRule,
    Endpoint,
    EndpointState,
    PlateauRule,
    Rule,
    TargetPeakRule,
    TimeRule,
    TrackPoint,
)
from plans.annotations import AutoExposure, BaselineFrames, IntervalS, Solvent
from plans.checks import check_flash_point, check_interval, check_temperature
from plans.experiments.base import plan_of
from plans.experiments.pl import PLExperiment, require_peak
from plans.experiments.points import compare, doses, mean_point
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import heating_s, hold_temperature, ramp_temperature, set_and_wait

_OFF = "off"


@dataclass(frozen=True, eq=False)
class ThermalRegrowth(PLExperiment):
    """Heat a dispersion or a dry film and follow its PL, then let it cool and look again.

    A baseline as the sample is, the way to the temperature, spectra at every interval while it is
    held, and spectra while it cools with the heater off. Warm nanocrystals glow weaker and at
    another wavelength, which is no reaction: what is compared are the baseline and the last spectra
    after cooling, and both temperatures stand in the summary. The holding ends by the first of:
    plateau of the peak, target peak, degradation, time.
    """

    _: dataclasses.KW_ONLY
    temperature_degc: Annotated[
        float, Quantity(help="temperature to hold", unit="°C", minimum=25, maximum=120)
    ] = 60.0
    ramp_k_min: Annotated[
        float, Quantity(help="how fast to heat, 0 for at once", unit="K/min", minimum=0, maximum=20)
    ] = 2.0
    hold_min: Annotated[
        float, Quantity(help="longest time at the temperature", unit="min", minimum=1, maximum=1440)
    ] = 120.0
    cool_min: Annotated[
        float, Quantity(help="time to cool, heater off", unit="min", minimum=1, maximum=600)
    ] = 60.0
    interval_s: IntervalS = 30.0
    solvent: Solvent = "toluene"
    is_dry: Annotated[bool, Quantity(help="a dry film, with no solvent left that could boil")] = (
        False
    )
    plateau: Annotated[bool, Quantity(help="stop holding when the peak stops moving")] = True
    target_peak_nm: Annotated[
        float | None,
        Quantity(
            help="stop holding when the peak reaches this", unit="nm", minimum=450, maximum=700
        ),
    ] = None
    min_area_fraction: Annotated[
        float,
        Quantity(help="stop when the area falls below this part of that at the start of the hold",
                 minimum=0, maximum=1),
    ] = 0.5  # fmt: skip
    baseline_frames: BaselineFrames = 5
    auto_exposure: AutoExposure = True
    thermostat: Annotated[Thermostat | None, Quantity(help="heats the sample")] = None

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        heating = heating_s(self.thermostat, self.ramp_k_min, self.temperature_degc - 15.0)
        frames = 2 * self.baseline_frames * self.interval_s
        return heating + frames + 60 * (self.hold_min + self.cool_min) + 60.0

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        return int(60 * (self.hold_min + self.cool_min) / self.interval_s) + self.baseline_frames

    def watched(self) -> Sequence[Any]:
        """Return the thermostat."""
        return () if self.thermostat is None else (self.thermostat,)

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules that may end the holding, in the order in which they are asked."""
        rules: list[Rule] = [PlateauRule()] if self.plateau else []
        if self.target_peak_nm is not None:
            rules.append(TargetPeakRule(target_nm=self.target_peak_nm))
        rules.append(DegradationRule(min_area_fraction=self.min_area_fraction))
        rules.append(TimeRule(max_time_s=60 * self.hold_min))
        return tuple(rules)

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, cadence, heat and flash point."""
        yield from super().checks()
        yield check_interval(self.interval_s, self.frame_s())
        if self.thermostat is None:
            yield Check(name="temperature", verdict="refused", detail="there is no thermostat")
            return
        yield check_temperature(
            self.temperature_degc, self.solvent, self.thermostat, is_dry=self.is_dry
        )
        if not self.is_dry:
            yield from check_flash_point(self.solvent, self.temperature_degc)

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Take the baseline, heat, hold, cool and compare."""
        assert self.thermostat is not None  # preflight has seen to it
        if self.auto_exposure:
            yield from log.auto_expose()
        baseline = yield from log.points(self.baseline_frames, self.interval_s, phase="baseline")
        require_peak(baseline)
        cold_degc = self._probe_degc(log)
        log.progress.phase = "heating"
        if self.ramp_k_min > 0:
            yield from ramp_temperature(self.thermostat, self.temperature_degc, self.ramp_k_min)
        else:
            yield from hold_temperature(self.thermostat, self.temperature_degc)
        verdict, held = yield from self._hold(log)
        held_degc = self._probe_degc(log)
        yield from set_and_wait(self.thermostat, _OFF)
        yield from log.end(verdict.rule, verdict.text)
        number = max(int(60 * self.cool_min / self.interval_s), self.baseline_frames)
        cooled = yield from log.points(number, self.interval_s, phase="cooling")
        warm = mean_point(held[-self.baseline_frames :])
        yield from log.conclude(
            {
                **compare(baseline, cooled),
                "peak_held_nm": warm.peak_nm,
                "temperature_start_degc": cold_degc,
                "temperature_held_degc": held_degc,
                "temperature_end_degc": self._probe_degc(log),
                "held_s": held[-1].time_s - held[0].time_s,
                **doses(log),
                "ended_by": verdict.rule,
            }
        )

    def _hold(self, log: PLSeries) -> MsgGenerator[tuple[EndpointState, list[TrackPoint]]]:
        log.progress.phase = "holding"
        endpoint = Endpoint(self.rules())
        # The start of the hold is what it is held against: on the way up the PL changes by itself.
        start_s = None
        points: list[TrackPoint] = []
        due_s = time.monotonic()
        while True:
            point = yield from log.dark_point()
            start_s = point.time_s if start_s is None else start_s
            points.append(point)
            yield from log.result(self._row(log, point, point.time_s - start_s))
            if len(points) <= self.baseline_frames:
                endpoint.reference(point)
            verdict = endpoint.update(dataclasses.replace(point, time_s=point.time_s - start_s))
            if verdict is not None:
                return verdict, points
            due_s = yield from log.wait(due_s + self.interval_s)

    def _row(self, log: PLSeries, point: TrackPoint, held_s: float) -> dict[str, float]:
        return {
            "held_s": held_s,
            "temperature_degc": self._probe_degc(log),
            "peak_nm": NO_NUMBER if point.peak_nm is None else point.peak_nm,
            "fwhm_nm": NO_NUMBER if point.fwhm_nm is None else point.fwhm_nm,
            "area": point.area,
        }

    def _probe_degc(self, log: PLSeries) -> float:
        name = "" if self.thermostat is None else self.thermostat.name
        return float(log.values[f"{name}_temperature_degc"])


thermal_regrowth = plan_of(ThermalRegrowth)
