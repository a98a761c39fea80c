"""Titrations: a liquid is added in steps, with a look after each."""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from bluesky.utils import Msg, MsgGenerator

from instruments.pumps import SyringePump
from instruments.thermal import Thermostat
from plans.absorbance import AbsorbanceMeter
from plans.annotations import (
    AutoExposure,
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
from plans.experiments.points import doses, mean_point
from plans.experiments.transmission import TransmissionExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dispense, mix, settle

_JUMP = 5.0  # a rise this many times the largest before is a jump
_LEAST_JUMP = 0.1  # of the limit; smaller rises are noise


@dataclass(frozen=True, eq=False)
class Titration(TransmissionExperiment):
    """Add a liquid in steps, mix, let it settle, and look at PL and turbidity."""

    _: dataclasses.KW_ONLY
    step_ul: Annotated[
        float, Quantity(help="volume of one addition", unit="µL", minimum=1, maximum=500)
    ] = 10.0
    max_steps: Annotated[int, Quantity(help="most additions", minimum=1, maximum=500)] = 20
    rate_ul_min: RateUlMin = 500.0
    mix_s: MixS = 30.0
    settle_s: SettleS = 60.0
    start_volume_ul: StartVolumeUl = 3000.0
    vessel_ul: VesselUl = 3500.0
    target_peak_nm: Annotated[
        float | None,
        Quantity(help="stop when the peak reaches this", unit="nm", minimum=450, maximum=700),
    ] = None
    turbidity_limit: Annotated[
        float,
        Quantity(
            help="stop at this absorbance at 700 nm (without a white lamp: scatter over PL)",
            minimum=0.001,
            maximum=100,
        ),
    ] = 0.2
    stir_rpm: Annotated[
        float, Quantity(help="stirring while mixing", unit="rpm", minimum=0, maximum=1500)
    ] = 500.0
    solvent: Solvent = "toluene"
    frames_per_step: FramesEach = 3
    auto_exposure: AutoExposure = True
    pump: Annotated[SyringePump | None, Quantity(help="adds the liquid")] = None
    thermostat: Annotated[Thermostat | None, Quantity(help="stirs")] = None

    def step_s(self) -> float:
        """Return how long one step takes, s."""
        pumped_s = 60 * self.step_ul / self.rate_ul_min
        look_s = self.frames_per_step * 2 * self.frame_time_s() + 10.0
        return pumped_s + self.mix_s + self.settle_s + look_s

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        return (self.max_steps + 1) * self.step_s() + 60.0

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        return (self.max_steps + 1) * (self.frames_per_step + 12)

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage, syringe, vessel and flash point."""
        yield from super().checks()
        total_ul = self.max_steps * self.step_ul
        yield from check_syringe(
            self.pump, total_ul, self.rate_ul_min, what="addition", strokes=self.max_steps
        )
        yield check_vessel(self.start_volume_ul, total_ul, self.vessel_ul)
        yield from check_flash_point(self.solvent)

    def added(self, volume_ul: float) -> Row:
        """Return what the liquid added so far means for the sample.

        Args:
            volume_ul: Volume added, µL.
        """
        return {}

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Look, then add and look again until a rule ends it."""
        meter = yield from self.take_blank(log)
        yield from log.use_integration_time(self.integration_time_s)
        if self.auto_exposure:
            yield from log.auto_expose()
        row = yield from self._look(log, meter, 0)
        turbidities = [float(row["turbidity"])]
        rule, text = "steps", f"{self.max_steps} additions"
        for step in range(1, self.max_steps + 1):
            yield from self._add()
            row = yield from self._look(log, meter, step)
            turbidities.append(float(row["turbidity"]))
            ending = self._ending(row, turbidities)
            if ending is not None:
                rule, text = ending
                break
        yield from log.end(rule, text)
        yield from log.conclude(self._summary(log, rule))

    def _add(self) -> MsgGenerator[None]:
        yield Msg("checkpoint")
        if self.pump is not None:
            yield from dispense(self.pump, self.step_ul, self.rate_ul_min)
        yield Msg("checkpoint")  # what was added is not added again after a pause
        yield from mix(self.mix_s, thermostat=self.thermostat, speed_rpm=self.stir_rpm)
        yield from settle(self.settle_s)

    def _look(self, log: PLSeries, meter: AbsorbanceMeter | None, step: int) -> MsgGenerator[Row]:
        phase = "baseline" if step == 0 else "titration"
        absorbance = yield from self.measure_absorbance(log, meter)
        if self.auto_exposure and step > 0 and "saturated" in log.flags():
            yield from log.auto_expose()
        points = yield from log.points(self.frames_per_step, 2 * self.frame_time_s(), phase=phase)
        if step == 0:
            require_peak(points)
        mean = mean_point(points)
        added_ul = step * self.step_ul
        dilution = (self.start_volume_ul + added_ul) / self.start_volume_ul
        row: Row = {
            "step": step,
            "added_ul": added_ul,
            **self.added(added_ul),
            "peak_nm": mean.peak_nm,
            "peak_se_nm": mean.peak_nm_se,
            "peak_corrected_nm": self.corrected_peak_nm(log, absorbance),
            "fwhm_nm": mean.fwhm_nm,
            "area": mean.area,
            "area_times_dilution": mean.area * dilution,
            "absorbance_at_405_nm": NO_NUMBER if absorbance is None else absorbance.at(405.0),
            "turbidity": self.turbidity(log, absorbance),
        }
        yield from log.result(row)
        return row

    def _ending(self, row: Row, turbidities: list[float]) -> tuple[str, str] | None:
        now = turbidities[-1]
        if now >= self.turbidity_limit:
            return "turbidity", f"turbidity {now:.3g}, limit {self.turbidity_limit:g}"
        rises = [b - a for a, b in itertools.pairwise(turbidities)]
        largest_before = max((abs(rise) for rise in rises[:-1]), default=math.inf)
        if rises[-1] > max(_JUMP * largest_before, _LEAST_JUMP * self.turbidity_limit):
            return "turbidity jump", f"turbidity has jumped by {rises[-1]:.3g} to {now:.3g}"
        peak_nm = float(row["peak_nm"])
        if self.target_peak_nm is not None and peak_nm >= self.target_peak_nm:
            return "target", f"peak {peak_nm:.2f} nm, target {self.target_peak_nm:g} nm"
        return None

    def _summary(self, log: PLSeries, rule: str) -> Row:
        first, last = log.rows[0], log.rows[-1]
        brightest = max(log.rows, key=lambda row: float(row["area_times_dilution"]))
        return {
            "additions": len(log.rows) - 1,
            "added_ul": last["added_ul"],
            **self.added(float(last["added_ul"])),
            "peak_start_nm": first["peak_nm"],
            "peak_end_nm": last["peak_nm"],
            "shift_nm": float(last["peak_nm"]) - float(first["peak_nm"]),
            "area_ratio": float(last["area_times_dilution"]) / float(first["area_times_dilution"]),
            "brightest_at_ul": brightest["added_ul"],
            "turbidity_end": last["turbidity"],
            **doses(log),
            "ended_by": rule,
        }


@dataclass(frozen=True, eq=False)
class LigandTitration(Titration):
    """Add a ligand (or a salt) in steps and follow how the PL answers.

    After each addition the liquid is mixed and rests before the look. Peak, width, area (times
    the dilution) and turbidity go into a table against the ligand in the vessel. It ends at a
    jump or limit of the turbidity, at a target peak, or when all additions are made.
    """

    _: dataclasses.KW_ONLY
    ligand_stock_mm: Annotated[
        float, Quantity(help="ligand in the syringe", unit="mmol/L", minimum=0, maximum=10000)
    ] = 10.0
    ligand_start_mm: Annotated[
        float, Quantity(help="free ligand in the sample", unit="mmol/L", minimum=0, maximum=1000)
    ] = 1.0

    def added(self, volume_ul: float) -> Row:
        """Return the ligand in the vessel after an addition, mmol/L."""
        total_ul = self.start_volume_ul + volume_ul
        amount = self.ligand_start_mm * self.start_volume_ul + self.ligand_stock_mm * volume_ul
        return {"ligand_mm": amount / total_ul}


@dataclass(frozen=True, eq=False)
class AntisolventTitration(Titration):
    """Add an antisolvent in steps until the nanocrystals begin to come together.

    As the solvent gets poorer the nanocrystals form chains, then precipitate. The turbidity tells:
    a jump ends the titration before everything is on the bottom.
    """

    _: dataclasses.KW_ONLY
    step_ul: Annotated[
        float, Quantity(help="volume of one addition", unit="µL", minimum=1, maximum=500)
    ] = 50.0
    max_steps: Annotated[int, Quantity(help="most additions", minimum=1, maximum=500)] = 10
    antisolvent: Annotated[
        str,
        Quantity(
            help="what is in the syringe",
            choices=("ethanol", "methyl acetate", "ethyl acetate", "acetone", "hexane", "water"),
        ),
    ] = "methyl acetate"

    def checks(self) -> Iterator[Check]:
        """Yield the checks of a titration, and the flash point of the antisolvent."""
        yield from super().checks()
        yield from check_flash_point(self.antisolvent)

    def added(self, volume_ul: float) -> Row:
        """Return the volume fraction of antisolvent after an addition."""
        return {"antisolvent_fraction": volume_ul / (self.start_volume_ul + volume_ul)}


ligand_titration = plan_of(LigandTitration)
antisolvent_titration = plan_of(AntisolventTitration)
