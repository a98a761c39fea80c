"""The stage, its axes and its named positions."""

import time

import bluesky.plan_stubs as bps
import pytest
from bluesky import Msg
from bluesky.utils import RunEngineInterrupted

from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LimitError,
    LinkLostError,
    LinkTimeoutError,
    StalledError,
)
from instruments.stages import Places, make_stage
from tests.unit.instruments.fake_drivers import (
    FakeAxis,
    FakeDriver,
    an_engine,
    finished,
    wait_until,
)


@pytest.fixture
def driver():
    return FakeDriver("stage")


@pytest.fixture
def axis(driver):
    return FakeAxis(driver)


@pytest.fixture
def stage(virtual_clock, driver, axis):
    device = make_stage(
        name="stage",
        driver=driver,
        axes={"x": axis, "y": FakeAxis(driver)},
        places=Places(positions={"sample": {"x": 12.5, "y": 1.0}, "meter": {"x": 80.0}}),
    )
    device.connect()
    driver.done.clear()
    return device


def at_mm(stage, name="x"):
    return stage.read()[f"stage_{name}_position_mm"]["value"]


def test_an_axis_stands_where_it_was_sent(stage):
    began_s = time.monotonic()
    finished(stage.x.set(20.0))
    assert at_mm(stage) == 20.0
    assert time.monotonic() - began_s == pytest.approx(2.0, abs=0.11)
    assert stage.hints["fields"] == ["stage_x_position_mm", "stage_y_position_mm"]
    assert stage.x.is_homed.get() == 1


def test_a_named_position_moves_all_its_axes(stage):
    finished(stage.set("sample"))
    assert (at_mm(stage), at_mm(stage, "y")) == (12.5, 1.0)
    finished(stage.set({"x": 3.0}))
    assert (at_mm(stage), at_mm(stage, "y")) == (3.0, 1.0)


@pytest.mark.parametrize(
    ("position", "match"),
    [
        ("nowhere", r"no position 'nowhere'; there are meter, sample"),
        ({"z": 1.0}, r"no axis 'z'; there are x, y"),
        ({"x": 1.0, "y": 100.5}, r"0 to 100 mm"),
    ],
)
def test_a_position_that_is_not_there_moves_nothing(stage, driver, position, match):
    with pytest.raises(LimitError, match=match):
        stage.set(position)
    assert driver.done == []


def test_a_stalled_axis_fails_the_move_with_its_words(stage, driver):
    status = stage.set("meter")
    time.sleep(1.0)
    driver.failing["motion"] = StalledError("stage axis x", "reports FS (stalled and stopped)")
    with pytest.raises(StalledError, match="FS"):
        finished(status)


def test_an_axis_that_ends_elsewhere_is_a_fault(stage, axis):
    status = stage.x.set(50.0)
    time.sleep(1.0)
    axis.way = (0.0, 10.0, 10.0)  # somebody turned the knob
    with pytest.raises(DeviceFaultError, match="stands at 10 mm after a move to 50 mm"):
        finished(status)


def test_an_axis_that_never_ends_fails_by_its_own_time_out(stage, axis):
    axis.way = (0.0, 0.0, 0.0)
    axis.motion = lambda: type("M", (), {"is_moving": True, "warning": ""})()
    began_s = time.monotonic()
    with pytest.raises(LinkTimeoutError, match="still moves"):
        finished(stage.x.set(50.0))
    assert time.monotonic() - began_s == pytest.approx(30.0, abs=0.2)


def test_a_line_that_is_away_for_a_moment_does_not_end_the_move(stage, driver):
    status = stage.x.set(50.0)
    time.sleep(1.0)
    driver.failing["motion"] = LinkLostError("stage", "unplugged")
    time.sleep(2.0)
    driver.failing.clear()
    finished(status)
    assert at_mm(stage) == 50.0


def test_a_line_that_stays_away_fails_the_move(stage, driver):
    status = stage.x.set(100.0)
    time.sleep(1.0)
    driver.failing["motion"] = LinkLostError("stage", "unplugged")
    with pytest.raises(LinkLostError):
        finished(status)


def test_stopping_ends_the_move(stage):
    status = stage.set("meter")
    time.sleep(2.0)
    stage.stop()
    stage.stop(success=True)
    with pytest.raises(InstrumentError, match="stopped before the move was over"):
        finished(status)
    assert at_mm(stage) == pytest.approx(20.0, abs=0.6)


def test_one_axis_that_cannot_be_stopped_does_not_keep_the_others_from_stopping(stage, axis):
    stage.set("sample")
    axis.stop = lambda: (_ for _ in ()).throw(LinkTimeoutError("stage axis x", "no answer"))
    with pytest.raises(LinkTimeoutError):
        stage.stop()
    wait_until(lambda: stage.y._target_mm is None)
    axis.motion = lambda: type("M", (), {"is_moving": False, "warning": ""})()
    wait_until(lambda: stage.x._target_mm is None)


def test_a_further_move_takes_the_place_of_the_one_under_way(stage):
    first = stage.x.set(100.0)
    time.sleep(1.0)
    finished(stage.x.set(5.0))
    with pytest.raises(InstrumentError, match="stopped before"):
        finished(first)
    assert at_mm(stage) == 5.0


def test_homing_ends_with_a_reference(stage, axis):
    axis.homed = False
    finished(stage.x.home())
    assert stage.x.is_homed.get() == 1


def test_homing_that_finds_nothing_says_so(stage, axis):
    axis.is_homed = lambda: False
    with pytest.raises(DeviceFaultError, match="no reference position after homing"):
        finished(stage.x.home())


def test_resuming_goes_on_with_the_interrupted_move(stage):
    stage.set("meter")
    time.sleep(2.0)
    stage.stop()
    stage.pause()
    time.sleep(100)
    assert at_mm(stage) < 30
    stage.resume()
    wait_until(lambda: at_mm(stage) == 80.0 and stage.x._target_mm is None)


def test_after_the_red_button_nothing_is_resumed(stage, driver):
    stage.set("meter")
    time.sleep(2.0)
    stage.stop()
    stage.pause()
    stage.make_safe()
    stage.resume()
    assert at_mm(stage) < 30
    assert "make_safe" in driver.methods()


def moves_with_pause(stage):
    yield Msg("open_run")
    yield Msg("checkpoint")
    yield from bps.abs_set(stage, "meter", group="move")
    yield Msg("sleep", None, 2.0)
    yield Msg("pause", defer=False)
    yield from bps.wait("move")
    yield Msg("close_run")


@pytest.mark.parametrize("ending", ["resume", "abort", "stop", "halt"])
def test_the_engine_stops_the_stage_and_only_resuming_moves_on(stage, ending):
    with an_engine() as engine:
        with pytest.raises(RunEngineInterrupted):
            engine(moves_with_pause(stage))
        assert at_mm(stage) == pytest.approx(20.0, abs=0.6)
        try:
            getattr(engine, ending)()
        except RunEngineInterrupted:  # the replayed messages pause once more
            engine.resume()
    wait_until(lambda: stage.x._target_mm is None)
    assert at_mm(stage) == pytest.approx(80.0 if ending == "resume" else 20.0, abs=0.6)
