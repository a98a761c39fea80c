"""A disk that is slow and a clock that jumps are told, and the run goes on."""

import errno
import time

import numpy as np
import pytest

from plans.records import RecordError, RunRecorder, open_run, verify_run
from plans.records.surroundings import SAY_AGAIN_S, ClockWatch, DiskPace
from tests.unit.plans.records.synthetic import Regrowth


@pytest.fixture
def clock(monkeypatch):
    """The computer's three clocks, to be set by hand."""

    class Clock:
        day_s, steady_s = 1_767_261_600.0, 1000.0

        def pass_s(self, length_s):
            self.day_s += length_s
            self.steady_s += length_s

    made = Clock()
    monkeypatch.setattr(time, "time", lambda: made.day_s)
    monkeypatch.setattr(time, "monotonic", lambda: made.steady_s)
    monkeypatch.setattr(time, "perf_counter", lambda: made.steady_s)
    return made


@pytest.mark.parametrize("jump_s", [-86_400.0, -5.0, 5.0, 3600.0])
def test_a_jump_of_the_clock_is_told_once(clock, caplog, jump_s):
    watch = ClockWatch()
    watch.look()
    clock.pass_s(100.0)
    watch.look()
    assert not caplog.text
    clock.day_s += jump_s
    watch.look()
    watch.look()
    assert caplog.text.count(f"clock has jumped by {jump_s:+.1f} s") == 1


def test_a_clock_that_is_being_corrected_is_no_jump(clock, caplog):
    watch = ClockWatch()
    for _ in range(20):
        watch.look()
        clock.day_s += 0.5
    assert not caplog.text


def test_a_disk_that_stays_slow_is_told_once_a_minute(clock, caplog, tmp_path):
    pace = DiskPace(tmp_path)
    pace.waited(clock.steady_s)
    assert not caplog.text
    told = []
    for _ in range(40):
        began_s = clock.steady_s
        clock.pass_s(3.0)
        pace.waited(began_s)
        told.append(caplog.text.count("the disk took 3.0 s; the run waits for it"))
    assert told[0] == told[19] == 1
    assert told[-1] == 1 + int(40 * 3.0 // (SAY_AGAIN_S + 3.0))


def slow(writer, clock):
    write = writer._journal._write

    def later(lines):
        clock.pass_s(7.0)
        write(lines)

    writer._journal._write = later


def test_every_event_of_a_slow_network_disk_is_kept_and_the_wait_is_told(clock, caplog, tmp_path):
    recorder = RunRecorder(tmp_path)
    events = 0
    for name, document in Regrowth(baseline=2, exposure=4, dark_tail=0, pixels=8).documents():
        recorder(name, document)
        if name == "start":
            slow(*recorder._open.values(), clock)
        events += name == "event"
    assert "the disk took 7.0 s; the run waits for it" in caplog.text
    run = open_run(recorder.run_folder.path)
    assert run.exit_status == "success"
    assert sum(run.event_count(stream) for stream in run.streams) == events
    assert not verify_run(recorder.run_folder.path).problems


def test_a_disk_that_becomes_read_only_is_told_and_what_was_recorded_stays(tmp_path):
    recorder = RunRecorder(tmp_path)
    kept = 0

    def refuse(_):
        raise OSError(errno.EROFS, "Read-only file system")

    for name, document in Regrowth(baseline=2, exposure=4, dark_tail=0, pixels=8).documents():
        recorder(name, document)
        kept += name == "event"
        if kept == 3:
            break
    (writer,) = recorder._open.values()
    writer._journal._write = refuse
    with pytest.raises(RecordError, match=r"run\.jsonl.*Read-only file system.*start again"):
        recorder("event", {**document, "uid": "the next", "seq_num": document["seq_num"] + 1})
    recorder.close()
    run = open_run(recorder.run_folder.path)
    assert run.exit_status == "unfinished"
    assert sum(run.event_count(stream) for stream in run.streams) == kept == 3
    assert np.isfinite(run.last_time_s)
