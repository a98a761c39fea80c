import binascii
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.newera_framing import PumpFraming, encode_basic, encode_safe
from simulators.newera_motor import PHASES
from simulators.newera_ne1000 import NewEraNE1000, from_table
from simulators.newera_plunger import Syringe, rate_limits_ul_min
from tests.unit.simulators.fake_world import FakeWorld


def pump_on(world=None, **keywords):
    pump = NewEraNE1000(world or FakeWorld(), diameter_mm=14.43, **keywords)
    pump.power_cycle(0.0)
    ask(pump, "")  # the reset alarm
    return pump


def ask(pump, command, now_s=0.0):
    reply = pump.feed(f"{command}\r".encode(), now_s).decode()
    assert not reply or (reply[0], reply[-1]) == ("\x02", "\x03")
    return reply[1:-1]


def set_up(pump, *, rate="500.0UM", volume=None, direction="INF"):
    ask(pump, "VOLUL")
    ask(pump, f"RAT{rate}")
    ask(pump, f"DIR{direction}")
    if volume is not None:
        ask(pump, f"VOL{volume}")


def packet(text):
    crc = binascii.crc_hqx(text.encode(), 0).to_bytes(2, "big")
    return bytes([2, len(text) + 4]) + text.encode() + crc + b"\x03"


@pytest.fixture
def world():
    return FakeWorld()


@pytest.fixture
def pump(world):
    return pump_on(world)


def test_the_reset_alarm_is_told_once_and_its_command_is_not_carried_out(world):
    pump = NewEraNE1000(world)
    pump.power_cycle(0.0)
    assert ask(pump, "DIA10.00") == "00A?R"
    assert ask(pump, "DIA") == "00S26.59"


def test_an_alarm_is_not_acknowledged_by_rubbish(world):
    pump = NewEraNE1000(world)
    pump.power_cycle(0.0)
    assert ask(pump, "XYZ") == "00A?R?"
    assert ask(pump, "VER") == "00A?R"
    assert ask(pump, "VER") == "00SNE1000V3.923"


def test_the_world_hears_of_every_change_of_the_flow(pump, world):
    world.calls.clear()
    set_up(pump, volume="100.0")
    ask(pump, "RUN", 1.0)
    assert pump.next_event_s() == pytest.approx(13.0)
    pump.poll(13.0)
    assert world.calls == [("flow", 1.0, 500.0), ("flow", 13.0, 0.0)]
    assert ask(pump, "DIS", 14.0) == "00SI100.0W0.000UL"


def test_withdrawing_flows_backwards(pump, world):
    set_up(pump, direction="WDR")
    assert ask(pump, "RUN", 1.0) == "00W"
    assert world.last("flow") == (-500.0,)
    assert ask(pump, "DIS", 7.0) == "00WI0.000W50.00UL"


def test_a_wrong_diameter_moves_the_plunger_and_not_the_count(world):
    pump = pump_on(world, syringe=Syringe(diameter_mm=28.86, volume_ul=1e5, loaded_ul=1e5))
    set_up(pump)
    ask(pump, "RUN", 0.0)
    assert world.last("flow") == (pytest.approx(2000.0),)
    assert ask(pump, "DIS", 6.0) == "00II50.00W0.000UL"
    assert pump.state()["content_ul"] == pytest.approx(1e5 - 200.0)


def test_the_plunger_stalls_at_the_end_of_the_syringe(world):
    pump = pump_on(world, syringe=Syringe(volume_ul=1000.0, loaded_ul=50.0))
    set_up(pump)
    ask(pump, "RUN", 0.0)
    assert pump.next_event_s() == pytest.approx(6.0)
    pump.poll(6.1)
    assert pump.state()["content_ul"] == pytest.approx(0.0, abs=1e-9)
    assert world.last("flow") == (0.0,)
    assert ask(pump, "", 7.0) == "00A?S"
    assert ask(pump, "", 7.0) == "00S"
    ask(pump, "DIRWDR", 7.0)
    ask(pump, "RUN", 7.0)
    pump.poll(200.0)
    assert pump.state()["alarm"] == "S"
    assert pump.state()["content_ul"] == pytest.approx(1000.0)


def test_a_blocked_plunger_stalls_a_running_pump_at_once(pump, world):
    set_up(pump)
    ask(pump, "RUN", 0.0)
    pump.set_fault("stall", now_s=6.0)
    assert world.last("flow") == (0.0,)
    assert ask(pump, "", 6.5) == "00A?S"
    assert ask(pump, "DIS", 6.5) == "00SI50.00W0.000UL"


def test_a_blocked_plunger_stalls_soon_after_the_start_and_pumps_nothing(pump, world):
    pump.set_fault("stall", now_s=1.0)
    set_up(pump, volume="0.001")
    ask(pump, "CLDINF", 1.0)
    assert ask(pump, "RUN", 1.0) == "00I"
    assert pump.next_event_s() == pytest.approx(1.2)
    assert pump.poll(1.1) == b""
    pump.poll(1.2)
    assert pump.state()["alarm"] == "S"
    assert [flow for (flow,) in world.all("flow") if flow] == []
    pump.set_fault("stall", on=False, now_s=2.0)
    ask(pump, "", 2.0)
    assert ask(pump, "RUN", 2.0) == "00I"
    assert pump.state()["flow_ul_min"] == 500.0


def test_a_power_failure_stops_the_flow_and_raises_the_reset_alarm(pump, world):
    set_up(pump)
    ask(pump, "RUN", 0.0)
    pump.set_fault("reset", now_s=3.0)
    pump.set_fault("reset", on=False, now_s=3.0)
    assert world.last("flow") == (0.0,)
    assert ask(pump, "RUN", 4.0) == "00A?R"
    assert pump.state()["safe"]


def test_an_unknown_fault_is_refused(pump):
    with pytest.raises(ValueError, match="NE-1000: no fault 'led-open'; it has stall, reset"):
        pump.set_fault("led-open", now_s=0.0)


def test_pausing_and_going_on_delivers_the_volume_once(pump):
    set_up(pump, volume="100.0")
    ask(pump, "RUN", 0.0)
    assert ask(pump, "STP", 6.0) == "00P"
    assert ask(pump, "RUN", 60.0) == "00I"
    assert ask(pump, "", 65.9) == "00I"
    assert ask(pump, "", 66.1) == "00S"
    assert ask(pump, "DIS", 66.1) == "00SI100.0W0.000UL"


def test_a_phase_that_is_not_stop_goes_on_pumping(pump):
    set_up(pump, volume="100.0")
    ask(pump, "PHN2")
    ask(pump, "FUNRAT")
    set_up(pump, rate="250.0UM", volume="50.00", direction="WDR")
    assert ask(pump, "PHN") == "00S2"
    ask(pump, "RUN", 0.0)
    assert ask(pump, "", 13.0) == "00W"
    assert ask(pump, "", 12.0 + 12.1) == "00S"
    assert ask(pump, "DIS", 25.0) == "00SI100.0W50.00UL"


def test_phases_that_pump_nothing_are_passed(pump):
    ask(pump, "FUNBEP")
    ask(pump, "PHN2")
    ask(pump, "FUNCLD")
    ask(pump, "PHN3")
    assert ask(pump, "FUN") == "00SSTP"
    assert ask(pump, "RAT") == "00S?NA"
    assert ask(pump, "RUN") == "00S"


def test_a_program_that_the_pump_cannot_run_is_an_alarm(pump):
    ask(pump, "PHN2")
    ask(pump, "FUNINC")
    assert ask(pump, "RUN2") == "00S"
    assert ask(pump, "") == "00A?E"
    set_up(pump)
    ask(pump, "PHN1")
    set_up(pump, rate="8000.UM")
    ask(pump, "DIA5.000")
    ask(pump, "RUN")
    assert ask(pump, "") == "00A?E"


def test_the_last_phase_ends_the_program(pump):
    ask(pump, f"PHN{PHASES}")
    ask(pump, "FUNRAT")
    set_up(pump, volume="1.000")
    ask(pump, f"RUN{PHASES}", 0.0)
    assert ask(pump, "", 1.0) == "00S"


def test_purging_runs_at_full_speed_until_stopped(pump, world):
    assert ask(pump, "PUR", 0.0) == "00X"
    fastest = rate_limits_ul_min(14.43)[1]
    assert world.last("flow") == (pytest.approx(fastest),)
    assert ask(pump, "STP", 1.0) == "00S"
    assert pump.state()["infused_ul"] == pytest.approx(fastest / 60.0)


def test_the_rate_may_change_while_pumping_but_not_its_units(pump, world):
    set_up(pump)
    ask(pump, "RUN", 0.0)
    assert ask(pump, "RAT600.0", 6.0) == "00I"
    assert world.last("flow") == (600.0,)
    assert ask(pump, "RAT1.000MM", 6.0) == "00I?NA"
    assert ask(pump, "DIS", 12.0) == "00II110.0W0.000UL"


def test_the_direction_may_change_while_pumping_without_end(pump, world):
    set_up(pump)
    ask(pump, "RUN", 0.0)
    assert ask(pump, "DIRREV", 6.0) == "00W"
    assert world.last("flow") == (-500.0,)
    assert ask(pump, "DIRSTK", 6.0) == "00W"
    assert ask(pump, "STP", 6.0) == "00P"
    ask(pump, "STP", 6.0)
    ask(pump, "VOL50.00", 6.0)
    ask(pump, "RUN", 6.0)
    assert ask(pump, "DIRINF", 6.0) == "00W?NA"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("RAT9999.MM", "?OOR"),
        ("RAT0.000UM", "?OOR"),
        ("RAT12345", "?OOR"),
        ("RAT1.2345", "?OOR"),
        ("RATABC", "?"),
        ("RAT.", "?"),
        ("DIA0.05", "?OOR"),
        ("DIA50.01", "?OOR"),
        ("DIRUP", "?OOR"),
        ("PHN0", "?OOR"),
        ("PHN42", "?OOR"),
        ("PHNX", "?"),
        ("FUNXYZ", "?OOR"),
        ("CLDALL", "?OOR"),
        ("SAF256", "?OOR"),
        ("STP", "?NA"),
        ("STP1", "?"),
        ("RUN", "?NA"),
        ("VOL-5", "?"),
        ("BOGUS", "?"),
    ],
)
def test_what_cannot_be_done_is_answered_with_its_reason(pump, command, answer):
    assert ask(pump, command) == f"00S{answer}"


@pytest.mark.parametrize("command", ["DIA10.00", "VOL5", "PHN1", "FUNRAT", "CLDINF", "RUN", "PUR"])
def test_what_cannot_be_done_while_pumping_is_not_applicable(pump, command):
    set_up(pump)
    ask(pump, "RUN")
    assert ask(pump, command) == "00I?NA"


def test_a_trailing_point_is_a_number_and_four_digits_are_shown(pump):
    assert ask(pump, "VOL1234.") == "00S"
    assert ask(pump, "VOL") == "00S1234.ML"
    assert ask(pump, "RAT8.340MM") == "00S"
    assert ask(pump, "RAT") == "00S8.340MM"


def test_small_syringes_count_in_microlitres(pump):
    ask(pump, "DIA14.00")
    assert ask(pump, "DIS") == "00SI0.000W0.000UL"
    ask(pump, "DIA14.01")
    assert ask(pump, "DIS") == "00SI0.000W0.000ML"


def test_options_are_kept_and_the_address_can_change(pump):
    assert ask(pump, "LOC1") == "00S"
    assert ask(pump, "LOC") == "00S1"
    assert ask(pump, "ADR") == "00S0"
    assert ask(pump, "ADR7") == "07S"
    assert not ask(pump, "VER")
    assert ask(pump, "7VER") == "07SNE1000V3.923"
    assert ask(pump, "*ADR") == "07S7"


def test_a_reset_clears_the_program(pump):
    set_up(pump, volume="5.000")
    assert ask(pump, "*RESET") == "00S"
    assert ask(pump, "VOL") == "00S0.000UL"


def test_a_burst_is_carried_out_and_not_answered(pump):
    ask(pump, "RAT100.0UM")
    assert not ask(pump, "0RAT200.0*1RAT300.0*")
    assert ask(pump, "RAT") == "00S200.0UM"


# -- safe mode


def in_safe_mode(timeout_s=10):
    world = FakeWorld()
    pump = pump_on(world)
    set_up(pump)
    assert pump.feed(f"SAF{timeout_s}\r".encode(), 0.0) == packet("00S")
    return pump, world


def test_silence_of_the_host_stops_the_pump_with_an_unasked_alarm():
    pump, world = in_safe_mode()
    pump.feed(packet("RUN"), 1.0)
    assert pump.next_event_s() == pytest.approx(11.0)
    pump.feed(packet(""), 5.0)
    assert pump.poll(11.0) == b""
    assert pump.poll(15.0) == packet("00A?T")
    assert world.last("flow") == (0.0,)
    assert pump.next_event_s() is None
    # the alarm sent unasked does not count as told
    assert pump.feed(packet("RUN"), 16.0) == packet("00A?T")
    assert pump.feed(packet("RUN"), 16.0) == packet("00I")


def test_in_safe_mode_plain_commands_are_not_heard():
    pump, _ = in_safe_mode()
    assert pump.feed(b"VER\r", 1.0) == b""
    assert pump.feed(packet("SAF"), 1.0) == packet("00S10")


def test_a_damaged_packet_is_told_and_not_carried_out():
    pump, _ = in_safe_mode()
    damaged = bytearray(packet("RUN"))
    damaged[3] ^= 1
    assert pump.feed(bytes(damaged), 1.0) == packet("00S?COM")
    assert pump.feed(b"\x02\x01", 1.0) == packet("00S?COM")


def test_a_packet_that_pauses_too_long_is_forgotten():
    pump, _ = in_safe_mode()
    pump.feed(packet("RUN")[:4], 1.0)
    assert pump.feed(packet("VER"), 1.6) == packet("00SNE1000V3.923")


def test_safe_mode_survives_a_power_cycle_and_the_alarm_is_sent_unasked():
    pump, _ = in_safe_mode()
    pump.power_cycle(5.0)
    assert pump.next_event_s() is not None
    assert pump.poll(5.0) == packet("00A?R")
    assert pump.next_event_s() is None  # not armed before the first packet
    assert pump.feed(packet("SAF0"), 6.0) == packet("00A?R")
    assert pump.feed(packet("SAF0"), 6.0) == b"\x0200S\x03"


def test_half_a_request_is_forgotten_when_the_line_closes(pump):
    pump.feed(b"0DIA1", 0.0)
    pump.line_closed(0.0)
    assert ask(pump, "VER") == "00SNE1000V3.923"


# -- framing and numbers


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40))
def test_what_the_safe_framing_encodes_the_reader_takes_apart(text):
    (request,) = PumpFraming().feed(encode_safe(text), 0.0, safe_mode=True)
    assert request.safe
    assert request.valid
    assert request.text == text.upper()


def test_the_manuals_own_packet_is_understood():
    data = bytes.fromhex("02 08 53 41 46 30 55 43 03")
    assert packet("SAF0") == data
    (request,) = PumpFraming().feed(data, 0.0, safe_mode=False)
    assert (request.text, request.valid) == ("SAF0", True)
    assert encode_basic("00S") == b"\x0200S\x03"


def test_an_endless_command_is_not_kept():
    framing = PumpFraming()
    framing.feed(b"A" * 100_000, 0.0, safe_mode=False)
    (request,) = framing.feed(b"\r", 0.0, safe_mode=False)
    assert len(request.text) <= 256


def test_rate_limits_follow_from_the_plunger_speed():
    lowest, highest = rate_limits_ul_min(14.43)
    assert highest == pytest.approx(8342.0, rel=1e-3)
    assert lowest == pytest.approx(math.pi / 4 * 1.443**2 * 0.004205 / 60 * 1000)


@given(
    st.lists(st.floats(0.01, 20.0), min_size=1, max_size=20),
    st.floats(1.0, 8000.0),
    st.sampled_from(["INF", "WDR"]),
)
def test_no_liquid_is_made_or_lost_however_often_one_looks(steps_s, rate_ul_min, direction):
    syringe = Syringe(volume_ul=10000.0, loaded_ul=5000.0)
    pump = pump_on(FakeWorld(), syringe=syringe)
    set_up(pump, rate=f"{min(rate_ul_min, 999.9):.1f}UM", direction=direction)
    ask(pump, "RUN", 0.0)
    now_s = 0.0
    for step_s in steps_s:
        now_s += step_s
        pump.poll(now_s)
    state = pump.state()
    moved = state["infused_ul"] - state["withdrawn_ul"]
    assert state["content_ul"] == pytest.approx(5000.0 - moved, abs=1e-6)
    expected = min(float(f"{min(rate_ul_min, 999.9):.1f}") * now_s / 60.0, 5000.0)
    assert abs(moved) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_bench_table_gives_address_and_syringe():
    pump = from_table(
        {
            "pump_address": 3,
            "syringe_diameter_mm": 4.61,
            "syringe_volume_ul": 1000,
            "loaded_volume_ul": 600,
        },
        FakeWorld(),
    )
    assert pump.state()["content_ul"] == 600.0
    assert ask(pump, "3VER") == "03SNE1000V3.923"
