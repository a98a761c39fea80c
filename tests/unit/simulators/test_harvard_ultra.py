"""The simulated Ultra pump beyond its transcript."""

import pytest

from simulators.harvard_ultra import HarvardUltra, from_table
from simulators.newera_plunger import Syringe
from tests.unit.simulators.fake_world import FakeWorld

NOW_S = 1000.0


@pytest.fixture
def pump():
    made = HarvardUltra(FakeWorld(), syringe=Syringe(diameter_mm=14.567, loaded_ul=1000.0))
    made.power_cycle(NOW_S)
    return made


def say(pump, *commands, now_s=NOW_S):
    answers = [pump.feed(f"{command}\r\n".encode(), now_s).decode() for command in commands]
    return answers[-1].strip()


def lines(pump, command, now_s=NOW_S):
    return say(pump, command, now_s=now_s).splitlines()[:-1]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("diameter 60", "Out of range"),
        ("diameter wide", "Argument error"),
        ("irate 5", "Argument error"),
        ("irate 1000 ml/min", "Out of range"),
        ("tvolume much", "Argument error"),
        ("poll perhaps", "Argument error"),
        ("load qs x", "Argument error"),
        ("force 200", "Argument error"),
        ("address 100", "Argument error"),
        ("nop", "Unknown command"),
        ("xyzzy", "Unknown command"),
    ],
)
def test_what_is_wrong_is_refused_in_words(pump, command, word):
    assert word in say(pump, command)


def test_settings_are_read_back(pump):
    say(pump, "diameter 10.3", "irate max", "wrate min", "force 30", "tvolume 2 ml", "load qs iw")
    assert lines(pump, "diameter") == ["10.3000 mm"]
    limits = lines(pump, "irate lim")[0]
    assert lines(pump, "irate")[0] == limits.split(" to ")[1]
    assert lines(pump, "wrate")[0] == limits.split(" to ")[0]
    assert lines(pump, "force") == ["30%"]
    assert lines(pump, "tvolume") == ["2.0000 ml"]
    assert lines(pump, "ctvolume") == []
    assert lines(pump, "tvolume") == ["Target volume not set"]
    assert lines(pump, "svolume") == ["10.0000 ml"]
    assert lines(pump, "svolume 5 ml") == []
    assert lines(pump, "address") == ["Pump address is 0"]
    assert lines(pump, "poll") == ["Polling mode is OFF"]
    assert len(lines(pump, "metrics")) == 3
    assert lines(pump, "time") != []


def test_it_pumps_without_a_target_until_the_syringe_is_empty(pump):
    say(pump, "irate 1 ml/min", "run")
    assert pump.next_event_s() == pytest.approx(NOW_S + 60.0)
    pump.poll(NOW_S + 61.0)
    assert pump.state()["prompt"] == "*"
    assert pump.state()["infused_ul"] == pytest.approx(1000.0)
    assert pump.next_event_s() is None


def test_it_turns_round(pump):
    say(pump, "irate 1 ml/min", "wrate 2 ml/min", "irun")
    assert lines(pump, "crate", NOW_S + 6.0) == ["Infusing at 1.0000 ml/min"]
    say(pump, "stp", now_s=NOW_S + 6.0)
    assert lines(pump, "crate", NOW_S + 6.0) == []
    say(pump, "rrun", now_s=NOW_S + 6.0)
    assert lines(pump, "crate", NOW_S + 9.0) == ["Withdrawing at 2.0000 ml/min"]
    assert lines(pump, "ivolume", NOW_S + 9.0) == ["100.0000 ul"]
    assert lines(pump, "wvolume", NOW_S + 9.0) == ["100.0000 ul"]
    say(pump, "stp", "civolume", "cwvolume", now_s=NOW_S + 9.0)
    assert pump.state()["infused_ul"] == pump.state()["withdrawn_ul"] == 0.0


def test_a_target_that_was_reached_is_not_pumped_again(pump):
    say(pump, "irate 1 ml/min", "tvolume 100 ul", "irun")
    pump.poll(NOW_S + 6.0)
    assert pump.state()["prompt"] == "T*"
    assert "already reached" in say(pump, "irun", now_s=NOW_S + 7.0)


def test_a_blocked_pump_stalls(pump):
    say(pump, "irate 1 ml/min", "irun")
    pump.set_fault("stall", now_s=NOW_S + 1.0)
    assert pump.state()["prompt"] == "*"
    assert say(pump, "irun", now_s=NOW_S + 2.0).endswith("*")
    pump.set_fault("stall", on=False, now_s=NOW_S + 3.0)
    assert say(pump, "irun", now_s=NOW_S + 4.0).endswith(">")


def test_a_reset_stops_it_and_an_unknown_fault_is_refused(pump):
    say(pump, "irate 1 ml/min", "irun")
    pump.set_fault("reset", on=False, now_s=NOW_S + 1.0)
    assert pump.state()["pumping"]
    pump.set_fault("reset", now_s=NOW_S + 1.0)
    assert not pump.state()["pumping"]
    with pytest.raises(ValueError, match="no fault 'fire'"):
        pump.set_fault("fire", now_s=NOW_S)


def test_a_pump_of_a_chain_answers_with_its_address():
    pump = from_table({"pump_address": 3, "syringe_volume_ul": 5000}, FakeWorld())
    pump.power_cycle(NOW_S)
    assert say(pump, "diameter") == ""
    assert say(pump, "3:diameter") == "0314.5670 mm\r\n03:"
    assert say(pump, "3diam") == "0314.5670 mm\r\n03:"
    assert say(pump, "3@address 4").endswith("04:")


def test_an_elite_begins_every_line_with_address_and_prompt():
    pump = HarvardUltra(FakeWorld(), version="11 ELITE I/W Single 3.0.4", always_prefixed=True)
    pump.power_cycle(NOW_S)
    assert say(pump, "ver") == "00:11 ELITE I/W Single 3.0.4\r\n00:"
    assert say(pump, "") == "00:"


def test_half_a_request_of_a_client_who_has_gone_is_forgotten(pump):
    pump.feed(b"diameter 5", NOW_S)
    pump.line_closed(NOW_S)
    assert lines(pump, "diameter") == ["14.5670 mm"]
