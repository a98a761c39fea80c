"""A run under guard: what proves that it lives, and who acts when it does not."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from instruments.bench import Bench
from instruments.guard import Guard
from plans.engine import STALL_S, Engine
from plans.lost_lines import LostLines

_log = logging.getLogger(__name__)

_OWN_TRY_S = 4.0  # in which this process may switch off by itself before the guard ends it


class GuardedRun:
    """Starts a guard for one run and keeps it informed.

    The guard gets its beat from a thread of its own, so that a process that is stopped, or kept by
    a call that holds Python's lock, is found out within two seconds. The thread looks at the engine
    before each beat: when the engine's thread gets nothing done for ``stall_s``, the bench is
    switched off from here and the run is aborted; when that is not confirmed, the beat is kept back
    and the guard does it. It also looks after the lines of what the run reads; see
    `plans.lost_lines`.

    Args:
        bench_file: The bench.
        folder: Where the guard reports until a run has a folder.
        say: Receives sentences for the person.
        addresses: VISA addresses that replace those of the bench file, by device.
        stall_s: How long the engine's thread may get nothing done, s.
    """

    def __init__(
        self,
        bench_file: Path,
        *,
        folder: Path,
        say: Callable[[str], None],
        addresses: Mapping[str, str] | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        self._say = say
        self._stall_s = stall_s
        self._engine: Engine | None = None
        self._bench: Bench | None = None
        self._rescue: _Rescue | None = None
        self._lines: LostLines | None = None
        self.guard = Guard(
            bench_file,
            addresses=addresses,
            folder=folder,
            pulse=self.pulse,
            on_trouble=self._guard_in_trouble,
        )

    def __enter__(self) -> Self:
        """Start the guard; it comes up while the bench connects."""
        self.guard.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the guard; it acts when an error has kept the bench from being made safe."""
        bench = self._bench
        self.guard.close(is_safe=error is None or bench is None or bench.ended_safe)

    def protect(self, engine: Engine, bench: Bench) -> None:
        """Begin to look at an engine.

        Args:
            engine: It carries out the run.
            bench: What it runs on.

        Raises:
            GuardError: The guard did not come up; nothing was run.
        """
        self.guard.wait_until_ready()
        self._engine, self._bench, self._rescue = engine, bench, None
        self._lines = LostLines(engine, bench, self._say)

    def release(self) -> None:
        """Stop looking at the engine: the run has ended."""
        lines, self._engine, self._lines = self._lines, None, None
        if lines is not None:
            lines.close()

    def pulse(self) -> bool:
        """Tell whether the program may give a sign of life."""
        engine, bench, lines = self._engine, self._bench, self._lines
        if lines is not None:
            self._look(lines)
        if engine is None or bench is None or engine.is_turning(self._stall_s):
            self._rescue = None
            return True
        if self._rescue is None:
            self._say(
                f"THE RUN DOES NOT MOVE: the engine has not answered for {self._stall_s:g} s. "
                "Switching everything off and ending the run"
            )
            self._rescue = _Rescue(bench, engine)
        return self._rescue.is_in_time

    def _look(self, lines: LostLines) -> None:
        try:
            lines.look()
        except Exception:  # noqa: BLE001 - a beat that stays out would end the program
            _log.exception("the lines of the run cannot be looked at")

    def _guard_in_trouble(self, words: str) -> None:
        self._say(words)
        engine = self._engine
        if self.guard.failed and engine is not None:
            threading.Thread(
                target=engine.abort, args=(words,), name="end-unguarded", daemon=True
            ).start()


class _Rescue:
    """Switches a bench off on behalf of an engine that hangs, and aborts its run."""

    def __init__(self, bench: Bench, engine: Engine) -> None:
        self._began_s = time.monotonic()
        self._safe = False
        for name, work in (
            ("rescue", lambda: self._switch_off(bench)),
            ("rescue-abort", lambda: engine.abort("the engine did not answer")),
        ):
            threading.Thread(target=work, name=name, daemon=True).start()

    @property
    def is_in_time(self) -> bool:
        """Whether all is off, or may still become so."""
        return self._safe or time.monotonic() - self._began_s < _OWN_TRY_S

    def _switch_off(self, bench: Bench) -> None:
        self._safe = all(outcome.confirmed for outcome in bench.make_safe())
