"""Messages as framed pickles over two byte streams.

Both ends are processes of the same installation and user, joined by anonymous pipes: nothing
listens on a port, and a lost peer shows as the end of the stream.
"""

import contextlib
import io
import os
import pickle
import queue
import struct
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

_HEADER = struct.Struct("<I")
_PROTOCOL = 5


def send(stream: BinaryIO, message: Any) -> None:
    """Write one message.

    Args:
        stream: A binary stream.
        message: Anything that can be pickled.

    Raises:
        OSError: The peer is gone.
    """
    body = pickle.dumps(message, protocol=_PROTOCOL)
    stream.write(_HEADER.pack(len(body)) + body)
    stream.flush()


def receive(stream: BinaryIO) -> Iterator[Any]:
    """Yield messages until the peer is gone.

    Args:
        stream: A binary stream.
    """
    while True:
        header = stream.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return
        (size,) = _HEADER.unpack(header)
        body = stream.read(size)
        if len(body) < size:
            return
        yield pickle.loads(body)


def take_stdout() -> BinaryIO:
    """Keep standard output for messages; whoever prints prints to standard error."""
    descriptor = os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(descriptor, os.O_BINARY)
    os.dup2(2, 1)
    sys.stdout = sys.stderr = _Patient(sys.stderr)
    return os.fdopen(descriptor, "wb")


class _Patient(io.TextIOBase):
    """Standard error that may break: what prints must not fail because the window is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


class Sender:
    """Writes messages in a thread of its own, so that nobody waits for a slow reader.

    Args:
        stream: Where to.
        name: Name of the thread.
        most: Messages that may wait; beyond it those that may be dropped are dropped.
    """

    def __init__(self, stream: BinaryIO, *, name: str, most: int = 2000) -> None:
        self.dropped = 0
        self._stream = stream
        self._most = most
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, message: Any, *, droppable: bool = False) -> None:
        """Send a message soon; any thread may call.

        Args:
            message: What to send.
            droppable: Whether it may be left out when the reader does not keep up.
        """
        if droppable and self._waiting.qsize() > self._most:
            self.dropped += 1
            return
        self._waiting.put(message)

    def close(self, timeout_s: float = 2.0) -> None:
        """Send what waits and end the thread."""
        self._waiting.put(_END)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            message = self._waiting.get()
            if message is _END:
                return
            try:
                send(self._stream, message)
            except (OSError, ValueError):  # the peer is gone; its end of stream says so elsewhere
                return


_END = object()
