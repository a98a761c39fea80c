"""Many runs of one experiment, each on a fresh sample, in one run around them."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

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
from plans.experiments.base import Experiment, describe
from plans.experiments.conditions import Condition, parse_settings
from plans.experiments.evaporation_assembly import EvaporationAssembly
from plans.experiments.light_regrowth import LightRegrowth
from plans.experiments.pl import NoSignalError
from plans.logbook import Logbook, Row
from plans.parameters import ParameterError, Quantity
from plans.preflight import Check, require
from plans.records import RecordError, open_run
from plans.safety import switch_off
from plans.stubs import dispense, rinse, withdraw

SUB_PLANS: Mapping[str, type[Experiment[Any]]] = {
    experiment.plan_name(): experiment for experiment in (LightRegrowth, EvaporationAssembly)
}
"""What can be run in each cell."""

FAILED = "failed_cells"
"""Table of the cells whose sample gave no signal."""

AROUND = "around"
"""The key of the run around the runs of the cells."""


@dataclass(frozen=True, eq=False)
class ManyCells(Experiment[Logbook]):
    """Runs an experiment again and again, cell by cell; a subclass says with what."""

    same: ClassVar[tuple[str, ...]] = ("experiment", "fixed", "positions")
    """Parameters that must not change when a run is resumed."""

    spectrometer: Annotated[Spectrometer, Quantity(help="takes the PL spectra")]
    light: Annotated[LightSource, Quantity(help="excites the samples")]
    _: dataclasses.KW_ONLY
    experiment: Annotated[
        str, Quantity(help="what is run in each cell", choices=tuple(SUB_PLANS))
    ] = "light_regrowth"
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
    resume: Annotated[str, Quantity(help="folder of a run of this plan that was cut")] = ""
    stage: Annotated[Stage | None, Quantity(help="brings the samples into the beam")] = None
    meter: Annotated[PowerMeter | None, Quantity(help="checks the irradiance")] = None
    pump: Annotated[SyringePump | None, Quantity(help="as the experiment has it")] = None
    supply_pump: Annotated[SyringePump | None, Quantity(help="brings fresh sample")] = None
    rinse_pump: Annotated[SyringePump | None, Quantity(help="brings pure solvent")] = None
    waste_pump: Annotated[SyringePump | None, Quantity(help="takes the old sample")] = None
    thermostat: Annotated[Thermostat | None, Quantity(help="holds temperatures")] = None
    balance: Annotated[Balance | None, Quantity(help="weighs drops")] = None

    def make_logbook(self) -> Logbook:
        """Return a plain logbook."""
        return Logbook()

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
        devices: dict[str, Any] = {
            name: device for name, device in self.devices().items() if name in wanted
        }
        values = {**parse_settings(description, self.fixed), **condition}
        place = self.positions[number % len(self.positions)]
        return cls(
            **devices,
            **{"position": place, **values},
            sample=f"{self.sample or 'not named'}, cell {number}",
            md={**(self.md or {}), "matrix": {"cell": number, "conditions": dict(condition)}},
        )

    def check_samples(self, cells: int) -> Iterator[Check]:
        """Yield whether there is a fresh sample for every cell.

        Args:
            cells: How many there are.
        """
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

    def check_resume(self, cells: int) -> Iterator[Check]:
        """Yield what a resumed run takes over, or why it cannot.

        Args:
            cells: How many the whole run has.
        """
        if not self.resume:
            return
        try:
            done = len(self.rows_done()) + len(self.rows_done(FAILED))
        except (RecordError, ParameterError) as error:
            yield Check(name="resume", verdict="refused", detail=str(error))
            return
        yield Check(
            name="resume",
            verdict="note",
            detail=f"{done} of {cells} cells are there; the one that was cut is done from its "
            "start: see that a fresh sample is in its place",
        )

    def rows_done(self, table: str = "results") -> list[Row]:
        """Return the rows of the run that is resumed; none without one.

        Args:
            table: "results" or "failed_cells".

        Raises:
            RecordError: There is no such run.
            ParameterError: It was run with other parameters.
        """
        if not self.resume:
            return []
        record = open_run(Path(self.resume))
        before, mine = record.start.get("plan_args", {}), self._metadata()["plan_args"]
        other = [key for key in self.same if before.get(key) != mine[key]]
        if other:
            raise ParameterError(f"{self.resume} had other {', '.join(other)}: no resume")
        if table not in record.streams:
            return []
        columns = record.table(table)
        names = list(record.data_keys(table))
        return [
            {name: plain(columns[name][row]) for name in names}
            for row in range(len(columns["cell"]))
        ]

    def plan(self) -> MsgGenerator[Row]:
        """Yield the run around the runs of the cells.

        Raises:
            PreflightError: Before anything is switched, naming every reason.
        """
        checks = self.preflight()
        require(self.plan_name(), checks)
        log = Logbook()
        yield Msg("open_run", None, run=AROUND, **self._metadata())
        notes = [f"{c.name}: {c.detail}" for c in checks if c.verdict == "note"]
        yield from set_run_key_wrapper(log.say(notes), AROUND)
        devices = tuple(self.devices().values())
        yield from finalize_wrapper(self.steps(log), lambda: switch_off(devices))
        yield Msg("close_run", None, run=AROUND)
        return log.summary

    def take_over(self, log: Logbook) -> MsgGenerator[set[int]]:
        """Write the rows that a resumed run has already; return the numbers of their cells.

        Args:
            log: Of the run around.
        """
        done: set[int] = set()
        for table in ("results", FAILED):
            for row in self.rows_done(table):
                done.add(int(row["cell"]))
                yield from set_run_key_wrapper(log.result(row, table=table), AROUND)
        return done

    def finish(self, log: Logbook, text: str, summary: Row) -> MsgGenerator[None]:
        """Write the ending and the summary of the run around.

        Args:
            log: Of the run around.
            text: What was done, in words.
            summary: The answer.
        """
        yield from set_run_key_wrapper(log.end("done", text), AROUND)
        yield from set_run_key_wrapper(log.conclude(summary), AROUND)

    def run_cell(self, log: Logbook, number: int, condition: Condition) -> MsgGenerator[Row]:
        """Run one cell and write its row.

        Args:
            log: Of the run around.
            number: Of the cell, from 0.
            condition: Its parameters.

        Returns:
            The summary of the cell; empty when its sample gave no signal.
        """
        cell = self.cell(number, condition)
        try:
            summary: Row = yield from cell.plan()
        except NoSignalError as error:  # an empty well must not end the night
            yield Msg("close_run", None, exit_status="fail", reason=str(error))
            values = {name: plain(value) for name, value in condition.items()}
            failure: Row = {"cell": number, **values, "reason": str(error)}
            yield from set_run_key_wrapper(log.result(failure, table=FAILED), AROUND)
            return {}
        row: dict[str, str | int | float] = {"cell": number}
        row["position"] = self.positions[number % len(self.positions)]
        row |= {name: plain(value) for name, value in condition.items()}
        row |= {name: value for name, value in summary.items() if name not in row}
        yield from set_run_key_wrapper(log.result(row), AROUND)
        return summary

    def exchange(self) -> MsgGenerator[None]:
        """Take the old sample out, rinse, and bring a fresh one."""
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


def check_cells(cells: list[Experiment[Any]]) -> Iterator[Check]:
    """Yield what is refused in any cell, and each note once.

    Args:
        cells: The experiments of the cells.
    """
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


def plain(value: Any) -> str | int | float:
    """Return a value as a table holds it.

    Args:
        value: A parameter or a result.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, str)):
        return value
    return float("nan") if value is None else float(value)
