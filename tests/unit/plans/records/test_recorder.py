"""The recorder: each document is kept before the plan goes on."""

import asyncio
import errno
import gc
import logging
import threading

import event_model
import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.utils import Msg
from event_model import DocumentNames, schema_validators

from plans.records import RecordError, RunRecorder, open_run
from plans.records.journal import read_journal
from tests.unit.plans.records.synthetic import ARRAY, EPOCH_S, Regrowth, event, number, one_stream


@pytest.fixture
def engine():
    """A RunEngine whose thread ends with the test."""
    known = set(threading.enumerate())
    run_engine = RunEngine({}, context_managers=[])
    yield run_engine
    run_engine.loop.call_soon_threadsafe(run_engine.loop.stop)
    for thread in set(threading.enumerate()) - known:
        thread.join(timeout=5.0)
    run_engine.loop.close()
    asyncio.set_event_loop(None)
    gc.collect()


class Camera:
    """A readable with an array, and notes of what became of it."""

    name = "camera"
    parent = None

    def __init__(self, values):
        self.values = iter(values)
        self.safe = False

    def describe(self):
        return {"camera_counts": ARRAY}

    def read(self):
        return {"camera_counts": {"value": next(self.values), "timestamp": EPOCH_S}}

    def describe_configuration(self):
        return {}

    read_configuration = describe_configuration


def count(camera, frames):
    """Take frames; make safe at the end, whatever happens."""
    try:
        yield Msg("open_run", None, plan_name="count")
        for _ in range(frames):
            yield Msg("create", None, name="primary")
            yield Msg("read", camera)
            yield Msg("save", None)
        yield Msg("close_run", None)
    finally:
        camera.safe = True


class Full:
    """A file on a full disk."""

    def __init__(self, file):
        self.file = file

    def write(self, _):
        raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name):
        return getattr(self.file, name)


def feed(folder, documents):
    recorder = RunRecorder(folder)
    for name, document in documents:
        recorder(name, document)
    return open_run(recorder.run_folder.path)


def test_the_engine_s_run_is_on_the_disk_when_the_engine_returns(engine, tmp_path):
    recorder = RunRecorder(tmp_path)
    engine.subscribe(recorder)
    rows = np.arange(12.0).reshape(3, 4)
    engine(count(Camera(rows), 3))
    run = open_run(recorder.run_folder.path)
    assert run.exit_status == "success"
    np.testing.assert_array_equal(run.table("primary")["camera_counts"], rows)
    assert recorder.run_folder.path.name.endswith(f"_count_{run.start['uid'][:8]}")


def test_a_full_disk_ends_the_plan_safe_and_loses_nothing_earlier(engine, tmp_path):
    recorder = RunRecorder(tmp_path)

    def fill_after_two(name, document):
        if name == "event" and document["seq_num"] == 2:
            for writer in recorder._open.values():
                writer._journal._file = Full(writer._journal._file)

    engine.subscribe(recorder)
    engine.subscribe(fill_after_two)
    camera = Camera(np.arange(40.0).reshape(10, 4))
    with pytest.raises(RecordError, match=r"run\.jsonl.*No space left.*free some space"):
        engine(count(camera, 10))
    assert camera.safe
    assert engine.state == "idle"
    recorder.close()
    run = open_run(recorder.run_folder.path)
    np.testing.assert_array_equal(run.table("primary")["seq_num"], [1, 2])
    assert run.exit_status == "unfinished"
    assert run.problems == []


def test_space_that_comes_back_lets_the_run_be_closed_as_failed(engine, tmp_path, monkeypatch):
    recorder = RunRecorder(tmp_path)

    def fill_once(name, document):
        if name == "event" and document["seq_num"] == 2:
            (writer,) = recorder._open.values()
            append = writer._arrays.append

            def full(slot, array):
                monkeypatch.setattr(writer._arrays, "append", append)
                raise RecordError(writer.folder.arrays, "No space left on device")

            monkeypatch.setattr(writer._arrays, "append", full)

    engine.subscribe(recorder)
    engine.subscribe(fill_once)
    with pytest.raises(RecordError, match="No space left"):
        engine(count(Camera(np.arange(40.0).reshape(10, 4)), 10))
    run = open_run(recorder.run_folder.path)
    assert run.exit_status == "fail"
    assert "No space left" in run.reason
    assert len(run.table("primary")["seq_num"]) == 2


def test_every_line_fits_the_schema_of_its_kind(small):
    names = set()
    for name, document in read_journal(small.run_folder.journal):
        schema_validators[DocumentNames[name]].validate(document)
        names.add(name)
    assert names == {"start", "descriptor", "event", "stop", "stream_resource", "stream_datum"}


def test_arrays_are_named_in_the_journal_but_not_in_it(small):
    resources, events = {}, []
    descriptors = {}
    for name, document in read_journal(small.run_folder.journal):
        if name == "descriptor":
            descriptors[document["uid"]] = document
        elif name == "stream_resource":
            resources[document["uid"]] = document
        elif name == "event":
            events.append(document)
    primary = next(d for d in descriptors.values() if d["name"] == "primary")
    assert primary["data_keys"]["spectrometer_spectrum_counts"]["external"] == "STREAM:"
    assert not any("spectrometer_spectrum_counts" in e["data"] for e in events)
    datasets = [r["parameters"]["dataset"] for r in resources.values()]
    assert datasets == ["dark/spectrometer_spectrum_counts", "primary/spectrometer_spectrum_counts"]
    assert all(r["uri"] == small.run_folder.arrays.as_uri().replace("///", "//localhost/")
               for r in resources.values())  # fmt: skip


def test_the_engine_s_documents_are_not_changed(tmp_path):
    documents = list(Regrowth(baseline=2, exposure=2, dark_tail=1, pixels=16).documents())
    recorder = RunRecorder(tmp_path)
    for name, document in documents:
        before = repr(document)
        recorder(name, document)
        assert repr(document) == before


def test_an_event_is_acknowledged_only_when_it_can_be_read(tmp_path):
    recorder = RunRecorder(tmp_path)
    count = 0
    for name, document in Regrowth(baseline=2, exposure=2, dark_tail=1, pixels=16).documents():
        recorder(name, document)
        run = open_run(recorder.run_folder.path)
        count += name == "event" and "phase" in document["data"]
        table = run.table("primary")
        assert len(table.get("seq_num", ())) == count
        if count:
            assert np.isfinite(table["spectrometer_spectrum_counts"]).all()
    assert run.problems == []


@pytest.mark.parametrize(
    ("data_key", "value"),
    [
        ({"dtype_numpy": "<U1"}, ["a", "b"]),
        ({"dtype_numpy": [["a", "<f8"]]}, [1, 2]),
        ({}, ["a", "b"]),
        ({}, [[1.0], [2.0, 3.0]]),
        ({}, []),
        ({}, None),
    ],
)
def test_what_is_no_array_of_numbers_stays_in_the_journal(tmp_path, data_key, value, caplog):
    caplog.set_level(logging.WARNING)
    run = feed(tmp_path, one_stream([value], {**ARRAY, **data_key}))
    (found,) = [d["data"]["camera_counts"] for n, d in run.documents(filled=True) if n == "event"]
    assert found == value


def test_an_array_that_changes_its_shape_or_type_is_kept(tmp_path):
    values = [
        np.arange(4, dtype="<u2"),
        np.arange(6, dtype="<u2"),
        np.arange(4) + 0.5,
        np.arange(4, dtype="<u2") + 1,
        np.arange(6, dtype="<u2") + 1,
    ]
    run = feed(tmp_path, one_stream(values, {**ARRAY, "dtype_numpy": "<u2"}))
    column = run.table("primary")["camera_counts"]
    for found, value in zip(column, values, strict=True):
        np.testing.assert_array_equal(found, value)
    assert run.problems == []
    assert len({d["uid"] for n, d in run.documents() if n == "stream_resource"}) >= 3


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", ".", "..", "µ 1"])
def test_any_name_of_key_and_stream_finds_its_array_again(tmp_path, name):
    rows = [np.arange(4.0), np.arange(4.0) + 1]
    run = feed(tmp_path, one_stream(rows, key=name, name=name))
    np.testing.assert_array_equal(run.table(name)[name], rows)


def test_a_reader_that_blocks_the_arrays_file_does_not_lose_a_row(tmp_path, monkeypatch):
    documents = list(Regrowth(baseline=3, exposure=3, dark_tail=0, pixels=16).documents())
    # A second dark after the frames: its dataset exists, but the file has changed by then.
    dark = next(d for n, d in documents if n == "event")
    documents.insert(-1, ("event", {**dark, "uid": "late", "seq_num": 4, "time": EPOCH_S + 90.0}))
    path_type = type(tmp_path)
    replace = path_type.replace

    def windows(path, target):
        if target.exists() and target.suffix == ".h5":
            raise PermissionError(13, "used by another process")
        return replace(path, target)

    monkeypatch.setattr(path_type, "replace", windows)
    run = feed(tmp_path, documents)
    assert run.folder.path.joinpath("arrays_2.h5").exists()
    assert np.isfinite(run.table("primary")["spectrometer_spectrum_counts"]).all()
    darks = run.table("dark")["spectrometer_spectrum_counts"]
    assert darks.shape == (4, 16)
    np.testing.assert_array_equal(darks[3], darks[0])
    assert run.problems == []


def test_pages_of_events_are_recorded_as_events(tmp_path):
    documents = list(one_stream([np.arange(4.0), np.arange(4.0) + 1]))
    events = [d for n, d in documents if n == "event"]
    page = event_model.pack_event_page(*events)
    paged = [*documents[:2], ("event_page", page), documents[-1]]
    run = feed(tmp_path / "page", paged)
    np.testing.assert_array_equal(run.table("primary")["camera_counts"][1], np.arange(4.0) + 1)
    bulk = [*documents[:2], ("bulk_events", {"primary": events}), documents[-1]]
    assert feed(tmp_path / "bulk", bulk).event_count("primary") == 2


def test_documents_of_files_that_others_write_pass_through(tmp_path):
    run = event_model.compose_run(time=EPOCH_S, validate=False)
    key = {"source": "x", "dtype": "array", "shape": [2, 2], "external": "FILESTORE:"}
    bundle = run.compose_descriptor(name="primary", data_keys={"image": key}, validate=False)
    resource = run.compose_resource(
        spec="TIFF", root="/", resource_path="a", resource_kwargs={}, validate=False
    )
    datum = resource.compose_datum(datum_kwargs={}, validate=False)
    image = {**event(bundle, {"image": datum["datum_id"]}, EPOCH_S), "filled": {"image": False}}
    documents = [
        ("start", run.start_doc),
        ("descriptor", bundle.descriptor_doc),
        ("resource", {**resource.resource_doc, "run_start": run.start_doc["uid"]}),
        ("datum", datum),
        ("event", image),
        ("stop", run.compose_stop()),
    ]
    found = list(feed(tmp_path, documents).documents())
    assert [name for name, _ in found] == [name for name, _ in documents]
    assert found[4][1]["data"] == {"image": datum["datum_id"]}


def test_two_runs_at_once_do_not_mix(tmp_path):
    first = list(one_stream([np.full(4, 1.0)]))
    second = list(one_stream([np.full(4, 2.0)]))
    recorder = RunRecorder(tmp_path)
    for pair in zip(first, second, strict=True):
        for name, document in pair:
            recorder(name, document)
    values = {}
    for folder in [path for path in tmp_path.iterdir() if path.is_dir()]:
        opened = open_run(folder)
        uid = next(doc["uid"] for name, doc in opened.documents() if name == "start")
        values[uid] = set(opened.table("primary")["camera_counts"][0])
    assert values == {first[0][1]["uid"]: {1.0}, second[0][1]["uid"]: {2.0}}


def test_a_document_of_an_unknown_run_is_named_in_the_log_and_left_out(tmp_path, caplog):
    recorder = RunRecorder(tmp_path)
    _, descriptor, frame, stop = one_stream([np.zeros(4)])
    for name, document in (descriptor, frame, stop):
        recorder(name, document)
    assert "not open" in caplog.text
    assert recorder.run_folder is None
    assert recorder.finish() is None


def test_a_start_that_cannot_be_written_closes_its_file(tmp_path, monkeypatch):
    recorder = RunRecorder(tmp_path)

    def full(_, lines):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("plans.records.journal.Journal._write", full)
    with pytest.raises(RecordError, match="No space left"):
        recorder("start", {"uid": "1234", "time": EPOCH_S})


def test_a_stop_that_cannot_be_written_still_closes_the_files(tmp_path):
    recorder = RunRecorder(tmp_path)
    *before, stop = one_stream([np.zeros(4)])
    for name, document in before:
        recorder(name, document)
    (writer,) = recorder._open.values()
    real = writer._journal._file
    writer._journal._file = Full(real)
    with pytest.raises(RecordError):
        recorder(*stop)
    assert real.closed
    recorder.run_folder.path.rename(tmp_path / "moved")


def test_an_index_that_cannot_be_written_does_not_end_a_run(tmp_path, caplog):
    recorder = RunRecorder(tmp_path)

    def broken(*_):
        raise RecordError(recorder.index.path, "database is locked")

    recorder.index.add = recorder.index.close = broken
    for name, document in one_stream([np.zeros(4)]):
        recorder(name, document)
    assert open_run(recorder.run_folder.path).exit_status == "success"
    assert caplog.text.count("database is locked") == 2


def test_the_disk_is_waited_for_at_start_and_stop_and_rarely_between(tmp_path, monkeypatch):
    now_s = 1000.0
    synced = []
    recorder = RunRecorder(tmp_path, sync_interval_s=10.0)
    monkeypatch.setattr("time.perf_counter", lambda: now_s)
    monkeypatch.setattr(recorder, "_sync", lambda writer: synced.append(now_s) or setattr(
        recorder, "_synced_s", now_s))  # fmt: skip
    for name, document in Regrowth(baseline=5, exposure=20, dark_tail=0, pixels=16).documents():
        if name == "event":
            now_s += 1.0
        recorder(name, document)
    assert synced[0] == 1000.0
    assert synced[-1] == now_s
    assert set(np.diff(synced[:-1])) == {10.0}


def test_finish_writes_every_file_and_tells_how_far_it_is(small):
    told = []
    folder = small.finish(lambda what, share: told.append((what, share)))
    assert folder == small.run_folder
    for path in (folder.tracked_csv, folder.spectra_csv, folder.overview_png, folder.report_html):
        assert path.stat().st_size > 100
    assert [what for what, _ in told] == [
        "tracked.csv", "spectra.csv", "run.nxs", "overview.png", "report.html", "done",
    ]  # fmt: skip
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    folder.report_html.unlink()
    assert small.finish() == folder  # nothing new, nothing written
    assert not folder.report_html.exists()


def test_a_run_that_was_left_open_is_closed_and_reported(tmp_path):
    recorder = RunRecorder(tmp_path)
    for name, document in Regrowth(stop_after=5, pixels=64).documents():
        recorder(name, document)
    folder = recorder.finish()
    assert "not closed" in folder.report_html.read_text(encoding="utf-8")
    folder.path.rename(tmp_path / "moved")


def test_numbers_that_were_not_read_come_back_as_nan(tmp_path):
    run = feed(tmp_path, one_stream([1.5, float("nan")], number("nm"), key="peak_nm"))
    np.testing.assert_array_equal(run.table("primary")["peak_nm"], [1.5, np.nan])
