"""Orders to a device, what a pause has interrupted, and how it is resumed.

On a pause the engine calls ``stop`` of every device that it has set, then ``pause`` of all, and on
resuming ``resume``: what ``stop`` ends must be kept until it is known whether a pause follows.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

from instruments.errors import InstrumentError

T = TypeVar("T")

_LOGGER = logging.getLogger(__name__)

_REST_TRIES = 5
_REST_PAUSE_S = 1.0
_PAUSE_FOLLOWS_STOP_S = 60.0  # a stop without a pause must never be resumed by a later run


class Interruption(Generic[T]):
    """Keeps what was stopped until it is resumed or forgotten; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped: tuple[float, T] | None = None
        self._paused: T | None = None

    def stopped(self, what: T) -> None:
        """Note what a stop has ended.

        Args:
            what: All that is needed to begin it again.
        """
        with self._lock:
            self._stopped = (time.monotonic(), what)

    def pause(self) -> None:
        """Keep what was stopped just before, if anything was."""
        with self._lock:
            stopped, self._stopped = self._stopped, None
            if stopped is not None and time.monotonic() - stopped[0] <= _PAUSE_FOLLOWS_STOP_S:
                self._paused = stopped[1]

    def take(self) -> T | None:
        """Return once what is to be resumed, ``None`` for nothing."""
        with self._lock:
            paused, self._paused = self._paused, None
            return paused

    def forget(self) -> None:
        """Have nothing to resume."""
        with self._lock:
            self._stopped = self._paused = None


class Orders(Generic[T]):
    """What a device was told last, and which order of several still counts; for any thread.

    Setting, stopping and making safe each take a number. An order that is carried out late looks
    whether its number is still the last: one that was overtaken never opens, heats or lights.

    Args:
        name: Name of the device, for messages.
        rest: What it is told when it shall do nothing: dark, closed.

    Attributes:
        rest: The same.
    """

    def __init__(self, name: str, rest: T) -> None:
        self.rest = rest
        self._name = name
        self._lock = threading.Lock()
        self._wanted = rest
        self._number = 0
        self._confirmed = 0
        self._ended_by_pause = 0
        self.interruption: Interruption[T] = Interruption()

    @property
    def wanted(self) -> T:
        """What it was told last."""
        with self._lock:
            return self._wanted

    @property
    def settled(self) -> T | None:
        """What it was told last when that is confirmed, ``None`` while it is under way."""
        with self._lock:
            return self._wanted if self._confirmed == self._number else None

    def give(self, wanted: T) -> int:
        """Begin an order, and have nothing to resume.

        Args:
            wanted: What the device shall do.

        Returns:
            The number of the order.
        """
        with self._lock:
            self._wanted = wanted
            self.interruption.forget()
            self._number += 1
            return self._number

    def stop(self, *, success: bool) -> None:
        """Take back the last order, and note what it was for a pause that may follow.

        Args:
            success: Whether an order under way ends as done (on a pause) or as failed.
        """
        with self._lock:
            if success:
                self._ended_by_pause = self._number
            self._number += 1
            if self._wanted != self.rest:
                self.interruption.stopped(self._wanted)
                self._wanted = self.rest

    def is_last(self, number: int) -> bool:
        """Return whether no other order came since.

        Args:
            number: Of the order.
        """
        with self._lock:
            return self._number == number

    def check(self, number: int, what: object) -> None:
        """Refuse to carry out an order that was overtaken.

        Args:
            number: Of the order.
            what: What it was, for the message.

        Raises:
            InstrumentError: Another came since.
        """
        if not self.is_last(number):
            raise InstrumentError(self._name, f"{what} was overtaken by a later order")

    def carry_out(
        self, number: int, work: Callable[[], object], rest: Callable[[], object]
    ) -> None:
        """Do the work of an order; when it fails by itself, bring the device to rest.

        That is tried a few times if need be: the line may be disturbed for a while.

        Args:
            number: Of the order.
            work: What to do; it calls :meth:`check` when it has the line.
            rest: Brings the device to rest, or raises `InstrumentError`.

        Raises:
            InstrumentError: What the work raised, unless a pause has ended it.
        """
        try:
            work()
        except InstrumentError:
            how = self._failed(number)
            if how == "paused":
                return
            if how == "by itself":
                come_to_rest(self._name, rest, lambda: self.is_last(number))
            raise
        with self._lock:
            self._confirmed = number

    def _failed(self, number: int) -> Literal["by itself", "paused", "overtaken"]:
        with self._lock:
            if self._number == number:
                self._wanted = self.rest  # nothing to come back to
                return "by itself"
            return "paused" if self._ended_by_pause == number else "overtaken"


def come_to_rest(name: str, rest: Callable[[], object], is_due: Callable[[], bool]) -> None:
    """Bring a device to rest after a failure, trying a few times: a line may be disturbed a while.

    Args:
        name: Name of the device, for messages.
        rest: Brings it to rest, or raises `InstrumentError`.
        is_due: Whether it is still to come to rest; not when somebody else has taken over.
    """
    for left in reversed(range(_REST_TRIES)):
        try:
            rest()
        except InstrumentError as error:
            _LOGGER.error("%s: after a failure: %s", name, error)
        else:
            return
        if left:
            time.sleep(_REST_PAUSE_S)
        if not is_due():
            return
