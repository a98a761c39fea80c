"""A pseudo-terminal, which any program may open as a serial port."""

import asyncio
import contextlib
import os
import sys

if sys.platform != "win32":
    import tty

_CHUNK = 4096


class PtyPort(asyncio.Transport):
    """The far end of a pseudo-terminal, for one line of a server. Linux has them, Windows not.

    Like a serial cable it never ends: who opens the near end talks to the instrument, and what
    nobody reads is lost once the buffer of the system is full.

    Args:
        line: Hears what comes, and gives what is to be sent.
        loop: Loop on whose thread all of this runs.
    """

    def __init__(self, line: asyncio.Protocol, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._line = line
        # The near end stays open, or the far one would fail whenever a client leaves.
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        self.path = os.ttyname(self._near)
        self._is_heard = False
        loop.add_reader(self._far, self._read)

    @staticmethod
    def is_available() -> bool:
        """Return whether the system has pseudo-terminals."""
        return hasattr(os, "openpty")

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send; what does not fit into the buffer of the system is lost."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._far, data)

    def get_write_buffer_size(self) -> int:
        """Return 0: nothing waits."""
        return 0

    def is_closing(self) -> bool:
        """Return False: a cable has no end."""
        return False

    def abort(self) -> None:
        """Do nothing: only the server closes the port."""

    def close(self) -> None:
        """Take the port away."""
        if self._far < 0:
            return
        self._loop.remove_reader(self._far)
        os.close(self._far)
        os.close(self._near)
        self._far = self._near = -1
        if self._is_heard:
            self._line.connection_lost(None)

    def _read(self) -> None:
        data = os.read(self._far, _CHUNK)
        if not self._is_heard:  # until then, nobody listens
            self._is_heard = True
            self._line.connection_made(self)
        self._line.data_received(data)
