"""The guarded program as its guard sees it: alive, or to be ended."""

import contextlib
import os
import signal
import sys
import time

_STEP_S = 0.01


class GuardedProgram:
    """A process that can be watched and killed without ever hitting another one.

    On Windows its handle is held from the beginning, so that its number is not given to another
    process. Elsewhere the guard is its child: while the child's parent has that number, it lives.

    Args:
        pid: Its process id.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle: int | None = None
        if sys.platform == "win32":
            self._handle = _open_handle(pid)

    @property
    def is_alive(self) -> bool:
        """Whether it still runs, or at least is not gone yet."""
        if sys.platform == "win32":
            return self._handle is not None and not _has_ended(self._handle, 0)
        else:  # type checkers follow it only so
            return os.getppid() == self.pid

    def kill(self, wait_s: float = 1.0) -> bool:
        """End it at once, and wait until the system has taken its ports away.

        Args:
            wait_s: How long to wait.

        Returns:
            Whether it is gone.
        """
        if self.is_alive:
            with contextlib.suppress(OSError):  # it may have gone in this moment
                if sys.platform == "win32":
                    _terminate(self._handle)
                else:
                    os.kill(self.pid, signal.SIGKILL)
        end_s = time.monotonic() + wait_s
        while self.is_alive and time.monotonic() < end_s:
            time.sleep(_STEP_S)
        return not self.is_alive


if sys.platform == "win32":  # pragma: no cover - the other half runs elsewhere
    import ctypes

    _TERMINATE, _SYNCHRONIZE = 0x0001, 0x0010_0000  # access rights, winnt.h
    _SIGNALED = 0
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.OpenProcess.restype = ctypes.c_void_p

    def _open_handle(pid: int) -> int | None:
        return _kernel32.OpenProcess(_TERMINATE | _SYNCHRONIZE, False, pid) or None

    def _has_ended(handle: int, wait_ms: int) -> bool:
        return bool(_kernel32.WaitForSingleObject(ctypes.c_void_p(handle), wait_ms) == _SIGNALED)

    def _terminate(handle: int | None) -> None:
        if handle is not None:
            _kernel32.TerminateProcess(ctypes.c_void_p(handle), 1)
