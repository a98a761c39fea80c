"""A run in a process of its own, in real time and under guard, to be killed.

``python -m tests.campaign.child BENCH.toml RUNS`` says "ack N" when the N-th tracked frame has been
recorded and the plan has gone on, and "guard PID" when a guard stands by: the first, and each that
takes the place of one that ended.
"""

import os
import sys
import threading
import time
from pathlib import Path

from plans.session import Session

VALUES = [
    "max_time_min=3", "interval_s=1", "dark_tail_min=0", "baseline_frames=3", "plateau=no",
    "ligand_volume_ul=200", "ligand_rate_ul_min=4000", "integration_time_s=0.05",
]  # fmt: skip


def name_guards(guard):
    """Say which guard stands by, whenever it is another one."""
    named = None
    while True:
        process = guard._process
        if process is not None and process is not named and process._ready.is_set():
            named = process
            os.write(1, f"guard {process.pid}\n".encode())
        time.sleep(0.05)


def main():
    frames = [0]

    def acknowledge(_):
        frames[0] += 1
        os.write(1, f"ack {frames[0]}\n".encode())

    session = Session(
        bench_file=Path(sys.argv[1]),
        plan_name="light_regrowth",
        assignments=VALUES,
        runs_folder=Path(sys.argv[2]),
        say=lambda text: print(text, file=sys.stderr, flush=True),
        progress=acknowledge,
    )
    called = session._call_guard

    def call_guard(stack):
        guarded = called(stack)
        threading.Thread(target=name_guards, args=(guarded.guard,), daemon=True).start()
        return guarded

    session._call_guard = call_guard
    with session.watcher():
        session.run()
    session._recorder.close()  # no report: it takes seconds and is not what is tried here
    if session.interrupted:
        return 130
    outcome = session.outcome
    return 0 if outcome is not None and outcome.exit_status == "success" else 1


if __name__ == "__main__":
    sys.exit(main())
