"""Endings that are safe: what emits, heats or pumps is off."""

from collections.abc import Iterable, Sequence
from typing import Any

from bluesky.preprocessors import finalize_wrapper
from bluesky.utils import Msg, MsgGenerator


class Deliberately:
    """Stops a device as the plan's own decision.

    The engine's stop message calls a dose or a move that it ends a failure, and a failure while a
    run is being aborted would turn the abort into an error.
    """

    def __init__(self, device: Any) -> None:
        self._device = device

    def stop(self, *, success: bool = True) -> None:
        """Stop the device; what was under way ends without an error."""
        self._device.stop(success=success)


def switch_off(devices: Iterable[Any]) -> MsgGenerator[None]:
    """Stop devices one after the other, each by its own confirmed ``stop``.

    Args:
        devices: What must be off; None entries are skipped.

    Raises:
        Exception: The first that a device raised, after all of them were told.
    """
    failures: list[Exception] = []
    for device in devices:
        if device is None:
            continue
        try:
            yield Msg("stop", Deliberately(device))
        except Exception as error:  # noqa: BLE001 - the others must be stopped, too
            failures.append(error)
    if failures:
        raise failures[0]


def ending_safe(plan: MsgGenerator[Any], devices: Sequence[Any]) -> MsgGenerator[Any]:
    """Run a plan and switch devices off however it ends.

    On error, abort and stop this runs before the run is closed. On halt the engine skips it and
    stops every device that was set through it by itself.

    Args:
        plan: The plan.
        devices: What must be off at the end; None entries are skipped.
    """
    return (yield from finalize_wrapper(plan, lambda: switch_off(devices)))
