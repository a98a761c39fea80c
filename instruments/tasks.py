"""Work in a thread, with a status that tells how it ended.

ophyd's own `Status` keeps a thread of its own for every status, for its time-out and its callbacks,
which on a fast series costs more than the exchange that it waits for. This one has none.
"""

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any

from instruments.errors import LinkTimeoutError

_LOGGER = logging.getLogger(__name__)


class Status:
    """How an order to a device ends; what bluesky's protocol of the same name asks for.

    Args:
        device: Whose order it is; it must have a name.
        timeout_s: After how long it fails by itself, s. The work behind it has time-outs of its
            own; this is for the day when they fail.
        on_failure: Called with it when it fails, before all other callbacks.
    """

    def __init__(
        self,
        device: Any,
        *,
        timeout_s: float | None = None,
        on_failure: Callable[["Status"], object] | None = None,
    ) -> None:
        self.device = device
        self.timeout_s = timeout_s
        self._lock = threading.Lock()
        self._done = False
        self._exception: BaseException | None = None
        self._callbacks: list[Callable[[Status], object]] = []
        self._waited_for: threading.Event | None = None
        self._on_failure = on_failure
        self._timer: threading.Timer | None = None
        if timeout_s is not None:
            self._expire_after(timeout_s)

    def __repr__(self) -> str:
        """Tell whose it is and how it stands."""
        how = "under way" if not self._done else "done" if self.success else "failed"
        return f"<Status of {self.device.name}: {how}>"

    def _expire_after(self, timeout_s: float) -> None:
        mine = weakref.ref(self)

        def expire() -> None:
            status = mine()
            if status is not None:
                status.set_exception(
                    LinkTimeoutError(status.device.name, f"was not done after {timeout_s:g} s")
                )

        try:
            loop = asyncio.get_running_loop()  # the engine's, whose timers cost nothing
        except RuntimeError:
            self._timer = threading.Timer(timeout_s, expire)
            self._timer.name = f"{self.device.name}-time-out"
            self._timer.daemon = True
            self._timer.start()
        else:
            # In a thread: the loop must not wait for a device that has not done its work.
            loop.call_later(timeout_s, lambda: _run_if_due(mine(), expire))

    # -- how it stands

    @property
    def done(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self._done

    @property
    def success(self) -> bool:
        """Whether it has ended well."""
        return self._done and self._exception is None

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the end and return what went wrong, None if nothing did.

        Args:
            timeout: How long to wait, s; None is for ever.

        Raises:
            TimeoutError: It is still under way.
        """
        with self._lock:
            if not self._done and self._waited_for is None:
                self._waited_for = threading.Event()
        if not self._done and not (self._waited_for and self._waited_for.wait(timeout)):
            raise TimeoutError(f"{self.device.name}: still under way after {timeout:g} s")
        return self._exception

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the end.

        Args:
            timeout: How long to wait, s; None is for ever.

        Raises:
            TimeoutError: It is still under way.
            Exception: What went wrong.
        """
        failure = self.exception(timeout)
        if failure is not None:
            raise failure

    def add_callback(self, callback: Callable[["Status"], object]) -> None:
        """Call something at the end, at once if that is past; its errors are logged.

        Args:
            callback: Called with the status, on the thread that ends it.
        """
        with self._lock:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)

    # -- how it ends

    def set_finished(self) -> None:
        """End it well; an end that comes second changes nothing."""
        self._settle(None)

    def set_exception(self, error: BaseException) -> None:
        """Let it fail; an end that comes second changes nothing.

        Args:
            error: Why.
        """
        self._settle(error)

    def _settle(self, error: BaseException | None) -> None:
        with self._lock:
            if self._done:
                return
            self._done, self._exception = True, error
            callbacks, self._callbacks = self._callbacks, []
            waited_for = self._waited_for
        if waited_for is not None:
            waited_for.set()
        if self._timer is not None:
            self._timer.cancel()
        if error is not None and self._on_failure is not None:
            callbacks.insert(0, self._on_failure)
        for callback in callbacks:
            try:
                callback(self)
            except Exception:
                _LOGGER.exception("%s: after the end of an order", self.device.name)


def _run_if_due(status: Status | None, expire: Callable[[], None]) -> None:
    if status is not None and not status.done:
        threading.Thread(target=expire, name=f"{status.device.name}-time-out", daemon=True).start()


def start_task(work: Callable[[], object], status: Status, name: str) -> None:
    """Do the work in a daemon thread and settle the status with what came of it.

    Args:
        work: what to do; it must end by itself, by the time-outs of its link.
        status: finished when the work returns, failed with what it raises.
        name: name of the thread.
    """

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the status
            status.set_exception(error)
        else:
            status.set_finished()

    threading.Thread(target=run, name=name, daemon=True).start()


def start_or_do(work: Callable[[], object], name: str) -> threading.Thread | None:
    """Do the work in a daemon thread, on the calling one if none can be started any more.

    For what has to be done in any case: switching off. A program that has used up its memory or
    its threads gets no further one.

    Args:
        work: What to do; it must not raise.
        name: Name of the thread.

    Returns:
        The thread, None when the work is done.
    """
    try:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
    except (RuntimeError, MemoryError):
        work()
        return None
    return thread
