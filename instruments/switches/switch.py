"""A switch as plans see it: a relay with something behind it."""

import logging
from typing import Any, Literal, Protocol

from ophyd import Component as Cpt

from instruments.device import BenchDevice, Driver
from instruments.errors import LimitError
from instruments.interruption import Orders
from instruments.signals import InstrumentSignal
from instruments.tasks import Status, start_task

_LOGGER = logging.getLogger(__name__)

SwitchPosition = Literal["on", "off"]

_POSITIONS = ("on", "off")
_SET_TIMEOUT_S = 20.0


class SwitchDriver(Driver, Protocol):
    """What a switch needs of its driver."""

    def is_on(self) -> bool:
        """Return whether the contact is closed."""
        ...

    def switch_on(self) -> None:
        """Close the contact, and confirm."""
        ...

    def switch_off(self) -> None:
        """Open the contact, and confirm."""
        ...


class Switch(BenchDevice):
    """Switches a device on the bench on and off.

    Args:
        name: Name on the bench.
        driver: The instrument.
        **kwargs: As for ``ophyd.Device``.
    """

    is_on = Cpt(
        InstrumentSignal, getter="_get_is_on", kind="hinted", doc="1 when it is on, read back"
    )

    def __init__(self, *, name: str, driver: SwitchDriver, **kwargs: Any) -> None:
        self._relay = driver
        self._orders: Orders[SwitchPosition] = Orders(name, "off")
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Switch it off."""
        self._relay.switch_off()

    def set(self, position: SwitchPosition) -> Status:
        """Switch on or off.

        Args:
            position: ``"on"`` or ``"off"``.

        Returns:
            A status that is done when the switch has confirmed it.

        Raises:
            LimitError: Something else was asked for.
        """
        if position not in _POSITIONS:
            raise LimitError(self.name, f"takes 'on' or 'off', not {position!r}", value=position)
        order = self._orders.give(position)
        # It does not stop the device when it fails: that would stop an order given since.
        status = Status(self, timeout_s=_SET_TIMEOUT_S)
        start_task(
            lambda: self._orders.carry_out(order, lambda: self._bring(position, order), self._off),
            status,
            self.name,
        )
        return status

    def _bring(self, position: SwitchPosition, order: int) -> None:
        with self._relay.link.exchange():
            self._orders.check(order, repr(position))
            if position == "on":
                self._relay.switch_on()
            else:
                self._relay.switch_off()

    def _off(self) -> None:
        with self._relay.link.exchange(urgent=True):
            self._relay.switch_off()

    def stop(self, *, success: bool = False) -> None:
        """Switch off and read back that it is off; from any thread, repeatable.

        Args:
            success: Whether an order under way ends as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that it is off.
        """
        self._orders.stop(success=success)
        self._off()

    def pause(self) -> None:
        """Remember that it was on: the engine calls :meth:`stop` first, then this."""
        self._orders.interruption.pause()

    def resume(self) -> None:
        """Switch on again what a pause has switched off.

        Raises:
            InstrumentError: It could not be confirmed.
        """
        position = self._orders.interruption.take()
        if position is not None:
            _LOGGER.info("%s: resumes %r", self.name, position)
            self.set(position).wait(timeout=_SET_TIMEOUT_S + 1.0)

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Switch off for good: nothing is resumed after it.

        Args:
            timeout_s: How long the caller waits.

        Raises:
            InstrumentError: It is not certain that it is off.
        """
        self._orders.give("off")
        super().make_safe(timeout_s)

    def _get_is_on(self) -> int:
        return int(self._relay.is_on())
