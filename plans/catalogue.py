"""The plans that come with the project, by name."""

from collections.abc import Callable
from typing import Any

from plans.parameters import ParameterError
from plans.regrowth import light_regrowth

PLANS: dict[str, Callable[..., Any]] = {plan.__name__: plan for plan in (light_regrowth,)}


def find_plan(name: str) -> Callable[..., Any]:
    """Return a plan by name.

    Raises:
        ParameterError: If there is none; the message lists what there is.
    """
    if name not in PLANS:
        raise ParameterError(f"there is no plan {name!r}; there are {', '.join(sorted(PLANS))}")
    return PLANS[name]
