"""Devices that know two positions, one of them safe."""

import logging
from typing import Any, ClassVar

from instruments.device import BenchDevice, Driver
from instruments.errors import LimitError
from instruments.interruption import Orders
from instruments.tasks import Status, start_task

_LOGGER = logging.getLogger(__name__)


class TwoPositionDevice(BenchDevice):
    """A shutter, a relay: takes one of two positions and confirms it.

    Args:
        name: Name on the bench.
        driver: The instrument.
        **kwargs: As for ``ophyd.Device``.

    Attributes:
        positions: The one in which something happens, and the safe one.
        set_timeout_s: How long an order may take, s.
    """

    positions: ClassVar[tuple[str, str]]
    set_timeout_s: ClassVar[float]

    def __init__(self, *, name: str, driver: Driver, **kwargs: Any) -> None:
        self._two_position_driver = driver
        self._orders: Orders[str] = Orders(name, self.positions[1])
        super().__init__(name=name, driver=driver, **kwargs)

    def _activate(self) -> None:
        """Bring it into the first position, and confirm."""
        raise NotImplementedError

    def _rest(self) -> None:
        """Bring it into the safe position, and confirm."""
        raise NotImplementedError

    def set(self, position: str) -> Status:
        """Bring it into a position; what is so already is only confirmed.

        Args:
            position: One of ``positions``.

        Returns:
            A status that is done when the instrument has confirmed it; it fails with
            ``InterlockOpenError`` when an interlock forbids the first position.

        Raises:
            LimitError: Something else was asked for.
        """
        if position not in self.positions:
            one, other = self.positions
            raise LimitError(
                self.name, f"takes {one!r} or {other!r}, not {position!r}", value=position
            )
        order = self._orders.give(position)
        # It does not stop the device when it fails: that would stop an order given since.
        status = Status(self, timeout_s=self.set_timeout_s)
        start_task(
            lambda: self._orders.carry_out(
                order, lambda: self._bring(position, order), self._rest_at_once
            ),
            status,
            self.name,
        )
        return status

    def _bring(self, position: str, order: int) -> None:
        with self._two_position_driver.link.exchange():
            self._orders.check(order, repr(position))
            if position == self.positions[0]:
                self._activate()
            else:
                self._rest()

    def _rest_at_once(self) -> None:
        with self._two_position_driver.link.exchange(urgent=True):
            self._rest()

    def stop(self, *, success: bool = False) -> None:
        """Bring it into the safe position and read that back; from any thread, repeatable.

        Args:
            success: Whether an order under way ends as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that it is there.
        """
        self._orders.stop(success=success)
        self._rest_at_once()

    def pause(self) -> None:
        """Remember where it was: the engine calls :meth:`stop` first, then this."""
        self._orders.interruption.pause()

    def resume(self) -> None:
        """Bring it back to where it was before a pause.

        Raises:
            InstrumentError: It could not be confirmed.
        """
        position = self._orders.interruption.take()
        if position is not None:
            _LOGGER.info("%s: resumes %r", self.name, position)
            self.set(position).wait(timeout=self.set_timeout_s + 1.0)

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Bring it into the safe position for good: nothing is resumed after it.

        Args:
            timeout_s: How long the caller waits.

        Raises:
            InstrumentError: It is not certain that it is there.
        """
        self._orders.give(self.positions[1])
        super().make_safe(timeout_s)
