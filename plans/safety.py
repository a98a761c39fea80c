"""Endings that are safe: what emits, heats or pumps is off."""

from collections.abc import Iterable, Sequence
from typing import Any

from bluesky.preprocessors import finalize_wrapper
from bluesky.utils import Msg, MsgGenerator


def switch_off(devices: Iterable[Any]) -> MsgGenerator[None]:
    """Stop devices one after the other, each by its own confirmed ``stop``.

    Args:
        devices: What must be off; None entries are skipped.
    """
    for device in devices:
        if device is not None:
            yield Msg("stop", device)


def ending_safe(plan: MsgGenerator[Any], devices: Sequence[Any]) -> MsgGenerator[Any]:
    """Run a plan and switch devices off however it ends.

    On error, abort and stop this runs before the run is closed. On halt the engine skips it and
    stops every device that was set through it by itself.

    Args:
        plan: The plan.
        devices: What must be off at the end; None entries are skipped.
    """
    return (yield from finalize_wrapper(plan, lambda: switch_off(devices)))
