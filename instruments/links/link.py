"""The line to one device, shared by all who ask it.

The line is locked for a whole exchange, cleaned after every error, and reconnected when it was
lost. Devices on one port have a link each, over one line.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pymeasure.adapters import Adapter

from instruments.errors import LinkError, LinkTimeoutError, NotConnectedError, ProtocolError
from instruments.links.line import QUIET_S, Line, Opener
from instruments.links.part import LINE_IS_FINE, PartOfExchange
from instruments.links.port import shown
from instruments.links.serial_settings import SerialSettings
from instruments.links.wire_log import WireLog

_TURN_TIMEOUT_S = 30.0  # longer than the longest exchange, which is a 10 s exposure

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
        serial: settings of a serial line.
        read_termination: what ends an answer; it is stripped.
        write_termination: what is added to a command.
        reconnect_delays_s: pauses after the first, second, ... loss in a row, s.
        wire_log_length: how many entries the log of the bytes keeps.
        shares: a link of another device on the same port; address, serial settings and all that
            follows are those of its line then.
        opener: opens the port in place of pyvisa.

    Attributes:
        resync: called after an error, when the line is silent: makes sure by a question of its own
            that question and answer belong together; see `synchronise`.
        on_reconnect: called after a lost line is back: brings the device to the state that it may
            have lost with its power.
        line: the port and what goes over it, shared with the links of its other devices.
    """

    _made = False

    def __init__(
        self,
        address: str,
        *,
        name: str,
        timeout_s: float = 1.0,
        serial: SerialSettings | None = None,
        read_termination: str = "\n",
        write_termination: str = "\n",
        reconnect_delays_s: Sequence[float] = (0.1, 0.5, 2.0, 5.0),
        wire_log_length: int = 1000,
        shares: "Link | None" = None,
        opener: Opener | None = None,
    ) -> None:
        super().__init__(log=_LOGGER)
        self.name = name
        self.timeout_s = timeout_s
        self.resync: Hook | None = None
        self.on_reconnect: Hook | None = None
        self._read_termination = read_termination.encode("ascii")
        self._write_termination = write_termination.encode("ascii")
        self.line = Line(
            address,
            serial=serial or SerialSettings(),
            reconnect_delays_s=reconnect_delays_s,
            wire_log_length=wire_log_length,
            opener=opener,
        )
        if shares is not None:
            self.line = shares.line
        self.line.links += 1
        self._asked = b""
        self._closed = False  # on request, not by a failure
        self._session = 0  # of the line, for which the device is in order
        self._settled = 0  # how many errors of the line this link has got over
        self._must_restore = False
        self._part = PartOfExchange(self)
        self._made = True

    def __repr__(self) -> str:
        """Return name and address."""
        return f"<Link {self.name} {self.address}>"

    @property
    def connected(self) -> bool:
        """Tell whether the port is open for this device, which may be off all the same."""
        return self.line.port.is_open and self in self.line.members

    @property
    def is_gone(self) -> bool:
        """Tell whether the line is lost, or the system knows that it is; asks the device nothing.

        A cable that the system does not see, such as that between an adapter and its instrument,
        is found out by the next exchange only.
        """
        return not self._closed and self._session > 0 and self.line.port.is_gone

    @property
    def is_alone(self) -> bool:
        """Tell whether no other device of the bench uses the port."""
        return self.line.links == 1

    @property
    def address(self) -> str:
        """VISA resource name of the port."""
        return self.line.address

    @property
    def wire_log(self) -> WireLog:
        """The last bytes that went over the line, those of its other devices among them."""
        return self.line.wire_log

    @property
    def serial(self) -> SerialSettings:
        """Settings of a serial port."""
        return self.line.serial

    @property
    def unread(self) -> bytes:
        """What has arrived and nobody has read."""
        return bytes(self.line.buffer)

    # -- open and close

    def open(self) -> None:
        """Open the port, whatever became of it before.

        Raises:
            LinkLostError: nothing answers at the address.
        """
        with self.exchange():
            self._closed = False
            self.line.port.let_go()
            self.line.port.hurry()
            self._ready()

    def close(self) -> None:
        """Close the line for this device, interrupting an exchange of it; so until `open`.

        The port stays open as long as another device uses it.
        """
        if not self._made:
            return  # the garbage collector closes even what was never made

        def hurry() -> None:
            if self.line.holder is self or not self.line.members - {self}:
                self.interrupt()

        if not self.line.turn.acquire(_TURN_TIMEOUT_S, hurry=hurry):
            raise self.line.busy(self, _TURN_TIMEOUT_S)
        try:
            self._closed = True
            self._must_restore = False
            self._session = self._settled = 0
            self.line.leave(self)
        finally:
            self.line.turn.release()

    # -- exchanges

    def exchange(
        self, *, timeout_s: float | None = None, urgent: bool = False
    ) -> contextlib.AbstractContextManager["Link"]:
        """Hold the line for a question, its answer and its checks; may be nested.

        Args:
            timeout_s: how long to wait for the line, s.
            urgent: pass all who wait, interrupt an exchange that does not end by itself, and do
                not wait for the next try of a lost line.

        Raises:
            LinkTimeoutError: somebody else held the line for all that time.
        """
        line = self.line
        if not urgent and line.holder is self and line.turn.is_mine:
            return self._part  # as the whole would be, at a fraction of its cost
        return self._whole_exchange(_TURN_TIMEOUT_S if timeout_s is None else timeout_s, urgent)

    @contextlib.contextmanager
    def _whole_exchange(self, wait_s: float, urgent: bool) -> Iterator["Link"]:
        before = self.line.holder if self.line.turn.is_mine else None
        self.line.acquire(self, wait_s, urgent=urgent)
        try:
            yield self
        except LINE_IS_FINE:
            raise
        except BaseException as error:
            self.line.failed(answered=isinstance(error, ProtocolError))
            raise
        finally:
            self.line.release(before)

    def interrupt(self) -> None:
        """Make the exchange in progress fail soon with `LinkLostError`; call from any thread."""
        self.line.interrupt()

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
            while not is_answer(self._read_line(end_s).decode("ascii", errors="replace")):
                pass
            if not self.line.urgent:
                self.line.drain(QUIET_S)

    # -- pymeasure's Adapter

    def _write(self, command: str, **kwargs: Any) -> None:
        self._write_bytes(command.encode("ascii") + self._write_termination)

    def _write_bytes(self, content: bytes, **kwargs: Any) -> None:
        with self.exchange():
            self._send_blind(content)
            self._ready()
            if not self.line.asked_before and not self.line.preparing:
                self.line.asked_before = True
                self.line.discard_arrived()
            self._asked = content
            self.line.port.send(content, self.timeout_s)

    def _send_blind(self, content: bytes) -> None:
        """Send the first command of an urgent exchange even over a line that is not in order.

        It switches something off: better twice than late. A lost line is opened for it. The line is
        brought into step after it, which throws the answer away, and the command is sent again,
        with its confirmation.
        """
        line = self.line
        if not line.urgent or line.preparing or line.asked_before or self._closed:
            return
        with contextlib.suppress(LinkError):  # the same is met, and raised, below
            if not line.port.is_open and self._session > 0:
                line.open(self.timeout_s)
            if line.port.is_open and self._settled != line.errors:
                line.port.send(content, self.timeout_s)

    def _read(self, *, timeout_s: float | None = None, **kwargs: Any) -> str:
        with self.exchange():
            if self._read_termination:
                data = self._read_line(self._end_s(timeout_s))
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
            self.line.drain(QUIET_S)

    # -- reading

    def _end_s(self, timeout_s: float | None) -> float:
        return time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)

    def _length_ready(self, count: int, ending: bytes) -> int:
        """Return how many bytes of the buffer make the answer, -1 if it is not complete."""
        found = self.line.buffer.find(ending, 0, count) if ending else -1
        if found >= 0:
            return found + len(ending)
        return count if len(self.line.buffer) >= count else -1

    def _read_line(self, end_s: float) -> bytes:
        ending = self._read_termination

        def length() -> int:
            found = self.line.buffer.find(ending)
            return -1 if found < 0 else found + len(ending)

        return self._collect(end_s, length)[: -len(ending)]

    def _all(self, end_s: float) -> bytes:
        """Return one answer that only silence ends."""
        if not self.line.buffer and not self._fetch(end_s):
            raise self._too_late()
        while self._fetch(min(end_s, time.monotonic() + QUIET_S)):
            pass
        return self.line.take(len(self.line.buffer))

    def _collect(self, end_s: float, length: Callable[[], int]) -> bytes:
        self._ready()
        while (count := length()) < 0:
            if not self._fetch(end_s):
                raise self._too_late()
        return self.line.take(count)

    def _fetch(self, end_s: float) -> bool:
        """Add what arrives before ``end_s`` to the buffer; tell whether anything did."""
        self._ready()
        return self.line.fetch(end_s)

    def _too_late(self) -> LinkTimeoutError:
        arrived = self.line.buffer
        so_far = f"only {shown(arrived)} came" if arrived else "nothing came"
        return LinkTimeoutError(
            self.name,
            f"no complete answer to {shown(self._asked)} in time ({so_far}); "
            "check that the instrument is on and not busy",
        )

    # -- making the line ready for an exchange

    def _ready(self) -> None:
        """Make sure that the line is connected and clean."""
        line = self.line
        line.port.check()
        if line.preparing:
            return
        in_order = self._session == line.session and not self._must_restore
        if line.port.is_open and in_order and self._settled == line.errors:
            return
        line.preparing = True
        try:
            self._prepare()
        finally:
            line.preparing = False

    def _prepare(self) -> None:
        line = self.line
        if self._closed:
            raise NotConnectedError(self.name, "the line is closed; connect the device first")
        if not line.port.is_open:
            line.open(self.timeout_s)
        line.members.add(self)
        if self._session != line.session:
            self._must_restore = self._session > 0  # it was open before, and was lost in between
            self._session = line.session
        if self._settled != line.errors:
            # Only the device can tell by a question whether a late answer is still to come.
            patient = self._settled < line.owed and self.resync is None and not line.urgent
            quiet_s = self.timeout_s if patient else QUIET_S
            if line.urgent and self.resync is not None:
                quiet_s = 0.0  # what is there must go; the question finds its answer among the rest
            line.drain(quiet_s)
            if self.resync is not None:
                self.resync()
            self._settled = line.errors
        if self._must_restore:
            if self.on_reconnect is not None:
                self.on_reconnect()
            self._must_restore = False
