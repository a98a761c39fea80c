"""Numbers and units as a report prints them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

THIN_SPACE = "\N{THIN SPACE}"
MINUS = "\N{MINUS SIGN}"
NO_VALUE = "\N{EN DASH}"
DIGITS = 6  # of a number whose uncertainty is not known
BIG, SMALL = 1e6, 1e-4  # beyond these a number is printed with a power of ten

# Endings of names; the first that fits counts, so that the longer ones come first.
UNIT_OF_ENDING = (
    ("concentration_nm", "nM"),
    ("concentration_um", "µM"),
    ("concentration_mm", "mM"),
    ("ligand_mm", "mM"),
    ("_mw_cm2_per_ma", "mW/(cm² mA)"),
    ("_counts_per_s", "counts/s"),
    ("_umol_cm2", "µmol/cm²"),
    ("_cd_m2", "cd/m²"),
    ("_mw_cm2", "mW/cm²"),
    ("_j_cm2", "J/cm²"),
    ("_nm_min", "nm/min"),
    ("_degc_min", "°C/min"),
    ("_ul_min", "µL/min"),
    ("_ul_s", "µL/s"),
    ("_mm_s", "mm/s"),
    ("_counts", "counts"),
    ("_degc", "°C"),
    ("_cm2", "cm²"),
    ("_min", "min"),
    ("_mbar", "mbar"),
    ("_ul", "µL"),
    ("_ml", "mL"),
    ("_mm", "mm"),
    ("_um", "µm"),
    ("_nm", "nm"),
    ("_ma", "mA"),
    ("_mw", "mW"),
    ("_mg", "mg"),
    ("_mev", "meV"),
    ("_ev", "eV"),
    ("_px", "px"),
    ("_hz", "Hz"),
    ("_ns", "ns"),
    ("_s", "s"),
    ("_w", "W"),
    ("_v", "V"),
    ("_h", "h"),
)
WORDS = {"fwhm": "width", "r2": "R²", "chi2": "χ²", "uv": "UV", "cie": "CIE", "t90": "T90"}
WORDS |= {"t80": "T80", "t50": "T50", "led": "LED", "se": "standard error"}
PRETTY_UNITS = {"mW/cm2": "mW/cm²", "J/cm2": "J/cm²", "cm2": "cm²", "uL": "µL", "uL/min": "µL/min"}
PRETTY_UNITS |= {"um": "µm", "degC": "°C", "mW/cm2/mA": "mW/(cm² mA)", "pixels": "px"}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A value with its standard uncertainty.

    Attributes:
        value: The value; NaN when there is none.
        uncertainty: One standard deviation, in the unit of the value; NaN when it is not known.
    """

    value: float
    uncertainty: float = math.nan

    def minus(self, other: "Measured") -> "Measured":
        """Return the difference of two independent values."""
        return Measured(
            value=self.value - other.value,
            uncertainty=math.hypot(self.uncertainty, other.uncertainty),
        )

    def text(self, unit: str = "", *, signed: bool = False) -> str:
        """Return the value with the digits that its uncertainty deserves.

        Args:
            unit: Appended after a thin space.
            signed: True puts a plus sign before a positive value.
        """
        if not math.isfinite(self.value):
            return NO_VALUE
        if not (math.isfinite(self.uncertainty) and self.uncertainty > 0):
            return _with_unit(_sign(signed, self.value) + number(self.value), unit)
        decimals = uncertainty_decimals(self.uncertainty)
        value = _sign(signed, self.value) + fixed(self.value, decimals)
        joined = f"{value}{THIN_SPACE}±{THIN_SPACE}{fixed(self.uncertainty, decimals)}"
        return _with_unit(joined, unit)


def uncertainty_decimals(uncertainty: float) -> int:
    """Return how many decimals to print: two digits of an uncertainty under 30, else one.

    Args:
        uncertainty: One standard deviation, above zero.
    """
    mantissa, exponent = f"{uncertainty:.1e}".split("e")
    return max(0, (1 if float(mantissa) < 3 else 0) - int(exponent))


def fixed(value: float, decimals: int) -> str:
    """Return a number with so many decimals, thousands apart, a real minus sign.

    Args:
        value: The number.
        decimals: Digits after the point.
    """
    text = f"{abs(value):,.{decimals}f}"
    whole, point, rest = text.partition(".")
    if len(whole) <= len("9,999"):  # four digits need no space
        whole = whole.replace(",", "")
    is_negative = value < 0 and any(digit in "123456789" for digit in text)
    return (MINUS if is_negative else "") + whole.replace(",", THIN_SPACE) + point + rest


def number(value: float) -> str:
    """Return a number without more digits than it has, or than anyone reads.

    Args:
        value: The number; one that is not finite gives a dash.
    """
    if not math.isfinite(value):
        return NO_VALUE
    if value and not SMALL <= abs(value) < BIG and value != int(value):
        mantissa, exponent = f"{value:.3e}".split("e")
        power = str(int(exponent)).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
        return f"{number(float(mantissa))}{THIN_SPACE}×{THIN_SPACE}10{power}"
    if value == int(value):
        return fixed(value, 0)
    plain = f"{value:.{DIGITS}g}"
    return fixed(float(plain), len(plain.partition(".")[2]))


def rounded(value: float, digits: int) -> str:
    """Return a number with so many significant digits.

    Args:
        value: The number; one that is not finite gives a dash.
        digits: How many digits.
    """
    return number(float(f"{value:.{digits}g}"))


def duration(seconds: float) -> str:
    """Return a time span in the units one says it in.

    Args:
        seconds: The span, s.
    """
    if not math.isfinite(seconds):
        return NO_VALUE
    if seconds < 60:
        return _with_unit(fixed(seconds, 1), "s")
    minutes, left_s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (left_s, "s")]
    return " ".join(_with_unit(str(count), unit) for count, unit in parts if count)


def pretty_unit(unit: str) -> str:
    """Return a unit as it is printed: "mW/cm2" gives "mW/cm²".

    Args:
        unit: As data keys name it.
    """
    return PRETTY_UNITS.get(unit, unit)


def unit_of(name: str) -> str:
    """Return the unit that a name ends with, "" when it names none.

    Args:
        name: Such as "irradiance_mw_cm2".
    """
    return next((unit for ending, unit in UNIT_OF_ENDING if name.endswith(ending)), "")


def worded(name: str) -> tuple[str, str]:
    """Return a name as words without its unit, and the unit.

    Args:
        name: Such as "peak_start_nm", which gives "Peak start" and "nm".
    """
    ending = next((ending for ending, _ in UNIT_OF_ENDING if name.endswith(ending)), "")
    own = ending if ending.startswith("_") or not ending else "_" + ending.partition("_")[2]
    words = [WORDS.get(word, word) for word in name.removesuffix(own).split("_") if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:], unit_of(name)


def value_text(value: Any) -> str:
    """Return any value of a document as one line of text.

    Args:
        value: A number, text, list, mapping or None.
    """
    match value:
        case None:
            return "not set"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
        case str():
            return value if value.strip() else NO_VALUE
        case Mapping():
            return "; ".join(f"{key}: {value_text(item)}" for key, item in value.items()) or "none"
        case list() | tuple():
            return _list_text(value)
        case _:
            return str(value)


def _list_text(values: list[Any] | tuple[Any, ...]) -> str:
    if len(values) > 12 and all(isinstance(v, int | float) for v in values):
        return f"{len(values)} values, {number(values[0])} … {number(values[-1])}"
    separator = "; " if any(isinstance(v, Mapping | list | tuple) for v in values) else ", "
    return separator.join(map(value_text, values)) or "none"


def _sign(signed: bool, value: float) -> str:
    return "+" if signed and value > 0 else ""


def _with_unit(text: str, unit: str) -> str:
    return f"{text}{THIN_SPACE}{unit}" if unit else text
