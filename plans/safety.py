"""Endings that are safe: what emits, heats or pumps is off."""

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from bluesky.preprocessors import finalize_wrapper
from bluesky.utils import Msg, MsgGenerator


class Deliberately:
    """Stops devices as the plan's own decision, all at the same time.

    The engine's stop message calls a dose or a move that it ends a failure, and a failure while a
    run is being aborted would turn the abort into an error. At the same time, because one that does
    not answer must not keep another one lit.

    Args:
        devices: What is stopped, each by its own confirmed ``stop``.
    """

    def __init__(self, *devices: Any) -> None:
        self._devices = devices
        self._failures: list[Exception] = []

    def stop(self, *, success: bool = True) -> None:
        """Stop the devices; what was under way ends without an error.

        Raises:
            Exception: The first that a device raised, after all of them were told.
        """
        self._failures.clear()
        threads = [
            threading.Thread(target=self._stop, args=(device, success), name="ending", daemon=True)
            for device in self._devices[1:]
        ]
        for thread in threads:
            thread.start()
        for device in self._devices[:1]:
            self._stop(device, success)
        for thread in threads:
            thread.join()  # each ends by the time-outs of its line
        if self._failures:
            raise self._failures[0]

    def _stop(self, device: Any, success: bool) -> None:
        try:
            device.stop(success=success)
        except Exception as error:  # noqa: BLE001 - raised above, when all were told
            self._failures.append(error)


def switch_off(devices: Iterable[Any]) -> MsgGenerator[None]:
    """Stop devices at the same time, each by its own confirmed ``stop``.

    Args:
        devices: What must be off; None entries are skipped.

    Raises:
        Exception: The first that a device raised, after all of them were told.
    """
    known = [device for device in devices if device is not None]
    if known:
        yield Msg("stop", Deliberately(*known))


def ending_safe(plan: MsgGenerator[Any], devices: Sequence[Any]) -> MsgGenerator[Any]:
    """Run a plan and switch devices off however it ends.

    On error, abort and stop this runs before the run is closed. On halt the engine skips it and
    stops every device that was set through it by itself.

    Args:
        plan: The plan.
        devices: What must be off at the end; None entries are skipped.
    """
    return (yield from finalize_wrapper(plan, lambda: switch_off(devices)))
