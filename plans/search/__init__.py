"""Closed-loop search: where to measure next."""

from plans.search.goal import Goal, parse_goal
from plans.search.optimiser import Search, Told
from plans.search.space import Axis, parse_axes

__all__ = ["Axis", "Goal", "Search", "Told", "parse_axes", "parse_goal"]
