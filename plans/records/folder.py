"""The folder of one run and the names in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from instruments.owner import OwnerLock
from plans.records.errors import RecordError

LONGEST_PLAN_NAME = 40  # keeps every path in the folder well under the 260 characters of Windows


@dataclass(frozen=True, kw_only=True)
class RunFolder:
    """Where the files of one run are.

    Attributes:
        path: The folder itself.
    """

    path: Path

    @property
    def journal(self) -> Path:
        """The documents, one JSON line each."""
        return self.path / "run.jsonl"

    @property
    def arrays(self) -> Path:
        """The spectra and other arrays, HDF5."""
        return self.path / "arrays.h5"

    def lock(self) -> OwnerLock:
        """Return the lock of the one who writes the run; its file is there while it is written."""
        return OwnerLock(f"run {self.path}", self.path / "run.lock")

    @property
    def tracked_csv(self) -> Path:
        """The tracked quantities, one row per frame."""
        return self.path / "tracked.csv"

    @property
    def spectra_csv(self) -> Path:
        """The spectra as recorded, one column per frame."""
        return self.path / "spectra.csv"

    @property
    def nexus(self) -> Path:
        """The run for other programs, NeXus/HDF5."""
        return self.path / "run.nxs"

    def table_csv(self, name: str) -> Path:
        """Return where a table of results is.

        Args:
            name: Name of its stream.
        """
        return self.path / f"{name}.csv"

    @property
    def answer_png(self) -> Path:
        """What a search or matrix has found so far, as a picture."""
        return self.path / "answer.png"

    @property
    def live_html(self) -> Path:
        """The page that shows that picture anew by itself."""
        return self.path / "live.html"

    @property
    def overview_png(self) -> Path:
        """The run on one picture."""
        return self.path / "overview.png"

    @property
    def report_html(self) -> Path:
        """The report, one file without external parts."""
        return self.path / "report.html"


def local_time(epoch_s: float) -> datetime:
    """Return an instant in the time zone of this computer.

    Args:
        epoch_s: Seconds since 1970-01-01 UTC.
    """
    return datetime.fromtimestamp(epoch_s, tz=UTC).astimezone()


def safe_name(text: str, *, longest: int = LONGEST_PLAN_NAME) -> str:
    """Return ``text`` as a part of a file name that every system takes.

    Args:
        text: Any text, such as a plan's name.
        longest: Number of characters to keep.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")[:longest].strip("_")
    return name or "run"


def file_uri(path: Path) -> str:
    """Return the address of a file, with this computer's name in it as data servers want it.

    Args:
        path: The file.
    """
    return path.absolute().as_uri().replace("file:///", "file://localhost/", 1)


def file_name(uri: str) -> str:
    """Return the last part of an address: a record names files of its own folder only.

    Args:
        uri: As ``file_uri`` has made it, on any system.
    """
    return uri.replace("\\", "/").rsplit("/", 1)[-1]


def folder_name(start: Mapping[str, Any]) -> str:
    """Name the folder of a run: local time of the start, plan, first 8 characters of the uid.

    Args:
        start: The start document.
    """
    stamp = local_time(float(start["time"])).strftime("%Y-%m-%d_%H%M%S")
    uid = safe_name(str(start["uid"]), longest=8)
    return f"{stamp}_{safe_name(str(start.get('plan_name', 'run')))}_{uid}"


def create_folder(parent: Path, start: Mapping[str, Any]) -> RunFolder:
    """Create the folder of a run; a name that is taken gets a number.

    Args:
        parent: The folder of all runs; it is created when it is missing.
        start: The start document.

    Raises:
        RecordError: The folder cannot be created.
    """
    name = folder_name(start)
    for attempt in range(1, 100):
        path = parent / (name if attempt == 1 else f"{name}_{attempt}")
        try:
            parent.mkdir(parents=True, exist_ok=True)
            path.mkdir()
        except FileExistsError as error:
            if not parent.is_dir():
                raise _not_created(path, error) from error
            continue
        except OSError as error:
            raise _not_created(path, error) from error
        return RunFolder(path=path)
    raise RecordError(parent / name, "99 folders of this name exist; move some of them away")


def _not_created(path: Path, error: OSError) -> RecordError:
    return RecordError(
        path,
        f"the folder of the run cannot be created ({error}); choose a folder that can be written",
    )
