"""Prints the acceptance table that the simulated bench reaches so far, and writes it as JSON.

Every row is a run through devices, sockets, plan, tracker and records, with noise on.
"""

import contextlib
import io
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - found only after the line above

import regrow  # noqa: E402
from plans.records import Run, open_run  # noqa: E402

OUTPUT = Path("acceptance.json")


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
        return abs(self.value - self.target) <= self.tolerance


def run(folder: str, *assignments: str) -> tuple[Run, dict[str, object]]:
    """Run a light regrowth on the simulated bench and open its record."""
    answer = io.StringIO()
    with contextlib.redirect_stdout(answer):
        regrow.main(["demo", "--json", "--quiet", "--runs", folder, *assignments])
    result = json.loads(answer.getvalue())
    return open_run(result["run_folder"]), result


def reference_rows(folder: str) -> list[Row]:
    """T10 and T12: 405 nm, 20 mW/cm², 1 mM ligand, air, 4 h."""
    record, result = run(folder, "plateau=no", "dark_tail_min=0")
    tracked = record.table("tracked")
    peak, area = tracked["tracker_peak_nm"], tracked["tracker_area"]
    before = tracked["phase"] == "baseline"
    true_dose = float(str(result["true_dose_j_cm2"]))
    ratio = 100 * float(str(result["dose_j_cm2"])) / true_dose
    largest = float(np.median(np.sort(area / area[before].mean())[-20:]))
    start, end = float(peak[before].mean()), float(peak[-10:].mean())
    return [
        Row(id="T10", quantity="peak at the start, nm", value=start, target=515.7, tolerance=0.3),
        Row(id="T10", quantity="peak after 4 h, nm", value=end, target=519.7, tolerance=0.3),
        Row(id="T10", quantity="largest area", value=largest, target=1.19, tolerance=0.03),
        Row(id="T12", quantity="dose, % of truth", value=ratio, target=100.0, tolerance=0.5),
    ]


def plateau_rows(folder: str) -> list[Row]:
    """T19: the default plateau rule on the reference run, one seed a row."""
    rows = []
    for seed in (1, 2, 3):
        record, _ = run(folder, "dark_tail_min=0", "--seed", str(seed))
        ending = record.table("ending")
        stop_min = float(ending["ending_elapsed_s"][0]) / 60
        exposed = f"stopped by {ending['ending_rule'][0]}, min (seed {seed})"
        rows.append(Row(id="T19", quantity=exposed, value=stop_min, target=162.0, tolerance=15.0))
    return rows


def main() -> int:
    """Print the table and return 1 if a row fails."""
    with tempfile.TemporaryDirectory() as folder:
        rows = reference_rows(folder) + plateau_rows(folder)
    print(f"{'id':<5}{'quantity':<38}{'value':>10}{'target':>10}{'tolerance':>11}  pass")
    for row in rows:
        figures = f"{row.value:>10.3f}{row.target:>10.3f}{row.tolerance:>11.3f}"
        print(f"{row.id:<5}{row.quantity:<38}{figures}  {'yes' if row.passed else 'NO'}")
    table = [{**asdict(row), "pass": row.passed} for row in rows]
    OUTPUT.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"written to {OUTPUT}")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
