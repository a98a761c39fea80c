"""Puts simulated instruments on TCP ports of this machine.

The instruments know no socket and the sockets no protocol: bytes that arrive are fed to the
instrument with the loop's time, and a timer polls it when it says that something is due. Where
several hang on one port, as pumps on a chain, each hears everything. Everything here runs on the
thread of one asyncio loop.
"""

import asyncio
import collections
import logging
from typing import cast

from simulators.faults import Faults, Piece
from simulators.instrument import Greeter, Instrument
from simulators.pty_port import PtyPort

HOST = "127.0.0.1"
_UNREAD_LIMIT = 4 * 1024 * 1024  # a client that reads nothing is cut off here
_TURNS_TO_LET_IN = 10  # of the loop, at most; three are usual

_log = logging.getLogger(__name__)


class LoopClock:
    """The time of a loop, for all instruments of a bench; it never runs backwards.

    A timer may fire a little before its deadline. What is due then sees the deadline, and everybody
    after it sees no earlier time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._latest_s = 0.0

    def now_s(self, at_least_s: float = 0.0) -> float:
        """Return the time in s, at least the one given."""
        self._latest_s = max(self._latest_s, self._loop.time(), at_least_s)
        return self._latest_s


class Line(asyncio.Protocol):
    """One connection; replies leave in the order in which they were given.

    Args:
        server: Hears what comes.
        loop: Loop on whose thread all of this runs.
        is_greeted: Whether the client is told what an instrument says when its line is opened;
            a cable that is always plugged in has missed it.
    """

    def __init__(
        self, server: "DeviceServer", loop: asyncio.AbstractEventLoop, *, is_greeted: bool = False
    ) -> None:
        self._server = server
        self._is_greeted = is_greeted
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._pending: collections.deque[tuple[float, Piece]] = collections.deque()
        self._last_due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast("asyncio.Transport", transport)
        self._server.line_opened(self)
        if self._is_greeted:
            self._server.greet(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._server.received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._transport = None
        self._pending.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._server.line_closed(self)

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def deliver(self, pieces: list[Piece]) -> None:
        """Send pieces, each when it is due and none before the ones before it."""
        if not self._pending and len(pieces) == 1 and not pieces[0].after_s:
            self._write(pieces[0])
            return
        for piece in pieces:
            due_s = max(self._loop.time(), self._last_due_s) + piece.after_s
            self._last_due_s = due_s
            self._pending.append((due_s, piece))
        if self._timer is None:
            self._flush()

    def _flush(self) -> None:
        self._timer = None
        while self._pending:
            due_s = self._pending[0][0]
            if due_s > self._loop.time():
                self._timer = self._loop.call_at(due_s, self._due)
                return
            self._write(self._pending.popleft()[1])

    def _due(self) -> None:
        """Send what the timer was for: it may be a little early."""
        self._timer = None
        if self._pending:
            self._write(self._pending.popleft()[1])
        self._flush()

    def _write(self, piece: Piece) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            self._pending.clear()
            return
        if piece.data:
            transport.write(piece.data)
        if piece.then_close:
            transport.close()
        elif transport.get_write_buffer_size() > _UNREAD_LIMIT:
            _log.warning("%s: the client reads nothing, connection ended", self._server.name)
            transport.abort()


class DeviceServer:
    """One port with the instruments that hang on it.

    Several clients may come, one after the other or at the same time, as on a device server that
    shares a serial line: each reply goes to the one who asked last. What an asker who has gone
    was waiting for is given up.

    Args:
        name: Name of the first device, for messages.
        instrument: The first instrument.
        faults: Its switches.
        clock: Time of the bench.
        loop: Loop on whose thread all of this runs.
    """

    def __init__(
        self,
        name: str,
        instrument: Instrument,
        *,
        faults: Faults,
        clock: LoopClock,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.name = name
        self.port = 0
        self._stations: list[tuple[Instrument, Faults]] = [(instrument, faults)]
        self._pty: PtyPort | None = None
        self._clock = clock
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._lines: list[Line] = []
        self._asker: Line | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due_s: float | None = None

    def join(self, instrument: Instrument, faults: Faults) -> None:
        """Put a further instrument on the port; on a lost request it counts those of all.

        Args:
            instrument: The instrument.
            faults: Its switches.
        """
        self._stations.append((instrument, faults))

    @property
    def pty(self) -> str | None:
        """Path of the pseudo-terminal, None where there is none."""
        return None if self._pty is None else self._pty.path

    def open_pty(self) -> None:
        """Listen on a pseudo-terminal as well; does nothing where the system has none."""
        if self._pty is None and PtyPort.is_available():
            self._pty = PtyPort(Line(self, self._loop), self._loop)

    async def open(self, port: int) -> None:
        """Listen on a port of this machine; 0 takes any that is free.

        Raises:
            OSError: If the port is taken.
        """
        if self._server is not None:
            return
        self._server = await self._loop.create_server(
            lambda: Line(self, self._loop, is_greeted=True), HOST, port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.arm()

    async def close(self) -> None:
        """Stop listening and end the connections. The instruments stay switched on."""
        if self._pty is not None:
            self._pty.close()
            self._pty = None
        server, self._server = self._server, None
        if server is None:
            return
        await _nobody_is_being_let_in()
        server.close()
        for line in list(self._lines):
            line.abort()
        await asyncio.sleep(0)  # the connections are told
        await server.wait_closed()

    def dispose(self) -> None:
        """Cancel the timer: nothing happens to the instruments any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._due_s = None

    def line_opened(self, line: Line) -> None:
        """A client has come."""
        self._lines.append(line)

    def greet(self, line: Line) -> None:
        """Say what the instruments say when their line is opened."""
        for instrument, _ in self._stations:
            if isinstance(instrument, Greeter):
                line.deliver([Piece(data=instrument.greeting())])

    def line_closed(self, line: Line) -> None:
        """A client has gone."""
        self._lines.remove(line)
        if line is self._asker:
            self._asker = None
            for instrument, _ in self._stations:
                instrument.line_closed(self._clock.now_s())
            self.arm()

    def received(self, line: Line, data: bytes) -> None:
        """Feed the instruments."""
        now_s = self._clock.now_s()
        for instrument, faults in self._stations:
            reached = faults.take_request(data)
            if reached:
                self._asker = line
                self._reply(instrument.feed(reached, now_s), faults)
        self.arm()

    def arm(self) -> None:
        """Set the timer to what the instruments wait for."""
        times_s = [instrument.next_event_s() for instrument, _ in self._stations]
        due_s = min((time_s for time_s in times_s if time_s is not None), default=None)
        if due_s == self._due_s:
            return
        self.dispose()
        if due_s is not None:
            self._due_s = due_s
            self._timer = self._loop.call_at(due_s, self._poll, due_s)

    def refresh(self) -> None:
        """Let the instruments do what has become due."""
        self._poll(0.0)

    def _poll(self, due_s: float) -> None:
        self.dispose()
        now_s = self._clock.now_s(due_s)
        for instrument, faults in self._stations:
            self._reply(instrument.poll(now_s), faults)
        self.arm()

    def _reply(self, reply: bytes, faults: Faults) -> None:
        listener = self._asker or (self._lines[-1] if self._lines else None)
        if reply and listener is not None:
            listener.deliver(faults.take_reply(reply))


async def _nobody_is_being_let_in() -> None:
    """Wait for the tasks in which the loop makes a line of a client that has come.

    A server that is closed in the middle of one forgets the socket of the client and leaves it open
    (python/cpython issue 109564).
    """
    for _ in range(_TURNS_TO_LET_IN):
        if asyncio.all_tasks() <= {asyncio.current_task()}:
            return
        await asyncio.sleep(0)
