"""The engine reports how a run ended and can be ended from any thread."""

import os
import signal
import threading
import time

import pytest
from bluesky import plan_stubs as bps
from bluesky.preprocessors import run_wrapper
from bluesky.utils import Msg
from ophyd import Device
from ophyd.status import DeviceStatus

from plans.engine import Engine, InterruptWatcher
from plans.preflight import Check, PreflightError, format_checks, require
from plans.safety import ending_safe


class Lamp(Device):
    """Notes what was done to it."""

    def __init__(self, name):
        super().__init__(name=name)
        self.told = []

    def set(self, value):
        self.told.append(value)
        status = DeviceStatus(self, timeout=1)
        status.set_finished()
        return status

    def stop(self, *, success=False):
        self.told.append("stop")


@pytest.fixture
def engine(virtual_clock):
    with Engine(md={"who": "test"}) as engine:
        yield engine


def lit(lamp, middle):
    def plan():
        yield Msg("open_run", None)
        yield from ending_safe(inside(), (lamp, None))
        yield Msg("close_run")

    def inside():
        yield from bps.abs_set(lamp, "on", wait=True)
        yield from middle()

    return plan()


def fails():
    yield from bps.null()
    raise ValueError("the vial is empty")


def test_a_plan_that_ends_well_is_a_success(engine):
    lamp = Lamp("lamp")
    outcome = engine.run(lit(lamp, bps.null))
    assert (outcome.exit_status, outcome.reason, outcome.error) == ("success", "", None)
    assert len(outcome.run_uids) == 1
    assert lamp.told[:2] == ["on", "stop"]


def test_an_error_is_reported_and_the_lamp_is_off(engine):
    lamp = Lamp("lamp")
    outcome = engine.run(lit(lamp, fails))
    assert outcome.exit_status == "fail"
    assert "the vial is empty" in outcome.reason
    assert isinstance(outcome.error, ValueError)
    assert lamp.told[1] == "stop"


def test_an_error_before_the_run_is_opened_is_a_failure_without_runs(engine):
    outcome = engine.run(fails())
    assert (outcome.exit_status, outcome.run_uids) == ("fail", ())
    assert outcome.reason == "the vial is empty"


def test_another_thread_aborts_the_run_and_the_lamp_is_off(engine, capsys):
    lamp = Lamp("lamp")

    def later():
        time.sleep(100)
        engine.abort("enough")

    thread = threading.Thread(target=later)
    thread.start()
    outcome = engine.run(lit(lamp, lambda: bps.sleep(3600)))
    thread.join()
    assert outcome.exit_status == "abort"
    assert outcome.error is None
    assert "enough" in outcome.reason
    assert lamp.told[-1] == "stop"
    engine.abort("nothing to end")


def test_a_run_is_not_told_to_have_been_aborted_because_the_one_before_it_was(engine):
    def ask_for_the_end():
        aborting = threading.Thread(target=lambda: engine.abort("enough"))
        aborting.start()
        yield Msg("sleep", None, 5.0)
        aborting.join()

    assert engine.run(lit(Lamp("lamp"), ask_for_the_end)).reason == "enough"
    outcome = engine.run(lit(Lamp("lamp"), fails))
    assert outcome.exit_status == "fail"
    assert "the vial is empty" in outcome.reason
    assert isinstance(outcome.error, ValueError)


def test_a_callback_that_cannot_write_ends_the_run(virtual_clock):
    lamp = Lamp("lamp")

    def full_disk(name, doc):
        if name == "start":
            raise OSError(28, "No space left on device")

    with Engine(callbacks=[full_disk]) as engine:
        outcome = engine.run(lit(lamp, bps.null))
    assert outcome.exit_status == "fail"
    assert "No space left" in outcome.reason


def test_scan_numbers_come_from_where_we_say(virtual_clock):
    numbers = []
    with Engine(scan_id_source=lambda: 41) as engine:
        engine.run_engine.subscribe(lambda _, doc: numbers.append(doc["scan_id"]), "start")
        engine.run(run_wrapper(bps.null()))
    assert numbers == [41]


def test_ctrl_c_calls_back_and_nothing_is_raised():
    called, done = [], threading.Event()

    def react(number):
        called.append(number)
        if number == 2:
            done.set()

    with InterruptWatcher(react):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert done.wait(5)
    assert called == [1, 2]


def test_ctrl_c_is_handed_over_when_asked():
    called, done = [], threading.Event()

    def hand_over(call):
        call()
        done.set()

    with InterruptWatcher(called.append, hand_over=hand_over):
        os.kill(os.getpid(), signal.SIGINT)
        assert done.wait(5)
    assert called == [1]


def test_a_refusal_names_every_reason():
    checks = [
        Check(name="light", verdict="refused", detail="no 405 nm"),
        Check(name="dose", verdict="note", detail="large"),
        Check(name="volume", verdict="refused", detail="syringe is empty"),
    ]
    with pytest.raises(PreflightError, match="toast refused: light: no 405 nm; volume: syringe"):
        require("toast", checks)
    require("toast", checks[1:2])
    assert format_checks(checks).splitlines()[1].split() == ["note", "dose", "large"]
    assert format_checks([]) == ""
