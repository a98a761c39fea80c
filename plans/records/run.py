"""A recorded run, read back from its folder."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from plans.records.arrays import Array, read_rows
from plans.records.errors import RecordError
from plans.records.folder import RunFolder, file_name, file_uri
from plans.records.journal import Document, Line, read_lines
from plans.records.rows import Spot, read_spots
from plans.records.schema import check

UNFINISHED = "unfinished"


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the array of one event is."""

    file: str  # name in the run's folder
    dataset: str
    row: int
    spot: Spot | None


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """One event and where its arrays are."""

    event: Document
    descriptor: Document
    places: Mapping[str, _Place]


class _Joiner:
    """Reads a journal in order and knows where the arrays of each event are."""

    def __init__(self) -> None:
        self.descriptors: dict[str, Document] = {}
        self._resources: dict[str, Document] = {}
        self._places: dict[tuple[str, int], dict[str, _Place]] = {}

    def read(self, path: Path, problems: list[str]) -> Iterator[tuple[Line, _Entry | None]]:
        """Yield the lines of a journal, and the entry of each that is an event.

        Args:
            path: The journal.
            problems: Takes a sentence for each line that is left out.
        """
        for line in read_lines(path, problems):
            try:
                check(line.name, line.document)
                entry = self.take(line)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                problems.append(
                    f"a {line.name!r} is not what it should be and is left out: {error}"
                )
                continue
            yield line, entry

    def take(self, line: Line) -> _Entry | None:
        """Return the entry when the line is an event of a known stream.

        Raises:
            LookupError, TypeError, ValueError: The document is not what its kind should be.
        """
        document = dict(line.document)
        match line.name:
            case "descriptor":
                self.descriptors[document["uid"]] = _restored_descriptor(document)
            case "stream_resource":
                self._resources[document["uid"]] = document
            case "stream_datum" if document["stream_resource"] in self._resources:
                resource = self._resources[document["stream_resource"]]
                self._take_datum(document, resource, Spot.from_note(line.note))
            case "event" if document["descriptor"] in self.descriptors:
                descriptor = self.descriptors[document["descriptor"]]
                key = (document["descriptor"], document["seq_num"])
                return _Entry(
                    event={**document, "data": _restored(document["data"], descriptor)},
                    descriptor=descriptor,
                    places=self._places.pop(key, {}),
                )
        return None

    def _take_datum(self, datum: Document, resource: Document, spot: Spot | None) -> None:
        offset = datum["indices"]["start"] - datum["seq_nums"]["start"]
        for number in range(datum["seq_nums"]["start"], datum["seq_nums"]["stop"]):
            places = self._places.setdefault((datum["descriptor"], number), {})
            places[resource["data_key"]] = _Place(
                file=file_name(str(resource["uri"])),
                dataset=resource["parameters"]["dataset"],
                row=number + offset,
                spot=spot,
            )


class Run:
    """A run as it stands in its folder; also one that was cut off, or that goes on.

    Args:
        path: The folder of the run, or a file in it.

    Attributes:
        folder: Names of the files.
        start: The start document.
        stop: The stop document; None when the run was not closed.
        problems: What could not be read, a sentence each.

    Raises:
        RecordError: There is no journal, or it has no start document.
    """

    def __init__(self, path: Path) -> None:
        path = Path(path)
        self.folder = RunFolder(path=path if path.is_dir() else path.parent)
        self.start: Document = {}
        self.stop: Document | None = None
        self.problems: list[str] = []
        self._entries: dict[str, list[_Entry]] = {}
        joiner = _Joiner()
        for line, entry in joiner.read(self.folder.journal, self.problems):
            if entry is not None:
                self._entries.setdefault(_stream(entry.descriptor), []).append(entry)
            elif line.name == "start":
                self.start = dict(line.document)
            elif line.name == "stop":
                self.stop = dict(line.document)
        self._descriptors = list(joiner.descriptors.values())
        if not self.start:
            raise RecordError(self.folder.journal, "the journal holds no start document")

    @property
    def exit_status(self) -> str:
        """One of "success", "abort", "fail"; "unfinished" when the run was not closed."""
        return str(self.stop["exit_status"]) if self.stop else UNFINISHED

    @property
    def reason(self) -> str:
        """What the engine gave as the reason of the end; "" when it gave none."""
        return str(self.stop.get("reason") or "") if self.stop else ""

    @property
    def streams(self) -> tuple[str, ...]:
        """Names of the streams, in the order of their descriptors."""
        return tuple(dict.fromkeys(_stream(descriptor) for descriptor in self._descriptors))

    @property
    def last_time_s(self) -> float:
        """Time of the last document that has one, s since 1970."""
        times = [float(self.start["time"])]
        times += [float(entries[-1].event["time"]) for entries in self._entries.values()]
        if self.stop:
            times.append(float(self.stop["time"]))
        return max(times)

    def event_count(self, stream: str) -> int:
        """Return the number of events of a stream."""
        return len(self._entries.get(stream, ()))

    def data_keys(self, stream: str) -> dict[str, Document]:
        """Return what the descriptors say of each data key of a stream.

        Args:
            stream: Name of the stream.
        """
        keys: dict[str, Document] = {}
        for descriptor in self._of(stream):
            keys.update(descriptor["data_keys"])
        return keys

    def configuration(self, stream: str | None = None) -> dict[str, Document]:
        """Return the settings of each device: name -> configuration of the descriptor.

        Args:
            stream: Name of a stream; None takes all, where the first that has a device counts.
        """
        found: dict[str, Document] = {}
        for descriptor in self._descriptors if stream is None else self._of(stream):
            for device, configuration in descriptor.get("configuration", {}).items():
                if not found.get(device, {}).get("data"):
                    found[device] = configuration
        return found

    def table(self, stream: str) -> dict[str, Array]:
        """Return a stream as columns, one row per event in the order they were written.

        Columns are "seq_num", "time" (s since 1970) and each data key. Numbers are float64, NaN
        where there is none; arrays are two-dimensional, NaN where the file lost a row; texts
        and everything else are objects.

        Args:
            stream: Name of the stream. One that is not there gives no column.
        """
        entries = self._entries.get(stream, [])
        if not entries:
            return {}
        table: dict[str, Array] = {
            "seq_num": np.array([entry.event["seq_num"] for entry in entries], dtype=np.int64),
            "time": np.array([entry.event["time"] for entry in entries], dtype=np.float64),
        }
        for key, data_key in self.data_keys(stream).items():
            values = [entry.event["data"].get(key) for entry in entries]
            arrays = self._arrays(key, entries)
            joined = [v if a is None else a for v, a in zip(values, arrays, strict=True)]
            table[key] = _column(joined, str(data_key.get("dtype", "")))
        return table

    def documents(self, *, filled: bool = False) -> Iterator[tuple[str, Document]]:
        """Yield the documents in order.

        Args:
            filled: False gives them as stored, with the files' present address, as a data
                server wants them; True as the engine emitted them, with the arrays in the events.
        """
        joiner = _Joiner()
        for line, entry in joiner.read(self.folder.journal, []):
            name, document = line.name, dict(line.document)
            if not filled:
                yield name, entry.event if entry else self._located(name, document)
            elif name == "descriptor":
                yield name, joiner.descriptors[document["uid"]]
            elif entry is not None:
                yield name, self._filled(entry)
            elif name not in {"stream_resource", "stream_datum"}:
                yield name, document

    def _of(self, stream: str) -> list[Document]:
        return [d for d in self._descriptors if _stream(d) == stream]

    def _located(self, name: str, document: Document) -> Document:
        """Give a stream resource the address where the folder is, wherever it was written."""
        if name != "stream_resource":
            return document
        file = self.folder.path / file_name(str(document["uri"]))
        return {**document, "uri": file_uri(file)}

    def _filled(self, entry: _Entry) -> Document:
        data = dict(entry.event["data"])
        for key in entry.places:
            data[key] = self._arrays(key, [entry])[0]
        return {**entry.event, "data": data}

    def _arrays(self, key: str, entries: Sequence[_Entry]) -> list[Array | None]:
        """Return the arrays of a data key, None for an event that has none in a file."""
        arrays: list[Array | None] = [None] * len(entries)
        by_file: dict[str, list[tuple[int, _Place]]] = {}
        for number, entry in enumerate(entries):
            if place := entry.places.get(key):
                by_file.setdefault(place.file, []).append((number, place))
        for file, places in by_file.items():
            spots = [(number, place.spot) for number, place in places if place.spot is not None]
            found = read_spots(self.folder.path / file, [spot for _, spot in spots])
            for (number, _), array in zip(spots, found, strict=True):
                arrays[number] = array
            missing = [(n, place) for n, place in places if arrays[n] is None]
            self._ask_hdf5(key, file, missing, arrays)
        return arrays

    def _ask_hdf5(
        self,
        key: str,
        file: str,
        missing: Sequence[tuple[int, _Place]],
        arrays: list[Array | None],
    ) -> None:
        """Fill in the rows that are not at the place that the journal names."""
        by_dataset: dict[str, list[tuple[int, int]]] = {}
        for number, place in missing:
            by_dataset.setdefault(place.dataset, []).append((number, place.row))
        for dataset, rows in by_dataset.items():
            try:
                found = read_rows(self.folder.path / file, dataset, [row for _, row in rows])
            except RecordError as error:
                self._problem(str(error))
                continue
            for (number, _), array in zip(rows, found, strict=True):
                arrays[number] = array
            if lost := sum(array is None for array in found):
                self._problem(f"{file} lacks {lost} rows of {key!r}, which read as NaN")

    def _problem(self, sentence: str) -> None:
        if sentence not in self.problems:
            self.problems.append(sentence)


def open_run(path: Path | str) -> Run:
    """Open a recorded run.

    Args:
        path: The folder of the run, or a file in it.

    Raises:
        RecordError: There is no journal, or it has no start document.
    """
    folder = Path(path)
    if not folder.exists():
        raise RecordError(folder, "there is no such run; give the folder that a run has made")
    return Run(folder)


def _stream(descriptor: Mapping[str, Any]) -> str:
    return str(descriptor.get("name", "primary"))


def _restored_descriptor(document: Document) -> Document:
    """Return a descriptor with its arrays inside the events again, and null numbers as NaN."""
    data_keys = {
        key: {k: v for k, v in data_key.items() if (k, v) != ("external", "STREAM:")}
        for key, data_key in document["data_keys"].items()
    }
    configuration = {
        device: {**part, "data": _restored(part.get("data", {}), part)}
        for device, part in document.get("configuration", {}).items()
    }
    return {**document, "data_keys": data_keys, "configuration": configuration}


def _restored(data: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with NaN where a number is null."""
    data_keys = described.get("data_keys", {})
    return {key: _value(value, data_keys.get(key, {})) for key, value in data.items()}


def _value(value: Any, data_key: Mapping[str, Any]) -> Any:
    if value is None and data_key.get("dtype") in {"number", "integer"}:
        return math.nan
    if isinstance(value, list) and data_key.get("dtype") == "array":
        return _list(value)
    return value


def _list(items: list[Any]) -> list[Any]:
    """Return a list of numbers with NaN for null; a list with texts in it as it is."""
    if any(isinstance(item, str) for item in items):
        return items
    return [_list(i) if isinstance(i, list) else math.nan if i is None else i for i in items]


def _column(values: Sequence[Any], dtype: str) -> Array:
    """Return one column; what fits no rectangle of numbers is kept as objects."""
    if dtype in {"number", "integer", "boolean"}:
        return np.array([math.nan if v is None else v for v in values], dtype=np.float64)
    if dtype == "array":
        shapes = {np.shape(v) for v in values if v is not None}
        if len(shapes) <= 1:
            gap = np.full(next(iter(shapes), (0,)), np.nan)
            try:
                return np.array([gap if v is None else v for v in values], dtype=np.float64)
            except (TypeError, ValueError):
                pass
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column
