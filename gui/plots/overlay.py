"""Tracks of several runs in one picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gui.archive_messages import RunData
from gui.messages import Column
from gui.plots.style import FEW_TICKS, Words, dress, make_plot, pen, scale_left, show_numbers
from gui.presenters.labels import track_label
from gui.presenters.units import pretty
from gui.theme import Theme

_LEFT_PX = 44


class OverlayPlot:
    """One quantity of several runs against time."""

    def __init__(self) -> None:
        self.plot: Any = make_plot("overlay-plot", "Runs laid over each other", left="")
        self.plot.setLabel("bottom", "time (min)")
        axis = self.plot.getPlotItem().getAxis("left")
        axis.setTickDensity(FEW_TICKS)
        axis.setWidth(_LEFT_PX)
        self._theme: Theme | None = None
        self._words = Words(self.plot)
        self._lines: list[Any] = []

    def dress(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        dress(self.plot, theme)
        self._words.dress(theme)

    def show_runs(
        self, runs: Sequence[tuple[RunData, str, bool]], name: str, *, hint: str = ""
    ) -> None:
        """Draw runs.

        Args:
            runs: Runs with their colours, and whether their lines are dashed.
            name: The column to draw.
            hint: What to say when there is nothing to draw.
        """
        for line in self._lines:
            self.plot.removeItem(line)
        self._lines = []
        shown: list[tuple[Column, Column]] = []
        unit = ""
        for data, colour, dashed in runs:
            if name not in data.columns or "time_min" not in data.columns:
                continue
            x, y = data.columns["time_min"], data.columns[name]
            self._lines.append(self._line(x, y, colour, dashed=dashed))
            unit = pretty(data.units.get(name, ""))
            if np.isfinite(y).any():
                shown.append((x, y))
        self._words.say("" if shown else hint)
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

    def _line(self, x: Column, y: Column, colour: str, *, dashed: bool) -> Any:
        return self.plot.plot(x, y, pen=pen(colour, dashed=dashed), connect="finite")
