"""The frames, numbers and units of the New Era pumps."""

import binascii
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.pumps.ne1000 import _codec as codec
from instruments.pumps.ne1000._codec import PumpStatus, VolumeUnit


def test_the_packet_that_leaves_safe_mode_is_the_manuals_own():
    assert bytes.fromhex("02 08 53 41 46 30 55 43 03") == codec.LEAVE_SAFE_MODE
    assert codec.encode_safe(b"SAF0") == codec.LEAVE_SAFE_MODE
    assert codec.encode_safe(b"0SAF0") == bytes.fromhex("02 09 30 53 41 46 30 59 ad 03")
    assert binascii.crc_hqx(b"SAF0", 0) == 0x5543


@given(st.binary(max_size=251))
def test_safe_mode_data_survives_the_wire(data):
    assert codec.decode_safe(codec.encode_safe(data)) == data


def test_too_much_data_for_a_safe_mode_packet_is_refused():
    with pytest.raises(ValueError, match="251"):
        codec.encode_safe(bytes(252))


@given(data=st.binary(max_size=20), position=st.integers(0, 100), bit=st.integers(0, 7))
def test_a_flipped_bit_in_safe_mode_is_always_seen(data, position, bit):
    frame = bytearray(codec.encode_safe(data))
    frame[position % len(frame)] ^= 1 << bit
    with pytest.raises(codec.FrameError):
        codec.decode_safe(bytes(frame))


@pytest.mark.parametrize(
    ("frame", "status", "alarm", "data"),
    [
        (b"\x0200S\x03", PumpStatus.STOPPED, "", ""),
        (b"\x0200I\x03", PumpStatus.INFUSING, "", ""),
        (b"\x0207W1.250\x03", PumpStatus.WITHDRAWING, "", "1.250"),
        (b"\x0200SI0.000W0.000UL\x03", PumpStatus.STOPPED, "", "I0.000W0.000UL"),
        (b"\x0200S?OOR\x03", PumpStatus.STOPPED, "", "?OOR"),
        (b"\x0200A?R\x03", PumpStatus.ALARM, "R", ""),
        (b"\x0200A?S\x03", PumpStatus.ALARM, "S", ""),
    ],
)
def test_a_reply_is_read(frame, status, alarm, data):
    reply = codec.decode(frame)
    assert (reply.status, reply.alarm, reply.data) == (status, alarm, data)
    assert bool(reply.alarm_text) == bool(alarm)
    assert bool(reply.error_text) == data.startswith("?")


@pytest.mark.parametrize(
    "frame", [b"", b"00S\x03", b"\x0200S", b"\x0200Q\x03", b"\x020S\x03", b"\x0200S\x0200S\x03"]
)
def test_what_is_no_reply_is_refused(frame):
    with pytest.raises(codec.FrameError):
        codec.decode(frame)


def test_a_request_is_address_and_command():
    assert codec.encode(0, "DIA14.43") == "0DIA14.43"
    assert codec.encode(12, "") == "12"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (14.43, "14.43"),
        (12.349, "12.35"),
        (1234.5, "1235"),
        (0.05, "0.050"),
        (50, "50.00"),
        (9.9996, "10.00"),
        (9999.4, "9999"),
        (0, "0.000"),
        (0.0005, "0.001"),
    ],
)
def test_a_number_is_rounded_to_four_digits_and_three_decimals(value, text):
    assert codec.format_number(value) == text


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 9999.5, 12345, 0.0004])
def test_a_number_the_pump_cannot_take_is_refused(value):
    with pytest.raises(ValueError, match=r"pump|digits|small"):
        codec.format_number(value)


@given(st.floats(0.001, 9999))
def test_a_number_never_has_more_than_four_digits(value):
    text = codec.format_number(value)
    assert sum(c.isdigit() for c in text) <= 4
    assert len(text.partition(".")[2]) <= 3
    assert float(text) == pytest.approx(value, rel=5.1e-4, abs=5.1e-4)


@pytest.mark.parametrize(
    ("rate_ul_min", "text"),
    [
        (50, "50.00UM"),
        (8342, "8342UM"),
        (12345.6, "12.35MM"),
        (0.0345, "2.070UH"),
        (100, "100.0UM"),
    ],
)
def test_the_unit_of_a_rate_keeps_the_digits(rate_ul_min, text):
    assert codec.format_rate(rate_ul_min) == text


@given(st.floats(0.1, 80_000))
def test_every_rate_survives_driver_to_wire_to_pump(rate_ul_min):
    assert codec.parse_rate_ul_min(codec.format_rate(rate_ul_min)) == pytest.approx(
        rate_ul_min, rel=5.1e-4
    )


@given(st.floats(0.01, 60_000))
def test_every_volume_survives_driver_to_wire_to_pump(volume_ul):
    unit = codec.best_volume_unit(volume_ul)
    text = codec.format_volume(volume_ul, unit) + unit.value
    volume, parsed_unit = codec.parse_volume_ul(text)
    assert parsed_unit is unit
    assert volume == pytest.approx(volume_ul, rel=5.1e-4, abs=5.1e-4)


def test_fifty_microlitres_a_minute_never_become_fifty_millilitres():
    # 0.05 mL/min is 50 uL/min, and nothing else on the wire.
    assert codec.format_rate(0.05 * 1000) == "50.00UM"
    assert codec.parse_rate_ul_min("0.050MM") == 50.0
    assert codec.parse_rate_ul_min("50.00MM") == 50_000.0
    assert codec.parse_rate_ul_min("3.000MH") == 50.0
    assert codec.parse_rate_ul_min("3000UH") == 50.0


def test_a_rate_no_unit_can_hold_is_refused():
    for rate_ul_min in (1e-6, 1e8):
        with pytest.raises(ValueError, match="no unit"):
            codec.format_rate(rate_ul_min)


def test_a_trailing_point_is_a_number():
    assert codec.parse_rate_ul_min("1234.UM") == 1234.0
    assert codec.parse_volume_ul("50.ML") == (50_000.0, VolumeUnit.ML)


@pytest.mark.parametrize("text", ["", "UM", ".UM", "12", "12.5XX", "1.2.3UM", "-1UM", "1.0UL"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(codec.FrameError):
        codec.parse_rate_ul_min(text)


def test_a_rate_is_no_volume():
    with pytest.raises(codec.FrameError):
        codec.parse_volume_ul("1.000UM")


def test_dispensed_volumes_are_microlitres_with_their_resolution():
    dispensed = codec.parse_dispensed("I1.250W12.34ML")
    assert dispensed.infused_ul == 1250.0
    assert dispensed.withdrawn_ul == 12_340.0
    assert dispensed.resolution_ul == 10.0
    with pytest.raises(codec.FrameError):
        codec.parse_dispensed("I1.250ML")


@pytest.mark.parametrize("status", PumpStatus)
def test_only_a_stopped_paused_or_alarmed_pump_stands_still(status):
    still = {PumpStatus.STOPPED, PumpStatus.PAUSED, PumpStatus.ALARM}
    assert status.is_moving == (status not in still)
