import struct

import numpy as np
import pytest

from simulators import obp_frame as obp
from simulators.obp_frame import Message, ObpReader, encode
from simulators.ocean_qepro import PIXELS, OceanQePro, from_table
from tests.unit.simulators.fake_world import FakeWorld

SPECTRUM, CLEAR, SET_TIME = 0x00100928, 0x00100830, 0x00110010
BUFFERED, COOLER, SET_POINT, STABLE, DEGC = 0x100900, 0x420010, 0x420011, 0x420003, 0x420004


@pytest.fixture
def world():
    return FakeWorld(photons_per_s=1000.0)


@pytest.fixture
def qepro(world):
    qepro = OceanQePro(world, integration_time_us=100_000)
    qepro.power_cycle(0.0)
    return qepro


def ask(qepro, kind, data=b"", now_s=1.0, flags=0):
    replies = ObpReader().feed(
        qepro.feed(encode(Message(kind=kind, data=data, flags=flags)), now_s)
    )
    return replies[0] if replies else None


def command(qepro, kind, data=b"", now_s=1.0):
    reply = ask(qepro, kind, data, now_s, obp.FLAG_ASKS_ACK)
    assert reply.flags & obp.FLAG_ACK


def spectrum(qepro, now_s):
    """Return metadata, counts, and when they came."""
    out = qepro.feed(encode(Message(kind=SPECTRUM)), now_s)
    while not out:
        now_s = qepro.next_event_s()
        out = qepro.poll(now_s)
    payload = out[44:-20]
    assert len(payload) == 32 + 4 * PIXELS
    return struct.unpack_from("<LQLHB13x", payload), np.frombuffer(payload[32:], "<u4"), now_s


def test_a_spectrum_has_metadata_and_four_steps_for_one_of_sixteen_bits(qepro):
    (count, tick_us, integration_us, _, mode), counts, now_s = spectrum(qepro, 1.0)
    assert (count, integration_us, mode) == (1, 100_000, 0)
    assert tick_us == round(now_s * 1e6)
    assert set(counts[4:-4] // 4) == {100}
    assert set(counts[:4] // 4) == {0}


def test_it_exposes_ahead_and_gives_what_it_has_kept(qepro, world):
    spectrum(qepro, 1.0)
    qepro.poll(qepro.next_event_s())
    assert qepro.next_event_s() is None
    assert ask(qepro, BUFFERED, now_s=2.0).data == struct.pack("<L", 1)
    world.photons_per_s = 5000.0
    _, kept, now_s = spectrum(qepro, 5.0)
    assert now_s == 5.0
    assert kept[500] // 4 == 100


def test_an_emptied_buffer_gives_new_light(qepro, world):
    spectrum(qepro, 1.0)
    qepro.poll(qepro.next_event_s())
    world.photons_per_s = 5000.0
    command(qepro, CLEAR, now_s=5.0)
    assert spectrum(qepro, 5.0)[1][500] // 4 == 500


def test_without_running_freely_nothing_is_kept(qepro):
    qepro.set_fault("free-running", on=False, now_s=0.0)
    spectrum(qepro, 1.0)
    assert qepro.next_event_s() is None
    assert qepro.state()["buffered"] == 0


def test_the_metadata_tells_with_which_exposure(qepro):
    spectrum(qepro, 1.0)
    command(qepro, SET_TIME, struct.pack("<L", 300_000), now_s=1.15)
    assert spectrum(qepro, 1.15)[0][2] == 100_000  # was under way
    assert spectrum(qepro, 2.0)[0][2] == 300_000


def test_saturated_pixels_are_at_the_end_of_the_converter(qepro, world):
    world.photons_per_s = 1e9
    assert spectrum(qepro, 1.0)[1][500] == 2**18 - 1


def test_the_detector_follows_its_set_point(qepro):
    assert ask(qepro, STABLE).data == b"\x00"
    command(qepro, SET_POINT, struct.pack("<f", -10.0))
    command(qepro, COOLER, b"\x01")
    (warm,) = struct.unpack("<f", ask(qepro, DEGC, now_s=1.0).data)
    (cold,) = struct.unpack("<f", ask(qepro, DEGC, now_s=500.0).data)
    assert warm == pytest.approx(24.0)
    assert cold == pytest.approx(-10.0, abs=0.01)
    assert ask(qepro, STABLE, now_s=500.0).data == b"\x01"
    assert ask(qepro, 0x420000, now_s=500.0).data == b"\x01"
    assert struct.unpack("<f", ask(qepro, 0x420001, now_s=500.0).data) == (-10.0,)


def test_a_hot_detector_gets_cold_again(qepro):
    command(qepro, COOLER, b"\x01")
    qepro.set_fault("hot", now_s=2.0)
    assert ask(qepro, STABLE, now_s=900.0).data == b"\x00"
    qepro.set_fault("hot", on=False, now_s=900.0)
    assert ask(qepro, STABLE, now_s=1800.0).data == b"\x01"
    assert qepro.state()["cooling"] is True


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [(COOLER, b"\x02", obp.PAYLOAD_INVALID), (SET_POINT, b"\x00", obp.PAYLOAD_LENGTH)],
)
def test_nonsense_for_the_cooler_is_refused(qepro, kind, data, error):
    assert ask(qepro, kind, data, flags=obp.FLAG_ASKS_ACK).error == error


def test_other_faults_are_those_of_its_family(qepro):
    qepro.set_fault("not-ready", now_s=0.0)
    assert ask(qepro, SPECTRUM).error == obp.NOT_READY
    with pytest.raises(ValueError, match="QE-PRO"):
        qepro.set_fault("stalled", now_s=0.0)


def test_closing_the_line_forgets_what_was_kept(qepro, world):
    spectrum(qepro, 1.0)
    qepro.poll(qepro.next_event_s())
    qepro.line_closed(3.0)
    assert qepro.state()["buffered"] == 0
    assert world.open_exposures == {}


def test_the_address_of_the_bench_names_the_serial_number(world):
    assert from_table({"address": "seabreeze::QEP1"}, world).usb.serial == "QEP1"
