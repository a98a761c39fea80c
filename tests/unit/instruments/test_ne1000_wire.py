"""Questions to a New Era pump in both framings, and what becomes of strange answers."""

import pytest

from instruments.errors import DeviceFaultError, LinkTimeoutError, ProtocolError
from instruments.links import ScriptedLink
from instruments.pumps.ne1000 import _codec
from instruments.pumps.ne1000.wire import PumpWire

STX, ETX = b"\x02", b"\x03"


def basic(text):
    return STX + text.encode() + ETX


def safe(text):
    return _codec.encode_safe(text.encode())


def wire(*pairs, address=0):
    link = ScriptedLink(
        pairs, name="pump", read_termination="\x03", write_termination="\r", timeout_s=0.05
    )
    return PumpWire(link, address)


def test_a_late_reply_of_a_neighbour_is_passed_over():
    assert wire((b"2DIA\r", basic("01S5.00") + basic("02S14.43")), address=2).ask("DIA").data == (
        "14.43"
    )


def test_a_reply_of_another_pump_alone_names_it():
    with pytest.raises(ProtocolError, match="pump 2 was answered by pump 1; check the addresses"):
        wire((b"2DIA\r", basic("01S5.00")), address=2).ask("DIA")


@pytest.mark.parametrize("reply", [b"00S\x03", b"\x0200Q\x03", b"\x02\x0700S\x00\x00\x03"])
def test_a_reply_that_is_none_is_told(reply):
    with pytest.raises(ProtocolError):
        wire((b"0DIA\r", reply)).ask("DIA")


def test_a_pump_may_answer_the_switch_to_safe_mode_in_either_framing():
    for reply in (basic("00S"), safe("00S")):
        pump = wire((b"0SAF30\r", reply), (safe("0SAF0"), basic("00S")))
        pump.arm(30)
        assert pump.is_armed
        pump.disarm()
        assert not pump.is_armed
        pump.disarm()
        pump.link.assert_finished()


def test_a_checksum_that_holds_an_end_byte_cuts_no_reply_short():
    replies = [f"00S{number}.000" for number in range(200)]
    reply = next(text for text in replies if b"\x03" in safe(text)[:-1])
    pump = wire((b"0DIA\r", safe(reply)))
    assert pump.ask("DIA").data == reply[3:]


def test_an_alarm_takes_the_place_of_disarming_and_is_kept():
    pump = wire(
        (b"0SAF30\r", safe("00S")),
        (safe("0SAF0"), safe("00A?T")),
        (safe("0SAF0"), basic("00S")),
    )
    pump.arm(30)
    pump.disarm()
    assert not pump.is_armed
    with pytest.raises(DeviceFaultError, match="the safe-mode time-out stopped the pump"):
        pump.report_alarm("later")


def test_a_pump_that_keeps_its_alarm_is_taken_for_disarmed_in_the_end():
    pump = wire((b"0SAF30\r", safe("00S")), *[(safe("0SAF0"), safe("00A?S"))] * 3)
    pump.arm(30)
    pump.disarm()
    assert not pump.is_armed


def test_a_pump_without_safe_mode_is_told_of_once_and_used_without(caplog):
    pump = wire((b"0SAF30\r", basic("00S?")))
    pump.arm(30)
    assert not pump.is_armed
    assert "has no dead-man switch" in caplog.text


def lost_reply(*pairs):
    pump = wire((b"0DIA\r", b""), *pairs)
    with pytest.raises(LinkTimeoutError):
        pump.ask("DIA")
    return pump


def test_the_line_is_synchronised_by_the_version_past_whatever_comes():
    noise = b"\x03" + basic("00S14.43") + b"S\x02" + basic("01SNE500V1.0") + basic("00Q")
    pump = lost_reply((b"0VER\r", noise + basic("00SNE1000V3.923")), (b"0DIA\r", basic("00S14.43")))
    assert pump.ask("DIA").data == "14.43"
    pump.link.assert_finished()


def test_an_alarm_in_place_of_the_version_synchronises_and_is_kept():
    pump = lost_reply((b"0VER\r", basic("00A?R")), (b"0DIA\r", basic("00S14.43")))
    assert pump.raw("DIA").data == "14.43"
    assert pump.unreported_alarm == "R"


def test_a_pump_that_was_left_in_safe_mode_is_brought_back():
    pump = lost_reply(
        (b"0VER\r", b""),
        (_codec.LEAVE_SAFE_MODE, basic("00S")),
        (b"\r", b""),
        (b"0VER\r", basic("00SNE1000V3.923")),
        (b"0DIA\r", basic("00S14.43")),
    )
    assert pump.ask("DIA").data == "14.43"


def test_a_line_that_talks_nonsense_is_not_synchronised():
    pump = lost_reply((b"0VER\r", b"x" * 600))
    with pytest.raises(ProtocolError, match="talks but does not answer 'VER'"):
        pump.ask("DIA")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NE1000V3.923", ("NE1000", "3.923")),
        ("NE1000X2V3.61", ("NE1000X2", "3.61")),
        ("AL1000V3.61", ("AL1000", "3.61")),
        ("NE1000", None),
        ("14.43", None),
    ],
)
def test_versions_of_the_family_are_understood(text, version):
    assert _codec.parse_version(text) == version
