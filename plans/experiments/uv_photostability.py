"""Photostability of several samples under continuous UV."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from bluesky.utils import MsgGenerator

from plans.analysis import Lasting, TrackPoint, photostability
from plans.annotations import (
    LAMP_NM,
    AutoExposure,
    BaselineFrames,
    IrradianceMwCm2,
    Positions,
)
from plans.checks import check_probe_share
from plans.experiments.base import plan_of
from plans.experiments.pl import PLExperiment, require_peak
from plans.experiments.points import mean_point
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import expose_to_dose

_MOVE_S = 10.0
_LEVELS = (0.9, 0.8, 0.5)


@dataclass(frozen=True, eq=False)
class UvPhotostability(PLExperiment):
    """Bleach several samples and find when each has lost a part of its PL.

    The samples take turns: each is lit until its next spectrum is due, at times that are evenly
    spaced on a logarithmic scale, and is dark while the others have their turn. A sample that has
    fallen to the end fraction is left alone, the others go on. A control position only sees the
    probe light.
    """

    _: dataclasses.KW_ONLY
    wavelength_nm: Annotated[
        float, Quantity(help="wavelength of the light", unit="nm", choices=LAMP_NM)
    ] = 365.0
    irradiance_mw_cm2: IrradianceMwCm2 = 20.0
    positions: Positions = ("sample",)
    control_position: Annotated[
        str, Quantity(help="stage position that only sees probe light, empty for none")
    ] = ""
    atmosphere: Annotated[str, Quantity(help="gas around the samples, for the record")] = "air"
    first_exposure_s: Annotated[
        float, Quantity(help="light before the first spectrum", unit="s", minimum=1, maximum=3600)
    ] = 30.0
    points_per_decade: Annotated[
        int, Quantity(help="spectra per tenfold time", minimum=2, maximum=50)
    ] = 10
    max_exposure_min: Annotated[
        float, Quantity(help="longest light on a sample", unit="min", minimum=1, maximum=1440)
    ] = 480.0
    end_fraction: Annotated[
        float, Quantity(help="PL left at which a sample is done", minimum=0.05, maximum=0.95)
    ] = 0.5
    baseline_frames: BaselineFrames = 3
    auto_exposure: AutoExposure = True

    def exposures_s(self) -> list[float]:
        """Return the times in light at which a spectrum is taken, s."""
        longest_s = 60 * self.max_exposure_min
        decades = math.log10(max(longest_s / self.first_exposure_s, 1.0))
        number = round(decades * self.points_per_decade)
        steps = [
            self.first_exposure_s * 10 ** (k / self.points_per_decade) for k in range(number + 1)
        ]
        return [s for s in steps if s < longest_s * 0.999] + [longest_s]

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        spots = len(self.positions)
        frames = (len(self.exposures_s()) + self.baseline_frames) * (spots + 1)
        return spots * 60 * self.max_exposure_min + frames * (self.frame_time_s() + _MOVE_S)

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        return (len(self.exposures_s()) + self.baseline_frames) * (len(self.positions) + 1)

    def irradiances_needed(self) -> tuple[float, ...]:
        """Return UV and probe irradiance, mW/cm²."""
        return (self.irradiance_mw_cm2, self.probe_irradiance_mw_cm2)

    def positions_needed(self) -> tuple[str, ...]:
        """Return all positions, the control last."""
        control = (self.control_position,) if self.control_position else ()
        return (*self.positions, *control)

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage and probe share."""
        yield from super().checks()
        probes = len(self.exposures_s()) * self.frame_s() * self.probe_irradiance_mw_cm2
        yield check_probe_share(
            probes / (probes + 60 * self.max_exposure_min * self.irradiance_mw_cm2)
        )
        if self.control_position in self.positions:
            detail = f"{self.control_position} is control and sample at once"
            yield Check(name="control", verdict="refused", detail=detail)

    def prepare(self, log: PLSeries) -> MsgGenerator[None]:
        """Set the exposure and home the stage, in the dark."""
        yield from self.set_exposure(log)
        yield from log.go_to(self.stage, self.positions[0])

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Take baselines, then let the samples take turns until all are done."""
        log.progress.phase = "baseline"
        spots = []
        for position in self.positions_needed():
            spot = _Spot(position)
            yield from self._begin(log, spot)
            spots.append(spot)
        log.progress.phase = "exposure"
        for exposure_s in self.exposures_s():
            alive = [spot for spot in spots if not spot.is_done]
            if all(spot.position == self.control_position for spot in alive):
                break
            for spot in alive:
                yield from self._turn(log, spot, exposure_s)
        for spot in spots:
            yield from log.result(self._row(spot), table="spots")
        done = sum(spot.is_done for spot in spots)
        text = f"{done} of {len(self.positions)} samples below {self.end_fraction:.0%}"
        yield from log.end("done" if done == len(self.positions) else "time", text)
        yield from log.conclude(self._summary(spots, log))

    def _begin(self, log: PLSeries, spot: "_Spot") -> MsgGenerator[None]:
        yield from log.go_to(self.stage, spot.position)
        if self.auto_exposure:
            spot.integration_time_s = yield from log.auto_expose()
        else:
            spot.integration_time_s = self.integration_time_s
        points = yield from log.points(self.baseline_frames, 2 * self.frame_time_s())
        require_peak(points)
        start = mean_point(points)
        spot.start_area, spot.start_nm = start.area, start.peak_nm
        spot.note(points[-1], 0.0)

    def _turn(self, log: PLSeries, spot: "_Spot", exposure_s: float) -> MsgGenerator[None]:
        yield from log.go_to(self.stage, spot.position)
        yield from log.use_integration_time(spot.integration_time_s)
        if spot.position != self.control_position:
            left_s = exposure_s - spot.dose_j_cm2 * 1e3 / self.irradiance_mw_cm2
            if left_s > 0:
                dose_j_cm2 = self.irradiance_mw_cm2 * left_s * 1e-3
                actinic = self.actinic(self.irradiance_mw_cm2)
                spot.dose_j_cm2 += yield from expose_to_dose(self.light, actinic, dose_j_cm2)
        point = yield from log.dark_point()
        spot.note(point, spot.dose_j_cm2 * 1e3 / self.irradiance_mw_cm2)
        two_below = all(each < self.end_fraction for each in spot.ratios[-2:])
        spot.is_done = two_below and len(spot.ratios) > 2 and spot.position in self.positions
        yield from log.result(
            {
                "position": spot.position,
                "exposure_s": spot.times_s[-1],
                "dose_j_cm2": spot.dose_j_cm2,
                "area_ratio": spot.ratios[-1],
                "peak_nm": NO_NUMBER if point.peak_nm is None else point.peak_nm,
            }
        )

    def _row(self, spot: "_Spot") -> Row:
        t90, t80, t50 = spot.lasting()
        return {
            "position": spot.position,
            "t90_s": _number(t90.at),
            "t80_s": _number(t80.at),
            "t50_s": _number(t50.at),
            "t50_se_s": _number(t50.at_se),
            "area_ratio_end": spot.ratios[-1],
            "area_ratio_max": max(spot.ratios),
            "dose_j_cm2": spot.dose_j_cm2,
        }

    def _summary(self, spots: list["_Spot"], log: PLSeries) -> Row:
        t50s = {
            s.position: _number(s.lasting()[2].at) for s in spots if s.position in self.positions
        }
        first = t50s[self.positions[0]]
        return {
            "t50_first_s": first,
            "t50_longest_s": max(t50s.values(), key=lambda t: -1.0 if math.isnan(t) else t),
            "t50_last_over_first": t50s[self.positions[-1]] / first,
            "dose_all_j_cm2": log.dose_j_cm2(),
            "time_s": log.elapsed_s(),
        }


@dataclass
class _Spot:
    """One sample and what was seen of it."""

    position: str
    integration_time_s: float = 0.2
    start_area: float = NO_NUMBER
    start_nm: float = NO_NUMBER
    dose_j_cm2: float = 0.0
    is_done: bool = False
    times_s: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    def note(self, point: TrackPoint, exposure_s: float) -> None:
        """Keep the area of a frame; a sample that has gone dark has none."""
        area = point.area if math.isfinite(point.area) else 0.0
        self.times_s.append(exposure_s)
        self.ratios.append(area / self.start_area)

    def lasting(self) -> tuple[Lasting, ...]:
        """Return T90, T80 and T50 in light."""
        return photostability(self.times_s, self.ratios, levels=_LEVELS, initial=1.0)


def _number(value: float | None) -> float:
    return NO_NUMBER if value is None else value


uv_photostability = plan_of(UvPhotostability)
