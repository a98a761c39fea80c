import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.sartorius_sbi import EscapeReader, from_table
from tests.unit.simulators.fake_world import FakeWorld

ESC = "\x1b"


@pytest.fixture
def world():
    return FakeWorld(pan_g=3.0)


@pytest.fixture
def balance(world):
    balance = from_table({}, world)
    balance.power_cycle(0.0)
    return balance


def send(balance, *commands, now_s=0.0):
    return balance.feed("".join(ESC + c for c in commands).encode(), now_s).decode()


def run(balance, until_s):
    out = ""
    while (due_s := balance.next_event_s()) is not None and due_s <= until_s:
        out += balance.poll(due_s).decode()
    return out


def printed(balance, now_s):
    return send(balance, "P", now_s=now_s) + run(balance, now_s + 0.5)


def test_print_answers_with_the_next_sample(balance):
    assert send(balance, "P") == ""
    assert balance.next_event_s() == pytest.approx(0.2)
    assert balance.poll(0.2) == b"N     +   3.0000 g  \r\n"
    assert balance.next_event_s() is None


def test_a_line_has_sixteen_or_twenty_two_characters(world):
    for characters, start in ((16, "+   3.0000 g"), (22, "N     +   3.0000 g")):
        balance = from_table({"characters": characters}, world)
        line = printed(balance, max(world.now_s, 0.0))
        assert len(line) == characters
        assert line.startswith(start)
    with pytest.raises(ValueError, match="characters is 14"):
        from_table({"characters": 14}, world)


def test_a_weight_that_changes_has_no_unit(balance, world):
    world.pan_g = lambda now_s: 3.0 - 0.01 * now_s
    line = printed(balance, 1.0)
    assert line == "N     +   2.9880    \r\n"
    assert not balance.state()["stable"]


def test_a_negative_weight_has_a_minus(balance, world):
    send(balance, "U")
    run(balance, 3.0)
    world.pan_g = 1.0
    assert printed(balance, 4.0) == "N     -   2.0000 g  \r\n"


def test_tare_waits_for_the_weight_to_settle(balance, world):
    world.pan_g = lambda now_s: 3.0 if now_s < 0.5 else 30.0
    send(balance, "U")
    assert run(balance, 10.0) == ""
    assert balance.state()["tare_g"] == 30.0
    when_s, what = balance.state()["log"][-1]
    assert what == "tare"
    assert when_s == pytest.approx(1.6)


def test_a_weight_that_never_settles_is_not_tared(balance, world):
    balance.set_fault("unstable", now_s=0.0)
    send(balance, "T", "P")
    out = run(balance, 30.0)
    assert out.startswith("N     +")
    assert out.endswith("    \r\n")
    assert balance.state()["tare_g"] == 0.0
    assert balance.next_event_s() is None


def test_a_small_load_is_zeroed_and_a_large_one_tared(balance, world):
    send(balance, "T")
    run(balance, 3.0)
    assert balance.state()["zero_g"] == 3.0
    assert balance.state()["tare_g"] == 0.0
    world.pan_g = 50.0
    send(balance, "T", now_s=4.0)
    run(balance, 8.0)
    assert balance.state()["tare_g"] == 47.0
    assert [what for _, what in balance.state()["log"]] == ["power on", "zero", "tare"]


def test_zero_does_nothing_to_a_large_load(balance, world):
    world.pan_g = 50.0
    send(balance, "V")
    run(balance, 5.0)
    assert printed(balance, 6.0) == "N     +  50.0000 g  \r\n"


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("overload", "Stat       High     \r\n"),
        ("underload", "Stat       Low      \r\n"),
    ],
)
def test_out_of_range_is_printed_in_words_and_not_tared(balance, fault, line):
    balance.set_fault(fault, now_s=0.0)
    assert printed(balance, 1.0).split() == line.split()
    assert len(printed(balance, 2.0)) == 22
    send(balance, "U", now_s=3.0)
    run(balance, 6.0)
    assert balance.state()["tare_g"] == 0.0
    balance.set_fault(fault, on=False, now_s=6.0)
    assert printed(balance, 6.0) == "N     +   3.0000 g  \r\n"


def test_an_error_is_printed_with_its_number(balance):
    balance.set_fault("error", now_s=0.0)
    line = send(balance, "P")
    assert line.split() == ["Stat", "Err", "054"]
    assert len(line) == 22


def test_during_an_adjustment_nothing_is_tared(balance):
    send(balance, "Z", "Z", "U")
    assert balance.state()["adjusting"]
    assert balance.next_event_s() == pytest.approx(20.0)
    assert send(balance, "P", now_s=5.0).split() == ["Stat", "Cal.Int."]
    run(balance, 30.0)
    assert not balance.state()["adjusting"]
    assert balance.state()["tare_g"] == 0.0


def test_filter_and_keys_are_kept_until_the_power_goes(balance):
    send(balance, "N", "O")
    assert balance.state()["filter"] == "very unstable"
    assert balance.state()["keys_locked"]
    send(balance, "R")
    assert not balance.state()["keys_locked"]
    balance.power_cycle(5.0)
    assert balance.state()["filter"] == "stable"
    assert balance.state()["safe"]


def test_a_closed_line_gives_up_the_print_and_not_the_tare(balance):
    send(balance, "P", "P")
    balance.line_closed(0.1)
    assert balance.next_event_s() is None
    send(balance, "U", now_s=1.0)
    balance.line_closed(1.1)
    run(balance, 4.0)
    assert balance.state()["tare_g"] == 3.0


def test_an_unknown_fault_is_refused_by_name(balance):
    with pytest.raises(ValueError, match="SBI balance: no fault 'stall'; it has overload"):
        balance.set_fault("stall", now_s=0.0)


def test_an_escape_begins_a_command_again():
    reader = EscapeReader()
    assert reader.feed(b"\x1bx1\x1bP\x1bx2_\r\n\x1bx\rP\x1bP") == ["P", "x2_", "P"]
    assert reader.feed(b"\x1bx123456789_\x1bT") == ["T"]
    reader.feed(b"\x1bx1")
    reader.clear()
    assert reader.feed(b"_") == []


@given(st.lists(st.sampled_from(["P", "T", "x1_", "f4_"])), st.sampled_from(["", "\r\n"]))
def test_commands_are_the_same_with_and_without_a_terminator(commands, end):
    stream = "".join(f"{ESC}{command}{end}" for command in commands).encode()
    assert EscapeReader().feed(stream) == commands
