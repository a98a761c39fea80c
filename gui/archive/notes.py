"""Notes that a person adds to a run, with the time of the day."""

import time
from pathlib import Path

from instruments.json_lines import append_rows, read_rows

FILE_NAME = "notes.jsonl"


def add_note(folder: Path, text: str) -> None:
    """Add a note to the folder of a run.

    Args:
        folder: The folder of the run.
        text: The note.

    Raises:
        OSError: It cannot be written.
    """
    append_rows(folder / FILE_NAME, [{"time": time.time(), "note": text}])


def read_notes(folder: Path) -> tuple[tuple[float, str], ...]:
    """Return time (s since 1970) and text of each note, oldest first."""
    notes = []
    for row in read_rows(folder / FILE_NAME):
        try:
            notes.append((float(row["time"]), str(row["note"])))
        except (ValueError, KeyError, TypeError):  # a row of somebody else
            continue
    return tuple(notes)
