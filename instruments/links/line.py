"""One physical port, and whose turn it is on it.

Several devices may hang on one port: pumps on a chain, channels of one controller. Each has its own
link; the links share one of these, and with it the turn, the bytes that have arrived and what went
wrong.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from instruments.errors import LinkError, LinkTimeoutError
from instruments.links.port import Port, shown
from instruments.links.serial_settings import SerialSettings
from instruments.links.turn import Turn
from instruments.links.visa import Wire, open_wire
from instruments.links.wire_log import Direction, WireLog

if TYPE_CHECKING:
    from instruments.links.link import Link

QUIET_S = 0.05
"""A line on which nothing comes for so long is silent."""

_DRAIN_LIMIT_S = 2.0  # a line that talks for longer without being asked is out of order
_LOGGER = logging.getLogger(__name__)

Opener = Callable[[float], Wire]
"""Opens the port within a time in s."""


class Line:
    """A port that one or more links use in turn.

    All but `interrupt` is for the link that has the turn.

    Args:
        address: VISA resource name.
        serial: Settings of a serial port.
        reconnect_delays_s: Pauses after the first, second, ... loss in a row, s.
        wire_log_length: How many entries the log of the bytes keeps.
        opener: Opens the port in place of pyvisa.

    Attributes:
        links: How many links there are on it.
        members: Those that have it open.
        holder: The link that has the turn.
        urgent: Whether the exchange in progress is urgent.
        session: How often the port was opened.
        errors: How many exchanges have failed: after each the bytes that arrive are suspect.
        owed: The last of these errors after which an answer may still come.
        buffer: What has arrived and was not read.
        wire_log: The last bytes that went over the line.
    """

    def __init__(
        self,
        address: str,
        *,
        serial: SerialSettings,
        reconnect_delays_s: Sequence[float],
        wire_log_length: int,
        opener: Opener | None = None,
    ) -> None:
        self.address = address
        self.serial = serial
        self.links = 0
        self.members: set[Link] = set()
        self.holder: Link | None = None
        self.urgent = False
        self.asked_before = False  # in this exchange
        self.preparing = False
        self.session = 0
        self.errors = 0
        self.owed = 0
        self.buffer = bytearray()
        self.wire_log = WireLog(wire_log_length)
        self.turn = Turn()
        self._opener = opener
        self._timeout_s = 1.0
        self.port = Port(
            address, opener=self._open_wire, delays_s=reconnect_delays_s, wire_log=self.wire_log
        )

    # -- whose turn it is

    def acquire(self, link: "Link", timeout_s: float, *, urgent: bool) -> None:
        """Take the turn for a link.

        Args:
            link: Who wants it.
            timeout_s: How long to wait, s.
            urgent: Pass all who wait, and interrupt an exchange that does not end by itself,
                unless that is an urgent one of another device.

        Raises:
            LinkTimeoutError: It was not free in time.
        """

        def hurry() -> None:
            if not self.urgent or self.holder is link:
                self.interrupt()

        if not self.turn.acquire(timeout_s, hurry=hurry if urgent else None):
            raise self.busy(link, timeout_s)
        if self.turn.depth == 1:
            self.asked_before = self.urgent = False
            self.port.resume()
        self.holder, self.port.name = link, link.name
        if urgent:
            self.urgent = True
            self.port.hurry()

    def release(self, before: "Link | None") -> None:
        """Give the turn back.

        Args:
            before: The link that had it when it was taken again, None for nobody.
        """
        self.holder = before
        if before is not None:
            self.port.name = before.name
        else:
            self.urgent = False
        self.turn.release()

    def interrupt(self) -> None:
        """Make the exchange in progress fail soon; call from any thread."""
        if self.turn.held:
            self.port.interrupt("interrupted by a more urgent request")

    def busy(self, link: "Link", wait_s: float) -> LinkTimeoutError:
        """Return the error for a line that was not free in time."""
        holder = self.turn.holder or "another thread"
        return LinkTimeoutError(
            link.name, f"the line was not free within {wait_s:g} s: {holder} holds it"
        )

    # -- open and close

    def open(self, timeout_s: float) -> None:
        """Open the port."""
        self._timeout_s = timeout_s
        self.buffer.clear()
        self.port.open()
        self.owed = 0
        self.session += 1
        if self.session > 1:
            self.errors += 1  # what became of the devices is not known

    def leave(self, link: "Link") -> None:
        """Close the port, unless another link has it open."""
        self.members.discard(link)
        if not self.members:
            self.port.close()
            self.session = self.errors = self.owed = 0

    def failed(self, *, answered: bool) -> None:
        """Take note that an exchange has failed.

        Args:
            answered: Whether its answer was complete, so that none is to come any more.
        """
        self.errors += 1
        if not answered:
            self.owed = self.errors

    def _open_wire(self) -> Wire:
        if self._opener is not None:
            return self._opener(self._timeout_s)
        return open_wire(self.address, timeout_s=self._timeout_s, serial=self.serial)

    # -- bytes

    def fetch(self, end_s: float) -> bool:
        """Add what arrives before ``end_s`` to the buffer; tell whether anything did."""
        data = self.port.receive(end_s - time.monotonic())
        self.buffer += data
        return bool(data)

    def take(self, count: int) -> bytes:
        """Return the first bytes of the buffer."""
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        self.wire_log.add(Direction.RECEIVED, data)
        return data

    def discard_arrived(self) -> None:
        """Throw away what has come unasked, without waiting."""
        self.fetch(time.monotonic())
        self._discard(self._emptied())

    def drain(self, patience_s: float) -> None:
        """Throw away all that arrives until the line is silent.

        Args:
            patience_s: How long to wait for the first byte, s.

        Raises:
            LinkError: It does not fall silent.
        """
        limit_s = time.monotonic() + patience_s + _DRAIN_LIMIT_S
        discarded = self._emptied()
        while self.fetch(time.monotonic() + patience_s):
            discarded += self._emptied()
            patience_s = QUIET_S
            if time.monotonic() > limit_s:
                self._discard(discarded)
                raise LinkError(
                    self.port.name,
                    f"the line to {self.address} does not fall silent: {shown(discarded)}; "
                    "check the speed of the line, or switch the instrument off and on",
                )
        self._discard(discarded)

    def _emptied(self) -> bytes:
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def _discard(self, data: bytes) -> None:
        if data:
            self.wire_log.add(Direction.DISCARDED, data)
            _LOGGER.warning("%s: discarded %s", self.port.name, shown(data))
