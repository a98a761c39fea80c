import pytest

from simulators.thorlabs_sc10 import from_table
from tests.unit.simulators.fake_world import FakeWorld


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def shutter(world):
    shutter = from_table({}, world)
    shutter.power_cycle(0.0)
    return shutter


def send(shutter, *commands, now_s=0.0):
    return shutter.feed("".join(f"{c}\r" for c in commands).encode(), now_s).decode()


def ask(shutter, command, now_s=0.0):
    echo, answer, prompt = send(shutter, command, now_s=now_s).split("\r")
    assert (echo, prompt) == (command, "> ")
    return answer


def run(shutter, until_s):
    while (due_s := shutter.next_event_s()) is not None and due_s <= until_s:
        assert shutter.poll(due_s) == b""


def moves(world):
    return [(round(call[1], 6), call[2]) for call in world.calls if call[0] == "shutter"]


def test_the_light_is_shut_off_when_the_controller_is_switched_on(shutter, world):
    assert moves(world) == [(0.0, False)]
    assert shutter.state()["safe"]


def test_enable_opens_and_closes_in_turn(shutter, world):
    send(shutter, "ens", now_s=1.0)
    assert not shutter.state()["safe"]
    assert (ask(shutter, "ens?", 1.0), ask(shutter, "closed?", 1.0)) == ("1", "0")
    assert shutter.next_event_s() is None
    send(shutter, "ens", now_s=4.0)
    assert shutter.state()["safe"]
    assert moves(world) == [(0.0, False), (1.0, True), (4.0, False)]


def test_in_single_mode_it_closes_by_itself(shutter, world):
    send(shutter, "mode=3", "open=250", "ens", now_s=1.0)
    run(shutter, 10.0)
    assert moves(world)[1:] == [(1.0, True), (1.25, False)]
    assert ask(shutter, "ens?", 10.0) == "0"


def test_in_repeat_mode_it_opens_as_often_as_set(shutter, world):
    send(shutter, "mode=4", "open=100", "shut=300", "rep=3", "ens", now_s=1.0)
    run(shutter, 10.0)
    assert moves(world)[1:] == [
        (1.0, True),
        (1.1, False),
        (1.4, True),
        (1.5, False),
        (1.8, True),
        (1.9, False),
    ]
    assert shutter.state()["safe"]


def test_in_auto_mode_it_goes_on_until_it_is_told_to_end(shutter, world):
    send(shutter, "mode=2", "open=100", "shut=900", "ens", now_s=1.0)
    run(shutter, 5.5)
    assert len(moves(world)) == 11
    assert not shutter.state()["open"]
    assert not shutter.state()["safe"]  # it will open again
    send(shutter, "ens", now_s=5.5)
    assert shutter.state()["safe"]
    assert shutter.next_event_s() is None


@pytest.mark.parametrize("commands", [("mode=5",), ("trig=1",), ("mode=3", "trig=1")])
def test_without_a_trigger_nothing_opens(shutter, commands):
    send(shutter, *commands, "ens")
    assert ask(shutter, "ens?") == "1"
    assert ask(shutter, "closed?") == "1"
    assert not shutter.state()["safe"]


def test_changing_the_mode_closes(shutter):
    send(shutter, "ens", "mode=2")
    assert shutter.state()["safe"]


def test_an_open_interlock_closes_and_keeps_closed(shutter):
    send(shutter, "ens")
    shutter.set_fault("interlock-open", now_s=1.0)
    assert ask(shutter, "interlock?", 1.0) == "1"
    assert shutter.state()["safe"]
    send(shutter, "ens", now_s=2.0)
    assert ask(shutter, "ens?", 2.0) == "0"
    shutter.set_fault("interlock-open", on=False, now_s=3.0)
    assert shutter.state()["safe"]  # it does not open by itself
    send(shutter, "ens", now_s=3.0)
    assert ask(shutter, "closed?", 3.0) == "0"


def test_a_blade_that_sticks_stays_where_it_is(shutter, world):
    send(shutter, "ens")
    shutter.set_fault("stall", now_s=1.0)
    send(shutter, "ens", now_s=2.0)
    assert ask(shutter, "ens?", 2.0) == "0"
    assert ask(shutter, "closed?", 2.0) == "0"
    assert not shutter.state()["safe"]
    shutter.power_cycle(3.0)
    assert not shutter.state()["safe"]
    shutter.set_fault("stall", on=False, now_s=4.0)
    assert shutter.state()["safe"]
    assert moves(world)[-1] == (4.0, False)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("mode=0", "CMD_ARG_INVALID"),
        ("mode=", "CMD_ARG_INVALID"),
        ("open=0", "CMD_ARG_INVALID"),
        ("rep=100", "CMD_ARG_INVALID"),
        ("open=1.5", "CMD_ARG_INVALID"),
        ("open", "CMD_NOT_DEFINED"),
        ("ens=1", "CMD_NOT_DEFINED"),
        ("what?", "CMD_NOT_DEFINED"),
    ],
)
def test_a_wrong_command_is_answered_with_an_error(shutter, command, error):
    before = shutter.state()
    assert ask(shutter, command) == f"Command error {error}"
    assert shutter.state() == before


def test_an_empty_line_gives_a_prompt_and_line_feeds_are_ignored(shutter):
    assert shutter.feed(b"\r\n", 0.0) == b"\r> "
    assert shutter.feed(b"ENS?\r\n", 0.0) == b"ENS?\r0\r> "


def test_characters_are_echoed_as_they_come(shutter):
    assert shutter.feed(b"en", 0.0) == b"en"
    shutter.line_closed(0.0)
    assert shutter.feed(b"id?\r", 0.0).endswith(b"VERSION 1.07\r> ")
    assert shutter.feed(b"\xff\r", 0.0).startswith(b"\xff\rCommand error")


def test_a_power_cut_closes_and_forgets_the_settings(shutter, world):
    send(shutter, "mode=2", "open=100", "ens")
    shutter.power_cycle(0.05)
    assert moves(world)[-1] == (0.05, False)
    assert ask(shutter, "mode?", 0.05) == "1"
    assert shutter.next_event_s() is None


def test_an_unknown_fault_is_refused_by_name(shutter):
    with pytest.raises(ValueError, match="SC10: no fault 'overload'; it has interlock-open"):
        shutter.set_fault("overload", now_s=0.0)
