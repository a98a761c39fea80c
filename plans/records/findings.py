"""What a run says of the sample: budget of the shift, kinetics, earlier runs."""

from dataclasses import dataclass

import numpy as np

from plans.analysis.kinetics import KineticsResult, fit_kinetics
from plans.analysis.spectrum import HC_EV_NM
from plans.analysis.split import ShiftSplit, split_shift
from plans.records.arrays import Array
from plans.records.course import TRACKED, Course
from plans.records.errors import RecordError
from plans.records.index import INDEX_NAME, RunIndex, sample_text
from plans.records.metrics import Change, ends
from plans.records.quantities import Measured
from plans.records.run import Run, open_run

MOST_POINTS = 400  # of a course that laws are fitted to; more say no more
EARLIER_RUNS = 5  # in the comparison
ENDS_FRAMES = 10  # as for the run itself
PEAK, CORRECTED = "Peak", "Peak, reabsorption taken back"


@dataclass(frozen=True, kw_only=True)
class ShiftPart:
    """A part of the shift.

    Attributes:
        name: What it is due to.
        shift_nm: In wavelength; red is positive.
        shift_mev: In photon energy; red is positive.
    """

    name: str
    shift_nm: Measured
    shift_mev: Measured


def shift_budget(changes: tuple[Change, ...]) -> tuple[ShiftPart, ...]:
    """Split the shift into what the sample's own absorption did and what is left.

    Args:
        changes: Of the run; without a corrected peak the whole shift is one part.
    """
    by_name = {change.name: change for change in changes}
    if PEAK not in by_name:
        return ()
    whole = _part("As measured", by_name[PEAK])
    if CORRECTED not in by_name:
        return (whole,)
    own = _part("Of the emission itself (corrected)", by_name[CORRECTED])
    kept = ShiftPart(
        name="Reabsorption (measured minus corrected)",
        shift_nm=whole.shift_nm.minus(own.shift_nm),
        shift_mev=whole.shift_mev.minus(own.shift_mev),
    )
    return whole, kept, own


def mixture_split(course: Course) -> ShiftSplit | None:
    """Split the shift into a second population and the lines themselves, None without spectra.

    Args:
        course: The run over time.
    """
    first, last = ends(course)
    spectra = course.spectra
    if spectra is None or not spectra.has_wavelength or not len(first):
        return None
    means = (spectra.counts[rows].mean(axis=0) for rows in (first, last))
    return split_shift(spectra.wavelength_nm, *means)


def _part(name: str, change: Change) -> ShiftPart:
    start_nm, end_nm = change.start.value, change.end.value
    mev = 1e3 * HC_EV_NM * (1.0 / start_nm - 1.0 / end_nm)
    per_nm = 1e3 * HC_EV_NM / (start_nm * end_nm)
    uncertainty = per_nm * change.change.uncertainty
    return ShiftPart(
        name=name,
        shift_nm=change.change,
        shift_mev=Measured(value=mev, uncertainty=uncertainty),
    )


@dataclass(frozen=True, kw_only=True)
class FilmPart:
    """A part of the shift of a film, as the plan has found it.

    Attributes:
        name: What it is due to.
        shift_mev: In photon energy; red is positive.
    """

    name: str
    shift_mev: float


FILM_PARTS = (
    ("shift_coupling_mev", "Coupling in the superlattice"),
    ("shift_bulk_like_mev", "Bulk-like crystals"),
    ("shift_reabsorption_mev", "Reabsorption in the film"),
)


def film_parts(run: Run) -> tuple[FilmPart, ...]:
    """Return the parts of the shift of a film, none when the plan has not split it.

    Args:
        run: The run.
    """
    summary = run.table("summary")
    values = [float(summary[key][-1]) if key in summary else float("nan") for key, _ in FILM_PARTS]
    if not np.isfinite(values).all():
        return ()
    names = [name for _, name in FILM_PARTS]
    return tuple(
        FilmPart(name=name, shift_mev=value) for name, value in zip(names, values, strict=True)
    )


@dataclass(frozen=True, kw_only=True)
class Kinetics:
    """Laws of the peak under light.

    Attributes:
        over_time: Against time since the light went on, s.
        over_dose: Against dose, J/cm²; None when none was recorded.
    """

    over_time: KineticsResult
    over_dose: KineticsResult | None


def kinetics(course: Course) -> Kinetics | None:
    """Fit laws of change to the peak while the light was on, None without light.

    Args:
        course: The run over time.
    """
    lit = np.flatnonzero((course.phase == "exposure") & course.is_valid)
    if not len(lit):
        return None
    lit = lit[:: -(-len(lit) // MOST_POINTS)]
    first = int(np.flatnonzero(course.phase == "exposure")[0])
    on_s = course.time_s[max(0, first - 1)]
    before_j_cm2 = course.dose_j_cm2[first - 1] if first else 0.0
    peak = course.peak_nm[lit]
    dose = course.dose_j_cm2[lit] - np.nan_to_num(before_j_cm2)
    has_dose = bool(np.isfinite(dose).all())
    return Kinetics(
        over_time=fit_kinetics(np.maximum(course.time_s[lit] - on_s, 0.0), peak),
        over_dose=fit_kinetics(np.maximum(dose, 0.0), peak) if has_dose else None,
    )


@dataclass(frozen=True, kw_only=True)
class EarlierRun:
    """A run of the same plan before this one.

    Attributes:
        name: Name of its folder.
        sample: What was measured.
        time_s: Start, s since 1970.
        start_nm: Peak at the start.
        end_nm: Peak at the end.
    """

    name: str
    sample: str
    time_s: float
    start_nm: Measured
    end_nm: Measured


def earlier_runs(run: Run) -> tuple[EarlierRun, ...]:
    """Return the last runs of the same plan in the same folder, the latest first.

    Only a folder that keeps an index of its runs is looked into.

    Args:
        run: The run.
    """
    here = run.folder.path
    if not (here.parent / INDEX_NAME).exists():
        return ()
    plan, begin_s = run.start.get("plan_name"), float(run.start["time"])
    try:
        summaries = RunIndex(here.parent).runs()
    except RecordError:  # the report of a run does not depend on its neighbours
        return ()
    paths = [
        summary.path
        for summary in summaries
        if summary.plan_name == plan and summary.time_s < begin_s
    ]
    found = (_earlier(open_run(path)) for path in paths[:EARLIER_RUNS] if path != here)
    return tuple(each for each in found if each is not None)


def _earlier(run: Run) -> EarlierRun | None:
    table = run.table(TRACKED)
    key = next((key for key in table if key.endswith("_peak_nm") and f"{key}_se" in table), None)
    peaks = np.empty(0) if key is None else np.asarray(table[key], dtype=np.float64)
    peaks = peaks[np.isfinite(peaks)]
    if not len(peaks):
        return None
    count = min(ENDS_FRAMES, max(1, len(peaks) // 5))
    return EarlierRun(
        name=run.folder.path.name,
        sample=sample_text(run.start.get("sample")),
        time_s=float(run.start["time"]),
        start_nm=_mean(peaks[:count]),
        end_nm=_mean(peaks[-count:]),
    )


def _mean(peaks: Array) -> Measured:
    spread = float(np.std(peaks, ddof=1)) / np.sqrt(len(peaks)) if len(peaks) > 1 else np.nan
    return Measured(value=float(np.mean(peaks)), uncertainty=float(spread))
