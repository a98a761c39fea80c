"""A temperature that follows its target with a lag."""

import math


class ThermalLag:
    """First-order response to a target.

    Args:
        start: Value at first.
        time_constant_s: After this time 63 % of the way are done.
    """

    def __init__(self, start: float, *, time_constant_s: float) -> None:
        self._target = self._start = start
        self._since_s = 0.0
        self._time_constant_s = time_constant_s

    def aim(self, now_s: float, target: float) -> None:
        """Head for a target from wherever it is."""
        self._start, self._since_s, self._target = self.value(now_s), now_s, target

    def value(self, now_s: float) -> float:
        """Return where it is."""
        left = math.exp(-max(0.0, now_s - self._since_s) / self._time_constant_s)
        return self._target + (self._start - self._target) * left
