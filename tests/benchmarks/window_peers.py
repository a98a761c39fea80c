"""Runs the load plan alone and under others' live plots, each in a process of its own.

``python tests/benchmarks/window_peers.py NAME --rate 100 --seconds 20`` prints one JSON object.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
os.environ.setdefault("QT_API", "pyqt5")
PYMEASURE_REFRESH_S = 0.04  # 25 frames a second; it draws 5 unless told so


def alone(rate_hz: float, seconds: float) -> dict[str, float]:
    """Run the plan with its records and nothing else."""
    from load_plan import load

    from plans.engine import Engine
    from plans.records import RunRecorder, open_run

    with tempfile.TemporaryDirectory() as folder:
        recorder = RunRecorder(Path(folder))
        with Engine(callbacks=(recorder,)) as engine:
            start_s = time.perf_counter()
            engine.run(load(rate_hz=rate_hz, duration_s=seconds))
            length_s = time.perf_counter() - start_s
        recorder.close()
        count = open_run(recorder.run_folder.path).event_count("primary")
    return {"recorded": count, "per_s": count / length_s}


def best_effort(rate_hz: float, seconds: float) -> dict[str, float]:
    """Run the plan under Bluesky's own live table and plots (no records)."""
    import matplotlib as mpl

    mpl.use("Agg")
    from bluesky.callbacks.best_effort import BestEffortCallback
    from load_plan import load

    from plans.engine import Engine

    count = Count()
    with (
        contextlib.redirect_stdout(sys.stderr),
        Engine(callbacks=(BestEffortCallback(), count)) as engine,
    ):
        start_s = time.perf_counter()
        engine.run(load(rate_hz=rate_hz, duration_s=seconds))
        length_s = time.perf_counter() - start_s
    return {"taken": count.events, "per_s": count.events / length_s}


class Count:
    """Counts events and keeps the last spectrum."""

    def __init__(self) -> None:
        self.events = 0
        self.spectrum: Any = None

    def __call__(self, name: str, doc: Any) -> None:
        """Take a document."""
        if name == "event":
            self.events += 1
            self.spectrum = doc["data"]["spectrometer_spectrum_counts"]


def pymeasure(rate_hz: float, seconds: float) -> dict[str, float]:
    """Run the plan under pymeasure's live plot (no records).

    Its plot widget draws a curve of the last spectrum, handed over in memory: the files of its
    `Results`, which it reads again at every refresh, are left out in its favour.
    """
    from lag import Lag
    from load_plan import PIXELS, load
    from pymeasure.display.curves import ResultsCurve
    from pymeasure.display.Qt import QtWidgets
    from pymeasure.display.widgets import PlotWidget

    from plans.engine import Engine

    application = QtWidgets.QApplication([])
    count = Count()

    class Latest:
        """What a curve of pymeasure wants of `Results`."""

        x = tuple(range(PIXELS))

        @property
        def data(self) -> dict[str, Any]:
            return {"pixel": self.x, "counts": [0.0] * PIXELS if count.spectrum is None
                    else count.spectrum}  # fmt: skip

    shown = PlotWidget("spectrum", ["pixel", "counts"], "pixel", "counts",
                       refresh_time=PYMEASURE_REFRESH_S, check_status=False)  # fmt: skip
    shown.resize(1366, 740)
    curve = shown.new_curve(Latest())
    assert isinstance(curve, ResultsCurve)
    shown.load(curve)
    shown.show()
    lag = Lag(shown.plot_frame.plot_widget)
    length_s = [0.0]

    def work() -> None:
        with Engine(callbacks=(count,)) as engine:
            start_s = time.perf_counter()
            engine.run(load(rate_hz=rate_hz, duration_s=seconds))
            length_s[0] = time.perf_counter() - start_s

    thread = threading.Thread(target=work)
    thread.start()
    lag.begin()
    while thread.is_alive():
        application.processEvents()
        time.sleep(0.001)
    lag.end()
    shown.close()
    return {"taken": count.events, "per_s": count.events / length_s[0], **lag.figures()}


RUNS = {"alone": alone, "best_effort": best_effort, "pymeasure": pymeasure}


def main() -> None:
    """Run one and print what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=tuple(RUNS))
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    args = parser.parse_args()
    print(json.dumps(RUNS[args.name](args.rate, args.seconds)))


if __name__ == "__main__":
    main()
