"""Answers, numbers and units of the Ultra command set as text.

Source: Harvard Apparatus, PHD Ultra user's manual, publication 5419-002, pp. 83-88 (prompts, status
line, commands). This is the one place where microlitres and microlitres per minute become the
pump's units; a unit goes with every number. Nothing in this file touches a link or a clock.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

PROMPTS = {
    ":": "idle",
    ">": "infusing",
    "<": "withdrawing",
    "*": "stalled",
    "T*": "target reached",
    ">*": "at the limit of the infusion",
    "<*": "at the limit of the withdrawal",
}

_PROMPT = re.compile(r"(?P<address>\d{1,2})?(?P<prompt>T\*|[<>]\*|[:<>*])")
_STATUS = re.compile(
    r"(?P<rate>\d+) (?P<time>\d+) (?P<volume>\d+) (?P<flags>[iwIW][.iwIW][.S][.T][.iwIW])\S*"
)
_QUANTITY = re.compile(r"(?P<number>\d*\.?\d+) ?(?P<unit>[munp]l)(?:/(?P<per>hr|min|sec|h|m|s))?")
_LIMITS = re.compile(r"(?P<low>.+?) to (?P<high>.+)")
_FIRMWARE = re.compile(r"\d+(?:\.\d+)+")
_ERRORS = ("command error", "unknown command", "argument error", "out of range", "invalid")

_UL = {"ml": Decimal(1000), "ul": Decimal(1), "nl": Decimal("1e-3"), "pl": Decimal("1e-6")}
_PER_MIN = {"h": Decimal(1) / 60, "m": Decimal(1), "s": Decimal(60)}
_FL_PER_UL = 1e9
_DIGITS = 6  # that are sent


class FrameError(ValueError):
    """Bytes that are no answer of this protocol."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer.

    Attributes:
        address: Pump on the chain, 0 to 99.
        prompt: Key of `PROMPTS`.
        lines: What was said before the prompt.
    """

    address: int
    prompt: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as one."""
        return " / ".join(self.lines)

    @property
    def is_moving(self) -> bool:
        """Whether the plunger moves."""
        return self.prompt in (">", "<")

    @property
    def error(self) -> str:
        """What was refused, in the pump's words; "" for nothing."""
        lowered = self.text.lower()
        return self.text if any(error in lowered for error in _ERRORS) else ""


def encode(address: int, command: str) -> str:
    """Return a request without the CR LF that ends it.

    Args:
        address: Pump on the chain, 0 to 99; 0 is the one at the computer's end.
        command: Command with its arguments.
    """
    return f"{address}:{command}" if address else command


def decode(text: str) -> Reply:
    """Read an answer.

    Args:
        text: All up to the XON that ends it.

    Raises:
        FrameError: The text does not end with a prompt.
    """
    *lines, last = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()] or [""]
    match = _PROMPT.fullmatch(last)
    if match is None:
        raise FrameError(f"an answer ends with a prompt, not {last!r}")
    prefix = match["address"] or ""
    return Reply(
        address=int(prefix or 0),
        prompt=match["prompt"],
        lines=tuple(_without_prefix(line, prefix) for line in lines),
    )


def _without_prefix(line: str, prefix: str) -> str:
    """Return a line without the address, and on some models the prompt, before it."""
    return line.removeprefix(prefix).lstrip(":<>*") if prefix else line


@dataclass(frozen=True, kw_only=True)
class Status:
    """The answer to ``status``.

    Attributes:
        rate_ul_min: Rate at which it pumps.
        volume_ul: What was pumped in the direction since the counters were cleared.
        infuses: Whether the direction is out of the syringe.
        is_stalled: The motor stalled.
        at_limit: A limit switch is pressed.
    """

    rate_ul_min: float
    volume_ul: float
    infuses: bool
    is_stalled: bool
    at_limit: bool


def parse_status(text: str) -> Status:
    """Read the answer to ``status``, such as ``16666667 12 200000004 i...I``.

    Rate and volume are in femtolitres.

    Raises:
        FrameError: The text is no status.
    """
    match = _STATUS.fullmatch(text)
    if match is None:
        raise FrameError(f"no status: {text!r}")
    return Status(
        rate_ul_min=int(match["rate"]) / _FL_PER_UL * 60,
        volume_ul=int(match["volume"]) / _FL_PER_UL,
        infuses=match["flags"][0] in "iI",
        is_stalled=match["flags"][2] == "S",
        at_limit=match["flags"][1] != ".",
    )


def format_rate(rate_ul_min: float) -> str:
    """Return a rate with its unit, such as ``50 ul/min``.

    Args:
        rate_ul_min: Microlitres per minute, above 0.
    """
    return f"{_in_best_unit(rate_ul_min)}/min"


def format_volume(volume_ul: float) -> str:
    """Return a volume with its unit, such as ``1.25 ml``.

    Args:
        volume_ul: Microlitres, above 0.
    """
    return _in_best_unit(volume_ul)


def _in_best_unit(value_ul: float) -> str:
    """Return a number between 0.1 and 9999 with its unit, as far as the units go."""
    exact = Decimal(repr(float(value_ul)))
    unit = "ml" if exact >= 10_000 else "ul" if exact >= 1 else "nl" if exact >= 0.001 else "pl"
    number = +(exact / _UL[unit])
    digits = min(max(0, _DIGITS - 1 - number.adjusted()), _DIGITS)
    text = f"{number:.{digits}f}"
    if not Decimal(text):
        raise ValueError(f"{value_ul!r} is too small for the pump's units")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def parse_rate_ul_min(text: str) -> float:
    """Return a rate such as ``1.0000 ml/min`` in microlitres per minute.

    Raises:
        FrameError: The text is no rate.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None or match["per"] is None:
        raise FrameError(f"no rate: {text!r}")
    return float(Decimal(match["number"]) * _UL[match["unit"]] * _PER_MIN[match["per"][0]])


def parse_volume_ul(text: str) -> float:
    """Return a volume such as ``10.0000 ml`` in microlitres.

    Raises:
        FrameError: The text is no volume.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None or match["per"] is not None:
        raise FrameError(f"no volume: {text!r}")
    return float(Decimal(match["number"]) * _UL[match["unit"]])


def parse_limits_ul_min(text: str) -> tuple[float, float]:
    """Return the limits of a rate, such as ``.0404 nl/min to 26.0035 ml/min``.

    Raises:
        FrameError: The text has no limits.
    """
    match = _LIMITS.fullmatch(text)
    if match is None:
        raise FrameError(f"no limits: {text!r}")
    return parse_rate_ul_min(match["low"]), parse_rate_ul_min(match["high"])


def parse_diameter_mm(text: str) -> float:
    """Return a diameter such as ``14.5670 mm``.

    Raises:
        FrameError: The text is no diameter.
    """
    number, _, unit = text.partition(" ")
    if unit != "mm":
        raise FrameError(f"no diameter: {text!r}")
    try:
        return float(number)
    except ValueError as error:
        raise FrameError(f"no diameter: {text!r}") from error


def parse_version(text: str) -> tuple[str, str] | None:
    """Return model and firmware from the answer to ``ver``, such as ``11 ELITE I/W Single 3.0.4``.

    Returns:
        ``None`` when it is no such answer.
    """
    model, _, firmware = text.rpartition(" ")
    firmware = firmware.lstrip("vV")
    if ":" in text or not any(map(str.isalpha, model)) or not _FIRMWARE.fullmatch(firmware):
        return None
    return model.strip(), firmware
