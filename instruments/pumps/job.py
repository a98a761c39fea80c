"""One dispense from its start to its end."""

import contextlib
import threading
import time

from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LinkError,
    LinkTimeoutError,
    ProtocolError,
)
from instruments.pumps.dispense import Dispense, PumpDriver, PumpProgress

_LINK_PATIENCE_S = 10.0  # a line may be away for so long: the pump ends the dispense by itself
_POLLS = 50  # per dispense, within the limits below
_POLL_LIMITS_S = (0.1, 2.0)
_MARGIN_S = 5.0
_VOLUME_TOLERANCE = 2e-3  # four digits of the counter, and what the plunger overshoots


class Job:
    """One dispense: starts it, watches it, knows what it has delivered.

    Args:
        dispense: What was asked for.
        volume_ul: What is still to be delivered of it.
    """

    def __init__(self, dispense: Dispense, *, volume_ul: float) -> None:
        self.dispense = dispense
        self.volume_ul = volume_ul
        self.stop_requested = threading.Event()
        self.is_stop_success = False
        self.ended = threading.Event()
        self.counted: PumpProgress | None = None
        self.fault: DeviceFaultError | None = None
        self._started_s: float | None = None
        self._start_confirmed = False
        self._stopped_s: float | None = None
        self._is_count_final = False

    @property
    def duration_s(self) -> float:
        """How long it takes."""
        return self.volume_ul / self.dispense.rate_ul_min * 60

    @property
    def timeout_s(self) -> float:
        """After how long it has failed."""
        # Rates are rounded to four digits, and a line that is away is waited for.
        return self.duration_s * 1.01 + _MARGIN_S + _LINK_PATIENCE_S

    def stop(self, *, success: bool) -> None:
        """Ask it to end.

        Args:
            success: Whether that is as meant, as on a pause, or a failure.
        """
        if not self.stop_requested.is_set():
            self.is_stop_success = success
            self.stop_requested.set()

    def run(self, pump: PumpDriver) -> None:
        """Start the dispense and wait until the pump says that it is done.

        Args:
            pump: The driver.

        Raises:
            InstrumentError: It was stopped, did not end, or the pump reports a fault.
        """
        try:
            self._begin(pump)
            self._watch(pump)
        finally:
            self._stopped_s = time.monotonic()
            if self._started_s is not None and not self._is_count_final:
                with contextlib.suppress(InstrumentError):
                    self.note(pump.progress())
                    self._is_count_final = True

    def _begin(self, pump: PumpDriver) -> None:
        with pump.link.exchange():
            if self.stop_requested.is_set():
                raise self._stopped(pump)
            self._started_s = time.monotonic()
            pump.start(
                volume_ul=self.volume_ul,
                rate_ul_min=self.dispense.rate_ul_min,
                direction=self.dispense.direction,
            )
            self._start_confirmed = True

    def _watch(self, pump: PumpDriver) -> None:
        low_s, high_s = _POLL_LIMITS_S
        interval_s = min(max(self.duration_s / _POLLS, low_s), high_s)
        end_s = time.monotonic() + self.timeout_s
        answered_s = time.monotonic()
        while not self.stop_requested.wait(interval_s):
            try:
                progress = pump.progress()
            except (LinkError, ProtocolError):
                if time.monotonic() - answered_s > _LINK_PATIENCE_S:
                    raise
                continue
            answered_s = time.monotonic()
            self.note(progress)
            if self.fault is not None:
                raise self.fault
            if not progress.is_pumping:
                self._check_end(pump, progress)
                return
            if answered_s > end_s:
                raise LinkTimeoutError(
                    pump.link.name,
                    f"still pumps {self.timeout_s:.0f} s after the start of {self.dispense}",
                )
        raise self._stopped(pump)

    def _check_end(self, pump: PumpDriver, progress: PumpProgress) -> None:
        self._is_count_final = True
        if self.stop_requested.is_set():
            raise self._stopped(pump)
        delivered_ul = progress.volume_ul(self.dispense.direction)
        tolerance_ul = max(progress.resolution_ul, self.volume_ul * _VOLUME_TOLERANCE)
        if progress.is_paused or abs(delivered_ul - self.volume_ul) > tolerance_ul:
            raise DeviceFaultError(
                pump.link.name,
                f"ended after {delivered_ul:g} of {self.volume_ul:g} uL "
                f"({'paused' if progress.is_paused else 'stopped'} at the pump); look at it",
            )

    def _stopped(self, pump: PumpDriver) -> InstrumentError:
        return InstrumentError(pump.link.name, f"stopped during: {self.dispense}")

    def note(self, progress: PumpProgress) -> None:
        """Keep what the pump has counted for this dispense.

        Args:
            progress: Its answer.
        """
        if self._start_confirmed:  # before, the counters may belong to an earlier dispense
            self.counted = progress

    def delivered_ul(self) -> float:
        """Return what was delivered; where the pump could not be asked, the most it can be."""
        counted_ul = 0.0
        if self.counted is not None:
            counted_ul = self.counted.volume_ul(self.dispense.direction)
        if self._is_count_final or self._started_s is None:
            return counted_ul
        seconds = (self._stopped_s or time.monotonic()) - self._started_s
        most_ul = min(self.volume_ul, self.dispense.rate_ul_min * seconds / 60)
        return max(counted_ul, most_ul)

    def rest(self) -> "Job | None":
        """Return the job that delivers what this one has not, ``None`` when nothing is left."""
        rest_ul = self.volume_ul - self.delivered_ul()
        resolution_ul = self.counted.resolution_ul if self.counted is not None else 0.0
        if rest_ul <= resolution_ul:
            return None
        return Job(self.dispense, volume_ul=rest_ul)
