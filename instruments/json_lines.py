"""Files to which lines of JSON are added, by programs that may be killed at any moment."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


def append_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Add rows to a file; it is made if it is not there.

    Args:
        path: The file.
        rows: What is added, a line each.

    Raises:
        OSError: It cannot be written.
    """
    # A line feed first: the last writer may have been killed in the middle of a line.
    text = "".join(f"\n{json.dumps(row, ensure_ascii=False)}" for row in rows)
    with path.open("ab") as file:
        file.write(f"{text}\n".encode())


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file, the oldest first; what is no row is left out.

    Args:
        path: The file; there are no rows in one that cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row
