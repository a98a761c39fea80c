"""Numbers with units, as a person types and reads them."""

import math
import re
from dataclasses import dataclass
from typing import Final

_NUMBER = re.compile(r"\s*([-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*\Z")

# Each unit: what it measures, and how many of the first unit of that kind it is.
_UNITS: Final[dict[str, tuple[str, float]]] = {
    "s": ("time", 1.0),
    "ms": ("time", 1e-3),
    "µs": ("time", 1e-6),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "d": ("time", 86400.0),
    "nm": ("length", 1e-9),
    "µm": ("length", 1e-6),
    "mm": ("length", 1e-3),
    "cm": ("length", 1e-2),
    "m": ("length", 1.0),
    "cm²": ("area", 1e-4),
    "mm²": ("area", 1e-6),
    "m²": ("area", 1.0),
    "nL": ("volume", 1e-9),
    "µL": ("volume", 1e-6),
    "mL": ("volume", 1e-3),
    "L": ("volume", 1.0),
    "µW": ("power", 1e-6),
    "mW": ("power", 1e-3),
    "W": ("power", 1.0),
    "mJ": ("energy", 1e-3),
    "J": ("energy", 1.0),
    "µg": ("mass", 1e-6),
    "mg": ("mass", 1e-3),
    "g": ("mass", 1.0),
    "kg": ("mass", 1e3),
    "µA": ("current", 1e-6),
    "mA": ("current", 1e-3),
    "A": ("current", 1.0),
    "meV": ("photon energy", 1e-3),
    "eV": ("photon energy", 1.0),
    "%": ("share", 1e-2),
    "rpm": ("turns", 1.0),
    "counts": ("counts", 1.0),
    "px": ("pixels", 1.0),
    "M": ("concentration", 1.0),
    "mM": ("concentration", 1e-3),
    "µM": ("concentration", 1e-6),
}
_ZERO_K: Final = {"°C": 273.15, "K": 0.0}
_SAME: Final = {
    "sec": "s", "second": "s", "seconds": "s", "mins": "min", "minute": "min", "minutes": "min",
    "hour": "h", "hours": "h", "hr": "h", "degC": "°C", "C": "°C", "ml": "mL", "l": "L",
    "μl": "µL", "µl": "µL", "ul": "µL", "uL": "µL", "nl": "nL", "um": "µm", "us": "µs",
    "uW": "µW", "ug": "µg", "uA": "µA", "uM": "µM", "cm2": "cm²", "mm2": "mm²", "m2": "m²",
    "cm^2": "cm²", "mm^2": "mm²", "m^2": "m²",
}  # fmt: skip


class UnitError(ValueError):
    """What was typed is no number in a unit that fits; the message says what is wanted."""


@dataclass(frozen=True, kw_only=True)
class _Measure:
    kind: str
    factor: float


def pretty(unit: str) -> str:
    """Return a unit as it is printed: µL/min, mW/cm², °C.

    Args:
        unit: The unit in any spelling.
    """
    return "/".join(" ".join(_one(word) for word in part.split()) for part in unit.split("/"))


def parse(text: str, unit: str) -> float:
    """Read a number that may carry a unit.

    Args:
        text: Such as "1.5 mL/min", "90 s", "1e-3", "0,5".
        unit: What a bare number is in, and what comes back.

    Returns:
        The number in `unit`.

    Raises:
        UnitError: No number, or a unit of another kind.
    """
    found = _NUMBER.match(text)
    if found is None:
        raise UnitError(f"{text!r} is no number" + (f" in {pretty(unit)}" if unit else ""))
    number = float(found.group(1).replace(",", "."))
    if not math.isfinite(number):
        raise UnitError(f"{text!r} is too large")
    given = found.group(2)
    wanted = pretty(unit)
    if not given or pretty(given) == wanted:
        return number
    given = pretty(given)
    if given in _ZERO_K and wanted in _ZERO_K:
        return number + _ZERO_K[given] - _ZERO_K[wanted]
    return number * _ratio(given, wanted)


def _ratio(given: str, wanted: str) -> float:
    have, want = _measure(given), _measure(wanted)
    if have is None:
        raise UnitError(f"{given!r} is no unit that is known here; give {wanted or 'no unit'}")
    if want is None or have.kind != want.kind:
        raise UnitError(f"{given} does not fit; give {wanted or 'a number without unit'}")
    # Division of powers of ten leaves dust in the last digits: 1.5 mL is 1500 µL.
    return float(f"{have.factor / want.factor:.12g}")


def _measure(unit: str) -> _Measure | None:
    top, *rest = unit.split("/")
    kinds, factor = [], 1.0
    for word, power in ((top, 1), *((word, -1) for word in rest)):
        if word not in _UNITS:
            return None
        kind, size = _UNITS[word]
        kinds.append(kind if power == 1 else f"per {kind}")
        factor *= size**power
    return _Measure(kind=" ".join(kinds), factor=factor)


def _one(word: str) -> str:
    word = word.strip().replace("μ", "µ")
    return _SAME.get(word, word)
