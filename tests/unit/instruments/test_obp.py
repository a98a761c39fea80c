"""The frames of the Ocean Binary Protocol."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.spectrometers import obp as codec

HEADER = (
    "c1c0 0011 0000 0000 00010000 00000000 000000000000 00 00"
    " 00000000000000000000000000000000 14000000"
)


def received(message):
    data = codec.encode(message)
    header = codec.decode_header(data[: codec.HEADER_LENGTH])
    return codec.decode(header, data[codec.HEADER_LENGTH :])


def test_a_query_without_data_is_64_bytes():
    frame = codec.encode(codec.Message(message_type=codec.MessageType.SERIAL_NUMBER))
    assert frame == bytes.fromhex(HEADER) + bytes(16) + bytes.fromhex("c5c4c3c2")
    assert len(frame) == 64


def test_the_integration_time_travels_as_immediate_microseconds():
    frame = codec.encode(
        codec.Message(
            message_type=codec.MessageType.INTEGRATION_TIME_US,
            payload=codec.integration_time_payload(200_000),
            flags=codec.Flag.REQUEST_ACK,
        )
    )
    assert frame[4:6] == b"\x04\x00"
    assert frame[8:12] == bytes.fromhex("10001100")
    assert frame[23] == 4
    assert frame[24:28] == struct.pack("<L", 200_000)
    assert frame[40:44] == struct.pack("<L", 20)


@given(
    payload=st.binary(max_size=5000),
    message_type=st.integers(0, 2**32 - 1),
    flags=st.integers(0, 63),
    error_number=st.integers(0, 255),
    regarding=st.integers(0, 2**32 - 1),
    checksum_type=st.sampled_from([0, 1]),
)
def test_every_message_survives_the_wire(**fields):
    message = codec.Message(**fields)
    assert received(message) == message


@given(payload=st.binary(max_size=100), position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_under_md5_is_never_taken_for_the_message(payload, position, bit):
    message = codec.Message(message_type=0x100, payload=payload, checksum_type=1)
    data = bytearray(codec.encode(message))
    data[position % len(data)] ^= 1 << bit
    try:
        header = codec.decode_header(bytes(data[: codec.HEADER_LENGTH]))
        decoded = codec.decode(header, bytes(data[codec.HEADER_LENGTH :]))
    except codec.FrameError:
        return
    # The one bit MD5 cannot protect is the one that says that there is an MD5.
    assert decoded.checksum_type != 1
    assert position % len(data) == 22


def test_a_header_that_announces_a_gigabyte_is_refused_before_anybody_waits_for_it():
    data = bytearray(codec.encode(codec.Message(message_type=1)))
    data[40:44] = struct.pack("<L", 1 << 30)
    with pytest.raises(codec.FrameError, match="announces"):
        codec.decode_header(bytes(data[:44]))


@pytest.mark.parametrize(
    ("start", "stop", "value", "match"),
    [
        (0, 2, b"\x00\x00", "starts with"),
        (23, 24, b"\x20", "immediate"),
        (22, 23, b"\x07", "unknown checksum"),
        (60, 64, b"\x00\x00\x00\x00", "ends with"),
    ],
)
def test_a_garbled_frame_is_named(start, stop, value, match):
    data = bytearray(codec.encode(codec.Message(message_type=1)))
    data[start:stop] = value
    with pytest.raises(codec.FrameError, match=match):
        codec.decode(codec.decode_header(bytes(data[:44])), bytes(data[44:]))


def test_a_cut_header_or_tail_is_refused():
    data = codec.encode(codec.Message(message_type=1))
    with pytest.raises(codec.FrameError, match="44 bytes"):
        codec.decode_header(data[:43])
    with pytest.raises(codec.FrameError, match="20 bytes follow"):
        codec.decode(codec.decode_header(data[:44]), data[44:-1])


@pytest.mark.parametrize(("number", "text"), [(3, "bad checksum"), (7, "not ready"), (77, "77")])
def test_a_refusal_says_why(number, text):
    message = received(codec.Message(message_type=1, flags=codec.Flag.NACK, error_number=number))
    assert message.refused
    assert text in message.error_text


def test_an_error_number_alone_is_a_refusal_too():
    assert codec.Message(message_type=1, error_number=6).refused
    assert not codec.Message(message_type=1, flags=codec.Flag.RESPONSE | codec.Flag.ACK).refused


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=50))
def test_counts_are_read_as_they_were_taken(counts):
    payload = struct.pack(f"<{len(counts)}H", *counts)
    spectrum = codec.read_spectrum(payload, len(counts))
    assert spectrum.dtype == np.float64
    assert spectrum.tolist() == counts


def test_a_spectrum_of_another_length_is_refused():
    with pytest.raises(codec.FrameError, match="4136 bytes, got 4"):
        codec.read_spectrum(b"1234", 2068)


def test_values_are_read_and_wrong_lengths_refused():
    assert codec.read_uint8(b"\x04") == 4
    assert codec.read_float32(struct.pack("<f", 0.5)) == 0.5
    assert codec.read_text(b"HDX01234\0\0") == "HDX01234"
    for reader, bad in [
        (codec.read_uint8, b""),
        (codec.read_float32, b"\0"),
        (codec.read_text, b"\xff\xfe"),
    ]:
        with pytest.raises(codec.FrameError):
            reader(bad)
