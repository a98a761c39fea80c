"""Thorlabs SC10 shutter controller.

Sources: Thorlabs, SC10 operating manual, chapter "Remote communications"; echo and prompt as in
Micro-Manager's ThorlabsSC10 adapter. 9600 baud 8N1. There is no command to open or to close: one
command changes the one into the other, so that it is sent only when it is known what it does.
"""

import contextlib
import time

from instruments.driver import Identity
from instruments.errors import (
    DeviceFaultError,
    InterlockOpenError,
    LinkTimeoutError,
    ProtocolError,
)
from instruments.links import Link
from instruments.shutters.prompt import PromptInstrument

_MANUAL = 1
_ATTEMPTS = 3  # somebody may press the key of the controller between question and command
_LOOKS = 10
_LOOK_INTERVAL_S = 0.05


class ThorlabsSc10(PromptInstrument):
    """The controller with its shutter.

    Args:
        link: Serial or socket link; CR, echo and prompt.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link, family="SC10")
        link.on_reconnect = self._restore

    def _restore(self) -> None:
        if self._integer("mode?") != _MANUAL:  # it has lost its power, or somebody changed it
            self.prepare()

    def identify(self) -> Identity:
        """Return what the controller says it is; it has no word for its serial number."""
        text = self._identification("id?")
        _, _, firmware = text.rpartition(" ")
        return Identity(maker="Thorlabs", model="SC10", serial="", firmware=firmware)

    def prepare(self) -> None:
        """Close the shutter, and have it opened and closed by command only."""
        with self.link.exchange():
            self.close_shutter()
            self._setting("mode", _MANUAL)

    def is_open(self) -> bool:
        """Return whether the shutter is open, by the sensor in the shutter."""
        return not self._flag("closed?")

    def is_enabled(self) -> bool:
        """Return whether the controller wants the shutter open."""
        return self._flag("ens?")

    def is_interlock_open(self) -> bool:
        """Return whether the interlock has tripped."""
        return self._flag("interlock?")

    def open_shutter(self) -> None:
        """Open the shutter; nothing is sent when it is open.

        Raises:
            InterlockOpenError: The interlock is open; the shutter stays closed.
            DeviceFaultError: It did not open.
        """
        with self.link.exchange():
            if self.is_interlock_open():
                raise InterlockOpenError(
                    self.link.name, "the interlock is open; close it and open the shutter again"
                )
            self._bring(enabled=True)

    def close_shutter(self) -> None:
        """Close the shutter; nothing is sent when it is closed.

        Raises:
            DeviceFaultError: It did not close.
        """
        with self.link.exchange():
            self._bring(enabled=False)

    def _bring(self, *, enabled: bool) -> None:
        wanted = "open" if enabled else "closed"
        for _ in range(_ATTEMPTS):
            if self.is_enabled() == enabled:
                break
            # Whatever becomes of the answer, the next look tells what the command has done.
            with contextlib.suppress(LinkTimeoutError, ProtocolError):
                self._command("ens")
        else:
            if self.is_enabled() != enabled:
                raise DeviceFaultError(
                    self.link.name,
                    f"the enable does not stay {wanted} after {_ATTEMPTS} commands; is somebody "
                    "at the key of the controller?",
                )
        for look in range(_LOOKS):
            if self.is_open() == enabled:
                return
            if look < _LOOKS - 1:
                time.sleep(_LOOK_INTERVAL_S)
        raise DeviceFaultError(
            self.link.name,
            f"the shutter is not {wanted} though the controller has it so; check shutter and cable",
        )

    def make_safe(self) -> None:
        """Close the shutter and read back that it is closed.

        Raises:
            InstrumentError: It is not certain that it is.
        """
        with self.link.exchange(urgent=True):
            self._bring(enabled=False)
