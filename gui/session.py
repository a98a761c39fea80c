"""The one bridge between Qt and the bench: starts its process and carries messages.

The window's thread never waits for a device: what it asks for is written into a pipe, what comes
back is taken out of a queue by a timer and handed on as one signal a message.
"""

import collections
import contextlib
import itertools
import logging
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from gui import messages, pipe

_LOGGER = logging.getLogger(__name__)

FRAME_MS = 40
"""The window takes in what came, and draws, 25 times a second."""
_BEAT_S = 1.0
_END_S = 15.0


@dataclass(frozen=True, kw_only=True)
class HostOptions:
    """How the process of the bench is started.

    Attributes:
        bench_file: The bench.
        simulated: Whether its instruments are simulated.
        speed: Simulated seconds per second.
        runs_folder: Where runs are recorded.
        seed: Of the simulated noise, None for that of the file.
        plans: Module with further plans.
    """

    bench_file: Path
    simulated: bool = True
    speed: float = 60.0
    runs_folder: Path = Path("runs")
    seed: int | None = None
    plans: str | None = None

    def command(self) -> list[str]:
        """Return the command line of the process."""
        line = [sys.executable, "-m", "gui.host", str(self.bench_file)]
        line += ["--runs", str(self.runs_folder)]
        if self.simulated:
            line += ["--simulated", "--speed", f"{self.speed:g}"]
        if self.seed is not None:
            line += ["--seed", str(self.seed)]
        if self.plans is not None:
            line += ["--plans", self.plans]
        return line


class Session(QObject):
    """The bench's process as the window sees it.

    Attributes:
        received: Every message of the host, in order, on the window's thread.
        drained: After all messages that had come, 25 times a second: the time to draw.
        ended: The process has ended; the text says why when nobody asked for it.
    """

    received = Signal(object)
    drained = Signal()
    ended = Signal(str)

    def __init__(self, options: HostOptions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._sender: pipe.Sender | None = None
        self._inbox: collections.deque[Any] = collections.deque()
        self._reader: threading.Thread | None = None
        self._errors: collections.deque[str] = collections.deque(maxlen=40)
        self._tickets = itertools.count(1)
        self._is_closing = False
        self._beat_at_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._drain)

    # -- the process

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
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        process = subprocess.Popen(
            self.options.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=flags,
            start_new_session=sys.platform != "win32",  # a Ctrl-C is for the window alone
        )
        assert process.stdin is not None
        self._is_closing = False
        self._process = process
        self._sender = pipe.Sender(process.stdin, name="to-host")  # type: ignore[arg-type]
        self._reader = threading.Thread(target=self._read, name="from-host", daemon=True)
        self._reader.start()
        threading.Thread(target=self._read_errors, name="host-errors", daemon=True).start()
        self._timer.start()

    def close(self, timeout_s: float = _END_S) -> bool:
        """Ask the process to make safe and end, and wait for it; True when it has ended.

        The pipe is closed in any case, and a host whose pipe is closed switches everything off.

        Args:
            timeout_s: How long to wait.
        """
        self._is_closing = True
        self._timer.stop()
        process, sender = self._process, self._sender
        if process is None or sender is None:
            return True
        sender.put(messages.Shutdown())
        sender.close()
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            _LOGGER.error("the process of the bench does not end; it goes on by itself")
            return False
        for thread in (self._reader,):
            if thread is not None:
                thread.join(2.0)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        return True

    def _read(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        for message in pipe.receive(process.stdout):  # type: ignore[arg-type]
            self._inbox.append(message)
        self._inbox.append(None)

    def _read_errors(self) -> None:
        process = self._process
        assert process is not None
        assert process.stderr is not None
        with contextlib.suppress(ValueError, OSError):  # closed while it was read
            for line in process.stderr:
                self._errors.append(line.decode(errors="replace").rstrip())

    def _drain(self) -> None:
        now_s = time.monotonic()
        if now_s - self._beat_at_s >= _BEAT_S:
            self._beat_at_s = now_s
            self._send(messages.Beat())
        for _ in range(len(self._inbox)):
            message = self._inbox.popleft()
            if message is None:
                self._timer.stop()
                if not self._is_closing:
                    self.ended.emit(self._last_words())
                return
            self.received.emit(message)
        self.drained.emit()

    def _last_words(self) -> str:
        code = None if self._process is None else self._process.poll()
        words = "\n".join(line for line in list(self._errors)[-12:] if line)
        return f"The process of the bench has ended (code {code}).\n{words}"

    # -- what may be asked for; each returns at once

    def safe_stop(self, reason: str = "Safe stop in the window") -> None:
        """Switch everything off, whatever else goes on."""
        self._send(messages.SafeStop(reason=reason))

    def preflight(self, plan: str, values: dict[str, messages.Scalar]) -> int:
        """Check a plan; a `PreflightTable` with the ticket comes back."""
        ticket = next(self._tickets)
        self._send(messages.Preflight(ticket=ticket, plan=plan, values=values))
        return ticket

    def run(
        self, plan: str, values: dict[str, messages.Scalar], md: dict[str, Any] | None = None
    ) -> int:
        """Run a plan; a `RunEnded` with the ticket comes back."""
        ticket = next(self._tickets)
        self._send(messages.Run(ticket=ticket, plan=plan, values=values, md=md or {}))
        return ticket

    def pause(self) -> None:
        """Pause the run."""
        self._send(messages.Control(what="pause"))

    def resume(self) -> None:
        """Go on with the paused run."""
        self._send(messages.Control(what="resume"))

    def stop_run(self) -> None:
        """End the run early, as a success."""
        self._send(messages.Control(what="stop"))

    def abort_run(self, reason: str) -> None:
        """End the run as aborted."""
        self._send(messages.Control(what="abort", reason=reason))

    def act(self, device: str, action: str, values: dict[str, messages.Scalar]) -> int:
        """Do something by hand; a `Done` with the ticket comes back."""
        ticket = next(self._tickets)
        self._send(messages.Act(ticket=ticket, device=device, action=action, values=values))
        return ticket

    def connect_device(self, device: str, *, on: bool) -> None:
        """Connect or disconnect a device."""
        self._send(messages.Connect(device=device, on=on))

    def set_speed(self, speed: float) -> None:
        """Let simulated time run at another speed."""
        self._send(messages.SetSpeed(speed=speed))

    def ask_wire_log(self, device: str) -> None:
        """Ask for what went over a line; a `WireText` comes back."""
        self._send(messages.WireLog(device=device))

    def run_code(self, text: str) -> int:
        """Run Python beside the bench; a `Done` with the ticket comes back."""
        ticket = next(self._tickets)
        self._send(messages.Code(ticket=ticket, text=text))
        return ticket

    def _send(self, message: Any) -> None:
        if self._sender is not None and not self._is_closing:
            self._sender.put(message)
