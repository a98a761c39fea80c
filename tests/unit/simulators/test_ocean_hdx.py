import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import obp_frame as obp
from simulators.obp_frame import Message, ObpReader, encode
from simulators.ocean_hdx import PIXELS, OceanHDX, from_table
from tests.unit.simulators.fake_world import FakeWorld

SPECTRUM, SET_TIME, SET_TRIGGER = 0x00101000, 0x00110010, 0x00110110
ACK = obp.FLAG_ASKS_ACK


@pytest.fixture
def world():
    return FakeWorld(photons_per_s=1000.0)


@pytest.fixture
def hdx(world):
    hdx = OceanHDX(world, integration_time_us=200_000)
    hdx.power_cycle(0.0)
    return hdx


def request(kind, data=b"", flags=0, **keywords):
    return encode(Message(kind=kind, data=data, flags=flags, **keywords))


def ask(hdx, kind, data=b"", now_s=1.0, flags=0, **keywords):
    (reply,) = ObpReader().feed(hdx.feed(request(kind, data, flags, **keywords), now_s))
    return reply


def spectrum(hdx, now_s):
    """Return the counts and when they came."""
    out = hdx.feed(request(SPECTRUM), now_s)
    due_s = hdx.next_event_s()
    out += hdx.poll(due_s)
    assert len(out) == 44 + 2 * PIXELS + 20
    return np.frombuffer(out[44:-20], "<u2"), due_s


def set_time(hdx, microseconds, now_s):
    reply = ask(hdx, SET_TIME, struct.pack("<L", microseconds), now_s, ACK)
    assert reply.flags == obp.FLAG_RESPONSE | obp.FLAG_ACK


def test_a_spectrum_comes_when_its_integration_time_is_over(hdx):
    counts, due_s = spectrum(hdx, 1.0)
    assert due_s == pytest.approx(1.2)
    assert set(counts) == {200}


def test_a_late_poll_does_not_make_the_exposure_longer(hdx):
    hdx.feed(request(SPECTRUM), 1.0)
    out = hdx.poll(1.25)
    assert set(np.frombuffer(out[44:-20], "<u2")) == {200}


def test_the_first_spectrum_after_a_change_of_the_integration_time_is_the_old_one(hdx, world):
    old, _ = spectrum(hdx, 1.0)
    world.photons_per_s = 2000.0
    set_time(hdx, 400_000, 2.0)
    stale, _ = spectrum(hdx, 2.0)
    fresh, _ = spectrum(hdx, 3.0)
    assert stale[0] == old[0] == 200
    assert fresh[0] == 800


def test_setting_the_same_integration_time_makes_nothing_stale(hdx, world):
    spectrum(hdx, 1.0)
    world.photons_per_s = 2000.0
    set_time(hdx, 200_000, 2.0)
    assert spectrum(hdx, 2.0)[0][0] == 400


def test_the_stale_spectrum_can_be_switched_off(hdx):
    hdx.set_fault("stale", on=False, now_s=0.0)
    spectrum(hdx, 1.0)
    set_time(hdx, 400_000, 2.0)
    assert spectrum(hdx, 2.0)[0][0] == 400


def test_the_very_first_spectrum_cannot_be_stale(hdx):
    set_time(hdx, 400_000, 1.0)
    assert spectrum(hdx, 1.0)[0][0] == 400


def test_what_is_asked_during_an_exposure_is_answered_after_it(hdx):
    assert hdx.feed(request(SPECTRUM) + request(0x100), 1.0) == b""
    replies = ObpReader().feed(hdx.poll(1.2)[-64:])
    assert replies[0].data == b"HDX00342"


def test_several_spectra_asked_at_once_come_one_after_the_other(hdx):
    hdx.feed(request(SPECTRUM) * 2, 1.0)
    assert len(hdx.poll(1.2)) == 4200
    assert hdx.next_event_s() == pytest.approx(1.4)
    assert len(hdx.poll(1.4)) == 4200
    assert hdx.next_event_s() is None


def test_closing_the_line_gives_the_exposure_up(hdx, world):
    hdx.feed(request(SPECTRUM) + request(0x100) + b"\xc1", 1.0)
    hdx.line_closed(1.1)
    assert hdx.next_event_s() is None
    assert world.open_exposures == {}
    assert hdx.poll(5.0) == b""
    assert not hdx.state()["exposing"]


def test_with_a_trigger_that_never_comes_there_is_no_spectrum(hdx):
    reply = ask(hdx, SET_TRIGGER, b"\x01", flags=ACK)
    assert reply.flags & obp.FLAG_ACK
    assert hdx.feed(request(SPECTRUM), 1.0) == b""
    assert hdx.next_event_s() is None
    assert ask(hdx, 0x110100).data == b"\x01"


def test_power_brings_the_first_integration_time_back(hdx):
    set_time(hdx, 400_000, 1.0)
    hdx.power_cycle(2.0)
    assert hdx.state()["integration_time_s"] == pytest.approx(0.2)
    assert hdx.state()["safe"]


def test_not_ready_is_a_fault_that_can_be_switched(hdx):
    hdx.set_fault("not-ready", now_s=1.0)
    assert ask(hdx, SPECTRUM).error == obp.NOT_READY
    hdx.set_fault("not-ready", on=False, now_s=1.0)
    assert spectrum(hdx, 1.0)[0][0] == 200
    with pytest.raises(ValueError, match="HDX: no fault 'stall'; it has not-ready, stale"):
        hdx.set_fault("stall", now_s=1.0)


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        (SET_TIME, struct.pack("<L", 5_999), obp.PAYLOAD_INVALID),
        (SET_TIME, struct.pack("<L", 10_000_001), obp.PAYLOAD_INVALID),
        (SET_TIME, b"\x00", obp.PAYLOAD_LENGTH),
        (SET_TRIGGER, b"\x07", obp.PAYLOAD_INVALID),
        (SET_TRIGGER, b"", obp.PAYLOAD_LENGTH),
        (0x180101, b"", obp.PAYLOAD_LENGTH),
        (0x180101, b"\x04", obp.NO_SUCH_VALUE),
        (0x181101, b"\x08", obp.NO_SUCH_VALUE),
        (0x12345678, b"", obp.UNKNOWN_MESSAGE),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_number(hdx, kind, data, error):
    reply = ask(hdx, kind, data, flags=ACK, regarding=77)
    assert reply.flags == obp.FLAG_RESPONSE | obp.FLAG_NACK
    assert reply.error == error
    assert reply.regarding == 77
    assert reply.kind == kind


def test_the_nonlinearity_is_the_detectors(world):
    world.detector.nonlinearity = (1.0, -2e-6)
    hdx = OceanHDX(world)
    values = [struct.unpack("<f", ask(hdx, 0x181101, bytes([i])).data)[0] for i in range(8)]
    assert values == pytest.approx([1.0, -2e-6, 0, 0, 0, 0, 0, 0])


def test_the_pixels_are_where_the_coefficients_say(hdx):
    counts = struct.unpack("<B", ask(hdx, 0x180100).data)[0]
    told = [struct.unpack("<f", ask(hdx, 0x180101, bytes([i])).data)[0] for i in range(counts)]
    pixel = np.arange(PIXELS)
    assert hdx.wavelength_nm == pytest.approx(sum(c * pixel**i for i, c in enumerate(told)))
    assert np.all(np.diff(hdx.wavelength_nm) > 0)
    assert hdx.wavelength_nm[0] < 360
    assert hdx.wavelength_nm[-1] > 900


def test_a_bench_table_gives_a_spectrometer(world):
    assert ask(from_table({}, world), 0xE11).data == b"HDX"


# -- the frame


def test_a_checksum_is_checked_and_answered_in_kind(hdx):
    reply = ObpReader().feed(hdx.feed(request(0x100, md5=True), 1.0))[0]
    assert reply.md5
    assert reply.error == 0
    damaged = bytearray(request(0x100, md5=True))
    damaged[50] ^= 1
    (refused,) = ObpReader().feed(hdx.feed(bytes(damaged), 1.0))
    assert refused.error == obp.BAD_CHECKSUM


def test_another_protocol_version_or_footer_is_refused(hdx):
    for position, value in ((3, 0x20), (-1, 0)):
        damaged = bytearray(request(0x100))
        damaged[position] = value
        (refused,) = ObpReader().feed(hdx.feed(bytes(damaged), 1.0))
        assert refused.error == obp.BAD_PROTOCOL


def test_the_reader_finds_the_next_message_after_rubbish():
    rubbish = b"hello\xc1\xc0 no header" + bytes(60)
    (message,) = ObpReader().feed(rubbish + request(0x100))
    assert message.kind == 0x100


@given(
    kind=st.integers(0, 2**32 - 1),
    data=st.binary(max_size=200),
    regarding=st.integers(0, 2**32 - 1),
    flags=st.sampled_from([0, 4]),
    md5=st.booleans(),
    cut=st.integers(1, 300),
)
def test_what_is_encoded_is_read_back_however_it_is_cut(kind, data, regarding, flags, md5, cut):
    message = Message(kind=kind, data=data, flags=flags, regarding=regarding, md5=md5)
    raw = encode(message)
    reader = ObpReader()
    assert [*reader.feed(raw[:cut]), *reader.feed(raw[cut:])] == [message]
