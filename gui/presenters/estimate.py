"""How long a run takes: from its longest duration and the pace at which time passes here."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from gui.presenters.numbers import duration, rounded


class Estimate:
    """Follows a run; pauses do not spoil it.

    Args:
        now_s: The person's clock, s.
        local: The person's date and time.
    """

    def __init__(
        self,
        *,
        now_s: Callable[[], float] = time.monotonic,
        local: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._now_s = now_s
        self._local = local
        self._longest_s: float | None = None
        self._elapsed_s = 0.0
        self._speed = 1.0

    def begin(self, longest_s: float | None, speed: float) -> None:
        """Begin with a run.

        Args:
            longest_s: Its longest duration, bench seconds; None when it does not say.
            speed: Bench seconds per second.
        """
        self._longest_s, self._elapsed_s, self._speed = longest_s, 0.0, max(speed, 1e-6)

    def set_speed(self, speed: float) -> None:
        """Note that bench time runs at another speed."""
        self._speed = max(speed, 1e-6)

    def progress(self, elapsed_s: float) -> None:
        """Note how much of the run is done, bench seconds without pauses."""
        self._elapsed_s = elapsed_s

    @property
    def share(self) -> float | None:
        """Share of the longest duration that is done, None when it is not known."""
        if not self._longest_s:
            return None
        return min(1.0, self._elapsed_s / self._longest_s)

    def left_text(self) -> str:
        """Return what is left at most, and until when."""
        if not self._longest_s:
            return "no end is set"
        left_s = max(0.0, self._longest_s - self._elapsed_s)
        return f"at most {self._both(rounded(left_s))}, until {self._until(left_s)}"

    def whole_text(self, longest_s: float | None, speed: float) -> str:
        """Return how long a run that has not begun will take."""
        if not longest_s:
            return "runs until it is ended"
        here_s = longest_s / max(speed, 1e-6)
        text = f"at most {duration(longest_s)}"
        if speed > 1.05:
            text += f" ({duration(here_s)} here)"
        return f"{text}, until {self._until(longest_s, speed)}"

    def _both(self, bench_s: float) -> str:
        if self._speed <= 1.05:
            return duration(bench_s)
        return f"{duration(bench_s)} ({duration(bench_s / self._speed)} here)"

    def _until(self, bench_s: float, speed: float | None = None) -> str:
        here_s = bench_s / (self._speed if speed is None else max(speed, 1e-6))
        now = self._local()
        end = now + timedelta(seconds=here_s)
        if end.date() == now.date():
            return end.strftime("%H:%M")
        return end.strftime("%a %d %b, %H:%M")
