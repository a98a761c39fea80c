"""Spectrum, fit, residual and waterfall over one wavelength axis."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QRectF, Qt, Signal
from qtpy.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gui.messages import Spectrum
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
from gui.presenters.numbers import duration
from gui.presenters.run_view import RunView
from gui.theme import Theme

_BAND_NM = (430.0, 640.0)
_MARGIN_NM = 2.0
_ON_IMAGE = "#ffffff"


class SpectrumPlots(QWidget):
    """Three plots, one above the other, whose wavelength axes move together.

    Attributes:
        cursor_moved: The cursor of the waterfall was moved; the text says where to.
    """

    cursor_moved = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spectrum = make_plot(
            "spectrum-plot", "Spectrum: counts per second against wavelength", left="counts/s"
        )
        self.residual = make_plot("residual-plot", "Residual: spectrum minus fit", left="residual")
        self.residual.getAxis("left").setTickDensity(FEW_TICKS)
        self.waterfall = make_plot("waterfall-plot", "Waterfall: spectra against time", left="")
        self.spectrum.getAxis("bottom").setStyle(showValues=False)
        self.residual.getAxis("bottom").setStyle(showValues=False)
        self.waterfall.setLabel("bottom", "wavelength (nm)")
        set_left(self.waterfall, "time (min)")
        self.residual.setXLink(self.spectrum)
        self.waterfall.setXLink(self.spectrum)
        self._ghost = self.spectrum.plot(name="first")
        self._then = self.spectrum.plot(name="at the cursor")
        self._now = self.spectrum.plot(name="now")
        self._fit = self.spectrum.plot(name="fit")
        self._residual = self.residual.plot()
        self._zero = pg.InfiniteLine(pos=0.0, angle=0)
        self.residual.addItem(self._zero)
        self._image = pg.ImageItem()
        self._image.setLookupTable(pg.colormap.get("viridis").getLookupTable(nPts=256))
        self.waterfall.addItem(self._image)
        self._cursor = pg.InfiniteLine(angle=0, movable=True)
        self._cursor.setVisible(False)
        self._cursor.sigPositionChanged.connect(self._cursor_dragged)
        self.waterfall.addItem(self._cursor)
        self.words = Words(self.spectrum, margin_px=140)
        for plot in (self.spectrum, self.residual, self.waterfall):
            show_numbers(plot, shown=False)
        self._legend = self.spectrum.addLegend(offset=(-8, 4), labelTextSize="8pt")
        for curve, name in ((self._now, "now"), (self._fit, "fit"), (self._ghost, "first")):
            self._legend.addItem(curve, name)
        self._counts_range = SlowRange()
        self._residual_range = SlowRange(headroom=0.3)
        self._view: RunView | None = None
        self._axis_seen = 0
        self._muted = ""
        self._cursor_place = -1
        self._lay_out()
        self.spectrum.setXRange(*_BAND_NM, padding=0)
        for plot in (self.spectrum, self.residual, self.waterfall):
            plot.scene().sigMouseClicked.connect(self._clicked)

    def _lay_out(self) -> None:
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        for plot, stretch in ((self.spectrum, 9), (self.residual, 2), (self.waterfall, 7)):
            splitter.addWidget(plot)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(splitter)
        splitter.setSizes([450, 100, 350])

    def dress(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        for plot in (self.spectrum, self.residual, self.waterfall):
            dress(plot, theme)
        self._muted = theme.muted
        self._colour_caption()
        self.waterfall.getAxis("left").setGrid(False)
        self.waterfall.getAxis("bottom").setGrid(False)
        self._now.setPen(pen(theme.lines[0]))
        self._fit.setPen(pen(theme.lines[1]))
        self._ghost.setPen(pen(theme.ghost))
        self._then.setPen(pen(theme.lines[3]))
        self._residual.setPen(pen(theme.lines[0]))
        self._zero.setPen(pen(theme.ghost, dashed=True))
        self._cursor.setPen(pg.mkPen(_ON_IMAGE, width=1))
        self.words.dress(theme)
        self._legend.setLabelTextColor(theme.muted)
        for sample, text in self._legend.items:
            text.setText(text.text, color=theme.muted)
            sample.update()

    def show_run(self, view: RunView) -> None:
        """Draw the spectrum of a run, with its fit and residual."""
        self._view = view
        axis = view.axis_nm
        self.words.say(view.why_empty())
        show_numbers(self.spectrum, shown=bool(view.now.size))
        if not view.now.size or axis.size != view.now.size:
            for curve in (self._now, self._fit, self._ghost, self._then, self._residual):
                curve.setData([], [])
            return
        if self._axis_seen != id(axis):
            self._axis_seen = id(axis)
            self._counts_range.reset()
            self._residual_range.reset()
        inside = self._inside(axis)
        x = axis[inside]
        self._now.setData(x, view.now[inside])
        self._ghost.setData(x, view.first[inside])
        has_fit = view.curve.size == axis.size
        self._fit.setData(x, view.curve[inside]) if has_fit else self._fit.setData([], [])
        shown = view.now[inside]
        if shown.size and self._counts_range.look(
            min(0.0, float(shown.min())), float(max(shown.max(), view.first[inside].max()))
        ):
            high = self._counts_range.high
            self.spectrum.setYRange(self._counts_range.low, high, padding=0)
            scale_left(self.spectrum, "signal", "counts/s", high)
        self._show_residual(view, x, inside)

    def _inside(self, axis: Spectrum) -> slice:
        low, high = self.spectrum.viewRange()[0]
        first = int(np.searchsorted(axis, low - _MARGIN_NM))
        last = int(np.searchsorted(axis, high + _MARGIN_NM))
        return slice(max(first, 0), max(last, first + 2))

    def _show_residual(self, view: RunView, x: Spectrum, inside: slice) -> None:
        has_residual = view.residual.size == view.axis_nm.size
        show_numbers(self.residual, shown=has_residual)
        if not has_residual:
            self._residual.setData([], [])
            return
        y = view.residual[inside]
        self._residual.setData(x, y)
        reach = float(np.abs(y).max()) if y.size else 1.0
        if self._residual_range.look(-reach, reach):
            self.residual.setYRange(self._residual_range.low, self._residual_range.high, padding=0)
            scale_left(self.residual, "residual", "counts/s", self._residual_range.high)

    def show_waterfall(self, view: RunView) -> None:
        """Draw the spectra against time."""
        ring = view.ring
        show_numbers(self.waterfall, shown=bool(ring.count))
        self._colour_caption()
        if not ring.count:
            self._image.clear()
            return
        self._image.setImage(ring.image(), autoLevels=False, levels=(0, 255))
        left, right = ring.axis_ends()
        first_s, last_s = ring.times_s()
        height = max((last_s - first_s) / 60.0, 1e-3)
        self._image.setRect(QRectF(left, first_s / 60.0, right - left, height))
        self.waterfall.setYRange(first_s / 60.0, first_s / 60.0 + height, padding=0)
        if self._cursor_place >= 0:
            self._show_cursor()

    def _colour_caption(self) -> None:
        has_image = self._view is not None and self._view.ring.count
        caption, colour = self.waterfall.caption, _ON_IMAGE if has_image else self._muted
        if caption.opts["color"] != colour:
            caption.setText(caption.text, color=colour)

    # -- the cursor

    def move_cursor(self, by: int) -> None:
        """Move the cursor of the waterfall by so many spectra; it appears at the newest."""
        if self._view is None or not self._view.ring.shown:
            return
        place = self._cursor_place if self._cursor_place >= 0 else self._view.ring.shown
        self._cursor_place = min(max(place + by, 0), self._view.ring.shown - 1)
        self._cursor.setVisible(True)
        self._show_cursor()

    def hide_cursor(self) -> None:
        """Take the cursor away and show the newest spectrum only."""
        self._cursor_place = -1
        self._cursor.setVisible(False)
        self._then.setData([], [])
        self.cursor_moved.emit("")

    def _clicked(self, event: Any) -> None:
        if event.double():
            self.show_all()
            return
        if self._view is None or self.waterfall.scene() is not event.currentItem.scene():
            return
        minutes = self.waterfall.getViewBox().mapSceneToView(event.scenePos()).y()
        self._go_to(minutes)

    def _cursor_dragged(self) -> None:
        if self._cursor.moving:
            self._go_to(self._cursor.value())

    def _go_to(self, minutes: float) -> None:
        if self._view is None or not self._view.ring.shown:
            return
        first_s, last_s = self._view.ring.times_s()
        share = (60.0 * minutes - first_s) / max(last_s - first_s, 1e-9)
        self._cursor_place = round(share * (self._view.ring.shown - 1))
        self.move_cursor(0)

    def _show_cursor(self) -> None:
        view = self._view
        if view is None:
            return
        number, time_s, row = view.ring.at(self._cursor_place)
        left, right = view.ring.axis_ends()
        self._then.setData(np.linspace(left, right, row.size, dtype=np.float32), row)
        self._cursor.setValue(time_s / 60.0)
        self.cursor_moved.emit(f"cursor: spectrum {number} at {duration(time_s)}")

    def show_all(self) -> None:
        """Show the whole wavelength axis, or the band again."""
        axis = None if self._view is None else self._view.axis_nm
        low, high = self.spectrum.viewRange()[0]
        if axis is None or not axis.size or high - low > 0.9 * float(axis[-1] - axis[0]):
            self.spectrum.setXRange(*_BAND_NM, padding=0)
        else:
            self.spectrum.setXRange(float(axis[0]), float(axis[-1]), padding=0)
        self._counts_range.reset()
        self._residual_range.reset()
