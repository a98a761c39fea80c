"""Documents of a run as lines of JSON, safe at any cut.

One line is ``[name, document, seal]`` or ``[name, document, note, seal]``, UTF-8, ended by a line
feed. A line reaches the operating system before ``append`` returns, so that a killed program loses
nothing it had acknowledged. The seal is the CRC-32 of all lines up to it, so that a line that was
changed, taken out or put in is found; the note is what the record keeps beside a document.

The JSON is strict: a number that is not finite (NaN, infinities) is written as ``null``. Where the
descriptor of a stream says "number", ``plans.records.run`` reads ``null`` back as NaN. An object
that JSON does not know (a path, a date) is written as its text.
"""

import enum
import json
import logging
import math
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from plans.records.errors import RecordError

Document = dict[str, Any]
logger = logging.getLogger(__name__)
_SEAL_LENGTH = len('00000000"]')


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a journal.

    Attributes:
        name: Kind of the document, such as "event".
        document: Its content.
        note: What the record keeps beside it; empty for nothing.
    """

    name: str
    document: Mapping[str, Any]
    note: Mapping[str, Any]


def encode(name: str, document: Mapping[str, Any], note: Mapping[str, Any] | None = None) -> bytes:
    """Return the line of one document, without its seal.

    Args:
        name: Kind of the document, such as "event".
        document: Its content.
        note: What the record keeps beside it; plain JSON.
    """
    extra = [note] if note else []
    try:
        text = _dumps([name, _without_nan(document), *extra])
    except (ValueError, TypeError):  # a NaN elsewhere, or a key that is no text: the slow way
        text = _dumps([name, _plain(document), *extra])
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair: only escapes can hold it
        return json.dumps(json.loads(text)).encode() + b"\n"


def seal(line: bytes, before: int) -> tuple[bytes, int]:
    """Return an encoded line with its seal, and the seal as a number.

    Args:
        line: As ``encode`` has made it.
        before: Seal of the line before, 0 for the first.
    """
    body = line[:-2]  # without its bracket and line feed
    number = zlib.crc32(body, before)
    return body + b',"%08x"]\n' % number, number


def sealed_as(line: bytes) -> tuple[bytes, int] | None:
    """Return what a line says without its seal, and that seal; None for a line without.

    Args:
        line: As it stands in the file.
    """
    body, comma, end = line.rstrip(b"\r\n").rpartition(b',"')
    if not comma or len(end) != _SEAL_LENGTH or not end.endswith(b'"]'):
        return None
    try:
        return body, int(end[:-2], 16)
    except ValueError:
        return None


def _without_nan(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document without the NaN of its values: most events have some."""
    data = document.get("data")
    if not isinstance(data, dict):
        return document
    finite = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in data.items()
    }
    return {**document, "data": finite}


def _dumps(value: list[Any]) -> str:
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_foreign
    )


def _foreign(value: object) -> object:
    """Return what stands for an object that JSON does not know."""
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, set | frozenset):
        return sorted(_plain(list(value)), key=str)
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return _plain(value)
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return _foreign(value)


class Journal:
    """Appends documents to a file that no earlier line can be lost from.

    Args:
        path: The file; it must not exist.

    Raises:
        RecordError: The file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0  # bytes of whole lines
        self._seal = 0  # of the last whole line
        try:
            self._file = path.open("xb", buffering=0)  # a buffer could keep half a line back
        except OSError as error:
            raise RecordError(path, f"the journal cannot be created ({error})") from error

    def append(self, documents: Iterable[Sequence[Any]]) -> None:
        """Write documents, all or none, and hand them to the operating system.

        Args:
            documents: Name and content of each, and a note where there is one.

        Raises:
            RecordError: The file cannot take them; what was written earlier stays.
        """
        sealed, last = [], self._seal
        for document in documents:
            line, last = seal(encode(*document), last)
            sealed.append(line)
        lines = b"".join(sealed)
        try:
            self._write(lines)
        except (OSError, ValueError) as error:  # ValueError: the file is closed
            self._cut_back()
            raise RecordError(
                self.path,
                f"the journal cannot be continued ({error}); every document before this one is "
                "kept; free some space or choose another folder, then start again",
            ) from error
        self._size += len(lines)
        self._seal = last

    def _write(self, lines: bytes) -> None:
        rest = memoryview(lines)
        while rest:
            count = self._file.write(rest)
            if not count:
                raise OSError("the disk took no byte")
            rest = rest[count:]

    def _cut_back(self) -> None:
        """Take half a line away, so that a later line does not continue it."""
        try:
            self._file.truncate(self._size)
            self._file.seek(self._size)
        except (OSError, ValueError) as error:
            logger.warning("%s: half a line may stay at the end: %s", self.path, error)

    def sync(self) -> None:
        """Have the lines on the disk before this returns, against loss of power.

        Raises:
            RecordError: The disk refuses.
        """
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise RecordError(self.path, f"the disk does not confirm ({error})") from error

    def close(self) -> None:
        """Close the file; twice is harmless."""
        try:
            self._file.close()
        except OSError as error:
            raise RecordError(self.path, f"the journal cannot be closed ({error})") from error


def read_journal(path: Path, problems: list[str] | None = None) -> Iterator[tuple[str, Document]]:
    """Yield every whole document of a journal, in order.

    Args:
        path: The file; it may end anywhere, also in the middle of a line.
        problems: Takes a sentence for each line that is not a document.

    Raises:
        RecordError: The file cannot be opened.
    """
    for line in read_lines(path, problems):
        yield line.name, dict(line.document)


def read_lines(path: Path, problems: list[str] | None = None) -> Iterator[Line]:
    """Yield every whole line of a journal, in order; arguments as ``read_journal``."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordError(path, f"the journal cannot be read ({error})") from error
    with file:
        for number, raw in enumerate(file, start=1):
            line = decode_line(raw)
            if line is not None:
                yield line
            elif problems is not None:
                what = "is broken" if raw.endswith(b"\n") else "was cut while it was written"
                problems.append(f"line {number} of {path.name} {what} and is left out")


def decode(line: bytes) -> tuple[str, Document] | None:
    """Return name and document of one line, None when the line is not whole.

    Args:
        line: The bytes, with or without the line feed.
    """
    found = decode_line(line)
    return None if found is None else (found.name, dict(found.document))


def decode_line(line: bytes) -> Line | None:
    """Return one line, None when it is not whole.

    Args:
        line: The bytes, with or without the line feed.
    """
    try:
        parts = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match parts:
        case [str(name), dict(document), dict(note), *_]:
            return Line(name=name, document=document, note=note)
        case [str(name), dict(document), *_]:
            return Line(name=name, document=document, note={})
        case _:
            return None
