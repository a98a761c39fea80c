"""Where a run stands: a readable that plans write into."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from bluesky.protocols import Reading
from event_model.documents.event_descriptor import DataKey


class Progress:
    """Phase, place and time of a run, read into events beside the instruments.

    The engine tells it of every pause, because it has read it: pauses are in the data.

    Attributes:
        phase: Such as "baseline", "exposure" or "dark_tail".
        position: Stage position of what is looked at, "" without a stage.
        elapsed_s: Time since the first frame, s, pauses included.
        paused_s: How much of it the run was paused, s.
        frame: Number of PL frames so far.
    """

    name = "progress"
    parent = None

    def __init__(self) -> None:
        self.phase = "baseline"
        self.position = ""
        self.elapsed_s = 0.0
        self.paused_s = 0.0
        self.frame = 0
        self._paused_at_s: float | None = None

    def pause(self) -> None:
        """Note that the run stands still."""
        self._paused_at_s = time.monotonic()

    def resume(self) -> None:
        """Note that the run goes on."""
        if self._paused_at_s is not None:
            self.paused_s += time.monotonic() - self._paused_at_s
            self._paused_at_s = None

    def read(self) -> dict[str, Reading[Any]]:
        """Return where the run stands."""
        now_s = time.time()
        values = {
            "phase": self.phase,
            "position": self.position,
            "elapsed_s": self.elapsed_s,
            "paused_s": round(self.paused_s, 6),
            "frame": self.frame,
        }
        return {key: {"value": value, "timestamp": now_s} for key, value in values.items()}

    def describe(self) -> dict[str, DataKey]:
        """Describe the keys of :meth:`read`."""
        source = "plan:progress"
        return {
            "phase": {"source": source, "dtype": "string", "shape": []},
            "position": {"source": source, "dtype": "string", "shape": []},
            "elapsed_s": {"source": source, "dtype": "number", "shape": [], "units": "s"},
            "paused_s": {"source": source, "dtype": "number", "shape": [], "units": "s"},
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
        self,
        name: str,
        values: Mapping[str, str | int | float],
        units: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._values = dict(values)
        self._units = units or {}

    def update(self, values: Mapping[str, str | int | float]) -> None:
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


class Together:
    """Several readables of the plan as one: every reading of its own costs the engine time.

    Args:
        name: Name of the readable in the documents.
        parts: What is read, such as `Progress` and `Note`.
    """

    parent = None

    def __init__(self, name: str, parts: Iterable[Any]) -> None:
        self.name = name
        self._parts = tuple(parts)

    def read(self) -> dict[str, Reading[Any]]:
        """Return the values of all."""
        return {key: reading for part in self._parts for key, reading in part.read().items()}

    def describe(self) -> dict[str, DataKey]:
        """Describe the keys of :meth:`read`."""
        return {
            key: described for part in self._parts for key, described in part.describe().items()
        }

    def read_configuration(self) -> dict[str, Reading[Any]]:
        """Return nothing: the parts have no configuration."""
        return {}

    def describe_configuration(self) -> dict[str, DataKey]:
        """Return nothing: the parts have no configuration."""
        return {}
