"""PL against excitation power, up and down again."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from bluesky.utils import MsgGenerator

from instruments.light_sources.emission import Emission
from plans.analysis import find_threshold, fit_power_law
from plans.annotations import MaxDoseJCm2
from plans.checks import check_dose
from plans.experiments.base import plan_of
from plans.experiments.pl import PLExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check

_MOST_RETURN = 0.05


@dataclass(frozen=True, eq=False)
class PowerSeries(PLExperiment):
    """Raise the irradiance in logarithmic steps and lower it again, with a spectrum at each step.

    The integration time follows the signal. The summary holds the slope in log-log, the threshold
    if there is one, and by how much the last point differs from the first one at the same
    irradiance: more than 5 % means that the light has changed the sample.
    """

    _: dataclasses.KW_ONLY
    lowest_mw_cm2: Annotated[
        float, Quantity(help="weakest irradiance", unit="mW/cm²", minimum=0.01, maximum=200)
    ] = 0.1
    highest_mw_cm2: Annotated[
        float, Quantity(help="strongest irradiance", unit="mW/cm²", minimum=0.02, maximum=200)
    ] = 50.0
    points: Annotated[int, Quantity(help="irradiances on the way up", minimum=3, maximum=100)] = 20
    down: Annotated[bool, Quantity(help="go down again, to see what the light has changed")] = True
    longest_integration_s: Annotated[
        float, Quantity(help="longest integration time", unit="s", minimum=0.01, maximum=10)
    ] = 2.0
    max_dose_j_cm2: MaxDoseJCm2 = 20.0

    def ladder_mw_cm2(self) -> list[float]:
        """Return the irradiances in the order in which they come, mW/cm²."""
        steps = np.geomspace(self.lowest_mw_cm2, self.highest_mw_cm2, self.points)
        up = [float(step) for step in steps]
        return up + up[-2::-1] if self.down else up

    def planned_dose_j_cm2(self) -> float:
        """Return about what dose the whole ladder gives, J/cm²."""
        brightest = max(self.ladder_mw_cm2())
        # The integration time goes down as the light goes up, so their product is bounded.
        per_frame = [min(4 * self.longest_integration_s * e, 4 * brightest * 0.5)
                     for e in self.ladder_mw_cm2()]  # fmt: skip
        return 1e-3 * sum(per_frame)

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        frame_s = 3 * self.longest_integration_s * (self.averages + 1) + 2.0
        return len(self.ladder_mw_cm2()) * frame_s

    def frames(self) -> int:
        """Return how many spectra are taken."""
        return 3 * len(self.ladder_mw_cm2())

    def irradiances_needed(self) -> tuple[float, ...]:
        """Return the ends of the ladder, mW/cm²."""
        return (self.lowest_mw_cm2, self.highest_mw_cm2)

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage and dose."""
        yield from super().checks()
        rising = self.lowest_mw_cm2 < self.highest_mw_cm2
        detail = f"from {self.lowest_mw_cm2:g} to {self.highest_mw_cm2:g} mW/cm²"
        yield Check(name="ladder", verdict="ok" if rising else "refused", detail=detail)
        yield check_dose(self.planned_dose_j_cm2(), self.max_dose_j_cm2)

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Go up and down the ladder."""
        ladder = self.ladder_mw_cm2()
        rule, text = "done", f"{len(ladder)} irradiances"
        for number, irradiance in enumerate(ladder):
            way = "up" if number < self.points else "down"
            log.progress.phase = way
            light = Emission(wavelength_nm=self.wavelength_nm, irradiance_mw_cm2=irradiance)
            seconds = yield from log.auto_expose(probe=light, longest_s=self.longest_integration_s)
            point = yield from log.dark_point(light)
            yield from log.result(
                {
                    "way": way,
                    "irradiance_mw_cm2": log.irradiance_mw_cm2(),  # read back: currents have steps
                    "area": point.area,
                    "peak_nm": NO_NUMBER if point.peak_nm is None else point.peak_nm,
                    "fwhm_nm": NO_NUMBER if point.fwhm_nm is None else point.fwhm_nm,
                    "integration_time_s": seconds,
                    "dose_j_cm2": log.dose_j_cm2(),
                    "flags": ",".join(point.flags),
                }
            )
            if log.dose_j_cm2() >= self.max_dose_j_cm2:
                rule, text = "dose", f"{log.dose_j_cm2():.3g} J/cm² after {number + 1} irradiances"
                break
        yield from log.end(rule, text)
        yield from log.conclude(self.summarise(log.rows))

    def summarise(self, rows: Sequence[Row]) -> Row:
        """Return slope, threshold and what the light has changed.

        Args:
            rows: The table of results.
        """
        up = [row for row in rows if row["way"] == "up"]
        power = [float(row["irradiance_mw_cm2"]) for row in up]
        area = [float(row["area"]) for row in up]
        law, knee = fit_power_law(power, area), find_threshold(power, area)
        returned = self.down and len(rows) == len(self.ladder_mw_cm2())
        back = float(rows[-1]["area"]) / float(rows[0]["area"]) - 1 if returned else NO_NUMBER
        changed = math.isfinite(back) and abs(back) > _MOST_RETURN
        return {
            "exponent": _number(law.exponent),
            "exponent_se": _number(law.exponent_se),
            "r2": _number(law.r2),
            "threshold_mw_cm2": _number(knee.threshold),
            "threshold_reason": knee.reason,
            "return_deviation": back,
            "verdict": "the light has changed the sample" if changed else "no lasting change"
            if returned else "not looked for",
        }  # fmt: skip


def _number(value: float | None) -> float:
    return NO_NUMBER if value is None else value


power_series = plan_of(PowerSeries)
