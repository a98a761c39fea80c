"""A lock that hands the baton over instead of blocking."""

import collections
from types import TracebackType

from simulators.clock import originals
from simulators.clock.scheduler import Task, VirtualClock

_FOREVER = -1.0


class _Active:
    """The clock in force in this process, None outside virtual time."""

    clock: VirtualClock | None = None


def managed() -> tuple[VirtualClock, Task] | None:
    """Return the clock and the calling thread if that thread is on virtual time."""
    clock = _Active.clock
    if clock is None:
        return None
    task = clock.current_task()
    return None if task is None else (clock, task)


class Lock:
    """Stands in for ``threading.Lock``; a plain lock for threads on the real clock."""

    def __init__(self) -> None:
        self._lock = originals.allocate_lock()
        self._waiting: collections.deque[Task] = collections.deque()

    def acquire(self, blocking: bool = True, timeout: float = _FOREVER) -> bool:
        """Acquire as ``threading.Lock.acquire`` does; ``timeout`` in virtual s."""
        if self._lock.acquire(False):
            return True
        if not blocking:
            return False
        here = managed()
        if here is None:
            return self._lock.acquire(True, timeout)
        clock, task = here
        end_s = None if timeout is None or timeout < 0 else clock.monotonic_s() + timeout
        while True:
            self._waiting.append(task)
            if not self._lock.acquire(False):
                left_s = None if end_s is None else end_s - clock.monotonic_s()
                reason = clock.block(left_s)
                acquired = self._lock.acquire(False)
            else:
                reason, acquired = "", True
            if task in self._waiting:
                self._waiting.remove(task)
            if acquired:
                return True
            if reason == "timeout" and end_s is not None and clock.monotonic_s() >= end_s:
                return False

    def release(self) -> None:
        """Release, and wake the thread that has waited longest."""
        self._lock.release()
        clock = _Active.clock
        while self._waiting and clock is not None:
            try:
                task = self._waiting.popleft()
            except IndexError:  # another thread took the last one
                break
            if clock.wake(task):
                break

    def locked(self) -> bool:
        """Tell whether somebody holds the lock."""
        return self._lock.locked()

    def _at_fork_reinit(self) -> None:
        self._lock = originals.allocate_lock()
        self._waiting.clear()

    def __enter__(self) -> bool:
        """Acquire."""
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release."""
        self.release()
