"""One simulated instrument on the virtual USB."""

import asyncio
import collections
import threading
from typing import Protocol

from simulators.faults import Faults, Piece
from simulators.server import LoopClock
from simulators.usb_description import UsbInstrument


class Bus(Protocol):
    """What an instrument needs of the bus that it is plugged into."""

    changed: threading.Condition

    def add(self, port: "UsbPort") -> None:
        """Let the host find it."""
        ...

    def remove(self, port: "UsbPort") -> None:
        """Let the host find it no more."""
        ...


class UsbPort:
    """One instrument on the bus; the counterpart of a ``DeviceServer``.

    What is not for the host runs on the thread of the loop.

    Args:
        name: Name of the device, for messages.
        instrument: The instrument.
        faults: Its switches.
        clock: Time of the bench.
        loop: Loop of the simulators.
        bus: Where it is plugged in.
    """

    def __init__(
        self,
        name: str,
        instrument: UsbInstrument,
        *,
        faults: Faults,
        clock: LoopClock,
        loop: asyncio.AbstractEventLoop,
        bus: Bus,
    ) -> None:
        self.name = name
        self.instrument = instrument
        self.port = 0
        self.pty: str | None = None  # for a serial line only
        self.plugs = 0
        self.plugged = False
        self.claimed_by: object | None = None
        self.packets: dict[int, collections.deque[bytes]] = collections.defaultdict(
            collections.deque
        )
        self._faults = faults
        self._clock = clock
        self._loop = loop
        self._bus = bus
        self._timer: asyncio.TimerHandle | None = None
        self._last_due_s = 0.0
        self._hosts = 0  # how many have gone: what is on its way to one of them is lost

    async def open(self, port: int) -> None:
        """Plug it in; there is no port to choose."""
        if not self.plugged:
            self._replug(self._clock.now_s())
            self.plugged = True
            self._bus.add(self)
            self.arm()

    async def close(self) -> None:
        """Pull the cable. The instrument stays switched on."""
        if self.plugged:
            self.plugged = False
            self._bus.remove(self)
            self._replug(self._clock.now_s())

    def _replug(self, now_s: float) -> None:
        """Let all that was opened before be gone."""
        with self._bus.changed:
            self.plugs += 1
            self.claimed_by = None
            self.packets.clear()
            self._bus.changed.notify_all()
        self.instrument.line_closed(now_s)

    def dispose(self) -> None:
        """Cancel the timer: nothing happens to the instrument any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def arm(self) -> None:
        """Set the timer to what the instrument waits for."""
        self.dispose()
        due_s = self.instrument.next_event_s()
        if due_s is not None:
            self._timer = self._loop.call_at(due_s, self._poll, due_s)

    def refresh(self) -> None:
        """Let the instrument do what has become due."""
        self._poll(0.0)

    # -- from the host

    def written(self, data: bytes, plugs: int) -> None:
        """Take what the host has written; callable from any thread."""
        self._loop.call_soon_threadsafe(self._received, data, plugs)

    def released(self, plugs: int) -> None:
        """Note that the host has gone; callable from any thread."""
        self._loop.call_soon_threadsafe(self._host_gone, plugs)

    def _received(self, data: bytes, plugs: int) -> None:
        if plugs == self.plugs:
            reached = self._faults.take_request(data)
            if reached:
                self._send(self.instrument.transfers(reached, self._clock.now_s()))

    def _host_gone(self, plugs: int) -> None:
        if plugs == self.plugs:
            self._replug_endpoints()
            self.instrument.line_closed(self._clock.now_s())
            self.arm()

    def _replug_endpoints(self) -> None:
        self._hosts += 1
        self._last_due_s = 0.0
        with self._bus.changed:
            self.packets.clear()

    # -- to the host

    def _poll(self, due_s: float) -> None:
        self._send(self.instrument.transfers(b"", self._clock.now_s(due_s)))

    def _send(self, transfers: list[tuple[int, bytes]]) -> None:
        for end_point, data in transfers:
            for piece in self._faults.take_reply(data):
                due_s = max(self._loop.time(), self._last_due_s) + piece.after_s
                self._last_due_s = due_s
                if due_s <= self._loop.time():
                    self._deliver(end_point, piece, self._session)
                else:
                    self._loop.call_at(due_s, self._deliver, end_point, piece, self._session)
        self.arm()

    @property
    def _session(self) -> tuple[int, int]:
        return self.plugs, self._hosts

    def _deliver(self, end_point: int, piece: Piece, session: tuple[int, int]) -> None:
        if session != self._session:
            return
        size = self.instrument.usb.packet_bytes[end_point]
        data = piece.data
        with self._bus.changed:
            self.packets[end_point].extend(data[at : at + size] for at in range(0, len(data), size))
            self._bus.changed.notify_all()
        if piece.then_close:  # it falls off the bus and comes back at once
            self._replug(self._clock.now_s())
            self.arm()
