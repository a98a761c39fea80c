"""A thread that repeats a piece of work until it is told to end."""

import logging
import threading
from collections.abc import Callable

from instruments.errors import InstrumentError

_LOGGER = logging.getLogger(__name__)
_JOIN_S = 5.0


class Beat:
    """Feeds a watchdog while something is hot; a failure is logged, and the next beat tries again.

    Args:
        name: Name of the thread.
        work: What is done at each beat; it gets the event that ends the beat and returns whether
            to go on.
        interval_s: Pause between two beats, s.
    """

    def __init__(
        self, name: str, work: Callable[[threading.Event], bool], *, interval_s: float
    ) -> None:
        self._name = name
        self._work = work
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with a first beat after one interval; one that is under way ends."""
        self.end()
        with self._lock:
            self._ending = ending = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(ending,), name=self._name, daemon=True
            )
            self._thread.start()

    def end(self) -> None:
        """Let no further beat begin; returns at once. One under way may still do its work."""
        with self._lock:
            self._ending.set()

    def join(self) -> None:
        """Wait until the thread has ended; call `end` before, and do not hold what it needs."""
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_S)

    def _run(self, ending: threading.Event) -> None:
        while not ending.wait(self._interval_s):
            try:
                if not self._work(ending):
                    return
            except InstrumentError as error:
                _LOGGER.warning("%s: %s", self._name, error)
