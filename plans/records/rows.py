"""Rows of an arrays file by their place in it, without HDF5.

A row is one uncompressed piece of the file. The journal says where it is and what its checksum is,
so that it is found in a file that HDF5 itself refuses: one that was cut, or lost its first block.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_LARGEST_BYTES = 1 << 30  # no row is larger; a damaged journal must not ask for all memory


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where a row is.

    Attributes:
        at: First byte in the file.
        dtype: Type of the numbers, as numpy writes it.
        shape: Shape of the row.
        crc: Checksum (CRC-32) of its bytes.
    """

    at: int
    dtype: str
    shape: tuple[int, ...]
    crc: int

    @property
    def size(self) -> int:
        """Number of its bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize

    def to_note(self) -> dict[str, Any]:
        """Return what the journal keeps of it."""
        return {"at": self.at, "dtype": self.dtype, "shape": list(self.shape), "crc": self.crc}

    @classmethod
    def from_note(cls, note: Mapping[str, Any]) -> "Spot | None":
        """Return the spot that a journal names; None when it names none that could be.

        Args:
            note: As ``to_note`` has made it.
        """
        try:
            spot = cls(
                at=int(note["at"]),
                dtype=np.dtype(str(note["dtype"])).str,
                shape=tuple(int(length) for length in note["shape"]),
                crc=int(note["crc"]),
            )
            is_sane = spot.at >= 0 and min(spot.shape, default=1) >= 0
            return spot if is_sane and spot.size <= _LARGEST_BYTES else None
        except (KeyError, TypeError, ValueError, OverflowError, SyntaxError):
            return None


def read_spots(path: Path, spots: Iterable[Spot]) -> list[Array | None]:
    """Return rows, None for each that the file does not hold whole.

    Args:
        path: The arrays file; it may be growing, cut or damaged.
        spots: Where they are.
    """
    wanted = list(spots)
    try:
        with path.open("rb") as file:
            rows: list[Array | None] = []
            for spot in wanted:
                file.seek(spot.at)
                data = file.read(spot.size)
                whole = len(data) == spot.size and zlib.crc32(data) == spot.crc
                kind = np.dtype(spot.dtype)
                rows.append(np.frombuffer(data, kind).reshape(spot.shape) if whole else None)
            return rows
    except OSError:
        return [None] * len(wanted)
