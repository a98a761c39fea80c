"""What stands in the beam at which position of the stage."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.sample.tables import Table

SAMPLE = "sample"
METER = "meter"
LAMP = "hg-ar"
EMPTY = "empty"


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place on the stage.

    Args:
        x_mm: Stage position at which its middle is in the beam.
        y_mm: The same along the second axis.
        radius_mm: How far the stage may be off.
        holds: "sample" (the run's sample), "meter" (the power meter's head), "hg-ar" (a
            calibration lamp), "empty" (a hole), or the name of a sample that stands there in a
            vial of its own.
        name: What it is called; a vial of its own without a name is called after its place.
    """

    x_mm: float
    y_mm: float
    radius_mm: float
    holds: str
    name: str = ""

    @property
    def specimen(self) -> str:
        """Name of what stands there."""
        if self.holds in (SAMPLE, METER):
            return self.holds
        return self.name or f"{self.holds} at {self.x_mm:g}, {self.y_mm:g} mm"

    @classmethod
    def from_table(cls, table: Table) -> Spot:
        """Return the spot that a table describes."""
        spot = cls(
            x_mm=table.number("x_mm"),
            y_mm=table.number("y_mm", 0.0),
            radius_mm=table.number("radius_mm", low=1e-3),
            holds=table.text("holds"),
            name=table.text("name", ""),
        )
        table.finish()
        return spot


def plate_spots(table: Table) -> tuple[Spot, ...]:
    """Return the wells of the plate that a table describes; none when it is empty.

    Wells are called A1, A2 ... along x, B1 ... along y. ``holds`` fills them all, the table
    ``wells`` some of them with something else.
    """
    if "rows" not in table:
        table.finish()
        return ()
    rows, columns = table.integer("rows", low=1), table.integer("columns", low=1)
    x_mm, y_mm = table.number("x_mm"), table.number("y_mm")
    pitch_mm = table.number("pitch_mm", low=0.1)
    radius_mm = table.number("radius_mm", pitch_mm / 4.0, low=1e-3, high=pitch_mm / 2.0)
    everywhere = table.text("holds")
    special = table.table("wells")
    spots = []
    for row in range(rows):
        for column in range(columns):
            name = f"{chr(ord('A') + row)}{column + 1}"
            spot = Spot(
                x_mm=x_mm + column * pitch_mm,
                y_mm=y_mm + row * pitch_mm,
                radius_mm=radius_mm,
                holds=special.text(name, everywhere),
                name=name,
            )
            spots.append(spot)
    special.finish()
    table.finish()
    return tuple(spots)


def spot_in_beam(spots: tuple[Spot, ...], x_mm: float, y_mm: float) -> int | None:
    """Return the number of the spot nearest to a stage position, None when none is near enough."""
    nearest, reached_mm = None, math.inf
    for number, spot in enumerate(spots):
        distance_mm = math.hypot(x_mm - spot.x_mm, y_mm - spot.y_mm)
        if distance_mm <= spot.radius_mm and distance_mm < reached_mm:
            nearest, reached_mm = number, distance_mm
    return nearest
