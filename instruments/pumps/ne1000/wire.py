"""Questions and answers of one New Era pump, in either framing.

In basic mode a request is text with a return, in safe mode a packet with a CRC, and then the pump
stops by itself when it hears nothing for too long: the dead-man switch of a dispense. Only a pump
that is alone on its port uses it: the others of a chain would take its packets for commands.
"""

import logging

from instruments.errors import DeviceFaultError, LinkTimeoutError, ProtocolError, StalledError
from instruments.links import Link
from instruments.pumps.ne1000 import _codec
from instruments.pumps.ne1000._codec import Reply

_LOGGER = logging.getLogger(__name__)

_MAX_FRAME = 60
_MAX_STRAY_BYTES = 500
_DISARM_ATTEMPTS = 3  # an alarm eats one


class PumpWire:
    """The words of one pump.

    Args:
        link: Serial or socket link; a basic reply ends with ETX, a basic request with CR.
        address: Number of the pump on the chain, 0 to 99.

    Attributes:
        unreported_alarm: An alarm that was told once and that nobody has been told of.
        is_armed: The pump is in safe mode and stops when it hears nothing.
    """

    def __init__(self, link: Link, address: int) -> None:
        self.link = link
        self.unreported_alarm = ""
        self.is_armed = False
        self._address = address
        link.resync = self._resynchronise

    # -- exchanges ---------------------------------------------------------------------------

    def raw(self, command: str) -> Reply:
        """Exchange without judging; an alarm in the reply is kept until it is reported.

        Args:
            command: Command with its data, "" asks for the status only.

        Raises:
            ProtocolError: The reply is none, or comes from another pump only.
        """
        with self.link.exchange():
            self._send(command)
            reply = self._reply_to(command)
            if reply.alarm:
                self.unreported_alarm = reply.alarm
                if self.is_armed:
                    # It may have come unasked, and the reply proper be still on its way.
                    self.link.flush_read_buffer()
        return reply

    def ask(self, command: str) -> Reply:
        """Exchange, and raise what the pump reports.

        Args:
            command: Command with its data.

        Raises:
            DeviceFaultError: An alarm, or the pump refuses.
        """
        reply = self.raw(command)
        self.report_alarm(f"{command or 'status'!r} was not carried out")
        if reply.error_text:
            raise DeviceFaultError(
                self.link.name, f"{command!r} was refused: {reply.error_text}", code=reply.data
            )
        return reply

    def report_alarm(self, context: str) -> None:
        """Raise an alarm that was kept.

        Args:
            context: When it came, for the message.

        Raises:
            StalledError: The motor stalled.
            DeviceFaultError: Another alarm.
        """
        alarm, self.unreported_alarm = self.unreported_alarm, ""
        if not alarm:
            return
        kind = StalledError if alarm == "S" else DeviceFaultError
        raise kind(
            self.link.name,
            f"alarm {alarm}: {_codec.ALARM_TEXTS[alarm]}; {context}; look at the pump and the "
            "syringe, then start again",
            code=alarm,
        )

    # -- the dead-man switch -----------------------------------------------------------------

    def arm(self, timeout_s: int) -> None:
        """Let the pump stop by itself when it hears nothing for a time.

        A firmware that has no safe mode is left without; that is logged.

        Args:
            timeout_s: 1 to 255 s.
        """
        with self.link.exchange():
            reply = self.raw(f"SAF{timeout_s}")
            self.report_alarm("the dead-man switch was not armed")
            self.is_armed = not reply.error_text
        if reply.error_text:
            _LOGGER.warning(
                "%s: has no dead-man switch (%s): it pumps on to its volume if this program ends",
                self.link.name,
                reply.error_text,
            )

    def disarm(self) -> None:
        """Bring the pump back to basic mode, in which it may be silent for ever."""
        if not self.is_armed:
            return
        with self.link.exchange():
            for _ in range(_DISARM_ATTEMPTS):
                if not self.raw("SAF0").alarm:
                    break
            self.is_armed = False

    # -- frames ------------------------------------------------------------------------------

    def _send(self, command: str) -> None:
        text = _codec.encode(self._address, command)
        if self.is_armed:
            self.link.write_bytes(_codec.encode_safe(text.encode("ascii")))
        else:
            self.link.write(text)

    def _reply_to(self, command: str) -> Reply:
        """Return the reply of this pump; a late one of another pump on the chain is left out."""
        stranger: int | None = None
        while True:
            try:
                frame = self._read_frame()
            except LinkTimeoutError as error:
                if stranger is None:
                    raise
                raise ProtocolError(
                    self.link.name,
                    f"{command!r} to pump {self._address} was answered by pump {stranger}; check "
                    "the addresses set at the pumps",
                ) from error
            try:
                reply = _codec.decode_any(frame)
            except _codec.FrameError as error:
                raise ProtocolError(self.link.name, f"{command!r}: {error}", reply=frame) from error
            if reply.address == self._address:
                return reply
            stranger = reply.address
            _LOGGER.debug("%s: passed over %r", self.link.name, frame)

    def _read_frame(self) -> bytes:
        """Return a reply in whichever framing it comes."""
        start = self.link.read_bytes(2)
        if start[:1] != _codec.STX:
            rest = self.link.read_bytes(_MAX_FRAME, break_on_termchar=True)
            raise ProtocolError(
                self.link.name, f"a reply begins with {start + rest!r}", reply=start + rest
            )
        if _codec.is_length(start[1]):
            return start + self.link.read_bytes(start[1] - 1)
        return start + self.link.read_bytes(_MAX_FRAME, break_on_termchar=True)

    # -- after an error ----------------------------------------------------------------------

    def _resynchronise(self) -> None:
        try:
            self._synchronise()
            return
        except LinkTimeoutError:
            # It may have been switched off and be in basic mode, or another program may have left
            # it in safe mode, where it is deaf to basic commands. A pump in basic mode takes the
            # packet, with the return, for an unknown command.
            self.is_armed = False
        for unanswered in (_codec.LEAVE_SAFE_MODE, b"\r"):
            self.link.write_bytes(unanswered)
            self.link.flush_read_buffer()
        self._synchronise()

    def _synchronise(self) -> None:
        """Ask for the version, and throw away all that comes until the answer to it."""
        with self.link.exchange():
            self._send("VER")
            window = b""
            for _ in range(_MAX_STRAY_BYTES):
                window += self.link.read_bytes(1)
                if self._ends_with_version(window):
                    self.link.flush_read_buffer()
                    return
        raise ProtocolError(self.link.name, f"talks but does not answer 'VER': {window[-60:]!r}")

    def _ends_with_version(self, window: bytes) -> bool:
        if not window.endswith(_codec.ETX):
            return False
        for start in range(len(window) - 1, -1, -1):
            if window[start : start + 1] != _codec.STX:
                continue
            try:
                reply = _codec.decode_any(window[start:])
            except _codec.FrameError:
                continue
            if reply.address != self._address:
                return False
            if reply.alarm:  # it comes in place of the version, and must be reported by somebody
                self.unreported_alarm = reply.alarm
                return True
            return _codec.parse_version(reply.data) is not None
        return False
