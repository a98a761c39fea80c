"""Prints how fast the parts are, each against something else, and writes it as JSON.

Every module `*_rows.py` beside this file offers `rows() -> list[Row]`. Both sides of a row are
measured in this run. With words on the command line only the modules whose names begin with one of
them are asked.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from table import Row  # noqa: E402 - found only after the line above

OUTPUT = Path("benchmarks.json")


def collect(wanted: list[str]) -> list[Row]:
    """Ask every module for its rows."""
    found: list[Row] = []
    for path in sorted(HERE.glob("*_rows.py")):
        if not wanted or path.stem.startswith(tuple(wanted)):
            found += importlib.import_module(path.stem).rows()
    return found


def main() -> int:
    """Print and write the table."""
    found = collect(sys.argv[1:])
    print(f"{'name':<22} {'value':>12} {'baseline':>14} {'ratio':>8}  goal")
    for row in found:
        baseline = "none" if row.baseline is None else f"{row.baseline:.3f} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
        verdict = {True: "reached", False: "MISSED", None: "not measured"}[row.passed]
        value = f"{row.value:.3f} {row.unit}"
        print(f"{row.name:<22} {value:>12} {baseline:>14} {ratio:>8}  {row.wanted}: {verdict}")
    table = [asdict(row) | {"ratio": row.ratio, "passed": row.passed} for row in found]
    OUTPUT.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
