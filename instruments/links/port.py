"""A port that is opened, lost, and opened again.

After a loss it refuses at once until a pause is over, a longer one after each loss in a row, so
that nobody waits for a device that is off.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence

from instruments.errors import LinkLostError, LinkTimeoutError
from instruments.links.visa import Wire
from instruments.links.wire_log import Direction, WireLog

_LOGGER = logging.getLogger(__name__)


class Port:
    """A port, and what became of it.

    Only `interrupt` and `is_gone` may be called by a thread that does not hold the line.

    Args:
        address: VISA resource name, for messages.
        opener: opens the port.
        delays_s: pauses after the first, second, ... loss in a row, s.
        wire_log: takes note of what happens.

    Attributes:
        name: name of the device that uses it, for messages.
    """

    def __init__(
        self,
        address: str,
        *,
        opener: Callable[[], Wire],
        delays_s: Sequence[float],
        wire_log: WireLog,
    ) -> None:
        self.losses = 0  # in a row
        self.name = ""
        self._address = address
        self._opener = opener
        self._delays_s = tuple(delays_s)
        self._log = wire_log
        self._wire: Wire | None = None
        self._loss = ""
        self._retry_at_s = 0.0
        self._interrupted = ""

    @property
    def is_open(self) -> bool:
        """Tell whether the port is open."""
        return self._wire is not None

    @property
    def is_gone(self) -> bool:
        """Tell whether the line is lost, or known to be by the system; asks the device nothing."""
        wire = self._wire
        return wire is None or (wire.is_gone() and self._wire is wire)

    def open(self) -> None:
        """Open the port.

        Raises:
            LinkLostError: nothing answers, or the pause after a loss is not over.
        """
        self.check()
        wait_s = self._retry_at_s - time.monotonic()
        if wait_s > 0:
            raise LinkLostError(
                self.name,
                f"the line to {self._address} is down ({self._loss}); next try in {wait_s:.1f} s",
            )
        try:
            self._wire = self._opener()
        except OSError as error:
            raise self._lost(error) from error
        self._log.add(Direction.EVENT, f"connected to {self._address}")

    def let_go(self) -> None:
        """Give up a line of which the system knows that it is lost."""
        if self._wire is not None and self.is_gone:
            self._lost(ConnectionResetError("the cable is out, or the other side has closed"))

    def hurry(self) -> None:
        """Let the next try after a loss be made at once."""
        self._retry_at_s = 0.0

    def close(self) -> None:
        """Close the port."""
        self._drop("closed")

    def send(self, data: bytes, timeout_s: float) -> None:
        """Send all bytes.

        Raises:
            LinkTimeoutError: the device did not take them in time.
            LinkLostError: the line is gone.
        """
        self._log.add(Direction.SENT, data)
        try:
            self._require().send(data, timeout_s)
        except OSError as error:
            # With a number it comes from the system, which has given the connection up.
            if isinstance(error, TimeoutError) and error.errno is None:
                raise LinkTimeoutError(self.name, f"{shown(data)} not sent: {error}") from error
            raise self._lost(error) from error
        self.check()

    def receive(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting for the first byte; nothing if none came in time.

        Raises:
            LinkLostError: the line is gone.
        """
        try:
            data = self._require().receive(max(0.0, timeout_s))
        except OSError as error:
            raise self._lost(error) from error
        self.check()
        if data:
            self.losses = 0
        return data

    # -- interruption

    def interrupt(self, reason: str) -> None:
        """Make what is going on fail soon with `LinkLostError`."""
        self._interrupted = reason
        wire = self._wire
        if wire is not None:
            wire.interrupt()

    def resume(self) -> None:
        """End the interruption."""
        self._interrupted = ""

    def check(self) -> None:
        """Raise `LinkLostError` if the exchange in progress was interrupted."""
        if self._interrupted:
            raise self._lost(ConnectionAbortedError(self._interrupted))

    # -- loss

    def _require(self) -> Wire:
        if self._wire is None:
            raise ConnectionResetError(self._loss or "not open")
        return self._wire

    def _lost(self, error: OSError) -> LinkLostError:
        """Drop the line, arrange for the next try and return the error to raise."""
        self._loss = self._interrupted or str(error) or type(error).__name__
        self._drop(f"lost: {self._loss}")
        delay_s = 0.0
        if not self._interrupted and self._delays_s:
            delay_s = self._delays_s[min(self.losses, len(self._delays_s) - 1)]
            self.losses += 1
        self._retry_at_s = time.monotonic() + delay_s
        _LOGGER.warning("%s: line to %s lost: %s", self.name, self._address, self._loss)
        return LinkLostError(
            self.name,
            f"the line to {self._address} is gone ({self._loss}); it reconnects by itself after "
            f"{delay_s:g} s: check power, cable and address",
        )

    def _drop(self, event: str) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            self._log.add(Direction.EVENT, event)
            with contextlib.suppress(OSError):
                wire.close()


def shown(data: bytes | bytearray) -> str:
    """Return bytes for a message, cut to a readable length."""
    text = repr(bytes(data[:60]))[1:]
    return text if len(data) <= 60 else f"{text}... ({len(data)} bytes)"
