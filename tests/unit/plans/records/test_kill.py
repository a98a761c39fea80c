"""A program killed in the middle of a run loses nothing that it had acknowledged."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from plans.records import list_runs, open_run, write_exports

ROOT = Path(__file__).parents[4]
CHILD = """
import sys
from pathlib import Path
from plans.records import RunRecorder
from tests.unit.plans.records.synthetic import Regrowth

recorder = RunRecorder(Path(sys.argv[1]))
for name, document in Regrowth(exposure=100_000, pixels=256).documents():
    recorder(name, document)
    if name == "event" and "phase" in document["data"]:
        print(document["seq_num"], flush=True)  # the acknowledgement
"""


@pytest.mark.parametrize("frames", [1, 12, 57])
def test_every_acknowledged_event_is_there_after_a_kill(tmp_path, frames):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    acknowledged = [int(child.stdout.readline()) for _ in range(frames)]
    child.kill()  # SIGKILL, TerminateProcess: nothing in the program can react
    with child:  # its own reader: communicate would miss what readline has read ahead
        acknowledged += [int(line) for line in child.stdout.read().splitlines() if line.strip()]
    (summary,) = list_runs(tmp_path)
    assert summary.exit_status == "unfinished"
    run = open_run(summary.path)
    table = run.table("primary")
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    assert set(acknowledged) <= set(table["seq_num"])
    spectra = table["spectrometer_spectrum_counts"]
    assert spectra.shape == (len(table["seq_num"]), 256)
    assert np.isfinite(spectra).all()
    assert (spectra.max(axis=1) > 20_000).all()  # no row of zeros
    assert np.isfinite(run.table("dark")["spectrometer_spectrum_counts"]).all()


def test_a_killed_run_gets_its_report_later(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    for _ in range(20):
        child.stdout.readline()
    child.kill()
    child.communicate(timeout=30)
    (summary,) = list_runs(tmp_path)
    folder = write_exports(open_run(summary.path).folder)
    assert "not closed" in folder.report_html.read_text(encoding="utf-8")
    assert folder.overview_png.read_bytes().startswith(b"\x89PNG")
