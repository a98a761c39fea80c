"""A process of ours at the end of two pipes, as Qt sees it."""

import collections
import contextlib
import logging
import subprocess
import sys
import threading
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from gui import pipe

_LOGGER = logging.getLogger(__name__)

FRAME_MS = 33
"""The window takes in what came, and draws, a little more than 25 times a second."""
_END_S = 15.0


class Peer(QObject):
    """Starts a process, sends it messages and hands on what it says.

    Attributes:
        may_be_cut_off: Whether it may be killed when it does not end in time.
        received: Every message of the process, in order, on the window's thread.
        drained: After all messages that had come, 25 times a second: the time to draw.
        ended: The process has ended though nobody asked for it; the text holds its last words.

    Args:
        command: Its command line.
        name: What to call it in messages.
        parent: The parent.
    """

    may_be_cut_off = False
    received = Signal(object)
    drained = Signal()
    ended = Signal(str)

    def __init__(self, command: list[str], name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._sender: pipe.Sender | None = None
        self._inbox: collections.deque[Any] = collections.deque()
        self._threads: list[threading.Thread] = []
        self._errors: collections.deque[str] = collections.deque(maxlen=40)
        self._is_closing = False
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self.drain)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int | None:
        """Number of the process, None before it was started."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process; returns at once."""
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            start_new_session=sys.platform != "win32",  # a Ctrl-C is for the window alone
        )
        assert process.stdin is not None
        self._is_closing = False
        self._process = process
        self._sender = pipe.Sender(process.stdin, name=f"to-{self._name}")  # type: ignore[arg-type]
        self._threads = [
            threading.Thread(target=work, args=(process,), name=name, daemon=True)
            for work, name in (
                (self._read, f"from-{self._name}"),
                (self._read_errors, f"errors-of-{self._name}"),
            )
        ]
        for thread in self._threads:
            thread.start()
        self._timer.start()

    def send(self, message: Any) -> None:
        """Send a message; without a process it is lost."""
        if self._sender is not None and not self._is_closing:
            self._sender.put(message)

    def close(self, last: Any = None, timeout_s: float = _END_S) -> bool:
        """End the process by closing its pipe, and wait for it; True when it has ended.

        Args:
            last: A message to send before.
            timeout_s: How long to wait.
        """
        self._timer.stop()
        process, sender = self._process, self._sender
        if process is None or sender is None:
            return True
        if last is not None:
            self.send(last)
        self._is_closing = True
        self._sender = None
        sender.close()
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            if not self.may_be_cut_off:
                _LOGGER.error("the process of the %s does not end; it goes on", self._name)
                return False
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join(2.0)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        return True

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        for message in pipe.receive(process.stdout):  # type: ignore[arg-type]
            self._inbox.append(message)
        self._inbox.append(_END)

    def _read_errors(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stderr is not None
        with contextlib.suppress(ValueError, OSError):  # closed while it was read
            for line in process.stderr:
                self._errors.append(line.decode(errors="replace").rstrip())

    def drain(self) -> None:
        """Hand on what has come; called by a timer."""
        for _ in range(len(self._inbox)):
            message = self._inbox.popleft()
            if message is _END:
                self._timer.stop()
                if not self._is_closing:
                    self.ended.emit(self._last_words())
                return
            self.received.emit(message)
        self.drained.emit()

    def _last_words(self) -> str:
        code = None if self._process is None else self._process.poll()
        words = "\n".join(line for line in list(self._errors)[-12:] if line)
        return f"The process of the {self._name} has ended (code {code}). {words}"


_END = object()
