"""A syringe pump as plans see it."""

import contextlib
import logging
import threading
from pathlib import Path
from typing import Any

from bluesky.protocols import Reading
from ophyd import Component as Cpt

from instruments.device import BenchDevice
from instruments.errors import DeviceFaultError, InstrumentError, LimitError
from instruments.interruption import Interruption
from instruments.pumps.account import SyringeAccount
from instruments.pumps.dispense import Dispense, PumpDriver, PumpProgress, Syringe
from instruments.pumps.job import Job
from instruments.signals import InstrumentSignal
from instruments.tasks import Status, start_task

_LOGGER = logging.getLogger(__name__)

_SETTLE_TIMEOUT_S = 10.0
_ROUNDING_UL = 1e-6


class SyringePump(BenchDevice):
    """Dispenses volumes and keeps account of what is left in the syringe.

    Args:
        name: Name on the bench.
        driver: The instrument.
        syringe: What is in it.
        account_file: Where the account of the syringe is kept; ``None`` forgets it at the end.
        **kwargs: As for ``ophyd.Device``.
    """

    volume_infused_ul = Cpt(
        InstrumentSignal,
        getter="_get_infused",
        kind="normal",
        units="uL",
        precision=2,
        doc="Infused since the syringe was loaded, as the pump counts",
    )
    volume_withdrawn_ul = Cpt(
        InstrumentSignal,
        getter="_get_withdrawn",
        kind="normal",
        units="uL",
        precision=2,
        doc="Withdrawn since the syringe was loaded, as the pump counts",
    )
    remaining_ul = Cpt(
        InstrumentSignal,
        getter="_get_remaining",
        kind="hinted",
        units="uL",
        precision=1,
        doc="What is left in the syringe",
    )
    refill_needed = Cpt(
        InstrumentSignal,
        getter="_get_refill_needed",
        kind="normal",
        doc="1 when less is left than the bench file wants (refill_below_ul), or nothing",
    )
    rate_ul_min = Cpt(
        InstrumentSignal,
        getter="_get_rate",
        kind="normal",
        units="uL/min",
        precision=3,
        doc="Rate that the pump is set to",
    )
    is_pumping = Cpt(
        InstrumentSignal, getter="_get_is_pumping", kind="normal", doc="1 when the plunger moves"
    )
    fault = Cpt(
        InstrumentSignal, getter="_get_fault", kind="normal", doc="What is wrong, empty for nothing"
    )
    syringe_name = Cpt(
        InstrumentSignal, getter="_get_syringe", kind="config", doc="Maker and size of the syringe"
    )
    syringe_diameter_mm = Cpt(
        InstrumentSignal,
        getter="_get_diameter",
        kind="config",
        units="mm",
        precision=2,
        doc="Inner diameter of the syringe",
    )
    contents = Cpt(
        InstrumentSignal, getter="_get_contents", kind="config", doc="What is in the syringe"
    )

    def __init__(
        self,
        *,
        name: str,
        driver: PumpDriver,
        syringe: Syringe,
        account_file: Path | None = None,
        **kwargs: Any,
    ) -> None:
        self._pump = driver
        self.syringe = syringe
        self._account = SyringeAccount(name, syringe, account_file)  # of the jobs that have ended
        self._lock = self._account.lock
        self._job: Job | None = None
        self._fault = ""
        self._interruption: Interruption[Job] = Interruption()
        self._replay: tuple[Dispense, Status] | None = None
        self._look = threading.local()
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Stop the pump and set the syringe; a reset reported at power-on is logged."""
        self._pump.prepare(self.syringe.diameter_mm)

    def reload(self, volume_ul: float) -> None:
        """Begin a new account after the syringe was filled.

        Args:
            volume_ul: What is in it now.

        Raises:
            LimitError: More than it holds.
            InstrumentError: The pump is dispensing.
        """
        if not 0 <= volume_ul <= self.syringe.capacity_ul:
            raise LimitError(
                self.name,
                f"the syringe holds 0 to {self.syringe.capacity_ul:g} uL, got {volume_ul!r}",
                value=volume_ul,
                unit="uL",
                limits=(0.0, self.syringe.capacity_ul),
            )
        with self._lock:
            if self._job is not None:
                raise InstrumentError(self.name, f"is busy: {self._job.dispense}; stop it first")
            self._account.fill(volume_ul)

    # -- what can be asked for ---------------------------------------------------------------

    @property
    def dispensing(self) -> Dispense | None:
        """What is being dispensed, None while the plunger stands."""
        job = self._job
        return None if job is None else job.dispense

    @property
    def rate_limits_ul_min(self) -> tuple[float, float]:
        """Slowest and fastest rate with this syringe, once connected."""
        return self._pump.rate_limits_ul_min()

    def check(self, dispense: Dispense) -> None:
        """Check that a dispense can be done with what is in the syringe.

        Args:
            dispense: What is meant to be set.

        Raises:
            LimitError: It cannot.
        """
        self._pump.check_dispense(dispense.volume_ul, dispense.rate_ul_min)
        left_ul = self._account.remaining_ul
        room_ul = left_ul if dispense.direction == "infuse" else self.syringe.capacity_ul - left_ul
        if dispense.volume_ul > room_ul + _ROUNDING_UL:
            what = "left" if dispense.direction == "infuse" else "free"
            raise LimitError(
                self.name,
                f"cannot {dispense}: {room_ul:.5g} uL are {what} in the syringe",
                value=dispense.volume_ul,
                unit="uL",
                limits=(0.0, room_ul),
            )

    # -- orders ------------------------------------------------------------------------------

    def set(self, dispense: Dispense) -> Status:
        """Dispense a volume.

        When the engine replays its messages after a pause, the same object comes again: then the
        rest that :meth:`resume` has started is meant, not another dose.

        Args:
            dispense: Volume, rate and direction.

        Returns:
            A status that is done when the pump says that it is done.

        Raises:
            LimitError: It cannot be done with this pump and syringe; nothing was sent.
            InstrumentError: The pump is dispensing.
        """
        with self._lock:
            replay, self._replay = self._replay, None
            if replay is not None and replay[0] is dispense:
                return replay[1]
        self.check(dispense)
        return self._start(Job(dispense, volume_ul=dispense.volume_ul))

    def _start(self, job: Job) -> Status:
        with self._lock:
            if self._job is not None:
                raise InstrumentError(self.name, f"is busy: {self._job.dispense}; stop it first")
            self._job = job
            self._account.begin(job.dispense.direction, job.volume_ul)
            self._interruption.forget()
            self._fault = ""
        # It does not stop the device when it fails: that would stop a dispense begun since.
        status = Status(self, timeout_s=job.timeout_s + _SETTLE_TIMEOUT_S)
        start_task(lambda: self._carry_out(job), status, self.name)
        return status

    def _carry_out(self, job: Job) -> None:
        try:
            job.run(self._pump)
        except InstrumentError as error:
            if isinstance(error, DeviceFaultError):
                self._fault = str(error)
            if not job.stop_requested.is_set():
                self._stop_after_failure()
            elif job.is_stop_success:
                return
            raise
        finally:
            self._close(job)

    def _stop_after_failure(self) -> None:
        try:
            self._pump.stop()
        except InstrumentError as error:
            _LOGGER.error("%s: after a failed dispense: %s", self.name, error)

    def _close(self, job: Job) -> None:
        """Book what a job has delivered; when the pump cannot be asked, what it may have."""
        with self._lock:
            self._account.book(job.dispense.direction, job.delivered_ul())
            self._job = None
            job.ended.set()

    # -- stop, pause, resume -----------------------------------------------------------------

    def stop(self, *, success: bool = False) -> None:
        """Stop the plunger and read back that it stands still; from any thread, repeatable.

        Args:
            success: Whether a dispense under way ends as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that it stands still.
        """
        with self._lock:
            job = self._job
            if job is not None:
                self._interruption.stopped(job)
                job.stop(success=success)
        self._pump.stop()

    def pause(self) -> None:
        """Remember what was interrupted: the engine calls :meth:`stop` first, then this."""
        self._interruption.pause()

    def resume(self) -> None:
        """Dispense the rest of what was interrupted by the pause.

        Raises:
            InstrumentError: The interrupted dispense has not ended.
        """
        job = self._interruption.take()
        if job is None:
            return
        if not job.ended.wait(_SETTLE_TIMEOUT_S):
            raise InstrumentError(self.name, f"{job.dispense} has not ended yet; resume again")
        rest = job.rest()
        if rest is None:
            status = Status(self)
            status.set_finished()
        else:
            _LOGGER.info("%s: resumes with %.4g uL of %s", self.name, rest.volume_ul, job.dispense)
            status = self._start(rest)
        with self._lock:
            self._replay = (job.dispense, status)

    def stage(self) -> list[object]:
        """Forget what an earlier run may have left to resume."""
        self._interruption.forget()
        with self._lock:
            self._replay = None
        return super().stage()

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Stop for good: nothing is resumed after it.

        Args:
            timeout_s: How long the caller waits.

        Raises:
            InstrumentError: It is not certain that it stands still.
        """
        with self._lock:
            if self._job is not None:
                self._job.stop(success=False)
            self._replay = None
        self._interruption.forget()
        super().make_safe(timeout_s)

    # -- reading -----------------------------------------------------------------------------

    def read(self) -> dict[str, Reading[Any]]:
        """Return all signals from one look at the instrument."""
        self._look.progress = self._progress()
        try:
            return super().read()
        finally:
            self._look.progress = None

    def _progress(self) -> PumpProgress:
        held: PumpProgress | None = getattr(self._look, "progress", None)
        if held is not None:
            return held
        try:
            progress = self._pump.progress()
        except DeviceFaultError as error:
            self._fault = str(error)
            with self._lock:
                if self._job is not None:  # the alarm is told once, and its job must know it
                    self._job.fault = error
            raise
        with self._lock:
            if self._job is not None:
                self._job.note(progress)
        return progress

    def _totals(self) -> tuple[float, float]:
        """Return infused and withdrawn volume, the job under way included."""
        self._progress()
        with self._lock:
            infused_ul, withdrawn_ul = self._account.infused_ul, self._account.withdrawn_ul
            if self._job is not None and self._job.counted is not None:
                infused_ul += self._job.counted.infused_ul
                withdrawn_ul += self._job.counted.withdrawn_ul
        return infused_ul, withdrawn_ul

    # -- signals -----------------------------------------------------------------------------

    def _get_infused(self) -> float:
        return self._totals()[0]

    def _get_withdrawn(self) -> float:
        return self._totals()[1]

    def _get_remaining(self) -> float:
        self._progress()
        with self._lock:
            remaining_ul = self._account.remaining_ul
            if self._job is not None and self._job.counted is not None:
                remaining_ul += self._job.counted.withdrawn_ul - self._job.counted.infused_ul
        return remaining_ul

    def _get_refill_needed(self) -> int:
        return int(self._get_remaining() <= self.syringe.refill_below_ul)

    def _get_rate(self) -> float:
        return self._pump.rate_ul_min()

    def _get_is_pumping(self) -> int:
        return int(self._progress().is_pumping)

    def _get_fault(self) -> str:
        with contextlib.suppress(DeviceFaultError):  # it is in the words below
            self._progress()
        return self._fault

    def _get_syringe(self) -> str:
        return self.syringe.name

    def _get_diameter(self) -> float:
        return self.syringe.diameter_mm

    def _get_contents(self) -> str:
        return self.syringe.contents
