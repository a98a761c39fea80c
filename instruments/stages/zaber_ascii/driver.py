"""Zaber stages that speak the ASCII protocol.

Source: Zaber ASCII Protocol Manual, firmware 7. The wire knows whole microsteps only; this file is
the one place where they become millimetres.
"""

import math
import time

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError, StalledError
from instruments.links import Link
from instruments.stages.axis import AxisMotion
from instruments.stages.zaber_ascii import _codec
from instruments.stages.zaber_ascii._codec import Reply

_UM_PER_MM = 1000.0
_MAXSPEED_FACTOR = 1.6384  # maxspeed is microsteps per second times this
_MAX_UNASKED_LINES = 20
_RESYNC_ID = 99  # no other command carries it
_STOP_TIMEOUT_S = 2.0
_POLL_INTERVAL_S = 0.05
_UNKNOWN_MOVE_S = 120.0


class ZaberStage(LinkedInstrument):
    """A device on a chain with its axes, and axes of its neighbours that belong to the same stage.

    Args:
        link: Serial or socket link, LF written, LF read.
        device_number: Number of the device on the chain, 1 to 99, that says what the stage is.
    """

    def __init__(self, link: Link, *, device_number: int = 1) -> None:
        super().__init__(link)
        self._device = device_number
        self._message_id = 0
        self._sends_checksums = False
        self._axes: list[ZaberAxis] = []
        link.resync = self._resynchronise

    def add_axis(
        self,
        number: int,
        *,
        name: str,
        microstep_um: float,
        limits_mm: tuple[float, float],
        device: int | None = None,
    ) -> "ZaberAxis":
        """Return an axis of this stage.

        Args:
            number: 1 to 9.
            name: What the axis is called in messages.
            microstep_um: Length of a microstep.
            limits_mm: Lowest and highest position that may be asked for.
            device: Number of the device on the chain that it belongs to, by default the stage's.
        """
        axis = ZaberAxis(
            self,
            number,
            name=name,
            microstep_um=microstep_um,
            limits_mm=limits_mm,
            device=self._device if device is None else device,
        )
        self._axes.append(axis)
        return axis

    def _resynchronise(self) -> None:
        question = _codec.encode(self._device, 0, _RESYNC_ID)
        self.link.synchronise(question, self._is_resync_answer)

    def _is_resync_answer(self, line: str) -> bool:
        try:
            return _codec.decode(line).message_id == _RESYNC_ID
        except _codec.FrameError:
            return False

    def command(self, axis: int, command: str = "", *, device: int | None = None) -> Reply:
        """Send a command and return the reply to it.

        Args:
            axis: Number of the axis, 0 for the device.
            command: What to do, "" asks for the status.
            device: Number of the device on the chain, by default the stage's.

        Raises:
            ProtocolError: The reply is for another command, or no reply.
            DeviceFaultError: The device rejected the command.
        """
        number = self._device if device is None else device
        with self.link.exchange():
            message_id, self._message_id = self._message_id, (self._message_id + 1) % _RESYNC_ID
            self.link.write(_codec.encode(number, axis, message_id, command))
            reply = self._read_reply(command)
            if reply.message_id not in (None, message_id) or reply.device != number:
                raise ProtocolError(
                    self.link.name,
                    f"{command or 'status'!r} with id {message_id} to device {number} was "
                    f"answered with id {reply.message_id} by device {reply.device}",
                )
        if not reply.accepted:
            raise DeviceFaultError(
                self.link.name,
                f"{command or 'status'!r} on axis {axis} was rejected: {reply.reject_text}",
                code=reply.data,
            )
        return reply

    def _read_reply(self, command: str) -> Reply:
        """Return the next reply; alerts and information may come before it unasked."""
        for _ in range(_MAX_UNASKED_LINES):
            line = self.link.read()
            try:
                reply = _codec.decode(line)
            except _codec.FrameError as error:
                raise ProtocolError(self.link.name, f"{command!r}: {error}") from error
            if reply.kind != "@":
                continue
            # A device that sends checksums sends them always: without one, the mark of the
            # checksum itself was garbled, perhaps into one more digit.
            if self._sends_checksums and not reply.has_checksum:
                raise ProtocolError(
                    self.link.name, f"{command!r} was answered without a checksum: {line!r}"
                )
            self._sends_checksums = reply.has_checksum
            return reply
        raise ProtocolError(
            self.link.name, f"{command!r}: {_MAX_UNASKED_LINES} lines and no reply among them"
        )

    def integer(self, axis: int, command: str, *, device: int | None = None) -> int:
        """Return the whole number that a ``get`` command is answered with.

        Args:
            axis: Number of the axis, 0 for the device.
            command: The command.
            device: Number of the device on the chain, by default the stage's.
        """
        data = self.command(axis, command, device=device).data
        try:
            return _codec.parse_position(data)
        except _codec.FrameError as error:
            raise ProtocolError(self.link.name, f"{command!r}: {error}") from error

    def identify(self) -> Identity:
        """Return what the device says it is."""
        with self.link.exchange():
            return Identity(
                maker="Zaber",
                model=f"device id {self.integer(0, 'get device.id')}",
                serial=str(self.integer(0, "get system.serial")),
                firmware=self.command(0, "get version").data,
            )

    def make_safe(self) -> None:
        """Stop every axis and read back that all stand still.

        Raises:
            DeviceFaultError: An axis still moves after 2 s.
        """
        for axis in self._axes:
            axis.stop()


class ZaberAxis:
    """One axis; made by :meth:`ZaberStage.add_axis`.

    Args:
        stage: The device.
        number: Number of the axis.
        name: What the axis is called in messages.
        microstep_um: Length of a microstep.
        limits_mm: Lowest and highest position that may be asked for.
        device: Number of the device on the chain that it belongs to.
    """

    def __init__(
        self,
        stage: ZaberStage,
        number: int,
        *,
        name: str,
        microstep_um: float,
        limits_mm: tuple[float, float],
        device: int,
    ) -> None:
        self._stage = stage
        self._device = device
        self._number = number
        self.name = name
        self._microstep_um = microstep_um
        self.limits_mm = limits_mm
        self.speed_mm_s = math.nan

    @property
    def link(self) -> Link:
        """The line to the stage."""
        return self._stage.link

    @property
    def _label(self) -> str:
        return f"{self._stage.link.name} axis {self.name}"

    @property
    def resolution_mm(self) -> float:
        """Length of a microstep in millimetres."""
        return self._microstep_um / _UM_PER_MM

    def _command(self, command: str = "") -> Reply:
        return self._stage.command(self._number, command, device=self._device)

    def _integer(self, command: str) -> int:
        return self._stage.integer(self._number, command, device=self._device)

    def _to_microsteps(self, position_mm: float) -> int:
        return round(position_mm * _UM_PER_MM / self._microstep_um)

    def _to_mm(self, microsteps: int) -> float:
        return microsteps * self._microstep_um / _UM_PER_MM

    def prepare(self) -> None:
        """Read speed and travel; the limits in use are the narrower of the file's and the device's.

        Raises:
            LimitError: The bench file allows nothing of the travel of the device.
        """
        with self._stage.link.exchange():
            low = self._to_mm(self._integer("get limit.min"))
            high = self._to_mm(self._integer("get limit.max"))
            speed = self._integer("get maxspeed")
        self.speed_mm_s = self._to_mm(1) * speed / _MAXSPEED_FACTOR
        wanted_low, wanted_high = self.limits_mm
        if max(low, wanted_low) >= min(high, wanted_high):
            raise LimitError(
                self._label,
                f"the device travels {low:g} to {high:g} mm, the bench file allows "
                f"{wanted_low:g} to {wanted_high:g} mm; check microstep_um",
            )
        self.limits_mm = (max(low, wanted_low), min(high, wanted_high))

    def position_mm(self) -> float:
        """Return the position in mm; without a reference it is a number without meaning."""
        return self._to_mm(self._integer("get pos"))

    def is_homed(self) -> bool:
        """Return whether the axis knows where it is."""
        return not _codec.NO_REFERENCE_FLAGS.intersection(self._warnings())

    def _warnings(self, *, clear: bool = False) -> tuple[str, ...]:
        command = "warnings clear" if clear else "warnings"
        data = self._command(command).data
        try:
            return _codec.parse_warnings(data)
        except _codec.FrameError as error:
            raise ProtocolError(self._label, f"{command!r}: {error}") from error

    def check_position_mm(self, position_mm: float) -> None:
        """Check a position against the limits.

        Args:
            position_mm: The position.

        Raises:
            LimitError: Outside.
        """
        low_mm, high_mm = self.limits_mm
        # Half a microstep: an end of travel that the device rounds must stay within reach.
        slack_mm = self.resolution_mm / 2
        if not low_mm - slack_mm <= position_mm <= high_mm + slack_mm:
            raise LimitError(
                self._label,
                f"position must be {low_mm:g} to {high_mm:g} mm, asked for {position_mm!r}",
                value=position_mm,
                unit="mm",
                limits=self.limits_mm,
            )

    def move_timeout_s(self, position_mm: float) -> float:
        """Return how long a move to a position may take from the other end of the travel.

        Args:
            position_mm: Where to.
        """
        low_mm, high_mm = self.limits_mm
        way_mm = max(position_mm - low_mm, high_mm - position_mm)
        if not self.speed_mm_s > 0:  # not read yet
            return _UNKNOWN_MOVE_S
        return way_mm / self.speed_mm_s * 2 + 5.0

    def start_move_to_mm(self, position_mm: float) -> None:
        """Start a move; :meth:`motion` tells when it is over.

        Args:
            position_mm: Where to, within the limits.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The axis has no reference position, or rejects the move.
        """
        self.check_position_mm(position_mm)
        with self._stage.link.exchange():
            # What is cleared here belongs to earlier moves; a missing reference stays.
            missing = _codec.NO_REFERENCE_FLAGS.intersection(self._warnings(clear=True))
            if missing:
                flags = ", ".join(_codec.describe_warning(flag) for flag in sorted(missing))
                raise DeviceFaultError(
                    self._label,
                    f"is not homed, {flags}, so it cannot move to {position_mm:g} mm; make sure "
                    f"that nothing is in its way and home it: {self.name}.home()",
                    code=min(missing),
                )
            self._command(f"move abs {self._to_microsteps(position_mm)}")

    def start_home(self) -> None:
        """Start the search for the reference position; :meth:`motion` tells when it is over."""
        self._command("home")

    def motion(self) -> AxisMotion:
        """Return whether the axis moves.

        Raises:
            StalledError: The axis stalled.
            DeviceFaultError: The axis reports another fault.
        """
        reply = self._command()
        if reply.warning in _codec.STALL_FLAGS:
            raise StalledError(
                self._label,
                f"reports {reply.warning_text}; remove what is in its way and home it",
                code=reply.warning,
            )
        if reply.warning.startswith("F"):
            raise DeviceFaultError(self._label, f"reports {reply.warning_text}", code=reply.warning)
        return AxisMotion(is_moving=reply.busy, warning=reply.warning_text)

    def stop(self) -> None:
        """Stop and read back that the axis stands still.

        Raises:
            DeviceFaultError: It still moves after 2 s.
        """
        deadline_s = time.monotonic() + _STOP_TIMEOUT_S
        with self._stage.link.exchange(urgent=True):
            self._command("stop")
        while self._command().busy:
            if time.monotonic() > deadline_s:
                raise DeviceFaultError(
                    self._label, f"still moves {_STOP_TIMEOUT_S:g} s after 'stop'; cut its power"
                )
            time.sleep(_POLL_INTERVAL_S)
