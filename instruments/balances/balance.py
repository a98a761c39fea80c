"""A balance as plans see it."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from ophyd import Component as Cpt

from instruments.balances.weight import Weight
from instruments.device import BenchDevice, Driver
from instruments.errors import DeviceFaultError, InstrumentError, LinkTimeoutError
from instruments.signals import InstrumentSignal
from instruments.tasks import Status, start_task

_LOOK_INTERVAL_S = 0.2
_MARGIN_S = 20.0  # the thread gives up first, and says why


class BalanceDriver(Driver, Protocol):
    """What a balance needs of its driver."""

    def read_weight(self) -> Weight:
        """Return the weight at once, stable or not."""
        ...

    def tare(self) -> None:
        """Take what is on the pan as zero; it stands still."""
        ...


class Balance(BenchDevice):
    """Weighs what is on its pan.

    Args:
        name: Name on the bench.
        driver: The instrument.
        stability_timeout_s: How long a reading waits for a stable weight; 0 takes what is there.
        tare_tolerance_g: How near to zero the weight has to be after taring.
        **kwargs: As for ``ophyd.Device``.
    """

    mass_g = Cpt(
        InstrumentSignal,
        getter="_get_mass",
        kind="hinted",
        units="g",
        precision=4,
        doc="Net mass at the last trigger, NaN when there was none",
    )
    is_stable = Cpt(
        InstrumentSignal,
        getter="_get_is_stable",
        kind="normal",
        doc="1 when the balance called that mass stable",
    )
    stability_timeout_s = Cpt(
        InstrumentSignal,
        getter="_get_stability_timeout",
        kind="config",
        units="s",
        precision=1,
        doc="How long a reading waits for a stable weight",
    )

    def __init__(
        self,
        *,
        name: str,
        driver: BalanceDriver,
        stability_timeout_s: float = 10.0,
        tare_tolerance_g: float = 0.002,
        **kwargs: Any,
    ) -> None:
        self._pan = driver
        self._stability_timeout_s = stability_timeout_s
        self._tare_tolerance_g = tare_tolerance_g
        self._stopped = threading.Event()
        self._reading = Weight(mass_g=float("nan"), is_stable=False)
        super().__init__(name=name, driver=driver, **kwargs)

    def trigger(self) -> Status:  # type: ignore[override]
        """Weigh; :meth:`read` gives the mass when the status is done.

        Returns:
            A status that is done when the weight is stable. It fails when that takes too long, or
            when the pan is overloaded; then there is no mass.
        """
        self._stopped = stopped = threading.Event()
        return self._start(lambda: self._weigh(stopped), self._stability_timeout_s + _MARGIN_S)

    def tare(self) -> Status:
        """Take what is on the pan as zero.

        Returns:
            A status that is done when the balance reads a stable zero.
        """
        self._stopped = stopped = threading.Event()

        def work() -> None:
            self._stable(stopped)
            self._pan.tare()
            weight = self._stable(stopped, near_zero=True)
            if not self._is_zero(weight):
                raise DeviceFaultError(
                    self.name,
                    f"reads {weight.mass_g:g} g after it was tared, more than "
                    f"{self._tare_tolerance_g:g} g; is something flowing onto the pan?",
                )

        return self._start(work, 2 * self._stability_timeout_s + 3 * _MARGIN_S)

    def _start(self, work: Callable[[], None], timeout_s: float) -> Status:
        # It does not stop the device when it fails: that would stop a reading begun since.
        status = Status(self, timeout_s=timeout_s)
        start_task(work, status, self.name)
        return status

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer for a stable weight; nothing moves and nothing is emitted.

        Args:
            success: Has no meaning here.
        """
        self._stopped.set()

    def disconnect(self) -> None:
        """Close the line, and wait no longer for a stable weight."""
        self._stopped.set()
        super().disconnect()

    def _weigh(self, stopped: threading.Event) -> None:
        self._reading = Weight(mass_g=float("nan"), is_stable=False)
        if self._stability_timeout_s == 0:
            self._reading = self._pan.read_weight()
        else:
            self._reading = self._stable(stopped)

    def _is_zero(self, weight: Weight) -> bool:
        return abs(weight.mass_g) <= self._tare_tolerance_g

    def _stable(self, stopped: threading.Event, *, near_zero: bool = False) -> Weight:
        """Return the first stable weight; the first stable zero, if one comes in time."""
        timeout_s = self._stability_timeout_s or _MARGIN_S
        end_s = time.monotonic() + timeout_s
        while True:
            is_late = time.monotonic() >= end_s
            weight = self._look(is_last=is_late)
            if weight.is_stable and (is_late or not near_zero or self._is_zero(weight)):
                return weight
            if is_late:
                raise DeviceFaultError(
                    self.name,
                    f"no stable weight in {timeout_s:g} s, last {weight.mass_g:g} g; check "
                    "draught, vibration and what flows onto the pan, or let stability_timeout_s "
                    "be 0",
                )
            if stopped.wait(_LOOK_INTERVAL_S):
                raise InstrumentError(self.name, "stopped before the weight was stable")

    def _look(self, *, is_last: bool) -> Weight:
        """Return the weight; a balance that is busy, as while it tares, may not answer."""
        try:
            return self._pan.read_weight()
        except LinkTimeoutError:
            if is_last:
                raise
        return Weight(mass_g=float("nan"), is_stable=False)

    # -- signals -----------------------------------------------------------------------------

    def _get_mass(self) -> float:
        return self._reading.mass_g

    def _get_is_stable(self) -> int:
        return int(self._reading.is_stable)

    def _get_stability_timeout(self) -> float:
        return self._stability_timeout_s
