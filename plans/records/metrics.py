"""What a run did to the sample, in numbers with uncertainty."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plans.records.arrays import Array
from plans.records.course import Course
from plans.records.quantities import Measured

ENDS_FRAMES = 10  # frames that a start or end value is the mean of, at most
ENDS_SHARE = 5  # and at most this part (1/5) of a run without a baseline
ONSET_SHARE = 0.1  # of the total shift
SIGMAS = 3.0  # a change counts from here
MAD_TO_SIGMA = 1.4826  # of a normal distribution
MORE_ROWS = (
    ("corrected_peak_nm", "Peak, reabsorption taken back", "nm"),
    ("moment_fwhm_nm", "Width from the second moment", "nm"),
    ("asymmetry", "Asymmetry, red half over blue half", ""),
    ("cie_x", "CIE 1931 x", ""),
    ("cie_y", "CIE 1931 y", ""),
    ("rec2020_distance", "Distance to Rec. 2020 green, xy", ""),
    ("scatter_ratio", "Scattered excitation over PL", ""),
    ("end_fraction", "Share of the end spectrum", ""),
)  # of the table of changes, where they were tracked
SMOOTHING_FRAMES = 5  # of the running median against single odd frames


@dataclass(frozen=True, kw_only=True)
class Change:
    """A quantity at the start and at the end.

    Attributes:
        name: Name of the quantity.
        unit: Its unit, "" for a plain number.
        start: Mean over the first frames.
        end: Mean over the last frames.
        change: End minus start.
        change_unit: Unit of the change.
    """

    name: str
    unit: str
    start: Measured
    end: Measured
    change: Measured
    change_unit: str


@dataclass(frozen=True, kw_only=True)
class Landmark:
    """A frame that is worth a look.

    Attributes:
        name: "start", "onset", "widest", "trigger" or "end".
        frame: Row of the course.
    """

    name: str
    frame: int


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The run in numbers.

    Attributes:
        start_frames: How many frames the start values are the mean of.
        end_frames: How many frames the end values are the mean of.
        changes: Start, end and change of each quantity.
        landmarks: Frames worth a look, in the order of time.
        remarks: Why a landmark is missing, a sentence each.
        half_shift: Half of the shift: time after the light went on (s) and dose (J/cm²).
        dark_tail_shift: Move of the peak from the last frames with light on to the end, nm.
        largest_area: Largest area as a share of the start, and when (s).
        largest_fwhm_nm: Largest width, and when (s).
        flags: How often each flag was set.
        dose_j_cm2: Dose at the end.
        probe_share: Part of the dose that only served to look.
        on_time_s: Time the light was on.
    """

    start_frames: int
    end_frames: int
    changes: tuple[Change, ...]
    landmarks: tuple[Landmark, ...]
    remarks: tuple[str, ...]
    half_shift: tuple[float, float] | None
    dark_tail_shift: Measured | None
    largest_area: tuple[float, float] | None
    largest_fwhm_nm: tuple[float, float] | None
    flags: dict[str, int]
    dose_j_cm2: float
    probe_share: float
    on_time_s: float


def measure(course: Course) -> Metrics:
    """Reduce a course to its numbers.

    Args:
        course: The run over time.
    """
    first, last = ends(course)
    landmarks, remarks = _landmarks(course, first, last)
    dose_j_cm2 = _final(np.append(course.dose_j_cm2, course.final_dose_j_cm2))
    probe_j_cm2 = _final(np.append(course.probe_dose_j_cm2, course.final_probe_dose_j_cm2))
    return Metrics(
        start_frames=len(first),
        end_frames=len(last),
        changes=_changes(course, first, last) if len(first) else (),
        landmarks=landmarks,
        remarks=remarks,
        half_shift=_half_shift(course, first, last),
        dark_tail_shift=_dark_tail_shift(course, last),
        largest_area=_largest(course, relative_area(course)),
        largest_fwhm_nm=_largest(course, course.fwhm_nm),
        flags=_flags(course),
        dose_j_cm2=dose_j_cm2,
        probe_share=probe_j_cm2 / dose_j_cm2 if dose_j_cm2 > 0 else float("nan"),
        on_time_s=_final(course.on_time_s),
    )


def relative_area(course: Course) -> Array:
    """Return the area of each frame as a share of the mean over the first frames.

    Args:
        course: The run over time.
    """
    first, _ = ends(course)
    start = _mean(course.area, None, first).value if len(first) else np.nan
    return course.area / start if start else np.full(len(course.area), np.nan)


def smooth(values: Array) -> Array:
    """Return the running median, which single odd frames do not move.

    Args:
        values: One value per frame.
    """
    half = SMOOTHING_FRAMES // 2
    if len(values) < SMOOTHING_FRAMES:
        return values
    padded = np.pad(values, half, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, SMOOTHING_FRAMES)
    return np.asarray(np.median(windows, axis=1))


def ends(course: Course) -> tuple[Array, Array]:
    """Return the frames that the start and the end values are the mean of.

    Args:
        course: The run over time.
    """
    valid = np.flatnonzero(course.is_valid)
    count = min(ENDS_FRAMES, max(1, len(valid) // ENDS_SHARE))
    baseline = np.flatnonzero(course.is_valid & (course.phase == "baseline"))
    if not len(baseline) or len(baseline) == len(valid):
        baseline = valid[:count]
    after = valid[valid > baseline[-1]] if len(baseline) else valid
    return baseline, (after if len(after) else valid)[-count:]


def _mean(values: Array, errors: Array | None, frames: Array) -> Measured:
    """Return a mean with the largest of its scatter, the run's noise and the fits' errors."""
    kept = frames[np.isfinite(values[frames])]
    if not len(kept):
        return Measured(value=float("nan"))
    candidates = [_frame_noise(values) / np.sqrt(len(kept))]
    if len(kept) > 1:
        candidates.append(float(np.std(values[kept], ddof=1)) / np.sqrt(len(kept)))
    if errors is not None and np.isfinite(errors[kept]).all():
        candidates.append(float(np.sqrt(np.mean(errors[kept] ** 2) / len(kept))))
    uncertainty = max((c for c in candidates if np.isfinite(c)), default=float("nan"))
    return Measured(value=float(np.mean(values[kept])), uncertainty=float(uncertainty))


def _frame_noise(values: Array) -> float:
    """Return the noise of one frame from the steps between frames, which a trend hardly moves."""
    steps = np.diff(values[np.isfinite(values)])
    if len(steps) < 2:
        return float("nan")
    return float(np.median(np.abs(steps)) * MAD_TO_SIGMA / np.sqrt(2))


def _changes(course: Course, first: Array, last: Array) -> tuple[Change, ...]:
    area = relative_area(course)
    rows: list[tuple[str, str, Array, Array | None, float, str]] = [
        ("Peak", "nm", course.peak_nm, course.peak_nm_se, 1.0, "nm"),
        ("Peak energy", "eV", course.peak_ev, None, 1000.0, "meV"),
        ("Full width at half maximum", "nm", course.fwhm_nm, None, 1.0, "nm"),
        ("Area, relative to the start", "", area, None, 1.0, ""),
        ("Signal to noise", "", course.snr, None, 1.0, ""),
    ]
    errors = course.more.get("corrected_peak_nm_se")
    rows += [
        (name, unit, course.more[key], errors if key == "corrected_peak_nm" else None, 1.0, unit)
        for key, name, unit in MORE_ROWS
        if key in course.more
    ]
    changes = []
    for name, unit, values, errors, scale, change_unit in rows:
        start, end = _mean(values, errors, first), _mean(values, errors, last)
        if not np.isfinite(start.value):
            continue
        change = end.minus(start)
        scaled = Measured(value=change.value * scale, uncertainty=change.uncertainty * scale)
        changes.append(
            Change(
                name=name,
                unit=unit,
                start=start,
                end=end,
                change=scaled,
                change_unit=change_unit,
            )
        )
    return tuple(changes)


def _landmarks(
    course: Course, first: Array, last: Array
) -> tuple[tuple[Landmark, ...], tuple[str, ...]]:
    found = [Landmark(name="trigger", frame=f) for f in _trigger(course)]
    remarks = []
    valid = np.flatnonzero(course.is_valid)
    if len(valid):
        found.append(Landmark(name="start", frame=int(valid[0])))
        if len(valid) > 1:
            found.append(Landmark(name="end", frame=int(valid[-1])))
            for name, find in (("onset", _onset), ("widest", _widest)):
                frame, remark = find(course, first, last)
                if frame is None:
                    remarks.append(remark)
                else:
                    found.append(Landmark(name=name, frame=frame))
    elif count := len(course.seq_num):
        ends = [("start", 0), ("end", count - 1)][:count]
        found += [Landmark(name=name, frame=frame) for name, frame in ends]
        why = "No frame has a peak" if course.tracked_count else "Nothing was tracked"
        remarks.append(f"{why}, so that there is no onset and no widest spectrum.")
    return tuple(sorted(found, key=lambda landmark: landmark.frame)), tuple(remarks)


def _trigger(course: Course) -> list[int]:
    if course.ending is None or course.ending.seq_num is None:
        return []
    return [int(row) for row in np.flatnonzero(course.seq_num == course.ending.seq_num)[-1:]]


Finder = Callable[[Course, Array, Array], tuple[int | None, str]]


def _onset(course: Course, first: Array, last: Array) -> tuple[int | None, str]:
    frame = _passed(course, first, last, ONSET_SHARE)
    if frame is not None:
        return frame, ""
    words = _shift(course, first, last).text("nm", signed=True)
    return None, f"No onset: the peak moved by {words}, which the noise alone may do."


def _shift(course: Course, first: Array, last: Array) -> Measured:
    start = _mean(course.peak_nm, course.peak_nm_se, first)
    return _mean(course.peak_nm, course.peak_nm_se, last).minus(start)


def _passed(course: Course, first: Array, last: Array, part: float) -> int | None:
    """Return the frame from which the peak has moved by a part of its shift, None without one."""
    shift = _shift(course, first, last)
    if not abs(shift.value) > SIGMAS * shift.uncertainty:
        return None
    valid = np.flatnonzero(course.is_valid)
    start_nm = _mean(course.peak_nm, None, first).value
    share = (smooth(course.peak_nm[valid]) - start_nm) / shift.value
    # The last frame below the mark and not the first above it: noise crosses early.
    below = np.flatnonzero((share < part)[: int(np.argmax(share >= (1 + part) / 2)) + 1])
    place = int(below[-1]) + 1 if len(below) else 0
    return int(valid[min(place, len(valid) - 1)])


def _half_shift(course: Course, first: Array, last: Array) -> tuple[float, float] | None:
    lit = np.flatnonzero(course.phase == "exposure")
    if not len(lit) or not len(first):
        return None
    frame = _passed(course, first, last, 0.5)
    if frame is None:
        return None
    # The light went on after the frame before the first lit one.
    on_s = course.time_s[max(0, lit[0] - 1)]
    return float(course.time_s[frame] - on_s), float(course.dose_j_cm2[frame])


def _dark_tail_shift(course: Course, last: Array) -> Measured | None:
    lit = np.flatnonzero(course.is_valid & (course.phase == "exposure"))
    dark = last[course.phase[last] == "dark_tail"]
    if not len(lit) or not len(dark):
        return None
    return _shift(course, lit[-len(dark) :], dark)


def _widest(course: Course, first: Array, _: Array) -> tuple[int | None, str]:
    frames = np.flatnonzero(course.is_valid & np.isfinite(course.fwhm_nm))
    start = _mean(course.fwhm_nm, None, first)
    if len(frames):
        widths = smooth(course.fwhm_nm[frames])
        top = int(np.argmax(widths))
        scatter = start.uncertainty * np.sqrt(len(first))  # of one frame
        if widths[top] - start.value > SIGMAS * scatter:
            return int(frames[top]), ""
    return None, "No widest spectrum: the line was never wider than at the start."


def _largest(course: Course, values: Array) -> tuple[float, float] | None:
    frames = np.flatnonzero(np.isfinite(values))
    if not len(frames):
        return None
    smoothed = smooth(values[frames])
    top = int(np.argmax(smoothed))
    return float(smoothed[top]), float(course.time_s[frames[top]])


def _flags(course: Course) -> dict[str, int]:
    names = (name.strip() for flags in course.flags for name in flags.split(","))
    return dict(Counter(name for name in names if name).most_common())


def _final(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else float("nan")
