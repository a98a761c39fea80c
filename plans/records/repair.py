"""Check a record, and mend what a cut has left behind.

A repair takes away nothing but the torn tail of the journal. It adds what a run that was closed
would have: a stop document, and an arrays file that opens without special options. The arrays file
is written anew only if it has to be; the one that was there is kept beside it.
"""

import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import h5py
import numpy as np

from instruments.errors import BusyError
from plans.records.arrays import read_rows
from plans.records.errors import RecordError
from plans.records.files import write_file
from plans.records.folder import RunFolder, file_name
from plans.records.index import RunIndex
from plans.records.journal import decode_line, encode, seal, sealed_as
from plans.records.rows import Array, Spot, read_spots

_REASON = "the record ended without a stop document and was repaired"


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a look at every byte of a record has found.

    Attributes:
        path: The run's folder.
        lines: Whole lines of the journal.
        events: Events among them.
        rows: Rows of arrays that are there and unchanged.
        is_closed: Whether the run has its stop document.
        torn_bytes: Bytes at the end of the journal that are no whole line.
        problems: What is wrong, a sentence each.
    """

    path: Path
    lines: int
    events: int
    rows: int
    is_closed: bool
    torn_bytes: int
    problems: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong and the run was closed."""
        return self.is_closed and not self.problems


@dataclass(frozen=True, kw_only=True)
class Repair:
    """What a repair has done.

    Attributes:
        path: The run's folder.
        cut_bytes: Bytes of the torn tail, kept in ``torn_tail``.
        torn_tail: File that keeps them; None when there were none.
        ended_line: Whether the last line got its line end.
        wrote_stop: Whether a stop document was added.
        rebuilt: Arrays files that were written anew.
        lost_rows: Rows that no file holds any more.
    """

    path: Path
    cut_bytes: int
    torn_tail: Path | None
    ended_line: bool
    wrote_stop: bool
    rebuilt: tuple[Path, ...]
    lost_rows: int

    @property
    def changed(self) -> bool:
        """Whether anything had to be done."""
        return bool(self.cut_bytes or self.ended_line or self.wrote_stop or self.rebuilt)


@dataclass(frozen=True, kw_only=True)
class _Datum:
    """One row of an array, as the journal names it."""

    file: str
    dataset: str
    row: int
    spot: Spot | None


class _Scan:
    """One pass through a journal, byte by byte."""

    def __init__(self, folder: RunFolder) -> None:
        self.problems: list[str] = []
        self.data: list[_Datum] = []
        self.names: dict[str, int] = {}
        self.start: dict[str, Any] = {}
        self.last_time_s = 0.0
        self.events_of: dict[str, int] = {}  # by stream
        self.seal = 0
        self.whole_bytes = 0
        self.torn = b""
        self.lacks_line_end = False
        self._streams: dict[str, str] = {}
        self._resources: dict[str, dict[str, Any]] = {}
        try:
            with folder.journal.open("rb") as file:
                for number, raw in enumerate(file, start=1):
                    self._take(number, raw)
        except OSError as error:
            raise RecordError(folder.journal, f"the journal cannot be read ({error})") from error

    def _take(self, number: int, raw: bytes) -> None:
        line = decode_line(raw)
        if line is None and not raw.endswith(b"\n"):
            self.torn = raw
            self.problems.append(f"the last {len(raw)} bytes of the journal are half a line")
            return
        self.whole_bytes += len(raw)
        if not raw.endswith(b"\n"):
            self.lacks_line_end = True
            self.problems.append("the last line of the journal has no line end")
        sealed = sealed_as(raw)
        if line is None:
            self.problems.append(f"line {number} of the journal is broken")
        elif sealed is None:
            self.problems.append(f"line {number} of the journal has no seal")
        elif seal(sealed[0] + b"]\n", self.seal)[1] != sealed[1]:
            self.problems.append(
                f"line {number} of the journal does not fit its seal: it, or the one before it, "
                "was changed, taken out or put in"
            )
        self.seal = self.seal if sealed is None else sealed[1]
        if line is not None:
            try:
                self._note(line.name, dict(line.document), dict(line.note))
            except (LookupError, TypeError, ValueError, AttributeError):
                self.problems.append(f"line {number} of the journal is no proper {line.name!r}")

    def _note(self, name: str, document: dict[str, Any], note: dict[str, Any]) -> None:
        self.names[name] = self.names.get(name, 0) + 1
        if name in {"start", "event", "stop"}:
            self.last_time_s = max(self.last_time_s, float(document["time"]))
        if name == "start":
            self.start = document
        elif name == "descriptor":
            self._streams[document["uid"]] = str(document.get("name", "primary"))
        elif name == "event":
            stream = self._streams[document["descriptor"]]
            self.events_of[stream] = self.events_of.get(stream, 0) + 1
        elif name == "stream_resource":
            self._resources[document["uid"]] = document
        elif name == "stream_datum":
            resource = self._resources[document["stream_resource"]]
            self.data.append(
                _Datum(
                    file=file_name(str(resource["uri"])),
                    dataset=str(resource["parameters"]["dataset"]),
                    row=int(document["indices"]["start"]),
                    spot=Spot.from_note(note),
                )
            )

    def rows(self, folder: RunFolder) -> list[tuple[_Datum, Array | None]]:
        """Return every row that has a place, with what the file holds there."""
        found = []
        for file in dict.fromkeys(datum.file for datum in self.data):
            placed = [d for d in self.data if d.file == file and d.spot is not None]
            spots = [d.spot for d in placed if d.spot is not None]
            arrays = read_spots(folder.path / file, spots)
            missing = [(n, d) for n, d in enumerate(placed) if arrays[n] is None]
            for number, array in _moved(folder.path / file, missing):
                arrays[number] = array
            found += list(zip(placed, arrays, strict=True))
        return found


def _moved(path: Path, missing: list[tuple[int, _Datum]]) -> Iterator[tuple[int, Array]]:
    """Yield the rows that HDF5 finds elsewhere, with the same bytes: the file was written anew."""
    for dataset in dict.fromkeys(datum.dataset for _, datum in missing):
        rows = [(number, datum) for number, datum in missing if datum.dataset == dataset]
        try:
            found = read_rows(path, dataset, [datum.row for _, datum in rows])
        except RecordError:
            continue
        for (number, datum), array in zip(rows, found, strict=True):
            if array is None or datum.spot is None:
                continue
            row = np.ascontiguousarray(array)
            if row.dtype.str == datum.spot.dtype and zlib.crc32(row.tobytes()) == datum.spot.crc:
                yield number, row


def verify_run(path: Path | str) -> Verification:
    """Look at every byte of a record; nothing is changed.

    Args:
        path: The run's folder, or a file in it.

    Raises:
        RecordError: There is no journal.
    """
    folder = _folder(path)
    scan = _Scan(folder)
    rows = scan.rows(folder)
    problems = list(scan.problems)
    for file in dict.fromkeys(datum.file for datum in scan.data):
        lost = sum(array is None for datum, array in rows if datum.file == file)
        if lost:
            problems.append(f"{lost} rows of {file} are lost or changed")
        if "stop" in scan.names and not _opens(folder.path / file):
            problems.append(f"{file} does not open: it is damaged, or was not closed")
    if "stop" not in scan.names:
        problems.append("the run was not closed: it goes on, or was cut off")
    return Verification(
        path=folder.path,
        lines=sum(scan.names.values()),
        events=scan.names.get("event", 0),
        rows=sum(array is not None for _, array in rows),
        is_closed="stop" in scan.names,
        torn_bytes=len(scan.torn),
        problems=tuple(problems),
    )


def repair_run(path: Path | str) -> Repair:
    """Mend a record that was cut off; one that is whole is left as it is.

    Args:
        path: The run's folder, or a file in it.

    Raises:
        RecordError: The run goes on, there is no journal, or it cannot be written.
    """
    folder = _folder(path)
    lock = folder.lock()
    try:
        lock.acquire(program="regrow repair")
    except BusyError as error:
        raise RecordError(folder.path, f"the run goes on: {error}") from error
    try:
        return _repair(folder)
    finally:
        lock.release(remove=True)


def _repair(folder: RunFolder) -> Repair:
    scan = _Scan(folder)
    tail = _cut(folder, scan) if scan.torn else None
    if scan.lacks_line_end:
        _append(folder, b"\n")
    rows = scan.rows(folder)
    rebuilt = [
        _rebuild(folder.path / file, [(d, a) for d, a in rows if d.file == file])
        for file in dict.fromkeys(datum.file for datum in scan.data)
        if not _opens(folder.path / file)
    ]
    wrote_stop = bool(scan.start) and "stop" not in scan.names
    if wrote_stop:
        _close(folder, scan)
    return Repair(
        path=folder.path,
        cut_bytes=len(scan.torn),
        torn_tail=tail,
        ended_line=scan.lacks_line_end,
        wrote_stop=wrote_stop,
        rebuilt=tuple(rebuilt),
        lost_rows=sum(array is None for _, array in rows),
    )


def _cut(folder: RunFolder, scan: _Scan) -> Path:
    tail = folder.path / f"torn-tail-{time.time_ns()}.bin"
    write_file(tail, [scan.torn])
    try:
        with folder.journal.open("r+b") as file:
            file.truncate(scan.whole_bytes)
            os.fsync(file.fileno())
    except OSError as error:
        raise RecordError(folder.journal, f"the torn tail cannot be cut off ({error})") from error
    return tail


def _close(folder: RunFolder, scan: _Scan) -> None:
    stop = {
        "uid": str(uuid4()),
        "run_start": scan.start["uid"],
        "time": scan.last_time_s,
        "exit_status": "fail",
        "reason": _REASON,
        "num_events": scan.events_of,
    }
    _append(folder, seal(encode("stop", stop), scan.seal)[0])
    RunIndex(folder.path.parent).close(folder, stop)


def _append(folder: RunFolder, data: bytes) -> None:
    try:
        with folder.journal.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RecordError(folder.journal, f"the journal cannot be ended ({error})") from error


def _opens(path: Path) -> bool:
    """Tell whether a file opens for any program, without special options."""
    try:
        with h5py.File(path, "r") as file:
            file.visit(lambda _: None)
    except (OSError, RuntimeError, KeyError, ValueError):
        return False
    return True


def _rebuild(path: Path, rows: list[tuple[_Datum, Array | None]]) -> Path:
    """Write an arrays file anew from the rows that are left; lost rows stay NaN or zero."""
    draft = path.with_suffix(".tmp")
    try:
        with h5py.File(draft, "w", libver="latest") as file:
            for dataset in dict.fromkeys(datum.dataset for datum, _ in rows):
                _write_dataset(file, dataset, [(d, a) for d, a in rows if d.dataset == dataset])
        if path.exists():
            path.replace(path.with_suffix(f".damaged-{time.time_ns()}"))
        draft.replace(path)
    except (OSError, RuntimeError) as error:
        raise RecordError(path, f"the arrays cannot be written anew ({error})") from error
    return path


def _write_dataset(file: h5py.File, dataset: str, rows: list[tuple[_Datum, Array | None]]) -> None:
    first = next((datum.spot for datum, _ in rows if datum.spot is not None), None)
    if first is None:
        return
    kind = np.dtype(first.dtype)
    count = max(datum.row for datum, _ in rows) + 1
    data = file.create_dataset(
        dataset,
        shape=(count, *first.shape),
        maxshape=(None, *first.shape),
        chunks=(1, *first.shape),
        dtype=kind,
        fillvalue=np.nan if kind.kind == "f" else 0,
    )
    for datum, array in rows:
        if array is not None:
            data[datum.row] = array


def _folder(path: Path | str) -> RunFolder:
    place = Path(path)
    if not place.exists():
        raise RecordError(place, "there is no such run; give the folder that a run has made")
    return RunFolder(path=place if place.is_dir() else place.parent)
