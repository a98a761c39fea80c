"""Where the rules stand that can end a run, and when each of them will."""

import bisect
import math
from collections.abc import Iterable
from dataclasses import dataclass

from gui.messages import Scalar
from gui.presenters.numbers import duration, rounded

_PREFIX = "endpoint_"
_SUFFIX = "_progress"
_LOOK_BACK = 0.3  # of the way that is done: what went on lately says what comes
_LEAST_POINTS = 5  # noise seldom rises so often in a row
_LEAST_WAY = 0.01
_MOST_POINTS = 400
_LONGEST_S = 30 * 86400.0


@dataclass(frozen=True, kw_only=True)
class RuleRow:
    """A line of the endpoint card.

    Attributes:
        rule: Its name.
        text: Its words.
        progress: From 0.0 to 1.0.
        left_s: Time until it is met if all goes on as it did lately, s; None when nobody can tell.
    """

    rule: str
    text: str
    progress: float
    left_s: float | None = None

    @property
    def words(self) -> str:
        """The words, with what is left."""
        if self.left_s is None:
            return self.text
        return f"{self.text}, about {duration(rounded(self.left_s))} left"


class RuleProgress:
    """Follows how far every rule has come."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._ways: dict[str, list[tuple[float, float]]] = {}

    def add(self, time_s: float, values: Iterable[tuple[str, Scalar]]) -> None:
        """Take the values of a spectrum; those that are of no rule are passed over.

        Args:
            time_s: Its time in the run.
            values: Names and values.
        """
        for name, value in values:
            if not name.startswith(_PREFIX):
                continue
            rule = name.removeprefix(_PREFIX)
            if isinstance(value, str):
                self._texts[rule] = value
            elif rule.endswith(_SUFFIX) and isinstance(value, int | float):
                self._note(rule.removesuffix(_SUFFIX), time_s, float(value))

    def _note(self, rule: str, time_s: float, progress: float) -> None:
        way = self._ways.setdefault(rule, [])
        if not math.isfinite(progress):
            return
        if way and not (time_s > way[-1][0] and progress > way[-1][1]):
            way.clear()  # it stands, or has begun anew: what was before tells nothing
        way.append((time_s, progress))
        if len(way) > _MOST_POINTS:
            del way[1:-1:2]

    def rows(self) -> tuple[RuleRow, ...]:
        """Return where the rules stand, the nearest to its end first."""
        rows = [
            RuleRow(rule=rule, text=text, progress=self._progress(rule), left_s=self._left_s(rule))
            for rule, text in self._texts.items()
            if text
        ]
        return tuple(sorted(rows, key=lambda row: -row.progress))

    def _progress(self, rule: str) -> float:
        way = self._ways.get(rule)
        return way[-1][1] if way else 0.0

    def _left_s(self, rule: str) -> float | None:
        way = self._ways.get(rule) or []
        if len(way) < _LEAST_POINTS:
            return None
        (first_s, _), (now_s, done) = way[0], way[-1]
        since_s = now_s - max(_LOOK_BACK * (now_s - first_s), 1e-9)
        place = min(bisect.bisect_left(way, (since_s, -1.0)), len(way) - _LEAST_POINTS)
        then_s, before = way[place]
        if done >= 1.0 or done - before < _LEAST_WAY:
            return None
        left_s = (1.0 - done) * (now_s - then_s) / (done - before)
        return left_s if left_s < _LONGEST_S else None
