"""The list of runs of a folder, kept in SQLite.

The index only repeats what the folders say: when it is missing, damaged or behind, it is rebuilt
from them. The one thing of its own is the last scan number given out. Each call opens the database
and closes it again, so that several programs can use it and the folder can be moved.
"""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plans.records.errors import RecordError
from plans.records.folder import RunFolder
from plans.records.journal import Document, decode

logger = logging.getLogger(__name__)

INDEX_NAME = "index.sqlite3"
WAIT_S = 5.0  # for another program that writes; each write takes milliseconds
TAIL_BYTES = 65536

SCHEMA = (
    "CREATE TABLE runs (folder TEXT PRIMARY KEY, uid TEXT, scan_id INTEGER,"
    " plan_name TEXT, sample TEXT, time_s REAL, duration_s REAL, exit_status TEXT, reason TEXT,"
    " size INTEGER)",
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER)",
)


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One line of the list of runs.

    Attributes:
        path: The folder of the run.
        uid: Unique identifier of the run.
        scan_id: Its number; None when it has none.
        plan_name: Name of the plan.
        sample: What was measured, as text.
        time_s: Start, s since 1970.
        duration_s: From start to stop, s; None while the run is not closed.
        exit_status: "success", "abort", "fail" or "unfinished".
        reason: Why it ended, in the engine's words.
    """

    path: Path
    uid: str
    scan_id: int | None
    plan_name: str
    sample: str
    time_s: float
    duration_s: float | None
    exit_status: str
    reason: str


class RunIndex:
    """Lists the runs of a folder and gives out scan numbers.

    Args:
        folder: The folder of all runs; it is created when it is missing.

    Raises:
        RecordError: The folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.path = self.folder / INDEX_NAME
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordError(
                self.folder,
                f"cannot be used for records ({error}); choose a folder that can be written",
            ) from error

    def next_scan_id(self, _metadata: Mapping[str, Any] | None = None) -> int:
        """Give out a scan number, higher than any other of this folder.

        Fits ``RunEngine(scan_id_source=...)``, which passes its metadata; they are not needed.

        Raises:
            RecordError: The index cannot be written.
        """
        with self._database() as database:
            row = database.execute(
                "SELECT max(coalesce((SELECT value FROM counter WHERE name = 'scan_id'), 0),"
                " coalesce((SELECT max(scan_id) FROM runs), 0))"
            ).fetchone()
            number = int(row[0]) + 1
            database.execute("INSERT OR REPLACE INTO counter VALUES ('scan_id', ?)", (number,))
        return number

    def add(self, folder: RunFolder, start: Mapping[str, Any]) -> None:
        """Note a run that begins.

        Args:
            folder: Its folder.
            start: Its start document.
        """
        with self._database() as database:
            _store(database, folder, start, None)

    def close(self, folder: RunFolder, stop: Mapping[str, Any]) -> None:
        """Note how a run ended.

        Args:
            folder: Its folder.
            stop: Its stop document.
        """
        with self._database() as database:
            database.execute(
                "UPDATE runs SET duration_s = ? - time_s, exit_status = ?, reason = ?, size = ?"
                " WHERE folder = ?",
                (
                    float(stop["time"]),
                    str(stop["exit_status"]),
                    str(stop.get("reason") or ""),
                    _size(folder.journal),
                    folder.path.name,
                ),
            )

    def runs(self) -> list[RunSummary]:
        """Return every run of the folder, the latest first, after a look at the folders.

        Raises:
            RecordError: The index cannot be written.
        """
        with self._database() as database:
            _refresh(database, self.folder)
            rows = database.execute(
                "SELECT folder, uid, scan_id, plan_name, sample, time_s, duration_s, exit_status,"
                " reason FROM runs ORDER BY time_s DESC, folder DESC"
            ).fetchall()
        return [
            RunSummary(
                path=self.folder / row[0],
                uid=row[1],
                scan_id=row[2],
                plan_name=row[3],
                sample=row[4],
                time_s=row[5],
                duration_s=row[6],
                exit_status=row[7],
                reason=row[8],
            )
            for row in rows
        ]

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Open the database for one transaction; a damaged one is set aside and built again."""
        try:
            with contextlib.closing(self._connection()) as connection:
                yield connection
                connection.execute("COMMIT")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise RecordError(
                self.path,
                f"the index of runs cannot be used ({error}); close other programs that hold it, "
                "or delete it: it is built again from the folders",
            ) from error

    def _connection(self) -> sqlite3.Connection:
        try:
            return _begin(self.path, self.folder)
        except sqlite3.OperationalError:  # locked or not writable: nothing is wrong with the file
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            aside = self.path.with_suffix(".damaged")
            logger.warning("%s is damaged (%s): set aside as %s", self.path, error, aside.name)
            with contextlib.suppress(OSError):
                self.path.replace(aside)
            return _begin(self.path, self.folder)


def list_runs(folder: Path | str) -> list[RunSummary]:
    """Return every run of a folder, the latest first.

    Args:
        folder: The folder of all runs.

    Raises:
        RecordError: The folder or its index cannot be used.
    """
    return RunIndex(Path(folder)).runs()


def _begin(path: Path, folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")  # one writer at a time, also between programs
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'counter'").fetchone():
            for statement in SCHEMA:
                connection.execute(statement)
            _refresh(connection, folder)
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection


def _refresh(database: sqlite3.Connection, folder: Path) -> None:
    """Bring the table to what the folders say; only journals that changed are opened."""
    known = dict(database.execute("SELECT folder, size FROM runs"))
    with os.scandir(folder) as entries:
        found = {entry.name for entry in entries if entry.is_dir()}
    for name in sorted(found):
        run = RunFolder(path=folder / name)
        size = _size(run.journal)
        if size and size != known.get(name):
            start, stop = _ends(run.journal)
            if start is not None:
                _store(database, run, start, stop)
    for name in known.keys() - found:
        database.execute("DELETE FROM runs WHERE folder = ?", (name,))


def _store(
    database: sqlite3.Connection,
    folder: RunFolder,
    start: Mapping[str, Any],
    stop: Mapping[str, Any] | None,
) -> None:
    began_s = float(start["time"])
    scan_id = start.get("scan_id")
    database.execute(
        "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            folder.path.name,
            str(start["uid"]),
            scan_id if isinstance(scan_id, int) else None,
            str(start.get("plan_name", "")),
            sample_text(start.get("sample")),
            began_s,
            float(stop["time"]) - began_s if stop else None,
            str(stop["exit_status"]) if stop else "unfinished",
            str(stop.get("reason") or "") if stop else "",
            _size(folder.journal),
        ),
    )


def sample_text(sample: object) -> str:
    """Return the sample of a start document as a short text.

    Args:
        sample: A name, or a mapping with "name" or "id" in it; None gives "".
    """
    if isinstance(sample, Mapping):
        sample = sample.get("name") or sample.get("id") or ", ".join(map(str, sample.values()))
    return "" if sample is None else str(sample)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _ends(path: Path) -> tuple[Document | None, Document | None]:
    """Return start and stop document of a journal without reading what is between."""
    try:
        with path.open("rb") as file:
            first = decode(file.readline())
            file.seek(max(0, _size(path) - TAIL_BYTES))
            last = decode(file.read().rstrip(b"\n").rsplit(b"\n", 1)[-1])
    except OSError as error:
        logger.warning("%s cannot be read: %s", path, error)
        return None, None
    start = first[1] if first and first[0] == "start" else None
    return start, last[1] if last and last[0] == "stop" else None
