"""What every driver of an instrument has in common.

A driver knows the commands of one model and nothing of plans or of ophyd. Whatever goes wrong in
it leaves it as one of `instruments.errors`.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pymeasure.instruments import Instrument

from instruments.errors import InstrumentError, LimitError, LinkLostError, ProtocolError
from instruments.links import Link


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What an instrument says it is; empty where its protocol has no word for it."""

    maker: str
    model: str
    serial: str
    firmware: str

    def __str__(self) -> str:
        """Return it in words, without what is not known."""
        serial = f"no. {self.serial}" if self.serial else ""
        firmware = f"firmware {self.firmware}" if self.firmware else ""
        return " ".join(part for part in (self.maker, self.model, serial, firmware) if part)


class LinkedInstrument(Instrument):
    """An instrument at the end of a `Link`.

    Questions (`ask`, `values`) and the properties made with `control`, `measurement` and `setting`
    hold the link until the last check is done. In a driver's own methods,
    ``with self.link.exchange():`` does the same. Do not wait inside an exchange for anything but
    an answer: others want the link too.

    Args:
        link: the line; its name is the name of the instrument in messages.
    """

    # pymeasure's own only keeps the parameters of dynamic properties from being read, and takes a
    # tenth of the time of a query to do so
    __getattribute__ = object.__getattribute__

    def __init__(self, link: Link) -> None:
        super().__init__(link, link.name, includeSCPI=False)
        self.link = link

    def identify(self) -> Identity:
        """Ask the instrument who it is."""
        raise NotImplementedError

    def make_safe(self) -> None:
        """Switch off whatever emits, moves or heats, and read back that it is off; repeatable.

        Raises:
            InstrumentError: it is not certain that all is off.
        """
        raise NotImplementedError

    def check_errors(self) -> list[Any]:
        """Raise what the instrument reports as an error; by default it has no such report."""
        return []

    @contextlib.contextmanager
    def exchange(self, asked: str) -> Iterator[None]:
        """Hold the link, and turn what Python says of a strange answer into `ProtocolError`.

        Args:
            asked: what is asked, for the message.
        """
        with self.link.exchange():
            try:
                yield
            except InstrumentError:
                raise
            except (ValueError, LookupError) as error:
                raise ProtocolError(
                    self.name, f"the answer to {asked} does not fit: {error}"
                ) from error
            except OSError as error:
                raise LinkLostError(self.name, f"{asked} failed: {error}") from error

    def ask(self, command: str, query_delay: float | None = None) -> str:
        """Send a command and return the answer.

        Raises:
            LinkError: no answer came.
            ProtocolError: the answer is no text.
        """
        with self.exchange(repr(command)):
            return super().ask(command, query_delay)

    def values(
        self,
        command: str,
        separator: str = ",",
        cast: Callable[[str], Any] = float,
        preprocess_reply: Callable[[str], str] | None = None,
        maxsplit: int = -1,
        **kwargs: Any,
    ) -> list[Any]:
        """Send a command and return the parts of the answer.

        Raises:
            ProtocolError: a part cannot be cast (pymeasure itself would return it as text).
        """
        with self.exchange(repr(command)):
            parts = super().values(command, separator, cast, preprocess_reply, maxsplit, **kwargs)
            wrong = [part for part in parts if cast is not str and isinstance(part, str)]
            if wrong:
                raise ProtocolError(
                    self.name, f"{command!r} was answered with {wrong[0]!r}", reply=wrong[0]
                )
            return parts

    def check_limits(
        self, quantity: str, value: float, limits: tuple[float, float], unit: str
    ) -> float:
        """Return a value that is within its limits.

        Args:
            quantity: what the value is, for the message.
            value: what is asked for.
            limits: lowest and highest value allowed.
            unit: unit of the value and of the limits.

        Raises:
            LimitError: it is outside, or no finite number.
        """
        try:
            return limited(quantity, unit)(value, limits)
        except OutOfLimitsError as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> LimitError:
        if isinstance(error, OutOfLimitsError):
            return LimitError(
                self.name, str(error), value=error.value, unit=error.unit, limits=error.limits
            )
        return LimitError(self.name, f"refused, nothing was sent: {error}")

    @staticmethod
    def control(
        get_command: str | None, set_command: str | None, docs: str, **kwargs: Any
    ) -> property:
        """Make a property that is read and set; arguments as for pymeasure."""
        return _atomic(Instrument.control(get_command, set_command, docs, **kwargs), docs)

    @staticmethod
    def measurement(get_command: str, docs: str, **kwargs: Any) -> property:
        """Make a property that is read; arguments as for pymeasure."""
        return _atomic(Instrument.measurement(get_command, docs, **kwargs), docs)

    @staticmethod
    def setting(set_command: str, docs: str, **kwargs: Any) -> property:
        """Make a property that is set; arguments as for pymeasure."""
        return _atomic(Instrument.setting(set_command, docs, **kwargs), docs)


class OutOfLimitsError(ValueError):
    """A value outside its limits, before the name of the instrument is known.

    Args:
        quantity: what the value is.
        value: what was asked for.
        unit: unit of the value and of the limits.
        limits: lowest and highest value allowed.
    """

    def __init__(
        self, quantity: str, value: object, unit: str, limits: tuple[float, float]
    ) -> None:
        low, high = limits
        super().__init__(
            f"{quantity} {value} {unit} is outside {low:g} to {high:g} {unit}; nothing was sent"
        )
        self.value = value
        self.unit = unit
        self.limits = limits


def limited(quantity: str, unit: str) -> Callable[[float, Sequence[float]], float]:
    """Return a validator for `LinkedInstrument.control` that takes ``values`` as limits.

    Args:
        quantity: what the value is, for the message.
        unit: unit of the value and of the limits.
    """

    def validate(value: float, values: Sequence[float]) -> float:
        low, high = min(values), max(values)
        try:
            inside = math.isfinite(value) and low <= value <= high
        except TypeError:  # no number at all
            inside = False
        if not inside:
            raise OutOfLimitsError(quantity, value, unit, (low, high))
        return value

    return validate


def _atomic(made: property, docs: str) -> property:
    """Return the property with its getter and its setter each in one exchange."""
    about = docs.split("\n", maxsplit=1)[0].rstrip(". ")
    fget, fset = made.fget, made.fset
    assert fget is not None
    assert fset is not None

    @functools.wraps(fget)
    def get(self: LinkedInstrument, **kwargs: Any) -> Any:
        with self.exchange(about):
            return fget(self, **kwargs)

    @functools.wraps(fset)
    def put(self: LinkedInstrument, value: Any, **kwargs: Any) -> None:
        with self.link.exchange():
            try:
                fset(self, value, **kwargs)
            except (ValueError, LookupError, TypeError) as error:
                raise self._refused(error) from error

    # A dynamic property of pymeasure looks for its parameters under their names in the instance.
    parameters = {
        key: vars(made)[key]
        for key in ("fget_params_list", "fset_params_list", "prefix")
        if key in getattr(made, "__dict__", {})
    }
    return type(made)(get, put, None, docs, **parameters)
