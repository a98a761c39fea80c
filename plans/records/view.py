"""A run as its picture shows it: time in a handy unit, pauses, phases."""

from dataclasses import dataclass

import numpy as np

from plans.records.arrays import Array
from plans.records.course import Course, read_course
from plans.records.metrics import Metrics, measure, smooth
from plans.records.run import Run

GAP_FACTOR = 4.0  # a step so many times longer than those around it is a pause


@dataclass(frozen=True, kw_only=True)
class View:
    """What the panels draw.

    Attributes:
        course: The run over time.
        metrics: Its numbers.
        time: Time of each frame in ``time_unit``.
        time_unit: "s", "min" or "h".
        seconds: Length of the time unit, s.
        missing: Why there is nothing to draw, "" when there is.
    """

    course: Course
    metrics: Metrics
    time: Array
    time_unit: str
    seconds: float
    missing: str


def view_of(run: Run) -> View:
    """Prepare a run for drawing.

    Args:
        run: The run.
    """
    course = read_course(run)
    span_s = float(np.nanmax(course.time_s)) if len(course.time_s) else 0.0
    unit, seconds = next(
        (unit, seconds)
        for unit, seconds, up_to_s in (("s", 1, 180), ("min", 60, 10_800), ("h", 3600, np.inf))
        if span_s <= up_to_s
    )
    missing = ""
    if not len(course.seq_num):
        missing = "No frame was recorded: the run ended before its first exposure."
    return View(
        course=course,
        metrics=measure(course),
        time=course.time_s / seconds,
        time_unit=unit,
        seconds=float(seconds),
        missing=missing,
    )


def with_gaps(time: Array, values: Array) -> tuple[Array, Array]:
    """Put a row of NaN into each pause, so that nothing is drawn across it.

    Args:
        time: Time of each frame.
        values: One row per frame.
    """
    if len(time) < 3:
        return time, values
    steps = np.diff(time)
    usual = smooth(steps)  # of the steps around: a plan may change its cadence
    before = np.flatnonzero(steps > GAP_FACTOR * usual)
    # A row at each edge keeps the neighbours' width in a map.
    places = np.repeat(before + 1, 2)
    edges = np.ravel(
        np.column_stack([time[before] + usual[before], time[before + 1] - usual[before]])
    )
    return np.insert(time, places, edges), np.insert(values, places, np.nan, axis=0)


def phase_spans(course: Course) -> list[tuple[str, float, float]]:
    """Return each stretch of frames of one phase: name, first and last time in s.

    Args:
        course: The run over time.
    """
    spans: list[tuple[str, float, float]] = []
    for phase, time_s in zip(course.phase, course.time_s, strict=True):
        if spans and spans[-1][0] == phase:
            spans[-1] = (phase, spans[-1][1], float(time_s))
        else:
            if spans:  # the light changed after the earlier frame
                spans[-1] = (spans[-1][0], spans[-1][1], float(time_s))
            spans.append((phase, float(time_s), float(time_s)))
    return spans
