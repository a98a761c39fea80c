"""A stage as plans see it."""

from collections.abc import Mapping
from typing import Any

from ophyd import Component as Cpt

from instruments.device import BenchDevice, Driver
from instruments.errors import InstrumentError, LimitError
from instruments.stages.axis import AxisDriver, StageAxis
from instruments.stages.places import Places
from instruments.tasks import Status, start_task

HOME = "home"
"""Asks a stage to search its reference position; no named position may be called so."""


class Stage(BenchDevice):
    """A stage with its axes as sub-devices and with named positions; see :func:`make_stage`.

    Args:
        name: Name on the bench.
        driver: The instrument.
        places: Where it can be sent by name.
        **kwargs: As for ``ophyd.Device``.
    """

    axis_names: tuple[str, ...] = ()

    def __init__(
        self, *, name: str, driver: Driver, places: Places | None = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, driver=driver, **kwargs)
        places = places or Places()
        self.positions: dict[str, dict[str, float]] = {
            position: dict(coordinates) for position, coordinates in places.positions.items()
        }
        self.grids: dict[str, tuple[str, ...]] = dict(places.grids)

    @property
    def axes(self) -> dict[str, StageAxis]:
        """The axes by name."""
        found: dict[str, StageAxis] = {}
        for axis_name in self.axis_names:
            axis = getattr(self, axis_name)
            assert isinstance(axis, StageAxis)
            found[axis_name] = axis
        return found

    def is_homed(self) -> bool:
        """Ask every axis whether it knows where it is."""
        return all(axis.is_homed.get() == 1 for axis in self.axes.values())

    def prepare(self) -> None:
        """Read speed and travel of every axis, and check the named positions against it."""
        for axis in self.axes.values():
            axis.prepare()
        if HOME in self.positions:
            raise LimitError(self.name, f"no position may be called {HOME!r}: it means homing")
        for position in self.positions:
            self.coordinates(position)

    def coordinates(self, position: str | Mapping[str, float]) -> dict[str, float]:
        """Return where a position is, after checking that it can be reached.

        Args:
            position: Name of a position, or millimetres by axis.

        Raises:
            LimitError: No such position or axis, or out of reach.
        """
        if isinstance(position, str):
            if position not in self.positions:
                raise LimitError(
                    self.name,
                    f"no position {position!r}; there are {', '.join(sorted(self.positions))}",
                )
            position = self.positions[position]
        axes = self.axes
        for axis_name, position_mm in position.items():
            if axis_name not in axes:
                raise LimitError(self.name, f"no axis {axis_name!r}; there are {', '.join(axes)}")
            axes[axis_name].check(position_mm)
        return dict(position)

    def set(self, position: str | Mapping[str, float]) -> Status:
        """Move to a position, all axes at once, or home them.

        Args:
            position: Name of a position, millimetres by axis, or :data:`HOME`. See that nothing is
                in the way of homing: every axis runs to its end.

        Returns:
            A status that is done when all axes stand there.

        Raises:
            LimitError: No such position, or out of reach; nothing was sent.
        """
        axes = self.axes
        if position == HOME:
            moves = [axis.home() for axis in axes.values()]
        else:
            coordinates = self.coordinates(position)
            moves = [axes[axis_name].set(mm) for axis_name, mm in coordinates.items()]
        longest_s = max((move.timeout_s or 0.0 for move in moves), default=0.0) + 1.0

        def wait() -> None:
            for move in moves:
                move.wait(timeout=longest_s)

        status = Status(self, timeout_s=longest_s + 1.0)
        start_task(wait, status, self.name)
        return status

    def stop(self, *, success: bool = False) -> None:
        """Stop every axis, whatever happens to the others; from any thread, repeatable.

        Args:
            success: Whether moves under way end as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that all stand still.
        """
        failures: list[InstrumentError] = []
        for axis in self.axes.values():
            try:
                axis.stop(success=success)
            except InstrumentError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def pause(self) -> None:
        """Remember where every axis was going."""
        for axis in self.axes.values():
            axis.pause()

    def resume(self) -> None:
        """Go on with the moves that the pause has interrupted."""
        for axis in self.axes.values():
            axis.resume()

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Stop for good: nothing is resumed after it.

        Args:
            timeout_s: How long the caller waits.

        Raises:
            InstrumentError: It is not certain that all stand still.
        """
        for axis in self.axes.values():
            axis.forget()
        super().make_safe(timeout_s)


def make_stage(
    *,
    name: str,
    driver: Driver,
    axes: Mapping[str, AxisDriver],
    places: Places | None = None,
) -> Stage:
    """Return a stage with one sub-device per axis, such as ``stage.x``.

    Args:
        name: Name on the bench.
        driver: The instrument.
        axes: The axes' drivers by name.
        places: Where it can be sent by name.
    """
    parts: dict[str, Any] = {
        axis_name: Cpt(StageAxis, axis=axis, kind="hinted", doc=f"Axis {axis_name}")
        for axis_name, axis in axes.items()
    }
    parts["axis_names"] = tuple(axes)
    parts["__doc__"] = Stage.__doc__
    cls: type[Stage] = type("Stage", (Stage,), parts)
    return cls(name=name, driver=driver, places=places)
