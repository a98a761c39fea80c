"""Prints the acceptance table that the simulated bench reaches so far, and writes it as JSON.

Every module `*_rows.py` beside this file offers `rows(folder) -> list[Row]`, and `PARTS`, functions
alike, when its rows can be had one by one. All are shared out to the processors. With words on the
command line only the modules whose names begin with one of them are asked; without any, all but
those that take long (`LONG`).
"""

import contextlib
import importlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from table import Row  # noqa: E402 - found only after the line above

OUTPUT = Path("acceptance.json")
LONG = ("blind", "repeat", "search")  # have targets of their own
WHOLE = "rows"


def jobs(wanted: list[str]) -> list[tuple[str, str]]:
    """Return module and function of everything that gives rows."""
    found = []
    for path in sorted(HERE.glob("*_rows.py")):
        chosen = path.stem.startswith(tuple(wanted)) if wanted else not path.stem.startswith(LONG)
        if chosen:
            parts = getattr(importlib.import_module(path.stem), "PARTS", ())
            names = [part.__name__ for part in parts] or [WHOLE]
            found += [(path.stem, name) for name in names]
    return found


def work(job: tuple[str, str]) -> tuple[list[Row], float]:
    """Return the rows of a function, and the time of the processor that they took, s."""
    module, name = job
    before_s = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        rows = getattr(importlib.import_module(module), name)(folder)
    return rows, time.process_time() - before_s


def collect(wanted: list[str]) -> list[Row]:
    """Ask every module for its rows."""
    chosen = jobs(wanted)
    if any(module.startswith("blind") for module, _ in chosen):  # has processes of its own
        done = [work(job) for job in chosen]
    else:
        context = multiprocessing.get_context("spawn")  # each begins with a clock of its own
        with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
            done = list(pool.map(work, chosen))
    for (module, name), (_, spent_s) in zip(chosen, done, strict=True):
        print(f"{module:<20}{name:<26}{spent_s:>8.1f} s", file=sys.stderr)
    return sorted((row for rows, _ in done for row in rows), key=lambda row: (len(row.id), row.id))


def main() -> int:
    """Print the table and return 1 if a row fails."""
    start_s = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        rows = collect(sys.argv[1:])
    print(f"{'id':<5}{'quantity':<48}{'value':>10}{'target':>10}{'tolerance':>11}  pass")
    for row in rows:
        figures = f"{row.value:>10.3f}{row.target:>10.3f}{row.tolerance:>11.3f}"
        print(f"{row.id:<5}{row.quantity:<48}{figures}  {'yes' if row.passed else 'NO'}")
    table = [{**asdict(row), "pass": row.passed} for row in rows]
    OUTPUT.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    passed = sum(row.passed for row in rows)
    print(f"{passed} of {len(rows)} within their tolerance; {time.perf_counter() - start_s:.0f} s; "
          f"written to {OUTPUT}")  # fmt: skip
    return 0 if passed == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
