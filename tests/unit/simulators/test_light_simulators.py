"""Simulated light sources and gas flow: what manuals and clients tell beyond the transcripts."""

import pytest

from tests.unit.simulators.build import simulator
from tests.unit.simulators.fake_world import FakeWorld

MODELS = (
    "thorlabs-dc2100",
    "thorlabs-dc2200",
    "coolled-pe300",
    "coolled-pe4000",
    "omnicure-s2000",
    "alicat-mc",
)


def say(instrument, *lines, end="\r\n", now_s=1000.0):
    return instrument.feed("".join(f"{line}{end}" for line in lines).encode(), now_s).decode()


@pytest.mark.parametrize("model", MODELS)
def test_it_speaks_only_when_spoken_to_and_begins_dark(model):
    instrument = simulator(model)
    assert instrument.poll(1001.0) == b""
    assert instrument.next_event_s() is None
    assert instrument.state()["safe"]
    assert say(instrument, "", end="\r\n") == ""
    with pytest.raises(ValueError, match="no fault"):
        instrument.set_fault("flat tyre", now_s=1001.0)


def test_pulses_of_the_dc2100_shine_with_their_mean_current():
    world = FakeWorld()
    instrument = simulator("thorlabs-dc2100", world)
    assert say(instrument, "L 1000", "PC 800", "PF 1000", "PD 25", "PN 0", "M 1", "O 1") == ""
    assert world.calls[-1] == ("light", 1000.0, 0, 200.0)
    assert say(instrument, "PC?", "PF?", "PD?", "PN?") == "800\r\n1000\r\n25\r\n0\r\n"
    say(instrument, "M 0")
    assert instrument.state()["safe"]


@pytest.mark.parametrize(
    "line",
    [
        "O 2",
        "CC 2001",
        "CC x",
        "CC 1 2",
        "L 1701",
        "M 3",
        "PD 0",
        "PC 1701",
        "WL? 1",
        "ZZ?",
        "ZZ 1",
    ],
)
def test_the_dc2100_says_what_it_does_not_take(line):
    instrument = simulator("thorlabs-dc2100")
    say(instrument, line)
    assert not say(instrument, "E?").startswith("ERROR 0")
    assert say(instrument, "E?") == "ERROR 0:No Error\r\n"


def test_a_dc2200_shines_in_brightness_and_stops_when_its_mode_changes():
    world = FakeWorld()
    instrument = simulator("thorlabs-dc2200", world)
    say(instrument, "SOUR:MODE CB", "SOURCE1:CBRIGHTNESS:BRIGHTNESS 50", "OUTP:STAT 1", end="\n")
    assert world.calls[-1] == ("light", 1000.0, 0, pytest.approx(850.0))
    assert say(instrument, "SOURCE1:CBRIGHTNESS:BRIGHTNESS?", end="\n") == "50.000000\n"
    say(instrument, "SOURCE1:MODE 3", end="\n")
    assert say(instrument, "SOURCE1:MODE?", "*CLS", "SYST:ERR?", end="\n") == 'PWM\n+0,"No error"\n'
    assert instrument.state()["safe"]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("SOURCE1:MODE FAST", "-224"),
        ("OUTPUT1:STATE MAYBE", "-224"),
        ("SOURCE1:CCURENT:CURRENT x", "-224"),
        ("SOURCE1:CCURENT:CURRENT 5", "-222"),
        ("SOURCE1:PWM:FREQUENCY 5", "-113"),
    ],
)
def test_the_dc2200_queues_what_it_does_not_take(line, number):
    instrument = simulator("thorlabs-dc2200")
    assert say(instrument, line, "SYST:ERR?", end="\n").startswith(number)


def test_the_coolled_switches_all_selected_channels_and_single_ones():
    instrument = simulator("coolled-pe4000")
    assert say(instrument, "CAS", "CBS", "CAI050", "CBI060", "CSN", end="\r").startswith("CAI050")
    assert instrument.state()["channels"]["B"] == "BSN060"
    assert say(instrument, "CAF", end="\r") == "CAF\r\n"
    assert say(instrument, "CBX", end="\r") == ""
    assert instrument.state()["safe"] is False  # A is still selected
    assert not instrument.state()["emitting"]
    assert say(instrument, "CAN", end="\n") == "CAN\r\n"
    assert instrument.state()["emitting"]
    instrument.set_fault("no-led", now_s=1000.0, channel=0)
    assert not instrument.state()["emitting"]
    assert say(instrument, "XVER", end="\r").count("\r\n") == 4
    assert instrument.greeting().endswith(b"\r\n\r\n")
    instrument.line_closed(1001.0)


@pytest.mark.parametrize(
    "line", ["CSSAXN", "CSSAXF101", "CSSEXF000", "CZ?", "CAI101", "CAQ", "LOAD:999", "HELLO"]
)
def test_the_coolled_says_error(line):
    assert say(simulator("coolled-pe4000"), line, end="\r") == "ERROR\r\n"


def test_a_pe300_has_no_leds_to_load():
    assert say(simulator("coolled-pe300"), "LAMS", "LOAD:405", end="\r") == "ERROR\r\n" * 2


def test_a_locked_pod_turns_nothing_up():
    instrument = simulator("coolled-pe300")
    say(instrument, "PORT:P=OFF", end="\r")
    instrument.set_fault("pod", now_s=1000.0)
    assert not instrument.state()["emitting"]
    say(instrument, "PORT:P=ON", end="\r")
    instrument.set_fault("pod", now_s=1000.0)
    assert instrument.state()["emitting"]


def test_an_alarm_closes_the_shutter_of_the_lamp():
    instrument = simulator("omnicure-s2000")
    assert say(instrument, "CONN18", "OPN40", end="\r") == "READY0A\rReceivedBF\r"
    assert instrument.state()["emitting"]
    instrument.set_fault("alarm", now_s=1000.0)
    assert instrument.state()["safe"]
    assert say(instrument, "OPN40", end="\r") == "Err67\r"
    instrument.line_closed(1001.0)


def test_the_gas_takes_a_moment_and_the_world_hears_of_it():
    world = FakeWorld()
    instrument = simulator("alicat-mc", world)
    say(instrument, "AS100", end="\r")
    assert world.calls[-1] == ("gas", 1000.0, 100.0)
    assert "+0063.21" in say(instrument, "A", end="\r", now_s=1000.1)
    instrument.set_fault("valve-stuck", now_s=1001.0)
    assert world.calls[-1] == ("gas", 1001.0, 0.0)
    assert "+0000.00 +0100.00" in say(instrument, "A", end="\r", now_s=1010.0)
    instrument.set_fault("over-range", now_s=1010.0)
    assert say(instrument, "A", end="\r", now_s=1010.0).rstrip().endswith("MOV")
    assert say(instrument, "AW122=34", "A$$U", end="\r", now_s=1010.0).startswith("A   122 = 34\r")
    instrument.line_closed(1011.0)


@pytest.mark.parametrize("line", ["AS501", "AS-1", "AS1.x", "AS", "AX"])
def test_the_alicat_answers_a_question_mark(line):
    assert say(simulator("alicat-mc"), line, end="\r") == "?\r"


def test_another_unit_on_the_line_is_left_alone():
    assert say(simulator("alicat-mc"), "B", end="\r") == ""
