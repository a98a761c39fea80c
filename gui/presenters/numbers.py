"""Numbers with as many digits as they deserve."""

import math

from gui.presenters.units import pretty

THIN = "\N{THIN SPACE}"
MINUS = "\N{MINUS SIGN}"
NOTHING = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def with_unit(text: str, unit: str) -> str:
    """Put a unit behind a number, a thin space between.

    Args:
        text: The number.
        unit: The unit, "" for none.
    """
    return f"{text}{THIN}{pretty(unit)}" if unit and text != NOTHING else text


def plain(value: float, digits: int = 4) -> str:
    """Return a number with a count of significant digits and no exponent where it can be helped.

    Args:
        value: The number; NaN gives a dash.
        digits: Significant digits.
    """
    if not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if not -4 <= magnitude < 7:
        text = f"{value:.{max(0, digits - 1)}e}"
        mantissa, exponent = text.split("e")
        return f"{_sign(mantissa)}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    return _sign(f"{value:.{max(0, digits - 1 - magnitude)}f}")


def fixed(value: float, decimals: int) -> str:
    """Return a number with a count of decimals; NaN gives a dash."""
    return _sign(f"{value:.{decimals}f}") if math.isfinite(value) else NOTHING


def with_error(value: float, error: float) -> str:
    """Return a value with its standard uncertainty to two significant digits.

    Args:
        value: The value.
        error: Its uncertainty; NaN or 0 leaves it out.
    """
    if not math.isfinite(value):
        return NOTHING
    if not (math.isfinite(error) and error > 0):
        return plain(value, 5)
    decimals = max(0, 1 - math.floor(math.log10(error)))
    decimals = min(decimals, 6)
    return f"{_sign(f'{value:.{decimals}f}')} ± {error:.{decimals}f}"


def duration(seconds: float) -> str:
    """Return a duration in words: "45 s", "3 min 20 s", "3 h 40 min", "2 d 4 h".

    Args:
        seconds: The duration; NaN gives a dash.
    """
    if not math.isfinite(seconds):
        return NOTHING
    whole = max(0, round(seconds))
    steps = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for place, (size, unit) in enumerate(steps):
        if whole >= size or size == 1:
            first, rest = divmod(whole, size)
            text = f"{first} {unit}"
            if (place + 1 < len(steps) and first < 10) or size == 3600:
                next_size, next_unit = steps[place + 1] if place + 1 < len(steps) else (1, "")
                count = rest // next_size
                if count and next_unit:
                    text += f" {count} {next_unit}"
            return text
    return "0 s"


def rounded(seconds: float) -> float:
    """Return an expected time as exactly as it can be known: to the minute, later to the hour."""
    step_s = 3600.0 if seconds > 3 * 3600.0 else 60.0 if seconds > 120.0 else 1.0
    return step_s * round(seconds / step_s)


def age(seconds: float | None) -> str:
    """Return the age of a value: "0.2 s", "12 s", "3 min"; a dash when it was never read."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.1f} s"
    return duration(seconds)


def _sign(text: str) -> str:
    return text.replace("-", MINUS)
