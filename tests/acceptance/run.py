"""Prints the acceptance table that the simulated bench reaches so far, and writes it as JSON.

Every module `*_rows.py` beside this file offers `rows(folder) -> list[Row]`. With words on the
command line only the modules whose names begin with one of them are asked.
"""

import importlib
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from table import Row  # noqa: E402 - found only after the line above

OUTPUT = Path("acceptance.json")


def collect(wanted: list[str]) -> list[Row]:
    """Ask every module for its rows."""
    found: list[Row] = []
    for path in sorted(HERE.glob("*_rows.py")):
        if wanted and not path.stem.startswith(tuple(wanted)):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found += importlib.import_module(path.stem).rows(folder)
    return sorted(found, key=lambda row: (len(row.id), row.id))


def main() -> int:
    """Print the table and return 1 if a row fails."""
    rows = collect(sys.argv[1:])
    print(f"{'id':<5}{'quantity':<48}{'value':>10}{'target':>10}{'tolerance':>11}  pass")
    for row in rows:
        figures = f"{row.value:>10.3f}{row.target:>10.3f}{row.tolerance:>11.3f}"
        print(f"{row.id:<5}{row.quantity:<48}{figures}  {'yes' if row.passed else 'NO'}")
    table = [{**asdict(row), "pass": row.passed} for row in rows]
    OUTPUT.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"written to {OUTPUT}")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
