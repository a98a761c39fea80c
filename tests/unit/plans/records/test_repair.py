"""A record that was cut at any byte opens, and a repair loses the torn tail only."""

import json
import os
import shutil

import event_model
import h5py
import numpy as np
import pytest

from plans.commands import repair as repair_command
from plans.commands import verify as verify_command
from plans.records import RecordError, RunRecorder, list_runs, open_run, repair_run, verify_run
from tests.unit.plans.records.synthetic import Regrowth

COUNTS = "spectrometer_spectrum_counts"
SHORT = Regrowth(
    baseline=2, exposure=1, dark_tail=0, pixels=16,
    with_tracker=False, with_check=False, with_ending=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A short run, whole."""
    parent = tmp_path_factory.mktemp("recorded")
    recorder = RunRecorder(parent)
    for name, document in SHORT.documents():
        recorder(name, document)
    recorder.close()
    return recorder.run_folder.path


@pytest.fixture
def copy(recorded, tmp_path):
    path = tmp_path / recorded.name
    shutil.copytree(recorded, path)
    return path


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A run of a few hundred bytes a line, to be cut at each of them."""
    run = event_model.compose_run(time=1e9, validate=False, metadata={"plan_name": "tiny"})
    keys = {
        "x": {"dtype": "number", "shape": [], "source": "s"},
        "a": {"dtype": "array", "shape": [4], "source": "s", "dtype_numpy": "<f8"},
    }
    stream = run.compose_descriptor(name="primary", data_keys=keys, validate=False)
    recorder = RunRecorder(tmp_path_factory.mktemp("tiny"))
    recorder("start", run.start_doc)
    recorder("descriptor", stream.descriptor_doc)
    for number in range(3):
        data = {"x": number, "a": np.arange(4.0) + number}
        stamps = dict.fromkeys(data, 1e9 + number)
        event = stream.compose_event(
            data=data, timestamps=stamps, time=1e9 + number, validate=False
        )
        recorder("event", event)
    recorder("stop", run.compose_stop(time=1e9 + 9, validate=False))
    return recorder.run_folder.path


def cut(path, size):
    with path.open("r+b") as file:
        file.truncate(size)


def whole_events(data):
    """Events of the lines that are complete, by a reader of its own."""
    lines = [json.loads(line) for line in data.split(b"\n")[:-1]]
    return [line[1]["uid"] for line in lines if line[0] == "event"]


def test_a_record_cut_at_every_byte_yields_every_event_that_was_complete(tiny, tmp_path):
    journal = tmp_path / "run.jsonl"
    data = (tiny / "run.jsonl").read_bytes()
    shutil.copy(tiny / "arrays.h5", tmp_path)
    shutil.copy(tiny / "run.jsonl", journal)
    first_line = data.index(b"\n") + 1
    for size in reversed(range(first_line, len(data))):
        os.truncate(journal, size)
        run = open_run(tmp_path)
        found = [doc["uid"] for name, doc in run.documents() if name == "event"]
        if found and size % 16 == 0:
            assert np.isfinite(run.table("primary")["a"]).all()
        wanted = whole_events(data[:size])
        # A last line that lacks nothing but its line feed is whole, too.
        assert found[: len(wanted)] == wanted
        assert len(found) - len(wanted) in {0, 1}


def test_arrays_cut_at_every_byte_yield_every_row_that_was_complete(recorded, tmp_path):
    data = (recorded / "arrays.h5").read_bytes()
    shutil.copy(recorded / "run.jsonl", tmp_path)
    whole = open_run(recorded).table("primary")[COUNTS]
    ends = sorted(
        line[2]["at"] + 16 * np.dtype(line[2]["dtype"]).itemsize
        for line in map(json.loads, (recorded / "run.jsonl").read_text("utf-8").splitlines())
        if line[0] == "stream_datum"
    )
    assert len(ends) >= len(whole)
    for size in sorted({*range(0, len(data), 301), *ends, *(end - 1 for end in ends)}):
        (tmp_path / "arrays.h5").write_bytes(data[:size])
        table = open_run(tmp_path).table("primary")
        kept = np.isfinite(table[COUNTS]).all(axis=-1)
        if table[COUNTS].shape == whole.shape:
            np.testing.assert_array_equal(table[COUNTS][kept], whole[kept])
        in_file = sum(end <= size for end in ends)
        assert verify_run(tmp_path).rows == in_file


def test_a_whole_record_is_good_and_a_repair_leaves_it_alone(copy):
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    found = verify_run(copy)
    assert found.is_good
    assert found.problems == ()
    assert found.events == sum(open_run(copy).event_count(s) for s in open_run(copy).streams)
    assert not repair_run(copy).changed
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


def test_every_changed_byte_of_the_journal_is_found(copy):
    journal = copy / "run.jsonl"
    data = journal.read_bytes()
    for at in range(0, len(data), 211):
        changed = bytearray(data)
        changed[at] ^= 0x01
        journal.write_bytes(changed)
        assert not verify_run(copy).is_good, at


def test_a_line_that_was_taken_out_doubled_or_exchanged_is_found(copy):
    journal = copy / "run.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    for changed in (
        lines[:4] + lines[5:],
        lines[:4] + lines[3:],
        [*lines[:4], lines[5], lines[4], *lines[6:]],
        [*lines[:4], b'["event",{}]\n', *lines[4:]],
    ):
        journal.write_bytes(b"".join(changed))
        assert not verify_run(copy).is_good


def test_a_changed_number_of_an_array_is_found(copy):
    arrays = copy / "arrays.h5"
    spot = next(
        line[2]
        for line in map(json.loads, (copy / "run.jsonl").read_text("utf-8").splitlines())
        if line[0] == "stream_datum"
    )
    data = bytearray(arrays.read_bytes())
    data[spot["at"] + 5] ^= 0x10
    arrays.write_bytes(data)
    (problem,) = verify_run(copy).problems
    assert "1 rows of arrays.h5" in problem


def test_a_last_line_that_lacks_only_its_end_is_kept_and_ended(copy):
    journal = copy / "run.jsonl"
    data = journal.read_bytes()
    cut(journal, len(data) - 1)
    assert "no line end" in verify_run(copy).problems[0]
    assert repair_run(copy).changed
    assert journal.read_bytes() == data


@pytest.mark.parametrize("cut_by", [2, 40, 900])
def test_a_repair_takes_the_torn_tail_only_and_closes_the_run(copy, cut_by):
    journal = copy / "run.jsonl"
    data = journal.read_bytes()
    cut(journal, len(data) - cut_by)
    wanted = whole_events(data[:-cut_by])
    done = repair_run(copy)
    run = open_run(copy)
    assert [doc["uid"] for name, doc in run.documents() if name == "event"] == wanted
    assert done.wrote_stop
    assert done.lost_rows == 0
    assert run.exit_status == "fail"
    assert "repaired" in run.reason
    assert done.torn_tail.read_bytes() == data[:-cut_by].rpartition(b"\n")[2]
    assert verify_run(copy).is_good
    assert not repair_run(copy).changed
    (summary,) = list_runs(copy.parent)
    assert summary.exit_status == "fail"


def test_a_repair_writes_an_arrays_file_anew_that_hdf5_refuses(copy):
    whole = open_run(copy).table("primary")[COUNTS]
    arrays = copy / "arrays.h5"
    data = arrays.read_bytes()
    arrays.write_bytes(b"\0" * 64 + data[64:])  # its first block is gone, the rows are not
    done = repair_run(copy)
    assert done.rebuilt == (arrays,)
    assert done.lost_rows == 0
    with h5py.File(arrays, "r") as file:
        np.testing.assert_array_equal(file[f"primary/{COUNTS}"][:], whole)
    np.testing.assert_array_equal(open_run(copy).table("primary")[COUNTS], whole)
    assert list(copy.glob("arrays.damaged-*"))
    assert verify_run(copy).is_good


def test_rows_that_no_file_holds_are_counted_and_read_as_nan(copy):
    arrays = copy / "arrays.h5"
    cut(arrays, arrays.stat().st_size - 3000)
    done = repair_run(copy)
    assert done.lost_rows > 0
    table = open_run(copy).table("primary")
    assert len(table["seq_num"]) == len(table[COUNTS])


def test_a_run_that_goes_on_is_not_repaired(tmp_path):
    recorder = RunRecorder(tmp_path)
    documents = list(SHORT.documents())
    for name, document in documents[:6]:
        recorder(name, document)
    folder = recorder.run_folder.path
    assert not verify_run(folder).is_closed
    with pytest.raises(RecordError, match=r"goes on: .* is in use by process \d+"):
        repair_run(folder)
    for name, document in documents[6:]:
        recorder(name, document)
    assert verify_run(folder).is_good
    assert not list(folder.glob("run.*lock*"))


def test_what_is_no_record_is_told(tmp_path):
    for action in (verify_run, repair_run):
        with pytest.raises(RecordError, match="no such run"):
            action(tmp_path / "nowhere")
        with pytest.raises(RecordError, match="cannot be read"):
            action(tmp_path)


def test_the_commands_say_what_they_found_and_did(copy, capsys):
    class Args:
        runs = (copy,)
        json = False

    assert verify_command.run(Args) == 0
    assert capsys.readouterr().out.startswith("ok ")
    cut(copy / "run.jsonl", (copy / "run.jsonl").stat().st_size - 5)
    assert verify_command.run(Args) == 1
    assert "half a line" in capsys.readouterr().out
    assert repair_command.run(Args) == 0
    assert "status 'fail'" in capsys.readouterr().out
    Args.json = True
    assert verify_command.run(Args) == 0
    assert json.loads(capsys.readouterr().out)["good"] is True
    assert repair_command.run(Args) == 0
    assert "nothing to do" in capsys.readouterr().out
