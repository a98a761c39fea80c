"""What could not be confirmed off, kept beyond the window's life."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from instruments.device import BenchDevice
from instruments.open_ends import OpenEnds

_LOGGER = logging.getLogger(__name__)


class OpenEndsDesk:
    """Keeps what is not certain of a real bench until the person has acknowledged it.

    Only of devices that were connected: what this program could not reach it has not switched on.

    Args:
        devices: Those of the bench.
        bench_file: Its file; None for a simulated one, of which nothing is kept.
    """

    def __init__(self, devices: Mapping[str, BenchDevice], bench_file: Path | None) -> None:
        self._devices = devices
        self._ends = None if bench_file is None else OpenEnds(bench_file)

    def texts(self) -> tuple[str, ...]:
        """What nobody has acknowledged yet, in words."""
        return () if self._ends is None else tuple(str(end) for end in self._ends.read())

    def refuse(self) -> None:
        """Refuse a run while something is not acknowledged.

        Raises:
            DeviceFaultError: What it is.
        """
        if self._ends is not None:
            self._ends.refuse()

    def keep(self, ends: Iterable[tuple[str, str]]) -> None:
        """Keep what could not be confirmed to be off.

        Args:
            ends: Device and what it said.
        """
        texts = [text for device, text in ends if self._devices[device].was_connected]
        if self._ends is None or not texts:
            return
        try:
            self._ends.note(texts)
        except OSError as error:
            _LOGGER.error("what was not confirmed off cannot be kept: %s", error)

    def acknowledge(self, text: str) -> None:
        """Note that the person has looked.

        Args:
            text: What was acknowledged.
        """
        _LOGGER.warning("acknowledged: %s", text)
        if self._ends is not None:
            self._ends.acknowledge()
