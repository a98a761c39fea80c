"""Puts the process on virtual time, and back.

The patches are installed once and do nothing for a thread that the clock does not manage, so that
tests on the real clock and on the virtual one live in one process.
"""

import asyncio
import contextlib
import operator
import queue
import select
import selectors
import socket
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from simulators.clock import originals
from simulators.clock.lending import LentLoop
from simulators.clock.locks import Lock, _Active, managed
from simulators.clock.scheduler import VirtualClock

_SPIN_LIMIT = 64  # immediate returns in a row from select before virtual time moves on a little
_SPIN_STEP_S = 0.001
_spins: dict[int, int] = {}
_installed: list[bool] = []
_new_event_loop = asyncio.new_event_loop


class RealAddressError(RuntimeError):
    """A thread on virtual time asked for an instrument that lives on real time.

    Args:
        address: What it asked for.
    """

    def __init__(self, address: str) -> None:
        super().__init__(
            f"virtual time: {address} was asked for, where no simulator of this program is; a real "
            "instrument needs real time, so leave the virtual clock out or simulate the whole bench"
        )


def current_clock() -> VirtualClock | None:
    """Return the virtual clock in force, None on real time."""
    return _Active.clock


@contextlib.contextmanager
def virtual_time(
    *, epoch_s: float | None = None, speed: float | None = None
) -> Iterator[VirtualClock]:
    """Put the calling thread and all that it starts on a virtual clock.

    Args:
        epoch_s: ``time.time()`` at the start, s since 1970; None takes the real one.
        speed: Virtual seconds per real second; None is as fast as the work allows.

    Yields:
        The clock.

    Raises:
        RuntimeError: If a virtual clock is in force already.
        LeakedThreadError: On leaving, if threads that were started inside still run.
    """
    if _Active.clock is not None:
        raise RuntimeError("virtual time is in force already; only one clock at a time")
    install()
    clock = VirtualClock(epoch_s=originals.time_s() if epoch_s is None else epoch_s, speed=speed)
    clock.adopt(threading.current_thread().name)
    _Active.clock = clock
    outside = threading.Thread(target=clock.serve_outside, name="outside-calls", daemon=True)
    outside.start()
    try:
        yield clock
    finally:
        clock.stop_outside()
        outside.join()
        try:
            clock.release()
        finally:
            _Active.clock = None


def install() -> None:
    """Install the patches; a second call does nothing."""
    if _installed:
        return
    _installed.append(True)
    _patch_time()
    _patch_locks()
    _patch_threads()
    _patch_sockets()
    _patch_serial_ports()
    _patch_usb()
    _patch_notebooks()
    select.select = _select
    asyncio.new_event_loop = _event_loop


# -- time


def _sleep(seconds: float) -> None:
    here = managed()
    if here is None:
        originals.sleep(seconds)
    else:
        here[0].block(seconds)


class _Reader:
    """Reads the virtual clock on its threads, the real one elsewhere.

    An object, not a function, so that it does not bind as a method when a class keeps it.
    """

    def __init__(self, virtual: Callable[[VirtualClock], Any], real: Callable[[], Any]) -> None:
        self._virtual, self._real = virtual, real

    def __call__(self) -> Any:
        clock = _Active.clock  # as in managed(), which would cost as much again: this is asked most
        if clock is None or originals.get_ident() not in clock.tasks:
            return self._real()
        return self._virtual(clock)


def _patch_time() -> None:
    readers = {
        "sleep": _sleep,
        "time": _Reader(lambda clock: clock.time_s(), originals.time_s),
        "monotonic": _Reader(operator.attrgetter("now_s"), originals.monotonic_s),
        "time_ns": _Reader(lambda clock: round(clock.time_s() * 1e9), originals.time_ns),
        "monotonic_ns": _Reader(lambda clock: round(clock.now_s * 1e9), originals.monotonic_ns),
    }
    for name, reader in readers.items():
        setattr(time, name, reader)
    for module, name in ((threading, "_time"), (queue, "time")):
        setattr(module, name, time.monotonic)


# -- locks and threads


def _patch_locks() -> None:
    # Condition, Event, Semaphore, Barrier, Queue and Timer are written in Python on top of these.
    pure_rlock = threading._PyRLock  # type: ignore[attr-defined] # noqa: SLF001
    replacements = {"Lock": Lock, "_allocate_lock": Lock, "RLock": pure_rlock}
    for name, replacement in replacements.items():
        setattr(threading, name, replacement)
    setattr(queue, "SimpleQueue", queue._PySimpleQueue)  # type: ignore[attr-defined] # noqa: B010, SLF001


class _Begun(threading.Event):
    """Says at once that a thread has begun: it will, when its turn comes, before time goes on."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


def _patch_threads() -> None:
    def start(self: threading.Thread) -> None:
        here = managed()
        if here is not None:
            clock = here[0]
            self._virtual = (clock, clock.new_task(self.name))  # type: ignore[attr-defined]
            self._started = _Begun()  # type: ignore[attr-defined]
        originals.thread_start(self)

    def bootstrap(self: threading.Thread) -> None:
        virtual = getattr(self, "_virtual", None)
        if virtual is None:
            originals.thread_bootstrap(self)
            return
        clock, task = virtual
        clock.enter(task)
        try:
            originals.thread_bootstrap(self)
        finally:
            clock.exit(task)

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        virtual, here = getattr(self, "_virtual", None), managed()
        if virtual is not None and here is not None and not here[0].join(virtual[1], timeout):
            return
        originals.thread_join(self, timeout)

    for name, method in (("start", start), ("_bootstrap", bootstrap), ("join", join)):
        setattr(threading.Thread, name, method)


# -- sockets


def _select(
    readers: Any, writers: Any, errors: Any, timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    here = managed()
    if here is None:
        return originals.select_fds(readers, writers, errors, timeout)
    found = originals.select_fds(readers, writers, errors, 0)
    if any(found) or timeout == 0:
        _charge_spinning(here[0], bool(readers) and any(found))
        return found
    _spins.pop(originals.get_ident(), None)

    def ready() -> bool:
        nonlocal found
        found = originals.select_fds(readers, writers, errors, 0)
        return any(found)

    if here[0].block(timeout, ready=ready) != "ready":
        found = originals.select_fds(readers, writers, errors, 0)
    return found


def _charge_spinning(clock: VirtualClock, for_reading: bool) -> None:
    """Let time pass for a loop that polls a closed socket until a time-out that must come."""
    ident = originals.get_ident()
    if not for_reading:
        return
    _spins[ident] = _spins.get(ident, 0) + 1
    if _spins[ident] > _SPIN_LIMIT:
        clock.block(_SPIN_STEP_S)


_known_ends: weakref.WeakKeyDictionary[socket.socket, tuple[object, object]] = (
    weakref.WeakKeyDictionary()
)
"""Of connected TCP sockets: asking for every byte that passes would cost more than the byte."""


def _ends(sock: socket.socket) -> tuple[object, object] | None:
    ends = _known_ends.get(sock)
    if ends is None:
        if sock.family != socket.AF_INET or sock.type != socket.SOCK_STREAM:
            return None
        try:
            ends = sock.getsockname(), sock.getpeername()
        except OSError:
            return None
        _known_ends[sock] = ends
    return ends


def _refuse_the_world(sock: socket.socket, address: Any) -> None:
    """Keep threads on virtual time from instruments, which live on the real one.

    Raises:
        RealAddressError: If the address is not on this machine.
    """
    if managed() is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0])
    if host not in ("localhost", "::1") and not host.startswith("127."):
        raise RealAddressError(f"{host}:{address[1]}")


def _patch_serial_ports() -> None:
    """Keep threads on virtual time from serial ports, behind which no simulator of it stands."""
    with contextlib.suppress(ImportError):
        import serial

        opened = serial.Serial.open

        def open_(self: Any) -> None:
            if managed() is not None:
                raise RealAddressError(str(self.port))
            opened(self)

        serial.Serial.open = open_


def _patch_usb() -> None:
    """Keep threads on virtual time from every USB but that of the simulators."""
    with contextlib.suppress(ImportError):
        import usb.core

        manager = usb.core._ResourceManager  # noqa: SLF001 - whatever opens a device comes by here
        opened = manager.managed_open

        def managed_open(self: Any) -> Any:
            if managed() is not None and not getattr(self.backend, "is_simulated", False):
                about = self.backend.get_device_descriptor(self.dev)
                raise RealAddressError(f"USB {about.idVendor:04x}:{about.idProduct:04x}")
            return opened(self)

        manager.managed_open = managed_open


def _patch_notebooks() -> None:
    """Let what a notebook prints reach it through a thread of its kernel, which is on real time."""
    kernel = sys.modules.get("ipykernel.iostream")
    if kernel is None:
        return
    flushed = kernel.OutStream.flush

    def flush(self: Any) -> None:
        here = managed()
        with contextlib.nullcontext() if here is None else here[0].on_real_time():
            flushed(self)

    kernel.OutStream.flush = flush


def _patch_sockets() -> None:
    def note(sock: socket.socket, count: int, *, sent: bool) -> None:
        clock = _Active.clock
        if clock is None or originals.get_ident() not in clock.tasks:
            return
        ends = _known_ends.get(sock) or _ends(sock)
        if ends is None:
            return
        mine, other = ends
        if sent:
            clock.bytes_sent(mine, other, count)
        else:
            clock.bytes_received(other, mine, count)

    def send(self: socket.socket, data: Any, *flags: int) -> int:
        count = originals.socket_send(self, data, *flags)
        note(self, count, sent=True)
        return count

    def sendall(self: socket.socket, data: Any, *flags: int) -> None:
        originals.socket_sendall(self, data, *flags)
        note(self, len(data), sent=True)

    def sendmsg(self: socket.socket, buffers: Any, *rest: Any) -> int:
        count = originals.socket_sendmsg(self, buffers, *rest)
        note(self, count, sent=True)
        return count

    def recv(self: socket.socket, size: int, flags: int = 0) -> bytes:
        data = originals.socket_recv(self, size, flags)
        if not flags or not flags & socket.MSG_PEEK:  # the flag is an enum, which is slow
            _note_read(self, len(data))
        return data

    def recv_into(self: socket.socket, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        count = originals.socket_recv_into(self, buffer, nbytes, flags)
        if not flags or not flags & socket.MSG_PEEK:
            _note_read(self, count)
        return count

    def _note_read(sock: socket.socket, count: int) -> None:
        if count:
            _spins.pop(originals.get_ident(), None)
        note(sock, count, sent=False)

    def close(self: socket.socket) -> None:
        here = managed()
        ends = None if here is None or self.fileno() < 0 else _ends(self)
        _known_ends.pop(self, None)
        originals.socket_close(self)
        if here is not None and ends is not None:
            here[0].connection_closed(*ends)

    def connect(self: socket.socket, address: Any) -> None:
        _refuse_the_world(self, address)
        originals.socket_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_the_world(self, address)
        return originals.socket_connect_ex(self, address)

    for name, method in (
        ("connect", connect),
        ("connect_ex", connect_ex),
        ("send", send),
        ("sendall", sendall),
        ("recv", recv),
        ("recv_into", recv_into),
        ("close", close),
    ):
        setattr(socket.socket, name, method)
    if hasattr(socket.socket, "sendmsg"):  # Windows has none
        setattr(socket.socket, "sendmsg", sendmsg)  # noqa: B010


# -- asyncio


class _Selector(selectors.DefaultSelector):
    """A selector whose waiting is on the virtual clock."""

    lent: LentLoop | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.lent is not None:
            return self.lent.select(timeout)
        here = managed()
        if here is None:
            return super().select(timeout)
        clock = here[0]
        poll = super().select
        events = poll(0)
        if events or timeout == 0:
            if timeout == 0:
                clock.yield_turn()  # a loop that always has something to do must not starve others
            return events
        clock.block(timeout, ready=lambda: bool(poll(0)))
        return poll(0)


class _EventLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on the virtual clock."""

    def __init__(self, clock: VirtualClock) -> None:
        self._files = _Selector()
        self._virtual_clock = clock
        super().__init__(self._files)

    def time(self) -> float:
        """Return the virtual ``time.monotonic()`` in s."""
        return self._virtual_clock.now_s

    @contextlib.contextmanager
    def lend(self, clock: VirtualClock) -> Iterator[LentLoop]:
        """Let other threads of the clock run the loop as long as this lasts."""
        poll = super(_Selector, self._files).select
        lent = LentLoop(self, poll=lambda: poll(0), now_s=clock.monotonic_s)
        self._files.lent = lent
        try:
            yield lent
        finally:
            self._files.lent = None


def _event_loop() -> asyncio.AbstractEventLoop:
    here = managed()
    return _new_event_loop() if here is None else _EventLoop(here[0])
