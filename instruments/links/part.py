"""A part of an exchange whose turn is taken already."""

from types import TracebackType

from instruments.errors import (
    ConfigurationError,
    DeviceFaultError,
    LimitError,
    NotConnectedError,
    ProtocolError,
)
from instruments.links.line import Line

# These say nothing against the line: the device answered as its manual says, or was never asked.
LINE_IS_FINE = (DeviceFaultError, LimitError, ConfigurationError, NotConnectedError)


class PartOfExchange:
    """Writing or reading inside an exchange: takes note of errors, the turn is taken already.

    Args:
        line: Where they happen.
    """

    def __init__(self, line: Line) -> None:
        self._line = line

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take note of an error, in case that the caller goes on after it."""
        if error is not None and not isinstance(error, LINE_IS_FINE):
            self._line.failed(answered=isinstance(error, ProtocolError))
