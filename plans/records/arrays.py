"""Arrays of a run in HDF5, readable at any moment.

The file is written as "single writer, multiple readers" (SWMR): each row is flushed, readers may
look while the run goes on, and the file opens after a kill (``h5py.File(path, "r", swmr=True)``).

In that mode HDF5 takes no further dataset. A dataset that a later stream needs is therefore added
to a copy, which then replaces the file: at every instant the folder holds a whole file. Where a
reader keeps the file from being replaced (Windows), the copy is taken as a second file.
"""

import contextlib
import logging
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np

from plans.records.errors import RecordError
from plans.records.rows import Array as Array
from plans.records.rows import Spot

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A dataset that rows are appended to.

    Attributes:
        dataset: Path of the dataset inside the file, such as "primary/camera_image".
        shape: Shape of one row.
        dtype: Type of the numbers.
    """

    dataset: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def takes(self, array: Array) -> bool:
        """Tell whether an array fits without loss."""
        return array.shape == self.shape and np.can_cast(array.dtype, self.dtype, "safe")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row that was written.

    Attributes:
        index: Its number in the dataset.
        spot: Its place in the file.
    """

    index: int
    spot: Spot


class ArrayStore:
    """Writes rows into the datasets of one file.

    Args:
        path: The file; it must not exist. It is created with the first dataset.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: h5py.File | None = None
        self._slots: list[Slot] = []
        self._datasets: dict[str, h5py.Dataset] = {}
        self._bytes: IO[bytes] | None = None  # the file as it is, to see where a row has gone
        self._end = 0  # of the row written last

    def add(self, slots: Sequence[Slot]) -> None:
        """Create datasets.

        Args:
            slots: What to create; names must be free.

        Raises:
            RecordError: The file cannot be written.
        """
        try:
            self._close_file()
            self._replace_by_copy_with(slots)
            self._open_file()
        except (OSError, RuntimeError) as error:
            raise self._error(error) from error

    def append(self, slot: Slot, array: Array) -> Row:
        """Write one row, hand it to the operating system and see it in the file.

        Args:
            slot: A slot that was added.
            array: A row that the slot takes.

        Returns:
            Where it is.

        Raises:
            RecordError: The file cannot take the row; earlier rows stay.
        """
        dataset = self._datasets[slot.dataset]
        index = int(dataset.shape[0])
        row = np.ascontiguousarray(array, dtype=slot.dtype)
        corner = (index, *(0 for _ in slot.shape))
        try:
            dataset.id.set_extent((index + 1, *slot.shape))
            # A row is a chunk: written as it is, it skips the conversion pipeline (5 times faster).
            data = row.tobytes()
            dataset.id.write_direct_chunk(corner, data)
            dataset.id.flush()
            at = self._find(dataset, corner, data)
        except (OSError, RuntimeError) as error:
            raise self._error(error) from error
        spot = Spot(at=at, dtype=row.dtype.str, shape=slot.shape, crc=zlib.crc32(data))
        return Row(index=index, spot=spot)

    def _find(self, dataset: h5py.Dataset, corner: tuple[int, ...], data: bytes) -> int:
        """Return where the file holds the bytes of a row."""
        for at in self._guesses(dataset, corner, len(data)):
            file = self._bytes
            if file is not None and at >= 0:
                file.seek(at)
                if file.read(len(data)) == data:
                    self._end = at + len(data)
                    return at
        raise OSError("a row that was written is not in the file")

    def _guesses(
        self, dataset: h5py.Dataset, corner: tuple[int, ...], length: int
    ) -> Iterator[int]:
        yield self._end  # right behind the last one, as a rule
        yield int(dataset.file.id.get_filesize()) - length
        # HDF5 knows, but looks through all rows: right for the few that are elsewhere.
        yield int(dataset.id.get_chunk_info_by_coord(corner).byte_offset)

    def sync(self) -> None:
        """Have the rows on the disk before this returns, against loss of power.

        Raises:
            RecordError: The disk refuses.
        """
        if self._file is None:
            return
        try:
            with self.path.open("r+b") as file:  # of its own: HDF5 may use another C library
                os.fsync(file.fileno())
        except OSError as error:
            raise self._error(error) from error

    def close(self) -> None:
        """Close the file, so that it can be moved; twice is harmless.

        Raises:
            RecordError: HDF5 cannot finish the file.
        """
        try:
            self._close_file()
        except (OSError, RuntimeError) as error:
            raise self._error(error) from error

    def _close_file(self) -> None:
        file, self._file = self._file, None
        self._datasets = {}
        raw, self._bytes = self._bytes, None
        if raw is not None:
            raw.close()
        if file is not None:
            file.close()

    def _replace_by_copy_with(self, slots: Sequence[Slot]) -> None:
        draft = self.path.with_suffix(".tmp")
        if self._slots:
            shutil.copyfile(self.path, draft)
        with h5py.File(draft, "a" if self._slots else "w", libver="latest") as file:
            for slot in slots:
                file.create_dataset(
                    slot.dataset,
                    shape=(0, *slot.shape),
                    maxshape=(None, *slot.shape),
                    chunks=(1, *slot.shape),
                    dtype=slot.dtype,
                )
        try:
            draft.replace(self.path)
        except PermissionError as error:
            second = _free_name(self.path)
            logger.warning("%s is being read (%s); going on in %s", self.path, error, second.name)
            draft.replace(second)
            self.path = second
        self._slots.extend(slots)

    def _open_file(self) -> None:
        access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
        access.set_libver_bounds(h5py.h5f.LIBVER_LATEST, h5py.h5f.LIBVER_LATEST)
        flags = h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE
        self._file = h5py.File(h5py.h5f.open(os.fsencode(self.path), flags, access))
        self._datasets = {slot.dataset: self._file[slot.dataset] for slot in self._slots}
        self._bytes = self.path.open("rb", buffering=0)

    def _error(self, error: Exception) -> RecordError:
        return RecordError(
            self.path,
            f"the arrays cannot be written ({error}); every earlier one is kept; free some space "
            "or choose another folder, then start again",
        )


def _free_name(path: Path) -> Path:
    number = 2
    while (candidate := path.with_name(f"{path.stem}_{number}{path.suffix}")).exists():
        number += 1
    return candidate


def read_rows(path: Path, dataset: str, indices: Sequence[int]) -> list[Array | None]:
    """Return rows of a dataset, None for a row that the file does not hold.

    This asks HDF5, for files that another program has written anew; rows at their old place are
    read by ``plans.records.rows``.

    Args:
        path: The HDF5 file; it may be growing, or left open by a killed program.
        dataset: Path of the dataset inside the file.
        indices: The rows, in any order.

    Raises:
        RecordError: The file or the dataset cannot be opened.
    """
    if not indices:
        return []
    try:
        with _opened(path) as file:
            data = file[dataset]
            first = min(indices)
            rows = np.asarray(data[first : max(indices) + 1])
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(path, f"the array {dataset!r} cannot be read ({error})") from error
    return [rows[i - first] if i - first < len(rows) else None for i in indices]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """Open a file that is closed, else one that goes on or was never closed.

    In this order: a reader of a growing file tries for a minute to make sense of a damaged block.
    """
    try:
        file = h5py.File(path, "r", libver="latest")
    except OSError as error:
        if "already open for write" not in str(error):
            raise
        file = h5py.File(path, "r", libver="latest", swmr=True)
    with file:
        yield file
