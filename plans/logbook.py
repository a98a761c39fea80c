"""What a run says about itself: notes, rows of results, its end."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from bluesky.utils import MsgGenerator

from plans.progress import Note, Progress
from plans.records.quantities import unit_of
from plans.stubs import save_event

Value: TypeAlias = str | int | float
Row: TypeAlias = Mapping[str, Value]

NO_NUMBER = float("nan")


class Logbook:
    """Writes what a plan has to say into the run, each kind into a stream of its own.

    Streams: "notes" (a sentence for the person), "results" (one row of the table that the plan is
    about), "summary" (the answer, in one row) and "ending" (which rule ended it). Units are those
    that the names end with.

    Attributes:
        progress: Where the run stands.
        callbacks: What must receive the documents of the run while it goes on.
        rows: The rows of results so far.
        summary: The answer, empty before there is one.
    """

    def __init__(self) -> None:
        self.progress = Progress()
        self.callbacks: tuple[Callable[[str, Any], Any], ...] = ()
        self.rows: list[Row] = []
        self.summary: Row = {}
        self._streams: dict[str, Note] = {}

    def say(self, texts: Iterable[str]) -> MsgGenerator[None]:
        """Write sentences for the person.

        Args:
            texts: The sentences.
        """
        for text in texts:
            yield from self._write("notes", {"note": text})

    def result(self, row: Row, *, table: str = "results") -> MsgGenerator[None]:
        """Write a row of a table of results; every row of a table has the same names.

        Args:
            row: Values by name, with the unit at the end of the name.
            table: Stream that the row goes to, when a plan has more than one table.
        """
        if table == "results":
            self.rows.append(dict(row))
        yield from self._write(table, row)

    def conclude(self, summary: Row) -> MsgGenerator[None]:
        """Write the answer of the run.

        Args:
            summary: Values by name, with the unit at the end of the name.
        """
        self.summary = dict(summary)
        yield from self._write("summary", summary)

    def end(self, rule: str, text: str) -> MsgGenerator[None]:
        """Write what ended the run.

        Args:
            rule: Name of the rule, such as "plateau", "dose" or "done".
            text: Its figures, in words.
        """
        values: Row = {
            "ending_rule": rule,
            "ending_text": text,
            "ending_elapsed_s": self.elapsed_s(),
            "ending_seq_num": self.progress.frame,
        }
        yield from self._write("ending", values)

    def begin(self) -> MsgGenerator[None]:
        """Do what must be done before the first step of every plan."""
        yield from ()

    def close(self) -> MsgGenerator[None]:
        """Write what must be in the record however the run has ended."""
        yield from ()

    def elapsed_s(self) -> float:
        """Return the time of the last frame since the first, s."""
        return self.progress.elapsed_s

    def _write(self, stream: str, values: Row) -> MsgGenerator[None]:
        note = self._streams.get(stream)
        if note is None:
            units = {key: unit_of(key) for key, value in values.items() if _is_number(value)}
            note = Note(stream, values, {key: unit for key, unit in units.items() if unit})
            self._streams[stream] = note
        note.update(values)
        yield from save_event(stream, note)


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float))


class Stopwatch:
    """Tells how long something has gone on without the pauses of the run.

    Args:
        progress: Knows of the pauses.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._start_s = time.monotonic() - progress.paused_s

    def seconds(self) -> float:
        """Return the time since the stopwatch was made, pauses not counted, s."""
        return time.monotonic() - self._start_s - self._progress.paused_s
