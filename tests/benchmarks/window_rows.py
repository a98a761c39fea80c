"""What the window costs: its start, its load, its Safe stop.

``REGROW_WINDOW_LOAD_S`` is how long the load lasts, 20 s unless set (600 for the real thing), and
``REGROW_WINDOW_TRIALS`` how often Safe stop is pressed, 40 unless set.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from table import Row

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STARTS = 5
BARE = """
import time
start_s = time.perf_counter()
from qtpy.QtWidgets import QApplication, QMainWindow
application = QApplication([])
import pyqtgraph
window = QMainWindow()
window.setCentralWidget(pyqtgraph.PlotWidget())
window.show()
application.processEvents()
window.grab()
print(time.perf_counter() - start_s)
"""
OURS = """
import sys, time
start_s = time.perf_counter()
from pathlib import Path
from gui.app import make_application, put_away
from gui.session import HostOptions
application = make_application()
from gui.places import Places
from gui.window import Window
folder = Path(sys.argv[1])
options = HostOptions(
    bench_file=Path(sys.argv[2]), simulated=True, speed=60.0, runs_folder=folder / "runs"
)
window = Window(options, Places(folder=folder))
window.show()
window.start()
application.processEvents()
window.grab()
print(time.perf_counter() - start_s, flush=True)
def end():
    window.conductor.end()
    put_away(window)
def wait(condition):
    end_s = time.perf_counter() + 120
    while not condition() and time.perf_counter() < end_s:
        application.processEvents()
        time.sleep(0.002)
if len(sys.argv) < 4:
    wait(lambda: window.is_complete)
    window.grab()
    print(time.perf_counter() - start_s, flush=True)
    end()
    raise SystemExit
wait(window.experiment.run.isEnabled)
clicked_s = time.perf_counter()
window.experiment.run.click()
wait(lambda: window.live.view.now.size)
print(time.perf_counter() - clicked_s, flush=True)
end()
"""


def environment() -> dict[str, str]:
    """Return the environment of the processes that are measured."""
    path = os.pathsep.join([str(ROOT), str(HERE), os.environ.get("PYTHONPATH", "")])
    return {"QT_QPA_PLATFORM": "offscreen", **os.environ, "PYTHONPATH": path, "QT_API": "pyqt5"}


def ask(*words: str) -> list[float]:
    """Run Python and return the numbers that it prints."""
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=True, env=environment()
    )
    return [float(line) for line in done.stdout.split()]


def start_rows() -> list[Row]:
    """Start the window and a bare one by turns; press Run once."""
    demo = str(ROOT / "simulators" / "benches" / "demo.toml")
    bare, ours, complete = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(STARTS):
            bare += ask("-c", BARE)
            seen_s, complete_s = ask("-c", OURS, folder, demo)
            ours.append(seen_s)
            complete.append(complete_s)
        first_s = ask("-c", OURS, folder, demo, "run")[1]
    return [
        Row(name="window_start", value=median(ours), baseline=median(bare), unit="s",
            kind="cost", goal=1.5),
        Row(name="window_with_all_plots", value=median(complete), baseline=median(bare), unit="s",
            kind="cost", goal=4.0),
        Row(name="window_first_spectrum", value=first_s, unit="s", kind="value", goal=3.0),
    ]  # fmt: skip


def answers(script: str, *words: str) -> dict[str, object]:
    """Run a benchmark of this folder and return what it writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.json"
        subprocess.run(
            [sys.executable, str(HERE / script), *words, "--json", str(path)],
            check=True, env=environment(), stdout=sys.stderr,
        )  # fmt: skip
        found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


def load_rows() -> list[Row]:
    """Stream spectra through the window."""
    found = answers("window_load.py", "--seconds", os.environ.get("REGROW_WINDOW_LOAD_S", "20"))
    rows: dict[str, dict[str, float]] = found["rows"]  # type: ignore[assignment]
    paced, alone = rows["window at 100/s"], rows["plan alone at 100/s"]
    free = rows["window, as fast as it goes"]
    bluesky = rows["BestEffortCallback, as fast as it goes"]
    pymeasure = rows["pymeasure's plot at 100/s"]  # one curve, without records

    def row(name: str, value: float, unit: str, goal: float) -> Row:
        return Row(name=name, value=value, unit=unit, kind="value", goal=goal)

    return [
        row("window_lost", paced["taken"] - paced["recorded"], "spectra", 0.0),
        row("window_frame", 1000.0 / max(paced["frames_per_s"], 1e-9), "ms", 40.0),
        row("window_lag_p95", paced["lag_p95_ms"], "ms", 50.0),
        row("window_lag_growth", paced["lag_ratio"], "x", 1.2),
        row("window_memory_growth", paced["growth_mb"], "MB", 50.0),
        Row(name="window_rate_cost", value=1000 / paced["per_s"], baseline=1000 / alone["per_s"],
            unit="ms", kind="cost", goal=1 / 0.95),
        Row(name="window_against_bluesky", value=1000 / free["per_s"],
            baseline=1000 / bluesky["per_s"], unit="ms", kind="speedup", goal=1.0),
        Row(name="window_lag_against_pymeasure", value=paced["lag_p95_ms"],
            baseline=pymeasure["lag_p95_ms"], unit="ms", kind="cost", goal=1.5),
    ]  # fmt: skip


def safe_rows() -> list[Row]:
    """Press Safe stop in every scene."""
    found = answers("window_safe_stop.py", "--trials", os.environ.get("REGROW_WINDOW_TRIALS", "40"))
    p99_s = float(str(found["p99_s"]))
    return [Row(name="window_safe_stop_p99", value=p99_s, unit="s", kind="value", goal=0.2)]


def rows() -> list[Row]:
    """Measure everything."""
    return [*start_rows(), *load_rows(), *safe_rows()]
