"""What interlocks did, run or no run: one file beside the runs."""

import logging
import time
from pathlib import Path
from typing import Any

from instruments.json_lines import append_rows, read_rows

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
            append_rows(self.path, [row])
        except OSError as error:
            _LOGGER.warning("interlock %r: %s is not written down: %s", rule, reaction, error)

    def read(self) -> list[dict[str, Any]]:
        """Return the reactions, the oldest first; half a line is left out."""
        return list(read_rows(self.path))
