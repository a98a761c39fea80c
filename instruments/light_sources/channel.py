"""What a light source is made of, and what it needs of its driver."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from instruments.device import Driver
from instruments.errors import LimitError
from instruments.light_sources.emission import Emission

_WAVELENGTH_TOLERANCE_NM = 0.5


class LightDriver(Driver, Protocol):
    """What a light source needs of its driver."""

    @property
    def current_step_ma(self) -> float:
        """Smallest step of a current."""
        ...

    def prepare(self, limits_ma: Mapping[int, float]) -> None:
        """Switch everything off and set the limit current of every channel."""
        ...

    def set_current_ma(self, channel: int, current_ma: float) -> None:
        """Set the current of a channel."""
        ...

    def current_ma(self, channel: int) -> float:
        """Return the current that a channel is set to."""
        ...

    def switch_on(self, channel: int) -> None:
        """Switch a channel on."""
        ...

    def switch_off(self, channel: int) -> None:
        """Switch a channel off."""
        ...

    def is_on(self, channel: int) -> bool:
        """Return whether a channel is on."""
        ...

    def faults(self, channel: int | None = None) -> tuple[str, ...]:
        """Return what is wrong, in words."""
        ...


@dataclass(frozen=True, kw_only=True)
class LightChannel:
    """One LED with its calibration at the sample.

    Attributes:
        number: Number on the wire.
        wavelength_nm: Nominal wavelength.
        fwhm_nm: Full width at half maximum of its line.
        limit_ma: Highest current.
        irradiance_mw_cm2_per_ma: Irradiance at the sample per mA.
        calibrated: Day of that calibration.
    """

    number: int
    wavelength_nm: float
    fwhm_nm: float
    limit_ma: float
    irradiance_mw_cm2_per_ma: float
    calibrated: datetime.date

    def __str__(self) -> str:
        """Return wavelength, calibration, its date and the limit in words."""
        return (
            f"{self.wavelength_nm:g} nm: {self.irradiance_mw_cm2_per_ma:g} mW/cm2 per mA, "
            f"calibrated {self.calibrated}, up to {self.limit_ma:g} mA"
        )

    def irradiance_mw_cm2(self, current_ma: float) -> float:
        """Return the irradiance at the sample.

        Args:
            current_ma: Current of the LED.
        """
        return current_ma * self.irradiance_mw_cm2_per_ma


@dataclass(frozen=True, kw_only=True)
class LightState:
    """What the instrument says, in one look.

    Attributes:
        channel: The channel that is on, ``None`` when dark.
        current_ma: Its current, 0.0 when dark.
        irradiance_mw_cm2: Irradiance at the sample of all that is on.
        fault: What is wrong, "" for nothing.
    """

    channel: LightChannel | None
    current_ma: float
    irradiance_mw_cm2: float
    fault: str


class Calibration:
    """Turns an irradiance at the sample into the current of a channel; the one place that does.

    Args:
        name: Name of the light source, for messages.
        channels: Its channels.
        step_ma: Smallest step of a current.
    """

    def __init__(self, name: str, channels: Sequence[LightChannel], *, step_ma: float) -> None:
        self._name = name
        self._channels = tuple(channels)
        self._step_ma = step_ma

    def channel_of(self, wavelength_nm: float) -> LightChannel:
        """Return the channel that emits a wavelength.

        Args:
            wavelength_nm: Nominal wavelength, to half a nanometre.

        Raises:
            LimitError: There is none.
        """
        for channel in self._channels:
            if abs(channel.wavelength_nm - wavelength_nm) <= _WAVELENGTH_TOLERANCE_NM:
                return channel
        there = ", ".join(f"{c.wavelength_nm:g}" for c in self._channels)
        raise LimitError(
            self._name,
            f"no channel emits {wavelength_nm:g} nm; there are {there} nm",
            value=wavelength_nm,
            unit="nm",
        )

    def irradiance_range_mw_cm2(self, wavelength_nm: float) -> tuple[float, float]:
        """Return the weakest and strongest irradiance of a wavelength.

        Args:
            wavelength_nm: Nominal wavelength.

        Raises:
            LimitError: No channel emits it.
        """
        channel = self.channel_of(wavelength_nm)
        return (
            channel.irradiance_mw_cm2(self._step_ma),
            channel.irradiance_mw_cm2(channel.limit_ma),
        )

    def current_for(self, emission: Emission) -> tuple[LightChannel, float]:
        """Return the channel and its current for an emission.

        Args:
            emission: What shall be emitted; not darkness.

        Raises:
            LimitError: No channel emits the wavelength, or not at this irradiance.
        """
        channel = self.channel_of(emission.wavelength_nm)
        low, high = self.irradiance_range_mw_cm2(emission.wavelength_nm)
        asked = emission.irradiance_mw_cm2
        # A value computed from the range itself must be in it.
        if not low * (1 - 1e-9) <= asked <= high * (1 + 1e-9):
            raise LimitError(
                self._name,
                f"{channel.wavelength_nm:g} nm gives {low:.4g} to {high:.4g} mW/cm2, "
                f"asked for {asked:g}",
                value=asked,
                unit="mW/cm2",
                limits=(low, high),
            )
        steps = round(asked / channel.irradiance_mw_cm2_per_ma / self._step_ma)
        return channel, min(steps * self._step_ma, channel.limit_ma)
