"""A part of an exchange whose turn is taken already."""

from types import TracebackType
from typing import TYPE_CHECKING

from instruments.errors import (
    ConfigurationError,
    DeviceFaultError,
    LimitError,
    NotConnectedError,
    ProtocolError,
)

if TYPE_CHECKING:
    from instruments.links.link import Link

# These say nothing against the line: the device answered as its manual says, or was never asked.
LINE_IS_FINE = (DeviceFaultError, LimitError, ConfigurationError, NotConnectedError)


class PartOfExchange:
    """An exchange inside another of the same link: the turn is taken already.

    Args:
        link: What it goes over.
    """

    def __init__(self, link: "Link") -> None:
        self._link = link

    def __enter__(self) -> "Link":
        """Return the link."""
        return self._link

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take note of an error, in case that the caller goes on after it."""
        if error is not None and not isinstance(error, LINE_IS_FINE):
            self._link.line.failed(answered=isinstance(error, ProtocolError))
