"""Serial ports are described, never opened."""

from dataclasses import dataclass

import pytest

from instruments.discovery import serial_ports
from instruments.discovery.serial_ports import visa_address


@dataclass
class FakePort:
    """What pyserial would list."""

    device: str
    description: str | None = None
    manufacturer: str | None = None
    product: str | None = None
    serial_number: str | None = None
    vid: int | None = None
    pid: int | None = None


def only(**keywords):
    (finding,) = serial_ports(lambda: [FakePort(**keywords)])
    return finding


@pytest.mark.parametrize(
    ("device", "address"),
    [("COM4", "ASRL4::INSTR"), ("/dev/ttyUSB0", "ASRL/dev/ttyUSB0::INSTR")],
)
def test_an_address_is_one_that_a_bench_file_takes(device, address):
    assert visa_address(device) == address
    assert only(device=device).address == address


def test_a_converter_says_nothing_of_the_instrument_behind_it():
    finding = only(
        device="COM7", manufacturer="FTDI", product="FT232R USB UART", vid=0x0403, pid=0x6001,
        serial_number="A50285BI",
    )  # fmt: skip
    assert finding.models == ()
    assert finding.serial == "A50285BI"
    assert finding.what == "FTDI serial converter 0403:6001 (FTDI, FT232R USB UART)"
    assert "--probe" in finding.note


def test_the_words_of_the_descriptor_are_a_hint():
    finding = only(device="COM3", manufacturer="Zaber Technologies", product="X-Series", vid=0x2939)
    assert finding.models == ("zaber-ascii",)
    assert finding.note == ""
    assert only(device="COM3", product="DC4100", vid=0x1313).models == ("thorlabs-dc4100",)


def test_a_word_inside_another_is_no_hint():
    assert only(device="COM3", product="Erikas adapter", vid=0x1111).models == ()


def test_a_port_of_the_computer_is_named():
    assert only(device="COM1").what == "serial port of the computer (COM1)"


def test_ports_come_in_order():
    found = serial_ports(lambda: [FakePort("COM9"), FakePort("COM2")])
    assert [one.address for one in found] == ["ASRL2::INSTR", "ASRL9::INSTR"]


def test_pyserial_is_asked_when_nobody_else_is(monkeypatch):
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [FakePort("COM5")])
    assert [one.address for one in serial_ports()] == ["ASRL5::INSTR"]
