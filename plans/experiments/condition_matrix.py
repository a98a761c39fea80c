"""One experiment at many conditions, cell by cell, to be resumed when it was cut."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from bluesky.preprocessors import finalize_wrapper, set_run_key_wrapper
from bluesky.utils import Msg, MsgGenerator

from instruments.balances.balance import Balance
from instruments.light_sources.light_source import LightSource
from instruments.power_meters.power_meter import PowerMeter
from instruments.pumps import SyringePump
from instruments.spectrometers.spectrometer import Spectrometer
from instruments.stages.stage import Stage
from instruments.thermal import Thermostat
from plans.annotations import RateUlMin
from plans.checks import check_positions, check_syringe
from plans.experiments.base import Experiment, describe, plan_of
from plans.experiments.conditions import (
    DESIGNS,
    Condition,
    make_conditions,
    parse_settings,
    shuffled,
)
from plans.experiments.evaporation_assembly import EvaporationAssembly
from plans.experiments.light_regrowth import LightRegrowth
from plans.experiments.pl import NoSignalError
from plans.logbook import Logbook, Row
from plans.parameters import ParameterError, Quantity
from plans.preflight import Check, require
from plans.records import RecordError, open_run
from plans.safety import switch_off
from plans.stubs import dispense, rinse, withdraw

SUB_PLANS: dict[str, type[Experiment[Any]]] = {
    experiment.plan_name(): experiment for experiment in (LightRegrowth, EvaporationAssembly)
}
_RUN = "matrix"  # the key of the run around the runs of the cells
_SAME = ("experiment", "axes", "design", "cells", "seed", "shuffle", "fixed", "positions", "table")


@dataclass(frozen=True, eq=False)
class ConditionMatrix(Experiment[Logbook]):
    """Run an experiment at every cell of a table of conditions, each on a fresh sample.

    Axes are parameters of the experiment, as ``concentration_um=1,5,10; temperature_degc=25,40``;
    the design is the full grid, a Latin hypercube (``irradiance_mw_cm2=5..50``) or a CSV file. Each
    cell is a run of its own, inside a run that holds the table. A matrix that was cut (``resume=``
    and its folder) takes over the rows that are there and goes on with the cell that was cut.
    """

    spectrometer: Annotated[Spectrometer, Quantity(help="takes the PL spectra")]
    light: Annotated[LightSource, Quantity(help="excites the samples")]
    _: dataclasses.KW_ONLY
    experiment: Annotated[
        str, Quantity(help="what is run in each cell", choices=tuple(SUB_PLANS))
    ] = "light_regrowth"
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
    fixed: Annotated[
        str, Quantity(help="other parameters of the experiment: name=value; name=value")
    ] = ""
    positions: Annotated[
        tuple[str, ...], Quantity(help="stage positions of fresh samples, one a cell, with commas")
    ] = ("sample",)
    exchange_ul: Annotated[
        float,
        Quantity(help="sample to exchange between cells, with one position", unit="µL", minimum=0),
    ] = 0.0
    rinses: Annotated[
        int, Quantity(help="rinses between cells, against carry-over", minimum=0, maximum=20)
    ] = 2
    rate_ul_min: RateUlMin = 2000.0
    resume: Annotated[str, Quantity(help="folder of the run of a matrix that was cut")] = ""
    stage: Annotated[Stage | None, Quantity(help="brings the samples into the beam")] = None
    meter: Annotated[PowerMeter | None, Quantity(help="checks the irradiance")] = None
    pump: Annotated[SyringePump | None, Quantity(help="as the experiment has it")] = None
    supply_pump: Annotated[SyringePump | None, Quantity(help="brings fresh sample")] = None
    rinse_pump: Annotated[SyringePump | None, Quantity(help="brings pure solvent")] = None
    waste_pump: Annotated[SyringePump | None, Quantity(help="takes the old sample")] = None
    thermostat: Annotated[Thermostat | None, Quantity(help="holds temperatures")] = None
    balance: Annotated[Balance | None, Quantity(help="weighs drops")] = None

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

    def cell(self, number: int, condition: Condition) -> Experiment[Any]:
        """Return the experiment of one cell.

        Args:
            number: Of the cell, from 0.
            condition: Its parameters.

        Raises:
            ParameterError: The experiment has no such parameter.
        """
        cls = SUB_PLANS[self.experiment]
        description = describe(cls)
        wanted = {device.name for device in description.devices}
        devices = {name: device for name, device in self.devices().items() if name in wanted}
        values = {**parse_settings(description, self.fixed), **condition}
        place = self.positions[number % len(self.positions)]
        return cls(
            **devices,
            **{"position": place, **values},
            sample=f"{self.sample or 'not named'}, cell {number}",
            md={**(self.md or {}), "matrix": {"cell": number, "conditions": dict(condition)}},
        )

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

    def make_logbook(self) -> Logbook:
        """Return a plain logbook."""
        return Logbook()

    def checks(self) -> Iterator[Check]:
        """Yield the checks of the table, of every cell, and of what is resumed."""
        try:
            cells = self.all_cells()
        except ParameterError as error:
            yield Check(name="cells", verdict="refused", detail=str(error))
            return
        yield Check(name="cells", verdict="ok", detail=f"{len(cells)} of {self.experiment}")
        yield from self._check_samples(len(cells))
        yield from _of_cells(cells)
        yield from self._check_resume(len(cells))

    def _check_samples(self, cells: int) -> Iterator[Check]:
        yield from check_positions(self.stage, self.positions)
        if self.exchange_ul == 0:
            enough = len(self.positions) >= cells
            detail = f"{len(self.positions)} positions for {cells} cells"
            yield Check(
                name="fresh samples",
                verdict="ok" if enough else "refused",
                detail=detail + ("" if enough else ": give more, or exchange the sample"),
            )
            return
        changes = cells - 1
        new_ul, rinse_ul = changes * self.exchange_ul, changes * self.rinses * self.exchange_ul
        rate = self.rate_ul_min
        yield from check_syringe(self.supply_pump, new_ul, rate, what="fresh samples")
        yield from check_syringe(self.rinse_pump, rinse_ul, rate, what="rinses")
        yield from check_syringe(
            self.waste_pump, 0.0, rate, what="waste", withdrawn_ul=new_ul + rinse_ul
        )

    def _check_resume(self, cells: int) -> Iterator[Check]:
        if not self.resume:
            return
        try:
            done = self.rows_done()
        except (RecordError, ParameterError) as error:
            yield Check(name="resume", verdict="refused", detail=str(error))
            return
        yield Check(
            name="resume",
            verdict="note",
            detail=f"{len(done)} of {cells} cells are there; cell {len(done)} is done from its "
            "start: see that a fresh sample is in its place",
        )

    def rows_done(self) -> list[Row]:
        """Return the rows of the matrix that is resumed; none without one.

        Raises:
            RecordError: There is no such run.
            ParameterError: It was another matrix.
        """
        if not self.resume:
            return []
        record = open_run(Path(self.resume))
        before, mine = record.start.get("plan_args", {}), self._metadata()["plan_args"]
        other = [key for key in _SAME if before.get(key) != mine[key]]
        if other:
            raise ParameterError(f"{self.resume} had other {', '.join(other)}: no resume")
        if "results" not in record.streams:
            return []
        table = record.table("results")
        names = list(record.data_keys("results"))
        return [
            {name: _plain(table[name][row]) for name in names} for row in range(len(table["cell"]))
        ]

    # -- what is done

    def plan(self) -> MsgGenerator[Row]:
        """Yield the run of the table around the runs of the cells.

        Raises:
            PreflightError: Before anything is switched, naming every reason.
        """
        checks = self.preflight()
        require(self.plan_name(), checks)
        log = Logbook()
        yield Msg("open_run", None, run=_RUN, **self._metadata())
        notes = [f"{c.name}: {c.detail}" for c in checks if c.verdict == "note"]
        yield from set_run_key_wrapper(log.say(notes), _RUN)
        devices = tuple(self.devices().values())
        yield from finalize_wrapper(self.steps(log), lambda: switch_off(devices))
        yield Msg("close_run", None, run=_RUN)
        return log.summary

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Take over what is there already, then run cell after cell."""
        for row in self.rows_done():
            yield from set_run_key_wrapper(log.result(row), _RUN)
        done, failed = len(log.rows), 0
        conditions = self.conditions()
        for number in range(done, len(conditions)):
            if number > done and self.exchange_ul > 0:
                yield from self._exchange()
            summary = yield from self._one(log, number, conditions[number])
            failed += not summary
        text = f"{len(log.rows)} of {len(conditions)} cells, {done} of them taken over"
        yield from set_run_key_wrapper(log.end("done", text), _RUN)
        answer: Row = {"cells": len(conditions), "measured": len(log.rows), "failed": failed}
        yield from set_run_key_wrapper(log.conclude(answer), _RUN)

    def _one(self, log: Logbook, number: int, condition: Condition) -> MsgGenerator[Row]:
        cell = self.cell(number, condition)
        try:
            summary: Row = yield from cell.plan()
        except NoSignalError as error:  # an empty well must not end the night
            yield Msg("close_run", None, exit_status="fail", reason=str(error))
            failure: Row = {"cell": number, "reason": str(error)}
            yield from set_run_key_wrapper(log.result(failure, table="failed_cells"), _RUN)
            return {}
        row: dict[str, str | int | float] = {"cell": number}
        row["position"] = self.positions[number % len(self.positions)]
        row |= {name: _plain(value) for name, value in condition.items()}
        row |= {name: value for name, value in summary.items() if name not in row}
        yield from set_run_key_wrapper(log.result(row), _RUN)
        return summary

    def _exchange(self) -> MsgGenerator[None]:
        supply, waste = self.supply_pump, self.waste_pump
        if supply is None or waste is None:
            return  # the preflight has refused this
        yield from withdraw(waste, self.exchange_ul, self.rate_ul_min)
        if self.rinse_pump is not None:
            yield from rinse(
                self.rinse_pump,
                waste,
                volume_ul=self.exchange_ul,
                rate_ul_min=self.rate_ul_min,
                times=self.rinses,
            )
        yield from dispense(supply, self.exchange_ul, self.rate_ul_min)


def _of_cells(cells: list[Experiment[Any]]) -> Iterator[Check]:
    """Yield what is refused in any cell, and each note once."""
    notes: set[str] = set()
    refused = 0
    for number, cell in enumerate(cells):
        for check in cell.preflight():
            if check.verdict == "refused":
                refused += 1
                yield dataclasses.replace(check, name=f"cell {number}: {check.name}")
            elif check.verdict == "note" and check.detail not in notes:
                notes.add(check.detail)
                yield check
    if not refused:
        yield Check(name="every cell", verdict="ok", detail=f"{len(cells)} preflights passed")


def _plain(value: Any) -> str | int | float:
    """Return a value as a table holds it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, str)):
        return value
    return float("nan") if value is None else float(value)


condition_matrix = plan_of(ConditionMatrix)
