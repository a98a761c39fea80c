"""A filter wheel as plans see it."""

import time
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from ophyd import Component as Cpt

from instruments.device import BenchDevice, Driver
from instruments.errors import ConfigurationError, LimitError
from instruments.signals import InstrumentSignal
from instruments.tasks import Status, start_task

_MARGIN_S = 15.0


class FilterWheelDriver(Driver, Protocol):
    """What a filter wheel needs of its driver."""

    @property
    def turn_timeout_s(self) -> float:
        """How long a turn may take."""
        ...

    def prepare(self) -> int:
        """Make ready and return how many positions there are."""
        ...

    def position(self) -> int:
        """Return the position, from 1."""
        ...

    def turn_to(self, position: int) -> None:
        """Turn to a position and confirm it."""
        ...


class FilterWheel(BenchDevice):
    """Puts one of several filters into the beam.

    Args:
        name: Name on the bench.
        driver: The instrument.
        filters: Positions by name.
        settle_s: How long to wait after a turn, s.
        **kwargs: As for ``ophyd.Device``.
    """

    filter_position = Cpt(
        InstrumentSignal, getter="_get_position", kind="hinted", doc="Position, from 1, read back"
    )
    filter_name = Cpt(
        InstrumentSignal,
        getter="_get_filter_name",
        kind="normal",
        doc="Name of the filter at that position, empty when it has none",
    )

    def __init__(
        self,
        *,
        name: str,
        driver: FilterWheelDriver,
        filters: Mapping[str, int],
        settle_s: float = 0.5,
        **kwargs: Any,
    ) -> None:
        self._wheel = driver
        self.filters = dict(filters)
        self._settle_s = settle_s
        self._count: int | None = None
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Make ready, and check that every named position is there.

        Raises:
            ConfigurationError: A filter is at a position that the wheel has not.
        """
        self._count = count = self._wheel.prepare()
        for filter_name, position in self.filters.items():
            if position > count:
                raise ConfigurationError(
                    self.name,
                    f"filter {filter_name!r} is at position {position}, but the wheel has {count}; "
                    "correct the bench file",
                )

    def position_of(self, where: int | str) -> int:
        """Return the position of a filter.

        Args:
            where: Its name in the bench file, or the position itself.

        Raises:
            LimitError: There is no such filter or position.
        """
        if isinstance(where, str):
            if where not in self.filters:
                raise LimitError(
                    self.name,
                    f"no filter {where!r}; there are {', '.join(self.filters) or 'no names'}",
                    value=where,
                )
            return self.filters[where]
        is_whole = isinstance(where, int | np.integer) and not isinstance(where, bool)
        if not is_whole or where < 1 or (self._count is not None and where > self._count):
            raise LimitError(
                self.name,
                f"no position {where!r}; there are 1 to {self._count or '...'}",
                value=where,
            )
        return int(where)

    def set(self, where: int | str) -> Status:
        """Turn to a filter.

        Args:
            where: Its name in the bench file, or its position.

        Returns:
            A status that is done when the wheel stands there.

        Raises:
            LimitError: There is no such filter or position; nothing was sent.
        """
        position = self.position_of(where)

        def work() -> None:
            self._wheel.turn_to(position)
            time.sleep(self._settle_s)

        status = Status(self, timeout_s=self._wheel.turn_timeout_s + self._settle_s + _MARGIN_S)
        start_task(work, status, self.name)
        return status

    def stop(self, *, success: bool = False) -> None:
        """Do nothing: a turn cannot be broken off and ends by itself.

        Args:
            success: Has no meaning here.
        """

    # -- signals -----------------------------------------------------------------------------

    def _get_position(self) -> int:
        return self._wheel.position()

    def _get_filter_name(self) -> str:
        position = self._wheel.position()
        return next((name for name, number in self.filters.items() if number == position), "")
