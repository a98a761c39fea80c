"""A shutter as plans see it."""

import logging
from typing import Any, Literal, Protocol

from ophyd import Component as Cpt

from instruments.device import BenchDevice, Driver
from instruments.errors import LimitError
from instruments.interruption import Orders
from instruments.signals import InstrumentSignal
from instruments.tasks import Status, start_task

_LOGGER = logging.getLogger(__name__)

ShutterPosition = Literal["open", "closed"]

_POSITIONS = ("open", "closed")
_SET_TIMEOUT_S = 40.0


class ShutterDriver(Driver, Protocol):
    """What a shutter needs of its driver."""

    def prepare(self) -> None:
        """Close it, and bring it to where it obeys commands."""
        ...

    def is_open(self) -> bool:
        """Return whether light passes."""
        ...

    def is_interlock_open(self) -> bool:
        """Return whether the interlock keeps it closed."""
        ...

    def open_shutter(self) -> None:
        """Open it, if it is closed, and confirm."""
        ...

    def close_shutter(self) -> None:
        """Close it, if it is open, and confirm."""
        ...


class Shutter(BenchDevice):
    """Lets light pass or not.

    Args:
        name: Name on the bench.
        driver: The instrument.
        **kwargs: As for ``ophyd.Device``.
    """

    is_open = Cpt(
        InstrumentSignal, getter="_get_is_open", kind="hinted", doc="1 when light passes, read back"
    )
    is_interlock_open = Cpt(
        InstrumentSignal,
        getter="_get_is_interlock_open",
        kind="normal",
        doc="1 when the interlock keeps it closed",
    )

    def __init__(self, *, name: str, driver: ShutterDriver, **kwargs: Any) -> None:
        self._shutter = driver
        self._orders: Orders[ShutterPosition] = Orders(name, "closed")
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Close it, and bring it to where it obeys commands."""
        self._shutter.prepare()

    def set(self, position: ShutterPosition) -> Status:
        """Open or close; what is so already is only confirmed.

        Args:
            position: ``"open"`` or ``"closed"``.

        Returns:
            A status that is done when the shutter has confirmed it, and fails with
            ``InterlockOpenError`` when the interlock forbids it to open.

        Raises:
            LimitError: Something else was asked for.
        """
        if position not in _POSITIONS:
            raise LimitError(
                self.name, f"takes 'open' or 'closed', not {position!r}", value=position
            )
        order = self._orders.give(position)
        # It does not stop the device when it fails: that would stop an order given since.
        status = Status(self, timeout_s=_SET_TIMEOUT_S)
        start_task(
            lambda: self._orders.carry_out(
                order, lambda: self._bring(position, order), self._close
            ),
            status,
            self.name,
        )
        return status

    def _bring(self, position: ShutterPosition, order: int) -> None:
        with self._shutter.link.exchange():
            self._orders.check(order, repr(position))
            if position == "open":
                self._shutter.open_shutter()
            else:
                self._shutter.close_shutter()

    def _close(self) -> None:
        with self._shutter.link.exchange(urgent=True):
            self._shutter.close_shutter()

    def stop(self, *, success: bool = False) -> None:
        """Close and read back that it is closed; from any thread, repeatable.

        Args:
            success: Whether an order under way ends as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that it is closed.
        """
        self._orders.stop(success=success)
        self._close()

    def pause(self) -> None:
        """Remember that it was open: the engine calls :meth:`stop` first, then this."""
        self._orders.interruption.pause()

    def resume(self) -> None:
        """Open again what a pause has closed.

        Raises:
            InstrumentError: It could not be confirmed.
        """
        position = self._orders.interruption.take()
        if position is not None:
            _LOGGER.info("%s: resumes %r", self.name, position)
            self.set(position).wait(timeout=_SET_TIMEOUT_S + 1.0)

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Close for good: nothing is resumed after it.

        Args:
            timeout_s: How long the caller waits.

        Raises:
            InstrumentError: It is not certain that it is closed.
        """
        self._orders.give("closed")
        super().make_safe(timeout_s)

    # -- signals -----------------------------------------------------------------------------

    def _get_is_open(self) -> int:
        return int(self._shutter.is_open())

    def _get_is_interlock_open(self) -> int:
        return int(self._shutter.is_interlock_open())
