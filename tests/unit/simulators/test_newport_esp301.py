"""The simulated Newport controller beyond its transcript."""

import pytest

from simulators.newport_axis import AxisTable
from simulators.newport_esp301 import NewportESP301, from_table
from tests.unit.simulators.fake_world import FakeWorld

NOW_S = 1000.0


@pytest.fixture
def controller():
    axes = [AxisTable(number=1, name="x"), AxisTable(number=2, name="y", maximum_mm=50.0)]
    made = NewportESP301(FakeWorld(), axes=axes)
    made.power_cycle(NOW_S)
    return made


def say(controller, text, now_s=NOW_S):
    return controller.feed(f"{text}\r".encode(), now_s).decode().strip()


def error(controller, now_s=NOW_S):
    return int(say(controller, "TE?", now_s))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("1PA", 38),
        ("1PA1.2e1", 7),
        ("1VA999", 7),
        ("1VA0", 7),
        ("1AC0", 7),
        ("1OR9", 7),
        ("1PA-1", 107),
        ("2PA51", 206),
        ("PA1", 37),
        ("7PA1", 9),
        ("1QQ", 6),
        ("1QQ?", 6),
        ("nonsense!", 6),
    ],
)
def test_what_is_wrong_is_refused_in_silence_with_an_error(controller, command, code):
    say(controller, "1MO;2MO")
    assert say(controller, command) == ""
    assert error(controller) == code
    assert error(controller) == 0


def test_settings_are_read_back(controller):
    say(controller, "1VA5.5;1AC40;1AG40;1SL-5;1SR20;1WS100")
    answers = [say(controller, f"1{name}?") for name in ("VA", "VU", "AC", "SL", "SR", "SN", "SU")]
    assert answers == ["5.5", "50", "40", "-5", "20", "2", "0.000100"]
    assert say(controller, "1ID?") == "MFA-CC, SN1001"
    assert say(controller, "1DP?") == say(controller, "1TP?") == "0.000000"


def test_a_position_can_be_defined(controller):
    say(controller, "1DH5.5")
    assert say(controller, "1TP") == "5.500000"
    say(controller, "1DH")
    assert say(controller, "1TP") == "0.000000"


def test_only_the_last_ten_errors_are_kept(controller):
    for _ in range(15):
        say(controller, "1QQ")
    codes = [error(controller) for _ in range(11)]
    assert codes == [6] * 10 + [0]


def test_a_move_and_its_abort(controller):
    say(controller, "1MO;2MO;1PA50")
    assert say(controller, "TS", NOW_S + 1.0) == "Q"
    assert controller.state()["moving"]
    say(controller, "AB", NOW_S + 1.0)
    assert not controller.state()["moving"]
    assert say(controller, "1MO?", NOW_S + 1.0) == "0"


def test_an_axis_that_homes_takes_no_other_order(controller):
    say(controller, "1MO;1PA20")
    controller.poll(NOW_S + 10.0)
    say(controller, "1OR", NOW_S + 10.0)
    say(controller, "1PA5", NOW_S + 10.5)
    assert error(controller, NOW_S + 10.5) == 130
    controller.poll(NOW_S + 30.0)
    assert say(controller, "1TP?", NOW_S + 30.0) == "0.000000"


def test_a_new_target_takes_the_place_of_the_old_one(controller):
    say(controller, "1MO;1PA50")
    say(controller, "1PA1", NOW_S + 1.0)
    controller.poll(NOW_S + 30.0)
    assert controller.state()["axes"]["x"]["position_mm"] == pytest.approx(1.0)


def test_a_jammed_axis_has_a_following_error_and_no_power(controller):
    say(controller, "1MO;2MO")
    controller.set_fault("stall", now_s=NOW_S, channel=2)
    say(controller, "2PA5")
    assert error(controller) == 203
    say(controller, "2MO;2OR1")
    assert error(controller) == 203
    say(controller, "1PA5")
    assert error(controller) == 0


def test_a_reset_forgets_where_it_stands(controller):
    say(controller, "1MO;1PA20")
    controller.poll(NOW_S + 10.0)
    say(controller, "RS", NOW_S + 10.0)
    assert say(controller, "1TP?", NOW_S + 10.0) == "0.000000"
    assert controller.state()["axes"]["x"]["position_mm"] == pytest.approx(20.0)


def test_faults_that_it_has_not_are_refused_and_what_is_off_does_nothing(controller):
    with pytest.raises(ValueError, match="no fault 'fire'"):
        controller.set_fault("fire", now_s=NOW_S)
    say(controller, "1MO")
    controller.set_fault("power-loss", on=False, now_s=NOW_S)
    assert say(controller, "1MO?") == "1"
    controller.set_fault("power-loss", now_s=NOW_S)
    assert say(controller, "1MO?") == "0"


def test_it_is_made_of_a_bench_file_and_forgets_half_a_command():
    made = from_table({"axis": [{"number": 1, "name": "x", "maximum_mm": 25.0}]}, FakeWorld())
    made.power_cycle(NOW_S)
    made.feed(b"1SR5", NOW_S)
    made.line_closed(NOW_S)
    assert say(made, "1SR?") == "25"
