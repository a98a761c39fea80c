"""A drop that dries to superlattices, followed by its PL and its mass."""

import dataclasses
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
from bluesky.utils import MsgGenerator

from instruments.balances.balance import Balance
from instruments.light_sources.light_source import LightSource
from instruments.pumps import SyringePump
from instruments.thermal import Thermostat
from plans.analysis import PlateauRule, TrackPoint
from plans.analysis.dryness import DryRule
from plans.annotations import AutoExposure, BaselineFrames, RateUlMin, Solvent
from plans.checks import (
    check_flash_point,
    check_interval,
    check_syringe,
    check_temperature,
    check_vessel,
)
from plans.experiments.base import plan_of
from plans.experiments.film_look import FilmLook
from plans.experiments.pl import require_peak
from plans.experiments.points import compare, doses, mean_point
from plans.experiments.transmission import TransmissionExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dispense, heating_s, hold_temperature, ramp_temperature

_SLOPE_FRAMES = 5
_ONSET_NM = 1.0  # the shift that says that assembly has begun
_BRIGHT, _DIM = 0.9, 0.5  # area ratios that decide between the two explanations of the shift
_NARROW = 0.8  # width at the end over that at the start, that does so
_DROP_CAPACITY_UL = 2000.0


@dataclass(frozen=True, eq=False)
class EvaporationAssembly(TransmissionExperiment):
    """Let a drop dry and follow how its nanocrystals assemble to superlattices.

    A spectrum at every interval, more often while the peak runs; temperature and mass with each of
    them. It ends when mass (without a balance: the area of the PL) and peak have both stood still
    for the hold time, or when the time is up. The summary says which explanation of the red shift
    the data fit: light that is reabsorbed costs area and leaves a narrow line, electronic coupling
    alone does neither. With a white lamp and a blank position the absorbance before and after says
    how much of the shift is coupling, bulk-like crystals and reabsorption.
    """

    absorbance_stream: ClassVar[str] = "film_absorbance"

    _: dataclasses.KW_ONLY
    solvent: Solvent = "toluene"
    volume_ul: Annotated[
        float, Quantity(help="volume of the drop", unit="µL", minimum=5, maximum=2000)
    ] = 50.0
    concentration_um: Annotated[
        float,
        Quantity(help="nanocrystals in the drop", unit="µmol/L", minimum=0.01, maximum=50),
    ] = 5.0
    ligand_mm: Annotated[
        float, Quantity(help="free ligand in the drop", unit="mmol/L", minimum=0, maximum=20)
    ] = 1.0
    area_cm2: Annotated[
        float, Quantity(help="area that the drop covers", unit="cm²", minimum=0.01, maximum=100)
    ] = 1.0
    capacity_ul: Annotated[
        float, Quantity(help="what the support holds", unit="µL", minimum=5, maximum=10000)
    ] = _DROP_CAPACITY_UL
    temperature_degc: Annotated[
        float, Quantity(help="temperature of the support", unit="°C", minimum=15, maximum=90)
    ] = 25.0
    ramp_k_min: Annotated[
        float, Quantity(help="how fast to heat, 0 for at once", unit="K/min", minimum=0, maximum=20)
    ] = 0.0
    vapour_saturation: Annotated[
        float, Quantity(help="solvent vapour in the gas, for the record", minimum=0, maximum=0.95)
    ] = 0.0
    gas_sccm: Annotated[
        float, Quantity(help="flow of gas, for the record", unit="sccm", minimum=0, maximum=500)
    ] = 0.0
    interval_s: Annotated[
        float, Quantity(help="time between spectra", unit="s", minimum=1, maximum=600)
    ] = 5.0
    fast_interval_s: Annotated[
        float, Quantity(help="the same while the peak runs", unit="s", minimum=1, maximum=60)
    ] = 2.0
    fast_slope_nm_min: Annotated[
        float,
        Quantity(help="slope that counts as running", unit="nm/min", minimum=0.01, maximum=50),
    ] = 0.5
    max_time_min: Annotated[
        float, Quantity(help="longest run", unit="min", minimum=1, maximum=1440)
    ] = 1440.0
    hold_min: Annotated[
        float,
        Quantity(help="how long mass and peak must stand", unit="min", minimum=0, maximum=600),
    ] = 30.0
    plateau_threshold_nm_min: Annotated[
        float,
        Quantity(help="slope that counts as standing", unit="nm/min", minimum=0.0005, maximum=1),
    ] = 0.01
    baseline_frames: BaselineFrames = 5
    auto_exposure: AutoExposure = True
    dispense_rate_ul_min: RateUlMin = 200.0
    blank_position: Annotated[
        str, Quantity(help="stage position of bare support, to split the shift; empty for none")
    ] = ""
    extinction_per_um_cm: Annotated[
        float,
        Quantity(help="decadic, of the crystals at the probe's wavelength", unit="1/(µM cm)",
                 minimum=0.01, maximum=10000),
    ] = 43.5  # fmt: skip
    pump: Annotated[
        SyringePump | None, Quantity(help="puts the drop down; it is there already without one")
    ] = None
    thermostat: Annotated[Thermostat | None, Quantity(help="heats the support")] = None
    balance: Annotated[Balance | None, Quantity(help="weighs the drop")] = None

    def white(self) -> tuple[LightSource, float] | None:
        """Return the white lamp; none is asked for without a blank."""
        return super().white() if self.blank_position else None

    def excitation_absorbance(self) -> float:
        """Return the absorbance of the drop at the wavelength of the probe."""
        depth_cm = 1e-3 * self.volume_ul / self.area_cm2
        return self.extinction_per_um_cm * self.concentration_um * depth_cm

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        heating = heating_s(self.thermostat, self.ramp_k_min)
        return heating + 60 * self.max_time_min + self.baseline_frames * self.interval_s + 60.0

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        return int(60 * self.max_time_min / self.interval_s)

    def watched(self) -> Sequence[Any]:
        """Return thermostat and balance."""
        return [device for device in (self.thermostat, self.balance) if device is not None]

    def details(self) -> Mapping[str, Any]:
        """Return what the drop is, for the report."""
        return {
            "drop": {
                "solvent": self.solvent,
                "volume_ul": self.volume_ul,
                "concentration_um": self.concentration_um,
                "ligand_mm": self.ligand_mm,
                "area_cm2": self.area_cm2,
            }
        }

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, heat, liquid and cadence."""
        yield from super().checks()
        yield check_interval(min(self.interval_s, self.fast_interval_s), self.frame_s())
        yield check_temperature(self.temperature_degc, self.solvent, self.thermostat)
        yield from check_flash_point(self.solvent, self.temperature_degc)
        yield check_vessel(0.0, self.volume_ul, self.capacity_ul)
        if self.pump is not None:
            yield from check_syringe(
                self.pump, self.volume_ul, self.dispense_rate_ul_min, what="drop"
            )

    def prepare(self, log: PLSeries) -> MsgGenerator[None]:
        """Set the exposure, bring the support into the beam and warm it, put the drop down."""
        yield from super().prepare(log)
        if self.thermostat is not None and self.ramp_k_min == 0:
            yield from hold_temperature(self.thermostat, self.temperature_degc)
        if self.pump is not None:
            yield from dispense(self.pump, self.volume_ul, self.dispense_rate_ul_min)

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Follow the drop until it has dried and its peak stands."""
        look = FilmLook(self, self.excitation_absorbance())
        yield from look.begin(log)
        if self.auto_exposure:
            yield from log.auto_expose()
        baseline = yield from log.points(self.baseline_frames, self.interval_s, phase="baseline")
        require_peak(baseline)
        look.wet(log)
        course = _Course(self, baseline)
        log.progress.phase = "drying"
        if self.thermostat is not None and self.ramp_k_min > 0:
            yield from ramp_temperature(self.thermostat, self.temperature_degc, self.ramp_k_min)
        due_s = time.monotonic()
        verdict: tuple[str, str] | None = None
        while verdict is None:
            due_s = yield from log.wait(due_s + course.interval_s)
            point = yield from log.dark_point()
            look.note(log)
            verdict = course.update(point, log.values)
            if log.progress.phase == "drying" and course.dry_since_s is not None:
                log.progress.phase = "dry"
        yield from log.end(*verdict)
        budget = yield from look.finish(log)
        answer = {**course.summary(), **budget, **doses(log), "ended_by": verdict[0]}
        yield from log.conclude(answer)


@dataclass
class _Course:
    """What has been seen of the drop so far, and whether it is enough."""

    settings: EvaporationAssembly
    baseline: list[TrackPoint]
    points: list[TrackPoint] = field(default_factory=list)
    interval_s: float = 0.0
    dry_since_s: float | None = None

    def __post_init__(self) -> None:
        hold_s = 60 * self.settings.hold_min
        self.interval_s = self.settings.interval_s
        self._dry = DryRule(hold_s=hold_s)
        self._plateau = PlateauRule(
            threshold_nm_min=self.settings.plateau_threshold_nm_min, hold_s=hold_s
        )
        for point in self.baseline:
            self._plateau.reference(point)
        self._recent: deque[TrackPoint] = deque(maxlen=_SLOPE_FRAMES)

    def update(self, point: TrackPoint, values: Mapping[str, Any]) -> tuple[str, str] | None:
        """Take a frame into account; return rule and words when the run is over."""
        self.points.append(point)
        balance = self.settings.balance
        watched = point.area if balance is None else float(values[f"{balance.name}_mass_g"])
        dry = self._dry.update(point.time_s, watched)
        if self.dry_since_s is None:
            self.dry_since_s = self._dry.since_s
        plateau = self._plateau.update(point)
        self.interval_s = self._next_interval_s(point)
        if dry.met and plateau.met:
            return "dry", f"{dry.text}; peak {plateau.text}"
        if point.time_s >= 60 * self.settings.max_time_min:
            return "time", f"{point.time_s / 60:.0f} min; {dry.text}; peak {plateau.text}"
        return None

    def _next_interval_s(self, point: TrackPoint) -> float:
        settings = self.settings
        if point.peak_nm is None:
            return settings.interval_s
        self._recent.append(point)
        times = np.array([each.time_s for each in self._recent])
        peaks = np.array([each.peak_nm for each in self._recent], dtype=float)
        if len(times) < _SLOPE_FRAMES or np.ptp(times) <= 0:
            return settings.interval_s
        # The ends, not a fit: what counts is to be early, and noise costs a few frames at most.
        slope = 60 * (np.median(peaks[-2:]) - np.median(peaks[:2])) / (times[-1] - times[0])
        runs = abs(slope) >= settings.fast_slope_nm_min
        noisy = abs(peaks[-1] - peaks[0]) < 0.3
        return settings.fast_interval_s if runs and not noisy else settings.interval_s

    def summary(self) -> Row:
        """Return what happened in numbers, and which explanation of the shift fits them."""
        first = mean_point(self.baseline)
        widths = [(p.fwhm_nm or NO_NUMBER, p.time_s) for p in self.points if p.is_usable]
        widest = max(widths, default=(NO_NUMBER, NO_NUMBER))
        smooth = _running_median([p.peak_nm or NO_NUMBER for p in self.points])
        moved = np.flatnonzero(smooth - first.peak_nm > _ONSET_NM)
        compared = compare(self.baseline, self.points)
        return {
            **compared,
            "fwhm_max_nm": widest[0],
            "fwhm_max_at_s": widest[1],
            "onset_s": self.points[int(moved[0])].time_s if moved.size else NO_NUMBER,
            "dry_s": NO_NUMBER if self.dry_since_s is None else self.dry_since_s,
            "explanation": explain(compared),
        }


def explain(compared: Row) -> str:
    """Say which explanation of the red shift area and width speak for.

    Baranov et al. (2019) give most of the shift of a thick film to reabsorption, which takes the
    blue side of the line: at the end the area has fallen and the line is narrow. Coupling alone
    moves the line and leaves its area and its width. On the way both look alike: what has assembled
    and what has not yet give a wide line together.

    Args:
        compared: Holds ``shift_nm``, ``area_ratio``, ``fwhm_start_nm`` and ``fwhm_end_nm``.
    """
    if not float(compared["shift_nm"]) > _ONSET_NM:
        return "no red shift to explain"
    area_ratio = float(compared["area_ratio"])
    narrowed = float(compared["fwhm_end_nm"]) < _NARROW * float(compared["fwhm_start_nm"])
    if area_ratio <= _DIM and narrowed:
        return "mixed: reabsorption takes the blue side (less area, a narrow line at the end)"
    if area_ratio >= _BRIGHT and not narrowed:
        return "coupling: the line moves as a whole (area and width stay)"
    return "not decided: area and width disagree"


def _running_median(values: Sequence[float]) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if array.size < _SLOPE_FRAMES:
        return array
    padded = np.pad(array, _SLOPE_FRAMES // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SLOPE_FRAMES)
    return np.asarray(np.nanmedian(windows, axis=1))


evaporation_assembly = plan_of(EvaporationAssembly)
