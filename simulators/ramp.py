"""The way of one simulated axis from rest to rest, in its own unit of length."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ramp:
    """A move with constant acceleration, constant speed and constant deceleration.

    Args:
        start: Position at the start.
        end: Position at the end.
        started_s: When.
        speed: Highest speed, length/s, above 0.
        acceleration: Length/s², above 0.
    """

    start: float
    end: float
    started_s: float
    speed: float
    acceleration: float

    @property
    def top_speed(self) -> float:
        """Speed that is reached: a short way ends before the highest is."""
        return min(self.speed, math.sqrt(abs(self.end - self.start) * self.acceleration))

    @property
    def ends_s(self) -> float:
        """When the axis is at rest again."""
        way = abs(self.end - self.start)
        if not way:
            return self.started_s
        return self.started_s + way / self.top_speed + self.top_speed / self.acceleration

    def position(self, now_s: float) -> float:
        """Return where the axis is."""
        return self.start + math.copysign(self._way(now_s), self.end - self.start)

    def velocity(self, now_s: float) -> float:
        """Return how fast it goes, with its sign."""
        since_s, until_s = now_s - self.started_s, self.ends_s - now_s
        ramp = self.acceleration * min(since_s, until_s)
        return math.copysign(min(self.top_speed, max(ramp, 0.0)), self.end - self.start)

    def stopped(self, now_s: float) -> "Ramp":
        """Return the move that brakes from now on."""
        here, velocity = self.position(now_s), self.velocity(now_s)
        way = velocity * abs(velocity) / (2.0 * self.acceleration)
        # the second half of a move of twice this way from where it would have begun
        return Ramp(
            start=here - way,
            end=here + way,
            started_s=now_s - abs(velocity) / self.acceleration,
            speed=self.speed,
            acceleration=self.acceleration,
        )

    def _way(self, now_s: float) -> float:
        way = abs(self.end - self.start)
        since_s, until_s = now_s - self.started_s, self.ends_s - now_s
        if until_s <= 0.0:
            return way
        if since_s <= 0.0:
            return 0.0
        ramp_s = self.top_speed / self.acceleration
        if since_s < ramp_s:
            return 0.5 * self.acceleration * since_s**2
        if until_s < ramp_s:
            return way - 0.5 * self.acceleration * until_s**2
        return 0.5 * self.top_speed * ramp_s + self.top_speed * (since_s - ramp_s)
