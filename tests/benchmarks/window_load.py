"""Measures the window under a stream of spectra, and others' live plots beside it.

``python tests/benchmarks/window_load.py [--seconds 600] [--json FILE]``. Everything is measured in
this run on this machine, without a screen. Rates are also measured without a window: the plan alone
with its records.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
)
os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

BENCH = """
[bench]
name = "load"

[device.meter]
model = "thorlabs-pm100d"
address = "TCPIP::127.0.0.1::9::SOCKET"
wavelength_nm = 405
averages = 1
aperture_area_cm2 = 1.0
"""
TICK_S = 0.01


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=Path("benchmarks-window-load.json"))
    parser.add_argument("--part", choices=("alone", "peer"))
    parser.add_argument("--rate", type=float, default=100.0)
    args = parser.parse_args()
    if args.part == "alone":
        print(json.dumps(alone(args.rate, args.seconds)))
        return
    if args.part == "peer":
        print(json.dumps(best_effort(args.seconds)))
        return
    short = min(args.seconds, 20.0)
    rows = {"window at 100/s": window(100.0, args.seconds)}
    rows["plan alone at 100/s"] = part("alone", 100.0, short)
    rows["window, as fast as it goes"] = window(0.0, short)
    rows["plan alone, as fast as it goes"] = part("alone", 0.0, short)
    rows["BestEffortCallback, as fast as it goes"] = part("peer", 0.0, short)
    paced, free = rows["window at 100/s"], rows["window, as fast as it goes"]
    goals = {
        "no spectrum lost": (
            paced["recorded"] - paced["taken"], "== 0", paced["recorded"] == paced["taken"]),
        "frames drawn per second": (paced["frames_per_s"], ">= 25", paced["frames_per_s"] >= 25),
        "lag p95, ms": (paced["lag_p95_ms"], "< 50", paced["lag_p95_ms"] < 50),
        "memory growth, MB": (paced["growth_mb"], "< 50", paced["growth_mb"] < 50),
        "lag of last over first minute": (paced["lag_ratio"], "< 1.2", paced["lag_ratio"] < 1.2),
        "rate with over without window, 100/s": (
            paced["per_s"] / rows["plan alone at 100/s"]["per_s"], ">= 0.95",
            paced["per_s"] >= 0.95 * rows["plan alone at 100/s"]["per_s"]),
        "rate over that of BestEffortCallback": (
            free["per_s"] / rows["BestEffortCallback, as fast as it goes"]["per_s"], "> 1",
            free["per_s"] > rows["BestEffortCallback, as fast as it goes"]["per_s"]),
    }  # fmt: skip
    for name, row in rows.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in row.items()))
    for name, (value, goal, good) in goals.items():
        print(f"{'ok ' if good else 'BAD'} {name}: {value:.4g} (goal {goal})")
    args.json.write_text(
        json.dumps({"rows": rows, "goals": {k: [v, g, bool(o)] for k, (v, g, o) in goals.items()}},
                   indent=1),
        encoding="utf-8",
    )  # fmt: skip


def part(name: str, rate_hz: float, seconds: float) -> dict[str, float]:
    line = [sys.executable, __file__, "--part", name, "--rate", str(rate_hz)]
    done = subprocess.run(
        [*line, "--seconds", str(seconds)], capture_output=True, text=True, check=False
    )
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        sys.exit(done.stderr)


def memory_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, AttributeError):
        return float("nan")


def window(rate_hz: float, seconds: float) -> dict[str, float]:
    """Run the plan under the window; return what was seen."""
    import numpy as np
    from qtpy.QtCore import Qt, QTimer

    from gui import messages
    from gui.app import make_application
    from gui.places import Places
    from gui.session import HostOptions

    application = make_application()
    from gui.window import Window

    folder = Path(tempfile.mkdtemp())
    bench = folder / "bench.toml"
    bench.write_text(BENCH, encoding="utf-8")
    options = HostOptions(
        bench_file=bench, simulated=False, runs_folder=folder / "runs", plans="load_plan"
    )
    shown = Window(options, Places(folder=folder / "places"))
    shown.resize(1366, 740)
    shown.show()
    shown.start()
    lags: list[tuple[float, float]] = []
    state = {"due_s": 0.0, "begin_s": 0.0, "end_s": 0.0, "memory": 0.0, "drawn": 0, "taken": 0}
    tick = QTimer()
    tick.setTimerType(Qt.TimerType.PreciseTimer)
    tick.setInterval(round(1000 * TICK_S))

    def ticked() -> None:
        now_s = time.perf_counter()
        if state["due_s"]:
            lags.append((now_s - state["begin_s"], max(0.0, now_s - state["due_s"])))
        state["due_s"] = now_s + TICK_S

    def take(message: object) -> None:
        if isinstance(message, messages.BenchInfo):
            shown.conductor.session.run("load", {"rate_hz": rate_hz, "duration_s": seconds})
        elif isinstance(message, messages.RunOpened):
            QTimer.singleShot(2000, begin)
            state["taken"] = 0
        elif isinstance(message, messages.Frame):
            state["taken"] = message.number
        elif isinstance(message, messages.RunEnded):
            state["end_s"] = time.perf_counter()
            state["drawn"] = shown.live.frames_drawn - state["drawn"]
            state["growth"] = memory_mb() - state["memory"]
            tick.stop()
            application.quit()

    def begin() -> None:
        state["begin_s"], state["memory"] = time.perf_counter(), memory_mb()
        state["drawn"] = shown.live.frames_drawn
        tick.timeout.connect(ticked)
        tick.start()

    tick_keeper = tick
    shown.conductor.session.received.connect(take)
    application.exec()
    del tick_keeper
    run_folder = next(path for path in (folder / "runs").iterdir() if path.is_dir())
    shown.conductor.end()
    shown.close()
    from plans.records import open_run

    recorded = open_run(run_folder).event_count("primary")
    lag = np.array(lags)
    length_s = state["end_s"] - state["begin_s"]
    edge_s = min(60.0, length_s / 3)
    first = lag[lag[:, 0] < edge_s, 1]
    last = lag[lag[:, 0] > length_s - edge_s, 1]
    return {
        "taken": state["taken"],
        "recorded": recorded,
        "per_s": recorded / (length_s + 2.0),
        "frames_per_s": state["drawn"] / length_s,
        "lag_p50_ms": 1000 * float(np.quantile(lag[:, 1], 0.5)),
        "lag_p95_ms": 1000 * float(np.quantile(lag[:, 1], 0.95)),
        "lag_max_ms": 1000 * float(lag[:, 1].max()),
        "lag_ratio": float(np.quantile(last, 0.95) / np.quantile(first, 0.95)),
        "growth_mb": state["growth"],
    }


def alone(rate_hz: float, seconds: float) -> dict[str, float]:
    """Run the plan with its records and nothing else."""
    from load_plan import load

    from plans.engine import Engine
    from plans.records import RunRecorder

    with tempfile.TemporaryDirectory() as folder:
        recorder = RunRecorder(Path(folder))
        with Engine(callbacks=(recorder,)) as engine:
            start_s = time.perf_counter()
            engine.run(load(rate_hz=rate_hz, duration_s=seconds))
            length_s = time.perf_counter() - start_s
        recorder.close()
        from plans.records import open_run

        count = open_run(recorder.run_folder.path).event_count("primary")
    return {"recorded": count, "per_s": count / length_s}


def best_effort(seconds: float) -> dict[str, float]:
    """Run the same plan under Bluesky's own live plots (no records)."""
    import contextlib

    import matplotlib as mpl

    mpl.use("Agg")
    from bluesky.callbacks.best_effort import BestEffortCallback
    from load_plan import load

    from plans.engine import Engine

    events = [0]
    with (
        contextlib.redirect_stdout(sys.stderr),
        Engine(callbacks=(BestEffortCallback(), lambda name, _: events.__setitem__(
            0, events[0] + (name == "event")))) as engine,
    ):  # fmt: skip
        start_s = time.perf_counter()
        engine.run(load(rate_hz=0.0, duration_s=seconds))
        length_s = time.perf_counter() - start_s
    return {"taken": events[0], "per_s": events[0] / length_s}


if __name__ == "__main__":
    main()
