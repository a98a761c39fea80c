"""What a queue server's worker imports: bench, plans, engine.

Name it as the server's startup module (``--startup-module plans.queueing.startup``). The bench file
is in the environment variable ``REGROW_BENCH``, the folder of the runs in ``REGROW_RUNS`` (default:
``runs``). ``regrow queue-server`` does all of this.
"""

import atexit
import os
from pathlib import Path

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from bluesky.run_engine import RunEngine

from instruments.bench import load_bench
from instruments.errors import ConfigurationError
from plans.catalogue import PLANS
from plans.queueing.described import plans_for_queue
from plans.queueing.reports import ReportsBehind
from plans.records import RunIndex, RunRecorder

BENCH_VARIABLE, RUNS_VARIABLE = "REGROW_BENCH", "REGROW_RUNS"

if not os.environ.get(BENCH_VARIABLE):
    raise ConfigurationError(
        BENCH_VARIABLE,
        "the environment variable is not set; it names the bench file that the queue runs on",
    )

_runs = Path(os.environ.get(RUNS_VARIABLE, "runs"))
_recorder = RunRecorder(_runs)
_reports = ReportsBehind(_recorder)
bench = load_bench(Path(os.environ[BENCH_VARIABLE]))
bench.connect()
atexit.register(_reports.close)
atexit.register(bench.close)
atexit.register(bench.make_safe)  # runs first: last in, first out

RE = RunEngine({"bench": bench.name}, scan_id_source=RunIndex(_runs).next_scan_id)
RE.subscribe(_recorder)
RE.subscribe(_reports)

globals().update(bench.devices)
globals().update(plans_for_queue(PLANS, bench))
