"""The interlocks of the bench, watched as long as the bench is open."""

import logging
import time
from collections.abc import Callable

from gui import messages
from instruments.bench import Bench
from plans.interlocking import Interlocks
from plans.records import ReactionLog

_LOGGER = logging.getLogger(__name__)

PATIENCE_S = 20.0
"""So long the watched instruments may take to connect, in the person's time."""
_REACTIONS = {
    "refuse": "no run is started",
    "pause": "a run is paused",
    "make_safe": "everything is switched off",
}


class InterlockDesk:
    """Begins to watch when the instruments are there, and tells the window what trips.

    Args:
        bench: The bench.
        tell: Takes a message for the window.
        log: Where every reaction is written down.
    """

    def __init__(self, bench: Bench, tell: Callable[..., None], log: ReactionLog) -> None:
        self.interlocks = Interlocks(bench, _LOGGER.warning, log=log, attended=True)
        self._bench = bench
        self._tell = tell
        self._is_watching = False
        self._began_s = time.perf_counter()
        self._told: tuple[messages.InterlockState, ...] | None = None

    def is_due(self) -> bool:
        """Whether to begin to watch: all that is watched is connected, or should be by now."""
        if self._is_watching or not self.interlocks.rules:
            return False
        names = {rule.device for rule in self.interlocks.rules}
        return (
            all(self._bench[name].connected for name in names)
            or time.perf_counter() - self._began_s > PATIENCE_S
        )

    def begin(self) -> None:
        """Begin to watch; on a thread that lives in bench time."""
        self.interlocks.refusals()  # every value is read once, so that none is unknown
        self.interlocks.watch()

    def note_begun(self) -> None:
        """Note that `begin` was called."""
        self._is_watching = True

    def tell_changes(self) -> None:
        """Tell the window how the rules are when that has changed."""
        causes = {trip.rule.name: trip.cause for trip in self.interlocks.tripped}
        states = tuple(
            messages.InterlockState(
                name=rule.name,
                watched=f"{rule.device}.{rule.signal}",
                reaction=_REACTIONS[rule.reaction],
                cause=causes.get(rule.name, ""),
            )
            for rule in self.interlocks.rules
        )
        if states != self._told:
            self._told = states
            self._tell(messages.Interlocks(rules=states))

    def close(self) -> None:
        """Stop watching."""
        self.interlocks.close()
