"""Whose turn it is on a line.

A re-entrant lock with a time-out that knows who holds it, and that lets an urgent caller pass all
who wait.
"""

import threading
import time
from collections.abc import Callable

_PATIENCE_S = 0.05  # an exchange in progress gets so long to end by itself before it is hurried


class Turn:
    """The right to use a line, held by one thread at a time."""

    def __init__(self) -> None:
        self._condition = threading.Condition(threading.Lock())
        self._owner: int | None = None
        self._urgent = 0
        self.holder = ""
        self.depth = 0

    @property
    def held(self) -> bool:
        """Tell whether somebody has the turn."""
        return self._owner is not None

    @property
    def is_mine(self) -> bool:
        """Tell whether the calling thread has the turn."""
        return self._owner == threading.get_ident()

    def acquire(self, timeout_s: float, *, hurry: Callable[[], None] | None = None) -> bool:
        """Take the turn, again if the calling thread has it.

        Args:
            timeout_s: how long to wait, s.
            hurry: makes this caller urgent: it passes all others who wait, and this is called if
                the holder has not ended by itself after a moment.

        Returns:
            False if it was not free in time.
        """
        if self.is_mine:  # nobody else can change that
            self.depth += 1
            return True
        with self._condition:
            if not self._wait(time.monotonic() + timeout_s, hurry):
                return False
            self._owner = threading.get_ident()
            self.holder = threading.current_thread().name
            self.depth = 1
            return True

    def release(self) -> None:
        """Give the turn back, once for each time it was taken."""
        if self.depth > 1:
            self.depth -= 1
            return
        with self._condition:
            self.depth = 0
            self._owner = None
            self.holder = ""
            self._condition.notify_all()

    def _wait(self, end_s: float, hurry: Callable[[], None] | None) -> bool:
        if hurry is None:
            return self._wait_for(lambda: self._owner is None and not self._urgent, end_s)
        self._urgent += 1
        try:
            patient_s = min(end_s, time.monotonic() + _PATIENCE_S)
            if self._wait_for(lambda: self._owner is None, patient_s):
                return True
            hurry()
            return self._wait_for(lambda: self._owner is None, end_s)
        finally:
            self._urgent -= 1
            self._condition.notify_all()

    def _wait_for(self, is_free: Callable[[], bool], end_s: float) -> bool:
        return self._condition.wait_for(is_free, timeout=max(0.0, end_s - time.monotonic()))
