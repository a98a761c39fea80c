"""The guarded program's side of the guard."""

import contextlib
import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Self

from instruments.guard.report import GuardReport

_LOGGER = logging.getLogger(__name__)

HEARTBEAT_S = 0.25
TIMEOUT_S = 1.5  # with a quarter of a second between beats and as much to act: off within 2 s
_READY_TIMEOUT_S = 90.0  # the imports of a cold start on a slow disk
_DEAF_AFTER_S = 10.0  # a guard that says nothing for so long is replaced
_END_TIMEOUT_S = 5.0
_UNSURE_TIMEOUT_S = 1.0  # it may wait for this program to end and leave the ports
_REPORT_TIMEOUT_S = 10.0
_MOST_RESTARTS = 3
_SOURCES = Path(__file__).resolve().parents[2]


class GuardError(RuntimeError):
    """The guard cannot be started, or does not do its work."""


class Guard:
    """A process beside this one that makes the bench safe when this one cannot.

    It acts when this process ends without saying that all is well, when no beat comes for
    ``timeout_s`` (it then ends this process, since a port has one owner) and when it is asked. It
    holds no port while all is well. As a context manager it starts and ends the guard.

    Args:
        bench_file: The bench.
        addresses: VISA addresses that replace those of the file, by device.
        heartbeat_s: Time between two beats, s.
        timeout_s: Silence after which this process counts as hung, s.
        folder: Where the guard writes its reports until :meth:`note_folder` names another.
        pulse: Asked before every beat, on a thread of the guard's own; False keeps the beat back.
            It must look at the work itself: see ``plans.engine.Engine.is_turning``. None leaves
            the beating to the caller.
        on_trouble: Told in words when the guard ended and was, or was not, started again.
    """

    def __init__(
        self,
        bench_file: Path | str,
        *,
        addresses: Mapping[str, str] | None = None,
        heartbeat_s: float = HEARTBEAT_S,
        timeout_s: float = TIMEOUT_S,
        folder: Path | None = None,
        pulse: Callable[[], bool] | None = None,
        on_trouble: Callable[[str], None] | None = None,
    ) -> None:
        if not 0 < heartbeat_s < timeout_s:
            raise ValueError(f"heartbeat_s {heartbeat_s} must be above 0 and below {timeout_s}")
        self.restarts = 0
        self.failed = False
        self._order = {
            "bench_file": str(Path(bench_file).resolve()),
            "addresses": None if addresses is None else dict(addresses),
            "timeout_s": timeout_s,
            "folder": str((folder or Path.cwd()).resolve()),
            "program": os.getpid(),
        }
        self._heartbeat_s = heartbeat_s
        self._pulse = pulse
        self._on_trouble = on_trouble or _LOGGER.error
        self._ended = threading.Event()
        self._speaking = threading.Lock()
        self._process: _Process | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the process; :meth:`wait_until_ready` tells when it stands guard.

        Raises:
            GuardError: It cannot be started.
        """
        self._process = _Process(self._order)
        if self._pulse is not None:
            self._thread = threading.Thread(target=self._run, name="guard-beat", daemon=True)
            self._thread.start()

    def wait_until_ready(self, timeout_s: float = _READY_TIMEOUT_S) -> None:
        """Wait until the guard stands guard.

        Raises:
            GuardError: It did not come up.
        """
        self._current().wait_until_ready(timeout_s)

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._current().pid

    def beat(self) -> None:
        """Give a sign of life."""
        self._tell("beat")

    def note_folder(self, folder: Path) -> None:
        """Name the folder in which a report is written.

        Args:
            folder: That of the run.
        """
        self._order["folder"] = str(folder.resolve())
        self._tell(f"folder {folder.resolve()}")

    def make_safe(self, timeout_s: float = _REPORT_TIMEOUT_S) -> GuardReport:
        """Let the guard make the bench safe; close serial ports before, they have one owner.

        Args:
            timeout_s: How long to wait for its report, s.

        Raises:
            GuardError: It did not report.
        """
        process = self._current()
        self._tell("safe")
        return process.report(timeout_s)

    def close(self, *, is_safe: bool = True) -> None:
        """Tell the guard whether all is well, and wait for its end; twice is harmless.

        Args:
            is_safe: False if the bench may be on: the guard then makes it safe, and goes on with
                that after the end of this program. The bench must be closed.
        """
        self._ended.set()
        if self._thread is not None:
            self._thread.join(_END_TIMEOUT_S)
            self._thread = None
        process, self._process = self._process, None
        if process is not None:
            process.end(is_safe=is_safe)

    def __enter__(self) -> Self:
        """Start, and wait until the guard stands guard."""
        self.start()
        try:
            self.wait_until_ready()
        except GuardError:
            self.close()
            raise
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """End the guard: leave the bench safe before. After an error it looks once more."""
        self.close(is_safe=error is None)

    def _current(self) -> "_Process":
        if self._process is None:
            raise GuardError("the guard is not running; start it first")
        return self._process

    def _tell(self, word: str) -> None:
        with self._speaking:
            process = self._process
            if process is not None:
                process.tell(word)

    def _run(self) -> None:
        assert self._pulse is not None
        while not self._ended.wait(self._heartbeat_s):
            process = self._process
            if process is not None and process.is_lost and not self.failed:
                self._replace(process)
            if self._pulse():
                self.beat()

    def _replace(self, lost: "_Process") -> None:
        what = lost.kill()
        if self.restarts >= _MOST_RESTARTS:
            self.failed = True
            self._on_trouble(f"THE GUARD ENDED AGAIN ({what}): the run is not guarded any more")
            return
        try:
            self._process = _Process(self._order)
        except GuardError as error:
            self.failed = True
            self._on_trouble(f"THE GUARD ENDED ({what}) AND CANNOT BE STARTED AGAIN: {error}")
            return
        self.restarts += 1
        self._on_trouble(f"the guard ended ({what}); another one was started")


class _Process:
    """One process of a guard.

    Args:
        order: What to guard, as the process wants it.

    Raises:
        GuardError: It cannot be started.
    """

    def __init__(self, order: Mapping[str, object]) -> None:
        paths = [str(_SOURCES), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        flags = 0
        if sys.platform == "win32":  # its own console: closing the window does not end the guard
            flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-P", "-m", "instruments.guard"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                creationflags=flags,
                start_new_session=sys.platform != "win32",  # no Ctrl-C of the terminal for it
            )
        except OSError as error:
            raise GuardError(f"the guard cannot be started ({error})") from error
        self.pid = self._popen.pid
        self._ready = threading.Event()
        self._reports: queue.Queue[str] = queue.Queue()
        self._heard_s = time.monotonic()
        self._thread = threading.Thread(target=self._listen, name="guard-listen", daemon=True)
        self._thread.start()
        self.tell(json.dumps(dict(order)))

    @property
    def is_lost(self) -> bool:
        """Whether it has ended, or says nothing any more."""
        deaf = self._ready.is_set() and time.monotonic() - self._heard_s > _DEAF_AFTER_S
        return deaf or self._popen.poll() is not None

    def tell(self, word: str) -> None:
        """Write a word; one that has ended does not hear it."""
        with contextlib.suppress(OSError, ValueError):
            _pipe(self._popen.stdin).write(f"{word}\n".encode())
            _pipe(self._popen.stdin).flush()

    def wait_until_ready(self, timeout_s: float) -> None:
        """Wait until it stands guard."""
        end_s = time.monotonic() + timeout_s
        while not self._ready.wait(0.05):
            if self._popen.poll() is not None:
                raise GuardError(
                    f"the guard ended with code {self._popen.returncode} while it started; "
                    "its words are above"
                )
            if time.monotonic() > end_s:
                raise GuardError(f"the guard was not ready within {timeout_s:g} s")

    def report(self, timeout_s: float) -> GuardReport:
        """Return the report that was asked for."""
        try:
            return GuardReport.from_json(self._reports.get(timeout=timeout_s))
        except queue.Empty:
            raise GuardError(f"the guard did not report within {timeout_s:g} s") from None

    def end(self, *, is_safe: bool) -> None:
        """Say whether all is well and wait for the end; one that has work to do is left to it."""
        self.tell("end" if is_safe else "unsure")
        with contextlib.suppress(OSError, ValueError):
            _pipe(self._popen.stdin).close()
        try:
            self._popen.wait(_END_TIMEOUT_S if is_safe else _UNSURE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            if not is_safe:
                _LOGGER.error("the bench is not safe yet; its guard goes on with it")
                return
            self.kill()
        self._tidy()

    def kill(self) -> str:
        """End it whatever it does; return how it ended."""
        deaf = self._popen.poll() is None
        self._popen.kill()
        self._popen.wait(_END_TIMEOUT_S)
        self._tidy()
        return "it said nothing any more" if deaf else f"code {self._popen.returncode}"

    def _tidy(self) -> None:
        self._thread.join(_END_TIMEOUT_S)
        for pipe in (self._popen.stdin, self._popen.stdout):
            with contextlib.suppress(OSError, ValueError):
                _pipe(pipe).close()

    def _listen(self) -> None:
        for raw in _pipe(self._popen.stdout):
            self._heard_s = time.monotonic()
            word = raw.decode("utf-8", errors="replace").strip()
            if word == "ready":
                self._ready.set()
            elif word.startswith("report "):
                self._reports.put(word.removeprefix("report "))


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
