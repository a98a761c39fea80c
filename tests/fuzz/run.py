"""Fuzz every parser for a while: ``python -m tests.fuzz.run --seconds 60``.

Each case is made from the seed, the target and its number, so that a finding is repeated with
``--only TARGET --case NUMBER``. What was done is added to the file of results: a further call goes
on with the next cases, and the processor time of all calls is summed up. A case that takes longer
than five minutes counts as a hang and ends the program with the trace of all threads.
"""

import argparse
import faulthandler
import json
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from tests.fuzz.targets import all_targets

HANG_S = 300.0  # on the wall: a busy machine may keep a process waiting for a minute


def cpu_s():
    """Return the processor time of this process and of those that it has waited for, s."""
    return sum(os.times()[:4])


def fuzz(name, target, *, seed, seconds, first, scratch, note=lambda name, number: None):
    """Run cases for a time; return how many, the time, and the first finding."""
    began_s = cpu_s()
    number = first
    while True:
        note(name, number)
        folder = Path(tempfile.mkdtemp(dir=scratch))
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        try:
            target(random.Random(f"{seed}/{name}/{number}"), folder)
        except Exception:
            finding = {"case": number, "trace": traceback.format_exc()}
            return number + 1 - first, cpu_s() - began_s, finding
        finally:
            faulthandler.cancel_dump_traceback_later()
            shutil.rmtree(folder, ignore_errors=True)
        number += 1
        if cpu_s() - began_s >= seconds:
            return number - first, cpu_s() - began_s, None


class Results:
    """What was done so far, by target; kept in a file."""

    def __init__(self, path, seed):
        self.path, self.seed, self.rows = path, seed, {}
        if path.exists():
            kept = json.loads(path.read_text())
            if kept["seed"] == seed:
                self.rows = {row["target"]: row for row in kept["rows"]}

        self._now = path.with_suffix(".now")
        if self._now.exists():  # the last call was ended in the middle of a case
            name, number = self._now.read_text().rsplit(" ", 1)
            done = int(number) + 1 - self.next_case(name)
            self.add(name, done, 0.0, {"case": int(number), "trace": "it hung or broke off"})

    def note(self, name, number):
        """Remember what is being tried: a hang ends the program."""
        self._now.write_text(f"{name} {number}")

    def forget_note(self):
        """Forget what is being tried: a person ends the program, the case did not."""
        self._now.unlink(missing_ok=True)

    def next_case(self, name):
        return self.rows[name]["cases"] if name in self.rows else 0

    def add(self, name, cases, used_s, finding):
        row = self.rows.setdefault(name, {"target": name, "cases": 0, "cpu_s": 0.0, "findings": []})
        row["cases"] += cases
        row["cpu_s"] = round(row["cpu_s"] + used_s, 2)
        row["findings"] += [finding] if finding else []
        self._now.unlink(missing_ok=True)
        self.path.write_text(json.dumps({
            "seed": self.seed, "cpu_s": self.cpu_s, "rows": list(self.rows.values())
        }, indent=1))  # fmt: skip

    @property
    def cpu_s(self):
        return round(sum(row["cpu_s"] for row in self.rows.values()), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="CPU time for each target")
    parser.add_argument("--seed", type=int, default=20_261_126)
    parser.add_argument("--only", help="part of the name of the targets to run")
    parser.add_argument("--case", type=int, help="only the case of this number; nothing is kept")
    parser.add_argument("--json", type=Path, default=Path("fuzz.json"))
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    results = Results(args.json, args.seed)
    found = 0
    with tempfile.TemporaryDirectory(prefix="regrow-fuzz-") as scratch:
        os.environ["REGROW_LOCKS"] = str(Path(scratch) / "locks")
        for name, target in all_targets().items():
            if args.only and args.only not in name:
                continue
            first = results.next_case(name) if args.case is None else args.case
            seconds = args.seconds if args.case is None else 0.0
            print(f"{name:<44} {first:>9}", end="", flush=True)
            try:
                cases, used_s, finding = fuzz(
                    name, target, seed=args.seed, seconds=seconds, first=first, scratch=scratch,
                    note=results.note if args.case is None else lambda name, number: None,
                )  # fmt: skip
            except (KeyboardInterrupt, SystemExit):
                results.forget_note()
                raise
            if args.case is None:
                results.add(name, cases, used_s, finding)
            print(f" + {cases:>9} cases  {'ok' if finding is None else 'FOUND'}", flush=True)
            if finding is not None:
                found += 1
                print(f"  case {finding['case']}\n{finding['trace']}", flush=True)
    rows = results.rows.values()
    print(f"so far {len(rows)} targets, {sum(row['cases'] for row in rows)} cases, "
          f"{results.cpu_s:.0f} s of CPU, {sum(len(r['findings']) for r in rows)} findings, "
          f"{found} of them in this call")  # fmt: skip
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
