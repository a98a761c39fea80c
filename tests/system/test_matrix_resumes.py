"""A matrix that was killed goes on where it was, and its table is that of an uncut one."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from plans.catalogue import check_plan, make_experiment
from plans.records import RunRecorder, open_run
from tests.system.conftest import open_lab

ROOT = Path(__file__).parents[2]
CELLS = ("a1", "a2", "a3", "a4")
CHANGES = {"stands": dict.fromkeys(CELLS, "as-synthesised")}
VALUES = {
    "axes": "irradiance_mw_cm2=10,20; max_time_min=1,2",
    "fixed": "plateau=no; dark_tail_min=0; baseline_frames=3; interval_s=20",
    "positions": CELLS,
}
FRAMES = (6, 9, 6, 9)  # of each cell
KILLED = """
import os, sys
from simulators.clock import patches, virtual_time
patches.install()
from tests.system.test_matrix_resumes import run_matrix
with virtual_time(epoch_s=1_767_261_600.0):
    run_matrix(sys.argv[1], killed_at=int(sys.argv[2]))
"""


def devices(lab):
    return {name: lab.bench[name] for name in ("spectrometer", "light", "stage")}


def run_matrix(folder, *, resume="", killed_at=None):
    """Run the matrix into a folder; with killed_at the process dies at that frame."""
    import os

    frames = []

    def die(name, doc):
        if name == "event" and "progress" not in doc and "frame" in doc["data"]:
            frames.append(doc)
            if len(frames) == 2 * killed_at:  # each frame is in primary and in tracked
                os._exit(9)

    with open_lab(folder, CHANGES) as lab:
        lab.engine.run_engine.subscribe(RunRecorder(Path(folder) / "runs"))
        if killed_at is not None:
            lab.engine.run_engine.subscribe(die)
        experiment = make_experiment("condition_matrix", devices(lab), {**VALUES, "resume": resume})
        outcome = lab.engine.run(experiment.plan())
        assert outcome.exit_status == "success", outcome


def newest_matrix(folder):
    found = (Path(folder) / "runs").glob("*_condition_matrix_*")
    return max(found, key=lambda path: path.stat().st_mtime_ns)  # virtual time begins anew each run


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_a_random_cell_and_resumed_gives_the_same_table(
    seed, virtual_clock, capfd, tmp_path
):
    frame = random.Random(seed).randrange(FRAMES[0] + 1, sum(FRAMES) - FRAMES[-1])
    cut, uncut = tmp_path / "cut", tmp_path / "uncut"
    for folder in (cut, uncut):
        folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(cut), str(frame)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    first = newest_matrix(cut)
    assert 1 <= len(open_run(first).table("results")["cell"]) < len(CELLS)
    run_matrix(cut, resume=str(first))
    run_matrix(uncut)
    resumed, whole = (open_run(newest_matrix(folder)).table("results") for folder in (cut, uncut))
    assert list(resumed) == list(whole)
    for name in ("cell", "position", "irradiance_mw_cm2", "max_time_min", "ended_by"):
        assert list(resumed[name]) == list(whole[name])
    assert np.allclose(resumed["dose_j_cm2"], whole["dose_j_cm2"], rtol=0.005)
    for name in ("peak_start_nm", "peak_end_nm"):  # the noise of other exposures
        assert np.allclose(resumed[name], whole[name], atol=0.15)


def test_another_matrix_is_not_resumed(virtual_clock, capfd, tmp_path):
    run_matrix(tmp_path)
    other = {**VALUES, "axes": "irradiance_mw_cm2=10,30", "resume": str(newest_matrix(tmp_path))}
    with open_lab(tmp_path, CHANGES) as lab:
        checks = check_plan("condition_matrix", devices(lab), other)
        refused = [check.detail for check in checks if check.verdict == "refused"]
        assert "had other axes" in refused[0]
        missing = {**VALUES, "resume": str(tmp_path / "nowhere")}
        checks = check_plan("condition_matrix", devices(lab), missing)
        assert [check.name for check in checks if check.verdict == "refused"] == ["resume"]
