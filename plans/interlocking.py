"""Interlocks of the bench and the run: refuse, pause, make safe, and write down why."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from bluesky.utils import MsgGenerator

from instruments.bench import Bench
from instruments.errors import InterlockOpenError
from instruments.interlocks import InterlockRule, InterlockWatch, Trip
from instruments.tasks import start_or_do
from plans.engine import Engine
from plans.progress import Note
from plans.records import ReactionLog
from plans.stubs import save_event

_CLEAR_S = 5.0  # so long all must be well before a run goes on by itself
_STEP_S = 0.25


class Interlocks:
    """Watches a bench during its runs and reacts.

    Ask `refusals` before a run, `start` with its engine, run ``remarks.write_into(plan)`` and
    `stop` at its end. The engine must be resumable when a rule pauses (`can_pause`).

    Args:
        bench: The bench, connected.
        say: Receives sentences for the person.
        log: Where reactions are kept that no run is there to keep; None keeps them in runs only.
        attended: Whether a person sees the pause and may resume or end the run. Without one, a rule
            that does not resume by itself ends the run.
    """

    def __init__(
        self,
        bench: Bench,
        say: Callable[[str], None],
        *,
        log: ReactionLog | None = None,
        attended: bool = False,
    ) -> None:
        self.remarks = Remarks()
        self._log = log
        self._bench = bench
        self._say = say
        self._attended = attended
        self._engine: Engine | None = None
        self._is_always = False
        self._reactions: list[threading.Thread] = []
        self._watch = InterlockWatch(
            bench.devices, bench.interlocks, on_trip=self._tripped, on_clear=self._cleared
        )

    @property
    def can_pause(self) -> bool:
        """Whether a rule of the bench pauses a run."""
        return any(rule.reaction == "pause" for rule in self._bench.interlocks)

    @property
    def rules(self) -> tuple[InterlockRule, ...]:
        """The rules of the bench."""
        return self._bench.interlocks

    @property
    def tripped(self) -> list[Trip]:
        """The rules that trip at present, as far as they are watched."""
        return self._watch.tripped

    def refusals(self) -> list[Trip]:
        """Return the rules that trip; a run must not begin or be resumed then."""
        return self._watch.check()

    def refuse(self) -> None:
        """Refuse a run while a rule trips.

        Raises:
            InterlockOpenError: What trips.
        """
        trips = self.refusals()
        self.note_refused(trips)
        for trip in trips:
            raise InterlockOpenError(trip.rule.device, f"{trip}; put it right, then start the run")

    def note_refused(self, trips: list[Trip]) -> None:
        """Write down that a run was refused.

        Args:
            trips: What trips.
        """
        for trip in trips:
            self._note(trip, "refused")

    def watch(self) -> None:
        """Watch between runs, too: what then trips a rule that makes safe is switched off."""
        self._is_always = True
        self._watch.start()

    def start(self, engine: Engine) -> None:
        """Begin to watch a run.

        Args:
            engine: It carries out the run.
        """
        self._engine = engine
        self._watch.start()

    def stop(self) -> None:
        """Leave the run, and wait for what is still being done."""
        self._engine = None
        if not self._is_always:
            self._watch.stop()
        self._wait()

    def close(self) -> None:
        """Stop watching, between runs, too."""
        self._is_always = False
        self.stop()

    def _wait(self) -> None:
        for thread in self._reactions:
            thread.join()
        self._reactions.clear()

    def _tripped(self, trip: Trip) -> None:
        try:
            self._say(f"INTERLOCK {trip.rule.name}: {trip.cause} ({_WORDS[trip.rule.reaction]})")
        finally:  # a terminal that is gone keeps nothing lit
            self._react(trip)

    def _react(self, trip: Trip) -> None:
        engine = self._engine
        reaction = trip.rule.reaction
        if engine is not None:
            self.remarks.put(trip, reaction)
        if reaction == "make_safe":
            if engine is not None:
                self._aside(lambda: engine.abort(str(trip)))
            failed = [o.message for o in self._bench.make_safe() if not o.confirmed]
            if failed:
                self._say(f"NOT CONFIRMED OFF: {'; '.join(failed)}")
        elif reaction == "pause" and engine is not None and engine.is_running:
            self._aside(lambda: self._pause(engine, trip))
        self._note(trip, reaction)  # last: a slow disk keeps nothing lit

    def _pause(self, engine: Engine, trip: Trip) -> None:
        """Pause a run, and let it go on or end it as the rule says."""
        engine.pause()
        while not engine.is_paused:
            if self._engine is not engine:
                return
            time.sleep(_STEP_S)
        if not (trip.rule.resumes and engine.is_resumable):
            if not self._attended:
                self._say(f"{trip}. The run is ended: the rule does not let it resume by itself")
                engine.abort(str(trip))
                self._note(trip, "ended")
            return
        well_since_s = time.monotonic()
        while self._engine is engine and engine.is_paused:
            time.sleep(_STEP_S)
            if self._watch.tripped:
                well_since_s = time.monotonic()
            elif time.monotonic() - well_since_s >= _CLEAR_S:
                self._say("all interlocks are closed: the run goes on")
                engine.resume()
                self._note(trip, "resumed")
                return

    def _cleared(self, rule: InterlockRule) -> None:
        self._say(f"interlock {rule.name}: all is well again")
        if self._log is not None:
            self._log.note(rule.name, "cleared", bench=self._bench.name)

    def _note(self, trip: Trip, reaction: str) -> None:
        if self._log is not None:
            value, running = str(trip.value), self._engine is not None
            self._log.note(
                trip.rule.name, reaction, bench=self._bench.name, cause=trip.cause, value=value,
                in_run=running,
            )  # fmt: skip

    def _aside(self, work: Callable[[], object]) -> None:
        """Do what may wait for the engine without keeping the other rules from being watched."""
        thread = start_or_do(work, "interlock-reaction")
        if thread is not None:
            self._reactions.append(thread)


_WORDS = {
    "refuse": "no further run is started",
    "pause": "the run is paused",
    "make_safe": "everything is switched off, the run is ended",
}


class Remarks:
    """What happened beside the plan, on its way into the record."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Note] = queue.SimpleQueue()

    def put(self, trip: Trip, reaction: str) -> None:
        """Leave a trip to be written.

        Args:
            trip: What has tripped.
            reaction: What was done.
        """
        values: dict[str, str | int | float] = {
            "interlock_name": trip.rule.name,
            "interlock_cause": trip.cause,
            "interlock_value": str(trip.value),
            "interlock_reaction": reaction,
            "interlock_time_s": trip.time_s,
        }
        self._waiting.put(Note("interlock", values, {"interlock_time_s": "s"}))

    def write_into(self, plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
        """Run a plan and write what was left, between its messages, as stream "interlocks".

        Args:
            plan: The plan.
        """
        in_run = in_event = False
        response: Any = None
        error: Exception | None = None
        while True:
            try:
                message = plan.send(response) if error is None else plan.throw(error)
            except StopIteration as end:
                return end.value
            error = None
            if in_run and not in_event:
                yield from self._written()
            try:
                response = yield message
            except GeneratorExit:
                plan.close()
                raise
            except Exception as raised:  # noqa: BLE001 - handed to the plan
                error = raised
            in_run = message.command != "close_run" and (in_run or message.command == "open_run")
            if message.command in _BOUNDS:
                in_event = _BOUNDS[message.command] and error is None

    def _written(self) -> MsgGenerator[None]:
        while not self._waiting.empty():
            yield from save_event("interlocks", self._waiting.get())


_BOUNDS = {"create": True, "save": False, "drop": False}
