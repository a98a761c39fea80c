"""Plate and medium of a simulated hotplate.

Two time constants and a regulation that holds what it has reached.
"""

import math

_STEP_S = 1.0
_STEPS_MAX = 50_000  # more than half a day; whatever is not at rest then is so close to it
_AT_REST_K = 0.005


class HotplateThermal:
    """A plate that heats with full power up to its target, and a medium that follows it.

    The plate loses heat to the room in proportion to the difference, so that at full power it goes
    towards ``ambient_degc + full_power_k`` and without power towards the room, both with
    ``plate_s``; at its target the regulation gives just what is lost.

    Args:
        ambient_degc: Of the room; where both start.
        plate_s: Time constant of the plate.
        medium_s: Time constant of what stands on it.
        full_power_k: How far above the room full power would bring the plate in the end.
    """

    def __init__(
        self,
        *,
        ambient_degc: float = 22.0,
        plate_s: float = 900.0,
        medium_s: float = 90.0,
        full_power_k: float = 800.0,
    ) -> None:
        self.ambient_degc = ambient_degc
        self.plate_degc = ambient_degc
        self.medium_degc = ambient_degc
        self._plate_s = plate_s
        self._medium_s = medium_s
        self._full_power_k = full_power_k

    def advance(self, elapsed_s: float, target_degc: float | None) -> None:
        """Let the time pass with the heater regulated to a target, or off (None)."""
        left_s = elapsed_s
        for _ in range(_STEPS_MAX):
            if left_s <= 0 or self.is_at_rest(target_degc):
                break
            self._step(min(left_s, _STEP_S), target_degc)
            left_s -= _STEP_S
        if self.is_at_rest(target_degc):
            self.plate_degc = self.medium_degc = self._end_degc(target_degc)

    def is_at_rest(self, target_degc: float | None) -> bool:
        """Return whether nothing changes any more."""
        end_degc = self._end_degc(target_degc)
        furthest_k = max(abs(self.plate_degc - end_degc), abs(self.medium_degc - end_degc))
        return furthest_k <= _AT_REST_K

    def _end_degc(self, target_degc: float | None) -> float:
        if target_degc is None:
            return self.ambient_degc
        hottest_degc = self.ambient_degc + self._full_power_k
        return min(max(target_degc, self.ambient_degc), hottest_degc)

    def _step(self, step_s: float, target_degc: float | None) -> None:
        before_degc = self.plate_degc
        end_degc = self._end_degc(target_degc)
        if before_degc < end_degc:
            full_degc = self.ambient_degc + self._full_power_k
            self.plate_degc = min(_towards(before_degc, full_degc, step_s, self._plate_s), end_degc)
        else:
            cooled_degc = _towards(before_degc, self.ambient_degc, step_s, self._plate_s)
            self.plate_degc = max(cooled_degc, end_degc)
        mean_degc = (before_degc + self.plate_degc) / 2.0
        self.medium_degc = _towards(self.medium_degc, mean_degc, step_s, self._medium_s)


def _towards(from_degc: float, to_degc: float, step_s: float, time_constant_s: float) -> float:
    return to_degc + (from_degc - to_degc) * math.exp(-step_s / time_constant_s)
