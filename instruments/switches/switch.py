"""A switch as plans see it: a relay with something behind it."""

from typing import Any, Protocol

from ophyd import Component as Cpt

from instruments.device import Driver
from instruments.signals import InstrumentSignal
from instruments.two_position import TwoPositionDevice


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


class Switch(TwoPositionDevice):
    """Switches a device on the bench ``"on"`` and, which is safe, ``"off"``.

    Args:
        name: Name on the bench.
        driver: The instrument.
        **kwargs: As for ``ophyd.Device``.
    """

    positions = ("on", "off")
    order_timeout_s = 20.0

    is_on = Cpt(
        InstrumentSignal, getter="_get_is_on", kind="hinted", doc="1 when it is on, read back"
    )

    def __init__(self, *, name: str, driver: SwitchDriver, **kwargs: Any) -> None:
        self._relay = driver
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Switch it off."""
        self._relay.switch_off()

    def _activate(self) -> None:
        self._relay.switch_on()

    def _rest(self) -> None:
        self._relay.switch_off()

    def _get_is_on(self) -> int:
        return int(self._relay.is_on())
