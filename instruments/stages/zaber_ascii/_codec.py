"""Zaber ASCII protocol lines: commands, replies and flags.

Source: Zaber, ASCII Protocol Manual (command and reply formats, checksum, warning flags), and the
public documentation of Zaber Motion Library 10.3. Nothing in this file touches a link or a clock.
"""

import re
from dataclasses import dataclass

_REPLY = re.compile(
    r"(?P<kind>[@#!])(?P<device>\d{2}) (?P<axis>\d)(?: (?P<id>\d{2})(?= ))? ?(?P<rest>.*)"
)
_STATE = re.compile(
    r"(?:(?P<verdict>OK|RJ) )?(?P<motion>IDLE|BUSY) (?P<flag>--|[A-Z]{2})(?: (?P<data>.*))?"
)
_CHECKSUM = re.compile(r"(?P<body>.*):(?P<sum>[0-9A-Fa-f]{2})")

WARNING_TEXTS = {
    "FF": "critical system error",
    "FN": "peripheral not supported",
    "FZ": "peripheral inactive",
    "FH": "hardware emergency stop",
    "FV": "over- or undervoltage",
    "FO": "driver disabled without a fault",
    "FC": "current inrush error",
    "FM": "motor temperature too high",
    "FD": "driver disabled",
    "FQ": "encoder error",
    "FI": "index error",
    "FA": "analog encoder synchronisation error",
    "FR": "overdrive limit exceeded",
    "FS": "stalled and stopped",
    "FB": "stream bounds error",
    "FP": "path deviation",
    "FE": "limit error",
    "FT": "excessive twist",
    "WL": "unexpected limit trigger",
    "WV": "voltage out of range",
    "WT": "controller temperature too high",
    "WS": "stalled, with recovery",
    "WM": "displaced when stationary",
    "WP": "invalid calibration",
    "WR": "no reference position",
    "WH": "device not homed",
    "NC": "manual control",
    "NI": "movement interrupted",
    "ND": "stream discontinuity",
    "NR": "value was rounded",
    "NT": "value was truncated",
    "NU": "setting update pending",
    "NJ": "joystick calibrating",
    "NB": "firmware update needed",
}

NO_REFERENCE_FLAGS = frozenset({"WR", "WH"})
"""Flags that say that the position is not known until the axis is homed."""

STALL_FLAGS = frozenset({"FS", "WS"})
"""Flags that say that the axis could not move as asked."""

REJECT_TEXTS = {
    "BADAXIS": "there is no such axis",
    "BADCOMMAND": "the command is not known or not complete",
    "BADDATA": "the value is out of range",
    "AGAIN": "the command cannot be processed right now",
    "BADMESSAGEID": "the message id is not valid",
    "DEVICEONLY": "the command is for the device, not for one axis",
    "FULL": "the device has no room for it",
    "LOCKSTEP": "the axis is part of a lockstep group",
    "NOACCESS": "the access level does not allow it",
    "PARKED": "the axis is parked",
    "STATUSBUSY": "the axis is moving and cannot do it now",
    "DRIVERDISABLED": "the motor driver is disabled",
}


class FrameError(ValueError):
    """A line that is no reply of this protocol."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One line from the controller.

    Attributes:
        kind: ``@`` a reply, ``#`` information, ``!`` an alert.
        device: Number of the device on the chain.
        axis: Number of the axis, 0 for the device.
        message_id: What the command carried, or ``None``.
        accepted: Whether the command was accepted (true for information and alerts).
        busy: Whether the axis, or any axis, moves.
        warning: Flag of highest priority, "" for none.
        data: What was asked for, or the reason of a rejection.
        has_checksum: Whether a checksum came with it, and was right.
    """

    kind: str
    device: int
    axis: int
    message_id: int | None = None
    accepted: bool = True
    busy: bool = False
    warning: str = ""
    data: str = ""
    has_checksum: bool = False

    @property
    def reject_text(self) -> str:
        """Why the command was rejected, "" when it was accepted."""
        return "" if self.accepted else REJECT_TEXTS.get(self.data, f"reason {self.data!r}")

    @property
    def warning_text(self) -> str:
        """What the warning flag means, "" for none."""
        return describe_warning(self.warning) if self.warning else ""


def describe_warning(flag: str) -> str:
    """Return a flag with its meaning, such as ``FS (stalled and stopped)``.

    Args:
        flag: Two letters.
    """
    return f"{flag} ({WARNING_TEXTS.get(flag, 'unlisted warning')})"


def checksum(content: str) -> int:
    """Return the two's complement of the byte sum, modulo 256.

    Args:
        content: Everything between the first character and the colon.
    """
    return -sum(content.encode("ascii")) & 0xFF


def encode(device: int, axis: int, message_id: int, command: str = "") -> str:
    """Return a command line without its line end.

    Args:
        device: Number of the device, 0 for all.
        axis: Number of the axis, 0 for all.
        message_id: 0 to 99.
        command: What to do, "" asks for the status.
    """
    content = f"{device} {axis} {message_id:02d}"
    if command:
        content += f" {command}"
    return f"/{content}:{checksum(content):02X}"


def decode(line: str) -> Reply:
    """Read a line, with or without message id and checksum.

    Args:
        line: The line without its line end.

    Raises:
        FrameError: The line is no reply, or its checksum is wrong.
    """
    line = line.strip()
    protected = _CHECKSUM.fullmatch(line)
    if protected is not None:
        line = protected["body"]
        expected = checksum(line[1:]) if line.isascii() else -1
        if int(protected["sum"], 16) != expected:
            raise FrameError(
                f"checksum is {protected['sum']}, the line gives {expected:02X}: {line!r}"
            )
    match = _REPLY.fullmatch(line)
    if match is None:
        raise FrameError(f"no line of this protocol: {line!r}")
    kind, rest = match["kind"], match["rest"].strip()
    message_id = None if match["id"] is None else int(match["id"])
    device, axis = int(match["device"]), int(match["axis"])
    if kind == "#":
        return Reply(
            kind=kind,
            device=device,
            axis=axis,
            message_id=message_id,
            data=rest,
            has_checksum=protected is not None,
        )
    state = _STATE.fullmatch(rest)
    if state is None or (kind == "@") != (state["verdict"] is not None):
        raise FrameError(f"no line of this protocol: {line!r}")
    return Reply(
        kind=kind,
        device=device,
        axis=axis,
        message_id=message_id,
        accepted=state["verdict"] != "RJ",
        busy=state["motion"] == "BUSY",
        warning="" if state["flag"] == "--" else state["flag"],
        data=state["data"] or "",
        has_checksum=protected is not None,
    )


def parse_warnings(data: str) -> tuple[str, ...]:
    """Return the flags in the answer to ``warnings``, such as ``02 WR WH``.

    Raises:
        FrameError: The count and the flags do not fit.
    """
    words = data.split()
    if not words or not words[0].isdigit() or int(words[0]) != len(words) - 1:
        raise FrameError(f"no list of warnings: {data!r}")
    return tuple(words[1:])


def parse_position(data: str) -> int:
    """Return a position in microsteps.

    Raises:
        FrameError: The data is no whole number.
    """
    try:
        return int(data)
    except ValueError as error:
        raise FrameError(f"no position in microsteps: {data!r}") from error
