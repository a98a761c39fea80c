import itertools
import math

import pytest

from simulators.ika_plate import IkaPlate, from_table
from simulators.ika_thermal import HotplateThermal
from tests.unit.simulators.fake_world import FakeWorld


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def plate(world):
    plate = IkaPlate(world)
    plate.power_cycle(0.0)
    return plate


def ask(plate, *commands, now_s=0.0):
    return plate.feed("".join(f"{c} \r\n" for c in commands).encode(), now_s).decode()


def value(plate, command, now_s):
    number, channel = ask(plate, command, now_s=now_s).split()
    assert channel == command.rpartition("_")[2]
    return float(number)


def run(plate, from_s, until_s):
    """Poll as the server does; return the longest time between two polls."""
    now_s = from_s
    longest_s = 0.0
    while (due_s := plate.next_event_s()) is not None and due_s <= until_s:
        longest_s = max(longest_s, due_s - now_s)
        now_s = due_s
        assert plate.poll(now_s) == b""
    return longest_s


def logged(plate):
    return [what for _, what in plate.state()["log"]]


def test_the_sample_hears_of_the_temperature_of_the_room_at_the_start(plate, world):
    assert world.calls == [("temperature", 0.0, 22.0)]
    assert plate.next_event_s() is None


def test_the_medium_reaches_the_set_temperature_and_then_nothing_happens(plate, world):
    ask(plate, "OUT_SP_1 60", "START_1")
    assert not plate.state()["safe"]
    assert run(plate, 0.0, 3600.0) == pytest.approx(1.0)
    assert plate.next_event_s() is None
    assert value(plate, "IN_PV_2", 3600.0) == 60.0
    assert value(plate, "IN_PV_1", 3600.0) == 60.0
    told_degc = [call[2] for call in world.calls]
    assert told_degc == sorted(told_degc)
    assert told_degc[-1] == 60.0
    assert max(b - a for a, b in itertools.pairwise(told_degc)) < 1.0


def test_the_medium_lags_behind_the_plate(plate):
    ask(plate, "OUT_SP_1 60", "START_1")
    assert value(plate, "IN_PV_2", 45.0) > value(plate, "IN_PV_1", 45.0) + 10.0


def test_without_current_the_plate_cools_to_the_room(plate, world):
    ask(plate, "OUT_SP_1 60", "START_1")
    ask(plate, "STOP_1", now_s=3600.0)
    warm_degc = value(plate, "IN_PV_2", 3600.0 + 900.0)
    assert warm_degc == pytest.approx(22.0 + 38.0 / math.e, abs=0.1)
    run(plate, 4500.0, 30000.0)
    assert plate.next_event_s() is None
    assert world.last("temperature") == (22.0,)
    assert plate.state()["safe"]


def test_the_temperature_does_not_depend_on_how_often_one_looks():
    often, seldom = HotplateThermal(), HotplateThermal()
    for _ in range(300):
        often.advance(1.0, 80.0)
    seldom.advance(300.0, 80.0)
    assert often.plate_degc == pytest.approx(seldom.plate_degc)
    assert often.medium_degc == pytest.approx(seldom.medium_degc)


def test_setting_a_temperature_heats_nothing_until_the_heater_is_started(plate, world):
    ask(plate, "OUT_SP_1 100")
    assert plate.state()["safe"]
    assert plate.next_event_s() is None


def test_a_lower_set_temperature_lets_the_plate_cool_down_to_it(plate):
    ask(plate, "OUT_SP_1 80", "START_1")
    ask(plate, "OUT_SP_1 40", now_s=2000.0)
    run(plate, 2000.0, 20000.0)
    assert value(plate, "IN_PV_1", 20000.0) == 40.0


def test_the_motor_takes_its_time_to_the_set_speed(plate):
    ask(plate, "OUT_SP_4 500", "START_4")
    assert value(plate, "IN_PV_4", 2.0) == 200.0
    assert value(plate, "IN_PV_4", 9.0) == 500.0
    assert plate.next_event_s() is None
    ask(plate, "STOP_4", now_s=9.0)
    assert plate.state()["safe"]
    run(plate, 9.0, 20.0)
    assert plate.state()["speed_rpm"] == 0.0


@pytest.mark.parametrize(
    ("command", "question", "reply"),
    [
        ("OUT_SP_1 500", "IN_SP_1", "310.0 1 \r\n"),
        ("OUT_SP_4 5000", "IN_SP_4", "1500.0 4 \r\n"),
        ("OUT_SP_1 -5", "IN_SP_1", "0.0 1 \r\n"),
        ("OUT_SP_1 nan", "IN_SP_1", "0.0 1 \r\n"),
        ("OUT_SP_9 5", "IN_SP_9", ""),
        ("SET_MODE_A", "IN_PV_5", "0.0 5 \r\n"),
        ("in_name", "IN_PV_80", ""),
        ("OUT_WD1@1501", "IN_SP_3", "360.0 3 \r\n"),
    ],
)
def test_what_only_sets_is_silent_and_clipped_to_the_range(plate, command, question, reply):
    assert ask(plate, command) == ""
    assert ask(plate, question) == reply
    assert plate.next_event_s() is None


# -- watchdogs


def test_a_dead_computer_leaves_heater_and_motor_off(plate):
    ask(plate, "OUT_SP_1 60", "OUT_SP_4 300", "OUT_WD1@60", "START_1", "START_4")
    plate.line_closed(10.0)
    assert not plate.state()["safe"]
    run(plate, 0.0, 59.9)
    assert not plate.state()["safe"]
    run(plate, 59.9, 61.0)
    state = plate.state()
    assert state["safe"]
    assert state["error"] == "ER 2"
    assert [60.0, "heater off"] in state["log"]
    assert [60.0, "motor off"] in state["log"]


def test_repeating_the_watchdog_in_time_keeps_the_heater_on(plate):
    ask(plate, "OUT_SP_1 60", "OUT_WD1@30", "START_1")
    for now_s in range(25, 500, 25):
        run(plate, now_s - 25.0, float(now_s))
        ask(plate, "OUT_WD1@30", now_s=float(now_s))
    assert plate.state()["heater_on"]


def test_other_commands_do_not_hold_the_watchdog_off(plate):
    ask(plate, "OUT_SP_4 300", "START_4", "OUT_WD1@20")
    for now_s in range(1, 30):
        ask(plate, "IN_PV_4", now_s=float(now_s))
    assert plate.state()["safe"]


@pytest.mark.parametrize("reset", ["RESET", "OUT_WD2@0"])
def test_after_the_watchdog_nothing_starts_until_the_plate_is_reset(plate, reset):
    ask(plate, "OUT_WD1@20")
    ask(plate, "START_1", "START_4", now_s=30.0)
    assert plate.state()["safe"]
    ask(plate, reset, "START_4", now_s=31.0)
    assert plate.state()["motor_on"]


def test_the_second_watchdog_changes_the_set_values_and_switches_nothing_off(plate):
    ask(plate, "OUT_SP_1 60", "OUT_SP_4 300", "START_1", "START_4")
    ask(plate, "OUT_SP_12@40", "OUT_SP_42@900")
    assert ask(plate, "OUT_WD2@20") == "20 \r\n"
    run(plate, 0.0, 30.0)
    assert value(plate, "IN_SP_1", 30.0) == 40.0
    assert value(plate, "IN_SP_4", 30.0) == 900.0
    assert plate.state()["heater_on"]
    assert plate.state()["error"] == ""


def test_the_second_watchdog_can_be_stopped(plate):
    ask(plate, "OUT_SP_1 60", "OUT_WD2@20", "OUT_WD2@0")
    assert plate.next_event_s() is None
    assert plate.state()["watchdog"] == 0


def test_a_late_poll_barks_as_a_timely_one(plate):
    ask(plate, "OUT_SP_1 60", "OUT_WD1@20", "START_1")
    plate.poll(5000.0)
    assert plate.state()["safe"]
    assert plate.state()["plate_degc"] < 25.0


# -- faults


def test_a_heater_that_sticks_is_stopped_by_the_safety_circuit():
    plate = from_table({"safety_temperature_degc": 120.0, "ambient_degc": 20.0}, FakeWorld())
    plate.power_cycle(0.0)
    plate.set_fault("over-temperature", now_s=0.0)
    state = plate.state()
    assert state["heating"]
    assert not state["safe"]
    run(plate, 0.0, 2000.0)
    state = plate.state()
    assert state["error"] == "safety circuit"
    assert state["safe"]
    ask(plate, "RESET", "START_1", now_s=2000.0)
    assert plate.state()["safe"]


def test_an_unplugged_sensor_is_silent_and_stops_the_heater(plate):
    ask(plate, "OUT_SP_1 60", "START_1")
    plate.set_fault("sensor-open", now_s=1.0)
    assert ask(plate, "IN_PV_1", now_s=1.0) == ""
    assert plate.state()["safe"]
    assert plate.state()["error"] == "sensor open"
    plate.set_fault("sensor-open", on=False, now_s=2.0)
    assert value(plate, "IN_PV_1", 2.0) >= 22.0


def test_a_broken_heater_heats_nothing(plate):
    plate.set_fault("heater-open", now_s=0.0)
    ask(plate, "OUT_SP_1 60", "START_1")
    assert value(plate, "IN_PV_2", 600.0) == 22.0
    assert plate.state()["heater_on"]
    assert not plate.state()["heating"]


def test_a_blocked_motor_stops_everything(plate):
    ask(plate, "OUT_SP_1 60", "OUT_SP_4 300", "START_1", "START_4")
    plate.set_fault("stall", now_s=5.0)
    assert plate.state()["error"] == "ER 4"
    assert plate.state()["safe"]
    plate.poll(20.0)
    assert value(plate, "IN_PV_4", 20.0) == 0.0


def test_an_unknown_fault_is_refused_by_name(plate):
    with pytest.raises(ValueError, match="IKA plate: no fault 'led-open'; it has over-temperature"):
        plate.set_fault("led-open", now_s=0.0)


def test_after_a_power_cut_all_is_off_and_the_plate_still_hot(plate, world):
    ask(plate, "OUT_SP_1 60", "OUT_SP_4 300", "OUT_WD1@1500", "START_1", "START_4")
    plate.power_cycle(600.0)
    assert plate.state()["safe"]
    assert logged(plate)[-3:] == ["heater off", "motor off", "power on"]
    assert value(plate, "IN_SP_1", 600.0) == 0.0
    assert value(plate, "IN_PV_2", 600.0) == 60.0
    assert world.last("temperature")[0] == pytest.approx(60.0, abs=1.0)
    assert plate.state()["watchdog_ends_s"] is None
