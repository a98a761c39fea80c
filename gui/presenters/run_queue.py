"""The queue of runs: persists, can be edited while running, never starts by itself."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gui.messages import Value
from gui.presenters.store import read_json, write_json

Stage = Literal["waiting", "running", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class QueuedRun:
    """A run that is to be done.

    Attributes:
        key: Its number, unique in the queue.
        plan: Name of the plan.
        values: Its parameters.
        stage: "waiting", "running", or "interrupted" when the window ended while it ran.
        note: A word for the person, such as why it is interrupted.
    """

    key: int
    plan: str
    values: Mapping[str, Value] = field(default_factory=dict)
    stage: Stage = "waiting"
    note: str = ""

    def title(self) -> str:
        """Return sample and plan in words."""
        sample = str(self.values.get("sample") or "")
        plan = self.plan.replace("_", " ")
        return f"{sample}: {plan}" if sample else plan


class RunQueue:
    """Runs in their order, kept in a file.

    A queue that is read back waits for `release`: after a crash nothing starts by itself.

    Args:
        path: The file; None keeps nothing.
        changed: Called after every change.
    """

    def __init__(
        self, path: Path | None = None, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._path = path
        self._changed = changed
        self._runs: list[QueuedRun] = _read(path)
        self._keys = itertools.count(max((run.key for run in self._runs), default=0) + 1)
        self.is_held = bool(self._runs)

    def __iter__(self) -> Iterator[QueuedRun]:
        """Return the runs in their order."""
        return iter(tuple(self._runs))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._runs)

    @property
    def waiting(self) -> tuple[QueuedRun, ...]:
        """The runs that wait."""
        return tuple(run for run in self._runs if run.stage == "waiting")

    @property
    def lost(self) -> tuple[QueuedRun, ...]:
        """Runs that were going on when the window ended."""
        return tuple(run for run in self._runs if run.stage == "interrupted")

    def add(self, plan: str, values: Mapping[str, Value], *, first: bool = False) -> QueuedRun:
        """Add a run at the end, or as the first."""
        run = QueuedRun(key=next(self._keys), plan=plan, values=dict(values))
        self._runs.insert(0 if first else len(self._runs), run)
        self._save()
        return run

    def remove(self, key: int) -> None:
        """Take a run out; one that is running stays."""
        self._runs = [run for run in self._runs if run.key != key or run.stage == "running"]
        self._save()

    def move(self, key: int, by: int) -> None:
        """Move a run up (-1) or down (1)."""
        places = [place for place, run in enumerate(self._runs) if run.key == key]
        if not places:
            return
        run = self._runs.pop(places[0])
        self._runs.insert(min(max(places[0] + by, 0), len(self._runs)), run)
        self._save()

    def clear(self) -> None:
        """Take out all that is not running."""
        self._runs = [run for run in self._runs if run.stage == "running"]
        self._save()

    def hold(self) -> None:
        """Start nothing further until `release`."""
        self.is_held = True
        self._changed()

    def release(self) -> None:
        """Let the queue run, after the person has said so."""
        self.is_held = False
        self._changed()

    def again(self, key: int) -> None:
        """Let an interrupted run wait for its turn again."""
        self._set(key, stage="waiting", note="")

    def next(self) -> QueuedRun | None:
        """Return the run that is to start, None when nothing is or somebody must say so first."""
        if self.is_held or any(run.stage == "running" for run in self._runs):
            return None
        return next(iter(self.waiting), None)

    def started(self, key: int) -> None:
        """Note that a run is going on."""
        self._set(key, stage="running")

    def interrupted(self, key: int, note: str) -> None:
        """Note that a run was cut off."""
        self._set(key, stage="interrupted", note=note)

    def done(self, key: int) -> None:
        """Take out a run that has ended."""
        self._runs = [run for run in self._runs if run.key != key]
        self._save()

    def _set(self, key: int, **changes: Any) -> None:
        self._runs = [replace(run, **changes) if run.key == key else run for run in self._runs]
        self._save()

    def _save(self) -> None:
        if self._path is not None:
            write_json(self._path, [asdict(run) for run in self._runs])
        self._changed()


def _read(path: Path | None) -> list[QueuedRun]:
    content = None if path is None else read_json(path)
    if not isinstance(content, list):
        return []
    runs = []
    for item in content:
        try:
            values = {
                k: tuple(v) if isinstance(v, list) else v for k, v in item.get("values", {}).items()
            }
            run = QueuedRun(**{**item, "values": values})
        except (TypeError, KeyError, AttributeError):  # written by another version
            continue
        if run.stage == "running":
            run = replace(run, stage="interrupted", note="the window ended while it ran")
        runs.append(run)
    return runs
