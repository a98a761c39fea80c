"""Assembly by ultrasound, followed between the bursts."""

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from bluesky.utils import MsgGenerator

from instruments.switches import Switch
from instruments.thermal import Thermostat
from plans.analysis import PlateauRule, TrackPoint
from plans.annotations import AutoExposure, BaselineFrames, Solvent
from plans.checks import check_flash_point
from plans.experiments.base import plan_of
from plans.experiments.pl import PLExperiment, require_peak
from plans.experiments.points import compare, doses
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dark, set_and_wait, settle

_HOTTEST_DEGC = 60.0
_SWITCHING_S = 2.0


@dataclass(frozen=True, eq=False)
class UltrasonicationAssembly(PLExperiment):
    """Sonicate in bursts and look at the PL in between.

    Light is off during a burst, ultrasound during a spectrum. It ends when the peak has moved and
    stands still, when the bath is too warm, or when the time is up. Peak and area stand in a table
    against the time in ultrasound. The power is what the bath is set to by hand: a relay only
    switches it.
    """

    _: dataclasses.KW_ONLY
    burst_s: Annotated[
        float, Quantity(help="ultrasound of one burst", unit="s", minimum=1, maximum=600)
    ] = 10.0
    rest_s: Annotated[
        float, Quantity(help="rest after it, with the spectrum", unit="s", minimum=2, maximum=3600)
    ] = 20.0
    max_time_min: Annotated[
        float, Quantity(help="longest time in ultrasound", unit="min", minimum=0.1, maximum=600)
    ] = 30.0
    power_percent: Annotated[
        float, Quantity(help="power set at the bath, for the record", unit="%", minimum=0,
                        maximum=100),
    ] = 100.0  # fmt: skip
    max_bath_degc: Annotated[
        float, Quantity(help="end when the bath is warmer", unit="°C", minimum=20,
                        maximum=_HOTTEST_DEGC),
    ] = 40.0  # fmt: skip
    plateau: Annotated[bool, Quantity(help="stop when the peak has moved and stands")] = True
    solvent: Solvent = "toluene"
    baseline_frames: BaselineFrames = 5
    auto_exposure: AutoExposure = True
    sonicator: Annotated[Switch | None, Quantity(help="switches the ultrasonic bath")] = None
    thermostat: Annotated[Thermostat | None, Quantity(help="reads the bath")] = None

    def bursts(self) -> int:
        """Return how many bursts there are at most."""
        return math.ceil(60 * self.max_time_min / self.burst_s)

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        each = self.burst_s + max(self.rest_s, 2 * self.frame_time_s()) + _SWITCHING_S
        return self.bursts() * each + 2 * self.baseline_frames * self.frame_time_s() + 60.0

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        return self.bursts() + self.baseline_frames

    def watched(self) -> Sequence[Any]:
        """Return the thermometer of the bath and the switch."""
        return [device for device in (self.thermostat, self.sonicator) if device is not None]

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light and stage, of switch and thermometer, and of the solvent."""
        yield from super().checks()
        if self.sonicator is None:
            yield Check(name="ultrasound", verdict="refused", detail="there is no switch for it")
        detail = f"at most {self.max_time_min:g} min in bursts of {self.burst_s:g} s; it is loud"
        yield Check(name="noise", verdict="note", detail=detail)
        if self.thermostat is None:
            detail = "nothing reads the bath: look at it, ultrasound warms"
            yield Check(name="bath", verdict="note", detail=detail)
        yield from check_flash_point(self.solvent, self.max_bath_degc)
        fits = self.frame_time_s() <= self.rest_s
        detail = f"a spectrum takes about {self.frame_time_s():.2g} s of {self.rest_s:g} s of rest"
        yield Check(name="rest", verdict="ok" if fits else "refused", detail=detail)

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Take the baseline, then burst and look in turn."""
        if self.auto_exposure:
            yield from log.auto_expose()
        pace_s = 2 * self.frame_time_s()
        baseline = yield from log.points(self.baseline_frames, pace_s, phase="baseline")
        require_peak(baseline)
        log.progress.phase = "sonication"
        rule = PlateauRule(window_s=20 * (self.burst_s + self.rest_s))
        for point in baseline:
            rule.reference(point)
        points: list[TrackPoint] = []
        sonicated_s, verdict = 0.0, ("time", f"{self.max_time_min:g} min of ultrasound")
        for _ in range(self.bursts()):
            sonicated_s += yield from self._burst()
            due_s = time.monotonic() + self.rest_s
            point = yield from log.dark_point()
            points.append(point)
            yield from log.result(self._row(log, point, sonicated_s))
            state = rule.update(point)
            if self._bath_degc(log) > self.max_bath_degc:
                verdict = ("warm", f"the bath has {self._bath_degc(log):.1f} °C")
                break
            if self.plateau and state.met:
                verdict = ("plateau", state.text)
                break
            yield from log.wait(due_s)
        yield from log.end(*verdict)
        yield from log.conclude(
            {
                **compare(baseline, points),
                "sonicated_s": sonicated_s,
                "bath_end_degc": self._bath_degc(log),
                **doses(log),
                "ended_by": verdict[0],
            }
        )

    def _burst(self) -> MsgGenerator[float]:
        """Sonicate for one burst; return how long the ultrasound was on, s."""
        assert self.sonicator is not None  # preflight has seen to it
        yield from dark(self.light)
        yield from set_and_wait(self.sonicator, "on")
        start_s = time.monotonic()
        yield from settle(self.burst_s)
        yield from set_and_wait(self.sonicator, "off")
        return time.monotonic() - start_s

    def _row(self, log: PLSeries, point: TrackPoint, sonicated_s: float) -> dict[str, float]:
        return {
            "sonicated_s": sonicated_s,
            "peak_nm": NO_NUMBER if point.peak_nm is None else point.peak_nm,
            "fwhm_nm": NO_NUMBER if point.fwhm_nm is None else point.fwhm_nm,
            "area": point.area,
            "bath_degc": self._bath_degc(log),
        }

    def _bath_degc(self, log: PLSeries) -> float:
        if self.thermostat is None:
            return NO_NUMBER
        return float(log.values[f"{self.thermostat.name}_temperature_degc"])


ultrasonication_assembly = plan_of(UltrasonicationAssembly)
