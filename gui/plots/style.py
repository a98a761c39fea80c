"""What all plots have in common."""

import math
from typing import Any

import pyqtgraph as pg
from qtpy.QtGui import QColor

from gui.theme import Theme

pg.setConfigOptions(antialias=False, imageAxisOrder="row-major")

_GRID_ALPHA = 40
_KEPT = 0.75
FEW_TICKS = 0.85  # the numbers of a low plot do not lie on each other
_LEFT_AXIS_PX = 58  # "515.625" has room; what has none is left out without a word


def pen(colour: str, *, alpha: int = 255, dashed: bool = False) -> Any:
    """Return a one-pixel pen: the only kind that is drawn fast.

    Args:
        colour: The colour.
        alpha: 0 is invisible, 255 is solid.
        dashed: Whether the line is dashed.
    """
    made = QColor(colour)
    made.setAlpha(alpha)
    style = pg.QtCore.Qt.PenStyle.DashLine if dashed else pg.QtCore.Qt.PenStyle.SolidLine
    return pg.mkPen(made, width=1, style=style)


def make_plot(name: str, accessible: str, *, left: str, unit: str = "") -> Any:
    """Return a plot that does not range by itself.

    Args:
        name: Object name.
        accessible: What it shows, read aloud.
        left: What the vertical axis is.
        unit: Its unit.
    """
    plot = pg.PlotWidget(enableMenu=False)  # making menus takes its time
    plot.setObjectName(name)
    plot.setAccessibleName(accessible)
    plot.setToolTip(f"{accessible}. Drag to move, wheel to zoom, double click for all")
    item = plot.getPlotItem()
    item.hideButtons()
    item.setMenuEnabled(False)
    item.getViewBox().disableAutoRange()
    item.getAxis("left").setWidth(_LEFT_AXIS_PX)
    plot.caption = pg.LabelItem(size="8pt")
    plot.caption.setParentItem(item.getViewBox())
    plot.caption.anchor(itemPos=(0, 0), parentPos=(0, 0), offset=(4, 0))
    set_left(plot, left, unit)
    for side in ("left", "bottom"):
        item.getAxis(side).enableAutoSIPrefix(False)
    plot.setMinimumHeight(56)
    return plot


def set_left(plot: Any, text: str, unit: str = "") -> None:
    """Say in the upper left corner what the vertical axis is: there it never lacks room."""
    words = f"{text} ({unit})" if unit else text
    if plot.caption.text != words:  # laying out a text takes a millisecond
        plot.caption.setText(words)


def show_numbers(plot: Any, *, shown: bool, sides: tuple[str, ...] = ("left",)) -> None:
    """Show the numbers of the axes, or not: those of an empty plot mean nothing.

    Args:
        plot: The plot.
        shown: Whether they are shown.
        sides: Whose.
    """
    for side in sides:
        axis = plot.getPlotItem().getAxis(side)
        if axis.style["showValues"] != shown:
            axis.setStyle(showValues=shown)


class Words:
    """Words in the middle of an empty plot, also when its size changes.

    Args:
        plot: The plot.
        margin_px: So much narrower than the plot they are.
    """

    def __init__(self, plot: Any, *, margin_px: int = 80) -> None:
        self._plot = plot
        self._margin_px = margin_px
        self._item = pg.TextItem(anchor=(0.5, 0.5))
        plot.addItem(self._item, ignoreBounds=True)
        box = plot.getPlotItem().getViewBox()
        box.sigResized.connect(lambda *_: self._place())
        box.sigRangeChanged.connect(lambda *_: self._place())

    def dress(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._item.setColor(theme.muted)

    @property
    def text(self) -> str:
        """The words that are shown."""
        return str(self._item.textItem.toPlainText())

    def say(self, words: str) -> None:
        """Show words, "" for none."""
        if words != self.text:
            self._item.setText(words)
            self._place()

    def _place(self) -> None:
        if self.text:
            (left, right), (low, high) = self._plot.viewRange()
            self._item.setPos((left + right) / 2, (low + high) / 2)
            room_px = max(90, self._plot.width() - self._margin_px)
            self._item.setTextWidth(-1)
            if self._item.textItem.boundingRect().width() > room_px:
                self._item.setTextWidth(room_px)


def dress(plot: Any, theme: Theme) -> None:
    """Give a plot the colours of a theme."""
    plot.setBackground(theme.surface)
    item = plot.getPlotItem()
    plot.caption.setText(plot.caption.text, color=theme.muted)
    for side in ("left", "bottom"):
        axis = item.getAxis(side)
        axis.setPen(pg.mkPen(theme.border))
        axis.setTextPen(pg.mkPen(theme.muted))
        axis.setGrid(_GRID_ALPHA)


def scale_left(plot: Any, text: str, unit: str, high: float) -> None:
    """Write the vertical axis in powers of a thousand, so that its numbers stay short.

    Args:
        plot: The plot.
        text: What the axis is.
        unit: Its unit.
        high: Largest value that is shown.
    """
    reach = abs(high)
    power = 3 * (math.floor(math.log10(reach)) // 3) if math.isfinite(reach) and reach > 0 else 0
    if -3 <= power < 3:
        power = 0
    item = plot.getPlotItem()
    item.getAxis("left").setScale(10.0**-power)
    factor = f"10{str(power).translate(_SUPERSCRIPT)}" if power else ""
    set_left(plot, text, " ".join(part for part in (factor, unit) if part))


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class SlowRange:
    """A vertical range that grows at once and shrinks late, so that the eye can rest.

    Args:
        shrink_after: So many looks in a row must find much less before it shrinks.
        headroom: Share of the span that is free above, for the caption; most of it stays so.
    """

    def __init__(self, shrink_after: int = 50, headroom: float = 0.15) -> None:
        self._headroom = headroom
        self.low, self.high = 0.0, 1.0
        self._shrink_after = shrink_after
        self._small = 0
        self._is_fresh = True

    def keep_free(self, above_px: float, of_px: float) -> None:
        """Keep room for the caption, however low the plot is.

        Args:
            above_px: Height of the caption.
            of_px: Height of the plot.
        """
        share = min(max(above_px / max(of_px, 1.0), 0.05), 0.55)
        self._headroom = share / (1.0 - share) / _KEPT

    def reset(self) -> None:
        """Take the next values as they are."""
        self._is_fresh = True

    def look(self, low: float, high: float) -> bool:
        """Take the extremes of what is shown; True when the range has changed."""
        if not (low == low and high == high):
            return False
        span = max(high - low, 1e-9 * max(1.0, abs(high)), 1e-12)
        outside = low < self.low or high > self.high - _KEPT * self._headroom * span
        much_less = span < 0.45 * (self.high - self.low)
        self._small = self._small + 1 if much_less else 0
        if not (outside or self._is_fresh or self._small > self._shrink_after):
            return False
        self.low, self.high = low - 0.08 * span, high + self._headroom * span
        self._is_fresh, self._small = False, 0
        return True
