"""Dilute back: what of a red shift is optics, and what is chemistry."""

import dataclasses
import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from bluesky.utils import Msg, MsgGenerator

from instruments.pumps import SyringePump
from instruments.thermal import Thermostat
from plans.absorbance import AbsorbanceMeter
from plans.annotations import (
    FramesEach,
    MixS,
    RateUlMin,
    SettleS,
    Solvent,
    StartVolumeUl,
    VesselUl,
)
from plans.checks import check_flash_point, check_syringe, check_vessel
from plans.experiments.base import plan_of
from plans.experiments.pl import require_peak
from plans.experiments.points import mean_point
from plans.experiments.transmission import TransmissionExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dispense, mix, settle, withdraw

_SAME_NM = 0.15  # corrected peaks within this are the same: what correction and noise leave
_SIGMAS = 3.0


@dataclass(frozen=True, eq=False)
class IfeCheck(TransmissionExperiment):
    """Dilute a sample step by step and see whether its red shift goes back.

    Concentrated nanocrystals reabsorb the blue side of their own light, which looks like a red
    shift and is none. What goes away on dilution is optics, what stays is chemistry. With a white
    lamp each peak is corrected by the measured absorbance, too: then it should not move at all.
    With a waste pump the volume stays the same, without one it grows.
    """

    _: dataclasses.KW_ONLY
    dilutions: Annotated[int, Quantity(help="how often to dilute", minimum=1, maximum=6)] = 4
    factor: Annotated[float, Quantity(help="by how much each time", minimum=1.1, maximum=10)] = 2.0
    start_volume_ul: StartVolumeUl = 1500.0
    vessel_ul: VesselUl = 3500.0
    rate_ul_min: RateUlMin = 2000.0
    mix_s: MixS = 30.0
    settle_s: SettleS = 10.0
    solvent: Solvent = "toluene"
    frames_per_step: FramesEach = 5
    pump: Annotated[SyringePump | None, Quantity(help="adds pure solvent")] = None
    waste_pump: Annotated[
        SyringePump | None, Quantity(help="takes sample out before each dilution")
    ] = None
    thermostat: Annotated[Thermostat | None, Quantity(help="stirs")] = None

    def volumes_ul(self) -> list[tuple[float, float, float]]:
        """Return what each dilution takes out, adds, and leaves in the vessel, µL."""
        found, volume = [], self.start_volume_ul
        for _ in range(self.dilutions):
            if self.waste_pump is not None:
                moved = volume * (1 - 1 / self.factor)
                found.append((moved, moved, volume))
            else:
                added = volume * (self.factor - 1)
                volume += added
                found.append((0.0, added, volume))
        return found

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        moved_ul = sum(out + into for out, into, _ in self.volumes_ul())
        look_s = self.frames_per_step * 2 * self.frame_time_s() + 30.0
        steps = self.dilutions + 1
        return 60 * moved_ul / self.rate_ul_min + steps * (self.mix_s + self.settle_s + look_s)

    def frames(self) -> int:
        """Return about how many spectra are taken."""
        return (self.dilutions + 1) * (self.frames_per_step + 12)

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage, syringes, vessel and flash point."""
        yield from super().checks()
        volumes = self.volumes_ul()
        added = sum(into for _, into, _ in volumes)
        yield from check_syringe(self.pump, added, self.rate_ul_min, what="solvent")
        taken = sum(out for out, _, _ in volumes)
        yield from check_syringe(
            self.waste_pump, 0.0, self.rate_ul_min, what="waste", withdrawn_ul=taken
        )
        yield check_vessel(0.0, max(left for _, _, left in volumes), self.vessel_ul)
        yield from check_flash_point(self.solvent)

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Look, then dilute and look again."""
        meter = yield from self.take_blank(log)
        yield from log.use_integration_time(self.integration_time_s)
        row = yield from self._look(log, meter, 0)
        for step, (out, into, _) in enumerate(self.volumes_ul(), start=1):
            yield Msg("checkpoint")
            if self.waste_pump is not None:
                yield from withdraw(self.waste_pump, out, self.rate_ul_min)
            yield Msg("checkpoint")
            if self.pump is not None:
                yield from dispense(self.pump, into, self.rate_ul_min)
            yield Msg("checkpoint")
            yield from mix(self.mix_s, thermostat=self.thermostat)
            yield from settle(self.settle_s)
            row = yield from self._look(log, meter, step)
        yield from log.end("done", f"diluted {row['dilution']:.4g} times")
        yield from log.conclude(summarise(log.rows))

    def _look(self, log: PLSeries, meter: AbsorbanceMeter | None, step: int) -> MsgGenerator[Row]:
        absorbance = yield from self.measure_absorbance(log, meter)
        yield from log.auto_expose()
        phase = "baseline" if step == 0 else "diluted"
        log.progress.phase = phase
        points, corrected = [], []
        for _ in range(self.frames_per_step):
            points.append((yield from log.dark_point()))
            corrected.append(self.corrected_peak_nm(log, absorbance))
        require_peak(points)
        mean = mean_point(points)
        dilution = self.factor**step
        row: Row = {
            "step": step,
            "dilution": dilution,
            "peak_nm": mean.peak_nm,
            "peak_se_nm": mean.peak_nm_se,
            "peak_corrected_nm": statistics.fmean(corrected),
            "fwhm_nm": mean.fwhm_nm,
            "area": mean.area,
            "area_times_dilution": mean.area * dilution,
            "absorbance_at_405_nm": NO_NUMBER if absorbance is None else absorbance.at(405.0),
            "absorbance_at_515_nm": NO_NUMBER if absorbance is None else absorbance.at(515.0),
        }
        yield from log.result(row)
        return row


def summarise(rows: list[Row]) -> Row:
    """Return how far the peak went back, and whether the correction explains it.

    Args:
        rows: The table of results.
    """
    first, last = rows[0], rows[-1]
    back_nm = float(first["peak_nm"]) - float(last["peak_nm"])
    se_nm = math.hypot(float(first["peak_se_nm"]), float(last["peak_se_nm"]))
    corrected = [float(row["peak_corrected_nm"]) for row in rows]
    spread_nm = max(corrected) - min(corrected)
    if not math.isfinite(spread_nm):
        verdict = "not corrected: no absorbance was measured"
    elif spread_nm <= _SAME_NM:
        verdict = "optics only: the corrected peak does not move"
    else:
        verdict = "more than optics: the corrected peak moves, too"
    return {
        "peak_first_nm": first["peak_nm"],
        "peak_last_nm": last["peak_nm"],
        "reversible_shift_nm": back_nm,
        "reversible_shift_se_nm": se_nm,
        "is_significant": int(back_nm > _SIGMAS * se_nm),
        "corrected_first_nm": corrected[0],
        "corrected_last_nm": corrected[-1],
        "corrected_spread_nm": spread_nm,
        "verdict": verdict,
    }


ife_check = plan_of(IfeCheck)
