"""What went over a line, bounded, for looking back.

The log can be saved as text for a person, or as the exchanges of a transcript, which a scripted
link and a simulator can replay.
"""

import collections
import datetime
import enum
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Direction(enum.Enum):
    """Which way the bytes of an entry went."""

    SENT = ">"
    RECEIVED = "<"
    DISCARDED = "x"
    EVENT = "#"


class WireEntry(NamedTuple):
    """One entry of the log.

    Attributes:
        time_s: when, s since 1970.
        direction: sent, received, discarded unread, or an event of the line.
        data: the bytes; the words of an event.
    """

    time_s: float
    direction: Direction
    data: bytes


class WireLog:
    """The last entries of a line; safe to use from any thread.

    Args:
        length: how many entries are kept.
    """

    def __init__(self, length: int) -> None:
        # appending and copying are one step each: no lock is needed
        self._entries: collections.deque[WireEntry] = collections.deque(maxlen=length)

    def add(self, direction: Direction, data: bytes | str) -> None:
        """Append an entry with the time of the call."""
        content = data.encode() if isinstance(data, str) else bytes(data)
        self._entries.append(WireEntry(time.time(), direction, content))

    def entries(self) -> tuple[WireEntry, ...]:
        """Return what is kept, oldest first."""
        return tuple(self._entries.copy())

    def as_text(self) -> str:
        """Return one line an entry: time (UTC), direction, bytes."""
        return "".join(f"{_as_line(entry)}\n" for entry in self.entries())

    def as_transcript(self) -> str:
        """Return the exchanges as TOML tables with ``send`` and ``reply``."""
        return "\n".join(_as_table(send, reply) for send, reply in _exchanges(self.entries()))

    def save_text(self, path: Path) -> None:
        """Write `as_text` to a file."""
        path.write_text(self.as_text(), encoding="utf-8")

    def save_transcript(self, path: Path) -> None:
        """Write `as_transcript` to a file."""
        path.write_text(self.as_transcript(), encoding="utf-8")


def _as_line(entry: WireEntry) -> str:
    when = datetime.datetime.fromtimestamp(entry.time_s, datetime.UTC)
    words = entry.data.decode() if entry.direction is Direction.EVENT else repr(entry.data)[2:-1]
    return f"{when:%Y-%m-%d %H:%M:%S.%f} {entry.direction.value} {words}"


def _exchanges(entries: Iterable[WireEntry]) -> list[tuple[bytes, bytes]]:
    """Return each thing sent with all that was received before the next."""
    exchanges: list[tuple[bytes, bytes]] = []
    for entry in entries:
        if entry.direction is Direction.SENT:
            exchanges.append((entry.data, b""))
        elif entry.direction is Direction.RECEIVED:
            send, reply = exchanges.pop() if exchanges else (b"", b"")
            exchanges.append((send, reply + entry.data))
    return exchanges


def _as_table(send: bytes, reply: bytes) -> str:
    return f"[[exchange]]\n{_as_value('send', send)}\n{_as_value('reply', reply)}\n"


def _as_value(key: str, data: bytes) -> str:
    if all(byte < 0x7F for byte in data):  # TOML takes the escapes of JSON below DEL
        return f"{key} = {json.dumps(data.decode('ascii'))}"
    return f'{key}_hex = "{data.hex(" ")}"'
