"""The list of runs: rebuilt from the folders, safe for several programs."""

import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plans.records import RecordError, RunIndex, list_runs
from plans.records.index import sample_text
from tests.unit.plans.records.synthetic import EPOCH_S

ROOT = Path(__file__).parents[4]
TINY = {"baseline": 1, "exposure": 1, "dark_tail": 0, "pixels": 4}
TAKE = (
    "import sys; from plans.records import RunIndex; from pathlib import Path\n"
    "index = RunIndex(Path(sys.argv[1]))\n"
    "print(*[index.next_scan_id() for _ in range(25)])"
)


def test_a_closed_run_is_listed_with_what_one_looks_for(record):
    recorder = record(**TINY, exit_status="abort", reason="stopped by hand")
    (run,) = list_runs(recorder.folder)
    assert run.path == recorder.run_folder.path
    assert (run.plan_name, run.sample, run.scan_id) == ("light_regrowth", "CsPbBr3 batch 12", 17)
    assert (run.exit_status, run.reason) == ("abort", "stopped by hand")
    assert run.time_s == EPOCH_S
    assert run.duration_s == 80.0


def test_a_lost_index_is_built_again_from_the_folders(record):
    recorder = record(**TINY)
    record(**TINY, stop_after=1)
    before = list_runs(recorder.folder)
    recorder.index.path.unlink()
    assert list_runs(recorder.folder) == before
    assert [run.exit_status for run in before].count("unfinished") == 1


def test_a_damaged_index_is_set_aside_and_built_again(record, caplog):
    recorder = record(**TINY)
    before = list_runs(recorder.folder)
    recorder.index.path.write_bytes(b"this is no database" * 100)
    assert list_runs(recorder.folder) == before
    assert "set aside" in caplog.text
    assert recorder.index.path.with_suffix(".damaged").exists()


def test_an_index_with_bytes_that_are_no_text_is_built_again(record):
    recorder = record(**TINY)
    before = list_runs(recorder.folder)
    path = recorder.index.path
    path.write_bytes(path.read_bytes().replace(b"TABLE counter", b"TABLE c\xa0unter"))
    assert list_runs(recorder.folder) == before


def test_the_list_follows_the_folders(record, tmp_path):
    recorder = record(**TINY)
    (recorder.folder / "notes").mkdir()  # no run
    (recorder.folder / "broken").mkdir()
    (recorder.folder / "broken" / "run.jsonl").write_bytes(b'["start",{"uid"')
    other = tmp_path / "other"
    index = RunIndex(other)
    assert index.runs() == []
    shutil.copytree(recorder.run_folder.path, other / "copied")
    assert [run.path.name for run in index.runs()] == ["copied"]
    journal = other / "copied" / "run.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))  # as if the stop had never come
    assert index.runs()[0].exit_status == "unfinished"
    shutil.rmtree(other / "copied")
    assert index.runs() == []
    assert len(list_runs(recorder.folder)) == 1


def test_the_latest_run_comes_first(record):
    for offset_s in (50.0, 10.0, 90.0):
        recorder = record(**TINY, metadata={"time": EPOCH_S + offset_s})
    times = [run.time_s for run in list_runs(recorder.folder)]
    assert times == sorted(times, reverse=True)


def test_a_journal_that_cannot_be_opened_is_passed_over(record, monkeypatch, caplog):
    recorder = record(**TINY)
    recorder.index.path.unlink()
    opened = Path.open

    def refuse(path, *args, **options):
        if path.name == "run.jsonl":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert list_runs(recorder.folder) == []
    assert "Permission denied" in caplog.text


def test_scan_numbers_go_up_and_start_after_the_highest_recorded(record, tmp_path):
    assert RunIndex(tmp_path / "new").next_scan_id({"any": "metadata"}) == 1
    recorder = record(**TINY)  # scan_id 17
    assert [recorder.index.next_scan_id() for _ in range(3)] == [18, 19, 20]
    recorder.index.path.unlink()
    assert recorder.index.next_scan_id() == 18


def test_a_scan_number_that_is_no_number_is_left_out(record):
    recorder = record(**TINY, metadata={"scan_id": "x"})
    assert list_runs(recorder.folder)[0].scan_id is None


def test_two_programs_never_get_the_same_scan_number(tmp_path):
    command = [sys.executable, "-c", TAKE, str(tmp_path)]
    programs = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(2)]
    numbers = [int(n) for p in programs for n in p.communicate(timeout=60)[0].split()]
    assert sorted(numbers) == list(range(1, 51))


def test_threads_never_get_the_same_scan_number(tmp_path):
    index = RunIndex(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: index.next_scan_id(), range(40)))
    assert sorted(numbers) == list(range(1, 41))


def test_an_index_that_another_program_holds_is_told_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr("plans.records.index.WAIT_S", 0.01)
    index = RunIndex(tmp_path)
    index.next_scan_id()
    holder = sqlite3.connect(index.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordError, match=r"locked.*close other programs"):
        index.next_scan_id()
    holder.close()
    assert index.next_scan_id() == 2


@pytest.mark.parametrize(
    ("sample", "text"),
    [
        (None, ""),
        ("batch 3", "batch 3"),
        ({"name": "a", "id": 3}, "a"),
        ({"id": 3}, "3"),
        ({"solvent": "toluene", "c": 2}, "toluene, 2"),
    ],
)
def test_a_sample_is_named_however_it_was_given(sample, text):
    assert sample_text(sample) == text
