"""Faults that a simulated instrument can be given.

Faults of the line act on whole exchanges: a reply can come late, not at all, garbled, cut short, in
single bytes, slowly, or the connection ends in the middle of it; a request can get lost. Each is
armed for the next exchanges and counts them down. Faults of the instrument itself (a stalled motor,
an open LED) are passed on to it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

_SLICE_S = 0.02  # a slow line sends what fits into this time at once


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Bytes that leave together.

    Args:
        data: The bytes; empty for none.
        after_s: How long after the piece before.
        then_close: Whether the connection ends after them.
    """

    data: bytes
    after_s: float = 0.0
    then_close: bool = False


@dataclass(kw_only=True)
class _Armed:
    cut: Callable[[bytes], list[Piece]] | None  # None: the request never arrives
    skip: int
    left: int | None


class Faults:
    """The switches of one simulated instrument; they may be used from any thread.

    Every line fault takes ``exchanges``, the number of exchanges it spoils (None for all until
    ``clear``), and ``skip``, the number of exchanges that pass first. Faults that are armed at the
    same time wait for each other, in the order in which they were armed.

    Args:
        switch: Called with kind, on and channel to switch a fault of the instrument itself.
    """

    def __init__(self, switch: Callable[[str, bool, int], None]) -> None:
        self._switch = switch
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._spoilt = 0

    @property
    def spoilt(self) -> int:
        """How many exchanges have been spoilt so far."""
        with self._lock:
            return self._spoilt

    def clear(self) -> None:
        """Disarm the faults of the line; those of the instrument stay."""
        with self._lock:
            self._armed.clear()

    def device(self, kind: str, *, on: bool = True, channel: int = 0) -> None:
        """Switch a fault of the instrument itself on or off.

        Raises:
            ValueError: If this instrument has no such fault; the message names those it has.
        """
        self._switch(kind, on, channel)

    # -- faults of the line

    def late(self, by_s: float, *, exchanges: int | None = 1, skip: int = 0) -> None:
        """Hold replies back by a time in s."""
        self._arm(lambda reply: [Piece(data=reply, after_s=by_s)], exchanges, skip)

    def drop(self, *, exchanges: int | None = 1, skip: int = 0) -> None:
        """Let replies vanish; the instrument has done what it was told."""
        self._arm(lambda reply: [], exchanges, skip)

    def lose(self, *, exchanges: int | None = 1, skip: int = 0) -> None:
        """Let requests vanish; the instrument never hears of them."""
        self._arm(None, exchanges, skip)

    def garble(self, *, exchanges: int | None = 1, skip: int = 0) -> None:
        """Set the highest bit of every third byte, the first included, or turn it if it is set."""

        def cut(reply: bytes) -> list[Piece]:
            mask = (0x80, 0, 0)
            return [Piece(data=bytes(byte ^ mask[at % 3] for at, byte in enumerate(reply)))]

        self._arm(cut, exchanges, skip)

    def truncate(
        self, keep: int | None = None, *, exchanges: int | None = 1, skip: int = 0
    ) -> None:
        """Send only the first bytes of replies; without a number the first half."""
        self._arm(lambda reply: [Piece(data=_beginning(reply, keep))], exchanges, skip)

    def disconnect(
        self, keep: int | None = None, *, exchanges: int | None = 1, skip: int = 0
    ) -> None:
        """End the connection after the first bytes of a reply; without a number the first half."""
        self._arm(
            lambda reply: [Piece(data=_beginning(reply, keep), then_close=True)], exchanges, skip
        )

    def one_byte_at_a_time(
        self, gap_s: float = 0.001, *, exchanges: int | None = 1, skip: int = 0
    ) -> None:
        """Send replies byte by byte with a gap in s between them."""
        self._arm(
            lambda reply: [Piece(data=bytes([byte]), after_s=gap_s) for byte in reply],
            exchanges,
            skip,
        )

    def slow(self, bytes_per_s: float, *, exchanges: int | None = 1, skip: int = 0) -> None:
        """Send replies no faster than this."""
        step = max(1, round(bytes_per_s * _SLICE_S))

        def cut(reply: bytes) -> list[Piece]:
            parts = (reply[at : at + step] for at in range(0, len(reply), step))
            return [Piece(data=part, after_s=len(part) / bytes_per_s) for part in parts]

        self._arm(cut, exchanges, skip)

    # -- for the server

    def take_request(self, request: bytes) -> bytes:
        """Return what reaches the instrument of bytes that came from the host."""
        if not self._armed:  # the usual case, and the one whose speed counts
            return request
        with self._lock:
            lost = bool(self._armed) and self._armed[0].cut is None and self._due()
        return b"" if lost else request

    def take_reply(self, reply: bytes) -> list[Piece]:
        """Return how a reply leaves."""
        if not self._armed:
            return [Piece(data=reply)]
        with self._lock:
            armed = self._armed[0] if self._armed else None
            if armed is None or armed.cut is None or not self._due():
                return [Piece(data=reply)]
            return armed.cut(reply)

    def _arm(
        self, cut: Callable[[bytes], list[Piece]] | None, exchanges: int | None, skip: int
    ) -> None:
        if skip < 0 or (exchanges is not None and exchanges < 1):
            message = f"a fault needs exchanges >= 1 and skip >= 0, got {exchanges} and {skip}"
            raise ValueError(message)
        with self._lock:
            self._armed.append(_Armed(cut=cut, skip=skip, left=exchanges))

    def _due(self) -> bool:
        """Count an exchange for the fault in front; return whether it spoils it."""
        armed = self._armed[0]
        if armed.skip:
            armed.skip -= 1
            return False
        self._spoilt += 1
        if armed.left is not None:
            armed.left -= 1
            if not armed.left:
                del self._armed[0]
        return True


def _beginning(reply: bytes, keep: int | None) -> bytes:
    return reply[: len(reply) // 2 if keep is None else keep]
