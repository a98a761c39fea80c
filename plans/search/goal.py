"""What a search is after, and what it must keep to."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plans.parameters import ParameterError

_LIMIT = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=)\s*([-+.\deE]+)\s*")
_TERM = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:=\s*([-+.\deE]+)\s*)?")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A quantity that must stay on one side of a value.

    Attributes:
        name: Of a quantity in the summary of a run.
        sign: "<=" or ">=".
        value: The value.
    """

    name: str
    sign: str
    value: float

    def excess(self, summary: Mapping[str, Any]) -> float:
        """Return by how much a run is on the wrong side; 0 or less when it is not.

        Args:
            summary: The summary of the run; without the quantity nothing is certain: infinite.
        """
        found = _number(summary, self.name)
        if not math.isfinite(found):
            return math.inf
        return found - self.value if self.sign == "<=" else self.value - found


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A weighted sum of quantities to be made large, small or equal to a target, within limits.

    Attributes:
        terms: Weight by the name of a quantity in the summary of a run.
        aim: "maximum", "minimum" or "target".
        target: What the sum shall be near, for "target".
        limits: What must hold besides.
    """

    terms: Mapping[str, float]
    aim: str
    target: float = 0.0
    limits: tuple[Limit, ...] = ()

    def value(self, summary: Mapping[str, Any]) -> float:
        """Return the sum itself; NaN when a quantity is missing.

        Args:
            summary: The summary of a run.
        """
        return sum(weight * _number(summary, name) for name, weight in self.terms.items())

    def merit(self, summary: Mapping[str, Any]) -> float:
        """Return what a search makes as large as it can; NaN when a quantity is missing.

        Args:
            summary: The summary of a run.
        """
        value = self.value(summary)
        match self.aim:
            case "maximum":
                return value
            case "minimum":
                return -value
            case _:
                return -abs(value - self.target)

    def violation(self, summary: Mapping[str, Any]) -> float:
        """Return the sum of what the limits are exceeded by; 0 when all hold.

        Args:
            summary: The summary of a run.
        """
        return sum(max(0.0, limit.excess(summary)) for limit in self.limits)


AIMS = ("maximum", "minimum", "target")


def parse_goal(objective: str, *, aim: str, target: float, limits: str) -> Goal:
    """Read a goal such as ``shift_nm`` or ``shift_nm=1; dose_j_cm2=-0.01``.

    Args:
        objective: Quantities with their weights (1 when none is given).
        aim: One of ``AIMS``.
        target: For the aim "target".
        limits: Such as ``area_ratio>=0.5; dose_j_cm2<=200``; "" for none.

    Raises:
        ParameterError: Naming what is not understood.
    """
    terms = {}
    for part in (part for part in objective.split(";") if part.strip()):
        match = _TERM.fullmatch(part)
        if match is None:
            raise ParameterError(f"objective {part.strip()!r} is not understood; write name=weight")
        terms[match[1]] = _float(match[2] or "1", part)
    if not terms:
        raise ParameterError("a search needs an objective, such as shift_nm")
    if aim not in AIMS:
        raise ParameterError(f"aim must be {', '.join(AIMS)}, got {aim!r}")
    found = []
    for part in (part for part in limits.split(";") if part.strip()):
        match = _LIMIT.fullmatch(part)
        if match is None:
            raise ParameterError(f"limit {part.strip()!r} is not understood; write name<=value")
        found.append(Limit(name=match[1], sign=match[2], value=_float(match[3], part)))
    return Goal(terms=terms, aim=aim, target=target, limits=tuple(found))


def _float(text: str, part: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"{part.strip()!r}: {text!r} is no number") from None


def _number(summary: Mapping[str, Any], name: str) -> float:
    value = summary.get(name)
    return float(value) if isinstance(value, (int, float)) else math.nan
