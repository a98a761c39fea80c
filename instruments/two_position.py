"""Devices that know two positions, one of them safe."""

from typing import Any, ClassVar

from instruments.device import Driver
from instruments.errors import LimitError
from instruments.ordered import OrderedDevice
from instruments.tasks import Status


class TwoPositionDevice(OrderedDevice):
    """A shutter, a relay: takes one of two positions and confirms it.

    Args:
        name: Name on the bench.
        driver: The instrument.
        **kwargs: As for ``ophyd.Device``.

    Attributes:
        positions: The one in which something happens, and the safe one.
    """

    positions: ClassVar[tuple[str, str]]

    def __init__(self, *, name: str, driver: Driver, **kwargs: Any) -> None:
        super().__init__(name=name, driver=driver, rest=self.positions[1], **kwargs)

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
        return self._carry_out(position, lambda order: self._bring(position, order))

    def _bring(self, position: str, order: int) -> None:
        with self.link.exchange():
            self._orders.check(order, repr(position))
            if position == self.positions[0]:
                self._activate()
            else:
                self._rest()

    def _come_to_rest(self) -> None:
        with self.link.exchange(urgent=True):
            self._rest()
