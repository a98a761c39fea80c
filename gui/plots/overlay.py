"""Tracks of several runs in one picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QPointF
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

from gui.archive_messages import Column, RunData
from gui.plots.style import Words, dress, make_plot, pen, scale_left, show_numbers
from gui.plots.tracks import track_label
from gui.presenters.units import pretty
from gui.theme import Theme

_THUMB = (56, 16)


class OverlayPlot:
    """One quantity of several runs against time."""

    def __init__(self) -> None:
        self.plot: Any = make_plot("overlay-plot", "Runs laid over each other", left="")
        self.plot.setLabel("bottom", "time (min)")
        self._theme: Theme | None = None
        self._words = Words(self.plot)
        self._lines: list[Any] = []

    def dress(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        dress(self.plot, theme)
        self._words.dress(theme)

    def show_runs(self, runs: Sequence[tuple[RunData, str]], name: str) -> None:
        """Draw runs.

        Args:
            runs: Runs with their colours.
            name: The column to draw.
        """
        for line in self._lines:
            self.plot.removeItem(line)
        self._lines = []
        shown: list[tuple[Column, Column]] = []
        unit = ""
        for data, colour in runs:
            if name not in data.columns or "time_min" not in data.columns:
                continue
            x, y = data.columns["time_min"], data.columns[name]
            self._lines.append(self.plot.plot(x, y, pen=pen(colour), connect="finite"))
            unit = pretty(data.units.get(name, ""))
            if np.isfinite(y).any():
                shown.append((x, y))
        self._words.say("" if shown else "Choose a run; tick several to lay them over each other")
        show_numbers(self.plot, shown=bool(shown), sides=("left", "bottom"))
        if not shown:
            return
        self.plot.setXRange(
            min(float(np.nanmin(x)) for x, _ in shown),
            max(float(np.nanmax(x)) for x, _ in shown),
            padding=0.03,
        )
        high = max(float(np.nanmax(y)) for _, y in shown)
        low = min(float(np.nanmin(y)) for _, y in shown)
        self.plot.setYRange(low, max(high, low + 1e-9), padding=0.08)
        scale_left(self.plot, track_label(name), unit, high)


def thumbnail(column: Column | None, colour: str) -> QIcon:
    """Return a tiny picture of a track.

    Args:
        column: The values, None for none.
        colour: The colour of the line.
    """
    picture = QPixmap(*_THUMB)
    picture.fill(QColor(0, 0, 0, 0))
    good = np.empty(0) if column is None else column[np.isfinite(column)]
    if good.size > 1:
        width, height = _THUMB
        step = max(1, good.size // width)
        values = good[::step]
        span = float(values.max() - values.min()) or 1.0
        points = [
            QPointF(
                1 + (width - 2) * place / max(len(values) - 1, 1),
                height - 2 - (height - 4) * (float(value) - float(values.min())) / span,
            )
            for place, value in enumerate(values)
        ]
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colour))
        painter.drawPolyline(QPolygonF(points))
        painter.end()
    return QIcon(picture)
