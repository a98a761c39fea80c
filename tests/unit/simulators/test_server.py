"""The server without sockets but for one; over sockets it is tested in tests/contract."""

import asyncio
import contextlib
import socket

import pytest

from simulators.faults import Faults, Piece
from simulators.server import HOST, DeviceServer, Line, LoopClock


class FakeLoop:
    def __init__(self):
        self.now_s = 10.0
        self.timers = []

    def time(self):
        return self.now_s

    def call_at(self, when_s, function, *arguments):
        self.timers.append((when_s, function, arguments))
        return self

    def cancel(self):
        self.timers.clear()

    def fire(self):
        _, function, arguments = self.timers.pop(0)
        function(*arguments)


class FakeTransport(asyncio.Transport):
    def __init__(self):
        super().__init__()
        self.sent = []
        self.unread = 0
        self.closing = False

    def write(self, data):
        self.sent.append(data)

    def get_write_buffer_size(self):
        return self.unread

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True

    abort = close


class Echo:
    """Answers with what it hears, and speaks by itself at ``due_s``."""

    def __init__(self):
        self.due_s = None
        self.polled_s = []
        self.closed = 0

    def feed(self, data, now_s):
        return data

    def poll(self, now_s):
        self.polled_s.append(now_s)
        self.due_s = None
        return b"by itself"

    def next_event_s(self):
        return self.due_s

    def line_closed(self, now_s):
        self.closed += 1


@pytest.fixture
def loop():
    return FakeLoop()


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def server(loop, echo):
    faults = Faults(lambda kind, on, channel: None)
    return DeviceServer("echo", echo, faults=faults, clock=LoopClock(loop), loop=loop)


@pytest.fixture
def line(server, loop):
    return connected(server, loop)


def connected(server, loop):
    line = Line(server, loop)
    line.connection_made(FakeTransport())
    return line


def test_a_reply_goes_to_the_one_who_asked(server, line, loop):
    other = connected(server, loop)
    line.data_received(b"one")
    other.data_received(b"two")
    assert line._transport.sent == [b"one"]
    assert other._transport.sent == [b"two"]


def test_the_clock_never_runs_backwards(loop):
    clock = LoopClock(loop)
    assert clock.now_s() == 10.0
    assert clock.now_s(11.0) == 11.0
    assert clock.now_s() == 11.0
    loop.now_s = 12.0
    assert clock.now_s() == 12.0


def test_a_timer_that_fires_early_polls_with_the_time_it_was_set_for(server, line, loop, echo):
    echo.due_s = 15.0
    line.data_received(b"x")
    loop.now_s = 14.999
    loop.fire()
    assert echo.polled_s == [15.0]
    assert line._transport.sent[-1] == b"by itself"


def test_what_an_instrument_says_by_itself_reaches_a_client_that_has_not_asked(
    server, line, loop, echo
):
    echo.due_s = 11.0
    server.arm()
    loop.fire()
    assert line._transport.sent == [b"by itself"]


def test_what_an_instrument_says_to_nobody_is_lost(server, loop, echo):
    echo.due_s = 11.0
    server.arm()
    loop.fire()
    assert echo.polled_s == [11.0]


def test_only_the_end_of_the_askers_line_is_told_to_the_instrument(server, line, loop, echo):
    other = connected(server, loop)
    line.data_received(b"x")
    other.connection_lost(None)
    assert echo.closed == 0
    line.connection_lost(None)
    assert echo.closed == 1


def test_pieces_leave_in_order_and_when_they_are_due(line, loop):
    line.deliver([Piece(data=b"a", after_s=1.0), Piece(data=b"b")])
    line.deliver([Piece(data=b"c")])
    assert line._transport.sent == []
    loop.now_s = 10.9999  # a timer may be early
    loop.fire()
    loop.now_s = 11.0
    loop.fire()
    assert line._transport.sent == [b"a", b"b", b"c"]


def test_nothing_is_written_to_a_line_that_closes(line, loop):
    line.deliver([Piece(data=b"a", then_close=True), Piece(data=b"b")])
    assert line._transport.sent == [b"a"]


def test_what_waits_for_a_line_that_is_lost_is_forgotten(line, loop):
    transport = line._transport
    line.deliver([Piece(data=b"a", after_s=1.0)])
    line.connection_lost(None)
    assert loop.timers == []
    line.abort()
    line.deliver([Piece(data=b"b")])
    assert transport.sent == []


def test_a_client_that_reads_nothing_is_cut_off(line):
    line._transport.unread = 100_000_000
    line.data_received(b"x")
    assert line._transport.closing


@pytest.mark.parametrize("turns", range(5))
def test_a_client_that_was_just_let_in_is_not_forgotten_at_the_end(turns):
    loop = asyncio.new_event_loop()
    faults = Faults(lambda kind, on, channel: None)
    server = DeviceServer("meter", Echo(), faults=faults, clock=LoopClock(loop), loop=loop)

    async def come_and_close():
        await server.open(0)
        client = socket.create_connection((HOST, server.port), timeout=5.0)
        for _ in range(turns):
            await asyncio.sleep(0)
        await server.close()
        return client

    with (
        contextlib.closing(loop),
        loop.run_until_complete(come_and_close()) as client,
        contextlib.suppress(ConnectionResetError),
    ):
        assert client.recv(1) == b""
