"""The error of a record that cannot be kept or read."""

from pathlib import Path


class RecordError(Exception):
    """A run record cannot be written or read.

    Args:
        path: The file or folder in question.
        message: What was asked, what came, what to do next.
    """

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
