"""Files that are whole or not there."""

from collections.abc import Iterable
from pathlib import Path

from plans.records.errors import RecordError


def write_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is whole or not there.

    Args:
        path: The file; one that is there is replaced at the end.
        pieces: Its content.

    Raises:
        RecordError: It cannot be written.
    """
    draft = path.with_suffix(path.suffix + ".tmp")
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
        draft.replace(path)
    except OSError as error:
        raise RecordError(
            path, f"cannot be written ({error}); close it in other programs, or free some space"
        ) from error


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """Write a text file in UTF-8 that is whole or not there.

    Args:
        path: The file.
        pieces: Its content, with the line ends it shall have.

    Raises:
        RecordError: It cannot be written.
    """
    write_file(path, (piece.encode(errors="replace") for piece in pieces))
