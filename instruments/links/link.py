"""One line to one device, shared by all who ask it.

The line is locked for a whole exchange, cleaned after every error, and reconnected when it was
lost.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pymeasure.adapters import Adapter

from instruments.errors import (
    ConfigurationError,
    DeviceFaultError,
    LimitError,
    LinkError,
    LinkTimeoutError,
    NotConnectedError,
    ProtocolError,
)
from instruments.links.port import Port, shown
from instruments.links.turn import Turn
from instruments.links.visa import Wire, open_wire
from instruments.links.wire_log import Direction, WireLog

_QUIET_S = 0.05  # a line on which nothing comes for so long is silent
_DRAIN_LIMIT_S = 2.0  # a line that talks for longer without being asked is out of order
_TURN_TIMEOUT_S = 30.0  # longer than the longest exchange, which is a 10 s exposure

# These say nothing against the line: the device answered as its manual says, or was never asked.
_LINE_IS_FINE = (DeviceFaultError, LimitError, ConfigurationError, NotConnectedError)

Hook = Callable[[], None]
_LOGGER = logging.getLogger(__name__)


class Link(Adapter):
    """The line to one device.

    All writing and reading belongs into ``with link.exchange():``, from the question to the last
    check of the answer. The port is opened by the first byte that is sent.

    Args:
        address: VISA resource name.
        name: name of the device on the bench, for messages.
        timeout_s: how long a whole answer may take, s; may be changed inside an exchange.
        baud_rate: speed of a serial line, Bd.
        read_termination: what ends an answer; it is stripped.
        write_termination: what is added to a command.
        reconnect_delays_s: pauses after the first, second, ... loss in a row, s.
        wire_log_length: how many entries the log of the bytes keeps.

    Attributes:
        resync: called after an error, when the line is silent: makes sure by a question of its own
            that question and answer belong together; see `synchronise`.
        on_reconnect: called after a lost line is back: brings the device to the state that it may
            have lost with its power.
        wire_log: the last bytes that went over the line.
    """

    _made = False

    def __init__(
        self,
        address: str,
        *,
        name: str,
        timeout_s: float = 1.0,
        baud_rate: int = 9600,
        read_termination: str = "\n",
        write_termination: str = "\n",
        reconnect_delays_s: Sequence[float] = (0.1, 0.5, 2.0, 5.0),
        wire_log_length: int = 1000,
    ) -> None:
        super().__init__(log=_LOGGER)
        self.address = address
        self.name = name
        self.timeout_s = timeout_s
        self.resync: Hook | None = None
        self.on_reconnect: Hook | None = None
        self.wire_log = WireLog(wire_log_length)
        self._baud_rate = baud_rate
        self._read_termination = read_termination.encode("ascii")
        self._write_termination = write_termination.encode("ascii")
        self._turn = Turn()
        self._port = Port(
            name,
            address,
            opener=self._open_wire,
            delays_s=reconnect_delays_s,
            wire_log=self.wire_log,
        )
        self._buffer = bytearray()
        self._asked = b""
        self._asked_before = False  # in this exchange
        self._urgent = False  # this exchange
        self._dirty = False  # what arrives may belong to a former question
        self._owed = False  # an answer to a former question may still come
        self._must_restore = False
        self._preparing = False
        self._made = True

    def __repr__(self) -> str:
        """Return name and address."""
        return f"<Link {self.name} {self.address}>"

    @property
    def connected(self) -> bool:
        """Tell whether the port is open; the device may be off all the same."""
        return self._port.is_open

    # -- open and close

    def open(self) -> None:
        """Open the port, whatever became of it before.

        Raises:
            LinkLostError: nothing answers at the address.
        """
        with self.exchange():
            self._port.allow()
            self._ready()

    def close(self) -> None:
        """Close the port, interrupting an exchange in progress; it stays closed until `open`."""
        if not self._made:
            return  # the garbage collector closes even what was never made
        if not self._turn.acquire(_TURN_TIMEOUT_S, hurry=self.interrupt):
            raise self._busy(_TURN_TIMEOUT_S)
        try:
            self._dirty = self._must_restore = False
            self._port.close()
        finally:
            self._turn.release()

    # -- exchanges

    @contextlib.contextmanager
    def exchange(self, *, timeout_s: float | None = None, urgent: bool = False) -> Iterator["Link"]:
        """Hold the line for a question, its answer and its checks; may be nested.

        Args:
            timeout_s: how long to wait for the line, s.
            urgent: pass all who wait, interrupt an exchange that does not end by itself, and do
                not wait for the next try of a lost line.

        Raises:
            LinkTimeoutError: somebody else held the line for all that time.
        """
        wait_s = _TURN_TIMEOUT_S if timeout_s is None else timeout_s
        if not self._turn.acquire(wait_s, hurry=self.interrupt if urgent else None):
            raise self._busy(wait_s)
        try:
            if self._turn.depth == 1:
                self._asked_before = self._urgent = False
                self._port.resume()
            if urgent:
                self._urgent = True
                self._port.hurry()
            yield self
        except _LINE_IS_FINE:
            raise
        except BaseException as error:
            self._dirty = True
            self._owed = self._owed or not isinstance(error, ProtocolError)
            raise
        finally:
            self._turn.release()

    def interrupt(self) -> None:
        """Make the exchange in progress fail soon with `LinkLostError`; call from any thread."""
        if self._turn.held:
            self._port.interrupt("interrupted by a more urgent request")

    def synchronise(self, question: str, is_answer: Callable[[str], bool]) -> None:
        """Ask, and throw away all that comes until the answer to this question.

        A device answers in order: when this answer is here, those to former questions are through.

        Args:
            question: a question whose answer is like no other.
            is_answer: recognises the answer.

        Raises:
            LinkTimeoutError: no such answer came.
        """
        with self.exchange():
            self.write(question)
            end_s = time.monotonic() + self.timeout_s
            while not is_answer(self._line(end_s).decode("ascii", errors="replace")):
                pass
            self._drain(_QUIET_S)

    # -- pymeasure's Adapter

    def _write(self, command: str, **kwargs: Any) -> None:
        self._write_bytes(command.encode("ascii") + self._write_termination)

    def _write_bytes(self, content: bytes, **kwargs: Any) -> None:
        with self.exchange():
            self._ready()
            if not self._asked_before and not self._preparing:
                self._asked_before = True
                self._discard(self._arrived())
            self._asked = content
            self._port.send(content, self.timeout_s)

    def _read(self, *, timeout_s: float | None = None, **kwargs: Any) -> str:
        with self.exchange():
            if self._read_termination:
                data = self._line(self._end_s(timeout_s))
            else:
                data = self._all(self._end_s(timeout_s))
            try:
                return data.decode("ascii")
            except UnicodeDecodeError as error:
                raise ProtocolError(
                    self.name,
                    f"{shown(self._asked)} was answered with {shown(data)}, which is no ASCII: "
                    "check the cable and the speed of the line",
                    reply=data,
                ) from error

    def _read_bytes(
        self,
        count: int,
        break_on_termchar: bool,
        *,
        timeout_s: float | None = None,
        **kwargs: Any,
    ) -> bytes:
        with self.exchange():
            end_s = self._end_s(timeout_s)
            if count < 0:
                return self._all(end_s)
            ending = self._read_termination if break_on_termchar else b""
            return self._collect(end_s, lambda: self._length_ready(count, ending))

    def flush_read_buffer(self) -> None:
        """Throw away all that arrives until the line is silent."""
        with self.exchange():
            self._ready()
            self._drain(_QUIET_S)

    # -- reading

    def _end_s(self, timeout_s: float | None) -> float:
        return time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)

    def _length_ready(self, count: int, ending: bytes) -> int:
        """Return how many bytes of the buffer make the answer, -1 if it is not complete."""
        found = self._buffer.find(ending, 0, count) if ending else -1
        if found >= 0:
            return found + len(ending)
        return count if len(self._buffer) >= count else -1

    def _line(self, end_s: float) -> bytes:
        ending = self._read_termination

        def length() -> int:
            found = self._buffer.find(ending)
            return -1 if found < 0 else found + len(ending)

        return self._collect(end_s, length)[: -len(ending)]

    def _all(self, end_s: float) -> bytes:
        """Return one answer that only silence ends."""
        if not self._buffer and not self._fetch(end_s):
            raise self._too_late()
        while self._fetch(min(end_s, time.monotonic() + _QUIET_S)):
            pass
        return self._take(len(self._buffer))

    def _collect(self, end_s: float, length: Callable[[], int]) -> bytes:
        self._ready()
        while (count := length()) < 0:
            if not self._fetch(end_s):
                raise self._too_late()
        return self._take(count)

    def _take(self, count: int) -> bytes:
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        self.wire_log.add(Direction.RECEIVED, data)
        return data

    def _fetch(self, end_s: float) -> bool:
        """Add what arrives before ``end_s`` to the buffer; tell whether anything did."""
        self._ready()
        data = self._port.receive(end_s - time.monotonic())
        self._buffer += data
        return bool(data)

    def _too_late(self) -> LinkTimeoutError:
        so_far = f"only {shown(self._buffer)} came" if self._buffer else "nothing came"
        return LinkTimeoutError(
            self.name,
            f"no complete answer to {shown(self._asked)} in time ({so_far}); "
            "check that the instrument is on and not busy",
        )

    # -- making the line ready for an exchange

    def _ready(self) -> None:
        """Make sure that the line is connected and clean."""
        self._port.check()
        if self._preparing or (self._port.is_open and not (self._dirty or self._must_restore)):
            return
        self._preparing = True
        try:
            self._prepare()
        finally:
            self._preparing = False

    def _prepare(self) -> None:
        if not self._port.is_open:
            self._buffer.clear()
            again = self._port.open()
            self._dirty = self._must_restore = again
            self._owed = False
        if self._dirty:
            # Only the device can tell by a question whether a late answer is still to come.
            patient = self._owed and self.resync is None and not self._urgent
            self._drain(self.timeout_s if patient else _QUIET_S)
            if self.resync is not None:
                self.resync()
            self._dirty = self._owed = False
        if self._must_restore:
            if self.on_reconnect is not None:
                self.on_reconnect()
            self._must_restore = False

    def _open_wire(self) -> Wire:
        return open_wire(self.address, timeout_s=self.timeout_s, baud_rate=self._baud_rate)

    def _arrived(self) -> bytes:
        """Return what has come unasked, without waiting."""
        self._fetch(time.monotonic())
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def _drain(self, patience_s: float) -> None:
        """Throw away all that arrives until the line is silent.

        Args:
            patience_s: how long to wait for the first byte, s.
        """
        limit_s = time.monotonic() + patience_s + _DRAIN_LIMIT_S
        discarded = bytes(self._buffer)
        self._buffer.clear()
        while self._fetch(time.monotonic() + patience_s):
            discarded += bytes(self._buffer)
            self._buffer.clear()
            patience_s = _QUIET_S
            if time.monotonic() > limit_s:
                self._discard(discarded)
                raise LinkError(
                    self.name,
                    f"the line to {self.address} does not fall silent: {shown(discarded)}; "
                    "check the speed of the line, or switch the instrument off and on",
                )
        self._discard(discarded)

    def _discard(self, data: bytes) -> None:
        if data:
            self.wire_log.add(Direction.DISCARDED, data)
            _LOGGER.warning("%s: discarded %s", self.name, shown(data))

    def _busy(self, wait_s: float) -> LinkTimeoutError:
        holder = self._turn.holder or "another thread"
        return LinkTimeoutError(
            self.name, f"the line was not free within {wait_s:g} s: {holder} holds it"
        )
