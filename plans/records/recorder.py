"""The callback that writes every document of a run.

Subscribe a ``RunRecorder`` to the RunEngine. Each document is in the run's folder, and handed to
the operating system, before the engine goes on with the plan: arrays first, then the line that
points at them. What cannot be written is raised at once, in the engine, so that the plan ends and
its finalizers make the bench safe.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import numpy as np

from instruments.errors import BusyError
from plans.records.arrays import Array, ArrayStore, Slot
from plans.records.errors import RecordError
from plans.records.folder import RunFolder, create_folder, file_uri
from plans.records.index import RunIndex
from plans.records.journal import Document, Journal
from plans.records.surroundings import ClockWatch, DiskPace

Line = tuple[str, Document] | tuple[str, Document, Document]
Progress = Callable[[str, float], None]
logger = logging.getLogger(__name__)

NUMBER_KINDS = "biuf"  # numpy's letters: bool, signed, unsigned, float
FALLBACK_DTYPE = "<f8"  # what readers of stream resources take where a descriptor names none


@dataclass(frozen=True, kw_only=True)
class _Source:
    """A dataset that one data key of one stream goes into."""

    uid: str
    slot: Slot
    file: Path


@dataclass(kw_only=True)
class _Stream:
    """One event descriptor and where its arrays go."""

    name: str
    run_uid: str
    dtypes: dict[str, np.dtype[Any]]  # of the data keys that are arrays
    sources: dict[str, _Source] = field(default_factory=dict)


class RunWriter:
    """Writes the documents of one run into its folder.

    Args:
        parent: The folder of all runs.
        start: The start document, which is written.

    Raises:
        RecordError: The folder or its files cannot be written.
    """

    def __init__(self, parent: Path, start: Document) -> None:
        self.folder = create_folder(parent, start)
        self._uid = str(start["uid"])
        self._lock = self.folder.lock()
        self._own()
        self._journal = Journal(self.folder.journal)
        self._arrays = ArrayStore(self.folder.arrays)
        self._streams: dict[str, _Stream] = {}
        self._slots: dict[str, Slot] = {}
        try:
            self.write("start", start)
        except RecordError:
            self._journal.close()
            self._lock.release(remove=True)
            raise

    def _own(self) -> None:
        """Keep others from repairing the run; its files are new, so nobody else writes them."""
        try:
            self._lock.acquire(program="regrow, recording")
        except BusyError as error:  # a network disk that knows no locks
            logger.warning("%s", error)

    def write(self, name: str, document: Document) -> None:
        """Write one document; arrays go to the HDF5 file, before the line that names them.

        Args:
            name: Kind of the document.
            document: Its content; it is not changed.

        Raises:
            RecordError: It cannot be written.
        """
        if name == "descriptor":
            document = self._descriptor(document)
        lines: list[Line] = []
        if name == "event" and document["descriptor"] in self._streams:
            document = self._event(self._streams[document["descriptor"]], document, lines)
        self._journal.append([*lines, (name, document)])

    def sync(self) -> None:
        """Have everything on the disk, arrays first.

        Raises:
            RecordError: The disk refuses.
        """
        self._arrays.sync()
        self._journal.sync()

    def close(self) -> None:
        """Close the files, so that the folder can be moved; twice is harmless.

        Raises:
            RecordError: A file cannot be finished.
        """
        try:
            self._arrays.close()
        finally:
            self._lock.release(remove=True)
            self._journal.close()

    def _descriptor(self, document: Document) -> Document:
        dtypes = {}
        data_keys = dict(document["data_keys"])
        for key, data_key in data_keys.items():
            dtype = _external_dtype(data_key)
            if dtype is not None:
                dtypes[key] = dtype
                data_keys[key] = {**data_key, "dtype_numpy": dtype.str, "external": "STREAM:"}
        self._streams[document["uid"]] = _Stream(
            name=str(document.get("name", "primary")),
            run_uid=str(document["run_start"]),
            dtypes=dtypes,
        )
        return {**document, "data_keys": data_keys}

    def _event(self, stream: _Stream, event: Document, lines: list[Line]) -> Document:
        data = dict(event["data"])
        arrays = {}
        for key in stream.dtypes:
            array = _numbers(data.get(key))
            if array is None:
                logger.warning("%s: an event's %r is no array of numbers", self.folder.path, key)
            else:
                arrays[key] = array
                del data[key]
        self._prepare(stream, arrays, lines)
        for key, array in arrays.items():
            source = stream.sources[key]
            row = self._arrays.append(source.slot, array)
            datum = _stream_datum(source, event, row.index)
            lines.append(("stream_datum", datum, row.spot.to_note()))
        return {**event, "data": data}

    def _prepare(self, stream: _Stream, arrays: Mapping[str, Array], lines: list[Line]) -> None:
        """Give every array a dataset that takes it, and announce those that are new."""
        chosen: dict[str, Slot] = {}
        for key, array in arrays.items():
            source = stream.sources.get(key)
            if source is None or not source.slot.takes(array):
                chosen[key] = self._slot(stream, key, array)
        missing = [slot for slot in chosen.values() if slot.dataset not in self._slots]
        if missing:
            self._arrays.add(missing)
            self._slots.update({slot.dataset: slot for slot in missing})
        for key in arrays:
            old = stream.sources.get(key)
            slot = chosen.get(key) or cast("_Source", old).slot
            if old is None or slot is not old.slot or old.file != self._arrays.path:
                source = _Source(uid=str(uuid4()), slot=slot, file=self._arrays.path)
                stream.sources[key] = source
                lines.append(("stream_resource", _stream_resource(source, key, stream.run_uid)))

    def _slot(self, stream: _Stream, key: str, array: Array) -> Slot:
        """Return a slot for an array: one that is there, else one with a free name."""
        dtype = stream.dtypes[key]
        if not np.can_cast(array.dtype, dtype, "safe"):
            dtype = array.dtype
        base = f"{_part(stream.name)}/{_part(key)}"
        number = 1
        while True:
            name = base if number == 1 else f"{base}_{number}"
            slot = self._slots.get(name)
            if slot is None:
                return Slot(dataset=name, shape=array.shape, dtype=dtype)
            if slot.takes(array):
                return slot
            number += 1


def _part(name: str) -> str:
    """Return a name as one part of an HDF5 path; no two names give the same part."""
    part = name.replace("%", "%25").replace("/", "%2F")
    return part if part.strip(".") else part.replace(".", "%2E") or "%"


def _external_dtype(data_key: Mapping[str, Any]) -> np.dtype[Any] | None:
    """Return the type to store a data key's arrays with, None to leave it in the journal."""
    if data_key.get("dtype") != "array" or data_key.get("external"):
        return None
    try:
        dtype = np.dtype(data_key.get("dtype_numpy") or FALLBACK_DTYPE)
    except TypeError:
        return None
    return dtype if dtype.kind in NUMBER_KINDS else None


def _numbers(value: object) -> Array | None:
    """Return an array of numbers with at least one element, else None."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of unequal length
        return None
    return array if array.dtype.kind in NUMBER_KINDS and array.ndim and array.size else None


def _stream_resource(source: _Source, key: str, run_uid: str) -> Document:
    return {
        "uid": source.uid,
        "run_start": run_uid,
        "data_key": key,
        "mimetype": "application/x-hdf5",
        "uri": file_uri(source.file),
        "parameters": {
            "dataset": source.slot.dataset,
            "swmr": True,
            "chunk_shape": [1, *source.slot.shape],
            "join_method": "stack",
        },
    }


def _stream_datum(source: _Source, event: Document, row: int) -> Document:
    number = int(event["seq_num"])
    return {
        "uid": f"{source.uid}/{row}",
        "stream_resource": source.uid,
        "descriptor": event["descriptor"],
        "indices": {"start": row, "stop": row + 1},
        "seq_nums": {"start": number, "stop": number + 1},
    }


class RunRecorder:
    """A callback for the RunEngine: one folder per run, every document in it.

    Args:
        folder: The folder of all runs; it is created when it is missing.
        sync_interval_s: Real time between two waits for the disk, s. A killed program loses
            nothing; a loss of power loses at most this much.

    Raises:
        RecordError: The folder cannot be used.
    """

    def __init__(self, folder: Path, *, sync_interval_s: float = 10.0) -> None:
        self.folder = Path(folder)
        self.index = RunIndex(self.folder)
        self._sync_interval_s = sync_interval_s
        self._synced_s = 0.0
        self._clock = ClockWatch()
        self._disk = DiskPace(self.folder)
        self._open: dict[str, RunWriter] = {}
        self._run_of: dict[str, str] = {}  # descriptor or resource uid -> run uid
        self._last: RunFolder | None = None
        self._to_finish: list[RunFolder] = []

    @property
    def run_folder(self) -> RunFolder | None:
        """The folder of the run that goes on, else of the last one; None before the first."""
        return self._last

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Write one document; return when the operating system has it.

        Args:
            name: Kind of the document.
            document: Its content.

        Raises:
            RecordError: It cannot be written; everything before it is kept.
        """
        self._clock.look()
        if name == "start":
            self._start(dict(document))
        elif name == "stop":
            self._stop(dict(document))
        elif name in {"event_page", "bulk_events"}:
            for event in _events(name, document):
                self("event", event)
        elif (writer := self._writer(document)) is not None:
            began_s = time.perf_counter()
            writer.write(name, dict(document))
            self._disk.waited(began_s)
            # Not time.monotonic: a simulated clock may run ahead of the disk.
            if time.perf_counter() - self._synced_s >= self._sync_interval_s:
                self._sync(writer)

    def _start(self, document: Document) -> None:
        writer = RunWriter(self.folder, document)
        uid = str(document["uid"])
        if not self._open:  # a run inside a run belongs to the outer one
            self._last = writer.folder
        self._open[uid] = writer
        self._to_finish.append(writer.folder)
        self._sync(writer)
        self._tell_index(lambda: self.index.add(writer.folder, document))

    def _stop(self, document: Document) -> None:
        uid = str(document["run_start"])
        writer = self._open.pop(uid, None)
        if writer is None:
            return
        self._run_of = {key: run for key, run in self._run_of.items() if run != uid}
        try:
            writer.write("stop", document)
            self._sync(writer)
        finally:
            writer.close()
        self._tell_index(lambda: self.index.close(writer.folder, document))

    def _writer(self, document: Mapping[str, Any]) -> RunWriter | None:
        """Return the writer of the run that a document belongs to."""
        run = document.get("run_start") or self._run_of.get(
            document.get("descriptor") or document.get("resource") or ""
        )
        if run in self._open:
            if "uid" in document and "run_start" in document:
                self._run_of[document["uid"]] = run
            return self._open[run]
        logger.warning("a document of a run that is not open is not recorded: %.200s", document)
        return None

    def _sync(self, writer: RunWriter) -> None:
        began_s = time.perf_counter()
        writer.sync()
        self._synced_s = time.perf_counter()
        self._disk.waited(began_s)

    def _tell_index(self, action: Callable[[], None]) -> None:
        """Update the index; it can be rebuilt, so that its failure must not end a run."""
        try:
            action()
        except (sqlite3.Error, RecordError) as error:
            logger.warning("%s: the index of runs is not up to date: %s", self.folder, error)

    def finish(self, progress: Progress | None = None) -> RunFolder | None:
        """Write tables, picture and report of every run since the last call.

        To be called when the RunEngine is done, never on its thread: drawing takes seconds.

        Args:
            progress: Called with what is being written and the share done, 0 to 1.

        Returns:
            The folder of the last run, None when there was none.

        Raises:
            RecordError: A file cannot be written; the other ones are.
        """
        from plans.records.export import write_exports  # matplotlib comes with it, in seconds

        self.close()
        folders, self._to_finish = self._to_finish, []
        for folder in folders:
            write_exports(folder, progress)
        return self._last

    def close(self) -> None:
        """Close what an engine left open, such as a run that was halted; twice is harmless."""
        while self._open:
            _, writer = self._open.popitem()
            writer.close()


def _events(name: str, document: Mapping[str, Any]) -> Iterator[Document]:
    """Yield the events of a page, or of the older bulk document."""
    if name == "bulk_events":
        for events in document.values():
            yield from events
        return
    for row, uid in enumerate(document["uid"]):
        yield {
            "uid": uid,
            "descriptor": document["descriptor"],
            "time": document["time"][row],
            "seq_num": document["seq_num"][row],
            "data": {key: column[row] for key, column in document["data"].items()},
            "timestamps": {key: column[row] for key, column in document["timestamps"].items()},
            "filled": {key: column[row] for key, column in document.get("filled", {}).items()},
        }
