"""Everything that can go wrong between us and a device.

The tree::

    InstrumentError
    ├── ours: what was asked cannot be asked
    │   ├── LimitError            a value outside what is allowed; nothing was sent
    │   ├── ConfigurationError    the bench file or the settings do not make sense
    │   ├── BusyError             somebody else owns the bench, the port or the run
    │   └── NotConnectedError     the device has not been connected
    └── theirs: what the device or the line did
        ├── LinkError             the line itself
        │   ├── LinkTimeoutError  no answer in time, or the line was held by somebody else
        │   └── LinkLostError     the line is gone; it reconnects by itself after a pause
        ├── ProtocolError         an answer that does not fit the manual
        └── DeviceFaultError      the device itself reports an error or an alarm
            ├── InterlockOpenError
            └── StalledError

A caller that wants to retry looks at `LinkError`; one that wants to tell the operator to change
the request looks at `LimitError`; all else ends the run.
"""

__all__ = [
    "BusyError",
    "ConfigurationError",
    "DeviceFaultError",
    "InstrumentError",
    "InterlockOpenError",
    "LimitError",
    "LinkError",
    "LinkLostError",
    "LinkTimeoutError",
    "NotConnectedError",
    "ProtocolError",
    "StalledError",
]


class InstrumentError(Exception):
    """Root of all errors of this package.

    Args:
        instrument: name of the device on the bench, or of the file at fault.
        message: what was asked, what came, and what to do next.
    """

    def __init__(self, instrument: str, message: str) -> None:
        super().__init__(instrument, message)
        self.instrument = instrument
        self.message = message

    def __str__(self) -> str:
        """Return ``name: message``."""
        return f"{self.instrument}: {self.message}"


class LimitError(InstrumentError):
    """A value outside what is allowed was asked for; no byte was sent.

    Args:
        instrument: name of the device on the bench.
        message: what was asked and what is allowed.
        value: what was asked for, where there is one value.
        unit: unit of the value and of the limits.
        limits: lowest and highest value allowed.
    """

    def __init__(
        self,
        instrument: str,
        message: str,
        *,
        value: object = None,
        unit: str = "",
        limits: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(instrument, message)
        self.value = value
        self.unit = unit
        self.limits = limits


class ConfigurationError(InstrumentError):
    """The bench file or the settings of a device do not make sense."""


class BusyError(InstrumentError):
    """Somebody else owns the bench, the port or the run; the message says who."""


class NotConnectedError(InstrumentError):
    """A device was used before it was connected, or after it was disconnected."""


class LinkError(InstrumentError):
    """The line between us and the device failed."""


class LinkTimeoutError(LinkError):
    """No answer came in time, or the line was not free in time."""


class LinkLostError(LinkError):
    """The line is gone: refused, closed by the peer, unplugged or interrupted."""


class ProtocolError(InstrumentError):
    """An answer that does not fit the manual of the device.

    Args:
        instrument: name of the device on the bench.
        message: what was asked and what came.
        reply: the answer as it came.
    """

    def __init__(self, instrument: str, message: str, *, reply: str | bytes = "") -> None:
        super().__init__(instrument, message)
        self.reply = reply


class DeviceFaultError(InstrumentError):
    """The device itself reports an error or an alarm.

    Args:
        instrument: name of the device on the bench.
        message: the words of the device, and what to do.
        code: number or name of the error in the manual of the device.
    """

    def __init__(self, instrument: str, message: str, *, code: int | str | None = None) -> None:
        super().__init__(instrument, message)
        self.code = code


class InterlockOpenError(DeviceFaultError):
    """The hardware interlock of the device is open: nothing is emitted or moved."""


class StalledError(DeviceFaultError):
    """A motor or a pump stalled."""
