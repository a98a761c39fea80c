"""A light source as plans see it."""

import logging
import math
import threading
import time
from collections.abc import Sequence
from typing import Any

from bluesky.protocols import Reading
from ophyd import Component as Cpt
from ophyd.status import Status

from instruments.device import BenchDevice
from instruments.errors import DeviceFaultError, InstrumentError
from instruments.interruption import Interruption
from instruments.light_sources.channel import Calibration, LightChannel, LightDriver, LightState
from instruments.light_sources.emission import Emission
from instruments.light_sources.ledger import DoseLedger
from instruments.signals import InstrumentSignal
from instruments.tasks import start_task

_LOGGER = logging.getLogger(__name__)

_SET_TIMEOUT_S = 10.0


class LightSource(BenchDevice):
    """Emits one wavelength at a time at a set irradiance, and keeps the ledger of the dose.

    Args:
        name: Name on the bench.
        driver: The instrument.
        channels: Its LEDs.
        **kwargs: As for ``ophyd.Device``.
    """

    wavelength_nm = Cpt(
        InstrumentSignal,
        getter="_get_wavelength",
        kind="normal",
        units="nm",
        precision=0,
        doc="Nominal wavelength of what is emitted, 0 when dark",
    )
    irradiance_mw_cm2 = Cpt(
        InstrumentSignal,
        getter="_get_irradiance",
        kind="hinted",
        units="mW/cm2",
        precision=3,
        doc="Irradiance at the sample: current read back times calibration",
    )
    current_ma = Cpt(
        InstrumentSignal,
        getter="_get_current",
        kind="normal",
        units="mA",
        precision=0,
        doc="Current read back, 0 when dark",
    )
    is_on = Cpt(InstrumentSignal, getter="_get_is_on", kind="normal", doc="1 when it emits")
    fault = Cpt(
        InstrumentSignal, getter="_get_fault", kind="normal", doc="What is wrong, empty for nothing"
    )
    dose_j_cm2 = Cpt(
        InstrumentSignal,
        getter="_get_dose",
        kind="normal",
        units="J/cm2",
        precision=4,
        doc="Dose of all light since the ledger was reset",
    )
    probe_dose_j_cm2 = Cpt(
        InstrumentSignal,
        getter="_get_probe_dose",
        kind="normal",
        units="J/cm2",
        precision=4,
        doc="Share of the dose that came from probing",
    )
    on_time_s = Cpt(
        InstrumentSignal,
        getter="_get_on_time",
        kind="normal",
        units="s",
        precision=1,
        doc="Time with light since the ledger was reset",
    )
    calibration = Cpt(
        InstrumentSignal,
        getter="_get_calibration",
        kind="config",
        doc="Irradiance per current of every channel, with the date of its calibration",
    )

    def __init__(
        self, *, name: str, driver: LightDriver, channels: Sequence[LightChannel], **kwargs: Any
    ) -> None:
        self._light = driver
        self.channels = tuple(channels)
        self._calibration = Calibration(name, self.channels, step_ma=driver.current_step_ma)
        self.ledger = DoseLedger()
        self._intent_lock = threading.Lock()
        self._wanted = Emission.off()
        self._orders = 0  # counts set, stop and make_safe: an older order never switches on
        self._confirmed_order = 0
        self._stopped_order = 0  # the one that a stop without failure has ended
        self._interruption: Interruption[Emission] = Interruption()
        self._look = threading.local()
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Switch everything off and set the limit currents of the bench file."""
        with self._light.link.exchange():
            self._light.prepare({c.number: c.limit_ma for c in self.channels})
            self.ledger.light_off(at_s=time.monotonic())

    def channel_of(self, wavelength_nm: float) -> LightChannel:
        """Return the channel that emits a wavelength.

        Args:
            wavelength_nm: Nominal wavelength, to half a nanometre.

        Raises:
            LimitError: There is none.
        """
        return self._calibration.channel_of(wavelength_nm)

    def irradiance_range_mw_cm2(self, wavelength_nm: float) -> tuple[float, float]:
        """Return the weakest and strongest irradiance of a wavelength.

        Args:
            wavelength_nm: Nominal wavelength.

        Raises:
            LimitError: No channel emits it.
        """
        return self._calibration.irradiance_range_mw_cm2(wavelength_nm)

    def check(self, emission: Emission) -> None:
        """Check that an emission can be set.

        Args:
            emission: What is meant to be set.

        Raises:
            LimitError: It cannot.
        """
        if not emission.is_dark:
            self._calibration.current_for(emission)

    def set(self, emission: Emission) -> Status:
        """Emit, or be dark.

        Args:
            emission: What to emit; ``Emission.off()`` for nothing.

        Returns:
            A status that is done when the instrument has confirmed it.

        Raises:
            LimitError: The wavelength or irradiance cannot be set; nothing was sent.
        """
        self.check(emission)
        order = self._new_order(emission)
        # No DeviceStatus: when it fails it stops its device, and with it a light set since.
        status = Status(self, timeout=_SET_TIMEOUT_S)
        start_task(lambda: self._carry_out(emission, order), status, self.name)
        return status

    def _new_order(self, wanted: Emission) -> int:
        with self._intent_lock:
            self._wanted = wanted
            self._interruption.forget()
            self._orders += 1
            return self._orders

    def _carry_out(self, emission: Emission, order: int) -> None:
        try:
            if emission.is_dark:
                self._darken()
            else:
                self._switch_on(emission, order)
        except InstrumentError:
            with self._intent_lock:
                failed_by_itself = self._orders == order
                if failed_by_itself:  # nothing to come back to
                    self._wanted = Emission.off()
                elif self._stopped_order == order:  # ended by a pause: it is not to fail
                    return
            if failed_by_itself:
                self._darken_after_failure()
            raise
        self._confirmed_order = order

    def _darken_after_failure(self) -> None:
        try:
            self._darken(urgent=True)
        except InstrumentError as error:
            _LOGGER.error("%s: after a failure: %s", self.name, error)

    def _switch_on(self, emission: Emission, order: int) -> None:
        channel, current_ma = self._calibration.current_for(emission)
        with self._light.link.exchange():
            booked = self.ledger.current
            if booked is not None and booked.wavelength_nm != channel.wavelength_nm:
                self._darken()
                booked = None
            with self._intent_lock:
                if self._orders != order:
                    raise InstrumentError(self.name, f"{emission} was overtaken by a later order")
            if booked is None:
                self._set_current(channel, current_ma)
            sent_s = time.monotonic()
            expected = channel.irradiance_mw_cm2(current_ma)
            try:
                if booked is not None:
                    expected = max(expected, booked.irradiance_mw_cm2)
                    self._set_current(channel, current_ma)
                self._light.switch_on(channel.number)
                actual = self._confirm_on(channel)
            except InstrumentError:
                # It may have been done: the light is on until it is known to be off.
                self._book(channel, expected, emission, sent_s, confirmed=False)
                raise
            middle_s = (sent_s + time.monotonic()) / 2
            self._book(channel, actual, emission, middle_s, confirmed=True)
            self._raise_faults(channel)

    def _set_current(self, channel: LightChannel, current_ma: float) -> None:
        self._light.set_current_ma(channel.number, current_ma)
        actual_ma = self._light.current_ma(channel.number)
        if abs(actual_ma - current_ma) > self._light.current_step_ma / 2:
            raise DeviceFaultError(
                self.name,
                f"current of channel {channel.number} reads {actual_ma:g} mA after "
                f"{current_ma:g} mA was set",
            )

    def _confirm_on(self, channel: LightChannel) -> float:
        """Return the irradiance when the instrument says that the channel is on."""
        if not self._light.is_on(channel.number):
            faults = self._light.faults(channel.number)
            raise DeviceFaultError(
                self.name,
                f"channel {channel.number} ({channel.wavelength_nm:g} nm) is off after it was "
                f"switched on: {', '.join(faults) or 'no reason is reported'}",
            )
        return channel.irradiance_mw_cm2(self._light.current_ma(channel.number))

    def _raise_faults(self, channel: LightChannel) -> None:
        faults = self._light.faults(channel.number)
        if faults:
            raise DeviceFaultError(
                self.name, f"{', '.join(faults)}; it is being switched off, check the LED head"
            )

    def _book(
        self,
        channel: LightChannel,
        irradiance_mw_cm2: float,
        emission: Emission,
        at_s: float,
        *,
        confirmed: bool,
    ) -> None:
        self.ledger.light_on(
            wavelength_nm=channel.wavelength_nm,
            irradiance_mw_cm2=irradiance_mw_cm2,
            purpose=emission.purpose,
            at_s=at_s,
            confirmed=confirmed,
        )

    def _darken(self, *, urgent: bool = False) -> None:
        with self._light.link.exchange(urgent=urgent):
            sent_s = time.monotonic()
            self._light.make_safe()
            self.ledger.light_off(at_s=(sent_s + time.monotonic()) / 2)

    def stop(self, *, success: bool = False) -> None:
        """Switch everything off and read back that it is off; from any thread, repeatable.

        Args:
            success: Whether an order under way ends as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that all is off.
        """
        with self._intent_lock:
            if success:
                self._stopped_order = self._orders
            self._orders += 1
            if not self._wanted.is_dark:
                self._interruption.stopped(self._wanted)
                self._wanted = Emission.off()
        self._darken(urgent=True)

    def pause(self) -> None:
        """Remember what was on: the engine calls :meth:`stop` first, then this."""
        self._interruption.pause()

    def resume(self) -> None:
        """Switch on again what was on when the run was paused.

        Raises:
            InstrumentError: It could not be confirmed.
        """
        emission = self._interruption.take()
        if emission is not None:
            _LOGGER.info("%s: resumes %s", self.name, emission)
            self.set(emission).wait(timeout=_SET_TIMEOUT_S + 1.0)

    def stage(self) -> list[object]:
        """Begin a dose: empty the ledger, and forget what an earlier run left to resume."""
        self._interruption.forget()
        self.ledger.reset(at_s=time.monotonic())
        return super().stage()

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Switch everything off for good: nothing is resumed after it.

        Args:
            timeout_s: How long the caller waits.

        Raises:
            InstrumentError: It is not certain that all is off.
        """
        self._new_order(Emission.off())
        super().make_safe(timeout_s)

    def _switch_off(self, timeout_s: float) -> None:
        super()._switch_off(timeout_s)
        self.ledger.light_off(at_s=time.monotonic())

    def read(self) -> dict[str, Reading[Any]]:
        """Return all signals from one look at the instrument."""
        self._look.state = self.state()
        try:
            return super().read()
        finally:
            self._look.state = None

    def state(self) -> LightState:
        """Ask the instrument what it emits, and hold the ledger against it."""
        held: LightState | None = getattr(self._look, "state", None)
        if held is not None:
            return held
        with self._light.link.exchange():
            lit = [c for c in self.channels if self._light.is_on(c.number)]
            currents = {c.number: self._light.current_ma(c.number) for c in lit}
            faults = list(self._light.faults(lit[0].number if lit else None))
            at_s = time.monotonic()
            lit.sort(key=lambda c: c.irradiance_mw_cm2(currents[c.number]), reverse=True)
            total = math.fsum(c.irradiance_mw_cm2(currents[c.number]) for c in lit)
            faults += self._compare(lit, total, at_s)
        return LightState(
            channel=lit[0] if lit else None,
            current_ma=currents[lit[0].number] if lit else 0.0,
            irradiance_mw_cm2=total,
            fault=", ".join(faults),
        )

    def _compare(self, lit: Sequence[LightChannel], total: float, at_s: float) -> list[str]:
        """Correct the ledger where the instrument says something else; return what is odd."""
        with self._intent_lock:
            settled = self._orders == self._confirmed_order
            wanted = self._wanted
        self.ledger.observe(
            wavelength_nm=lit[0].wavelength_nm if lit else 0.0,
            irradiance_mw_cm2=total,
            purpose=wanted.purpose,
            at_s=at_s,
        )
        if not lit:
            return [f"is dark though {wanted} was set"] if settled and not wanted.is_dark else []
        if len(lit) > 1:
            return [f"channels {', '.join(str(c.number) for c in lit)} are on together"]
        return ["is on though it was set dark"] if settled and wanted.is_dark else []

    def _get_wavelength(self) -> float:
        channel = self.state().channel
        return 0.0 if channel is None else channel.wavelength_nm

    def _get_irradiance(self) -> float:
        return self.state().irradiance_mw_cm2

    def _get_current(self) -> float:
        return self.state().current_ma

    def _get_is_on(self) -> int:
        return int(self.state().channel is not None)

    def _get_fault(self) -> str:
        return self.state().fault

    def _get_dose(self) -> float:
        return self.ledger.dose_j_cm2(time.monotonic())

    def _get_probe_dose(self) -> float:
        return self.ledger.dose_j_cm2(time.monotonic(), purpose="probe")

    def _get_on_time(self) -> float:
        return self.ledger.on_time_s(time.monotonic())

    def _get_calibration(self) -> str:
        return "; ".join(str(channel) for channel in self.channels)
