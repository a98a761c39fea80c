"""The lines of the Zaber ASCII protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.stages.zaber_ascii import _codec as codec

COMMANDS = st.sampled_from(["", "home", "move abs 10000", "get pos", "stop", "set maxspeed 5"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((1, 0, 0, "get device.id"), "/1 0 00 get device.id:14"),
        ((1, 1, 1, "home"), "/1 1 01 home:34"),
        ((1, 1, 2, ""), "/1 1 02:FC"),
        ((1, 1, 3, "move abs 10000"), "/1 1 03 move abs 10000:BD"),
    ],
)
def test_the_lines_are_those_of_the_makers_own_client(arguments, line):
    assert codec.encode(*arguments) == line


@given(st.integers(0, 99), st.integers(0, 9), st.integers(0, 99), COMMANDS)
def test_the_checksum_makes_every_line_sum_to_zero(device, axis, message_id, command):
    line = codec.encode(device, axis, message_id, command)
    body, _, check = line[1:].rpartition(":")
    assert (sum(body.encode()) + int(check, 16)) % 256 == 0


@pytest.mark.parametrize("suffix", ["", ":{check}", "\r\n", ":{check}\r\n"])
def test_a_reply_is_read_with_and_without_checksum(suffix):
    body = "01 1 07 OK BUSY WR 25196"
    line = "@" + body + suffix.format(check=f"{codec.checksum(body):02X}")
    reply = codec.decode(line)
    assert reply == codec.Reply(
        kind="@",
        device=1,
        axis=1,
        message_id=7,
        accepted=True,
        busy=True,
        warning="WR",
        data="25196",
        has_checksum=":" in suffix,
    )


def test_a_reply_without_an_id_is_read():
    reply = codec.decode("@01 0 OK IDLE -- 50082")
    assert (reply.message_id, reply.data, reply.warning, reply.busy) == (None, "50082", "", False)


def test_a_rejection_says_why():
    reply = codec.decode("@01 1 03 RJ IDLE WR BADDATA")
    assert not reply.accepted
    assert reply.reject_text == "the value is out of range"
    assert "no reference position" in reply.warning_text
    assert "NEWREASON" in codec.decode("@01 1 RJ IDLE -- NEWREASON").reject_text


def test_information_and_alerts_are_told_from_replies():
    assert codec.decode("#01 1 Limits are 0 and 201574").data == "Limits are 0 and 201574"
    alert = codec.decode("!01 1 IDLE FS")
    assert (alert.kind, alert.warning, alert.busy) == ("!", "FS", False)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "@01 1 07 OK IDLE",
        "@01 1 07 IDLE --",
        "!01 1 OK IDLE --",
        "@1 1 OK IDLE --",
        "@01 1 07 OK IDLE -- 0:00",
    ],
)
def test_what_is_no_line_is_refused(line):
    with pytest.raises(codec.FrameError):
        codec.decode(line)


@given(st.integers(1, 22), st.characters(min_codepoint=32, max_codepoint=126))
def test_a_garbled_character_under_a_checksum_is_never_taken_for_the_reply(position, character):
    body = "01 1 07 OK IDLE -- 123456"
    good = f"@{body}:{codec.checksum(body):02X}"
    bad = good[:position] + character + good[position + 1 :]
    try:
        assert codec.decode(bad) == codec.decode(good)
    except codec.FrameError:
        assert bad != good


def test_warnings_are_listed():
    assert codec.parse_warnings("00") == ()
    assert codec.parse_warnings("02 FS WR") == ("FS", "WR")
    for data in ("", "01", "02 FS", "FS"):
        with pytest.raises(codec.FrameError):
            codec.parse_warnings(data)


def test_a_position_is_a_whole_number_of_microsteps():
    assert codec.parse_position("-25") == -25
    with pytest.raises(codec.FrameError):
        codec.parse_position("12.5")


def test_an_unlisted_warning_is_still_shown():
    assert codec.describe_warning("ZZ") == "ZZ (unlisted warning)"
