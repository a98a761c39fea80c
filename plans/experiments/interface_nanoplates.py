"""Nanoplates that grow where two liquids meet."""

import dataclasses
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from bluesky.utils import Msg, MsgGenerator

from instruments.errors import LimitError
from instruments.pumps import Dispense, SyringePump
from plans.annotations import AutoExposure, BaselineFrames, Solvent, StartVolumeUl, VesselUl
from plans.checks import check_flash_point, check_syringe, check_vessel
from plans.experiments.base import plan_of
from plans.experiments.pl import PLExperiment, require_peak
from plans.experiments.points import doses, mean_point
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import move_dark

_MOVE_S = 5.0


@dataclass(frozen=True, eq=False)
class InterfaceNanoplates(PLExperiment):
    """Lay a solution of the additive over a dispersion, slowly, and follow the PL over the height.

    A baseline, then the pump lays the second liquid on top (cyanamide in the review's example)
    while the interface is looked at, then the scans go on until the time is up. Each scan takes a
    spectrum at every height; without a scan axis there is one height. The table holds peak, width
    and area against time and height, the summary where and how much the PL has changed most.
    """

    _: dataclasses.KW_ONLY
    layer_ul: Annotated[
        float, Quantity(help="liquid to lay on top", unit="µL", minimum=1, maximum=10000)
    ] = 300.0
    layer_rate_ul_min: Annotated[
        float,
        Quantity(help="how fast; faster stirs the interface", unit="µL/min", minimum=0.5,
                 maximum=10),
    ] = 5.0  # fmt: skip
    additive: Annotated[str, Quantity(help="what is dissolved in it, for the record")] = "cyanamide"
    additive_mm: Annotated[
        float, Quantity(help="how much of it", unit="mmol/L", minimum=0, maximum=10000)
    ] = 10.0
    scan_axis: Annotated[str, Quantity(help="stage axis of the height, empty for none")] = ""
    scan_range_um: Annotated[
        float, Quantity(help="height of a scan, around the position", unit="µm", minimum=1,
                        maximum=50000),
    ] = 2000.0  # fmt: skip
    scan_steps: Annotated[int, Quantity(help="heights of a scan", minimum=2, maximum=201)] = 9
    scan_every_min: Annotated[
        float, Quantity(help="from scan to scan", unit="min", minimum=0.5, maximum=600)
    ] = 10.0
    max_time_min: Annotated[
        float, Quantity(help="time from the start of the layering", unit="min", minimum=1,
                        maximum=10080),
    ] = 720.0  # fmt: skip
    solvent: Solvent = "toluene"
    start_volume_ul: StartVolumeUl = 1500.0
    vessel_ul: VesselUl = 3500.0
    baseline_frames: BaselineFrames = 5
    auto_exposure: AutoExposure = True
    pump: Annotated[SyringePump | None, Quantity(help="lays the second liquid")] = None

    def layering_s(self) -> float:
        """Return how long the layering takes, s."""
        return 60 * self.layer_ul / self.layer_rate_ul_min

    def scan_s(self) -> float:
        """Return about how long a scan takes, s."""
        return len(self._heights()) * (self.frame_time_s() + _MOVE_S)

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        baseline = 2 * self.baseline_frames * self.frame_time_s()
        return max(60 * self.max_time_min, self.layering_s()) + baseline + 2 * self.scan_s() + 120.0

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        scans = self.max_time_min / self.scan_every_min + 2
        return int(scans * len(self._heights())) + self.baseline_frames

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage, liquid, heights and cadence."""
        yield from super().checks()
        rate = self.layer_rate_ul_min
        yield from check_syringe(self.pump, self.layer_ul, rate, what="layer")
        yield check_vessel(self.start_volume_ul, self.layer_ul, self.vessel_ul)
        yield from check_flash_point(self.solvent)
        fits = self.scan_s() <= 60 * self.scan_every_min
        yield Check(
            name="scan",
            verdict="ok" if fits else "refused",
            detail=f"a scan takes about {self.scan_s():.0f} s of {60 * self.scan_every_min:g} s",
        )
        enough = self.layering_s() <= 60 * self.max_time_min
        yield Check(
            name="layering",
            verdict="ok" if enough else "refused",
            detail=f"{self.layering_s() / 60:.3g} min of {self.max_time_min:g} min",
        )
        yield from self._check_heights()

    def _check_heights(self) -> Iterator[Check]:
        if not self.scan_axis:
            return
        if self.stage is None:
            yield Check(name="heights", verdict="refused", detail="a scan needs a stage")
            return
        try:
            for place in self._heights():
                self.stage.coordinates(place)
        except LimitError as error:
            yield Check(name="heights", verdict="refused", detail=str(error))

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Take the baseline, lay the liquid down, scan until the time is up."""
        if self.auto_exposure:
            yield from log.auto_expose()
        pace_s = 2 * self.frame_time_s()
        baseline = yield from log.points(self.baseline_frames, pace_s, phase="baseline")
        require_peak(baseline)
        start_s = time.monotonic()
        yield from self._begin_layer()
        log.progress.phase = "layering"
        number = 0
        while True:
            number += 1
            yield from self._scan(log, number, start_s)
            elapsed_s = time.monotonic() - start_s
            if elapsed_s >= 60 * self.max_time_min:
                break
            if log.progress.phase == "layering" and elapsed_s >= self.layering_s():
                yield Msg("wait", None, group="layer")
                log.progress.phase = "growing"
            due_s = start_s + 60 * min(number * self.scan_every_min, self.max_time_min)
            yield from log.wait(max(due_s, time.monotonic() + 1.0))
        yield Msg("wait", None, group="layer")
        yield from log.end("time", f"{number} scans in {self.max_time_min:g} min")
        start_area = mean_point(baseline).area
        yield from log.conclude({**summarise(log.rows, start_area), "scans": number, **doses(log)})

    def _begin_layer(self) -> MsgGenerator[None]:
        """Start the pump; spectra are taken while it runs."""
        yield Msg("checkpoint")
        if self.pump is not None:
            job = Dispense(volume_ul=self.layer_ul, rate_ul_min=self.layer_rate_ul_min)
            yield Msg("set", self.pump, job, group="layer")
        yield Msg("checkpoint")  # the layer is not laid again after a pause

    def _scan(self, log: PLSeries, number: int, start_s: float) -> MsgGenerator[None]:
        for place in self._heights():
            if self.scan_axis:
                yield from move_dark(self.stage, place, self.light)
            point = yield from log.dark_point()
            yield from log.result(
                {
                    "scan": number,
                    "since_s": time.monotonic() - start_s,
                    "height_mm": place.get(self.scan_axis, NO_NUMBER),
                    "peak_nm": NO_NUMBER if point.peak_nm is None else point.peak_nm,
                    "fwhm_nm": NO_NUMBER if point.fwhm_nm is None else point.fwhm_nm,
                    "area": point.area if math.isfinite(point.area) else 0.0,
                }
            )

    def _heights(self) -> list[dict[str, float]]:
        """Return the places of a scan; a single one without an axis."""
        if not self.scan_axis or self.stage is None:
            return [{}]
        place = dict(self.stage.positions.get(self.position, {}))
        middle, half_mm = place.get(self.scan_axis, 0.0), 0.5e-3 * self.scan_range_um
        ends = (middle - half_mm, middle + half_mm)
        return [{**place, self.scan_axis: float(mm)} for mm in np.linspace(*ends, self.scan_steps)]


def summarise(rows: list[Row], start_area: float) -> Row:
    """Return where the PL has changed, from the first scan to the last.

    Args:
        rows: The table of the scans.
        start_area: Area of the baseline.
    """
    last = max(int(row["scan"]) for row in rows)
    first_scan = [row for row in rows if row["scan"] == 1]
    last_scan = [row for row in rows if row["scan"] == last]
    shifts = [
        float(after["peak_nm"]) - float(before["peak_nm"])
        for before, after in zip(first_scan, last_scan, strict=False)
    ]
    found = [(abs(s), s, row) for s, row in zip(shifts, last_scan, strict=False) if s == s]
    _, shift, where = max(found, key=lambda each: each[0], default=(0.0, NO_NUMBER, {}))
    areas = [float(row["area"]) for row in last_scan]
    return {
        "largest_shift_nm": shift,
        "largest_shift_at_mm": float(where.get("height_mm", NO_NUMBER)),
        "area_ratio": sum(areas) / len(areas) / start_area if start_area > 0 else NO_NUMBER,
    }


interface_nanoplates = plan_of(InterfaceNanoplates)
