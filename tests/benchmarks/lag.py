"""How late an event loop is, how often a plot is painted, how memory grows."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QObject, Qt, QTimer

TICK_S = 0.01


class Lag(QObject):
    """Ticks a hundred times a second and notes how late each tick is.

    Args:
        plot: A widget whose paints are counted.
    """

    def __init__(self, plot: Any) -> None:
        super().__init__()
        self._plot = plot
        self._lags: list[tuple[float, float]] = []
        self._due_s = self._begin_s = self._end_s = 0.0
        self._painted = 0
        self._memory_mb = self._growth_mb = float("nan")
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(1000 * TICK_S))
        self._timer.timeout.connect(self._ticked)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's
        """Count the paints of the plot."""
        if event is not None and event.type() == QEvent.Type.Paint:
            self._painted += 1
        return False

    def begin(self) -> None:
        """Begin to look."""
        self._plot.viewport().installEventFilter(self)
        self._begin_s, self._memory_mb = time.perf_counter(), memory_mb()
        self._timer.start()

    def end(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._plot.viewport().removeEventFilter(self)
        self._end_s, self._growth_mb = time.perf_counter(), memory_mb() - self._memory_mb

    @property
    def length_s(self) -> float:
        """How long it has looked."""
        return self._end_s - self._begin_s

    def _ticked(self) -> None:
        now_s = time.perf_counter()
        if self._due_s:
            self._lags.append((now_s - self._begin_s, max(0.0, now_s - self._due_s)))
        self._due_s = now_s + TICK_S

    def figures(self) -> dict[str, float]:
        """Return what was seen: paints a second, quantiles of the lag in ms, growth in MB."""
        at_s, lag_s = np.array(self._lags).T
        edge_s = min(60.0, self.length_s / 3)
        first = lag_s[at_s < edge_s]
        last = lag_s[at_s > self.length_s - edge_s]
        return {
            "frames_per_s": self._painted / self.length_s,
            "lag_p50_ms": 1000 * float(np.quantile(lag_s, 0.5)),
            "lag_p95_ms": 1000 * float(np.quantile(lag_s, 0.95)),
            "lag_max_ms": 1000 * float(lag_s.max()),
            "lag_ratio": float(np.quantile(last, 0.95) / np.quantile(first, 0.95)),
            "growth_mb": self._growth_mb,
        }


def memory_mb() -> float:
    """Return what this process holds of memory, NaN where that is not told."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, AttributeError):
        return float("nan")
