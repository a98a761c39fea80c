"""Set, trigger, read and wait, in raw messages.

They yield raw messages: a stock stub formats a stack trace at every call, which in a fast loop
costs more than the measurement.
"""

import itertools
import time
from collections.abc import Mapping
from typing import Any

from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission

_groups = itertools.count()


def set_and_wait(device: Any, value: Any) -> MsgGenerator[None]:
    """Set one device and wait until it says that it is done.

    Args:
        device: Anything with ``set``.
        value: What to set.
    """
    group = f"set-{next(_groups)}"
    yield Msg("set", device, value, group=group)
    yield Msg("wait", None, group=group)


def expose(*detectors: Any) -> MsgGenerator[None]:
    """Take one spectrum (or one reading of a meter) of each at the same time, and wait for them.

    Args:
        *detectors: Anything with ``trigger``.
    """
    group = f"trigger-{next(_groups)}"
    for detector in detectors:
        yield Msg("trigger", detector, group=group)
    yield Msg("wait", None, group=group)


def save_event(stream: str, *readables: Any) -> MsgGenerator[dict[str, Any]]:
    """Read devices into one event.

    Args:
        stream: Name of the stream.
        *readables: What to read.

    Returns:
        The values by data key.
    """
    yield Msg("create", None, name=stream)
    values: dict[str, Any] = {}
    try:
        for readable in readables:
            reading: Mapping[str, Any] = yield Msg("read", readable)
            values.update({key: entry["value"] for key, entry in reading.items()})
    except Exception:
        yield Msg("drop")  # so that the plan's ending can write events of its own
        raise
    yield Msg("save")
    return values


def sleep_until(deadline_s: float) -> MsgGenerator[float]:
    """Wait for an instant of ``time.monotonic()``; keeps a cadence free of drift.

    Args:
        deadline_s: The instant, s.

    Returns:
        By how much the instant was missed, s; a pause of the run shows here.
    """
    yield Msg("sleep", None, max(0.0, deadline_s - time.monotonic()))
    return max(0.0, time.monotonic() - deadline_s)


def dark(light: Any) -> MsgGenerator[None]:
    """Switch a light source off and wait for its confirmation.

    Args:
        light: The light source.
    """
    yield from set_and_wait(light, Emission.off())
