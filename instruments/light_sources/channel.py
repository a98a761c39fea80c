"""What a light source is made of, and what it needs of its driver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from instruments.device import Driver
from instruments.errors import LimitError
from instruments.light_sources.calibration import IrradianceCalibration, steps_within
from instruments.light_sources.emission import Emission

_WAVELENGTH_TOLERANCE_NM = 0.5
_ROUNDING = 1e-9  # a value computed from the ends of the range must be in it

LevelUnit = Literal["mA", "%"]
"""What a source takes: the current of an LED, or percent of what it can."""

Geometry = Literal["right-angle", "transmission"]
"""How light of a channel reaches the spectrometer: as emission of the sample, or through it."""

FaultKind = Literal["led-open", "no-led", "over-temperature", "interlock", "supply", "other"]
"""What an interlock rule may look for."""


@dataclass(frozen=True, kw_only=True)
class LightFault:
    """Something that is wrong with a source.

    Attributes:
        kind: For rules.
        words: For people.
    """

    kind: FaultKind
    words: str

    def __str__(self) -> str:
        """Return the words."""
        return self.words


class LightDriver(Driver, Protocol):
    """What a light source needs of its driver.

    A level is the current of an LED in mA or percent of what the source can, as the model has it.
    """

    @property
    def level_unit(self) -> LevelUnit:
        """Unit of all levels."""
        ...

    @property
    def level_step(self) -> float:
        """Smallest step of a level."""
        ...

    @property
    def full_level(self) -> float:
        """Highest level that the model knows."""
        ...

    @property
    def many_at_once(self) -> bool:
        """Whether several channels may be on together."""
        ...

    def prepare(self, limits: Mapping[int, float]) -> None:
        """Switch everything off and set the highest level of every channel."""
        ...

    def set_level(self, channel: int, level: float) -> None:
        """Set the level of a channel."""
        ...

    def level(self, channel: int) -> float:
        """Return the level that a channel is set to."""
        ...

    def switch_on(self, channel: int) -> None:
        """Switch a channel on."""
        ...

    def lit(self, channel: int | None = None) -> Mapping[int, float]:
        """Return the levels of all channels that are on, by number; of one if that is cheaper."""
        ...

    def faults(self, channel: int | None = None) -> Sequence[LightFault]:
        """Return what is wrong."""
        ...

    def lamp_hours(self) -> float:
        """Return the hours of the lamp, NaN for a source that does not count them."""
        ...


@dataclass(frozen=True, kw_only=True)
class LightChannel:
    """One LED or lamp with its calibration at the sample.

    Attributes:
        number: Number on the wire.
        wavelength_nm: Nominal wavelength.
        fwhm_nm: Full width at half maximum of its line.
        limit: Highest level, mA or percent.
        unit: Unit of the level.
        calibration: Irradiance at the sample by level.
        geometry: Whether it excites the sample or shines through it, for absorbance.
    """

    number: int
    wavelength_nm: float
    fwhm_nm: float
    limit: float
    calibration: IrradianceCalibration
    unit: LevelUnit = "mA"
    geometry: Geometry = "right-angle"

    def __str__(self) -> str:
        """Return wavelength, calibration, its date and the limit in words."""
        through = ", in transmission" if self.geometry == "transmission" else ""
        return (
            f"{self.wavelength_nm:g} nm: {self.calibration.words(self.unit)}, "
            f"up to {self.limit:g} {self.unit}{through}"
        )

    def irradiance_mw_cm2(self, level: float) -> float:
        """Return the irradiance at the sample.

        Args:
            level: Level of the channel.
        """
        return self.calibration.irradiance_mw_cm2(level)


@dataclass(frozen=True, kw_only=True)
class LightState:
    """What the instrument says, in one look.

    Attributes:
        lit: What is on, the strongest first: channel, level and irradiance at the sample.
        faults: What is wrong.
    """

    lit: tuple[tuple[LightChannel, float, float], ...]
    faults: tuple[LightFault, ...]

    @property
    def channel(self) -> LightChannel | None:
        """The strongest channel that is on, ``None`` when dark."""
        return self.lit[0][0] if self.lit else None

    @property
    def level(self) -> float:
        """Its level, 0.0 when dark."""
        return self.lit[0][1] if self.lit else 0.0

    @property
    def irradiance_mw_cm2(self) -> float:
        """Irradiance at the sample of all that is on."""
        return sum(irradiance for _, _, irradiance in self.lit)

    def has(self, kind: FaultKind) -> bool:
        """Return whether there is a fault of a kind.

        Args:
            kind: Such as ``"led-open"``.
        """
        return any(fault.kind == kind for fault in self.faults)


class LevelTable:
    """Turns an irradiance at the sample into the level of a channel; the one place that does.

    Args:
        name: Name of the light source, for messages.
        channels: Its channels.
        step: Smallest step of a level.
    """

    def __init__(self, name: str, channels: Sequence[LightChannel], *, step: float) -> None:
        self._name = name
        self._channels = tuple(channels)
        self._step = step

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

    def _steps(self, channel: LightChannel) -> Sequence[int]:
        levels = channel.calibration.levels
        return steps_within(levels[0], min(levels[-1], channel.limit), self._step)

    def irradiance_range_mw_cm2(self, wavelength_nm: float) -> tuple[float, float]:
        """Return the weakest and strongest irradiance of a wavelength.

        Args:
            wavelength_nm: Nominal wavelength.

        Raises:
            LimitError: No channel emits it.
        """
        channel = self.channel_of(wavelength_nm)
        steps = self._steps(channel)
        return (
            channel.irradiance_mw_cm2(steps[0] * self._step),
            channel.irradiance_mw_cm2(steps[-1] * self._step),
        )

    def level_for(self, emission: Emission) -> tuple[LightChannel, float]:
        """Return the channel and its level for an emission.

        Args:
            emission: What shall be emitted; not darkness.

        Raises:
            LimitError: No channel emits the wavelength, or not at this irradiance.
        """
        channel = self.channel_of(emission.wavelength_nm)
        low, high = self.irradiance_range_mw_cm2(emission.wavelength_nm)
        asked = emission.irradiance_mw_cm2
        if not low * (1 - _ROUNDING) <= asked <= high * (1 + _ROUNDING):
            raise LimitError(
                self._name,
                f"{channel.wavelength_nm:g} nm gives {low:.4g} to {high:.4g} mW/cm2, "
                f"asked for {asked:g}",
                value=asked,
                unit="mW/cm2",
                limits=(low, high),
            )
        steps = self._steps(channel)
        nearest = round(channel.calibration.level_for(asked) / self._step)
        return channel, min(max(nearest, steps[0]), steps[-1]) * self._step
