"""One line of the acceptance table, and the run that a line may stand on."""

import contextlib
import io
import json
from dataclasses import dataclass

import regrow
from plans.records import Run, open_run


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    id: str
    quantity: str
    value: float
    target: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the value is within the tolerance of the target."""
        return bool(abs(self.value - self.target) <= self.tolerance)


def run(folder: str, *assignments: str) -> tuple[Run, dict[str, object]]:
    """Run a light regrowth on the simulated bench and open its record."""
    answer = io.StringIO()
    with contextlib.redirect_stdout(answer):
        regrow.main(["demo", "--json", "--quiet", "--runs", folder, *assignments])
    result = json.loads(answer.getvalue())
    return open_run(result["run_folder"]), result
