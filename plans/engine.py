"""The RunEngine as this project runs it."""

import logging
import queue
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Self

from bluesky.run_engine import RunEngine
from bluesky.utils import DuringTask, FailedStatus, MsgGenerator, RunEngineInterrupted

from plans.lean_engine import LeanRunEngine

_log = logging.getLogger(__name__)

STALL_S = 10.0  # longer than any single answer of a device or a disk may take


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended.

    Attributes:
        exit_status: "success", "abort" or "fail", as in the stop document.
        reason: Why it was aborted or failed, "" after a success.
        error: The exception that ended it, None after a success or an abort.
        run_uids: Unique ids of the runs that were opened.
    """

    exit_status: str
    reason: str
    error: BaseException | None
    run_uids: tuple[str, ...]


def _run_engine(md: dict[str, Any] | None, **options: Any) -> RunEngine:
    # Ctrl-C is handled by InterruptWatcher: the RunEngine's own handler wants a prompt.
    return LeanRunEngine(md or {}, context_managers=[], during_task=DuringTask(), **options)


class Engine:
    """A RunEngine that is closed after use and can be interrupted from any thread.

    Args:
        md: Metadata for every run.
        scan_id_source: Gives the next scan number.
        callbacks: Receive every document, in this order, on the engine's thread.
        resumable: Whether somebody is there to `resume` a paused run; without, a pause ends it.
    """

    def __init__(
        self,
        *,
        md: dict[str, Any] | None = None,
        scan_id_source: Callable[[], int] | None = None,
        callbacks: Iterable[Callable[[str, Any], Any]] = (),
        resumable: bool = False,
    ) -> None:
        self._resumable = resumable
        self._decisions: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        options: dict[str, Any] = {}
        if scan_id_source is not None:
            options["scan_id_source"] = lambda _: scan_id_source()
        known = set(threading.enumerate())
        self.run_engine = _run_engine(md, **options)
        self._threads = [
            thread
            for thread in threading.enumerate()
            if thread not in known and thread.name == "bluesky-run-engine"
        ]
        self.on_state: Callable[[str], None] | None = None
        self.run_engine.state_hook = self._state_changed  # type: ignore[assignment] # None at first
        self._exit: dict[str, str] = {}
        self._aborted: str | None = None
        self._asked_s: float | None = None  # a question to the loop that is not answered yet
        for callback in callbacks:
            # A record that cannot be written must end the run, so no callback's error is hidden.
            self.run_engine.subscribe(callback)
        self.run_engine.subscribe(self._note_stop, "stop")

    def run(self, plan: MsgGenerator[Any]) -> Outcome:
        """Run a plan to its end; errors and aborts come back as an outcome.

        Args:
            plan: The plan.
        """
        self._forget_the_run_before()
        error: BaseException | None = None
        uids: tuple[str, ...] = ()
        try:
            result = self._until_done(lambda: self.run_engine(_with_causes(plan)))
            uids = result if isinstance(result, tuple) else tuple(result.run_start_uids)
        except RunEngineInterrupted:
            _log.info("the run was interrupted: %s", self._aborted or "from elsewhere")
        except Exception as raised:  # noqa: BLE001 - reported in the outcome, nothing is swallowed
            error = raised
        status = self._exit.get("exit_status", "abort" if error is None else "fail")
        if error is not None and self._aborted is None:
            status = "fail"
        elif self._aborted is not None and status == "fail":
            status = "abort"  # what failed is the ending, because it was hurried
        return Outcome(
            exit_status=status,
            reason=self._why(status, error),
            error=None if self._aborted is not None else error,
            run_uids=uids,
        )

    def _forget_the_run_before(self) -> None:
        self._exit, self._aborted = {}, None

    def _why(self, status: str, error: BaseException | None) -> str:
        """Return why a run ended: who asked for it, before what went wrong in its ending."""
        if self._aborted is not None and status != "success":
            return self._aborted
        return self._exit.get("reason", "") or (str(error) if error else "")

    def _until_done(self, step: Callable[[], Any]) -> Any:
        """Run, and while the run is paused wait for what somebody decides."""
        while True:
            try:
                return step()
            except RunEngineInterrupted:
                if not self._resumable or self.run_engine.state != "paused":
                    raise
            step = self._decisions.get()

    def _state_changed(self, new: str, _: str) -> None:
        if self.on_state is not None:
            self.on_state(str(new))

    @property
    def is_resumable(self) -> bool:
        """Whether `resume` lets a paused run go on."""
        return self._resumable

    @property
    def is_running(self) -> bool:
        """Whether a plan is being carried out at present."""
        return bool(self.run_engine.state == "running")

    @property
    def is_paused(self) -> bool:
        """Whether a run is paused."""
        return bool(self.run_engine.state == "paused")

    def pause(self) -> None:
        """Pause at once; what was set is stopped until `resume`. Any thread may call."""
        if self.run_engine.state == "running":
            self.run_engine.request_pause(defer=False)

    def resume(self) -> None:
        """Go on with a paused run. Any thread may call."""
        if self.run_engine.state == "paused":
            self._decisions.put(self.run_engine.resume)

    def stop(self) -> None:
        """End the run early and call it a success. Any thread may call."""
        self._end(self.run_engine.stop)

    def _end(self, ending: Callable[[], Any]) -> None:
        state = self.run_engine.state
        if state == "paused" and self._resumable:
            self._decisions.put(ending)
        elif state != "idle":
            ending()

    def abort(self, reason: str) -> None:
        """End the run in progress; nothing happens if there is none. Any thread may call.

        Args:
            reason: Written into the record.
        """
        if self.run_engine.state == "idle":
            return
        self._aborted = reason
        self._end(lambda: self.run_engine.abort(reason))

    def is_turning(self, within_s: float = STALL_S) -> bool:
        """Tell whether the thread that carries out the plan still gets anything done.

        To be called again and again, from one thread: each call asks the engine's loop to answer
        a question, and looks whether it has answered the one before. A plan that waits answers; a
        device, callback or disk that blocks the loop's thread does not.

        Args:
            within_s: How long an answer may take, s.
        """
        now_s = time.monotonic()
        asked_s = self._asked_s
        if asked_s is None:
            self._asked_s = now_s
            try:
                self.run_engine.loop.call_soon_threadsafe(self._answer)
            except RuntimeError:  # it is closed: nothing is carried out
                self._asked_s = None
            return True
        return now_s - asked_s <= within_s

    def _answer(self) -> None:
        self._asked_s = None

    def close(self) -> None:
        """End the engine's thread."""
        loop = self.run_engine.loop
        loop.call_soon_threadsafe(loop.stop)
        for thread in self._threads:
            thread.join(timeout=5.0)
        if not loop.is_running():
            loop.close()

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _note_stop(self, _: str, doc: dict[str, Any]) -> None:
        self._exit = {"exit_status": doc["exit_status"], "reason": doc.get("reason") or ""}


def _with_causes(plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
    """Let the device's own words, not the failed status around them, end the run."""
    try:
        return (yield from plan)
    except FailedStatus as failed:
        raise failed.__cause__ or failed from None


class InterruptWatcher:
    """Turns Ctrl-C into a call on another thread, so that the ending is orderly.

    Use as a context manager on the main thread. A second Ctrl-C calls again.

    Args:
        react: Called with the number of the interrupt, 1 for the first.
        hand_over: Runs the reaction; given when the program lives on another clock than the
            signal's.
    """

    def __init__(
        self,
        react: Callable[[int], None],
        *,
        hand_over: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.hand_over = hand_over
        self._react = react
        self._count = 0
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._thread = threading.Thread(target=self._watch, name="ctrl-c", daemon=True)
        self._previous: dict[int, Any] = {}
        self._previous_fd = -1

    def __enter__(self) -> Self:
        """Take over the signals."""
        self._thread.start()
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, _do_nothing)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        self._writer.close()
        self._thread.join(timeout=5.0)
        self._reader.close()

    def _watch(self) -> None:
        while select.select([self._reader], [], []) and self._reader.recv(1):
            self._count += 1
            number = self._count
            if self.hand_over is None:
                self._react(number)
            else:
                self.hand_over(lambda number=number: self._react(number))  # type: ignore[misc]


def _do_nothing(_: int, __: FrameType | None) -> None:
    """The byte on the wake-up socket is what counts."""
