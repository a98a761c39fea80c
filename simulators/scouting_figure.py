"""The picture of a course of the twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulators.scouting import PARTS, WORDS, Course

_COLOURS = {
    "m1": "#0072b2",
    "ma": "#e69f00",
    "m2": "#56b4e9",
    "m3": "#009e73",
    "m4": "#777777",
}
_LIT = "#fff3cc"
_CURVES = 6


def draw(course: Course, path: Path, title: str) -> None:
    """Draw peak, width, brightness, composition and spectra.

    Args:
        course: What to draw.
        path: The PNG to write.
        title: What stands above it.
    """
    long = course.time_s[-1] >= 7200.0
    unit, seconds = ("h", 3600.0) if long else ("min", 60.0)
    time = course.time_s / seconds
    figure = Figure(figsize=(10.0, 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    axes = figure.subplots(2, 2)
    _lines(axes[0, 0], time, course.peak_nm, "peak, nm")
    _lines(axes[0, 1], time, course.area, "area against the start")
    width = axes[0, 1].twinx()
    width.plot(time, course.fwhm_nm, color="#d55e00", linestyle="--")
    width.set_ylabel("width, nm (dashed)", color="#d55e00")
    _parts(axes[1, 0], time, course)
    _spectra(axes[1, 1], course, time, unit)
    lit_s = course.lit_s
    for panel in (axes[0, 0], axes[0, 1], axes[1, 0]):
        panel.set_xlabel(f"time, {unit} (shaded: light)" if lit_s else f"time, {unit}")
        panel.set_xlim(time[0], time[-1])
        for begin_s, end_s in lit_s:
            panel.axvspan(begin_s / seconds, end_s / seconds, color=_LIT, zorder=0, lw=0)
    figure.savefig(path, dpi=110)


def _lines(panel: Axes, time: np.ndarray, values: np.ndarray, label: str) -> None:
    panel.plot(time, values, color="#0072b2")
    panel.set_ylabel(label, color="#0072b2")
    panel.ticklabel_format(axis="y", useOffset=False)


def _parts(panel: Axes, time: np.ndarray, course: Course) -> None:
    shown = [key for key in PARTS if key in course.truth]
    for key in shown:
        panel.plot(time, course.truth[key], color=_COLOURS[key], label=WORDS[key])
    panel.set_ylim(-0.02, 1.02)
    panel.set_ylabel("part of the material")
    if shown:
        panel.legend(frameon=False, fontsize="small")


def _spectra(panel: Axes, course: Course, time: np.ndarray, unit: str) -> None:
    shades = colormaps["viridis"](np.linspace(0.0, 0.9, _CURVES))
    rows = _telling_rows(course)
    digits = _digits(time[rows])
    for shade, row in zip(shades, rows, strict=False):
        label = f"{time[row]:.{digits}f} {unit}"
        panel.plot(course.wavelength_nm, course.spectra[row], color=shade, label=label)
    panel.set_xlim(480.0, 580.0)
    panel.set_xlabel("wavelength, nm")
    panel.set_ylabel("light per nm against the highest")
    panel.legend(frameon=False, fontsize="small")


def _digits(times: np.ndarray) -> int:
    """Return how many decimals tell some times apart, at least one."""
    return next(
        n for n in range(1, 9) if n == 8 or len({f"{t:.{n}f}" for t in times}) == len(times)
    )


def _telling_rows(course: Course) -> np.ndarray:
    """Return the looks to show: first and last, and between them where most changes."""
    steps = np.abs(np.diff(course.spectra, axis=0)).sum(axis=1)
    way = np.concatenate([[0.0], np.cumsum(steps / max(steps.sum(), 1e-300))])
    way += np.linspace(0.0, 0.2, way.size)  # where nothing changes time itself counts
    wanted = np.linspace(way[0], way[-1], _CURVES)
    return np.unique(np.abs(way[:, np.newaxis] - wanted).argmin(axis=0))
