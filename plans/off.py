"""Off means confirmed off."""

import time
from collections.abc import Callable

from instruments.bench import Bench

_TRIES = 15
_BETWEEN_TRIES_S = 2.0


def confirm_off(bench: Bench, say: Callable[[str], None]) -> list[str]:
    """Switch all off and see it confirmed; keep trying for a while what does not answer.

    Args:
        bench: The bench.
        say: Receives sentences for the person.

    Returns:
        What could not be confirmed, a sentence each.
    """
    open_ends: list[str] = []
    for attempt in range(_TRIES):
        failed = [outcome for outcome in bench.make_safe() if not outcome.confirmed]
        open_ends = [f"{outcome.device}: {outcome.message}" for outcome in failed]
        if not failed:
            return []
        say(f"NOT CONFIRMED OFF: {'; '.join(open_ends)}")
        if attempt + 1 < _TRIES:
            time.sleep(_BETWEEN_TRIES_S)
    say("Switch it off by hand at the instrument.")
    return open_ends
