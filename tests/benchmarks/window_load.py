"""Measures the window under a stream of spectra, and others' live plots beside it.

``python tests/benchmarks/window_load.py [--seconds 600] [--json FILE]``. Everything is measured in
this run on this machine, without a screen. Rates are also measured without a window: the plan alone
with its records.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
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
SETTLED_S = 2.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=Path("benchmarks-window-load.json"))
    args = parser.parse_args()
    short = min(args.seconds, 20.0)
    rows = {
        "window at 100/s": window(100.0, args.seconds),
        "plan alone at 100/s": peer("alone", 100.0, short),
        "pymeasure's plot at 100/s": peer("pymeasure", 100.0, short),
        "window, as fast as it goes": window(0.0, short),
        "plan alone, as fast as it goes": peer("alone", 0.0, short),
        "BestEffortCallback, as fast as it goes": peer("best_effort", 0.0, short),
        "pymeasure's plot, as fast as it goes": peer("pymeasure", 0.0, short),
    }
    for name, row in rows.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in row.items()))
    goals = held_against_goals(rows)
    for name, (value, goal, good) in goals.items():
        print(f"{'ok ' if good else 'BAD'} {name}: {value:.4g} (goal {goal})")
    text = json.dumps({"rows": rows, "goals": goals}, indent=1)
    args.json.write_text(text, encoding="utf-8")


def held_against_goals(
    rows: dict[str, dict[str, float]],
) -> dict[str, tuple[float, str, bool]]:
    """Return value, goal and whether it is reached."""
    paced, free = rows["window at 100/s"], rows["window, as fast as it goes"]
    lost = paced["recorded"] - paced["taken"]
    share = paced["per_s"] / rows["plan alone at 100/s"]["per_s"]
    bluesky = free["per_s"] / rows["BestEffortCallback, as fast as it goes"]["per_s"]
    lag = paced["lag_p95_ms"] / max(rows["pymeasure's plot at 100/s"]["lag_p95_ms"], 1e-3)
    return {
        "no spectrum lost": (lost, "== 0", lost == 0),
        "frames painted per second": (paced["frames_per_s"], ">= 25", paced["frames_per_s"] >= 25),
        "lag p95, ms": (paced["lag_p95_ms"], "< 50", paced["lag_p95_ms"] < 50),
        "memory growth, MB": (paced["growth_mb"], "< 50", paced["growth_mb"] < 50),
        "lag of last over first minute": (paced["lag_ratio"], "< 1.2", paced["lag_ratio"] < 1.2),
        "rate with over without window, 100/s": (share, ">= 0.95", share >= 0.95),
        "rate over that of BestEffortCallback": (bluesky, "> 1", bluesky > 1),
        # theirs is one curve without records
        "lag over that of pymeasure's plot, 100/s": (lag, "< 1.5", lag < 1.5),
    }


def peer(name: str, rate_hz: float, seconds: float) -> dict[str, float]:
    """Run the plan without the window, in a process of its own."""
    line = [sys.executable, str(Path(__file__).with_name("window_peers.py")), name]
    line += ["--rate", str(rate_hz), "--seconds", str(seconds)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    try:
        found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        sys.exit(done.stderr)
    return found


def window(rate_hz: float, seconds: float) -> dict[str, float]:
    """Run the plan under the window; return what was seen."""
    from lag import Lag
    from qtpy.QtCore import QTimer

    from gui import messages
    from gui.app import make_application, put_away
    from gui.places import Places
    from gui.session import HostOptions
    from plans.records import open_run

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
    lag = Lag(shown.live.spectra.spectrum)
    taken = [0]

    def take(message: object) -> None:
        if isinstance(message, messages.BenchInfo):
            shown.conductor.session.run("load", {"rate_hz": rate_hz, "duration_s": seconds})
        elif isinstance(message, messages.RunOpened):
            QTimer.singleShot(round(1000 * SETTLED_S), lag.begin)
        elif isinstance(message, messages.Frame):
            taken[0] = message.number
        elif isinstance(message, messages.RunEnded):
            lag.end()
            application.quit()

    shown.conductor.session.received.connect(take)
    application.exec()
    run_folder = next(path for path in (folder / "runs").iterdir() if path.is_dir())
    shown.conductor.end()
    put_away(shown)
    recorded = open_run(run_folder).event_count("primary")
    shutil.rmtree(folder)
    return {
        "taken": taken[0],
        "recorded": recorded,
        "per_s": recorded / (lag.length_s + SETTLED_S),
        **lag.figures(),
    }


if __name__ == "__main__":
    main()
