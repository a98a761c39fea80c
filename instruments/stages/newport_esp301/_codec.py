"""Newport ESP301 answers and numbers as text.

Source: Newport, ESP300 and ESP301 user's manuals, chapter "Remote mode" (command and error formats)
and appendix "Error messages". Nothing in this file touches a link or a clock.
"""

import math
import re
from dataclasses import dataclass

MILLIMETRES = 2
"""Code of the unit mm in the answer to ``SN?``."""

UNIT_NAMES = (
    "encoder count",
    "motor step",
    "mm",
    "um",
    "inch",
    "milli-inch",
    "micro-inch",
    "degree",
    "gradian",
    "radian",
    "milliradian",
    "microradian",
)

_DECIMALS = 6  # a nanometre
_ERROR = re.compile(r"\s*(?P<code>\d{1,3})\s*,\s*(?P<cycles>\d+)\s*,\s*(?P<text>.*?)\s*")
_FOLLOWING_ERROR = 3
_EMERGENCY_STOP, _CABLE_INTERLOCK = 4, 8
_DIGITAL_INTERLOCK = 29
_FIRST_AXIS_ERROR = 100


class FrameError(ValueError):
    """A line that is no answer of this protocol."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The oldest error that the controller has not told yet.

    Attributes:
        code: 0 for none; from 100 on the hundreds are the axis.
        cycles: Servo cycles since the controller was switched on.
        text: The controller's own words.
    """

    code: int
    cycles: int
    text: str

    @property
    def axis(self) -> int:
        """Number of the axis, 0 for the controller."""
        return self.code // _FIRST_AXIS_ERROR

    @property
    def is_stall(self) -> bool:
        """Whether an axis could not follow."""
        return self.axis > 0 and self.code % _FIRST_AXIS_ERROR == _FOLLOWING_ERROR

    @property
    def is_interlock(self) -> bool:
        """Whether an emergency stop or an interlock has stopped the motors."""
        if self.axis:
            return self.code % _FIRST_AXIS_ERROR == _DIGITAL_INTERLOCK
        return self.code in (_EMERGENCY_STOP, _CABLE_INTERLOCK)


def parse_report(line: str) -> Report:
    """Read the answer to ``TB?``, such as ``0, 451322, NO ERROR DETECTED``.

    Raises:
        FrameError: The line is no such answer.
    """
    match = _ERROR.fullmatch(line)
    if match is None:
        raise FrameError(f"no error report: {line!r}")
    return Report(code=int(match["code"]), cycles=int(match["cycles"]), text=match["text"])


def format_position(position_mm: float) -> str:
    """Return a position with six decimals and no exponent, which the controller would not read.

    Args:
        position_mm: Millimetres.

    Raises:
        ValueError: No finite number.
    """
    if not math.isfinite(position_mm):
        raise ValueError(f"no position: {position_mm!r}")
    text = f"{position_mm:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def parse_number(line: str) -> float:
    """Return a number such as ``12.345678``.

    Raises:
        FrameError: The line is no finite number.
    """
    try:
        value = float(line)
    except ValueError as error:
        raise FrameError(f"no number: {line!r}") from error
    if not math.isfinite(value):
        raise FrameError(f"no number: {line!r}")
    return value


def parse_integer(line: str) -> int:
    """Return a whole number such as ``1``.

    Raises:
        FrameError: The line is no whole number.
    """
    try:
        return int(line)
    except ValueError as error:
        raise FrameError(f"no whole number: {line!r}") from error
