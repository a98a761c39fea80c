"""What a guard did, for the person and for the file."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FILE_NAME = "guard.jsonl"

Cause = Literal["died", "hung", "asked", "unsure"]

_WORDS: Mapping[Cause, str] = {
    "died": "the program ended without leaving the bench safe",
    "hung": "the program did not show a sign of life",
    "asked": "the program asked for it",
    "unsure": "the program ended its work without being certain that all is off",
}


@dataclass(frozen=True, kw_only=True)
class GuardReport:
    """One attempt of a guard to make its bench safe.

    Attributes:
        bench: Name of the bench.
        time_s: When it began, s since 1970.
        cause: "died", "hung", "asked" or "unsure".
        program: Process id of the program that was guarded.
        killed: Whether the guard had to end the program first, to get at its ports.
        attempt: 1 for the first.
        took_s: From the cause to the last answer, s.
        confirmed: Devices that have confirmed that all is off.
        not_confirmed: What is not certain, by device.
    """

    bench: str
    time_s: float
    cause: Cause
    program: int
    killed: bool
    attempt: int
    took_s: float
    confirmed: tuple[str, ...]
    not_confirmed: Mapping[str, str]

    @property
    def is_safe(self) -> bool:
        """Whether every device has confirmed."""
        return not self.not_confirmed

    def sentence(self) -> str:
        """Return the report in words."""
        ended = ", which was ended" if self.killed else ""
        start = f"guard of {self.bench}: {_WORDS[self.cause]} (process {self.program}{ended})"
        if self.is_safe:
            return f"{start}: all {len(self.confirmed)} devices are off, {self.took_s:.2f} s later"
        open_ends = "; ".join(self.not_confirmed.values())
        return f"{start}: NOT CONFIRMED OFF: {open_ends}. Switch it off by hand at the instrument"

    def to_json(self) -> str:
        """Return the report as one line of JSON."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> "GuardReport":
        """Return the report that a line holds.

        Args:
            line: As ``to_json`` has made it.

        Raises:
            ValueError: It is no such line.
        """
        try:
            fields: dict[str, Any] = json.loads(line)
            return cls(**{**fields, "confirmed": tuple(fields["confirmed"])})
        except (TypeError, LookupError) as error:
            raise ValueError(f"no report of a guard: {line[:80]!r}") from error

    def append_to(self, folder: Path) -> None:
        """Add the report to the folder's file of reports.

        Args:
            folder: Of a run, or of all runs.

        Raises:
            OSError: It cannot be written.
        """
        with (folder / FILE_NAME).open("a", encoding="utf-8") as file:
            file.write(self.to_json() + "\n")


def read_reports(folder: Path) -> list[GuardReport]:
    """Return the reports that guards have left in a folder, oldest first.

    Args:
        folder: Of a run, or of all runs.
    """
    reports = []
    try:
        lines = (folder / FILE_NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            reports.append(GuardReport.from_json(line))
        except ValueError:  # cut while it was written
            continue
    return reports
