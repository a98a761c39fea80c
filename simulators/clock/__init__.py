"""Virtual time: a day of chemistry in a coffee break.

Inside :func:`virtual_time` the calling thread, and every thread that it starts, lives on a clock
that stands still while any of them works and jumps to the next deadline when all of them wait.
Unmodified RunEngine, ophyd, pymeasure, pyvisa-py and the simulators' sockets run on it, with the
same result every time. Import this package before bluesky and ophyd.
"""

from simulators.clock.patches import RealAddressError, current_clock, virtual_time
from simulators.clock.scheduler import LeakedThreadError, VirtualClock

__all__ = [
    "LeakedThreadError",
    "RealAddressError",
    "VirtualClock",
    "current_clock",
    "virtual_time",
]
