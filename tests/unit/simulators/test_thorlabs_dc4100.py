import pytest

from simulators.thorlabs_dc4100 import LedHead, ThorlabsDC4100, from_table
from tests.unit.simulators.fake_world import FakeWorld


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def light(world):
    heads = [LedHead(number=n, wavelength_nm=365.0 + 40 * n, limit_ma=1000) for n in range(4)]
    light = ThorlabsDC4100(world, heads=heads)
    light.power_cycle(0.0)
    world.calls.clear()
    return light


def ask(light, *commands, now_s=1.0):
    return light.feed("".join(f"{c}\r\n" for c in commands).encode(), now_s).decode()


def test_the_world_hears_of_the_current_only_while_the_led_is_on(light, world):
    ask(light, "CC 1 350", now_s=1.0)
    assert world.calls == []
    ask(light, "O 1 1", now_s=2.0)
    ask(light, "CC 1 400", now_s=3.0)
    ask(light, "O 1 0", now_s=4.0)
    assert world.calls == [
        ("light", 2.0, 1, 350.0),
        ("light", 3.0, 1, 400.0),
        ("light", 4.0, 1, 0.0),
    ]


def test_the_state_tells_what_is_lit_and_when_it_was_switched(light):
    assert light.state()["safe"]
    ask(light, "CC 2 10", "O 2 1", now_s=5.0)
    state = light.state()
    assert not state["safe"]
    assert state["emitting"]
    assert state["channels"]["2"]["current_ma"] == 10.0
    ask(light, "O -1 0", now_s=6.0)
    assert light.state()["log"][-2:] == [[5.0, "channel 2 on"], [6.0, "channel 2 off"]]


def test_an_open_led_forces_the_output_off_and_shows_in_the_status(light, world):
    ask(light, "CC 1 350", "O 1 1")
    light.set_fault("led-open", channel=1, now_s=2.0)
    assert world.last("light") == (1, 0.0)
    assert ask(light, "O? 1", "R?") == "0\r\n" + str((1 << 15) | (1 << 14)) + "\r\n"
    assert ask(light, "R?") == str(1 << 15) + "\r\n"  # the latch is gone, the condition is not
    ask(light, "O 1 1")
    assert ask(light, "O? 1") == "0\r\n"


def test_an_open_led_is_only_seen_when_current_should_flow(light):
    light.set_fault("led-open", channel=0, now_s=2.0)
    assert ask(light, "R?") == "0\r\n"
    ask(light, "O 0 1")
    assert int(ask(light, "R?")) & (1 << 13)
    light.set_fault("led-open", channel=0, on=False, now_s=3.0)
    assert not int(ask(light, "R?")) & (1 << 13)


@pytest.mark.parametrize(("fault", "bit"), [("over-temperature", 3), ("supply", 1)])
def test_a_fault_of_the_chassis_switches_every_led_off(light, world, fault, bit):
    ask(light, "CC 0 5", "CC 1 5", "O -1 1")
    light.set_fault(fault, now_s=2.0)
    assert light.state()["safe"]
    assert {call[0] for call in world.all("light") if call[1] == 0.0} == {0, 1}
    ask(light, "O 0 1", now_s=3.0)
    assert light.state()["safe"]
    assert int(ask(light, "R?", now_s=3.0)) & (1 << bit)
    light.set_fault(fault, on=False, now_s=4.0)
    assert ask(light, "R?", now_s=4.0) == f"{1 << (bit - 1)}\r\n"  # "changed"
    assert ask(light, "R?", now_s=4.0) == "0\r\n"
    assert light.state()["safe"]  # off stays off


def test_a_channel_without_a_head_stays_dark(world):
    light = ThorlabsDC4100(world, heads=[LedHead(number=0, wavelength_nm=365, limit_ma=700)])
    ask(light, "CC 3 100", "O 3 1")
    assert ask(light, "O? 3", "ML? 3", "WL? 3", "HN? 3", "FB? 3") == "0\r\n0\r\n0\r\n\r\n0.0\r\n"
    assert world.calls == []
    assert int(ask(light, "R?")) & (1 << 11)


def test_an_unplugged_head_is_a_status_bit(light):
    light.set_fault("no-led", channel=2, now_s=1.0)
    assert int(ask(light, "R?")) & (1 << 9)


def test_changing_the_mode_switches_the_outputs_off(light):
    ask(light, "CC 0 5", "O 0 1", "M 1")
    assert ask(light, "O? 0", "M?") == "0\r\n1\r\n"


def test_in_brightness_mode_percent_of_the_limit_flows(light, world):
    ask(light, "M 1", "L 1 500", "BP 1 10.04", "O 1 1")
    assert ask(light, "BP? 1") == "10.0\r\n"
    assert world.last("light") == (1, 50.0)


def test_in_external_mode_nothing_flows_without_an_input(light, world):
    ask(light, "CC 1 100", "M 2", "O 1 1")
    assert world.calls == []
    assert not light.state()["safe"]  # the next input would light it


def test_in_single_selection_one_led_replaces_the_other(light):
    ask(light, "CC 0 5", "CC 1 5", "O 0 1", "SM 1", "O 1 1")
    assert ask(light, "O? 0", "O? 1") == "0\r\n1\r\n"
    ask(light, "SM 0", "O 0 1", "SM 1")
    assert ask(light, "O? 0", "O? 1") == "0\r\n0\r\n"


def test_a_locked_led_cannot_be_switched_on(light):
    ask(light, "O 1 1", "A 1 0")
    assert ask(light, "O? 1", "A? 1") == "0\r\n0\r\n"
    ask(light, "O 1 1")
    assert ask(light, "O? 1") == "0\r\n"
    ask(light, "A -1 1", "O 1 1")
    assert ask(light, "O? 1") == "1\r\n"


def test_lowering_the_limit_takes_the_current_with_it(light, world):
    ask(light, "CC 1 600", "O 1 1", "L 1 200")
    assert ask(light, "CC? 1") == "200\r\n"
    assert world.last("light") == (1, 200.0)


@pytest.mark.parametrize(
    "command",
    [
        "CC 1 -1",
        "CC 4 1",
        "CC 1 1.5",
        "CC 1",
        "L 1 1001",
        "ML 1 500",
        "M 3",
        "SM 2",
        "BP 1 101",
        "BP 1 x",
        "BP 1 nan",
        "B 101",
        "O 1 2",
        "A 1 2",
        "E? 1",
        "CC?",
        "XX? 1",
        "hello",
    ],
)
def test_a_command_that_cannot_be_carried_out_sets_the_error_register(light, command):
    assert not ask(light, command)
    assert not ask(light, "E?").startswith("ERROR 0")
    assert ask(light, "E?") == "ERROR 0:No Error\r\n"


def test_a_limit_above_the_heads_maximum_is_refused(world):
    light = ThorlabsDC4100(world, heads=[LedHead(number=0, wavelength_nm=365, limit_ma=700)])
    ask(light, "L 0 701")
    assert ask(light, "E?", "L? 0").startswith("ERROR 3")
    ask(light, "ML 1 0")  # a channel without a head has nothing to protect
    assert ask(light, "E?").startswith("ERROR 0")


def test_display_brightness_is_kept(light):
    ask(light, "B 20")
    assert ask(light, "B?", "HS? 1", "CD?") == "20\r\nM00300001\r\n03-MAR-2026\r\n"


def test_switching_off_and_on_forgets_settings_and_light(light, world):
    ask(light, "CC 1 350", "O 1 1")
    light.power_cycle(9.0)
    assert ("light", 9.0, 1, 0.0) in world.calls
    assert ask(light, "CC? 1", "O? 1") == "0\r\n0\r\n"


def test_closing_the_line_forgets_half_a_command_and_keeps_the_light(light):
    ask(light, "CC 1 350", "O 1 1")
    light.feed(b"O 1", 2.0)
    light.line_closed(3.0)
    assert ask(light, "O? 1", now_s=4.0) == "1\r\n"
    assert light.poll(4.0) == b""
    assert light.next_event_s() is None


def test_an_unknown_fault_is_refused_by_name(light):
    with pytest.raises(ValueError, match="DC4100: no fault 'stall'; it has led-open"):
        light.set_fault("stall", now_s=0.0)


def test_a_bench_table_gives_the_heads(world):
    table = {"channel": [{"number": 1, "wavelength_nm": 405, "limit_ma": 300}]}
    light = from_table(table, world)
    assert ask(light, "WL? 1", "ML? 1", "HN? 1") == "405\r\n300\r\nM405D2\r\n"
