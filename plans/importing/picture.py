"""Draw the spectra of a file with their peaks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from plans.analysis.noise import FloatArray

if TYPE_CHECKING:
    from plans.importing.analyse import AnalysedSpectrum
    from plans.importing.tables import Against

_COLOURS: Final = colormaps["viridis"]
_MOST_DRAWN: Final = 60
_GREY: Final = "0.45"
_STYLE: Final = {"linewidth": 1.0, "alpha": 0.9}


def draw_series(
    title: str,
    found: Sequence["AnalysedSpectrum"],
    path: Path,
    *,
    against: "Against" = None,
) -> Path:
    """Draw spectra coloured by time, their peaks, and peak, width and area against time.

    Args:
        title: what the picture is of.
        found: the spectra with their peaks.
        path: the PNG file to write.
        against: name and spectra of a series whose tracks are drawn below.

    Returns:
        The file.
    """
    figure = Figure(figsize=(11.0, 6.2), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(_heading(title, found), fontsize=11)
    if len(found) == 1:
        _draw_one(figure, found[0])
    else:
        _draw_many(figure, found, against)
    figure.savefig(path, dpi=120)
    return path


def _heading(title: str, found: Sequence["AnalysedSpectrum"]) -> str:
    lines = sum(item.peak.peak_nm is not None for item in found)
    if lines == 0:
        reasons = {item.peak.reason for item in found}
        why = reasons.pop() if len(reasons) == 1 else "see the table"
        return f"{title}: no photoluminescence line ({why})"
    return f"{title}: a photoluminescence line in {lines} of {len(found)} spectra"


def _clock(found: Sequence["AnalysedSpectrum"]) -> tuple[FloatArray, str]:
    """Return the horizontal axis of the tracks and its label."""
    times = [item.spectrum.time_s for item in found]
    if any(time is None for time in times):
        return np.arange(1.0, len(found) + 1), "spectrum number"
    seconds = np.array(times, dtype=np.float64)
    longest = float(np.max(np.abs(seconds)))
    if longest > 3 * 3600:
        return seconds / 3600, "time (h)"
    if longest > 600:
        return seconds / 60, "time (min)"
    return seconds, "time (s)"


def _draw_many(figure: Figure, found: Sequence["AnalysedSpectrum"], against: "Against") -> None:
    clock, label = _clock(found)
    without = all(item.peak.peak_nm is None for item in found)
    grid = figure.add_gridspec(3, 1 if without else 2, width_ratios=None if without else (1.45, 1))
    spectra = figure.add_subplot(grid[:, 0])
    scale = Normalize(float(np.min(clock)), float(np.max(clock)) or 1.0)
    every = max(1, len(found) // _MOST_DRAWN)
    for time, item in zip(clock[::every], found[::every], strict=True):
        _draw_spectrum(spectra, item, _COLOURS(scale(time)))
    spectra.set(xlabel="wavelength (nm)", ylabel="signal")
    spectra.margins(x=0.01)
    figure.colorbar(ScalarMappable(scale, _COLOURS), ax=spectra, label=label, pad=0.02)
    if without:
        return
    tracks = (("peak_nm", "peak (nm)"), ("fwhm_nm", "width (nm)"), ("area", "area"))
    first: Any = None
    for row, (key, name) in enumerate(tracks):
        panel = figure.add_subplot(grid[row, 1], sharex=first)
        first = first or panel
        if against is not None:
            _draw_other(panel, against, label, key)
        _draw_track(panel, clock, found, key)
        if against is not None and row == 0:
            panel.legend(frameon=False, fontsize=8)
        panel.set_ylabel(name)
        panel.tick_params(labelbottom=row == len(tracks) - 1)
    panel.set_xlabel(label)


def _draw_other(panel: Any, against: "Against", label: str, key: str) -> None:
    """Draw the track of another series, on the same clock where both have one."""
    if against is None:
        return
    name, other = against
    clock, own = _clock(other)
    if label.startswith("time") and own.startswith("time"):
        seconds = np.array([item.spectrum.time_s for item in other], dtype=np.float64)
        clock = seconds / {"time (h)": 3600.0, "time (min)": 60.0}.get(label, 1.0)
    values = [getattr(i.peak, key) if i.peak.peak_nm is not None else np.nan for i in other]
    panel.plot(clock, values, "--", color="#D55E00", linewidth=1.3, label=name)


def _draw_spectrum(panel: Any, item: "AnalysedSpectrum", colour: Any) -> None:
    spectrum, peak = item.spectrum, item.peak
    order = np.argsort(spectrum.wavelength_nm)
    axis, counts = spectrum.wavelength_nm[order], spectrum.counts[order]
    panel.plot(axis, counts, color=colour, **_STYLE)
    if peak.peak_nm is None or peak.line is None:
        return
    top = float(np.interp(peak.peak_nm, axis, counts))
    filled = colour if peak.is_usable else "white"
    panel.plot(
        peak.peak_nm, top, "o", color=colour, markersize=5.5, markeredgecolor="black",
        markerfacecolor=filled, markeredgewidth=0.7, zorder=5,
    )  # fmt: skip


def _draw_track(
    panel: Any, clock: FloatArray, found: Sequence["AnalysedSpectrum"], key: str
) -> None:
    values = np.array(
        [getattr(item.peak, key) if item.peak.peak_nm is not None else np.nan for item in found],
        dtype=np.float64,
    )
    usable = np.array([item.peak.is_usable for item in found])
    panel.grid(True, color="0.9", linewidth=0.6)
    panel.set_axisbelow(True)
    order = np.argsort(clock, kind="stable")
    panel.plot(clock[order], values[order], "-", color="0.75", linewidth=1.0, zorder=1)
    if key == "peak_nm":
        errors = np.array([item.peak.peak_nm_se for item in found])
        panel.errorbar(
            clock, values, yerr=1.96 * errors, fmt="none", ecolor=_GREY, elinewidth=0.9, capsize=2
        )
    scale = Normalize(float(np.min(clock)), float(np.max(clock)) or 1.0)
    colours = _COLOURS(scale(clock))
    panel.scatter(
        clock, values, c=np.where(usable[:, None], colours, 1.0), edgecolors="black",
        linewidths=0.6, s=26, zorder=3,
    )  # fmt: skip


def _draw_one(figure: Figure, item: "AnalysedSpectrum") -> None:
    """Draw one spectrum with its fit, and what the fit leaves over."""
    spectrum, peak = item.spectrum, item.peak
    if peak.peak_nm is None or peak.line is None:
        panel = figure.add_subplot()
        _draw_spectrum(panel, item, _COLOURS(0.35))
        panel.set(xlabel="wavelength (nm)", ylabel="signal")
        panel.margins(x=0.01)
        return
    grid = figure.add_gridspec(2, 1, height_ratios=(3.0, 1.0))
    upper = figure.add_subplot(grid[0])
    lower = figure.add_subplot(grid[1], sharex=upper)
    near = np.abs(spectrum.wavelength_nm - peak.peak_nm) < 2.5 * peak.fwhm_nm
    axis = np.sort(spectrum.wavelength_nm[near])
    order = np.argsort(spectrum.wavelength_nm[near])
    counts = spectrum.counts[near][order]
    upper.plot(axis, counts, ".", color=_COLOURS(0.35), markersize=3, label="measured")
    upper.plot(axis, peak.line.counts(axis), color="black", linewidth=1.2, label="fit")
    upper.plot(axis, peak.line.baseline(axis), "--", color=_GREY, linewidth=1.0, label="baseline")
    upper.axvline(peak.peak_nm, color=_GREY, linewidth=0.8)
    upper.set_ylabel("signal")
    upper.legend(
        frameon=False,
        title=f"{peak.peak_nm:.2f} ± {1.96 * peak.peak_nm_se:.2f} nm, {peak.fwhm_nm:.1f} nm wide",
    )
    upper.tick_params(labelbottom=False)
    lower.plot(axis, counts - peak.line.counts(axis), ".", color=_COLOURS(0.35), markersize=3)
    lower.axhline(0.0, color="black", linewidth=0.8)
    lower.set(xlabel="wavelength (nm)", ylabel="left over")
