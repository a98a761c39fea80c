"""A quantity of an instrument as ophyd sees it.

Reading it reads the instrument, with the time of the answer. What was read last can be had without
touching the line.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from bluesky.protocols import Reading
from event_model.documents.event_descriptor import DataKey
from ophyd import Component, Signal
from ophyd.utils import ReadOnlyError

from instruments.errors import DeviceFaultError, InstrumentError, LimitError, NotConnectedError
from instruments.tasks import Status, start_task

_SET_TIMEOUT_S = 10.0  # some instruments store a setting for seconds before they answer


class InstrumentSignal(Signal):
    """One quantity, read and set by methods of the device that it belongs to.

    Made as a component of a device:
    ``power_w = Cpt(InstrumentSignal, getter="get_power_w", units="W", precision=9, doc="...")``.

    Args:
        name: key in the documents.
        getter: name of the method of the parent that asks the instrument, or the function itself;
            none for what can only be set.
        setter: name of the method of the parent that sets the instrument, or the function itself;
            none for what can only be read. It checks the limits before it sends.
        units: unit of the value.
        precision: digits after the point worth showing.
        tolerance: largest difference between what was set and what is then read; None accepts any.
        timeout_s: how long setting may take, s.
        **kwargs: as for `ophyd.Signal`.
    """

    def __init__(
        self,
        *,
        name: str,
        getter: str | Callable[[], Any] | None = None,
        setter: str | Callable[[Any], Any] | None = None,
        units: str = "",
        precision: int | None = None,
        tolerance: float | None = None,
        timeout_s: float = _SET_TIMEOUT_S,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            name=name,
            value=None,
            timestamp=0.0,
            tolerance=tolerance,
            metadata={"write_access": setter is not None, "precision": precision},
            **kwargs,
        )
        self._last: Any = None
        self._read_s = float("-inf")
        self.units = units
        self.precision = precision
        self.timeout_s = timeout_s
        self._getter = getter
        self._setter = setter

    @property
    def cached(self) -> Any:
        """What was read last, None if nothing was; asks nobody."""
        return self._last

    @property
    def age_s(self) -> float:
        """How long ago it was read, s, by a clock that never jumps; infinite if it never was."""
        return time.monotonic() - self._read_s

    @property
    def doc(self) -> str:
        """What the quantity is."""
        component = getattr(type(self.parent), self.attr_name or "", None)
        return (component.doc or "") if isinstance(component, Component) else ""

    @property
    def source_name(self) -> str:
        """Where the value comes from."""
        return f"instrument:{self.name}"

    # -- reading

    def get(self, **kwargs: Any) -> Any:
        """Ask the instrument and return the value.

        Raises:
            InstrumentError: what the driver says.
        """
        return self._ask()[0]

    def read(self) -> dict[str, Reading[Any]]:
        """Ask the instrument and return the value with the time of the answer."""
        value, timestamp_s = self._ask()
        return {self.name: {"value": value, "timestamp": timestamp_s}}

    def describe(self) -> dict[str, DataKey]:
        """Return type, shape, unit and precision; asks the instrument if it never was."""
        value = self.get() if self._last is None else self._last
        key: dict[str, Any] = {"source": self.source_name, "shape": list(np.shape(value))}
        key.update(_types_of(value, self.name))
        if self.units:
            key["units"] = self.units
        if self.precision is not None:
            key["precision"] = self.precision
        return {self.name: key}  # type: ignore[dict-item]

    def _ask(self) -> tuple[Any, float]:
        if self._getter is None:
            if self._last is None:
                raise NotConnectedError(
                    self.name, "can only be set, and was not set yet, so there is nothing to read"
                )
            return self._last, self.timestamp
        value = self._bound(self._getter)()
        return self._keep(value)

    def _keep(self, value: Any) -> tuple[Any, float]:
        timestamp_s = time.time()
        self._last = value
        self._read_s = time.monotonic()
        super().put(value, timestamp=timestamp_s, force=True)
        return value, timestamp_s

    # -- setting

    def check_value(self, value: Any) -> None:
        """Refuse what is no value of this quantity; the setter checks the limits.

        Raises:
            LimitError: it is no finite number where one is due.
        """
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if self.units and not is_number:
            raise LimitError(
                self.name, f"takes a number in {self.units}, not {value!r}", value=value
            )
        if is_number and not math.isfinite(value):
            raise LimitError(self.name, f"takes a finite number, not {value!r}", value=value)

    def put(self, value: Any, *, force: bool = False, **kwargs: Any) -> None:
        """Set the instrument and read back what it made of the value.

        Args:
            value: what to set, in the units of the signal.
            force: has no meaning here: what is wrong is never sent.
            **kwargs: ignored, for ophyd's sake.

        Raises:
            ReadOnlyError: the quantity cannot be set.
            LimitError: the value is not allowed; nothing was sent.
            DeviceFaultError: the instrument reads back something else.
        """
        self._check_writable(value)
        self._bound(self._setter)(value)
        if self._getter is None:
            self._keep(value)
            return
        actual = self.get()
        if self.tolerance is not None and not abs(actual - value) <= self.tolerance:
            raise DeviceFaultError(
                self.name,
                f"reads back {actual} {self.units} after {value} {self.units} was set; "
                f"at most {self.tolerance} {self.units} of difference is accepted",
            )

    def set(self, value: Any, *, timeout: float | None = None, **kwargs: Any) -> Status:  # type: ignore[override]
        """Set the instrument in a thread.

        Args:
            value: what to set.
            timeout: how long it may take, s; None is the signal's own.
            **kwargs: ignored, for ophyd's sake.

        Returns:
            A status that is done when the instrument has the value, and fails with the words of
            the driver.

        Raises:
            LimitError: the value is no value of this quantity; nothing was sent.
        """
        self._check_writable(value)
        status = Status(self, timeout_s=self.timeout_s if timeout is None else timeout)
        start_task(lambda: self.put(value), status, f"{self.name}-set")
        return status

    def _check_writable(self, value: Any) -> None:
        if self._setter is None:
            raise ReadOnlyError(f"{self.name}: can be read only, {value!r} was not set")
        self.check_value(value)

    # -- the methods of the parent

    def _bound(self, method: str | Callable[..., Any] | None) -> Callable[..., Any]:
        if callable(method):
            return method
        found = getattr(self.parent, str(method), None)
        if not callable(found):
            raise InstrumentError(
                self.name, f"{type(self.parent).__name__} has no method {method!r}"
            )
        return found  # type: ignore[no-any-return]


def _types_of(value: Any, name: str) -> dict[str, str]:
    """Return the type of a value as the event model names it."""
    if isinstance(value, str):
        return {"dtype": "string"}
    if isinstance(value, bool | np.bool_):
        return {"dtype": "boolean"}
    if isinstance(value, int | np.integer):
        return {"dtype": "integer"}
    if isinstance(value, float | np.floating):
        return {"dtype": "number"}
    if isinstance(value, np.ndarray | list | tuple):
        return {"dtype": "array", "dtype_numpy": np.asarray(value).dtype.str}
    raise InstrumentError(name, f"a {type(value).__name__} cannot be written into a document")
