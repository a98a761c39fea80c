import struct

import numpy as np
import pytest

from simulators.ocean_ooi import FLAME_S, OceanOoi, from_flame_table, from_usb2000plus_table
from tests.unit.simulators.fake_world import FakeWorld

SPECTRUM, STATUS = b"\x09", b"\xfe"


@pytest.fixture
def world():
    return FakeWorld(photons_per_s=1000.0)


@pytest.fixture
def plus(world):
    plus = OceanOoi(world, integration_time_us=200_000)
    plus.power_cycle(0.0)
    return plus


def set_time(microseconds):
    return struct.pack("<BL", 2, microseconds)


def integration_time_us(device, now_s=1.0):
    return int.from_bytes(device.feed(STATUS, now_s)[2:6], "little")


def spectrum(device, now_s):
    device.feed(SPECTRUM, now_s)
    due_s = device.next_event_s()
    ((end_point, reply),) = device.transfers(b"", due_s)
    assert end_point == 0x82
    assert len(reply) == 4097
    assert reply[-1] == 0x69
    return np.frombuffer(reply[:-1], "<u2"), due_s


def test_a_spectrum_comes_from_its_own_end_point_when_its_time_is_over(plus):
    counts, due_s = spectrum(plus, 1.0)
    assert due_s == pytest.approx(1.2)
    assert counts[100] == 200


def test_no_light_reaches_the_dark_pixels(plus):
    counts, _ = spectrum(plus, 1.0)
    assert counts[6:21].max() == 0
    assert counts[5] == counts[21] == 200


def test_answers_come_from_the_other_end_point(plus):
    assert [end_point for end_point, _ in plus.transfers(STATUS, 1.0)] == [0x81]


def test_the_first_spectrum_after_a_change_is_the_old_one(plus, world):
    spectrum(plus, 1.0)
    plus.feed(set_time(400_000), 2.0)
    assert spectrum(plus, 2.0)[0][100] == 200
    assert spectrum(plus, 3.0)[0][100] == 400


def test_the_stale_spectrum_can_be_switched_off(plus):
    plus.set_fault("stale", on=False, now_s=0.0)
    spectrum(plus, 1.0)
    plus.feed(set_time(400_000), 2.0)
    assert spectrum(plus, 2.0)[0][100] == 400


@pytest.mark.parametrize(
    ("sent_us", "held_us"),
    [(999, 200_000), (1000, 1000), (123_456, 123_450), (700_900, 700_000), (655_350_001, 200_000)],
)
def test_the_counter_has_its_steps_and_its_range(plus, sent_us, held_us):
    plus.feed(set_time(sent_us), 1.0)
    assert integration_time_us(plus) == held_us


def test_with_a_trigger_that_never_comes_there_is_no_spectrum(plus):
    plus.feed(b"\x0a\x03\x00" + SPECTRUM, 1.0)
    assert plus.next_event_s() is None
    assert plus.state()["trigger_mode"] == 3


def test_initialising_brings_the_free_running_mode_back(plus):
    plus.feed(b"\x0a\x03\x00\x0a\x63\x00\x01", 1.0)
    assert plus.state()["trigger_mode"] == 0


def test_what_is_asked_during_an_exposure_is_answered_after_it(plus):
    assert plus.feed(SPECTRUM + b"\x05\x00", 1.0) == b""
    (_, first), (_, second) = plus.transfers(b"", 1.2)
    assert len(first) == 4097
    assert second.startswith(b"\x05\x00USB2+H04242\x00")


def test_bytes_that_begin_no_command_are_skipped(plus):
    assert len(plus.feed(b"\xaa\xbb\xfe", 1.0)) == 16


def test_half_a_command_is_forgotten_with_the_line(plus, world):
    plus.feed(b"\x09\x02\x00", 1.0)
    plus.line_closed(1.1)
    assert world.open_exposures == {}
    assert len(plus.feed(STATUS, 1.2)) == 16


def test_the_lamp_line_makes_it_unsafe(plus):
    plus.feed(b"\x03\x01\x00", 1.0)
    assert plus.state()["safe"] is False
    assert plus.feed(STATUS, 1.0)[6] == 1
    plus.power_cycle(2.0)
    assert plus.state()["safe"] is True


def test_an_unknown_fault_is_told(plus):
    with pytest.raises(ValueError, match=r"USB2000\+.*stale, full-speed"):
        plus.set_fault("stalled", now_s=0.0)


def test_the_flame_echoes_no_register_number(world):
    flame = OceanOoi(world, model=FLAME_S)
    assert flame.feed(b"\x6b\x04", 1.0) == b"\xfe\x04\x30"
    assert flame.feed(b"\x6b\x08", 1.0) == b"\xfe\x00\x00"


def test_the_address_of_the_bench_names_the_serial_number(world):
    table = {"address": "seabreeze::FLMS9"}
    assert from_flame_table(table, world).serial_number == "FLMS9"
    assert from_usb2000plus_table({}, world).serial_number == "USB2+H04242"
