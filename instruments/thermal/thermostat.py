"""A thermostat as plans see it."""

import logging
import numbers
import threading
import time
from typing import Any, Literal

from ophyd import Component as Cpt

from instruments.device import BenchDevice
from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LimitError,
    LinkError,
    LinkTimeoutError,
    ProtocolError,
)
from instruments.interruption import Interruption, come_to_rest
from instruments.signals import InstrumentSignal
from instruments.tasks import Status, start_task
from instruments.thermal.beat import Beat
from instruments.thermal.heating import Heating, ThermostatDriver
from instruments.thermal.settling import Settling

_LOGGER = logging.getLogger(__name__)

OFF = "off"
_LOWEST_DEGC = 0.0
_LOOK_INTERVAL_S = 1.0
_GAP_S = 10.0  # a temperature that was not seen for so long has not been seen to stay
_LINK_PATIENCE_S = 15.0
_STATUS_MARGIN_S = 40.0  # the thread ends the order first, and says why
_LONGEST_BEAT_S = 5.0


class _Order:
    """An order to hold a temperature, until it is there or is ended."""

    def __init__(self, temperature_degc: float | None) -> None:
        self.temperature_degc = temperature_degc
        self.ended = threading.Event()
        self.is_success = False

    def end(self, *, success: bool) -> None:
        if not self.ended.is_set():
            self.is_success = success
            self.ended.set()


class Thermostat(BenchDevice):
    """Heats to a temperature and keeps it, and stirs.

    While it heats, a thread reads the probe and feeds the watchdog of the instrument: when this
    program dies, the line breaks or the probe cannot be read, the instrument switches itself off.

    Args:
        name: Name on the bench.
        driver: The instrument.
        heating: Limits, and what "the temperature is there" means.
        **kwargs: As for ``ophyd.Device``.
    """

    temperature_degc = Cpt(
        InstrumentSignal,
        getter="_get_temperature",
        kind="hinted",
        units="degC",
        precision=1,
        doc="Temperature at the probe",
    )
    setpoint_degc = Cpt(
        InstrumentSignal,
        getter="_get_setpoint",
        kind="normal",
        units="degC",
        precision=1,
        doc="Temperature that is set, read back",
    )
    is_heating = Cpt(
        InstrumentSignal,
        getter="_get_is_heating",
        kind="normal",
        doc="1 when the heater is on, as commanded where the instrument cannot be asked",
    )
    stirring_rpm = Cpt(
        InstrumentSignal,
        getter="_get_speed",
        setter="_set_speed",
        kind="normal",
        units="rpm",
        precision=0,
        doc="How fast it stirs",
    )
    fault = Cpt(
        InstrumentSignal, getter="_get_fault", kind="normal", doc="What is wrong, empty for nothing"
    )
    limit_degc = Cpt(
        InstrumentSignal,
        getter="_get_limit",
        kind="config",
        units="degC",
        precision=1,
        doc="Highest temperature allowed",
    )

    def __init__(
        self, *, name: str, driver: ThermostatDriver, heating: Heating, **kwargs: Any
    ) -> None:
        self._heater = driver
        self.heating = heating
        self._lock = threading.Lock()
        self._order = _Order(None)
        self._problem = ""
        self._fed_s = 0.0
        self._interruption: Interruption[float] = Interruption()
        interval_s = min(_LONGEST_BEAT_S, driver.watchdog_s / 4)
        self._beat = Beat(f"{name}-beat", self._keep_watch, interval_s=interval_s)
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Switch the heater off and give the instrument its limit."""
        self._heater.prepare(self.heating.limit_degc)
        self._problem = ""

    def disconnect(self) -> None:
        """Close the line; an instrument that still heats is left to its watchdog."""
        self._order.end(success=False)
        self._beat.end()
        super().disconnect()
        self._beat.join()

    # -- temperature -------------------------------------------------------------------------

    def check(self, temperature_degc: float) -> None:
        """Check that a temperature can be set.

        Args:
            temperature_degc: What is meant to be set.

        Raises:
            LimitError: It cannot.
        """
        low, high = _LOWEST_DEGC, self.heating.limit_degc
        is_number = isinstance(temperature_degc, numbers.Real)
        if not is_number or not low <= temperature_degc <= high:
            raise LimitError(
                self.name,
                f"temperature {temperature_degc!r} degC is outside {low:g} to {high:g} degC "
                "(limit_degc of the bench file); nothing was sent",
                value=temperature_degc,
                unit="degC",
                limits=(low, high),
            )

    def set(self, temperature_degc: float | Literal["off"]) -> Status:
        """Heat to a temperature and keep it, or switch the heater off.

        Args:
            temperature_degc: What the probe shall have, or :data:`OFF`.

        Returns:
            A status that is done when the probe has stayed near it for as long as asked for, or
            when the heater is off. It fails, and the heater is switched off, when that takes too
            long.

        Raises:
            LimitError: Above the limit; nothing was sent.
        """
        if isinstance(temperature_degc, str):
            if temperature_degc != OFF:
                raise LimitError(
                    self.name, f"takes a temperature or {OFF!r}, not {temperature_degc!r}"
                )
            self._new_order(None)
            status = Status(self, timeout_s=_STATUS_MARGIN_S)
            start_task(lambda: self._off(urgent=False), status, self.name)
            return status
        self.check(temperature_degc)
        order = self._new_order(temperature_degc)
        # It does not stop the device when it fails: that would stop an order given since.
        status = Status(self, timeout_s=self.heating.settle_timeout_s + _STATUS_MARGIN_S)
        start_task(lambda: self._carry_out(temperature_degc, order), status, self.name)
        return status

    def _new_order(self, temperature_degc: float | None) -> _Order:
        with self._lock:
            self._order.end(success=False)  # one under way gives way
            self._order = order = _Order(temperature_degc)
        self._interruption.forget()
        return order

    def _carry_out(self, temperature_degc: float, order: _Order) -> None:
        try:
            with self._heater.link.exchange():  # a stop comes before it or after it
                if order.ended.is_set():
                    raise InstrumentError(self.name, "stopped before the heater was switched on")
                self._problem = ""
                self._fed_s = time.monotonic()
                try:
                    self._heater.heat_to(temperature_degc)
                finally:
                    if self._heater.is_heating():
                        self._beat.start()
            self._wait_until_settled(temperature_degc, order)
        except InstrumentError:
            if order.ended.is_set():
                if order.is_success:  # ended by a pause: it is not to fail
                    return
            else:
                order.end(success=False)
                come_to_rest(
                    self.name, lambda: self._off(urgent=True), lambda: self._order is order
                )
            raise

    def _wait_until_settled(self, temperature_degc: float, order: _Order) -> None:
        heating = self.heating
        settling = Settling(
            temperature_degc, band_k=heating.band_k, hold_s=heating.hold_s, gap_s=_GAP_S
        )
        began_s = read_s = time.monotonic()
        last_degc = float("nan")
        while not order.ended.wait(_LOOK_INTERVAL_S):
            if self._problem:
                raise DeviceFaultError(self.name, self._problem)
            try:
                last_degc = self._heater.temperature_degc()
            except (LinkError, ProtocolError):
                if time.monotonic() - read_s > _LINK_PATIENCE_S:
                    raise
                continue
            read_s = time.monotonic()
            if settling.update(read_s, last_degc):
                return
            if read_s - began_s > heating.settle_timeout_s:
                raise LinkTimeoutError(
                    self.name,
                    f"the probe reads {last_degc:g} degC and has not stayed within "
                    f"{heating.band_k:g} K of {temperature_degc:g} degC for {heating.hold_s:g} s "
                    f"in {heating.settle_timeout_s:g} s; the heater is being switched off",
                )
        if self._problem:
            raise DeviceFaultError(self.name, self._problem)
        raise InstrumentError(self.name, f"stopped before {temperature_degc:g} degC was reached")

    # -- the watch ---------------------------------------------------------------------------

    def _keep_watch(self, ending: threading.Event) -> bool:
        """Read the probe and feed the watchdog; switch off when something is wrong."""
        with self._heater.link.exchange():
            if ending.is_set():
                return False
            if not self._problem:
                self._problem = self._look()
            if not self._problem:
                sent_s = time.monotonic()
                self._heater.feed_watchdog()
                self._fed_s = sent_s
                return True
            _LOGGER.error("%s: %s", self.name, self._problem)
            # When it fails the next beat tries again; meanwhile the watchdog is not fed.
            self._heater.stop_heating()
            self._order.end(success=False)
        return False

    def _look(self) -> str:
        silent_s = time.monotonic() - self._fed_s
        if silent_s > self._heater.watchdog_s:
            return (
                f"the watchdog was not fed for {silent_s:.0f} s: the instrument has switched "
                "heater and stirrer off; acknowledge it there"
            )
        temperature_degc = self._heater.temperature_degc()
        limit_degc, overshoot_k = self.heating.limit_degc, self.heating.overshoot_k
        if not temperature_degc <= limit_degc + overshoot_k:
            return (
                f"over temperature: the probe reads {temperature_degc:g} degC, more than "
                f"{overshoot_k:g} K above the limit of {limit_degc:g} degC; the heater is being "
                "switched off"
            )
        return ""

    # -- off ---------------------------------------------------------------------------------

    def _off(self, *, urgent: bool) -> None:
        self._beat.end()
        try:
            with self._heater.link.exchange(urgent=urgent):
                self._heater.stop_heating()
                self._beat.end()  # one that the order before has begun meanwhile
        finally:
            self._beat.join()

    def stop(self, *, success: bool = False) -> None:
        """Switch the heater off and confirm it, stirring goes on; from any thread, repeatable.

        Args:
            success: Whether an order under way ends as done (on a pause) or as failed.

        Raises:
            InstrumentError: It is not certain that it is off.
        """
        with self._lock:
            wanted_degc = self._order.temperature_degc
            if wanted_degc is not None and not self._problem:
                self._interruption.stopped(wanted_degc)
            self._order.end(success=success)
            self._order = _Order(None)
        self._off(urgent=True)

    def pause(self) -> None:
        """Remember the temperature: the engine calls :meth:`stop` first, then this."""
        self._interruption.pause()

    def resume(self) -> None:
        """Heat again to the temperature from before the pause; the probe may lag behind.

        Raises:
            InstrumentError: It could not be confirmed.
        """
        temperature_degc = self._interruption.take()
        if temperature_degc is not None:
            _LOGGER.info("%s: resumes %g degC", self.name, temperature_degc)
            self.set(temperature_degc)

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Switch heater and stirrer off for good: nothing is resumed after it.

        Args:
            timeout_s: How long the caller waits.

        Raises:
            InstrumentError: It is not certain that both are off.
        """
        self._new_order(None)
        self._beat.end()
        super().make_safe(timeout_s)

    def _switch_off(self, timeout_s: float) -> None:
        with self._heater.link.exchange(urgent=True, timeout_s=timeout_s):
            super()._switch_off(timeout_s)
            self._beat.end()  # one that the order before has begun meanwhile

    # -- signals -----------------------------------------------------------------------------

    def _get_temperature(self) -> float:
        return self._heater.temperature_degc()

    def _get_setpoint(self) -> float:
        return self._heater.setpoint_degc()

    def _get_is_heating(self) -> int:
        return int(self._heater.is_heating())

    def _get_speed(self) -> float:
        return self._heater.speed_rpm()

    def _set_speed(self, speed_rpm: float) -> None:
        limit_rpm = self.heating.stirring_limit_rpm
        if not 0 <= speed_rpm <= limit_rpm:
            raise LimitError(
                self.name,
                f"stirring at {speed_rpm!r} rpm is outside 0 to {limit_rpm:g} rpm; "
                "nothing was sent",
                value=speed_rpm,
                unit="rpm",
                limits=(0.0, limit_rpm),
            )
        self._heater.set_speed_rpm(speed_rpm)

    def _get_fault(self) -> str:
        faults = [fault for fault in (self._problem, self._heater.fault()) if fault]
        highest_degc = self.heating.limit_degc + self.heating.overshoot_k
        if not self._heater.is_heating():
            temperature_degc = self._heater.temperature_degc()
            if temperature_degc > highest_degc:
                faults.append(
                    f"the probe reads {temperature_degc:g} degC with the heater off: pull the "
                    "mains plug if it does not fall"
                )
        return "; ".join(faults)

    def _get_limit(self) -> float:
        return self.heating.limit_degc
