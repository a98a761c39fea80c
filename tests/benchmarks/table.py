"""One line of the table of speeds, and how to measure one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure, what it is held against, and what it should be.

    Attributes:
        name: What is measured.
        value: The figure.
        unit: Its unit.
        baseline: The same of something else, measured in the same run; None where it is missing.
        kind: What the goal is: "speedup" is the least baseline over value, "cost" the most value
            over baseline, "value" the most value.
        goal: The goal.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    kind: Literal["speedup", "cost", "value"]
    goal: float

    @property
    def ratio(self) -> float | None:
        """Baseline over value, or value over baseline for a cost."""
        if self.baseline is None:
            return None
        return self.value / self.baseline if self.kind == "cost" else self.baseline / self.value

    @property
    def passed(self) -> bool | None:
        """Whether the goal is reached, None when it cannot be told."""
        if self.kind == "value":
            return self.value <= self.goal
        if self.ratio is None:
            return None
        return self.ratio <= self.goal if self.kind == "cost" else self.ratio >= self.goal

    @property
    def wanted(self) -> str:
        """The goal in words."""
        return {
            "speedup": f"at least {self.goal:g}x as fast",
            "cost": f"at most {self.goal:g}x the time",
            "value": f"at most {self.goal:g} {self.unit}",
        }[self.kind]


def cost_s(function: Callable[[], object], repeats: int = 3) -> float:
    """Return the least processor time of some calls."""
    costs = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        costs.append(time.process_time() - start)
    return min(costs)
