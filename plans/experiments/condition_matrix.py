"""One experiment at many conditions, cell by cell, to be resumed when it was cut."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from bluesky.utils import MsgGenerator

from plans.experiments.base import Experiment, describe, plan_of
from plans.experiments.cells import SUB_PLANS, ManyCells, check_cells
from plans.experiments.conditions import DESIGNS, Condition, make_conditions, shuffled
from plans.logbook import Logbook
from plans.parameters import ParameterError, Quantity
from plans.preflight import Check


@dataclass(frozen=True, eq=False)
class ConditionMatrix(ManyCells):
    """Run an experiment at every cell of a table of conditions, each on a fresh sample.

    Axes are parameters of the experiment, as ``concentration_um=1,5,10; temperature_degc=25,40``;
    the design is the full grid, a Latin hypercube (``irradiance_mw_cm2=5..50``) or a CSV file. Each
    cell is a run of its own, inside a run that holds the table. A matrix that was cut (``resume=``
    and its folder) takes over the rows that are there and goes on with the cell that was cut.
    """

    same: ClassVar[tuple[str, ...]] = (
        *ManyCells.same, "axes", "design", "cells", "seed", "shuffle", "table"
    )  # fmt: skip

    _: dataclasses.KW_ONLY
    axes: Annotated[str, Quantity(help="name=value,value; name=value,value (or low..high)")] = (
        "irradiance_mw_cm2=10,20"
    )
    design: Annotated[str, Quantity(help="which cells", choices=DESIGNS)] = "full"
    cells: Annotated[int, Quantity(help="cells of a Latin hypercube", minimum=2, maximum=1000)] = 8
    table: Annotated[str, Quantity(help="CSV file of the design 'table'")] = ""
    seed: Annotated[int, Quantity(help="of the random order", minimum=0)] = 1
    shuffle: Annotated[
        bool, Quantity(help="cells in random order, so that a drift is no trend")
    ] = False

    # -- what is asked for

    def conditions(self) -> list[Condition]:
        """Return the conditions of the cells, in the order in which they come.

        Raises:
            ParameterError: Naming what is wrong with axes or table.
        """
        found = make_conditions(
            describe(SUB_PLANS[self.experiment]),
            self.axes,
            design=self.design,
            cells=self.cells,
            seed=self.seed,
            table=self.table,
        )
        return shuffled(found, self.seed) if self.shuffle else found

    def all_cells(self) -> list[Experiment[Any]]:
        """Return the experiments of all cells."""
        return [self.cell(number, each) for number, each in enumerate(self.conditions())]

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s; NaN when there is no table."""
        try:
            return sum(cell.duration_s() + 60.0 for cell in self.all_cells())
        except ParameterError:
            return float("nan")

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        return sum(cell.frames() for cell in self.all_cells())

    def checks(self) -> Iterator[Check]:
        """Yield the checks of the table, of every cell, and of what is resumed."""
        try:
            cells = self.all_cells()
        except ParameterError as error:
            yield Check(name="cells", verdict="refused", detail=str(error))
            return
        yield Check(name="cells", verdict="ok", detail=f"{len(cells)} of {self.experiment}")
        yield from self.check_samples(len(cells))
        yield from check_cells(cells)
        yield from self.check_resume(len(cells))

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Take over what is there already, then run cell after cell."""
        done = yield from self.take_over(log)
        conditions = self.conditions()
        left = [number for number in range(len(conditions)) if number not in done]
        for number in left:
            if number != left[0] and self.exchange_ul > 0:
                yield from self.exchange()
            yield from self.run_cell(log, number, conditions[number])
        measured, cells = len(log.rows), len(conditions)
        text = f"{measured} of {cells} cells, {len(done)} of them taken over"
        answer = {"cells": cells, "measured": measured, "failed": cells - measured}
        yield from self.finish(log, text, answer)


condition_matrix = plan_of(ConditionMatrix)
