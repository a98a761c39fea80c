"""The virtual USB as pyusb sees it."""

import errno

import pytest

usb_core = pytest.importorskip("usb.core")

import usb.util  # noqa: E402

from simulators.bench import SimulatedBench  # noqa: E402
from simulators.clock import RealAddressError  # noqa: E402

TABLE = {
    "device": {
        "plus": {"model": "ocean-usb2000plus", "address": "seabreeze::P1"},
        "qepro": {"model": "ocean-qepro", "address": "seabreeze::Q1"},
    }
}
STATUS = b"\xfe"


@pytest.fixture
def simulators(virtual_clock):
    with SimulatedBench(TABLE, ports="any") as simulators:
        yield simulators


@pytest.fixture
def bus(simulators):
    return simulators._usb._bus


def open_device(bus, product_id):
    device = usb_core.find(backend=bus, idProduct=product_id)
    device.set_configuration()
    return device


@pytest.fixture
def plus(bus):
    device = open_device(bus, 0x101E)
    yield device
    usb.util.dispose_resources(device)


def test_the_descriptors_are_those_of_the_instruments(bus):
    plus, qepro = usb_core.find(find_all=True, backend=bus)
    assert (plus.idVendor, plus.idProduct) == (0x2457, 0x101E)
    assert plus.product == "Ocean Optics USB2000+"
    assert plus.iSerialNumber == 0
    assert qepro.serial_number == "Q1"
    assert qepro.manufacturer == "Ocean Optics"
    assert plus.bus == qepro.bus
    assert plus.address != qepro.address
    assert plus.parent is None


def test_end_points_and_packets_are_those_of_the_instruments(bus):
    plus, qepro = usb_core.find(find_all=True, backend=bus)
    ends = {end.bEndpointAddress: end.wMaxPacketSize for end in plus[0][0, 0]}
    assert ends == {0x01: 64, 0x81: 64, 0x82: 512, 0x86: 512}
    assert {end.bEndpointAddress for end in qepro[0][0, 0]} == {0x01, 0x81, 0x02, 0x82}


def test_descriptors_that_are_not_there_end_the_search(bus):
    (port, _) = bus.enumerate_devices()
    for ask in (
        lambda: bus.get_configuration_descriptor(port, 1),
        lambda: bus.get_interface_descriptor(port, 1, 0, 0),
        lambda: bus.get_endpoint_descriptor(port, 9, 0, 0, 0),
    ):
        with pytest.raises(IndexError):
            ask()


def test_it_is_found_by_its_name_while_the_simulators_run(simulators, bus):
    from seabreeze.pyseabreeze.transport import get_pyusb_backend_from_name

    assert get_pyusb_backend_from_name(bus.name) is bus


def test_an_answer_is_read(plus):
    assert plus.write(0x01, STATUS) == 1
    assert len(plus.read(0x81, 64)) == 16


def test_nothing_to_read_is_a_time_out(plus, virtual_clock):
    began_s = virtual_clock.monotonic_s()
    with pytest.raises(usb_core.USBTimeoutError):
        plus.read(0x81, 64, timeout=250)
    assert virtual_clock.monotonic_s() - began_s == pytest.approx(0.25)


def test_a_read_that_is_too_short_for_the_packet_overflows(plus, virtual_clock):
    plus.write(0x01, STATUS)
    virtual_clock.block(0.01)
    with pytest.raises(usb_core.USBError) as caught:
        plus.read(0x81, 8)
    assert caught.value.errno == errno.EOVERFLOW


def test_a_short_packet_ends_a_read(plus):
    plus.write(0x01, b"\x09")
    assert len(plus.read(0x82, 8192, timeout=5000)) == 4097


def test_full_packets_fill_a_read_and_the_rest_stays(plus):
    plus.write(0x01, b"\x09")
    assert len(plus.read(0x82, 2048, timeout=5000)) == 2048
    assert len(plus.read(0x82, 2049)) == 2049


def test_what_came_before_the_time_was_up_is_not_lost(bus, virtual_clock):
    qepro = open_device(bus, 0x4004)
    qepro.write(0x01, bytes.fromhex("c1c00011") + bytes(200))
    from simulators import obp_frame

    qepro.write(0x01, obp_frame.encode(obp_frame.Message(kind=0x100)))
    assert len(qepro.read(0x81, 512, timeout=100)) % 64 == 0
    usb.util.dispose_resources(qepro)


def test_one_handle_at_a_time_has_the_interface(bus, plus):
    plus.write(0x01, STATUS)
    other = usb_core.find(backend=bus, idProduct=0x101E)
    with pytest.raises(usb_core.USBError) as caught:
        other.set_configuration()
    assert caught.value.errno == errno.EBUSY
    with pytest.raises(usb_core.USBError):
        usb.util.claim_interface(other, 0)
    usb.util.dispose_resources(plus)
    other.set_configuration()
    assert other.get_active_configuration().bConfigurationValue == 1
    other.set_interface_altsetting()
    other.clear_halt(0x81)
    assert not other.is_kernel_driver_active(0)
    usb.util.dispose_resources(other)


def test_an_unplugged_device_is_gone_and_comes_back_at_another_address(simulators, bus, plus):
    address = plus.address
    simulators.unplug("plus")
    simulators.unplug("plus")
    with pytest.raises(usb_core.USBError) as caught:
        plus.write(0x01, STATUS)
    assert caught.value.errno == errno.ENODEV
    assert usb_core.find(backend=bus, idProduct=0x101E) is None
    simulators.replug("plus")
    simulators.replug("plus")
    again = usb_core.find(backend=bus, idProduct=0x101E)
    assert again.address != address
    again.set_configuration()
    again.write(0x01, STATUS)
    assert len(again.read(0x81, 64)) == 16
    usb.util.dispose_resources(again)


def test_a_request_that_is_lost_has_no_answer(simulators, plus):
    simulators.faults("plus").lose()
    plus.write(0x01, STATUS)
    with pytest.raises(usb_core.USBTimeoutError):
        plus.read(0x81, 64, timeout=100)


def test_late_packets_do_not_reach_a_device_that_was_replugged(simulators, plus, virtual_clock):
    simulators.faults("plus").late(5.0)
    plus.write(0x01, STATUS)
    virtual_clock.block(0.1)
    simulators.unplug("plus")
    simulators.replug("plus")
    virtual_clock.block(10.0)
    assert not simulators._servers["plus"].packets[0x81]


def test_another_control_request_stalls(plus):
    with pytest.raises(usb_core.USBError) as caught:
        plus.ctrl_transfer(0x80, 0, 0, 0, 2)
    assert caught.value.errno == errno.EPIPE


def test_the_state_is_up_to_date(simulators):
    assert simulators.state("plus")["exposing"] is False
    assert [row["pty"] for row in simulators.describe()] == [None, None]


def test_virtual_time_keeps_away_from_every_other_usb(bus, monkeypatch):
    monkeypatch.setattr(type(bus), "is_simulated", False)
    device = usb_core.find(backend=bus, idProduct=0x101E)
    with pytest.raises(RealAddressError, match="USB 2457:101e was asked for"):
        device.set_configuration()
