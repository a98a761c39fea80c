"""What a recorder says of its disk and of the clock."""

import logging
import time
from pathlib import Path

logger = logging.getLogger(__name__)

SLOW_S = 2.0  # a disk that takes longer is worth a word
SAY_AGAIN_S = 60.0  # a network disk that stays slow is not worth one for each event
JUMP_S = 2.0  # far more than a clock that is being corrected moves between two documents


class DiskPace:
    """Says when a run had to wait for its disk.

    Args:
        folder: The folder of all runs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said_s = float("-inf")

    def waited(self, began_s: float) -> None:
        """Take note of one wait for the disk.

        Args:
            began_s: When it began, s of `time.perf_counter`: a simulated clock may run ahead.
        """
        now_s = time.perf_counter()
        if now_s - began_s > SLOW_S and now_s - self._said_s > SAY_AGAIN_S:
            self._said_s = now_s
            logger.warning(
                "%s: the disk took %.1f s; the run waits for it", self._folder, now_s - began_s
            )


class ClockWatch:
    """Says when the time of day jumps: the run keeps its pace, the time stamps do not."""

    def __init__(self) -> None:
        self._ahead_s: float | None = None  # time of day against the steady clock

    def look(self) -> None:
        """Compare the clocks; to be called with every document."""
        ahead_s = time.time() - time.monotonic()
        if self._ahead_s is not None and abs(ahead_s - self._ahead_s) > JUMP_S:
            logger.warning(
                "the computer's clock has jumped by %+.1f s; the run keeps its pace, but the time "
                "stamps before and after do not fit together",
                ahead_s - self._ahead_s,
            )
        self._ahead_s = ahead_s
