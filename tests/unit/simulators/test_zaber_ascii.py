import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.ramp import Ramp
from simulators.zaber_ascii import ZaberStage
from simulators.zaber_axis import AxisTable
from simulators.zaber_chain import from_table
from tests.unit.simulators.fake_world import FakeWorld

MICROSTEP_MM = 0.49609375e-3


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def stage(world):
    """An x-y stage that was homed and stands at 0."""
    stage = ZaberStage(world, axes=[AxisTable(number=1), AxisTable(number=2, name="y")])
    stage.power_cycle(0.0)
    ask(stage, "/1 home", 0.0)
    stage.poll(1.0)
    world.calls.clear()
    return stage


def ask(stage, request, now_s=1.0):
    return stage.feed(f"{request}\n".encode(), now_s).decode()


def test_the_world_sees_nothing_while_an_axis_moves_and_the_place_when_all_rest(stage, world):
    ask(stage, "/1 1 move abs 10000", 2.0)
    ask(stage, "/1 2 move abs 20000", 2.0)
    first_s = stage.next_event_s()
    stage.poll(first_s)
    assert world.calls == [("stage", 2.0, None, 0.0)]
    last_s = stage.next_event_s()
    assert last_s > first_s
    stage.poll(last_s)
    assert world.last("stage") == (
        pytest.approx(10000 * MICROSTEP_MM),
        pytest.approx(20000 * MICROSTEP_MM),
    )
    assert stage.next_event_s() is None


def test_a_move_takes_as_long_as_the_speed_says(stage):
    ask(stage, "/1 1 move abs 100000", 2.0)
    speed, acceleration = 66052 / 1.6384, 205 / 1.6384e-4
    assert stage.next_event_s() == pytest.approx(2.0 + 100000 / speed + speed / acceleration)
    assert "BUSY" in ask(stage, "/1 1", 3.0)
    halfway = int(ask(stage, "/1 1 get pos", 2.0 + 50000 / speed).split()[-1])
    assert 0 < halfway < 100000


def test_before_homing_no_position_can_be_asked_for(world):
    stage = ZaberStage(world, axes=[AxisTable(number=1)])
    stage.power_cycle(0.0)
    assert ask(stage, "/1 1 move abs 100") == "@01 1 RJ IDLE WR BADDATA\r\n"
    assert not stage.state()["axes"]["x"]["homed"]


def test_losing_power_loses_the_reference_but_not_the_place(stage, world):
    ask(stage, "/1 1 move abs 10000", 2.0)
    stage.poll(5.0)
    stage.set_fault("power-loss", now_s=6.0)
    stage.set_fault("power-loss", on=False, now_s=6.0)
    assert world.last("stage")[0] == pytest.approx(10000 * MICROSTEP_MM)
    assert ask(stage, "/1 1 get pos", 7.0) == "@01 1 OK IDLE WR 0\r\n"
    ask(stage, "/1 1 home", 7.0)
    stage.poll(20.0)
    assert world.last("stage")[0] == 0.0


def test_power_that_fails_on_the_way_leaves_the_carriage_there(stage, world):
    ask(stage, "/1 1 move abs 100000", 2.0)
    stage.power_cycle(3.0)
    assert 0.0 < world.last("stage")[0] < 100000 * MICROSTEP_MM


def test_stopping_brakes_and_warns_of_the_interruption(stage):
    ask(stage, "/1 1 move abs 100000", 2.0)
    at_stop = int(ask(stage, "/1 1 get pos", 3.0).split()[-1])
    assert ask(stage, "/1 1 stop", 3.0) == "@01 1 OK BUSY NI 0\r\n"
    assert stage.next_event_s() < 3.1
    stage.poll(3.5)
    at_rest = int(ask(stage, "/1 1 get pos", 3.5).split()[-1])
    speed, acceleration = 66052 / 1.6384, 205 / 1.6384e-4
    assert at_rest - at_stop == pytest.approx(speed**2 / 2 / acceleration, abs=2)
    ask(stage, "/1 1 stop", 4.0)  # nothing to stop: no move, no second warning
    assert not stage.state()["moving"]


def test_a_move_in_place_of_another_is_an_interruption(stage):
    ask(stage, "/1 1 move abs 100000", 2.0)
    assert "NI" in ask(stage, "/1 1 move abs 0", 3.0)
    stage.poll(20.0)
    assert ask(stage, "/1 1 get pos", 20.0).endswith(" 0\r\n")


def test_interrupted_homing_gives_no_reference(world):
    stage = ZaberStage(world, axes=[AxisTable(number=1)])
    stage.power_cycle(0.0)
    ask(stage, "/1 1 home", 0.0)
    stage.poll(0.5)
    ask(stage, "/1 1 move abs 50000", 1.0)
    stage.poll(20.0)
    stage.power_cycle(20.0)
    ask(stage, "/1 1 home", 20.0)
    ask(stage, "/1 1 stop", 20.5)
    stage.poll(25.0)
    assert not stage.state()["axes"]["x"]["homed"]


def test_a_jammed_axis_stops_with_a_fault_flag(stage, world):
    ask(stage, "/1 1 move abs 100000", 2.0)
    stage.set_fault("stall", channel=1, now_s=3.0)
    assert world.last("stage")[0] is not None
    assert ask(stage, "/1 1", 3.0) == "@01 1 OK IDLE FS 0\r\n"
    assert ask(stage, "/1 1 move abs 0", 3.0) == "@01 1 OK IDLE FS 0\r\n"
    assert ask(stage, "/1 2 move abs 100", 3.0) == "@01 2 OK BUSY -- 0\r\n"
    stage.set_fault("stall", on=False, now_s=4.0)
    ask(stage, "/1 1 home", 4.0)
    stage.poll(20.0)
    assert ask(stage, "/1 1", 20.0) == "@01 1 OK IDLE -- 0\r\n"


def test_an_unknown_fault_is_refused(stage):
    with pytest.raises(ValueError, match="Zaber stage: no fault 'reset'"):
        stage.set_fault("reset", now_s=1.0)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ("/1 1 move abs -1", "BADDATA"),
        ("/1 1 move abs", "BADDATA"),
        ("/1 1 move abs --5", "BADDATA"),
        ("/1 1 move abs 1.5", "BADDATA"),
        ("/1 1 move abs 999999999999", "BADDATA"),
        ("/1 1 move sin 5", "BADCOMMAND"),
        ("/1 1 move", "BADCOMMAND"),
        ("/1 1 get", "BADCOMMAND"),
        ("/1 1 get nothing", "BADCOMMAND"),
        ("/1 1 get system.serial", "DEVICEONLY"),
        ("/1 1 set maxspeed 0", "BADDATA"),
        ("/1 1 set maxspeed", "BADCOMMAND"),
        ("/1 1 set pos 5", "BADCOMMAND"),
        ("/1 3 home", "BADAXIS"),
        ("/1 renumber 100", "BADDATA"),
        ("/1 dance", "BADCOMMAND"),
    ],
)
def test_what_cannot_be_done_is_rejected_with_the_reason(stage, request_, reason):
    reply = ask(stage, request_)
    assert " RJ " in reply
    assert reply.endswith(f" {reason}\r\n")
    assert not stage.state()["moving"]


def test_moves_to_the_ends_relative_and_at_constant_speed(stage):
    ask(stage, "/1 1 move max", 2.0)
    stage.poll(20.0)
    assert ask(stage, "/1 1 get pos", 20.0).endswith(" 201574\r\n")
    ask(stage, "/1 1 move vel -16384", 20.0)
    at_30_s = int(ask(stage, "/1 1 get pos", 30.0).split()[-1])
    assert 201574 - at_30_s == pytest.approx(10000 * 10, rel=1e-2)
    ask(stage, "/1 1 move vel 0", 30.0)
    stage.poll(31.0)
    assert not stage.state()["moving"]
    ask(stage, "/1 1 move min", 31.0)
    stage.poll(60.0)
    assert ask(stage, "/1 1 get pos", 60.0).endswith(" 0\r\n")


def test_questions_to_all_axes_are_answered_for_each(stage):
    assert ask(stage, "/1 get pos") == "@01 0 OK IDLE -- 0 0\r\n"
    assert ask(stage, "/get accel") == "@01 0 OK IDLE -- 205 205\r\n"
    assert ask(stage, "/1 1 set accel 100") == "@01 1 OK IDLE -- 0\r\n"
    assert ask(stage, "/1 0 get accel") == "@01 0 OK IDLE -- 100 205\r\n"


def test_alerts_tell_of_the_end_of_a_move_when_asked_for(stage):
    ask(stage, "/1 set comm.alert 1", 1.0)
    ask(stage, "/1 1 move abs 100", 1.0)
    assert stage.poll(stage.next_event_s()) == b"!01 1 IDLE --\r\n"


def test_a_wrong_checksum_another_device_and_rubbish_are_not_answered(stage):
    assert not ask(stage, "/1 1 00 home:00")
    assert not ask(stage, "/2 1 home")
    assert not ask(stage, "hello")
    assert not ask(stage, "")
    assert ask(stage, "rubbish/1 1") == "@01 1 OK IDLE -- 0\r\n"


def test_a_message_id_of_dashes_asks_for_no_answer(stage):
    assert not ask(stage, "/1 1 -- move abs 100")
    assert stage.state()["moving"]


def test_a_device_can_be_renumbered(stage):
    assert ask(stage, "/renumber 7").startswith("@07 0 OK")
    assert not ask(stage, "/1 get pos")
    assert ask(stage, "/7 renumber").startswith("@01 0 OK")


def test_closing_the_line_forgets_half_a_command(stage):
    stage.feed(b"/1 1 move ", 1.0)
    stage.line_closed(1.0)
    assert not ask(stage, "abs 100")


def test_a_bench_table_gives_the_axes(world):
    table = {
        "device_number": 2,
        "axis": [{"number": 1, "name": "x", "microstep_um": 1.0, "maximum_mm": 25.0}],
    }
    assert ask(from_table(table, world), "/2 1 get limit.max").endswith(" 25000\r\n")


ramps = st.builds(
    Ramp,
    start=st.floats(-1e6, 1e6),
    end=st.floats(-1e6, 1e6),
    started_s=st.floats(0, 1e3),
    speed=st.floats(1.0, 1e6),
    acceleration=st.floats(10.0, 1e8),
)


@given(ramps, st.floats(0.0, 1.0))
def test_a_ramp_never_leaves_its_way_and_never_exceeds_its_speed(ramp, share):
    now_s = ramp.started_s + share * (ramp.ends_s - ramp.started_s)
    low, high = sorted((ramp.start, ramp.end))
    slack = 1e-6 * (1.0 + abs(low) + abs(high))
    assert low - slack <= ramp.position(now_s) <= high + slack
    assert abs(ramp.velocity(now_s)) <= ramp.speed * (1 + 1e-9)
    assert ramp.position(ramp.started_s - 1.0) == pytest.approx(ramp.start, abs=slack)
    assert ramp.position(ramp.ends_s + 1.0) == pytest.approx(ramp.end, abs=slack)


@given(ramps, st.floats(0.01, 0.99))
def test_braking_goes_on_from_place_and_speed(ramp, share):
    now_s = ramp.started_s + share * (ramp.ends_s - ramp.started_s)
    braking = ramp.stopped(now_s)
    scale = 1.0 + abs(ramp.start) + abs(ramp.end)
    assert braking.position(now_s) == pytest.approx(ramp.position(now_s), abs=1e-5 * scale)
    assert braking.ends_s - now_s == pytest.approx(
        abs(ramp.velocity(now_s)) / ramp.acceleration, rel=1e-3, abs=1e-6
    )


@pytest.mark.parametrize("wrong", [{"minimum_mm": -math.inf}, {"microstep_um": 0.0}])
def test_an_axis_without_a_travel_is_refused(wrong):
    with pytest.raises(ValueError, match=r"axis 1: .* is no travel"):
        AxisTable(number=1, **wrong)
