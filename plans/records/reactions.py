"""What interlocks did, run or no run: one file beside the runs."""

import json
import logging
import time
from pathlib import Path
from typing import Any

_LOGGER = logging.getLogger(__name__)


class ReactionLog:
    """Every reaction of an interlock with its cause, a line of JSON each.

    What happens during a run is in the record of the run, too. A run that was refused has none, and
    between runs there is none: this file has them all.

    Args:
        folder: The folder of all runs.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "interlocks.jsonl"

    def note(self, rule: str, reaction: str, **more: str | float | bool) -> None:
        """Append a reaction; it never fails, because the reaction itself counts for more.

        Args:
            rule: Name of the rule.
            reaction: What was done: "make_safe", "pause", "refuse", "refused", "resumed", "ended",
                "cleared".
            **more: Such as cause and value.
        """
        row = {"time_s": time.time(), "interlock": rule, "reaction": reaction, **more}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                # A line feed first: the last writer may have been killed in the middle of a line.
                file.write(f"\n{json.dumps(row, ensure_ascii=False)}\n".encode())
        except OSError as error:
            _LOGGER.warning("interlock %r: %s is not written down: %s", rule, reaction, error)

    def read(self) -> list[dict[str, Any]]:
        """Return the reactions, the oldest first; half a line is left out."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, dict):
                found.append(row)
        return found
