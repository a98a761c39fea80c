"""New Era pump frames, numbers and units as text.

Source: New Era Pump Systems, NE-1000 user manual, publication 1200-01, sections on RS-232
communications, basic and safe mode (pp. 33-34). This is the one place where microlitres and
microlitres per minute become the pump's units. Nothing in this file touches a link or a clock.
"""

import binascii
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum

STX = b"\x02"
ETX = b"\x03"

LEAVE_SAFE_MODE = b"\x02\x08SAF0\x55\x43\x03"
"""The packet that returns any pump to basic mode (manual's own example)."""

_REPLY = re.compile(
    r"\x02(?P<address>\d\d)(?:A\?(?P<alarm>[RSTEO])|(?P<status>[IWSPTUX]))(?P<data>[^\x02\x03]*)\x03",
    re.DOTALL,
)
_QUANTITY = re.compile(r"(?P<number>\d*\.?\d*)(?P<unit>[A-Z]{2})")
_DISPENSED = re.compile(r"I(?P<infused>[\d.]+)W(?P<withdrawn>[\d.]+)(?P<unit>UL|ML)")

_VERSION = re.compile(r"(?P<model>[A-Z]{2}\d+\w*?)V(?P<firmware>\d+\.\d+)")
_SHORTEST_PACKET = 4  # length, two bytes of CRC, ETX

_MAX_DIGITS = 4
_MAX_DECIMALS = 3
_FOUR_DIGITS = Decimal("5e-4")  # the relative error of a number rounded to four digits


class FrameError(ValueError):
    """Bytes that are not a reply of this protocol."""


class PumpStatus(Enum):
    """The status prompt in every reply."""

    INFUSING = "I"
    WITHDRAWING = "W"
    STOPPED = "S"
    PAUSED = "P"
    TIMED_PAUSE = "T"
    WAITING_FOR_TRIGGER = "U"
    PURGING = "X"
    ALARM = "A"

    @property
    def is_moving(self) -> bool:
        """Whether the plunger moves, or will move by itself."""
        return self not in (PumpStatus.STOPPED, PumpStatus.PAUSED, PumpStatus.ALARM)


ALARM_TEXTS = {
    "R": "the pump was reset (its power was interrupted)",
    "S": "the motor stalled",
    "T": "the safe-mode time-out stopped the pump",
    "E": "the pumping program has an error",
    "O": "the pumping program's phase is out of range",
}

ERROR_TEXTS = {
    "?": "the command is not known to this pump",
    "?NA": "the command is not applicable now",
    "?OOR": "the value is out of range",
    "?COM": "the packet was invalid",
    "?IGN": "the command was ignored because a new phase started at that moment",
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One reply of the pump.

    Attributes:
        address: Pump on the chain, 0 to 99.
        status: The prompt; ``ALARM`` when the reply carries an alarm instead.
        alarm: Key of ``ALARM_TEXTS``, or "" for none.
        data: What was asked for, or an error code.
    """

    address: int
    status: PumpStatus
    alarm: str = ""
    data: str = ""

    @property
    def alarm_text(self) -> str:
        """What the alarm means, "" for none."""
        return ALARM_TEXTS.get(self.alarm, "")

    @property
    def error_text(self) -> str:
        """What the error code means, "" when the data is no error code."""
        if not self.data.startswith("?"):
            return ""
        return ERROR_TEXTS.get(self.data, f"unlisted error {self.data}")


def encode(address: int, command: str) -> str:
    """Return a basic-mode request without the carriage return that ends it.

    Args:
        address: Pump on the chain, 0 to 99.
        command: Command with its data, "" asks for the status only.
    """
    return f"{address}{command}"


def decode(frame: bytes) -> Reply:
    """Read a basic-mode reply.

    Args:
        frame: From STX to ETX inclusive.

    Raises:
        FrameError: The bytes are no reply.
    """
    match = _REPLY.fullmatch(frame.decode("ascii", errors="replace"))
    if match is None:
        raise FrameError(f"no reply of this pump: {frame!r}")
    alarm = match["alarm"] or ""
    status = PumpStatus.ALARM if alarm else PumpStatus(match["status"])
    return Reply(
        address=int(match["address"]), status=status, alarm=alarm, data=match["data"].strip()
    )


def encode_safe(data: bytes) -> bytes:
    """Return a safe-mode packet: STX, length, data, CRC-16/XMODEM, ETX.

    Args:
        data: At most 251 bytes.
    """
    if len(data) > 251:
        raise ValueError(f"a safe-mode packet holds at most 251 bytes, got {len(data)}")
    crc = binascii.crc_hqx(data, 0).to_bytes(2, "big")
    return STX + bytes([len(data) + 4]) + data + crc + ETX


def decode_safe(frame: bytes) -> bytes:
    """Return the data of a safe-mode packet.

    Raises:
        FrameError: Length, CRC or end byte do not fit.
    """
    if len(frame) < 5 or frame[:1] != STX or frame[-1:] != ETX or frame[1] != len(frame) - 1:
        raise FrameError(f"no safe-mode packet: {frame!r}")
    data, received = frame[2:-3], frame[-3:-1]
    expected = binascii.crc_hqx(data, 0).to_bytes(2, "big")
    if received != expected:
        raise FrameError(f"CRC is {received.hex()}, the bytes give {expected.hex()}")
    return data


def is_length(byte: int) -> bool:
    """Return whether the second byte of a reply is the length of a safe-mode packet.

    In basic mode it is the first digit of an address, and no packet of a pump is that long.

    Args:
        byte: The byte after STX.
    """
    return _SHORTEST_PACKET <= byte < ord("0")


def decode_any(frame: bytes) -> Reply:
    """Read a reply in either framing.

    Args:
        frame: From STX to ETX inclusive.

    Raises:
        FrameError: The bytes are no reply.
    """
    if len(frame) > 1 and is_length(frame[1]):
        return decode(STX + decode_safe(frame) + ETX)
    return decode(frame)


def parse_version(text: str) -> tuple[str, str] | None:
    """Return model and firmware from an answer to VER such as ``NE1000V3.923``.

    Pumps of the same make under another brand begin with other letters.

    Args:
        text: The data of the answer.

    Returns:
        ``None`` when it is no such answer.
    """
    match = _VERSION.fullmatch(text)
    return None if match is None else (match["model"], match["firmware"])


def format_number(value: float) -> str:
    """Return a number as the pump takes it: at most 4 digits and 3 decimals, rounded.

    Args:
        value: From 0 to 9999.

    Raises:
        ValueError: The number does not fit, or would become zero by rounding.
    """
    exact = Decimal(repr(float(value)))
    if not exact.is_finite() or exact < 0:
        raise ValueError(f"the pump takes no number like {value!r}")
    for decimals in range(_MAX_DECIMALS, -1, -1):
        rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
        whole_digits = len(str(int(rounded)))
        if whole_digits + decimals <= _MAX_DIGITS:
            if rounded == 0 and exact != 0:
                raise ValueError(f"{value!r} is too small for a number with 3 decimals")
            return str(rounded)
    raise ValueError(f"{value!r} has more than 4 digits before the point")


class RateUnit(Enum):
    """Units of a rate; the value is the pump's own code."""

    UL_MIN = "UM"
    ML_MIN = "MM"
    UL_H = "UH"
    ML_H = "MH"


_RATE_UNIT_UL_H = {
    RateUnit.UL_MIN: Decimal(60),
    RateUnit.ML_MIN: Decimal(60_000),
    RateUnit.UL_H: Decimal(1),
    RateUnit.ML_H: Decimal(1000),
}


class VolumeUnit(Enum):
    """Units of a volume; the value is the pump's own code."""

    UL = "UL"
    ML = "ML"


_VOLUME_UNIT_UL = {VolumeUnit.UL: Decimal(1), VolumeUnit.ML: Decimal(1000)}


def format_rate(rate_ul_min: float) -> str:
    """Return a rate in the first unit that keeps four digits of it, such as ``50.00UM``.

    Args:
        rate_ul_min: Microlitres per minute, above 0.

    Raises:
        ValueError: No unit can hold the number.
    """
    exact_ul_h = Decimal(repr(float(rate_ul_min))) * 60
    best: tuple[Decimal, str] | None = None
    for unit, unit_ul_h in _RATE_UNIT_UL_H.items():
        try:
            text = format_number(float(exact_ul_h / unit_ul_h))
        except ValueError:
            continue
        error = abs(Decimal(text) * unit_ul_h - exact_ul_h)
        if error <= exact_ul_h * _FOUR_DIGITS:
            return text + unit.value
        if best is None or error < best[0]:
            best = (error, text + unit.value)
    if best is None:
        raise ValueError(f"no unit of the pump can hold {rate_ul_min!r} uL/min")
    return best[1]


def parse_rate_ul_min(text: str) -> float:
    """Return a rate such as ``8.342MM`` in microlitres per minute.

    Raises:
        FrameError: The text is no rate.
    """
    number, unit = _split_quantity(text)
    try:
        return float(number * _RATE_UNIT_UL_H[RateUnit(unit)] / 60)
    except ValueError as error:
        raise FrameError(f"no unit of a rate: {text!r}") from error


def format_volume(volume_ul: float, unit: VolumeUnit) -> str:
    """Return a volume as the number that means it in the given unit.

    Args:
        volume_ul: Microlitres, above 0.
        unit: The unit the pump is set to.

    Raises:
        ValueError: The unit cannot hold the number.
    """
    return format_number(float(Decimal(repr(float(volume_ul))) / _VOLUME_UNIT_UL[unit]))


def best_volume_unit(volume_ul: float) -> VolumeUnit:
    """Return the unit that keeps most digits of a volume.

    Args:
        volume_ul: Microlitres, above 0.
    """
    return VolumeUnit.UL if volume_ul < 9999.5 else VolumeUnit.ML


def parse_volume_ul(text: str) -> tuple[float, VolumeUnit]:
    """Return a volume such as ``0.050ML`` in microlitres, and the unit it came in.

    Raises:
        FrameError: The text is no volume.
    """
    number, unit = _split_quantity(text)
    try:
        volume_unit = VolumeUnit(unit)
    except ValueError as error:
        raise FrameError(f"no unit of a volume: {text!r}") from error
    return float(number * _VOLUME_UNIT_UL[volume_unit]), volume_unit


@dataclass(frozen=True, kw_only=True)
class Dispensed:
    """What the pump has counted.

    Attributes:
        infused_ul: Infused since the counter was cleared, microlitres.
        withdrawn_ul: Withdrawn since the counter was cleared, microlitres.
        resolution_ul: What the last digit of the smaller of the two numbers is worth.
    """

    infused_ul: float
    withdrawn_ul: float
    resolution_ul: float


def parse_dispensed(text: str) -> Dispensed:
    """Read the answer to DIS, such as ``I1.250W0.000ML``.

    Raises:
        FrameError: The text is no such answer.
    """
    match = _DISPENSED.fullmatch(text)
    if match is None:
        raise FrameError(f"no dispensed volumes: {text!r}")
    scale = _VOLUME_UNIT_UL[VolumeUnit(match["unit"])]
    infused, withdrawn = Decimal(match["infused"]), Decimal(match["withdrawn"])
    steps = [Decimal(1).scaleb(int(n.as_tuple().exponent)) for n in (infused, withdrawn)]
    return Dispensed(
        infused_ul=float(infused * scale),
        withdrawn_ul=float(withdrawn * scale),
        resolution_ul=float(max(steps) * scale),
    )


def _split_quantity(text: str) -> tuple[Decimal, str]:
    match = _QUANTITY.fullmatch(text)
    if match is None or not any(c.isdigit() for c in match["number"]):
        raise FrameError(f"no number with a unit: {text!r}")
    return Decimal(match["number"]), match["unit"]
