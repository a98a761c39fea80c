"""A loop that lends itself to whoever waits for it.

The loop of the simulated instruments has work whenever somebody waits for an answer. On virtual
time, where one thread runs at a time, it is the waiting thread that does this work: an answer then
costs no hand-over to another thread and back, which takes longer than the answer.
"""

import asyncio
import selectors
from collections.abc import Callable
from typing import TypeAlias

from simulators.clock.locks import managed

Events: TypeAlias = list[tuple[selectors.SelectorKey, int]]


class LentLoop:
    """A loop between two turns.

    Args:
        loop: Any loop, not running.
        poll: Tells which files of the loop are ready.
        now_s: Reads the virtual clock, s.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        poll: Callable[[], Events],
        now_s: Callable[[], float],
    ) -> None:
        self._loop = loop
        self._poll = poll
        self._now_s = now_s
        self._is_idle = False
        self._found: Events = []
        self.deadline_s: float | None = now_s()
        self.has_ended = False
        self.error: BaseException | None = None

    def is_due(self) -> bool:
        """Tell whether the loop has something to do."""
        self._found = []
        if self.deadline_s is not None and self.deadline_s <= self._now_s():
            return True
        self._found = self._poll()
        return bool(self._found)

    def select(self, timeout_s: float | None) -> Events:
        """Called by the selector of the loop: return what is ready, or end the turn.

        What the last look found is taken first. When there is nothing else to do, the turn ends
        without another look: whoever waits looks again before time goes on.

        Args:
            timeout_s: When the next timer is due, s from now; None for never.
        """
        found, self._found = self._found, []
        if found:
            return found
        if timeout_s == 0:
            return self._poll()
        self._is_idle = True
        self.deadline_s = None if timeout_s is None else self._now_s() + timeout_s
        self._loop.stop()
        return []

    def step(self) -> None:
        """Do all that there is to do, on the calling thread, which may run a loop of its own."""
        self._is_idle = False
        outer = asyncio._get_running_loop()  # noqa: SLF001
        asyncio._set_running_loop(None)  # noqa: SLF001
        try:
            self._loop.run_forever()
        except BaseException as error:  # noqa: BLE001 - raised where the loop lives
            self.error = error
        finally:
            asyncio._set_running_loop(outer)  # noqa: SLF001
        self.has_ended = not self._is_idle


def run_lent(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped: on virtual time on the threads that wait for it.

    Args:
        loop: The loop, made on the calling thread.
    """
    here = managed()
    lend = getattr(loop, "lend", None)
    if here is None or lend is None:
        loop.run_forever()
        return
    clock = here[0]
    with lend(clock) as lent:
        clock.lend(lent)
        clock.block(ready=lambda: lent.has_ended)
    if lent.error is not None:
        raise lent.error
