"""Tracked quantities with their error bands, against time or dose."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gui.plots.style import (
    FEW_TICKS,
    SlowRange,
    Words,
    dress,
    make_plot,
    pen,
    scale_left,
    set_left,
    show_numbers,
)
from gui.presenters.labels import track_label
from gui.presenters.tracks import Column, Tracks
from gui.presenters.units import pretty
from gui.theme import Theme

_CAPTION_PX = 19
_CORRECTED = {"tracker_peak_nm": "tracker_corrected_peak_nm"}
"""What is drawn beside a quantity: the same with reabsorption taken back."""


class TrackPlots(QWidget):
    """Three plots with one horizontal axis; what they show can be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.against = "time"
        self._label = ""
        self.shown = ["tracker_peak_nm", "tracker_fwhm_nm", "tracker_area"]
        self._plots = [_Track(f"track-plot-{place}") for place in range(len(self.shown))]
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        for place, track in enumerate(self._plots):
            splitter.addWidget(track.plot)
            splitter.setStretchFactor(place, 4 if place == 0 else 3)
            if place:
                track.plot.setXLink(self._plots[0].plot)
            if place < len(self._plots) - 1:
                track.plot.getAxis("bottom").setStyle(showValues=False)
        splitter.setSizes([230, 170, 275])  # the lowest has the numbers of all three below it
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(splitter)
        self._last_x = SlowRange(shrink_after=10)

    def dress(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        for place, track in enumerate(self._plots):
            track.dress(theme, theme.lines[(0, 2, 3)[place]])

    def choose(self, place: int, name: str) -> None:
        """Show another quantity in one of the plots."""
        self.shown[place] = name
        self._plots[place].reset()

    def set_against(self, against: str) -> None:
        """Show against "time" or "dose"."""
        self.against = against
        self._last_x.reset()

    def show_tracks(self, tracks: Tracks) -> None:
        """Draw what there is."""
        x_name, scale, label = self._horizontal(tracks)
        if label != self._label:
            self._label = label
            self._plots[-1].plot.setLabel("bottom", label)
        (x,) = tracks.thinned(x_name)
        show_numbers(self._plots[-1].plot, shown=bool(x.size), sides=("bottom",))
        x = x * scale
        for track, name in zip(self._plots, self.shown, strict=True):
            track.show(x, tracks, name)
        if x.size > 1 and np.isfinite(x).any():
            low, high = float(np.nanmin(x)), float(np.nanmax(x))
            if self._last_x.look(low, max(high, low + 1e-6)):
                span = high - low
                self._last_x.high = high + 0.25 * span + 1e-6
                self._plots[0].plot.setXRange(low, self._last_x.high, padding=0)
        elif not x.size:
            self._last_x.reset()

    def _horizontal(self, tracks: Tracks) -> tuple[str, float, str]:
        if self.against == "dose":
            name = next((n for n in tracks.names if n.endswith("_dose_j_cm2")
                         and "probe" not in n), "")  # fmt: skip
            if name:
                return name, 1.0, "dose (J/cm²)"
        return "time_s", 1.0 / 60.0, "time (min)"


class _Line:
    """A line with its band."""

    def __init__(self, plot: Any) -> None:
        self._line = plot.plot()
        self._upper = pg.PlotCurveItem()
        self._lower = pg.PlotCurveItem()
        self._band = pg.FillBetweenItem(self._lower, self._upper)
        plot.addItem(self._band)
        for edge in (self._upper, self._lower):  # not drawn; an item wants a scene to be freed with
            edge.setVisible(False)
            edge.setParentItem(self._band)

    @property
    def curve(self) -> Any:
        """What is drawn of the values."""
        return self._line

    @property
    def edges(self) -> tuple[Any, Any]:
        """The edges of the band."""
        return self._lower, self._upper

    def dress(self, colour: str, *, dashed: bool) -> None:
        """Take a colour."""
        self._line.setPen(pen(colour, dashed=dashed))
        fill = QColor(colour)
        fill.setAlpha(60)
        self._band.setBrush(pg.mkBrush(fill))

    def clear(self) -> None:
        """Draw nothing."""
        for curve in (self._line, self._upper, self._lower):
            curve.setData([], [])

    def show(self, x: Column, y: Column, error: Column) -> tuple[float, float]:
        """Draw values with their errors; returns between what they are."""
        self._line.setData(x, y, connect="finite")
        low, high = float(np.nanmin(y)), float(np.nanmax(y))
        if error.size != y.size or not np.isfinite(error).any():
            self._upper.setData([], [])
            self._lower.setData([], [])
            return low, high
        good = np.isfinite(y) & np.isfinite(error)
        self._upper.setData(x[good], (y + error)[good])
        self._lower.setData(x[good], (y - error)[good])
        return min(low, float(np.nanmin(y - error))), max(high, float(np.nanmax(y + error)))


class _Track:
    """One plot: a quantity, and where there is one the same, corrected."""

    def __init__(self, name: str) -> None:
        self.plot: Any = make_plot(name, "Tracked quantity against time or dose", left="")
        self.plot.getPlotItem().getAxis("left").setTickDensity(FEW_TICKS)
        self.line = _Line(self.plot)
        self.corrected = _Line(self.plot)
        self._range = SlowRange(shrink_after=10)
        self.words = Words(self.plot)
        show_numbers(self.plot, shown=False)
        self._name = self._label = ""

    def reset(self) -> None:
        """Range anew."""
        self._range.reset()

    def dress(self, theme: Theme, colour: str) -> None:
        """Take the colours of a theme."""
        dress(self.plot, theme)
        self.line.dress(colour, dashed=False)
        self.corrected.dress(theme.lines[1], dashed=True)
        self.words.dress(theme)

    def show(self, x: Column, tracks: Tracks, name: str) -> None:
        """Draw a quantity."""
        y, error = tracks.thinned(name, f"{name}_se")
        unit = pretty(tracks.units.get(name, ""))
        if self._name != name:
            self._name = name
            self._range.reset()
        if not y.size or not np.isfinite(y).any():
            self.line.clear()
            self.corrected.clear()
            self._range.reset()
            self._label = ""
            set_left(self.plot, track_label(name), unit)
            show_numbers(self.plot, shown=False)
            self.words.say(f"no {track_label(name)} yet")
            return
        show_numbers(self.plot, shown=True)
        self.words.say("")
        low, high = self.line.show(x, y, error)
        label = track_label(name)
        other = _CORRECTED.get(name, "")
        z, z_error = tracks.thinned(other, f"{other}_se")
        if z.size and np.isfinite(z).any():
            z_low, z_high = self.corrected.show(x, z, z_error)
            low, high = min(low, z_low), max(high, z_high)
            label = f"{label}, dashed: corrected"
        else:
            self.corrected.clear()
        self._range.keep_free(_CAPTION_PX, self.plot.getViewBox().height())
        if self._range.look(low, high):
            self.plot.setYRange(self._range.low, self._range.high, padding=0)
        elif label == self._label:
            return
        self._label = label
        scale_left(self.plot, label, unit, self._range.high)
