"""What can go wrong with the store of samples."""

from pathlib import Path


class SampleStoreError(RuntimeError):
    """The store was asked for what it cannot do; the message says what, and what to do."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"samples in {path}: {message}")
        self.path = path
