"""What a pause has interrupted, so that it can be resumed.

On a pause the engine calls ``stop`` of every device that it has set, then ``pause`` of all, and on
resuming ``resume``: what ``stop`` ends must be kept until it is known whether a pause follows.
"""

import threading
import time
from typing import Generic, TypeVar

T = TypeVar("T")

_PAUSE_FOLLOWS_STOP_S = 60.0  # a stop without a pause must never be resumed by a later run


class Interruption(Generic[T]):
    """Keeps what was stopped until it is resumed or forgotten; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped: tuple[float, T] | None = None
        self._paused: T | None = None

    def stopped(self, what: T) -> None:
        """Note what a stop has ended.

        Args:
            what: All that is needed to begin it again.
        """
        with self._lock:
            self._stopped = (time.monotonic(), what)

    def pause(self) -> None:
        """Keep what was stopped just before, if anything was."""
        with self._lock:
            stopped, self._stopped = self._stopped, None
            if stopped is not None and time.monotonic() - stopped[0] <= _PAUSE_FOLLOWS_STOP_S:
                self._paused = stopped[1]

    def take(self) -> T | None:
        """Return once what is to be resumed, ``None`` for nothing."""
        with self._lock:
            paused, self._paused = self._paused, None
            return paused

    def forget(self) -> None:
        """Have nothing to resume."""
        with self._lock:
            self._stopped = self._paused = None
