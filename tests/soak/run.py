"""Long runs in simulated time: ``python -m tests.soak.run``; memory and cost of an event.

A run of many events goes through engine, recorder, tracker and simulated instruments. Resident
memory and the cost of an event (processor time of this process) are taken in ten parts of it; the
first tenth is for warming up.
"""

import argparse
import contextlib
import io
import itertools
import json
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from simulators.clock import patches

patches.install()  # before bluesky and ophyd

from bluesky import Msg  # noqa: E402

from plans.engine import Engine  # noqa: E402
from plans.records import RunRecorder, verify_run  # noqa: E402
from simulators.clock import virtual_time  # noqa: E402
from tests.system.conftest import open_lab  # noqa: E402

GROWTH_MB, COST_RATIO = 20.0, 1.10
RUNS = {"24 h at 1 Hz": (86_400, 1.0), "1 h at 100 Hz": (360_000, 0.01)}
PARTS = 40


def resident_mb():
    """Return the memory of this process that is in use, MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Meter:
    """A callback that notes memory and cost as the run goes on."""

    def __init__(self, events):
        self.every = max(1, events // PARTS)
        self.count, self.marks = 0, []

    def __call__(self, name, _):
        if name != "event":
            return
        if self.count % self.every == 0:
            self.marks.append((self.count, time.process_time(), resident_mb()))
        self.count += 1

    def row(self):
        """Return memory growth and the cost ratio of the last parts to the first, warmed up."""
        warm = self.marks[PARTS // 10 :]
        costs = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(warm)]
        third = max(1, len(costs) // 3)
        first, last = statistics.median(costs[:third]), statistics.median(costs[-third:])
        return {
            "events": self.count,
            "growth_mb": round(warm[-1][2] - warm[0][2], 2),
            "cost_start_ms": round(first * 1e3, 4),
            "cost_end_ms": round(last * 1e3, 4),
            "cost_ratio": round(last / first, 4),
        }


def steady(device, events, interval_s):
    """Read one quantity many times at a fixed rate, by absolute deadlines.

    As every plan does, it says where a pause may go back to: the engine keeps all messages since.
    """
    yield Msg("open_run", None, plan_name="soak")
    begin_s = time.monotonic()
    for number in range(events):
        yield Msg("checkpoint")
        yield Msg("create", None, name="primary")
        yield Msg("read", device)
        yield Msg("save")
        wait_s = begin_s + (number + 1) * interval_s - time.monotonic()
        if wait_s > 0:
            yield Msg("sleep", None, wait_s)
    yield Msg("close_run")


def run(name, share, device):
    """Run one of the long runs, or a share of it, and return its row."""
    events, interval_s = RUNS[name]
    meter = Meter(int(events * share))
    with tempfile.TemporaryDirectory(prefix="regrow-soak-") as folder:
        folder = Path(folder)
        with contextlib.redirect_stdout(io.StringIO()), virtual_time(epoch_s=1_767_261_600.0), \
                open_lab(folder, {}) as lab:  # fmt: skip
            recorder = RunRecorder(folder / "runs")
            with Engine(callbacks=(recorder, meter)) as engine:
                begin_s = time.monotonic()
                outcome = engine.run(steady(lab.bench[device], int(events * share), interval_s))
                simulated_s = time.monotonic() - begin_s
            recorder.close()
            problems = verify_run(recorder.run_folder.path).problems
    row = {"name": name, "device": device, "share": share, "simulated_s": round(simulated_s, 1),
           "exit_status": outcome.exit_status, "problems": list(problems),
           **meter.row()}  # fmt: skip
    row["passed"] = (
        row["growth_mb"] < GROWTH_MB
        and row["cost_ratio"] <= COST_RATIO
        and row["exit_status"] == "success"
        and not problems
    )
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="part of the runs to do, 0 to 1")
    parser.add_argument("--device", default="stage", help="device of the demo bench that is read")
    parser.add_argument("--only", help="part of the name of the run")
    parser.add_argument("--json", type=Path, default=Path("soak.json"))
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    rows = []
    for name in RUNS:
        if args.only is None or args.only in name:
            rows.append(run(name, args.share, args.device))
            print(json.dumps(rows[-1]), flush=True)
    args.json.write_text(json.dumps(rows, indent=1))
    return 0 if all(row["passed"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
