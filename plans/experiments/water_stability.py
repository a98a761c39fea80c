"""How long the PL of a sample lasts in water."""

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from bluesky.utils import Msg, MsgGenerator

from instruments.pumps import SyringePump
from instruments.thermal import Thermostat
from plans.analysis import TrackPoint, photostability
from plans.annotations import (
    AutoExposure,
    BaselineFrames,
    RateUlMin,
    Solvent,
    StartVolumeUl,
    VesselUl,
)
from plans.checks import check_flash_point, check_syringe, check_vessel
from plans.experiments.base import plan_of
from plans.experiments.pl import PLExperiment, require_peak
from plans.experiments.points import doses, mean_point
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dispense, stir

_LEVELS = (0.9, 0.8, 0.5)


@dataclass(frozen=True, eq=False)
class WaterStability(PLExperiment):
    """Add water to a sample and find when it has lost a part of its PL.

    A baseline, the water, then spectra at times that are evenly spaced on a logarithmic scale from
    the end of the addition. The area is corrected for the dilution by the water, so that what is
    lost is lost by reaction. It ends when two spectra in a row are below the end fraction, or when
    the time is up. T50 of two samples is compared between two runs.
    """

    _: dataclasses.KW_ONLY
    water_ul: Annotated[
        float, Quantity(help="water to add", unit="µL", minimum=1, maximum=10000)
    ] = 300.0
    rate_ul_min: RateUlMin = 2000.0
    stir_rpm: Annotated[
        float, Quantity(help="stirring, 0 for none", unit="rpm", minimum=0, maximum=1500)
    ] = 0.0
    first_s: Annotated[
        float, Quantity(help="first spectrum after the water", unit="s", minimum=1, maximum=3600)
    ] = 1.0
    points_per_decade: Annotated[
        int, Quantity(help="spectra per tenfold time", minimum=2, maximum=50)
    ] = 10
    max_time_min: Annotated[
        float, Quantity(help="longest time in water", unit="min", minimum=1, maximum=1440)
    ] = 1440.0
    end_fraction: Annotated[
        float, Quantity(help="PL left at which the sample is done", minimum=0.02, maximum=0.95)
    ] = 0.45
    solvent: Solvent = "toluene"
    start_volume_ul: StartVolumeUl = 3000.0
    vessel_ul: VesselUl = 3500.0
    baseline_frames: BaselineFrames = 5
    auto_exposure: AutoExposure = True
    pump: Annotated[SyringePump | None, Quantity(help="adds the water")] = None
    thermostat: Annotated[Thermostat | None, Quantity(help="stirs")] = None

    def times_s(self) -> list[float]:
        """Return when the spectra after the water are due, s."""
        longest_s = 60 * self.max_time_min
        steps = int(math.log10(longest_s / self.first_s) * self.points_per_decade)
        found = [self.first_s * 10 ** (k / self.points_per_decade) for k in range(steps + 1)]
        return [s for s in found if s < 0.999 * longest_s] + [longest_s]

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        baseline = 2 * self.baseline_frames * self.frame_time_s()
        return baseline + 60 * (self.water_ul / self.rate_ul_min + self.max_time_min) + 60.0

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        return self.baseline_frames + len(self.times_s())

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage, syringe, vessel, stirrer and flash point."""
        yield from super().checks()
        yield from check_syringe(self.pump, self.water_ul, self.rate_ul_min, what="water")
        yield check_vessel(self.start_volume_ul, self.water_ul, self.vessel_ul)
        yield from check_flash_point(self.solvent)
        if self.stir_rpm > 0 and self.thermostat is None:
            yield Check(name="stirring", verdict="refused", detail="there is no stirrer")

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Take the baseline, add the water, look at growing intervals."""
        if self.auto_exposure:
            yield from log.auto_expose()
        pace_s = 2 * self.frame_time_s()
        baseline = yield from log.points(self.baseline_frames, pace_s, phase="baseline")
        require_peak(baseline)
        yield from self._add_water()
        log.progress.phase = "in water"
        times, ratios, verdict = yield from self._watch(log, mean_point(baseline).area)
        if self.thermostat is not None and self.stir_rpm > 0:
            yield from stir(self.thermostat, 0.0)
        yield from log.end(*verdict)
        yield from log.conclude({**self._lasting(times, ratios), **doses(log),
                                 "ended_by": verdict[0]})  # fmt: skip

    def _add_water(self) -> MsgGenerator[None]:
        if self.thermostat is not None and self.stir_rpm > 0:
            yield from stir(self.thermostat, self.stir_rpm)
        yield Msg("checkpoint")
        if self.pump is not None:
            yield from dispense(self.pump, self.water_ul, self.rate_ul_min)
        yield Msg("checkpoint")  # the water is not added again after a pause

    def _watch(
        self, log: PLSeries, start_area: float
    ) -> MsgGenerator[tuple[list[float], list[float], tuple[str, str]]]:
        dilution = (self.start_volume_ul + self.water_ul) / self.start_volume_ul
        # Nothing that a pause is would stop the water: the clock of the sample goes on.
        zero_s = time.monotonic()
        times, ratios = [0.0], [1.0]
        for due_s in self.times_s():
            yield from log.wait(zero_s + due_s)
            point = yield from log.dark_point()
            times.append(time.monotonic() - zero_s)
            area = point.area if math.isfinite(point.area) else 0.0
            ratios.append(area * dilution / start_area)
            yield from log.result(_row(point, times[-1], ratios[-1]))
            if all(ratio < self.end_fraction for ratio in ratios[-2:]):
                text = f"{ratios[-1]:.0%} of the PL is left after {times[-1] / 60:.1f} min"
                return times, ratios, ("done", text)
        text = f"{ratios[-1]:.0%} of the PL is left when the time is up"
        return times, ratios, ("time", text)

    def _lasting(self, times: Sequence[float], ratios: Sequence[float]) -> dict[str, Any]:
        found = photostability(times, ratios, levels=_LEVELS, initial=1.0)
        t90, t80, t50 = (NO_NUMBER if each.at is None else each.at for each in found)
        share = self.water_ul / (self.start_volume_ul + self.water_ul)
        return {
            "t90_s": t90,
            "t80_s": t80,
            "t50_s": t50,
            "area_ratio_end": ratios[-1],
            "water_fraction": share,
        }


def _row(point: TrackPoint, in_water_s: float, ratio: float) -> Row:
    return {
        "in_water_s": in_water_s,
        "area_ratio": ratio,
        "peak_nm": NO_NUMBER if point.peak_nm is None else point.peak_nm,
        "fwhm_nm": NO_NUMBER if point.fwhm_nm is None else point.fwhm_nm,
    }


water_stability = plan_of(WaterStability)
