"""Where a run stands: a readable that plans write into."""

import time
from typing import Any

from bluesky.protocols import Reading
from event_model.documents.event_descriptor import DataKey


class Progress:
    """Phase and elapsed time of a run, read into events beside the instruments.

    Attributes:
        phase: "baseline", "exposure" or "dark_tail".
        elapsed_s: Time since the first frame, s, pauses included.
        frame: Number of PL frames so far.
    """

    name = "progress"
    parent = None

    def __init__(self) -> None:
        self.phase = "baseline"
        self.elapsed_s = 0.0
        self.frame = 0

    def read(self) -> dict[str, Reading[Any]]:
        """Return the current phase, elapsed time and frame number."""
        now_s = time.time()
        values = {"phase": self.phase, "elapsed_s": self.elapsed_s, "frame": self.frame}
        return {key: {"value": value, "timestamp": now_s} for key, value in values.items()}

    def describe(self) -> dict[str, DataKey]:
        """Describe the keys of :meth:`read`."""
        source = "plan:progress"
        return {
            "phase": {"source": source, "dtype": "string", "shape": []},
            "elapsed_s": {"source": source, "dtype": "number", "shape": [], "units": "s"},
            "frame": {"source": source, "dtype": "integer", "shape": []},
        }

    def read_configuration(self) -> dict[str, Reading[Any]]:
        """Return nothing: progress has no configuration."""
        return {}

    def describe_configuration(self) -> dict[str, DataKey]:
        """Return nothing: progress has no configuration."""
        return {}


class Note:
    """A readable of named values that is filled once and read once.

    Used for what a run says about itself: a measured irradiance, how it ended.

    Args:
        name: Name of the readable in the documents.
        values: Data keys with their values: str, int or float.
        units: Units of the numbers, by key.
    """

    parent = None

    def __init__(
        self, name: str, values: dict[str, str | int | float], units: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self._values = values
        self._units = units or {}

    def update(self, values: dict[str, str | int | float]) -> None:
        """Replace values; the keys stay the same."""
        self._values.update(values)

    def read(self) -> dict[str, Reading[Any]]:
        """Return the values with the time stamp of the reading."""
        now_s = time.time()
        return {key: {"value": value, "timestamp": now_s} for key, value in self._values.items()}

    def describe(self) -> dict[str, DataKey]:
        """Describe the keys of :meth:`read`."""
        described: dict[str, DataKey] = {}
        for key, value in self._values.items():
            kind = "string" if isinstance(value, str) else "number"
            described[key] = {"source": f"plan:{self.name}", "dtype": kind, "shape": []}  # type: ignore[typeddict-item]
            if key in self._units:
                described[key]["units"] = self._units[key]
        return described

    def read_configuration(self) -> dict[str, Reading[Any]]:
        """Return nothing: a note has no configuration."""
        return {}

    def describe_configuration(self) -> dict[str, DataKey]:
        """Return nothing: a note has no configuration."""
        return {}
