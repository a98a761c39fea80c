"""One line that says how a run is going."""

import time
from typing import Any


class ProgressLine:
    """Turns documents into a line of text: phase, elapsed, time left, peak, dose.

    Args:
        tracker: Name of the tracker in the documents.
        light: Name of the light source in the documents.
    """

    def __init__(self, *, tracker: str = "tracker", light: str = "light") -> None:
        self._tracker, self._light = tracker, light
        self._streams: dict[str, str] = {}
        self._longest_s = 0.0
        self._first: tuple[float, float] | None = None  # wall and elapsed time of the first frame

    def __call__(self, name: str, doc: dict[str, Any]) -> str | None:
        """Take a document.

        Args:
            name: Its kind, as "event".
            doc: The document.

        Returns:
            The line after a tracked frame, else None.
        """
        if name == "start":
            self._longest_s = float(doc.get("longest_s", 0.0))
            self._first = None
        elif name == "descriptor":
            self._streams[doc["uid"]] = doc["name"]
        elif name == "event" and self._streams.get(doc["descriptor"]) == "tracked":
            return self._line(doc["data"])
        return None

    def _line(self, data: dict[str, Any]) -> str:
        elapsed_s = float(data["elapsed_s"])
        peak_nm = float(data[f"{self._tracker}_peak_nm"])
        peak = "no peak" if peak_nm != peak_nm else f"peak {peak_nm:7.2f} nm"
        dose = float(data[f"{self._light}_dose_j_cm2"])
        parts = [f"{data['phase'].replace('_', ' '):<9}", f"{clock_text(elapsed_s)} elapsed"]
        left_s = self._longest_s - elapsed_s
        if left_s > 0:
            parts.append(
                f"at most {clock_text(left_s)} left{self._at_this_pace(elapsed_s, left_s)}"
            )
        parts += [peak, f"dose {dose:6.1f} J/cm²"]
        flags = data.get(f"{self._tracker}_flags", "")
        return "  ".join(parts) + (f"  [{flags}]" if flags else "")

    def _at_this_pace(self, elapsed_s: float, left_s: float) -> str:
        """Return how long the rest takes here, where time runs faster than on a bench."""
        wall_s = time.perf_counter()
        if self._first is None:
            self._first = (wall_s, elapsed_s)
            return ""
        passed_s = elapsed_s - self._first[1]
        pace = (wall_s - self._first[0]) / passed_s if passed_s > 0 else 1.0
        return f" (about {pace * left_s:.0f} s here)" if pace < 0.9 else ""


def clock_text(seconds: float) -> str:
    """Return a duration as h:mm:ss.

    Args:
        seconds: The duration, s.
    """
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
