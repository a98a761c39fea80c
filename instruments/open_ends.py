"""What could not be confirmed to be off, kept until a person has acknowledged it.

A file for each bench beside the locks of this computer, one line of JSON for each thing that is not
certain and one for each acknowledgement: it outlives the program, whose guard writes into it, too.
"""

import getpass
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from instruments.errors import DeviceFaultError
from instruments.json_lines import append_rows, read_rows
from instruments.owner import locks_folder, make_locks_folder


@dataclass(frozen=True, kw_only=True)
class OpenEnd:
    """Something that may still be on.

    Attributes:
        time_s: When it was found out, s since 1970.
        what: The device and what it said, a sentence.
    """

    time_s: float
    what: str

    def __str__(self) -> str:
        """Return it in words, with its time of day."""
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.time_s))
        return f"since {at}: {self.what}"


class OpenEnds:
    """The open ends of one bench.

    Args:
        bench_file: The bench.
    """

    def __init__(self, bench_file: Path | str) -> None:
        self.bench_file = Path(bench_file).resolve()
        name = hashlib.sha256(str(self.bench_file).encode()).hexdigest()[:24]
        self.path = locks_folder() / f"{name}.not-off.jsonl"

    def read(self) -> list[OpenEnd]:
        """Return what nobody has acknowledged yet, the oldest first."""
        found: list[OpenEnd] = []
        for row in read_rows(self.path):
            match row:
                case {"acknowledged_by": _}:
                    found.clear()
                case {"time_s": int() | float() as time_s, "what": str(what)}:
                    found.append(OpenEnd(time_s=float(time_s), what=what))
        return found

    def refuse(self) -> None:
        """Refuse a run while nobody has acknowledged what may still be on.

        Raises:
            DeviceFaultError: What it is, and what to do.
        """
        for end in self.read():
            raise DeviceFaultError(
                self.bench_file.name,
                f"not confirmed off {end}; look at the instrument, then: "
                f"regrow acknowledge {self.bench_file}",
            )

    def note(self, sentences: Iterable[str]) -> None:
        """Keep what is not certain.

        Args:
            sentences: One for each device.

        Raises:
            OSError: It cannot be written.
        """
        self._append([{"time_s": time.time(), "what": what} for what in sentences])

    def acknowledge(self) -> list[OpenEnd]:
        """Note that a person has looked, and return what at.

        Raises:
            OSError: It cannot be written.
        """
        found = self.read()
        if found:
            self._append([{"time_s": time.time(), "acknowledged_by": getpass.getuser()}])
        return found

    def _append(self, rows: list[dict[str, object]]) -> None:
        if not rows:
            return
        make_locks_folder(self.path.parent)
        append_rows(self.path, rows)
