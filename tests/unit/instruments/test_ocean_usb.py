"""USB2000+ and Flame-S: the codec, and the driver against a script."""

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import DeviceFaultError, LimitError, LinkTimeoutError, ProtocolError
from instruments.links import ScriptedLink
from instruments.spectrometers.ocean_usb import OceanUsb, _codec

ASK = b"\x09"
STATUS = b"\xfe"


def slot(number, text):
    return bytes([5, number]) + text.encode().ljust(15, b"\0")


def status(microseconds, *, mode=0, speed=0x80, lamp=0):
    return struct.pack("<HLBBBBBBBBBB", 2048, microseconds, lamp, mode, 0, 9, 1, 0, 0, 0, speed, 0)


LAMP_OFF = ((b"\x03\0\0", b""), (STATUS, status(1000)))


def spectrum(counts, sync=0x69):
    return struct.pack("<H", counts) * 2048 + bytes([sync])


def driver(*pairs, discard=1):
    link = ScriptedLink(pairs, name="flame", timeout_s=0.1, read_termination="")
    return OceanUsb(link, discard_after_change=discard), link


# -- codec


@given(st.integers(0, 2**32 - 1))
def test_an_integration_time_travels_as_four_bytes_lowest_first(microseconds):
    command = _codec.set_integration_time(microseconds)
    assert command[0] == 2
    assert int.from_bytes(command[1:], "little") == microseconds


@given(st.integers(0, 2**32 - 1))
def test_every_spectrum_is_read_as_it_was_sent(seed):
    counts = np.random.default_rng(seed).integers(0, 65536, 2048)
    reply = counts.astype("<u2").tobytes() + b"\x69"
    assert _codec.read_spectrum(reply).tolist() == counts.tolist()


@given(st.binary(max_size=40))
def test_no_bytes_make_an_error_of_another_kind(data):
    for read in (
        _codec.read_status,
        _codec.read_firmware,
        _codec.read_spectrum,
        _codec.read_saturation,
        lambda reply: _codec.read_text(reply, 3),
        lambda reply: _codec.read_number(reply, 3),
    ):
        with contextlib.suppress(_codec.ReplyError):
            read(data)


@given(st.integers(0, 15), st.integers(0, 255), st.integers(0, 15))
def test_the_firmware_version_has_three_parts(major, minor, patch):
    value = major << 12 | minor << 4 | patch
    assert _codec.read_firmware(b"\x04" + struct.pack("<H", value)) == (major, minor, patch)


@pytest.mark.parametrize("reply", [b"\x05\x03" + b"\xff" * 15, b"\x05\x03abc" + bytes(12)])
def test_a_slot_that_holds_no_number_is_told(reply):
    with pytest.raises(_codec.ReplyError, match="slot 3"):
        _codec.read_number(reply, 3)


# -- driver


@pytest.mark.parametrize(
    ("asked_s", "sent_us"),
    [
        (0.001, 1000),
        (0.123456, 123_460),
        (0.654994, 654_990),
        (0.7004, 700_000),
        (655.35, 655350000),
    ],
)
def test_an_integration_time_is_rounded_to_the_steps_of_the_counter(asked_s, sent_us):
    usb, link = driver((_codec.set_integration_time(sent_us), b""), (STATUS, status(sent_us)))
    usb.set_integration_time_s(asked_s)
    link.assert_finished()


def test_a_value_that_was_not_taken_is_told():
    usb, _ = driver((_codec.set_integration_time(200_000), b""), (STATUS, status(100_000)))
    with pytest.raises(DeviceFaultError, match=r"reads 0\.1 s after 0\.2 s"):
        usb.set_integration_time_s(0.2)


@pytest.mark.parametrize("asked_s", [0.0009, 655.36, float("nan")])
def test_an_illegal_integration_time_is_never_sent(asked_s):
    usb, link = driver()
    with pytest.raises(LimitError):
        usb.set_integration_time_s(asked_s)
    link.assert_finished()


def test_a_trigger_mode_that_stays_is_told():
    usb, _ = driver(*LAMP_OFF, (b"\x0a\0\0", b""), (STATUS, status(1000, mode=3)))
    with pytest.raises(DeviceFaultError, match="stays in trigger mode 3"):
        usb.prepare(0.1)


def test_a_lamp_line_that_stays_on_is_told():
    usb, _ = driver((b"\x03\0\0", b""), (STATUS, status(1000, lamp=1)))
    with pytest.raises(DeviceFaultError, match="lamp line stays on"):
        usb.prepare(0.1)


def test_a_trigger_mode_that_the_model_has_not_is_never_sent():
    usb, link = driver()
    with pytest.raises(LimitError, match="has the trigger modes free, edge, asked for 'level'"):
        usb.set_trigger_mode("level")
    link.assert_finished()


def test_a_spectrum_waits_longer_for_a_trigger_and_what_is_old_is_thrown_away():
    usb, link = driver((b"\x0a\x03\0", b""), (STATUS, status(1000, mode=3)))
    asked_s = usb.spectrum_timeout_s
    usb._stale = 0
    usb.trigger_timeout_s = 5.0
    usb.set_trigger_mode("edge")
    assert usb.trigger_mode == "edge"
    assert usb.spectrum_timeout_s == asked_s + 5.0
    assert usb.pending_discards == 1
    link.assert_finished()


def test_spectra_that_must_not_count_are_thrown_away():
    usb, link = driver((ASK, spectrum(1)), (ASK, spectrum(2)), (ASK, spectrum(3)), discard=2)
    assert usb.pending_discards == 2
    assert usb.take_spectrum()[0] == 3
    assert usb.pending_discards == 0
    link.assert_finished()


def test_parts_of_two_spectra_are_no_spectrum():
    usb, _ = driver((ASK, spectrum(1, sync=0x00)), discard=0)
    with pytest.raises(ProtocolError, match="ends with 0x69"):
        usb.take_spectrum()


def test_after_an_error_the_answer_that_comes_late_is_not_the_next():
    usb, link = driver(
        (b"\x05\x01", b""),  # no answer in time
        (b"\x05\x00", slot(1, "344.1") + slot(0, "FLMS1")),
        (b"\x05\x02", slot(2, "0.36")),
        discard=0,
    )
    with pytest.raises(LinkTimeoutError):
        usb._slot_number(1)
    assert usb._slot_number(2) == 0.36
    link.assert_finished()


def test_without_an_end_of_late_answers_it_gives_up():
    usb, _ = driver((b"\x05\x01", b""), (b"\x05\x00", slot(1, "344.1") * 4), discard=0)
    with pytest.raises(LinkTimeoutError):
        usb._slot_number(1)
    with pytest.raises(ProtocolError, match="4 late answers"):
        usb._slot_number(2)


def test_an_impossible_order_of_the_nonlinearity_is_told():
    usb, _ = driver((b"\x05\x0e", slot(14, "9")))
    with pytest.raises(ProtocolError, match="order 9"):
        usb.nonlinearity()


def test_coefficients_that_are_all_zero_are_none():
    pairs = [(b"\x05\x0e", slot(14, "1"))]
    pairs += [(bytes([5, number]), slot(number, "0.0")) for number in (6, 7)]
    usb, _ = driver(*pairs)
    assert usb.nonlinearity().tolist() == [1.0]


def test_coefficients_that_are_no_numbers_are_told():
    usb, _ = driver((b"\x05\x0e", slot(14, "0")), (b"\x05\x06", slot(6, "nan")))
    with pytest.raises(ProtocolError, match="nonlinearity"):
        usb.nonlinearity()


def test_an_axis_that_falls_is_refused():
    texts = ("900", "-0.3", "0", "0")
    usb, _ = driver(*[(bytes([5, n]), slot(n, text)) for n, text in enumerate(texts, 1)])
    with pytest.raises(ProtocolError, match="no increasing axis"):
        usb.wavelength_axis_nm()
