"""What stands in the beam at which position of the stage."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.sample.tables import Table

SAMPLE = "sample"
METER = "meter"


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place on the stage.

    Args:
        x_mm: Stage position at which its middle is in the beam.
        y_mm: The same along the second axis.
        radius_mm: How far the stage may be off.
        holds: "sample" (the run's sample), "meter" (the power meter's head), or the name of a
            sample that stands there in a vial of its own.
    """

    x_mm: float
    y_mm: float
    radius_mm: float
    holds: str

    @classmethod
    def from_table(cls, table: Table) -> Spot:
        """Return the spot that a table describes."""
        spot = cls(
            x_mm=table.number("x_mm"),
            y_mm=table.number("y_mm", 0.0),
            radius_mm=table.number("radius_mm", low=1e-3),
            holds=table.text("holds"),
        )
        table.finish()
        return spot


def spot_in_beam(spots: tuple[Spot, ...], x_mm: float, y_mm: float) -> int | None:
    """Return the number of the spot nearest to a stage position, None when none is near enough."""
    nearest, reached_mm = None, math.inf
    for number, spot in enumerate(spots):
        distance_mm = math.hypot(x_mm - spot.x_mm, y_mm - spot.y_mm)
        if distance_mm <= spot.radius_mm and distance_mm < reached_mm:
            nearest, reached_mm = number, distance_mm
    return nearest
