"""A specimen with the time up to which it has been moved on."""

from __future__ import annotations

from simulators.sample.beam import DARK, Inputs
from simulators.sample.specimen import Specimen


class Place:
    """What stands somewhere, and what acts on it since when.

    Nothing is computed while nothing changes: a plate of 96 vials in the dark costs nothing.

    Args:
        specimen: What stands there.
    """

    def __init__(self, specimen: Specimen) -> None:
        self.specimen = specimen
        self._inputs = DARK
        self._since_s: float | None = None

    @property
    def inputs(self) -> Inputs:
        """What acts on it."""
        return self._inputs

    def start(self, now_s: float) -> None:
        """Begin the time; a second call does nothing."""
        if self._since_s is None:
            self._since_s = now_s

    def catch_up(self, now_s: float) -> None:
        """Move the specimen on to a time."""
        since_s = now_s if self._since_s is None else self._since_s
        if now_s > since_s:
            self.specimen.step(now_s - since_s, self._inputs)
        self._since_s = now_s

    def expose(self, now_s: float, inputs: Inputs) -> None:
        """Let something else act on it from a time on."""
        if inputs != self._inputs:
            self.catch_up(now_s)
            self._inputs = inputs

    def at(self, now_s: float) -> Specimen:
        """Return the specimen as it will be at a time, without moving it."""
        twin = self.specimen.copy()
        if self._since_s is not None and now_s > self._since_s:
            twin.step(now_s - self._since_s, self._inputs)
        return twin

    def copy(self) -> Place:
        """Return the same place that goes its own way."""
        twin = Place(self.specimen.copy())
        twin._inputs, twin._since_s = self._inputs, self._since_s
        return twin
