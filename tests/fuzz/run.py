"""Fuzz every parser for a while: ``python -m tests.fuzz.run --seconds 60``.

Each case is made from the seed, the target and its number, so that a finding is repeated with
``--only TARGET --case NUMBER``. A case that takes longer than a minute counts as a hang and ends
the program with the trace of all threads.
"""

import argparse
import faulthandler
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from tests.fuzz.targets import all_targets

HANG_S = 60.0


def fuzz(name, target, *, seed, seconds, first, scratch):
    """Run cases for a time; return how many, and the first finding."""
    began_s = time.process_time()
    number = first
    while True:
        folder = Path(tempfile.mkdtemp(dir=scratch))
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        try:
            target(random.Random(f"{seed}/{name}/{number}"), folder)
        except Exception:
            return number - first + 1, {"case": number, "trace": traceback.format_exc()}
        finally:
            faulthandler.cancel_dump_traceback_later()
            shutil.rmtree(folder, ignore_errors=True)
        number += 1
        if time.process_time() - began_s >= seconds:
            return number - first, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="CPU time for each target")
    parser.add_argument("--seed", type=int, default=20_261_126)
    parser.add_argument("--only", help="part of the name of the targets to run")
    parser.add_argument("--case", type=int, help="only the case of this number")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--json", type=Path, default=Path("fuzz.json"))
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    rows, total_s = [], time.process_time()
    with tempfile.TemporaryDirectory(prefix="regrow-fuzz-") as scratch:
        os.environ["REGROW_LOCKS"] = str(Path(scratch) / "locks")
        for name, target in all_targets().items():
            if args.only and args.only not in name:
                continue
            print(f"{name:<44}", end="", flush=True)
            first = args.first if args.case is None else args.case
            seconds = args.seconds if args.case is None else 0.0
            cases, finding = fuzz(
                name, target, seed=args.seed, seconds=seconds, first=first, scratch=scratch
            )
            rows.append({"target": name, "cases": cases, "finding": finding})
            print(f"{cases:>9} cases  {'ok' if finding is None else 'FOUND'}", flush=True)
            if finding is not None:
                print(f"  case {finding['case']}\n{finding['trace']}", flush=True)
    total_s = time.process_time() - total_s
    found = [row for row in rows if row["finding"]]
    print(f"{len(rows)} targets, {sum(r['cases'] for r in rows)} cases, {total_s:.0f} s of CPU, "
          f"{len(found)} findings")  # fmt: skip
    args.json.write_text(json.dumps({"seed": args.seed, "cpu_s": total_s, "rows": rows}, indent=1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
