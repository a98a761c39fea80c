"""A search that was killed goes on where it was, and asks what an uncut one would have asked."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from plans.catalogue import make_experiment
from plans.records import RunRecorder, open_run
from tests.system.conftest import open_lab
from tests.system.test_matrix_resumes import ROOT, devices

CELLS = ("a1", "a2", "a3", "a4", "a5")
CHANGES = {"stands": dict.fromkeys(CELLS, "as-synthesised")}
VALUES = {
    "axes": "irradiance_mw_cm2=5..40 log",
    "objective": "shift_nm",
    "fixed": "max_time_min=2; plateau=no; dark_tail_min=0; baseline_frames=3; interval_s=20",
    "positions": CELLS,
    "budget": len(CELLS),
    "start": 3,
}
FRAMES_A_CELL = 9
KILLED = """
import sys
from simulators.clock import patches, virtual_time
patches.install()
from tests.system.test_search_resumes import search
with virtual_time(epoch_s=1_767_261_600.0):
    search(sys.argv[1], killed_at=int(sys.argv[2]))
"""


def search(folder, *, resume="", killed_at=None):
    """Search into a folder; with killed_at the process dies at that frame."""
    seen = []

    def die(name, doc):
        if name == "event" and "progress" not in doc and "frame" in doc["data"]:
            seen.append(doc)
            if len(seen) == 2 * killed_at:  # each frame is in primary and in tracked
                os._exit(9)

    with open_lab(folder, CHANGES) as lab:
        lab.engine.run_engine.subscribe(RunRecorder(Path(folder) / "runs"))
        if killed_at is not None:
            lab.engine.run_engine.subscribe(die)
        experiment = make_experiment("optimise", devices(lab), {**VALUES, "resume": resume})
        outcome = lab.engine.run(experiment.plan())
        assert outcome.exit_status == "success", outcome


def newest(folder):
    found = (Path(folder) / "runs").glob("*_optimise_*")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def test_killed_and_resumed_it_asks_what_an_uncut_one_asks(virtual_clock, capfd, tmp_path):
    pytest.importorskip("bayes_opt")
    cut, uncut = tmp_path / "cut", tmp_path / "uncut"
    for folder in (cut, uncut):
        folder.mkdir()
    frame = 3 * FRAMES_A_CELL + 4  # in the first condition that the process has chosen
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(cut), str(frame)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    first = newest(cut)
    search(cut, resume=str(first))
    search(uncut)
    resumed, whole = (open_run(newest(folder)).table("search") for folder in (cut, uncut))
    assert list(resumed["cell"]) == list(whole["cell"]) == [0, 1, 2, 3, 4]
    asked = "irradiance_mw_cm2"
    assert list(resumed[asked][:4]) == list(whole[asked][:4])
    assert list(resumed["objective"][:3]) == list(whole["objective"][:3])
    assert np.all(np.diff(resumed["best_so_far"]) >= 0)
    summary = open_run(newest(cut)).table("summary")
    assert int(summary["runs"][0]) == 5
