import pytest

from simulators.mt_sics import from_table
from simulators.weighing_cell import WeighingCell
from tests.unit.simulators.fake_world import FakeWorld


@pytest.fixture
def world():
    return FakeWorld(pan_g=3.0)


@pytest.fixture
def balance(world):
    balance = from_table({"capacity_g": 220, "readability_g": 0.0001}, world)
    balance.power_cycle(0.0)
    return balance


def ask(balance, *commands, now_s=0.0):
    return balance.feed("".join(f"{c}\r\n" for c in commands).encode(), now_s).decode()


def wait(balance, command, now_s=0.0, replies=1):
    """Return what comes and when the last of it came."""
    out = ask(balance, command, now_s=now_s)
    while out.count("\n") < replies:
        now_s = balance.next_event_s()
        out += balance.poll(now_s).decode()
    return out, now_s


def test_a_stable_weight_comes_when_it_has_stood_still_for_a_second(balance):
    assert wait(balance, "S") == ("S S     3.0000 g\r\n", pytest.approx(1.0))
    assert balance.next_event_s() is None
    assert balance.state()["stable"]


def test_the_weight_at_once_comes_with_the_next_sample(balance):
    assert wait(balance, "SI") == ("S S     3.0000 g\r\n", pytest.approx(0.2))


def test_a_weight_that_changes_is_dynamic_and_never_becomes_stable(balance, world):
    world.pan_g = lambda now_s: 3.0 - 0.01 * now_s
    assert wait(balance, "SI")[0].startswith("S D     2.99")
    assert wait(balance, "S", now_s=1.0) == ("S I\r\n", pytest.approx(11.0))
    assert wait(balance, "T", now_s=20.0)[0] == "T I\r\n"
    assert wait(balance, "TI", now_s=40.0)[0].startswith("TI D     2.59")


def test_slow_evaporation_is_still_stable(balance, world):
    world.pan_g = lambda now_s: 3.0 - 0.5e-4 * now_s
    assert wait(balance, "S")[0].startswith("S S ")


def test_after_a_change_the_balance_waits_for_the_weight_to_settle(balance, world):
    world.pan_g = lambda now_s: 3.0 if now_s < 0.5 else 4.0
    reply, now_s = wait(balance, "S")
    assert reply == "S S     4.0000 g\r\n"
    assert now_s == pytest.approx(1.6)


def test_a_draught_keeps_it_from_settling(balance):
    balance.set_fault("unstable", now_s=0.0)
    assert wait(balance, "SI")[0].startswith("S D ")
    assert wait(balance, "S", now_s=1.0)[0] == "S I\r\n"
    balance.set_fault("unstable", on=False, now_s=20.0)
    assert wait(balance, "S", now_s=20.0)[0] == "S S     3.0000 g\r\n"


def test_the_noise_is_small_and_the_same_again(world):
    world.pan_g = 3.00004
    readings = []
    for _ in range(2):
        balance = from_table({}, world)
        balance.power_cycle(world.now_s if world.now_s > 0 else 0.0)
        start_s = max(world.now_s, 0.0)
        readings.append([wait(balance, "SI", start_s + n)[0] for n in range(20)])
    assert readings[0] == readings[1]
    assert set(readings[0]) == {"S S     3.0000 g\r\n", "S S     3.0001 g\r\n"}


@pytest.mark.parametrize(("fault", "sign"), [("overload", "+"), ("underload", "-")])
@pytest.mark.parametrize("command", ["S", "SI", "Z", "ZI", "T", "TI"])
def test_out_of_range_is_said_at_once_to_every_command(balance, fault, sign, command):
    balance.set_fault(fault, now_s=0.0)
    head = "S" if command == "SI" else command
    assert wait(balance, command)[0] == f"{head} {sign}\r\n"


def test_more_than_the_capacity_is_an_overload(balance, world):
    world.pan_g = 220.001
    assert wait(balance, "S")[0] == "S +\r\n"
    world.pan_g = 220.0005
    assert wait(balance, "S", now_s=5.0)[0] == "S S   220.0005 g\r\n"


def test_a_small_load_is_taken_as_zero_and_the_tare_with_it(balance):
    ask(balance, "TA 1 g")
    assert wait(balance, "Z")[0] == "Z A\r\n"
    assert wait(balance, "SI", now_s=2.0)[0] == "S S     0.0000 g\r\n"
    assert ask(balance, "TA", now_s=3.0) == "TA A     0.0000 g\r\n"
    assert balance.state()["zero_g"] == 3.0
    assert wait(balance, "ZI", now_s=4.0)[0] == "ZI S\r\n"
    assert balance.state()["zero_g"] == 3.0


def test_less_than_nothing_is_neither_zero_nor_tare(balance, world):
    assert wait(balance, "Z")[0] == "Z A\r\n"
    world.pan_g = -5.0
    assert wait(balance, "Z", now_s=2.0)[0] == "Z -\r\n"
    assert wait(balance, "T", now_s=5.0)[0] == "T -\r\n"


def test_a_net_weight_may_be_negative(balance):
    ask(balance, "TA 10.5 g")
    assert wait(balance, "SI")[0] == "S S    -7.5000 g\r\n"
    assert ask(balance, "TAC", now_s=1.0) == "TAC A\r\n"


@pytest.mark.parametrize(
    ("command", "reply"),
    [("M21 0 0", "M21 A"), ("M21 1 0", "M21 A"), ("M21 0 3", "M21 L"), ("M21 3 0", "M21 L")],
)
def test_the_unit_may_be_set_to_grams_only(balance, command, reply):
    assert ask(balance, command) == f"{reply}\r\n"


def test_what_is_asked_meanwhile_is_answered_in_order(balance):
    assert ask(balance, "S", "SI", "I4") == ""
    out, _ = wait(balance, "K 1", replies=4)
    assert out == 'S S     3.0000 g\r\nS S     3.0000 g\r\nI4 A "B021002593"\r\nK A\r\n'


def test_reset_gives_up_what_waits_and_keeps_the_tare(balance):
    ask(balance, "TA 1 g", "S", "SI", "K 3")
    assert ask(balance, "@", now_s=0.1) == 'I4 A "B021002593"\r\n'
    assert balance.next_event_s() is None
    assert balance.state()["tare_g"] == 1.0
    assert balance.state()["keys"] == 1


def test_weights_repeat_five_times_a_second_until_another_is_asked(balance):
    out, now_s = wait(balance, "SIR", replies=5)
    assert out == "S S     3.0000 g\r\n" * 5
    assert now_s == pytest.approx(1.0)
    assert ask(balance, "I3", now_s=1.0).startswith("I3 A")  # goes on
    assert balance.state()["weighing"] == "SIR"
    assert wait(balance, "SI", now_s=1.1)[0] == "S S     3.0000 g\r\n"
    assert balance.next_event_s() is None


def test_every_new_stable_weight_is_sent(balance, world):
    world.pan_g = lambda now_s: 3.0 if now_s < 5.0 else 4.0
    out, now_s = wait(balance, "SNR", replies=2)
    assert out == "S S     3.0000 g\r\nS S     4.0000 g\r\n"
    assert now_s == pytest.approx(6.2, abs=0.21)
    ask(balance, "@", now_s=now_s)
    assert balance.next_event_s() is None


def test_a_change_beyond_the_preset_is_sent_at_once_and_again_when_stable(balance, world):
    world.pan_g = lambda now_s: 3.0 if now_s < 5.0 else 3.02
    out, _ = wait(balance, "SR 0.01 g", replies=3)
    assert out == "S S     3.0000 g\r\nS D     3.0200 g\r\nS S     3.0200 g\r\n"


def test_a_change_below_the_preset_is_not_sent(balance, world):
    world.pan_g = lambda now_s: 3.0 if now_s < 5.0 else 3.02
    _, now_s = wait(balance, "SR 0.05 g")
    while now_s < 20.0:
        now_s = balance.next_event_s()
        assert balance.poll(now_s) == b""


def test_an_adjustment_takes_its_time_and_weighs_nothing(balance):
    assert ask(balance, "C3") == "C3 B\r\n"
    assert ask(balance, "SI", now_s=1.0) == "S I\r\n"
    assert ask(balance, "C3", now_s=1.0) == "C3 I\r\n"
    assert balance.next_event_s() == pytest.approx(10.0)
    assert balance.poll(10.0) == b"C3 A\r\n"
    assert balance.next_event_s() is None


def test_with_somebody_in_the_menu_nothing_is_weighed(balance):
    balance.set_fault("busy", now_s=0.0)
    assert ask(balance, "S", "Z", "TI", "C3") == "S I\r\nZ I\r\nTI I\r\nC3 I\r\n"
    balance.set_fault("busy", on=False, now_s=1.0)
    assert wait(balance, "S", now_s=1.0)[0] == "S S     3.0000 g\r\n"


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("TAR", "ES"),
        ("S 1", "ES"),
        ("TAC 1", "ES"),
        ("DW 1", "ES"),
        ("C3 1", "ES"),
        ("I4 1", "ES"),
        ("SR x g", "SR L"),
        ("SR 1 kg", "SR L"),
        ("TA 221 g", "TA L"),
        ("TA nan g", "TA L"),
        ("K", "K L"),
        ("K 9", "K L"),
        ("D stand", "D L"),
        ('D "', "D L"),
    ],
)
def test_a_wrong_command_is_answered_with_its_error(balance, command, reply):
    assert ask(balance, command) == f"{reply}\r\n"
    assert balance.next_event_s() is None


def test_the_list_of_commands_ends_with_an_a(balance):
    lines = ask(balance, "I0").splitlines()
    assert lines[0] == 'I0 B 0 "I0"'
    assert lines[-1].startswith('I0 A 2 "')
    assert all(line.startswith("I0 B ") for line in lines[:-1])


def test_the_display_shows_a_text_until_the_weight_comes_back(balance):
    ask(balance, 'D "LIGHT ON"')
    assert balance.state()["display"] == "LIGHT ON"
    ask(balance, "DW", now_s=1.0)
    assert balance.state()["display"] == ""


def test_a_power_cut_forgets_the_tare_and_a_closed_line_what_waits(balance):
    ask(balance, "TA 1 g", "S")
    balance.line_closed(0.1)
    assert balance.next_event_s() is None
    assert balance.state()["tare_g"] == 1.0
    balance.power_cycle(1.0)
    assert balance.state()["tare_g"] == 0.0
    assert balance.state()["safe"]


def test_an_unknown_fault_is_refused_by_name(balance):
    with pytest.raises(ValueError, match="MT-SICS balance: no fault 'stall'; it has overload"):
        balance.set_fault("stall", now_s=0.0)


@pytest.mark.parametrize(
    ("readability_g", "decimals"), [(1e-5, 5), (0.0005, 4), (0.01, 2), (1.0, 0), (5.0, 0)]
)
def test_the_last_digit_gives_the_decimals(world, readability_g, decimals):
    cell = WeighingCell(world, capacity_g=100.0, readability_g=readability_g)
    assert cell.decimals == decimals
    cell.begin(0.0)
    assert cell.gross_g / readability_g == pytest.approx(round(cell.gross_g / readability_g))


@pytest.mark.parametrize("readability_g", [0.0, -1.0, 300.0])
def test_a_balance_needs_a_digit_smaller_than_its_capacity(world, readability_g):
    with pytest.raises(ValueError, match="readability_g is"):
        WeighingCell(world, capacity_g=200.0, readability_g=readability_g)
