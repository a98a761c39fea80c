import pytest

from simulators.thorlabs_fw102c import from_table
from tests.unit.simulators.fake_world import FakeWorld


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def wheel(world):
    wheel = from_table({}, world)
    wheel.power_cycle(0.0)
    return wheel


def send(wheel, *commands, now_s=0.0):
    return wheel.feed("".join(f"{c}\r" for c in commands).encode(), now_s).decode()


def run(wheel):
    out = ""
    now_s = 0.0
    while (due_s := wheel.next_event_s()) is not None:
        now_s = due_s
        out += wheel.poll(now_s).decode()
    return out, now_s


def test_the_wheel_starts_at_the_first_filter(wheel, world):
    assert world.calls == [("filter", 0.0, 1)]
    assert wheel.state()["safe"]


def test_the_prompt_comes_when_the_wheel_is_there(wheel, world):
    assert send(wheel, "pos=3") == "pos=3\r"
    assert wheel.state()["moving"]
    out, now_s = run(wheel)
    assert out == "> "
    assert now_s == pytest.approx(0.6)
    assert world.all("filter") == [(1,), (2,), (3,)]  # the second passes through the beam


def test_the_wheel_takes_the_short_way(wheel, world):
    send(wheel, "pos=5")
    run(wheel)
    assert world.all("filter") == [(1,), (6,), (5,)]


def test_a_slow_wheel_takes_longer(wheel):
    send(wheel, "speed=0", "pos=2")
    assert run(wheel)[1] == pytest.approx(0.6)


def test_what_is_asked_on_the_way_is_answered_at_the_end(wheel):
    send(wheel, "pos=2", "pos?", "pos=3", "pos?")
    out, _ = run(wheel)
    assert out == "> pos?\r2\r> pos=3\r> pos?\r3\r> "


def test_a_flood_on_the_way_is_not_kept(wheel):
    send(wheel, "pos=4")
    for _ in range(10):
        wheel.feed(b"x" * 5000, 0.1)
    assert len(run(wheel)[0]) < 5000


def test_a_wheel_that_sticks_stays_where_it_is(wheel, world):
    wheel.set_fault("stall", now_s=0.0)
    send(wheel, "pos=3")
    assert run(wheel)[0] == "> "
    assert send(wheel, "pos?", now_s=5.0) == "pos?\r1\r> "
    wheel.set_fault("stall", on=False, now_s=5.0)
    send(wheel, "pos=2", now_s=5.0)
    run(wheel)
    assert world.last("filter") == (2,)


def test_a_wheel_of_twelve_has_twelve_positions(world):
    wheel = from_table({"position_count": 12}, world)
    assert send(wheel, "pcount?") == "pcount?\r12\r> "
    assert send(wheel, "pos=12") == "pos=12\r"
    with pytest.raises(ValueError, match="positions is 7"):
        from_table({"position_count": 7}, world)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("pos=7", "CMD_ARG_INVALID"),
        ("pos=", "CMD_ARG_INVALID"),
        ("pos=-1", "CMD_ARG_INVALID"),
        ("pos=²", "CMD_ARG_INVALID"),
        ("speed=2", "CMD_ARG_INVALID"),
        ("pos", "CMD_NOT_DEFINED"),
        ("what?", "CMD_NOT_DEFINED"),
    ],
)
def test_an_error_is_a_line_that_ends_in_a_line_feed(wheel, command, error):
    out = send(wheel, command)
    assert out == f"{command}\rCommand error {error}\n> "
    assert not wheel.state()["moving"]


def test_an_empty_line_gives_a_prompt(wheel):
    assert send(wheel, "") == "\r> "


def test_a_closed_line_forgets_what_waits_and_the_wheel_goes_on(wheel, world):
    send(wheel, "pos=2", "pos=3")
    wheel.line_closed(0.1)
    run(wheel)
    assert world.last("filter") == (2,)


def test_after_a_power_cut_it_starts_at_the_first_filter(wheel, world):
    send(wheel, "pos=4", "speed=0")
    wheel.power_cycle(0.4)
    assert wheel.next_event_s() is None
    assert world.last("filter") == (1,)
    assert wheel.state()["settings"]["speed"] == 1


def test_an_unknown_fault_is_refused_by_name(wheel):
    with pytest.raises(ValueError, match="FW102C: no fault 'overload'; it has stall"):
        wheel.set_fault("overload", now_s=0.0)
