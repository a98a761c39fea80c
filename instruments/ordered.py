"""Devices that are told what to do: the last order counts, a pause ends it and resumes it."""

import logging
from collections.abc import Callable
from typing import Any

from instruments.device import BenchDevice, Driver
from instruments.interruption import Orders
from instruments.tasks import Status, start_task

_LOGGER = logging.getLogger(__name__)


class OrderedDevice(BenchDevice):
    """A device that does what it was told last, and has a rest in which nothing happens.

    Args:
        name: Name on the bench.
        driver: The instrument.
        rest: What it is told when it shall do nothing: dark, closed.
        **kwargs: As for ``ophyd.Device``.

    Attributes:
        order_timeout_s: How long an order may take, s.
    """

    order_timeout_s: float

    def __init__(self, *, name: str, driver: Driver, rest: Any, **kwargs: Any) -> None:
        self._orders: Orders[Any] = Orders(name, rest)
        super().__init__(name=name, driver=driver, **kwargs)

    def set(self, wanted: Any) -> Status:
        """Tell it what to do; see the kinds of devices."""
        raise NotImplementedError

    def _come_to_rest(self) -> None:
        """Bring it to rest before all else that uses its line, and confirm."""
        raise NotImplementedError

    def _in_words(self, wanted: Any) -> str:
        """Return what it was told, for messages."""
        return repr(wanted)

    def _carry_out(self, wanted: Any, work: Callable[[int], object]) -> Status:
        """Begin an order; when it fails by itself, the device comes to rest.

        Args:
            wanted: What the device shall do.
            work: Does it, given the number of the order, which it checks when it has the line.
        """
        order = self._orders.give(wanted)
        # It does not stop the device when it fails: that would stop an order given since.
        status = Status(self, timeout_s=self.order_timeout_s)
        start_task(
            lambda: self._orders.carry_out(order, lambda: work(order), self._come_to_rest),
            status,
            self.name,
        )
        return status

    def stop(self, *, success: bool = False) -> None:
        """Bring it to rest and read that back; from any thread, repeatable.

        Args:
            success: Whether an order under way ends as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that it is at rest.
        """
        self._orders.stop(success=success)
        self._come_to_rest()

    def pause(self) -> None:
        """Remember what was stopped: the engine calls :meth:`stop` first, then this."""
        self._orders.interruption.pause()

    def resume(self) -> None:
        """Begin again what a pause has stopped.

        Raises:
            InstrumentError: It could not be confirmed.
        """
        wanted = self._orders.interruption.take()
        if wanted is not None:
            _LOGGER.info("%s: resumes %s", self.name, self._in_words(wanted))
            self.set(wanted).wait(timeout=self.order_timeout_s + 1.0)

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Bring it to rest for good: nothing is resumed after it.

        Args:
            timeout_s: How long the caller waits.

        Raises:
            InstrumentError: It is not certain that it is at rest.
        """
        self._orders.give(self._orders.rest)
        super().make_safe(timeout_s)
