"""What the link does on the real clock: threads, processor time, serial ports."""

import os
import select
import sys
import threading
import time
import types

import pytest

from instruments.errors import LinkLostError, LinkTimeoutError
from instruments.links import Link, SerialSettings
from instruments.links import visa as visa_module


def ask(line, question, **kwargs):
    with line.exchange():
        line.write(question)
        return line.read(**kwargs)


def test_two_threads_never_get_each_others_answers(device, link):
    wrong = []

    def hammer(name):
        for number in range(150):
            question = f"{name} {number}"
            if ask(link, question) != f"re {question}":
                wrong.append(question)

    threads = [threading.Thread(target=hammer, args=(name,)) for name in ("plan", "window")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(device.questions) == 300
    assert wrong == []


def test_a_refused_connection_is_noticed_without_waiting(device, link):
    device.unplug()
    start_s = time.monotonic()
    with pytest.raises(LinkLostError):
        link.open()
    if sys.platform != "win32":  # Windows itself tries for two seconds
        assert time.monotonic() - start_s < 0.5


def test_a_peer_that_closes_costs_no_processor_time(device, link):
    link.timeout_s = 5.0
    device.answer = lambda question: [b"re", device.CLOSE]
    start_s, cpu_s = time.monotonic(), time.process_time()
    with pytest.raises(LinkLostError):
        ask(link, "one")
    assert time.monotonic() - start_s < 1.0
    assert time.process_time() - cpu_s < 0.5


def test_an_interrupted_exchange_ends_at_once(device, link):
    link.timeout_s = 10.0
    device.answer = lambda question: []
    failures = []
    asking = threading.Event()

    def wait_long():
        try:
            with link.exchange():
                link.write("forever")
                asking.set()
                link.read()
        except LinkLostError as error:
            failures.append(error)

    waiting = threading.Thread(target=wait_long)
    waiting.start()
    assert asking.wait(5)
    link.interrupt()
    waiting.join(2)
    assert not waiting.is_alive()
    assert failures


class Pty:
    """The far end of a serial port, without a thread of its own."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        import tty  # not on Windows

        tty.setraw(self.slave)
        self.address = f"ASRL{os.ttyname(self.slave)}::INSTR"

    def answer(self, data):
        os.write(self.master, data)

    def heard(self):
        assert select.select([self.master], [], [], 5.0)[0], "nothing was sent"
        return os.read(self.master, 4096)

    def close(self):
        for end in (self.master, self.slave):
            if end >= 0:
                os.close(end)


@pytest.fixture
def pty():
    far_end = Pty()
    yield far_end
    far_end.close()


@pytest.fixture
def serial_link(pty):
    line = Link(pty.address, name="pump", timeout_s=0.05, serial=SerialSettings(baud_rate=19200))
    yield line
    line.close()


on_linux = pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")


@on_linux
def test_a_serial_line_carries_questions_and_answers(pty, serial_link):
    with serial_link.exchange():
        serial_link.write("VER")
        assert pty.heard() == b"VER\n"
        pty.answer(b"NE1000\n")
        assert serial_link.read() == "NE1000"


class SerialResource:
    """What pyvisa-py opens, with a port that notes how it is set."""

    resource_class = "INSTR"
    session = 0
    timeout = 0
    end_input = None

    def __init__(self, failure=None):
        self.failure = failure
        self.closed = False
        self.settings = {}
        self.port = "COM3"
        self.visalib = types.SimpleNamespace(sessions=[types.SimpleNamespace(interface=self)])

    def apply_settings(self, settings):
        if self.failure:
            raise self.failure
        self.settings = settings

    def close(self):
        self.closed = True


def open_serial(monkeypatch, resource, serial):
    manager = types.SimpleNamespace(open_resource=lambda address, open_timeout: resource)
    monkeypatch.setattr(visa_module, "_manager", lambda: manager)
    return visa_module.open_wire("ASRL3::INSTR", timeout_s=1.0, serial=serial)


def test_the_frame_of_a_serial_line_can_be_set(monkeypatch):
    resource = SerialResource()
    serial = SerialSettings(data_bits=7, parity="even", stop_bits=2.0, flow_control="rts-cts")
    open_serial(monkeypatch, resource, serial)
    assert resource.settings == {
        "baudrate": 9600,
        "bytesize": 7,
        "parity": "E",
        "stopbits": 2.0,
        "rtscts": True,
        "xonxoff": False,
        "dsrdtr": False,
    }


def test_a_frame_that_the_port_refuses_is_an_error_of_the_line(monkeypatch):
    resource = SerialResource(failure=ValueError("no such thing"))
    with pytest.raises(ConnectionError, match="cannot be set to 9600 Bd 5M1: no such thing"):
        open_serial(monkeypatch, resource, SerialSettings(data_bits=5, parity="mark"))
    assert resource.closed


@on_linux
def test_a_pseudo_terminal_has_no_frame(pty):
    link = Link(pty.address, name="plate", serial=SerialSettings(data_bits=7, parity="even"))
    link.open()
    link.close()


@on_linux
def test_a_silent_serial_line_times_out(serial_link):
    with pytest.raises(LinkTimeoutError):
        ask(serial_link, "VER")


@on_linux
def test_an_unplugged_serial_line_is_lost(pty, serial_link):
    serial_link.open()
    os.close(pty.master)
    pty.master = -1
    with pytest.raises(LinkLostError):
        ask(serial_link, "VER")


@on_linux
def test_waiting_on_a_serial_line_can_be_interrupted(pty, serial_link):
    serial_link.timeout_s = 10.0
    failures = []

    def wait_long():
        try:
            ask(serial_link, "VER")
        except LinkLostError as error:
            failures.append(error)

    waiting = threading.Thread(target=wait_long)
    waiting.start()
    assert pty.heard() == b"VER\n"
    serial_link.interrupt()
    waiting.join(2)
    assert not waiting.is_alive()
    assert "interrupted" in str(failures[0])


def test_a_port_that_does_not_exist_is_an_error_of_the_line():
    link = Link("ASRL/dev/no-such-port::INSTR", name="pump")
    with pytest.raises(LinkLostError, match="no-such-port"):
        link.open()
    link.close()


def test_an_address_that_is_none_is_an_error_of_the_line():
    link = Link("nonsense", name="pump")
    with pytest.raises(LinkLostError, match="nonsense"):
        link.open()
    link.close()


def test_a_port_whose_setup_fails_is_given_back(monkeypatch):
    class Resource:
        closed = False

        @property
        def resource_class(self):
            raise OSError("not today")

        def close(self):
            Resource.closed = True

    class Manager:
        def open_resource(self, address, open_timeout):
            return Resource()

    monkeypatch.setattr(visa_module, "_manager", Manager)
    with pytest.raises(OSError, match="not today"):
        visa_module.open_wire("USB0::1::2::3::INSTR", timeout_s=1.0, serial=SerialSettings())
    assert Resource.closed
