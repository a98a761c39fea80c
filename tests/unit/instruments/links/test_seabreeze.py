"""What the wire to a USB spectrometer asks for, and addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import ConfigurationError
from instruments.links.seabreeze import (
    SeabreezeWire,
    UsbSpectrometer,
    is_seabreeze_address,
    open_seabreeze,
)
from instruments.links.seabreeze_replies import ObpReplies, OoiReplies
from instruments.spectrometers import obp


def test_an_address_is_recognised():
    assert is_seabreeze_address("seabreeze::FLMS1")
    assert is_seabreeze_address("SEABREEZE@libusb0::FLMS1")
    assert not is_seabreeze_address("USB0::0x1313::0x8078::P1::INSTR")


@pytest.mark.parametrize(
    "address", ["seabreeze", "seabreeze::", "seabreeze::a::b", "seabreeze@::x"]
)
def test_an_address_that_is_none_is_told(address):
    with pytest.raises(ConfigurationError, match="seabreeze::<serial number>"):
        open_seabreeze(address)


def test_of_the_older_protocol_the_command_decides_end_point_and_length():
    replies = OoiReplies()
    for command, expected in (
        (b"\x05\x00", ("low_speed", 17)),
        (b"\x6b\x04", ("low_speed", 3)),
        (b"\xfe", ("low_speed", 16)),
        (b"\x09", ("high_speed", 4097)),
    ):
        replies.asked(command)
        assert replies.expected() == expected


def test_a_spectrum_is_read_on_where_it_broke_off():
    replies = OoiReplies()
    replies.asked(b"\x09")
    replies.came(bytes(4000))
    assert replies.expected() == ("high_speed", 97)
    assert replies.stray == ("high_speed", 4097)
    replies.came(bytes(97))
    assert replies.stray is None
    assert replies.expected() == ("high_speed", 4097)


def test_a_command_without_an_answer_changes_nothing():
    replies = OoiReplies()
    replies.asked(b"\xfe")
    replies.asked(b"\x02\0\0\0\0")
    assert replies.expected() == ("low_speed", 16)


@given(st.binary(max_size=5000), st.data())
def test_a_frame_is_read_to_its_end_however_it_comes(payload, data):
    frame = obp.encode(obp.Message(message_type=1, payload=payload))
    replies = ObpReplies()
    replies.asked(b"")
    got = b""
    while len(got) < len(frame):
        _, length = replies.expected()
        assert 0 < length <= len(frame) - len(got)
        part = data.draw(st.integers(1, length))
        replies.came(frame[len(got) : len(got) + part])
        got += frame[len(got) : len(got) + part]
    assert replies.expected() == ("low_speed", 64)


def test_a_header_that_announces_nonsense_is_not_waited_for():
    replies = ObpReplies()
    replies.came(b"\xff" * 64)
    assert replies.expected() == ("low_speed", 64)


class FakeTransport:
    def __init__(self):
        self.error = None
        self.reads = []

    def write(self, data, timeout_ms):
        if self.error:
            raise self.error

    def read(self, *, size, timeout_ms, mode):
        self.reads.append((size, timeout_ms, mode))
        if self.error:
            raise self.error
        return b""


class FakeFeature:
    def __init__(self, transport):
        self.protocol = self
        self.transport = transport


class FakeUsbDevice:
    def __init__(self):
        self.error = None

    def ctrl_transfer(self, *request, timeout):
        assert request == (0x80, 0, 0, 0, 2)
        if self.error:
            raise self.error


class FakeDevice:
    def __init__(self):
        self.transport = FakeTransport()
        self.features = {"raw_usb_bus_access": [FakeFeature(self.transport)]}
        self.closed = False

    def close(self):
        self.closed = True


@pytest.fixture
def device():
    return FakeDevice()


@pytest.fixture
def wire(device):
    device.usb = FakeUsbDevice()
    attached = UsbSpectrometer(
        model="QE-PRO", vendor_id=0x2457, product_id=0x4004, bus=9, address=9, serial="",
        device=device.usb,
    )  # fmt: skip
    return SeabreezeWire(device, attached)


def test_bytes_that_are_not_taken_in_time_are_a_time_out(wire, device):
    import usb.core

    device.transport.error = usb.core.USBTimeoutError("slow", -7, 110)
    with pytest.raises(TimeoutError) as caught:
        wire.send(b"\xfe", 0.1)
    assert caught.value.errno is None


def test_any_other_error_goes_through(wire, device):
    import usb.core

    device.transport.error = usb.core.USBError("gone", -4, 19)
    with pytest.raises(OSError, match="gone"):
        wire.send(b"\xfe", 0.1)
    with pytest.raises(OSError, match="gone"):
        wire.receive(0.1)


def test_without_time_to_wait_it_does_not_look(wire, device):
    assert wire.receive(0.0) == b""
    assert device.transport.reads == []


def test_a_read_never_waits_for_ever(wire, device, virtual_clock):
    device.transport.read = lambda **keywords: virtual_clock.block(0.01) and b""
    assert wire.receive(0.05) == b""


def test_the_shortest_time_out_is_not_none_at_all(wire, device):
    wire.send(b"\xfe", 0.0)
    wire._read("low_speed", 16, timeout_s=1e-9)
    assert device.transport.reads == [(16, 1, "low_speed")]


def test_an_interrupted_wire_is_given_up(wire, device):
    wire.interrupt()
    with pytest.raises(ConnectionAbortedError):
        wire.receive(1.0)
    wire.close()
    assert device.closed


@pytest.mark.parametrize(("number", "is_gone"), [(19, True), (32, False), (110, False)])
def test_it_is_gone_when_the_system_has_no_such_device(wire, device, number, is_gone):
    import usb.core

    assert not wire.is_gone()
    device.usb.error = usb.core.USBError("it has an error", None, number)
    assert wire.is_gone() is is_gone
