"""Buses whose messages have an end of their own."""

import errno

import pytest
import pyvisa

from instruments.errors import LinkLostError, LinkTimeoutError
from instruments.links import Link
from instruments.links import visa as visa_module

TIMEOUT = pyvisa.constants.StatusCode.error_timeout
GONE = pyvisa.constants.StatusCode.error_connection_lost


class Resource:
    """Stands in for a USB instrument."""

    resource_class = "INSTR"
    timeout = 0.0

    def __init__(self):
        self.sent = []
        self.replies = []
        self.closed = False

    def write_raw(self, data):
        self.sent.append(data)

    def read_raw(self):
        reply = self.replies.pop(0) if self.replies else TIMEOUT
        if isinstance(reply, bytes):
            return reply
        raise pyvisa.errors.VisaIOError(reply)

    def close(self):
        self.closed = True


@pytest.fixture
def resource(monkeypatch):
    usb = Resource()

    class Manager:
        def open_resource(self, address, open_timeout):
            return usb

    monkeypatch.setattr(visa_module, "_manager", Manager)
    return usb


@pytest.fixture
def link(resource):
    return Link("USB0::0x1313::0x8078::P0001::INSTR", name="meter")


def test_a_message_is_an_answer(resource, link):
    resource.replies = [TIMEOUT, b"1.5E-3\n"]  # the first look finds nothing left over
    with link.exchange():
        link.write("MEAS:POW?")
        assert link.read() == "1.5E-3"
    assert resource.sent == [b"MEAS:POW?\n"]
    link.close()
    assert resource.closed


def test_no_message_is_a_time_out(resource, link):
    with link.exchange():
        link.write("MEAS:POW?")
        with pytest.raises(LinkTimeoutError):
            link.read()


def test_a_bus_that_is_gone_is_a_lost_line(resource, link):
    resource.replies = [TIMEOUT, GONE]
    with link.exchange():
        link.write("MEAS:POW?")
        with pytest.raises(LinkLostError):
            link.read()
    assert not link.connected


def test_a_message_that_is_not_taken_is_a_time_out(resource, link, monkeypatch):
    def refuse(data):
        raise pyvisa.errors.VisaIOError(TIMEOUT)

    monkeypatch.setattr(resource, "write_raw", refuse)
    with pytest.raises(LinkTimeoutError, match="not sent"):
        link.write("MEAS:POW?")


def test_a_connection_that_the_system_gave_up_is_lost(resource, link, monkeypatch):
    def give_up(data):
        raise TimeoutError(errno.ETIMEDOUT, "connection timed out")

    monkeypatch.setattr(resource, "write_raw", give_up)
    with pytest.raises(LinkLostError, match="timed out"):
        link.write("MEAS:POW?")
    assert not link.connected


def test_a_bus_without_interruption_ends_by_its_time_out(resource, link):
    with link.exchange():
        link.write("MEAS:POW?")
        link.interrupt()
        with pytest.raises(LinkLostError, match="interrupted"):
            link.read()
