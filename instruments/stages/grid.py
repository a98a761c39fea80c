"""Positions in rows and columns: well plates, and grids for maps."""

import string
from collections.abc import Iterator
from dataclasses import dataclass

_LETTERS = string.ascii_uppercase


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Rows and columns of positions.

    Attributes:
        rows: How many rows.
        columns: How many columns.
        first_mm: Position of the first column's first row, along the axis of the columns and along
            that of the rows.
        column_pitch_mm: From one column to the next; below 0 when the axis counts the other way.
        row_pitch_mm: From one row to the next, likewise.
        axes: Axis along which the columns follow each other, and axis of the rows.
    """

    rows: int
    columns: int
    first_mm: tuple[float, float]
    column_pitch_mm: float
    row_pitch_mm: float
    axes: tuple[str, str] = ("x", "y")

    def position(self, row: int, column: int) -> dict[str, float]:
        """Return millimetres by axis.

        Args:
            row: From 0.
            column: From 0.
        """
        return {
            self.axes[0]: self.first_mm[0] + column * self.column_pitch_mm,
            self.axes[1]: self.first_mm[1] + row * self.row_pitch_mm,
        }

    def serpentine(self) -> Iterator[tuple[int, int]]:
        """Yield row and column of every place, every other row backwards: the shortest way."""
        for row in range(self.rows):
            columns = range(self.columns)
            for column in columns if row % 2 == 0 else reversed(columns):
                yield row, column

    def wells(self) -> dict[str, dict[str, float]]:
        """Return the places under the names of a plate, ``A1`` first, in the shortest order."""
        return {well_name(*place): self.position(*place) for place in self.serpentine()}

    def points(self, name: str) -> dict[str, dict[str, float]]:
        """Return the places as ``NAME-1-1`` (row, column, from 1), in the shortest order.

        Args:
            name: Name of the grid.
        """
        return {
            f"{name}-{row + 1}-{column + 1}": self.position(row, column)
            for row, column in self.serpentine()
        }


def well_name(row: int, column: int) -> str:
    """Return the name of a well, such as ``A1`` or ``AF48``.

    Args:
        row: From 0.
        column: From 0.
    """
    letters = _LETTERS[row % len(_LETTERS)]
    if row >= len(_LETTERS):
        letters = _LETTERS[row // len(_LETTERS) - 1] + letters
    return f"{letters}{column + 1}"
