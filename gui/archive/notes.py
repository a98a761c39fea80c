"""Notes that a person adds to a run, with the time of the day."""

import json
import time
from pathlib import Path

FILE_NAME = "notes.jsonl"


def add_note(folder: Path, text: str) -> None:
    """Add a note to the folder of a run.

    Args:
        folder: The folder of the run.
        text: The note.

    Raises:
        OSError: It cannot be written.
    """
    line = json.dumps({"time": time.time(), "note": text}, ensure_ascii=False)
    with (folder / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def read_notes(folder: Path) -> tuple[tuple[float, str], ...]:
    """Return time (s since 1970) and text of each note, oldest first."""
    try:
        lines = (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    notes = []
    for line in lines:
        try:
            content = json.loads(line)
            notes.append((float(content["time"]), str(content["note"])))
        except (ValueError, KeyError, TypeError):  # cut while it was written
            continue
    return tuple(notes)
