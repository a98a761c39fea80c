"""Named sets of parameters, kept in a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gui.messages import Value
from gui.presenters.store import read_json, write_json

BUILT_IN: Mapping[str, Mapping[str, Mapping[str, Value]]] = {
    "light_regrowth": {
        "Quick look (30 min)": {
            "sample": "NC-0412 demo",
            "max_time_min": 30.0,
            "interval_s": 10.0,
            "dark_tail_min": 5.0,
        },
        "Until the plateau": {"sample": "NC-0412 demo"},
    }
}


class Presets:
    """Presets by plan and name.

    Args:
        path: The file; None keeps nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        content: Any = None if path is None else read_json(path)
        self._own: dict[str, dict[str, dict[str, Value]]] = (
            content if isinstance(content, dict) else {}
        )

    def names(self, plan: str) -> tuple[str, ...]:
        """Return the names of a plan's presets, the built-in ones first."""
        built_in = BUILT_IN.get(plan, {})
        own = self._own.get(plan, {})
        return (*built_in, *(name for name in own if name not in built_in))

    def get(self, plan: str, name: str) -> dict[str, Value]:
        """Return the values of a preset; what it does not name is as usual."""
        own = self._own.get(plan, {}).get(name)
        return dict(own if own is not None else BUILT_IN.get(plan, {}).get(name, {}))

    def is_own(self, plan: str, name: str) -> bool:
        """Whether a preset was saved by the person, so that it can be removed."""
        return name in self._own.get(plan, {})

    def save(self, plan: str, name: str, values: Mapping[str, Value]) -> None:
        """Keep values under a name."""
        self._own.setdefault(plan, {})[name] = dict(values)
        self._write()

    def remove(self, plan: str, name: str) -> None:
        """Forget a preset of one's own."""
        self._own.get(plan, {}).pop(name, None)
        self._write()

    def _write(self) -> None:
        if self._path is not None:
            write_json(self._path, self._own)
