"""The guard's own side: wait for a sign of life, act when it stays out."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from instruments.bench import Bench
from instruments.errors import BusyError
from instruments.guard.report import Cause, GuardReport

_LOGGER = logging.getLogger(__name__)

_TICK_S = 0.05
_OWN_LATENESS_S = 0.25  # a guard that was not given the processor for longer learnt nothing
_DEVICE_TIMEOUT_S = 1.0
_BETWEEN_TRIES_S = 1.0
_KEEP_TRYING_S = 120.0
_ALIVE_EVERY_S = 0.5
_DYING_S = 0.2


class Program(Protocol):
    """What a watch needs of the program that it guards."""

    pid: int

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        ...

    def kill(self, wait_s: float = 1.0) -> bool:
        """End it; tell whether it is gone."""
        ...


class Line(Protocol):
    """Where the program's words come from and the guard's go to."""

    def take(self, timeout_s: float) -> str | None:
        """Return the next word, None if none came in time.

        Raises:
            EOFError: The other end is gone.
        """
        ...

    def say(self, word: str) -> None:
        """Tell the program something; nobody may be there any more."""
        ...


class Silence:
    """For how long nothing was heard, by the time in which one could have listened.

    A computer that was asleep, or too busy to let the guard run, is no proof against the program.
    """

    def __init__(self, now_s: float) -> None:
        self.length_s = 0.0
        self._last_s = now_s

    def listened(self, now_s: float, *, heard: bool) -> None:
        """Count the time since the last call.

        Args:
            now_s: The instant, s of a monotonic clock.
            heard: Whether there was a sign of life in it.
        """
        passed_s, self._last_s = now_s - self._last_s, now_s
        self.length_s = 0.0 if heard else self.length_s + min(passed_s, _OWN_LATENESS_S)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a watch acts and how long it tries.

    Attributes:
        timeout_s: Silence after which the program counts as hung, s.
        keep_trying_s: For how long it goes on with what does not confirm, s.
        between_tries_s: Pause between two attempts, s.
    """

    timeout_s: float
    keep_trying_s: float = _KEEP_TRYING_S
    between_tries_s: float = _BETWEEN_TRIES_S


class Watch:
    """Watches a program and makes its bench safe in its place.

    Words of the program: "beat", "end" (all is well, the guard may go), "safe" (make safe, the
    program has closed its ports), "unsure" (make safe and go), "folder PATH" (where reports go).

    Args:
        bench: What is to be made safe; nothing of it is open.
        program: The program.
        line: To and from it.
        folder: Where reports go at first.
        limits: When to act.
        speak: Receives the reports in words, for the person.
    """

    def __init__(
        self,
        bench: Bench,
        program: Program,
        line: Line,
        *,
        folder: Path,
        limits: Limits,
        speak: Callable[[str], None],
    ) -> None:
        self._bench = bench
        self._program = program
        self._line = line
        self._folder = folder
        self._limits = limits
        self._speak = speak

    def run(self) -> GuardReport | None:
        """Watch until the program says that all is well, or is gone and was replaced.

        Returns:
            The last report, None if nothing had to be done.
        """
        silence = Silence(time.monotonic())
        alive_said_s = float("-inf")
        last: GuardReport | None = None
        while True:
            try:
                word = self._line.take(_TICK_S)
            except EOFError:
                return self._act("died", kill=True)
            now_s = time.monotonic()
            silence.listened(now_s, heard=word is not None)
            if word == "end":
                return last
            if word == "unsure":
                return self._act("unsure", kill=False)
            if word == "safe":
                last = self._attempt("asked", now_s, number=1, killed=False)
                silence = Silence(time.monotonic())
                self._line.say(f"report {last.to_json()}")
            elif word is not None and word.startswith("folder "):
                self._folder = Path(word.removeprefix("folder "))
            if not self._program.is_alive:
                return self._act("died", kill=False)
            if silence.length_s >= self._limits.timeout_s:
                return self._act("hung", kill=True)
            if now_s - alive_said_s >= _ALIVE_EVERY_S:
                alive_said_s = now_s
                self._line.say("alive")

    def _act(self, cause: Cause, *, kill: bool) -> GuardReport:
        """Make the bench safe; go on until all have confirmed, or for as long as makes sense."""
        began_s = time.monotonic()
        if cause == "died":  # its end of the pipe goes a moment before the process itself
            _wait_until(lambda: not self._program.is_alive, _DYING_S)
        killed = kill and self._program.is_alive and self._program.kill()
        number = 1
        while True:
            report = self._attempt(cause, began_s, number=number, killed=killed)
            if report.is_safe or time.monotonic() - began_s >= self._limits.keep_trying_s:
                break
            number += 1
            time.sleep(self._limits.between_tries_s)
            if not self._owns_bench() and not (cause == "unsure" and self._program.is_alive):
                self._speak(f"guard of {self._bench.name}: another program has taken the bench")
                break
        self._bench.close()
        return report

    def _owns_bench(self) -> bool:
        """Try to be the owner: a program that is started meanwhile then hears who is at work."""
        try:
            self._bench.own(program="guard, making the bench safe")
        except BusyError as error:
            _LOGGER.warning("%s", error)
            return False
        return True

    def _attempt(self, cause: Cause, began_s: float, *, number: int, killed: bool) -> GuardReport:
        time_s = time.time()
        if cause != "asked":
            self._owns_bench()  # the first attempt is made in any case: off is never wrong
        outcomes = self._bench.make_safe(_DEVICE_TIMEOUT_S)
        report = GuardReport(
            bench=self._bench.name,
            time_s=time_s,
            cause=cause,
            program=self._program.pid,
            killed=killed,
            attempt=number,
            took_s=round(time.monotonic() - began_s, 3),
            confirmed=tuple(outcome.device for outcome in outcomes if outcome.confirmed),
            not_confirmed={o.device: o.message for o in outcomes if not o.confirmed},
        )
        try:
            report.append_to(self._folder)
        except OSError as error:
            self._speak(f"guard: the report cannot be written to {self._folder}: {error}")
        self._speak(report.sentence())
        return report


def _wait_until(done: Callable[[], bool], timeout_s: float) -> None:
    end_s = time.monotonic() + timeout_s
    while not done() and time.monotonic() < end_s:
        time.sleep(0.005)
