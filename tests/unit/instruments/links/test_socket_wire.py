"""Bytes to a socket whose other side takes its time."""

import pytest

from instruments.links.visa import SocketWire


class SlowSocket:
    """Takes a few bytes, then none until it was waited for."""

    def __init__(self):
        self.taken = b""
        self.full = False

    def send(self, data):
        if self.full:
            raise BlockingIOError
        self.taken += data[:1000]
        self.full = True
        return len(data[:1000])


@pytest.fixture
def wire():
    wire = object.__new__(SocketWire)
    wire._socket = SlowSocket()
    return wire


def test_every_byte_goes_once_and_in_order(wire, monkeypatch):
    def wait(readers, writers, errors, timeout_s):
        writers[0].full = False
        return readers, writers, errors

    monkeypatch.setattr("select.select", wait)
    data = bytes(range(256)) * 20
    wire.send(data, 1.0)
    assert wire._socket.taken == data


def test_a_side_that_takes_no_more_is_told_with_what_went(wire, monkeypatch):
    monkeypatch.setattr("select.select", lambda *waited: ([], [], []))
    with pytest.raises(TimeoutError, match="takes no bytes \\(1000 of 5000 sent\\)"):
        wire.send(bytes(5000), 1.0)
