"""Reads quantities at a steady pace, for whoever watches.

Each port has one poller, however many devices hang on it.

The readings are kept by the signals, so that a window shows them without touching the line.
"""

import logging
import threading
import time
from collections.abc import Iterable, Sequence

from instruments.errors import InstrumentError
from instruments.links import Link
from instruments.signals import InstrumentSignal

_LOGGER = logging.getLogger(__name__)


class Poller:
    """Reads the signals of one link, round after round, in a thread of its own.

    A device whose line is busy is left out of a round: an experiment goes before a display.

    Args:
        link: the line that all the signals use.
        signals: what to read.
        interval_s: from the start of one round to the start of the next, s.

    Attributes:
        problem: what went wrong in the last round, "" for nothing.
    """

    def __init__(
        self, link: Link, signals: Sequence[InstrumentSignal], *, interval_s: float
    ) -> None:
        self._link = link
        self._watched = [(link, tuple(signals))]
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.problem = ""

    def add(self, link: Link, signals: Sequence[InstrumentSignal]) -> None:
        """Read another device on the same port as well; call before `start`.

        Args:
            link: its link.
            signals: what to read of it.
        """
        assert link.line is self._link.line, f"{link} is on another port than {self._link}"
        self._watched.append((link, tuple(signals)))

    def start(self) -> None:
        """Start reading; harmless when it reads already."""
        if self._thread is not None:
            return
        self._stopping.clear()
        name = f"{self._link.name}-poller"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop reading and wait until the thread has ended, at most ``timeout_s``."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            thread.join(timeout_s)

    def _run(self) -> None:
        next_s = time.monotonic()
        while not self._stopping.wait(max(0.0, next_s - time.monotonic())):
            self._round()
            # A late round does not make the following ones hurry.
            next_s = max(next_s + self._interval_s, time.monotonic())

    def _round(self) -> None:
        problems = [self._look(link, signals) for link, signals in self._watched]
        problem = "; ".join(filter(None, problems))
        if problem and problem != self.problem:
            _LOGGER.warning("poller of %s: %s", self._link.name, problem)
        self.problem = problem

    def _look(self, link: Link, signals: Sequence[InstrumentSignal]) -> str:
        """Read the signals of one device; return what went wrong, after which the rest is left."""
        for signal in signals:
            if self._stopping.is_set():
                return ""
            try:
                with link.exchange(timeout_s=self._interval_s):
                    signal.get()
            except InstrumentError as error:
                return str(error)
        return ""


def make_pollers(
    watched: Iterable[tuple[Link, Sequence[InstrumentSignal]]], *, interval_s: float
) -> list[Poller]:
    """Return one poller per port.

    Args:
        watched: the devices' links, and what to read of each.
        interval_s: from the start of one round to the start of the next, s.
    """
    pollers: dict[int, Poller] = {}
    for link, signals in watched:
        port = id(link.line)
        if port in pollers:
            pollers[port].add(link, signals)
        else:
            pollers[port] = Poller(link, signals, interval_s=interval_s)
    return list(pollers.values())
