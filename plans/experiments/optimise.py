"""Closed-loop search for the conditions that serve a goal best."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from bluesky.preprocessors import set_run_key_wrapper
from bluesky.utils import MsgGenerator

from plans.experiments.base import Experiment, describe, plan_of
from plans.experiments.cells import AROUND, FAILED, SUB_PLANS, ManyCells
from plans.logbook import NO_NUMBER, Logbook, Row
from plans.parameters import ParameterError, Quantity
from plans.preflight import Check
from plans.search import Axis, Goal, Search, Told, parse_axes, parse_goal
from plans.search.goal import AIMS


@dataclass(frozen=True, eq=False)
class Optimise(ManyCells):
    """Search the conditions of an experiment for the best outcome, run by run.

    The first runs are spread over the space, then each next condition is chosen from what the ones
    before gave. The outcome is a quantity of the experiment's summary, such as ``shift_nm``, or a
    weighted sum of several; limits such as ``area_ratio>=0.5`` must hold besides. Each condition is
    a run of its own on a fresh sample. A search that was cut is resumed with ``resume=`` and its
    folder.
    """

    same: ClassVar[tuple[str, ...]] = (
        *ManyCells.same, "axes", "objective", "aim", "target", "limits", "seed", "start", "batch"
    )  # fmt: skip

    _: dataclasses.KW_ONLY
    axes: Annotated[str, Quantity(help="what may change: name=low..high; name=low..high log")] = (
        "irradiance_mw_cm2=5..50 log"
    )
    objective: Annotated[str, Quantity(help="what counts: name, or name=weight; name=weight")] = (
        "shift_nm"
    )
    aim: Annotated[str, Quantity(help="which way", choices=AIMS)] = "maximum"
    target: Annotated[float, Quantity(help="what the objective shall be, for the aim target")] = 0.0
    limits: Annotated[str, Quantity(help="what must hold: name>=value; name<=value")] = ""
    budget: Annotated[int, Quantity(help="runs at most", minimum=2, maximum=1000)] = 20
    start: Annotated[
        int, Quantity(help="runs spread over the space first", minimum=2, maximum=200)
    ] = 6
    batch: Annotated[int, Quantity(help="conditions chosen at a time", minimum=1, maximum=96)] = 1
    patience: Annotated[
        int, Quantity(help="stop after so many runs without a gain; 0 for never", minimum=0)
    ] = 0
    least_gain: Annotated[float, Quantity(help="smaller gains do not count", minimum=0)] = 0.0
    seed: Annotated[int, Quantity(help="of the search", minimum=0)] = 1

    # -- what is asked for

    def space(self) -> tuple[Axis, ...]:
        """Return the axes of the search.

        Raises:
            ParameterError: Naming what is wrong with them.
        """
        return parse_axes(describe(SUB_PLANS[self.experiment]), self.axes)

    def goal(self) -> Goal:
        """Return what the search is after.

        Raises:
            ParameterError: Naming what is wrong with objective or limits.
        """
        return parse_goal(self.objective, aim=self.aim, target=self.target, limits=self.limits)

    def corners(self) -> list[Experiment[Any]]:
        """Return the experiments at all lowest and all highest values: the extremes to check."""
        axes = self.space()
        ends = ({a.name: a.low for a in axes}, {a.name: a.high for a in axes})
        return [self.cell(0, self.condition(end)) for end in ends]

    def condition(self, values: Mapping[str, float]) -> dict[str, Any]:
        """Return the values of axes as the experiment takes them.

        Args:
            values: Value by the name of the axis.
        """
        whole = {axis.name for axis in self.space() if axis.whole}
        return {name: round(v) if name in whole else float(v) for name, v in values.items()}

    def duration_s(self) -> float:
        """Return the longest time that the search can take, s; NaN when it makes no sense."""
        try:
            longest_s = max(cell.duration_s() for cell in self.corners())
        except ParameterError:
            return NO_NUMBER
        return self.budget * (longest_s + 60.0)

    def frames(self) -> int:
        """Return about how many spectra are taken at most."""
        return self.budget * max(cell.frames() for cell in self.corners())

    def checks(self) -> Iterator[Check]:
        """Yield the checks of space, goal, samples, both ends, and of what is resumed."""
        try:
            corners = self.corners()
            self.goal()
            Search(self.space(), seed=self.seed, start=self.start)
        except ParameterError as error:
            yield Check(name="search", verdict="refused", detail=str(error))
            return
        if self.start > self.budget:
            detail = f"{self.start} runs to spread are more than the budget of {self.budget}"
            yield Check(name="search", verdict="refused", detail=detail)
        axes = ", ".join(f"{a.name} {a.low:g} to {a.high:g}" for a in self.space())
        yield Check(name="search", verdict="ok", detail=f"{self.budget} runs at most over {axes}")
        yield from self.check_samples(self.budget)
        for end, cell in zip(("lowest", "highest"), corners, strict=True):
            for check in cell.preflight():
                if check.verdict == "refused":
                    yield dataclasses.replace(check, name=f"{end} values: {check.name}")
        yield from self.check_resume(self.budget)

    # -- what is done

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Take over what is there already, then ask, run, tell until the budget is spent."""
        search, goal = Search(self.space(), seed=self.seed, start=self.start), self.goal()
        yield from self.take_over(log)
        for row in sorted([*log.rows, *self.rows_done(FAILED)], key=lambda row: row["cell"]):
            yield from self._tell(log, search, goal, row)
        taken_over, reason = len(search.told), "the budget is spent"
        while len(search.told) < self.budget:
            if self._stands_still(search):
                reason = f"no gain in {self.patience} runs"
                break
            done = len(search.told)
            for values in search.ask(min(self.batch - done % self.batch, self.budget - done)):
                number = len(search.told)
                if number > taken_over and self.exchange_ul > 0:
                    yield from self.exchange()
                condition = self.condition(values)
                summary = yield from self.run_cell(log, number, condition)
                yield from self._tell(log, search, goal, {"cell": number, **condition, **summary})
        yield from self._conclude(log, search, f"{reason}; {taken_over} runs taken over")

    def _tell(self, log: Logbook, search: Search, goal: Goal, row: Row) -> MsgGenerator[None]:
        names = [axis.name for axis in self.space()]
        told = Told(
            values={name: float(row[name]) for name in names},
            merit=goal.merit(row),
            violation=goal.violation(row),
            objective=goal.value(row),
        )
        search.tell(told)
        best = search.best()
        found: dict[str, str | int | float] = {"cell": row["cell"], **told.values}
        found["objective"] = told.objective
        found["allowed"] = int(told.allowed)
        found["best_so_far"] = NO_NUMBER if best is None else best.objective
        yield from set_run_key_wrapper(log.result(found, table="search"), AROUND)

    def _stands_still(self, search: Search) -> bool:
        if self.patience == 0 or len(search.told) < self.start + self.patience:
            return False
        before = [told.merit for told in search.told[: -self.patience] if told.allowed]
        after = [told.merit for told in search.told[-self.patience :] if told.allowed]
        return bool(before) and max(after, default=-math.inf) <= max(before) + self.least_gain

    def _conclude(self, log: Logbook, search: Search, text: str) -> MsgGenerator[None]:
        best = search.best()
        answer: dict[str, str | int | float] = {"runs": len(search.told)}
        answer["measured"] = len(log.rows)
        answer["best_objective"] = NO_NUMBER if best is None else best.objective
        for axis in self.space():
            answer[f"best_{axis.name}"] = NO_NUMBER if best is None else best.values[axis.name]
        yield from self.finish(log, text, answer)


optimise = plan_of(Optimise)
