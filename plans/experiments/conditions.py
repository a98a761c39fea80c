"""Tables of conditions: full grid, Latin hypercube, or a file."""

import csv
import itertools
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from plans.parameters import ParameterError, PlanDescription, parse_assignments

Condition: TypeAlias = Mapping[str, Any]
"""Values of a plan's parameters in one cell of a table."""

DESIGNS = ("full", "latin hypercube", "table")


def parse_settings(description: PlanDescription, text: str) -> dict[str, Any]:
    """Return the parameters in a text such as ``interval_s=20; plateau=no``.

    Args:
        description: The plan's description.
        text: Assignments, separated by semicolons.

    Raises:
        ParameterError: Naming what is wrong.
    """
    return parse_assignments(description, _parts(text))


def make_conditions(
    description: PlanDescription, axes: str, *, design: str, cells: int, seed: int, table: str
) -> list[Condition]:
    """Return the conditions of all cells, in the order of a design.

    Args:
        description: The plan's description.
        axes: ``name=value,value; name=value,value``; ``name=low..high`` for a Latin hypercube.
        design: One of `DESIGNS`.
        cells: How many cells a Latin hypercube has.
        seed: Of the Latin hypercube.
        table: A CSV file with the names of parameters in its first line.

    Raises:
        ParameterError: Naming what is wrong.
    """
    if design == "table":
        return _from_file(description, table)
    named = [part.partition("=") for part in _parts(axes)]
    if not named:
        raise ParameterError("a matrix needs axes, such as irradiance_mw_cm2=5,10,20")
    names = [name.strip() for name, _, _ in named]
    if design == "full":
        choices = [values.split(",") for _, _, values in named]
        rows: list[Sequence[str]] = list(itertools.product(*choices))
    else:
        rows = _latin_hypercube([_span(n, v) for n, _, v in named], cells, seed)
    return [_condition(description, names, row) for row in rows]


def shuffled(conditions: Sequence[Condition], seed: int) -> list[Condition]:
    """Return conditions in a random order, so that a drift of the bench is no trend.

    Args:
        conditions: The conditions.
        seed: The same seed gives the same order.
    """
    found = list(conditions)
    random.Random(seed).shuffle(found)
    return found


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _condition(description: PlanDescription, names: Sequence[str], row: Sequence[str]) -> Condition:
    given = [f"{name}={value.strip()}" for name, value in zip(names, row, strict=True)]
    return parse_assignments(description, given)


def _span(name: str, text: str) -> tuple[float, float]:
    low, dots, high = text.partition("..")
    try:
        if dots:
            return float(low), float(high)
    except ValueError:
        pass
    raise ParameterError(f"{name.strip()}={text}: a Latin hypercube takes low..high, such as 5..20")


def _latin_hypercube(
    spans: Sequence[tuple[float, float]], cells: int, seed: int
) -> list[Sequence[str]]:
    """Return cells of which each row and column of the grid holds exactly one."""
    source = random.Random(seed)
    columns = []
    for low, high in spans:
        steps = [(number + source.random()) / cells for number in range(cells)]
        source.shuffle(steps)
        columns.append([f"{low + (high - low) * step:.6g}" for step in steps])
    return list(zip(*columns, strict=True))


def _from_file(description: PlanDescription, path: str) -> list[Condition]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(f"table {path or 'not given'}: {error}") from error
    if len(rows) < 2:
        raise ParameterError(f"{path}: needs a line of names and a line for each cell")
    names = [name.strip() for name in rows[0]]
    for row in rows[1:]:
        if len(row) != len(names):
            raise ParameterError(f"{path}: {','.join(row)!r} has not {len(names)} values")
    return [_condition(description, names, row) for row in rows[1:]]
