"""A light source as plans see it."""

import datetime
import logging
import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bluesky.protocols import Reading

from instruments.errors import DeviceFaultError, InstrumentError, InterlockOpenError, LimitError
from instruments.interruption import Orders
from instruments.light_sources.channel import (
    LevelTable,
    LightChannel,
    LightDriver,
    LightFault,
    LightState,
)
from instruments.light_sources.emission import Emission
from instruments.light_sources.ledger import DoseLedger
from instruments.light_sources.signals import LightSignals
from instruments.tasks import Status

_LOGGER = logging.getLogger(__name__)

Light = tuple[Emission, ...]
"""All that shall be emitted together, empty for darkness."""


class LightSource(LightSignals):
    """Emits light at a set irradiance, and keeps the ledger of the dose.

    Args:
        name: Name on the bench.
        driver: The instrument.
        channels: Its LEDs or its lamp.
        **kwargs: As for ``ophyd.Device``.
    """

    # after a failure the light is switched off first, a few times if need be
    order_timeout_s = 40.0
    _orders: Orders[Light]

    def __init__(
        self, *, name: str, driver: LightDriver, channels: Sequence[LightChannel], **kwargs: Any
    ) -> None:
        self._light = driver
        self.channels = tuple(channels)
        self._levels = LevelTable(name, self.channels, step=driver.level_step)
        self.ledger = DoseLedger()
        self._look = threading.local()
        super().__init__(name=name, driver=driver, rest=(), **kwargs)

    def prepare(self) -> None:
        """Switch everything off and set the highest levels of the bench file."""
        for warning in self.warnings(datetime.date.today()):  # noqa: DTZ011 - a day on the wall
            _LOGGER.warning("%s: %s", self.name, warning)
        with self._light.link.exchange():
            self._light.prepare({c.number: c.limit for c in self.channels})
            self.ledger.light_off(at_s=time.monotonic())

    # -- what it can -------------------------------------------------------------------------

    def channel_of(self, wavelength_nm: float) -> LightChannel:
        """Return the channel that emits a wavelength.

        Args:
            wavelength_nm: Nominal wavelength, to half a nanometre.

        Raises:
            LimitError: There is none.
        """
        return self._levels.channel_of(wavelength_nm)

    def channels_in(self, geometry: str) -> tuple[LightChannel, ...]:
        """Return the channels of a geometry, in the order of the bench file.

        Args:
            geometry: ``"right-angle"`` or ``"transmission"``.
        """
        return tuple(channel for channel in self.channels if channel.geometry == geometry)

    def irradiance_range_mw_cm2(self, wavelength_nm: float) -> tuple[float, float]:
        """Return the weakest and strongest irradiance of a wavelength.

        Args:
            wavelength_nm: Nominal wavelength.

        Raises:
            LimitError: No channel emits it.
        """
        return self._levels.irradiance_range_mw_cm2(wavelength_nm)

    def warnings(self, today: datetime.date) -> list[str]:
        """Return what a plan should tell before it relies on a dose: calibrations that expired.

        Args:
            today: The day of the run.
        """
        return [
            f"calibration of {channel.wavelength_nm:g} nm expired on "
            f"{channel.calibration.expires}; measure it again"
            for channel in self.channels
            if channel.calibration.is_expired(today)
        ]

    def check(self, emission: Emission | Sequence[Emission]) -> None:
        """Check that light can be set.

        Args:
            emission: What is meant to be set; several at once where the source can.

        Raises:
            LimitError: It cannot.
        """
        light = _light(emission)
        channels = [self._levels.level_for(each)[0].number for each in light]
        if len(set(channels)) < len(channels):
            raise LimitError(self.name, f"{_words(light)} asks twice for the same channel")
        if len(light) > 1 and not self._light.many_at_once:
            raise LimitError(
                self.name, f"emits one wavelength at a time, asked for {_words(light)}"
            )

    # -- orders ------------------------------------------------------------------------------

    def set(self, emission: Emission | Sequence[Emission]) -> Status:
        """Emit, or be dark.

        Args:
            emission: What to emit, several at once where the source can; ``Emission.off()`` for
                nothing.

        Returns:
            A status that is done when the instrument has confirmed it.

        Raises:
            LimitError: The wavelength or irradiance cannot be set; nothing was sent.
        """
        self.check(emission)
        light = _light(emission)

        def work(order: int) -> None:
            if light:
                self._switch_on(light, order)
            else:
                self._darken()

        return self._carry_out(light, work)

    def _switch_on(self, light: Light, order: int) -> None:
        targets = [(each, *self._levels.level_for(each)) for each in light]
        with self._light.link.exchange():
            if self.ledger.bookings.keys() - {channel.wavelength_nm for _, channel, _ in targets}:
                self._darken()
            self._orders.check(order, _words(light))
            for emission, channel, level in targets:
                self._switch_channel_on(emission, channel, level)

    def _switch_channel_on(self, emission: Emission, channel: LightChannel, level: float) -> None:
        booked = self.ledger.bookings.get(channel.wavelength_nm)
        if booked is None:
            self._set_level(channel, level)
        sent_s = time.monotonic()
        expected = channel.irradiance_mw_cm2(level)
        try:
            if booked is not None:
                expected = max(expected, booked.irradiance_mw_cm2)
                self._light.set_level(channel.number, level)
            lit = {} if booked is None else self._light.lit(channel.number)
            if channel.number not in lit:
                self._light.switch_on(channel.number)
                lit = self._light.lit(channel.number)
            actual = self._confirm_on(channel, level, lit)
        except InstrumentError:
            # It may have been done: the light is on until it is known to be off.
            self._book(channel, expected, emission, sent_s, confirmed=False)
            raise
        middle_s = (sent_s + time.monotonic()) / 2
        self._book(channel, actual, emission, middle_s, confirmed=True)
        self._raise_faults(channel)

    def _set_level(self, channel: LightChannel, level: float) -> None:
        self._light.set_level(channel.number, level)
        self._check_level(channel, self._light.level(channel.number), level)

    def _check_level(self, channel: LightChannel, actual: float, level: float) -> None:
        if abs(actual - level) > self._light.level_step / 2:
            raise DeviceFaultError(
                self.name,
                f"level of channel {channel.number} reads {actual:g} {channel.unit} after "
                f"{level:g} {channel.unit} was set",
            )

    def _confirm_on(self, channel: LightChannel, level: float, lit: Mapping[int, float]) -> float:
        """Return the irradiance when the instrument says that the channel is on as it was set."""
        if channel.number not in lit:
            faults = self._light.faults(channel.number)
            words = ", ".join(map(str, faults)) or "no reason is reported"
            raise _fault(
                self.name,
                f"channel {channel.number} ({channel.wavelength_nm:g} nm) is off after it was "
                f"switched on: {words}",
                faults,
            )
        self._check_level(channel, lit[channel.number], level)
        return channel.irradiance_mw_cm2(lit[channel.number])

    def _raise_faults(self, channel: LightChannel) -> None:
        faults = self._light.faults(channel.number)
        if faults:
            words = ", ".join(map(str, faults))
            raise _fault(self.name, f"{words}; it is being switched off, check the head", faults)

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

    def _come_to_rest(self) -> None:
        self._darken(urgent=True)

    def _in_words(self, wanted: Light) -> str:
        return _words(wanted)

    def stage(self) -> list[object]:
        """Begin a dose: empty the ledger, and forget what an earlier run left to resume."""
        self._orders.interruption.forget()
        self.ledger.reset(at_s=time.monotonic())
        return super().stage()

    def _switch_off(self, timeout_s: float) -> None:
        super()._switch_off(timeout_s)
        self.ledger.light_off(at_s=time.monotonic())

    # -- looking -----------------------------------------------------------------------------

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
            levels = self._light.lit()
            found = [
                (channel, levels[channel.number], channel.irradiance_mw_cm2(levels[channel.number]))
                for channel in self.channels
                if channel.number in levels
            ]
            found.sort(key=lambda each: each[2], reverse=True)
            shall_emit = found[0][0].number if found else None
            faults = list(self._light.faults(shall_emit))
            faults += [LightFault(kind="other", words=words) for words in self._oddities(levels)]
            faults += self._compare({c.wavelength_nm: power for c, _, power in found})
        return LightState(lit=tuple(found), faults=tuple(faults))

    def _oddities(self, levels: Mapping[int, float]) -> list[str]:
        """Return what is on and should not be, or not like this."""
        known = {channel.number: channel for channel in self.channels}
        return [
            f"channel {number} is on, which the bench file does not name"
            for number in levels
            if number not in known
        ] + [
            f"channel {number} is at {level:g} {known[number].unit}, beyond its calibration"
            for number, level in levels.items()
            if number in known and not known[number].calibration.covers(level)
        ]

    def _compare(self, lit: Mapping[float, float]) -> list[LightFault]:
        """Correct the ledger where the instrument says something else; return what is odd."""
        wanted, settled = self._orders.wanted, self._orders.settled
        purpose = wanted[0].purpose if wanted else "actinic"
        self.ledger.observe(lit, purpose=purpose, at_s=time.monotonic())
        if settled is None:
            return []
        asked = {self.channel_of(each.wavelength_nm).wavelength_nm for each in settled}
        odd = [
            f"is dark though {_words(settled)} was set"
            if not lit
            else f"{wavelength_nm:g} nm is off though {_words(settled)} was set"
            for wavelength_nm in asked - lit.keys()
        ] + [
            f"{wavelength_nm:g} nm is on though {_words(settled)} was set"
            for wavelength_nm in lit
            if wavelength_nm not in asked
        ]
        return [LightFault(kind="other", words=words) for words in odd]

    def _get_lamp_hours(self) -> float:
        return self._light.lamp_hours()

    def _get_current(self) -> float:
        state = self.state()
        return state.level if self._light.level_unit == "mA" else math.nan

    def _get_level_percent(self) -> float:
        return 100.0 * self.state().level / self._light.full_level

    def _get_calibration(self) -> str:
        return "; ".join(str(channel) for channel in self.channels)


def _light(emission: Emission | Sequence[Emission]) -> Light:
    several = (emission,) if isinstance(emission, Emission) else tuple(emission)
    return tuple(each for each in several if not each.is_dark)


def _words(light: Light) -> str:
    return " + ".join(map(str, light)) or "darkness"


def _fault(name: str, message: str, faults: Sequence[LightFault]) -> DeviceFaultError:
    interlock = any(fault.kind == "interlock" for fault in faults)
    return (InterlockOpenError if interlock else DeviceFaultError)(name, message)
