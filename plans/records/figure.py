"""The run on a picture: spectra, waterfall, peak, width, area, dose.

Drawn by matplotlib without pyplot, so that it works in any thread and without a screen. Each panel
that has nothing to show says why.
"""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from plans.records.arrays import Array
from plans.records.course import Course, Spectra
from plans.records.files import write_file
from plans.records.folder import local_time
from plans.records.index import sample_text
from plans.records.metrics import relative_area
from plans.records.quantities import fixed
from plans.records.run import Run
from plans.records.view import View, phase_spans, view_of, with_gaps

# Okabe and Ito, Color Universal Design (2008): told apart by all common kinds of colour vision.
LANDMARK_STYLES = {
    "start": ("#0072B2", "-", "start"),
    "onset": ("#009E73", "-", "onset (10 % of the shift)"),
    "widest": ("#E69F00", "-", "widest"),
    "trigger": ("#000000", "--", "ended the run"),
    "end": ("#D55E00", "-", "end"),
}
PHASE_STYLES = {"exposure": ("#CDB8E8", "light on"), "dark_tail": ("#D3D7DB", "dark tail")}
LINE, SOFT, TEXT = "#0B3C5D", "#7A9BB0", "#33383D"
IRRADIANCE = "#7B4FB5"
MAP = "viridis"
MAX_COLUMNS = 1200  # of the waterfall; a picture has no more


def write_overview(run: Run, path: Path) -> None:
    """Draw a run on one picture.

    Args:
        run: The run.
        path: The PNG file.

    Raises:
        RecordError: The file cannot be written.
    """
    view = view_of(run)
    figure = Figure(figsize=(9.5, 3.4 if view.missing else 14.2), layout="constrained")
    figure.suptitle(_heading(run), fontsize=12, color=TEXT, parse_math=False)
    if view.missing:
        axes = figure.subplots()
        axes.set_axis_off()
        _say(axes, view.missing)
        write_file(path, [png(figure, dpi=110)])
        return
    parts = figure.subfigures(2, 1, height_ratios=[3.4, 10.2], squeeze=False)
    _draw_spectra(parts[0, 0].subplots(), view)
    _draw_course(parts[1, 0], view)
    write_file(path, [png(figure, dpi=110)])


def spectra_png(view: View) -> bytes:
    """Return the spectra at the landmarks as a PNG picture.

    Args:
        view: What to draw.
    """
    figure = Figure(figsize=(9.5, 3.6), layout="constrained")
    _draw_spectra(figure.subplots(), view)
    return png(figure, dpi=130)


def course_png(view: View) -> bytes:
    """Return waterfall, peak, width, area and dose over time as a PNG picture.

    Args:
        view: What to draw.
    """
    figure = Figure(figsize=(9.5, 10.2), layout="constrained")
    _draw_course(figure, view)
    return png(figure, dpi=130)


def _heading(run: Run) -> str:
    names = [str(run.start.get("plan_name", "run")), sample_text(run.start.get("sample"))]
    names.append(local_time(float(run.start["time"])).strftime("%Y-%m-%d %H:%M"))
    names.append(run.exit_status)
    lines = [""]
    for name in (_short(name) for name in names if name):
        joined = f"{lines[-1]}  ·  {name}" if lines[-1] else name
        if len(joined) > 90 and lines[-1]:
            lines.append(name)
        else:
            lines[-1] = joined
    return "\n".join(lines)


def _short(text: str, longest: int = 80) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def png(figure: Figure, *, dpi: float) -> bytes:
    """Return a figure as a PNG picture.

    Args:
        figure: What to draw.
        dpi: Pixels an inch.
    """
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in another script
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": "regrow"})
    return buffer.getvalue()


def plain(axes: Axes) -> None:
    """Give a panel the plain look of all of them.

    Args:
        axes: The panel.
    """
    axes.tick_params(labelsize=8.5, colors=TEXT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _say(axes: Axes, reason: str) -> None:
    """Fill a panel with the reason why it shows nothing."""
    axes.set_yticks([])
    axes.text(
        0.5,
        0.5,
        reason,
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=TEXT,
        fontsize=9.5,
        parse_math=False,
        wrap=True,
    )


def _draw_spectra(axes: Axes, view: View) -> None:
    course = view.course
    plain(axes)
    axes.set_title("Spectra", loc="left", fontsize=10.5, color=TEXT)
    if course.spectra is None:
        axes.set_xticks([])
        _say(axes, "No spectrum was recorded.")
        return
    spectra = course.spectra
    low, high, shown = _band(course, spectra)
    for mark in view.metrics.landmarks:
        colour, dash, words = LANDMARK_STYLES[mark.name]
        axes.plot(
            spectra.wavelength_nm[shown],
            spectra.counts[mark.frame, shown],
            color=colour,
            ls=dash,
            lw=1.3,
            label=f"{words}, {_at(view, mark.frame)}",
        )
    axes.set_xlim(low, high)
    axes.set_xlabel(_wavelength_label(spectra), fontsize=9)
    what = "dark subtracted" if spectra.has_dark.all() else "no dark subtracted"
    axes.set_ylabel(f"{spectra.units}, {what}", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="upper right")
    if course.tracked_count and not course.is_valid.any():
        axes.set_title("no peak was found", loc="right", fontsize=9, color=TEXT)


def _at(view: View, frame: int) -> str:
    peak = view.course.peak_nm[frame]
    words = f"{fixed(view.time[frame], 2 if view.time_unit == 'h' else 1)} {view.time_unit}"
    return f"{words}, {fixed(peak, 2)} nm" if np.isfinite(peak) else words


def _band(course: Course, spectra: Spectra) -> tuple[float, float, Array]:
    """Return the shown range and which pixels are in it: all of them without wavelengths."""
    x = spectra.wavelength_nm
    low, high = course.shown_band_nm
    shown = (x >= low) & (x <= high)
    if not spectra.has_wavelength or shown.sum() < 2:
        return float(x.min()), float(x.max()), np.ones(len(x), dtype=bool)
    return low, high, shown


def _wavelength_label(spectra: Spectra) -> str:
    return "Wavelength (nm)" if spectra.has_wavelength else "Pixel (no wavelength recorded)"


def _draw_course(figure: Any, view: View) -> None:
    """Draw the panels that share the time axis into a figure or a part of one."""
    rows = figure.subplots(
        5, 1, sharex=True, squeeze=False, height_ratios=[2.6, 1.7, 1.2, 1.2, 1.4]
    )
    panels: list[Axes] = list(rows[:, 0])
    for axes in panels:
        plain(axes)
    _draw_waterfall(panels[0], figure, view)
    draws: tuple[Callable[[Axes, View], bool], ...] = (_peak, _width, _area, _dose)
    for axes, draw in zip(panels[1:], draws, strict=True):
        if draw(axes, view):
            _shade(axes, view, named=axes is panels[1])
    panels[-1].set_xlabel(f"Time ({view.time_unit})", fontsize=9)
    if len(view.time) > 1:
        panels[0].set_xlim(min(0.0, view.time.min()), view.time.max())
    figure.align_ylabels(panels)


def _draw_waterfall(axes: Axes, figure: Any, view: View) -> None:
    axes.set_title("Course of the run", loc="left", fontsize=10.5, color=TEXT)
    spectra = view.course.spectra
    if spectra is None or len(view.time) < 2:
        few = "One frame was recorded, too few for a map."
        _say(axes, "No spectrum was recorded." if spectra is None else few)
        return
    low, high, shown = _band(view.course, spectra)
    step = -(-len(view.time) // MAX_COLUMNS)
    time, counts = with_gaps(view.time[::step], spectra.counts[::step][:, shown])
    top = float(np.nanpercentile(counts, 99.8))
    mesh = axes.pcolormesh(
        time,
        spectra.wavelength_nm[shown],
        np.ma.masked_invalid(counts).T,
        shading="nearest",
        cmap=MAP,
        vmin=0.0,
        vmax=top if top > 0 else 1.0,
        rasterized=True,
    )
    axes.set_ylim(low, high)
    label = _wavelength_label(spectra)
    axes.set_ylabel(label.replace(" (no", "\n(no"), fontsize=9)
    bar = figure.colorbar(mesh, cax=axes.inset_axes((1.012, 0.0, 0.014, 1.0)))
    bar.set_label(spectra.units, fontsize=8.5)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)


def _line(axes: Axes, view: View, values: Array, width: float = 1.0) -> None:
    time, gapped = with_gaps(view.time, values)
    marker = "o" if np.isfinite(values).sum() < 3 else ""  # one point alone makes no line
    axes.plot(time, gapped, color=LINE, lw=width, marker=marker, ms=3)


def _track(axes: Axes, view: View, values: Array, label: str) -> bool:
    """Draw a quantity over time; say why when no frame has it."""
    axes.set_ylabel(label, fontsize=9)
    if np.isfinite(values).any():
        _line(axes, view, values)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.ticklabel_format(axis="y", useOffset=False)
        return True
    tracked = view.course.tracked_count
    _say(axes, "No frame has a peak." if tracked else "Nothing was tracked in this run.")
    return False


def _peak(axes: Axes, view: View) -> bool:
    course = view.course
    if is_drawn := _track(axes, view, course.peak_nm, "Peak (nm)"):
        time, peak = with_gaps(view.time, course.peak_nm)
        _, error = with_gaps(view.time, course.peak_nm_se)
        axes.fill_between(time, peak - error, peak + error, color=SOFT, alpha=0.55, lw=0)
        words = "band: ± 1 standard uncertainty"
        if course.ending is not None:
            words += f"   dashed: {course.ending.rule}"
        axes.set_title(words, loc="right", fontsize=8, color=TEXT, parse_math=False)
    return is_drawn


def _width(axes: Axes, view: View) -> bool:
    return _track(axes, view, view.course.fwhm_nm, "FWHM (nm)")


def _area(axes: Axes, view: View) -> bool:
    label = "Area\n(start = 1)"
    if is_drawn := _track(axes, view, relative_area(view.course), label):
        axes.axhline(1.0, color=TEXT, lw=0.6, ls=":")
    return is_drawn


def _dose(axes: Axes, view: View) -> bool:
    course = view.course
    axes.set_ylabel("Dose (J/cm²)", fontsize=9)
    if not np.isfinite(course.dose_j_cm2).any():
        _say(axes, "No dose was recorded: this run had no light source.")
        return False
    _line(axes, view, course.dose_j_cm2, 1.5)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    irradiance = course.mean_irradiance_mw_cm2
    if np.isfinite(irradiance).any():
        right = axes.twinx()
        right.plot(
            view.time,
            irradiance,
            color=IRRADIANCE,
            lw=0.9,
            ls="--",
            drawstyle="steps-pre",
        )
        right.set_ylim(0, float(np.nanmax(irradiance)) * 1.15 or 1.0)
        right.set_ylabel("Mean irradiance,\ndashed (mW/cm²)", fontsize=8.5, color=IRRADIANCE)
        right.tick_params(labelsize=8.5, colors=IRRADIANCE)
        right.spines["top"].set_visible(False)
    return True


def _shade(axes: Axes, view: View, *, named: bool) -> None:
    for phase, first_s, last_s in phase_spans(view.course):
        if phase in PHASE_STYLES and last_s > first_s:
            colour, words = PHASE_STYLES[phase]
            first, last = first_s / view.seconds, last_s / view.seconds
            axes.axvspan(first, last, color=colour, alpha=0.45, lw=0, zorder=0)
            if named:
                axes.text(
                    (first + last) / 2,
                    0.03,
                    words,
                    transform=axes.get_xaxis_transform(),
                    ha="center",
                    va="bottom",
                    fontsize=8,
                    color=TEXT,
                )
    ending = view.course.ending
    if ending is not None and np.isfinite(ending.elapsed_s):
        axes.axvline(ending.elapsed_s / view.seconds, color="#000000", lw=0.9, ls="--")
