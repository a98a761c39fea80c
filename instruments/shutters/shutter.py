"""A shutter as plans see it."""

from typing import Any, Protocol

from ophyd import Component as Cpt

from instruments.device import Driver
from instruments.signals import InstrumentSignal
from instruments.two_position import TwoPositionDevice


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


class Shutter(TwoPositionDevice):
    """Lets light pass or not: ``"open"`` or, which is safe, ``"closed"``.

    Args:
        name: Name on the bench.
        driver: The instrument.
        **kwargs: As for ``ophyd.Device``.
    """

    positions = ("open", "closed")
    order_timeout_s = 40.0

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
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Close it, and bring it to where it obeys commands."""
        self._shutter.prepare()

    def _activate(self) -> None:
        self._shutter.open_shutter()

    def _rest(self) -> None:
        self._shutter.close_shutter()

    def _get_is_open(self) -> int:
        return int(self._shutter.is_open())

    def _get_is_interlock_open(self) -> int:
        return int(self._shutter.is_interlock_open())
