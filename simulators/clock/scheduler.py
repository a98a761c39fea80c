"""The virtual clock: one thread at a time, then jump.

A discrete-event scheduler passes a baton among the threads it manages. Exactly one of them runs;
the others wait for the baton, for a wake-up, for a file descriptor or for a deadline. When nobody
can run, the clock jumps to the earliest deadline. The order is first in, first out, and by
(deadline, sequence) among sleepers, so a run repeats exactly.
"""

import collections
import contextlib
import heapq
from collections.abc import Callable, Iterator
from typing import Protocol

from simulators.clock import originals

_START_S = 1000.0  # where the monotonic clock starts: not 0, which code takes for "never"
_IN_FLIGHT_GRACE_S = 0.25  # real time that bytes on a loopback socket get to arrive


class LeakedThreadError(RuntimeError):
    """Threads were still running on the virtual clock when it ended; the message names them."""


class Task:
    """A managed thread as the scheduler sees it."""

    __slots__ = ("baton", "blocked", "done", "generation", "joiners", "name", "ready", "reason")

    def __init__(self, name: str) -> None:
        self.baton = originals.allocate_lock()
        self.baton.acquire()
        self.name = name
        self.generation = 0
        self.blocked = False
        self.done = False
        self.reason = ""
        self.ready: Callable[[], bool] | None = None
        self.joiners: list[Task] = []


class Lent(Protocol):
    """Work that needs no thread of its own: whoever waits does it."""

    has_ended: bool
    deadline_s: float | None

    def is_due(self) -> bool:
        """Tell whether there is something to do."""
        ...

    def step(self) -> None:
        """Do it; nothing in it may wait."""
        ...


class VirtualClock:
    """The clock and the scheduler behind it.

    Args:
        epoch_s: What ``time.time()`` returns at the start (s since 1970). A fixed value makes the
            time stamps of two runs equal.
        speed: Virtual seconds per real second; None runs as fast as the work allows.

    Attributes:
        now_s: The virtual ``time.monotonic()``, s.
        tasks: The managed threads by their idents.
    """

    def __init__(self, *, epoch_s: float, speed: float | None = None) -> None:
        if speed is not None and not speed > 0:
            raise ValueError(f"virtual clock: speed must be above 0, got {speed}; None is unpaced")
        self.jumps = 0
        self.speed = speed
        self._mutex = originals.allocate_lock()
        self.now_s = _START_S
        self._epoch_s = epoch_s - _START_S
        self._sequence = 0
        self._sleepers: list[tuple[float, int, Task, int]] = []
        self._runnable: collections.deque[Task] = collections.deque()
        self._watching: dict[Task, None] = {}
        self._lent: list[Lent] = []
        self._stepping = False
        self.tasks: dict[int, Task] = {}
        self._current: Task | None = None
        self._outside: collections.deque[Callable[[], None]] = collections.deque()
        self._in_flight: dict[tuple[object, object], int] = {}
        self._pacing = False
        self._nudge = originals.allocate_lock()
        self._nudge.acquire()
        self._anchor = (originals.perf_counter_s(), self.now_s)

    # -- reading the clock

    def monotonic_s(self) -> float:
        """Return the virtual ``time.monotonic()`` in s."""
        return self.now_s

    def time_s(self) -> float:
        """Return the virtual ``time.time()`` in s since 1970."""
        return self._epoch_s + self.now_s

    def current_task(self) -> Task | None:
        """Return the managed thread that calls, None for a thread on the real clock."""
        return self.tasks.get(originals.get_ident())

    def set_speed(self, speed: float) -> None:
        """Change the pace from now on; any thread may call.

        Args:
            speed: Virtual seconds per real second, above 0.
        """
        if not speed > 0:
            raise ValueError(f"virtual clock: speed must be above 0, got {speed}")
        with self._mutex:
            self.speed = speed
            self._anchor = (originals.perf_counter_s(), self.now_s)
            self._kick()  # a wait under way goes on at the new pace

    # -- threads come and go

    def adopt(self, name: str) -> Task:
        """Make the calling thread a managed one that holds the baton."""
        task = Task(name)
        self.tasks[originals.get_ident()] = task
        self._current = task
        return task

    def release(self) -> None:
        """Give the adopted thread back to the real clock.

        Raises:
            LeakedThreadError: If other managed threads still run; they stay parked for ever.
        """
        me = self.tasks.pop(originals.get_ident())
        me.done = True
        left = sorted(task.name for task in self.tasks.values() if not task.done)
        if left:
            raise LeakedThreadError(
                f"virtual clock: still running at the end: {', '.join(left)}; "
                "stop what started them"
            )

    def new_task(self, name: str) -> Task:
        """Register a thread that is about to start; it runs when its turn comes."""
        task = Task(name)
        with self._mutex:
            self._runnable.append(task)
        return task

    def enter(self, task: Task) -> None:
        """Called on the new thread: wait for its first turn."""
        self.tasks[originals.get_ident()] = task
        task.baton.acquire()

    def exit(self, task: Task) -> None:
        """Called on the ending thread: wake who joins it and pass the baton on."""
        with self._mutex:
            task.done = True
            for joiner in task.joiners:
                self._make_runnable(joiner, "joined")
            self._pass_baton()
            self.tasks.pop(originals.get_ident(), None)

    # -- waiting

    def block(self, timeout_s: float | None = None, ready: Callable[[], bool] | None = None) -> str:
        """Wait for a wake-up, for ``ready()`` or for ``timeout_s`` of virtual time.

        Returns:
            Why it returned: "wake", "joined", "ready" or "timeout".
        """
        if self._stepping:
            raise RuntimeError("virtual clock: something waits in a loop that others wait for")
        task = self.tasks[originals.get_ident()]
        with self._mutex:
            task.blocked, task.reason = True, ""
            if ready is not None:
                task.ready = ready
                self._watching[task] = None
            if timeout_s is not None:
                self._sequence += 1
                deadline_s = self.now_s + max(0.0, timeout_s)
                entry = (deadline_s, self._sequence, task, task.generation)
                heapq.heappush(self._sleepers, entry)
            self._pass_baton()
        task.baton.acquire()
        if ready is not None:
            self._watching.pop(task, None)
        return task.reason

    def yield_turn(self) -> None:
        """Let the others that can run at this instant go first."""
        if not self._runnable:
            return
        task = self.tasks[originals.get_ident()]
        with self._mutex:
            self._runnable.append(task)
            self._pass_baton()
        task.baton.acquire()

    def wake(self, task: Task) -> bool:
        """Make a waiting thread runnable; callable from any thread. False if it did not wait."""
        with self._mutex:
            woken = self._make_runnable(task, "wake")
            self._kick()
            return woken

    def join(self, task: Task, timeout_s: float | None) -> bool:
        """Wait until a managed thread has ended; False after the time-out."""
        me = self.tasks[originals.get_ident()]
        if not task.done:
            task.joiners.append(me)
            self.block(timeout_s)
        return task.done

    def lend(self, lent: Lent) -> None:
        """Have work done by the threads that wait, until it has ended."""
        self._lent.append(lent)

    # -- the world outside

    @contextlib.contextmanager
    def on_real_time(self) -> Iterator[None]:
        """Let the calling thread wait for one that is not on the clock, which stands meanwhile."""
        ident = originals.get_ident()
        task = self.tasks.pop(ident, None)
        try:
            yield
        finally:
            if task is not None:
                self.tasks[ident] = task

    def submit(self, call: Callable[[], None]) -> None:
        """Run ``call`` on a managed thread soon; for callers on the real clock (a window)."""
        self._outside.append(call)
        with self._mutex:
            self._kick()

    def serve_outside(self) -> None:
        """Body of the managed thread that runs what :meth:`submit` brings, until None comes."""
        while True:
            self.block(ready=self._has_outside_work)
            while self._outside:
                call = self._outside.popleft()
                if call is _STOP:
                    return
                call()

    def _has_outside_work(self) -> bool:
        """Also when a thread on the real clock sees that lent work is due: it must not do it."""
        return bool(self._outside) or (
            self._current is None
            and self.current_task() is None
            and any(lent.is_due() for lent in self._lent)
        )

    def stop_outside(self) -> None:
        """End :meth:`serve_outside`."""
        self._outside.append(_STOP)

    # -- bytes under way on loopback sockets

    def bytes_sent(self, sender: object, receiver: object, count: int) -> None:
        """Note bytes on their way; time does not jump before they had a chance to arrive."""
        key = (sender, receiver)
        self._in_flight[key] = self._in_flight.get(key, 0) + count

    def bytes_received(self, sender: object, receiver: object, count: int) -> None:
        """Note that bytes have arrived; ``count`` 0 means the connection has ended."""
        key = (sender, receiver)
        left = self._in_flight.get(key, 0) - count
        if left > 0 and count > 0:
            self._in_flight[key] = left
        else:
            self._in_flight.pop(key, None)

    def connection_closed(self, one: object, other: object) -> None:
        """Forget the bytes between two ends, one of which has been closed."""
        self._in_flight.pop((one, other), None)
        self._in_flight.pop((other, one), None)

    # -- the scheduler; the mutex is held in everything below

    def _make_runnable(self, task: Task, reason: str) -> bool:
        if not task.blocked:
            return False
        task.blocked, task.reason = False, reason
        task.generation += 1
        self._runnable.append(task)
        return True

    def _kick(self) -> None:
        if self._pacing:
            with contextlib.suppress(RuntimeError):
                self._nudge.release()
        elif self._current is None:
            self._pass_baton()

    def _pass_baton(self) -> None:
        self._current = task = self._choose()
        if task is not None:
            task.baton.release()

    def _choose(self) -> Task | None:
        while True:
            if self._runnable:
                return self._runnable.popleft()
            ready = self._first_ready()
            if ready is not None:
                return ready
            due_s = self._next_deadline_s()
            if due_s is None:
                return None
            if not self._advance(due_s) or any(lent.deadline_s == due_s for lent in self._lent):
                continue
            task = heapq.heappop(self._sleepers)[2]
            task.blocked, task.reason = False, "timeout"
            task.generation += 1
            return task

    def _next_deadline_s(self) -> float | None:
        while self._sleepers:
            deadline_s, _, task, generation = self._sleepers[0]
            if task.blocked and task.generation == generation:
                break
            heapq.heappop(self._sleepers)
        due_s = [lent.deadline_s for lent in self._lent if lent.deadline_s is not None]
        if self._sleepers:
            due_s.append(deadline_s)
        return min(due_s, default=None)

    def _first_ready(self) -> Task | None:
        give_up_s: float | None = None
        while True:
            if self._step_lent():
                give_up_s = None
                if self._runnable:
                    return self._runnable.popleft()
            for task in list(self._watching):
                if task.blocked and task.ready is not None and task.ready():
                    del self._watching[task]
                    task.blocked, task.reason = False, "ready"
                    task.generation += 1
                    return task
            if not self._in_flight:
                return None
            now_s = originals.perf_counter_s()
            give_up_s = now_s + _IN_FLIGHT_GRACE_S if give_up_s is None else give_up_s
            if now_s > give_up_s:  # nobody reads them: a reply that came too late, an alarm
                self._in_flight.clear()
                return None
            originals.sleep(0.00002)

    def _step_lent(self) -> bool:
        """Do lent work that is due, if the calling thread is on virtual time."""
        found = False
        for lent in self._lent:
            if originals.get_ident() not in self.tasks or not lent.is_due():
                continue
            found = self._stepping = True
            self._mutex.release()
            try:
                lent.step()
            finally:
                self._mutex.acquire()
                self._stepping = False
        if found:
            self._lent = [lent for lent in self._lent if not lent.has_ended]
        return found

    def _advance(self, deadline_s: float) -> bool:
        """Move the clock to a deadline; False if something woke it on the way (paced only)."""
        if deadline_s <= self.now_s:
            return True
        if self.speed is not None and not self._wait_paced(deadline_s, self.speed):
            return False
        self.now_s = deadline_s
        self.jumps += 1
        return True

    def _wait_paced(self, deadline_s: float, speed: float) -> bool:
        wall_s, virtual_s = self._anchor
        wait_s = wall_s + (deadline_s - virtual_s) / speed - originals.perf_counter_s()
        if wait_s <= 0:
            if wait_s < -1.0:  # the work is slower than the pace: do not run after lost time
                self._anchor = (originals.perf_counter_s(), deadline_s)
            return True
        self._pacing = True
        self._mutex.release()
        try:
            nudged = self._nudge.acquire(timeout=wait_s)
        finally:
            self._mutex.acquire()
            self._pacing = False
        if nudged:
            elapsed_s = originals.perf_counter_s() - wall_s
            if self._anchor == (wall_s, virtual_s):  # else the pace was changed meanwhile
                self.now_s = min(deadline_s, max(self.now_s, virtual_s + elapsed_s * speed))
        return not nudged


def _STOP() -> None:  # noqa: N802 - a sentinel that is also a valid call
    """End of the outside calls."""
