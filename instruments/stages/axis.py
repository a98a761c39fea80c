"""One axis of a stage, and what it needs of its driver."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ophyd import Component as Cpt
from ophyd import Device

from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LinkError,
    LinkTimeoutError,
    ProtocolError,
)
from instruments.interruption import Interruption
from instruments.links import Link
from instruments.signals import InstrumentSignal
from instruments.tasks import Status, start_task

_LOGGER = logging.getLogger(__name__)

_POLL_INTERVAL_S = 0.05
_LINK_PATIENCE_S = 5.0
_STATUS_MARGIN_S = 10.0  # the thread ends the move first, and says why
_HOME_TIMEOUT_S = 180.0


@dataclass(frozen=True, kw_only=True)
class AxisMotion:
    """Whether an axis moves.

    Attributes:
        is_moving: It does.
        warning: What the controller warns of, "" for nothing.
    """

    is_moving: bool
    warning: str


class AxisDriver(Protocol):
    """What an axis needs of its driver."""

    @property
    def link(self) -> Link:
        """The line to the stage."""
        ...

    @property
    def limits_mm(self) -> tuple[float, float]:
        """Lowest and highest position."""
        ...

    @property
    def resolution_mm(self) -> float:
        """Smallest step."""
        ...

    def prepare(self) -> None:
        """Read what must be known before the first move."""
        ...

    def position_mm(self) -> float:
        """Return the position."""
        ...

    def is_homed(self) -> bool:
        """Return whether the axis knows where it is."""
        ...

    def check_position_mm(self, position_mm: float) -> None:
        """Raise ``LimitError`` for a position out of reach."""
        ...

    def move_timeout_s(self, position_mm: float) -> float:
        """Return how long a move there may take."""
        ...

    def start_move_to_mm(self, position_mm: float) -> None:
        """Start a move."""
        ...

    def start_home(self) -> None:
        """Start the search for the reference position."""
        ...

    def motion(self) -> AxisMotion:
        """Return whether the axis moves; raise what went wrong."""
        ...

    def stop(self) -> None:
        """Stop and read back that the axis stands still."""
        ...


class _Order:
    """An order to move, until it ends by itself or is ended.

    Attributes:
        ended: Set when it shall end early.
        is_success: Whether ending it early was meant, as on a pause: then its status does not fail.
    """

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.is_success = False

    def end(self, *, success: bool) -> None:
        if not self.ended.is_set():
            self.is_success = success
            self.ended.set()


class StageAxis(Device):
    """One axis of a stage.

    Args:
        name: Name of the stage, underscore, name of the axis.
        axis: The axis' driver.
        **kwargs: As for ``ophyd.Device``.
    """

    position_mm = Cpt(
        InstrumentSignal,
        getter="_get_position",
        kind="hinted",
        units="mm",
        precision=4,
        doc="Position, in millimetres from the reference",
    )
    is_homed = Cpt(
        InstrumentSignal, getter="_get_is_homed", kind="omitted", doc="1 when the position is known"
    )

    def __init__(self, *, name: str, axis: AxisDriver, **kwargs: Any) -> None:
        self._axis = axis
        self._lock = threading.Lock()
        self._order = _Order()
        self._target_mm: float | None = None  # of the move under way
        self._interruption: Interruption[float] = Interruption()
        super().__init__(name=name, **kwargs)

    @property
    def target_mm(self) -> float | None:
        """Where the move under way leads, None while the axis stands."""
        return self._target_mm

    @property
    def limits_mm(self) -> tuple[float, float]:
        """Lowest and highest position that may be asked for."""
        return self._axis.limits_mm

    def check(self, position_mm: float) -> None:
        """Check that a position is within the limits.

        Args:
            position_mm: The position.

        Raises:
            LimitError: It is not.
        """
        self._axis.check_position_mm(position_mm)

    def set(self, position_mm: float) -> Status:
        """Move to a position; a move under way gives way to it.

        Args:
            position_mm: Where to.

        Returns:
            A status that is done when the axis stands there.

        Raises:
            LimitError: Out of reach; nothing was sent.
        """
        self._axis.check_position_mm(position_mm)

        def begin() -> float:
            timeout_s = self._axis.move_timeout_s(position_mm)
            self._axis.start_move_to_mm(position_mm)
            return timeout_s

        def arrived() -> None:
            actual_mm = self._axis.position_mm()
            if abs(actual_mm - position_mm) > self._axis.resolution_mm:
                raise DeviceFaultError(
                    self.name, f"stands at {actual_mm:g} mm after a move to {position_mm:g} mm"
                )

        low_mm, high_mm = self.limits_mm
        longest_s = max(self._axis.move_timeout_s(low_mm), self._axis.move_timeout_s(high_mm))
        return self._start(begin, arrived, longest_s, target_mm=position_mm)

    def home(self) -> Status:
        """Search the reference position. See that nothing is in the way: the axis runs to its end.

        Returns:
            A status that is done when the axis knows where it is.
        """

        def begin() -> float:
            self._axis.start_home()
            return _HOME_TIMEOUT_S

        def arrived() -> None:
            if not self._axis.is_homed():
                raise DeviceFaultError(self.name, "has no reference position after homing")

        return self._start(begin, arrived, _HOME_TIMEOUT_S, target_mm=None)

    def _start(
        self,
        begin: Callable[[], float],
        arrived: Callable[[], None],
        timeout_s: float,
        *,
        target_mm: float | None,
    ) -> Status:
        with self._lock:
            self._order.end(success=False)  # a move under way gives way
            self._order = order = _Order()
            self._target_mm = target_mm
        self._interruption.forget()
        # It does not stop the device when it fails: that would stop a move begun since.
        status = Status(self, timeout_s=timeout_s + _STATUS_MARGIN_S)

        def work() -> None:
            try:
                self._move(begin, arrived, order)
            except InstrumentError:
                if order.ended.is_set() and order.is_success:
                    return
                if not order.ended.is_set():
                    self._stop_after_failure()
                raise
            finally:
                with self._lock:
                    if self._order is order:
                        self._target_mm = None

        start_task(work, status, self.name)
        return status

    def _move(self, begin: Callable[[], float], arrived: Callable[[], None], order: _Order) -> None:
        with self._axis.link.exchange():  # a stop comes before it or after it
            if order.ended.is_set():
                raise InstrumentError(self.name, "stopped before the move began")
            end_s = begin() + time.monotonic()
        answered_s = time.monotonic()
        while not order.ended.wait(_POLL_INTERVAL_S):
            try:
                motion = self._axis.motion()
            except (LinkError, ProtocolError):
                if time.monotonic() - answered_s > _LINK_PATIENCE_S:
                    raise
                continue
            answered_s = time.monotonic()
            if not motion.is_moving:
                arrived()
                return
            if answered_s > end_s:
                raise LinkTimeoutError(self.name, "still moves after the longest a move can take")
        raise InstrumentError(self.name, "stopped before the move was over")

    def _stop_after_failure(self) -> None:
        try:
            self._axis.stop()
        except InstrumentError as error:
            _LOGGER.error("%s: after a failed move: %s", self.name, error)

    # -- stop, pause, resume -----------------------------------------------------------------

    def stop(self, *, success: bool = False) -> None:
        """Stop and read back that the axis stands still; from any thread, repeatable.

        Args:
            success: Whether the move under way ends as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that it stands still.
        """
        with self._lock:
            if self._target_mm is not None and not self._order.ended.is_set():
                self._interruption.stopped(self._target_mm)
            self._order.end(success=success)
        self._axis.stop()

    def forget(self) -> None:
        """End the move under way for good, and have nothing to resume."""
        with self._lock:
            self._order.end(success=False)
        self._interruption.forget()

    def prepare(self) -> None:
        """Read speed and travel."""
        self._axis.prepare()

    def pause(self) -> None:
        """Remember where to: the engine calls :meth:`stop` first, then this."""
        self._interruption.pause()

    def resume(self) -> None:
        """Go on with the move that the pause has interrupted."""
        target_mm = self._interruption.take()
        if target_mm is not None:
            _LOGGER.info("%s: resumes the move to %g mm", self.name, target_mm)
            self.set(target_mm)

    # -- signals -----------------------------------------------------------------------------

    def _get_position(self) -> float:
        return self._axis.position_mm()

    def _get_is_homed(self) -> int:
        return int(self._axis.is_homed())
