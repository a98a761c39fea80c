"""Programs that record at the same time never write into the same run."""

import subprocess
import sys
from pathlib import Path

from plans.records import list_runs, open_run, verify_run
from tests.unit.plans.records.synthetic import EPOCH_S

ROOT = Path(__file__).parents[2]
PROGRAMS, RUNS = 3, 5
CHILD = """
import sys
from pathlib import Path
from plans.records import RunRecorder
from tests.unit.plans.records.synthetic import Regrowth

print("ready", flush=True)
sys.stdin.readline()
for _ in range(RUNS):  # the same plan in the same second with the same uid: one name for all
    recorder = RunRecorder(Path(sys.argv[1]))
    for name, document in Regrowth(exposure=2, dark_tail=0, baseline=1, pixels=16).documents():
        if name == "start":
            document = {**document, "uid": "12345678-x", "program": sys.argv[2]}
        elif "run_start" in document:
            document = {**document, "run_start": "12345678-x"}
        recorder(name, document)
    recorder.close()
"""


def test_runs_of_one_name_by_several_programs_at_once_are_all_whole(tmp_path):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD.replace("RUNS", str(RUNS)), str(tmp_path), str(number)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(PROGRAMS)
    ]  # fmt: skip
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    runs = [open_run(summary.path) for summary in list_runs(tmp_path)]
    assert len(runs) == PROGRAMS * RUNS
    assert {run.start["time"] for run in runs} == {EPOCH_S}
    programs = [run.start["program"] for run in runs]
    assert [programs.count(str(number)) for number in range(PROGRAMS)] == [RUNS] * PROGRAMS
    for run in runs:
        assert verify_run(run.folder.path).problems == ()
        assert len(run.table("primary")["seq_num"]) == 3
