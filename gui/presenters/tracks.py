"""Columns of tracked values that grow with the run."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gui.messages import Scalar

Column = NDArray[np.float64]
_FIRST = 1024
_MOST_DRAWN = 2000


class Tracks:
    """The numbers of one stream, each as a column over time."""

    def __init__(self) -> None:
        self.units: dict[str, str] = {}
        self.length = 0
        self._columns: dict[str, Column] = {}
        self._size = _FIRST

    def clear(self) -> None:
        """Forget everything."""
        self.units, self.length, self._columns, self._size = {}, 0, {}, _FIRST

    def add(self, time_s: float, values: Mapping[str, Scalar], units: Mapping[str, str]) -> None:
        """Add a row; texts are left out.

        Args:
            time_s: Time in the run.
            values: By name.
            units: By name, where they are known.
        """
        self.units.update({key: unit for key, unit in units.items() if unit})
        if self.length == self._size:
            self._grow()
        row = {"time_s": time_s, **values}
        for key, value in row.items():
            if isinstance(value, int | float):
                if key not in self._columns:
                    self._columns[key] = np.full(self._size, np.nan)
                self._columns[key][self.length] = value
        self.length += 1

    def _grow(self) -> None:
        more = np.full(self._size, np.nan)
        self._columns = {k: np.concatenate((c, more)) for k, c in self._columns.items()}
        self._size *= 2

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._columns)

    def column(self, name: str) -> Column:
        """Return a column; NaN where there was no number, empty when there is none of the name."""
        return self._columns.get(name, np.empty(0))[: self.length]

    def last(self, name: str) -> float:
        """Return the last value of a column, NaN when there is none."""
        column = self.column(name)
        return float(column[-1]) if column.size else float("nan")

    def thinned(self, *names: str) -> tuple[Column, ...]:
        """Return columns with at most so many rows that drawing does not get slower."""
        step = max(1, -(-self.length // _MOST_DRAWN))
        return tuple(self._even(self.column(name), step) for name in names)

    def _even(self, column: Column, step: int) -> Column:
        if step == 1 or not column.size:
            return column
        kept = column[::step]
        if (column.size - 1) % step:  # the last value is the one that is looked at
            kept = np.append(kept, column[-1])
        return kept
