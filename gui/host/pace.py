"""How bench time runs here: real, or simulated at a pace.

The rest of the host is the same for both. Work that touches a device runs on threads that live in
bench time; the threads that talk to the window live in the person's time.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from simulators.clock import VirtualClock

FASTEST = 5000.0
"""Simulated seconds a second beyond which nothing is gained."""


class Pace(Protocol):
    """What the host needs to know of time."""

    simulated: bool

    @property
    def speed(self) -> float:
        """Bench seconds per second."""
        ...

    @speed.setter
    def speed(self, speed: float) -> None: ...

    def now_s(self) -> float:
        """Return bench time, s since 1970; from any thread."""
        ...

    def begin(self, work: Callable[[], None], name: str) -> None:
        """Run work on a thread of its own that lives in bench time; from any thread."""
        ...


class RealPace:
    """Bench time is real time."""

    simulated = False

    @property
    def speed(self) -> float:
        """Bench seconds per second: 1."""
        return 1.0

    @speed.setter
    def speed(self, speed: float) -> None:
        if speed != 1.0:
            raise ValueError(f"a real bench runs in real time, not {speed:g} times as fast")

    def now_s(self) -> float:
        """Return the real time, s since 1970."""
        return time.time()

    def begin(self, work: Callable[[], None], name: str) -> None:
        """Run work on a thread."""
        threading.Thread(target=work, name=name, daemon=True).start()


class SimulatedPace:
    """Bench time is a paced virtual clock."""

    simulated = True

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    @property
    def speed(self) -> float:
        """Simulated seconds per second."""
        return self._clock.speed or FASTEST

    @speed.setter
    def speed(self, speed: float) -> None:
        if not 0 < speed <= FASTEST:
            raise ValueError(f"the speed must be above 0 and at most {FASTEST:g}, got {speed:g}")
        self._clock.set_speed(speed)

    def now_s(self) -> float:
        """Return the virtual time, s since 1970."""
        return self._clock.time_s()

    def begin(self, work: Callable[[], None], name: str) -> None:
        """Run work on a thread of the virtual clock."""

        def start() -> None:
            threading.Thread(target=work, name=name, daemon=True).start()

        self._clock.submit(start)
