"""Fits the latest spectrum for the picture, beside the run.

The plan fits every spectrum and records what it finds; this is the curve that the eye wants. It
skips what it cannot keep up with and never holds the engine up.
"""

import logging
import queue
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gui import messages
from plans.live.tracker import PLTracker, TrackedSpectrum

_LOGGER = logging.getLogger(__name__)
_AT_MOST_EVERY_S = 0.1
_MOST_WAITING = 500
_STREAMS = ("primary", "dark")


class ShownFit:
    """Takes documents on the engine's thread and fits on a thread that `run` is the body of.

    Args:
        tell: Takes a message.
    """

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._tracker: PLTracker | None = None
        self._streams: dict[str, str] = {}
        self._waiting: queue.SimpleQueue[tuple[int, str, Mapping[str, Any]] | None]
        self._waiting = queue.SimpleQueue()
        self._frames = 0

    def end(self) -> None:
        """End the thread."""
        self._waiting.put(None)

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document."""
        if name == "descriptor":
            self._streams[doc["uid"]] = doc["name"]
        stream = self._streams.get(doc.get("descriptor", ""), "")
        if name == "event" and stream not in _STREAMS:
            return
        if name == "start":
            self._frames = 0
        if stream == "primary":
            self._frames += 1
            if self._waiting.qsize() > _MOST_WAITING:
                return
        self._waiting.put((self._frames, name, doc))

    def run(self) -> None:
        """Body of the thread, in the person's time; returns after `end`."""
        while (taken := self._waiting.get()) is not None:
            latest: tuple[int, Mapping[str, Any]] | None = None
            while taken is not None:
                number, name, doc = taken
                if name == "event" and self._streams.get(doc["descriptor"]) == "primary":
                    latest = (number, doc)  # only the newest of those that wait
                else:
                    self._follow(name, doc)
                if self._waiting.empty():
                    break
                taken = self._waiting.get()
            if latest is not None:
                self._show(*latest)
            if taken is None:
                return
            time.sleep(_AT_MOST_EVERY_S)

    def _follow(self, name: str, doc: Mapping[str, Any]) -> None:
        if name == "start":
            arguments = doc.get("plan_args") or {}
            self._tracker = PLTracker(
                spectrometer=str(arguments.get("spectrometer", "spectrometer")),
                light=str(arguments.get("light", "light")),
                keep=1,
            )
        if self._tracker is not None:
            self._tracker(name, doc)

    def _show(self, number: int, doc: Mapping[str, Any]) -> None:
        if self._tracker is None:
            return
        try:
            self._tracker("event", doc)
        except (ValueError, KeyError, FloatingPointError) as error:
            _LOGGER.warning("the fit for the picture failed: %s", error)
            return
        tracked = self._tracker.latest
        if tracked is not None:
            self._tell(
                messages.Fit(number=number, curve=_curve(tracked), text=_words(tracked)),
                droppable=True,
            )


def _curve(tracked: TrackedSpectrum) -> messages.Spectrum:
    line = tracked.peak.line
    if line is None or tracked.peak.peak_nm is None:
        return np.empty(0, dtype=np.float32)
    return np.asarray(line.counts(tracked.wavelength_nm), dtype=np.float32)


def _words(tracked: TrackedSpectrum) -> str:
    peak = tracked.peak
    return peak.reason if peak.peak_nm is None else ""
