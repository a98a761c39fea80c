"""Whether only the dose counts, or how fast it is given."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from bluesky.utils import MsgGenerator

from plans.analysis import TrackPoint, fit_power_law
from plans.annotations import AutoExposure, BaselineFrames, Positions
from plans.checks import check_probe_share
from plans.experiments.base import plan_of
from plans.experiments.pl import PLExperiment, require_peak
from plans.experiments.points import compare
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import expose_to_dose, settle

_MOVE_S = 15.0


@dataclass(frozen=True, eq=False)
class DoseReciprocity(PLExperiment):
    """Give the same dose at several irradiances, each to a fresh sample, and compare the response.

    If every absorbed photon does the same, the response is the same at each irradiance
    (Bunsen-Roscoe). Re-passivation by free ligand, or slow fusion, makes it depend on how fast
    the dose was given. The summary holds the spread of the response and its exponent.
    """

    _: dataclasses.KW_ONLY
    dose_j_cm2: Annotated[
        float, Quantity(help="dose to each sample", unit="J/cm²", minimum=0.1, maximum=5000)
    ] = 72.0
    irradiances_mw_cm2: Annotated[
        tuple[float, ...],
        Quantity(help="irradiances, with commas", unit="mW/cm²", minimum=0.1, maximum=200),
    ] = (2.5, 5.0, 10.0, 20.0, 40.0)
    positions: Positions = ("sample",)
    spectra: Annotated[
        int, Quantity(help="spectra on the way to the dose", minimum=1, maximum=1000)
    ] = 12
    rest_min: Annotated[
        float,
        Quantity(help="dark rest before the last spectra", unit="min", minimum=0, maximum=600),
    ] = 0.0
    baseline_frames: BaselineFrames = 5
    auto_exposure: AutoExposure = True

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        lit = sum(self.dose_j_cm2 * 1e3 / e for e in self.irradiances_mw_cm2)
        frames = self.spectra + 2 * self.baseline_frames
        each = frames * 2 * self.frame_time_s() + 60 * self.rest_min + _MOVE_S
        return lit + len(self.irradiances_mw_cm2) * each

    def frames(self) -> int:
        """Return about how many spectra are taken."""
        return len(self.irradiances_mw_cm2) * (self.spectra + 2 * self.baseline_frames)

    def irradiances_needed(self) -> tuple[float, ...]:
        """Return all irradiances, mW/cm²."""
        return (*self.irradiances_mw_cm2, self.probe_irradiance_mw_cm2)

    def positions_needed(self) -> tuple[str, ...]:
        """Return the positions of the samples."""
        return self.positions

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage, probe share and number of samples."""
        yield from super().checks()
        frames = self.spectra + 2 * self.baseline_frames
        probe = frames * self.frame_s() * self.probe_irradiance_mw_cm2 * 1e-3
        yield check_probe_share(probe / (probe + self.dose_j_cm2))
        enough = len(self.positions) >= len(self.irradiances_mw_cm2)
        yield Check(
            name="samples",
            verdict="ok" if enough else "refused",
            detail=f"{len(self.irradiances_mw_cm2)} irradiances need as many fresh samples, "
            f"{len(self.positions)} positions are given",
        )

    def prepare(self, log: PLSeries) -> MsgGenerator[None]:
        """Set the exposure and bring the first sample into the beam, in the dark."""
        yield from self.set_exposure(log)
        yield from log.go_to(self.stage, self.positions[0])

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Give the dose to one sample after the other."""
        for position, irradiance in zip(self.positions, self.irradiances_mw_cm2, strict=False):
            row = yield from self._cell(log, position, irradiance)
            yield from log.result(row)
        yield from log.end("done", f"{len(log.rows)} samples have had {self.dose_j_cm2:g} J/cm²")
        yield from log.conclude(self.summarise(log.rows))

    def _cell(self, log: PLSeries, position: str, irradiance: float) -> MsgGenerator[Row]:
        yield from log.go_to(self.stage, position)
        if self.auto_exposure:
            yield from log.auto_expose()
        pace_s = 2 * self.frame_time_s()
        before = yield from log.points(self.baseline_frames, pace_s, phase="baseline")
        require_peak(before)
        log.progress.phase = "exposure"
        given = 0.0
        start_s = log.elapsed_s()
        last: list[TrackPoint] = []
        for number in range(1, self.spectra + 1):
            due = self.dose_j_cm2 * number / self.spectra
            given += yield from expose_to_dose(self.light, self.actinic(irradiance), due - given)
            last.append((yield from log.dark_point()))
        lit_s = log.elapsed_s() - start_s
        yield from settle(60 * self.rest_min)
        after = yield from log.points(self.baseline_frames, pace_s, phase="after")
        compared = compare(before, after)
        return {
            "position": position,
            "irradiance_mw_cm2": irradiance,
            "dose_j_cm2": given,
            "time_s": lit_s,
            "peak_start_nm": compared["peak_start_nm"],
            "peak_end_nm": compared["peak_end_nm"],
            "shift_nm": compared["shift_nm"],
            "area_ratio": compared["area_ratio"],
        }

    def summarise(self, rows: Sequence[Row]) -> Row:
        """Return spread and exponent of the response, and what they say.

        Args:
            rows: The table of results.
        """
        shifts = [float(row["shift_nm"]) for row in rows]
        mean = sum(shifts) / len(shifts)
        spread = (max(shifts) - min(shifts)) / mean if mean > 0 else NO_NUMBER
        law = fit_power_law([float(row["irradiance_mw_cm2"]) for row in rows], shifts)
        best = max(rows, key=lambda row: float(row["shift_nm"]))
        holds = math.isfinite(spread) and spread < 0.05
        return {
            "spread": spread,
            "exponent": NO_NUMBER if law.exponent is None else law.exponent,
            "exponent_se": NO_NUMBER if law.exponent_se is None else law.exponent_se,
            "best_irradiance_mw_cm2": best["irradiance_mw_cm2"],
            "verdict": "only the dose counts" if holds else "the irradiance counts, too",
        }


dose_reciprocity = plan_of(DoseReciprocity)
