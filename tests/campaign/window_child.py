"""The window in a process of its own, on simulators of another one, to be killed.

``python -m tests.campaign.window_child BENCH.toml RUNS PLACES`` starts a run as a person would, and
says "host PID" with the process of the bench when it does.
"""

import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qtpy.QtCore import QTimer

from gui.app import make_application
from gui.places import Places
from gui.session import HostOptions
from gui.window import Window

VALUES = {"interval_s": 1.0, "baseline_frames": 3, "max_time_min": 3.0}


def main():
    bench, runs, places = map(Path, sys.argv[1:])
    application = make_application()
    window = Window(
        HostOptions(bench_file=bench, simulated=False, runs_folder=runs), Places(folder=places)
    )
    window.show()
    window.start()

    def go():
        if not window.experiment.run.isEnabled():
            QTimer.singleShot(100, go)
            return
        os.write(1, f"host {window.conductor.session.process_id}\n".encode())
        window.experiment.form.set_values(VALUES)
        window.experiment.run.click()

    go()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
