"""Preflight: what is checked before anything is switched."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of a preflight table.

    Attributes:
        name: What was checked.
        verdict: "ok", "note" (can be accepted) or "refused" (cannot).
        detail: The figures, in words.
    """

    name: str
    verdict: Literal["ok", "note", "refused"]
    detail: str


class PreflightError(RuntimeError):
    """A run was refused before anything was switched; the message lists why."""

    def __init__(self, plan: str, checks: Iterable[Check]) -> None:
        self.checks = tuple(checks)
        reasons = "; ".join(f"{c.name}: {c.detail}" for c in self.checks if c.verdict == "refused")
        super().__init__(f"{plan} refused: {reasons}")


def require(plan: str, checks: Iterable[Check]) -> None:
    """Go on only if nothing is refused.

    Raises:
        PreflightError: Naming every refusal.
    """
    checks = tuple(checks)
    if any(check.verdict == "refused" for check in checks):
        raise PreflightError(plan, checks)


def format_checks(checks: Iterable[Check]) -> str:
    """Return the table as text, one check a line."""
    rows = list(checks)
    width = max((len(row.name) for row in rows), default=0)
    return "\n".join(f"  {row.verdict:<8} {row.name:<{width}}  {row.detail}" for row in rows)
