"""A run read back: as the engine emitted it, wherever it was cut."""

import math
import os
import shutil

import event_model
import h5py
import numpy as np
import pytest

from plans.records import RecordError, RunRecorder, open_run
from tests.unit.plans.records.synthetic import EPOCH_S, Regrowth, event, number, one_stream

SPECTRUM = "spectrometer_spectrum_counts"
SMALL = {"baseline": 2, "exposure": 3, "dark_tail": 1, "pixels": 16}


def plain(value):
    """Return a value with lists for arrays and a word for NaN, so that == compares it."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "dtype_numpy"}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def test_the_documents_come_back_as_the_engine_emitted_them(record):
    run = Regrowth(**SMALL)
    emitted = list(run.documents())

    class Same:
        def documents(self):
            return iter(emitted)

    recorded = open_run(record(Same()).run_folder.path)
    found = list(recorded.documents(filled=True))
    assert [name for name, _ in found] == [name for name, _ in emitted]
    for (_, one), (_, other) in zip(found, emitted, strict=True):
        assert plain(one) == plain(other)


def test_a_run_opens_from_its_folder_or_any_file_in_it(small):
    folder = small.run_folder
    uids = {open_run(path).start["uid"] for path in (folder.path, folder.journal, folder.arrays)}
    assert len(uids) == 1


def test_a_moved_run_still_finds_its_arrays(small, tmp_path):
    moved = tmp_path / "elsewhere" / "run 1"
    moved.parent.mkdir()
    small.run_folder.path.rename(moved)
    run = open_run(moved)
    assert np.isfinite(run.table("primary")[SPECTRUM]).all()
    uris = {d["uri"] for n, d in run.documents() if n == "stream_resource"}
    assert uris == {(moved / "arrays.h5").as_uri().replace("///", "//localhost/")}


def test_a_journal_cut_at_any_byte_gives_every_whole_event(record, tmp_path):
    class Tiny:
        def documents(self):
            return one_stream([np.arange(4.0), np.arange(4.0) + 1])

    folder = record(Tiny()).run_folder
    whole = folder.journal.read_bytes()
    first_line = whole.index(b"\n")
    cut = tmp_path / "cut"
    cut.mkdir()
    shutil.copyfile(folder.arrays, cut / "arrays.h5")
    shutil.copyfile(folder.journal, cut / "run.jsonl")
    for length in reversed(range(first_line, len(whole) + 1)):
        os.truncate(cut / "run.jsonl", length)
        run = open_run(cut)
        lines = whole[:length].split(b"\n")
        expected = sum(line.startswith(b'["event"') for line in lines[:-1])
        # The last line lacks at most its line feed when it ends with the bracket of the pair.
        last = lines[-1]
        is_whole = last.startswith(b'["event"') and whole[length : length + 1] == b"\n"
        assert run.event_count("primary") == expected + is_whole
        rows = run.table("primary").get("camera_counts", np.empty((0, 4)))
        assert np.isfinite(rows).all()


def test_a_run_without_a_stop_is_unfinished(record):
    run = open_run(record(stop_after=4, pixels=16).run_folder.path)
    assert (run.exit_status, run.reason, run.stop) == ("unfinished", "", None)
    assert run.last_time_s == EPOCH_S + 35.0


def test_status_and_reason_come_from_the_stop_document(record):
    run = open_run(
        record(**SMALL, exit_status="fail", reason="lamp: no reply").run_folder.path
    )  # fmt: skip
    assert (run.exit_status, run.reason) == ("fail", "lamp: no reply")
    assert run.last_time_s == run.stop["time"]


def test_streams_and_settings_are_listed(small):
    run = open_run(small.run_folder.path)
    assert run.streams == ("dark", "meter", "notes", "primary", "tracked", "ending")
    configuration = run.configuration("primary")
    assert configuration["spectrometer"]["data"]["spectrometer_serial"] == "HDX01234"
    assert set(run.configuration()) == {"spectrometer", "light"}
    assert run.data_keys("primary")["light_dose_j_cm2"]["units"] == "J/cm2"
    assert run.data_keys("nothing") == {}
    assert run.table("nothing") == {}


def test_a_device_without_settings_gives_way_to_a_stream_that_has_them(tmp_path):
    def descriptor(uid, data):
        part = {"data": data, "timestamps": {}, "data_keys": {"a": number("nm")}}
        return {
            "uid": uid,
            "run_start": "r",
            "time": EPOCH_S,
            "name": uid,
            "data_keys": {},
            "configuration": {"lamp": part},
        }

    recorder = RunRecorder(tmp_path)
    recorder("start", {"uid": "r", "time": EPOCH_S})
    recorder("descriptor", descriptor("one", {}))
    recorder("descriptor", descriptor("two", {"a": math.nan}))
    recorder.close()
    data = open_run(recorder.run_folder.path).configuration()["lamp"]["data"]
    assert math.isnan(data["a"])


def test_lost_rows_read_as_nan_and_are_told(record):
    folder = record(**SMALL).run_folder
    with h5py.File(folder.arrays, "r+") as file:
        file[f"primary/{SPECTRUM}"].resize(4, axis=0)
    run = open_run(folder.path)
    rows = run.table("primary")[SPECTRUM]
    np.testing.assert_array_equal(np.isfinite(rows).all(axis=1), [True] * 4 + [False] * 2)
    run.table("primary")
    assert run.problems == [f"arrays.h5 lacks 2 rows of {SPECTRUM!r}, which read as NaN"]


def test_lost_arrays_leave_the_numbers(record):
    folder = record(**SMALL).run_folder
    folder.arrays.unlink()
    run = open_run(folder.path)
    table = run.table("primary")
    assert len(table["light_dose_j_cm2"]) == 6
    assert table[SPECTRUM].shape == (6, 0)
    assert "cannot be read" in run.problems[0]


def test_lists_in_the_journal_come_back_as_columns(tmp_path):
    run = event_model.compose_run(time=EPOCH_S, validate=False)
    keys = {
        "plain": {"source": "x", "dtype": "array", "shape": [2], "dtype_numpy": "|O"},
        "deep": {"source": "x", "dtype": "array", "shape": [1, 2], "dtype_numpy": "|O"},
        "words": {"source": "x", "dtype": "array", "shape": [2], "dtype_numpy": "|O"},
        "word": {"source": "x", "dtype": "string", "shape": []},
        "is_on": {"source": "x", "dtype": "boolean", "shape": []},
    }
    bundle = run.compose_descriptor(name="primary", data_keys=keys, validate=False)
    data = {
        "plain": [1.0, math.nan],
        "deep": [[1.0, math.nan]],
        "words": ["a", None],
        "word": "µ",
        "is_on": True,
    }
    recorder = RunRecorder(tmp_path)
    recorder("start", run.start_doc)
    recorder("descriptor", bundle.descriptor_doc)
    recorder("event", event(bundle, data, EPOCH_S))
    recorder.close()
    table = open_run(recorder.run_folder.path).table("primary")
    np.testing.assert_array_equal(table["plain"], [[1.0, np.nan]])
    np.testing.assert_array_equal(table["deep"], [[[1.0, np.nan]]])
    assert table["words"][0] == ["a", None]
    assert table["word"][0] == "µ"
    assert table["is_on"][0] == 1.0


def test_pointers_and_events_without_their_descriptor_are_passed_over(tmp_path):
    (tmp_path / "run.jsonl").write_text(
        '["start",{"uid":"a","time":1.0}]\n'
        '["stream_datum",{"stream_resource":"gone","descriptor":"d",'
        '"indices":{},"seq_nums":{}}]\n'
        '["event",{"descriptor":"gone","seq_num":1,"data":{},"time":2.0}]\n',
        encoding="utf-8",
    )
    run = open_run(tmp_path)
    assert run.streams == ()
    assert len(list(run.documents())) == 3


def test_a_folder_without_a_journal_is_told(tmp_path):
    with pytest.raises(RecordError, match=r"run\.jsonl.*cannot be read"):
        open_run(tmp_path)


def test_a_journal_without_a_start_is_told(tmp_path):
    (tmp_path / "run.jsonl").write_bytes(b"")
    with pytest.raises(RecordError, match="no start document"):
        open_run(tmp_path)
