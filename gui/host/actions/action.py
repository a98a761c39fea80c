"""An action: what the window shows of it, and what is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gui.messages import ActionInfo, Value
from instruments.errors import LimitError

Values = Mapping[str, Value]
Work = Callable[[Values], str]

LONGEST_S = 3600.0
"""No action by hand takes longer, s."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action: what the window shows and what is done; `work` returns a sentence."""

    info: ActionInfo
    work: Work


def number(values: Values, name: str) -> float:
    """Return a number that was given.

    Raises:
        LimitError: It is none.
    """
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LimitError(name, f"takes a number, got {value!r}", value=value)
    return float(value)


def text(values: Values, name: str) -> str:
    """Return a text that was given, "" for none."""
    return str(values.get(name) or "")
