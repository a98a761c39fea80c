"""The light between its sources and the stage: LEDs, shutters, filter wheels, ageing.

An LED that is switched on cold gives more than the calibration says, which was measured when it
was warm; with the hours it gives less. Both are changes over minutes and weeks, computed at every
tenth second of the clock, so that the result does not depend on who looks when.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulators.sample.beam import Beam
from simulators.sample.tables import SampleConfigurationError, Table

FIRST_FILTER = 1
UPDATE_S = 10.0
"""How often an ageing lamp is computed anew."""
_S_PER_KH = 3.6e6
WHITE = ((405.0, 30.0, 0.25), (470.0, 60.0, 0.25), (580.0, 160.0, 0.50))
"""A white LED pumped with violet light: centre in nm, width in nm and share of each band."""
SPECTRA = ("line", "white")


@dataclass(frozen=True, kw_only=True)
class Led:
    """What one channel of a light source really gives at the sample plane.

    Args:
        device: Name of the light source's device on the bench, "" for any.
        channel: Number of the channel.
        bands: Centre in nm, width in nm and share of each band of its spectrum.
        irradiance_mw_cm2_per_ma: Irradiance of all bands together, when it is warm and new.
        in_line: Whether it shines through the sample into the spectrometer.
    """

    device: str
    channel: int
    bands: tuple[tuple[float, float, float], ...]
    irradiance_mw_cm2_per_ma: float
    in_line: bool = False


@dataclass(frozen=True, kw_only=True)
class Ageing:
    """How the LEDs depart from their calibration.

    Args:
        cold_excess: Output more than calibrated, when cold.
        warm_up_s: Time constant of warming up and cooling down.
        loss_per_kh: Output lost in 1000 hours of light, as a rate.
        flicker: Standard deviation of the light from one exposure to the next.
    """

    cold_excess: float = 0.0
    warm_up_s: float = 300.0
    loss_per_kh: float = 0.0
    flicker: float = 0.0

    @property
    def changes(self) -> bool:
        """Whether the output changes with time at all."""
        return self.cold_excess != 0.0 or self.loss_per_kh != 0.0


@dataclass(kw_only=True)
class _Lamp:
    current_ma: float = 0.0
    warmth: float = 0.0
    lit_s: float = 0.0


class LightPath:
    """All light sources of a bench and what stands between them and the stage.

    Args:
        leds: What the channels give.
        ageing: How they depart from it.
        filters: Transmissions of the filter wheels by device; "" for any other. Position 1 first.
    """

    def __init__(
        self, leds: tuple[Led, ...], ageing: Ageing, filters: Mapping[str, tuple[float, ...]]
    ) -> None:
        self._leds, self._ageing, self._filters = leds, ageing, filters
        self._currents_ma: dict[tuple[str, int], float] = {}
        self._lamps = [_Lamp() for _ in leds]
        self._shutters: dict[str, bool] = {}
        self._positions: dict[str, int] = {}
        self._lit_s = 0.0
        self._beams: tuple[Beam, ...] = ()

    @property
    def beams(self) -> tuple[Beam, ...]:
        """The light that arrives at the stage, in the order of the LEDs."""
        return self._beams

    @property
    def irradiance_mw_cm2(self) -> float:
        """Irradiance of all of it."""
        return sum(beam.irradiance_mw_cm2 for beam in self._beams)

    @property
    def lit_s(self) -> float:
        """How long there was light so far."""
        return self._lit_s

    @property
    def shutter_open(self) -> bool:
        """Whether every shutter is open."""
        return all(self._shutters.values())

    @property
    def filter_position(self) -> int:
        """Position of the filter wheel that was turned last."""
        return next(reversed(self._positions.values()), FIRST_FILTER)

    def current_ma(self, device: str, channel: int) -> float:
        """Return the current through a channel."""
        return self._currents_ma.get((device, channel), 0.0)

    def set_current(self, device: str, channel: int, current_ma: float) -> None:
        """Change the current through a channel."""
        self._currents_ma[device, channel] = current_ma
        for led, lamp in zip(self._leds, self._lamps, strict=True):
            if led.channel == channel and led.device in ("", device):
                lamp.current_ma = current_ma
        self._compute()

    def set_shutter(self, device: str, open: bool) -> None:
        """Open or close a shutter; it begins open."""
        self._shutters[device] = open
        self._compute()

    def set_filter(self, device: str, position: int) -> None:
        """Turn a filter wheel; a position without a filter lets everything through."""
        self._positions.pop(device, None)
        self._positions[device] = position
        self._compute()

    def seconds_to_update(self, now_s: float) -> float:
        """Return after what time the light has to be computed anew, from a time on."""
        if not self._ageing.changes:
            return math.inf
        return (math.floor(now_s / UPDATE_S + 1e-9) + 1.0) * UPDATE_S - now_s

    def step(self, dt_s: float) -> None:
        """Let a time pass that is at most that to the next update."""
        self._lit_s += dt_s if self._beams else 0.0
        if not self._ageing.changes:
            return
        left = math.exp(-dt_s / self._ageing.warm_up_s)
        for lamp in self._lamps:
            on = lamp.current_ma > 0.0
            lamp.warmth = lamp.warmth * left + (1.0 - left if on else 0.0)
            lamp.lit_s += dt_s if on else 0.0

    def update(self) -> None:
        """Compute the light anew."""
        self._compute()

    def transmission(self) -> float:
        """Return what shutters and filters let through."""
        if not self.shutter_open:
            return 0.0
        passed = 1.0
        wheels = {**dict.fromkeys(self._filters, FIRST_FILTER), **self._positions}
        if self._positions.keys() - self._filters.keys():
            wheels.pop("", None)  # it stood for the wheel that has a name by now
        for device, position in wheels.items():
            filters = self._filters.get(device, self._filters.get("", ()))
            number = position - FIRST_FILTER
            passed *= filters[number] if 0 <= number < len(filters) else 1.0
        return passed

    def to_dict(self) -> dict[str, Any]:
        """Return the state that ``restore`` takes, as plain data."""
        currents = [[*key, current_ma] for key, current_ma in self._currents_ma.items()]
        return {
            "currents_ma": currents,
            "lamps": [[lamp.current_ma, lamp.warmth, lamp.lit_s] for lamp in self._lamps],
            "shutters": dict(self._shutters),
            "positions": dict(self._positions),
            "lit_s": self._lit_s,
            "beams": [[*vars(beam).values()] for beam in self._beams],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take on a state that ``to_dict`` returned."""
        self._currents_ma = {(name, number): ma for name, number, ma in state["currents_ma"]}
        self._lamps = [
            _Lamp(current_ma=ma, warmth=warmth, lit_s=lit_s) for ma, warmth, lit_s in state["lamps"]
        ]
        self._shutters = dict(state["shutters"])
        self._positions = dict(state["positions"])
        self._lit_s = state["lit_s"]
        self._beams = tuple(
            Beam(wavelength_nm=nm, fwhm_nm=fwhm, irradiance_mw_cm2=irradiance, in_line=in_line)
            for nm, fwhm, irradiance, in_line in state["beams"]
        )

    def copy(self) -> LightPath:
        """Return the same light that goes its own way."""
        twin = LightPath(self._leds, self._ageing, self._filters)
        twin.restore(self.to_dict())
        return twin

    def _compute(self) -> None:
        passed = self.transmission()
        found: list[Beam] = []
        for led, lamp in zip(self._leds, self._lamps, strict=True):
            whole = lamp.current_ma * led.irradiance_mw_cm2_per_ma * passed * self._output(lamp)
            if whole > 0.0:
                found += [
                    Beam(
                        wavelength_nm=centre_nm,
                        fwhm_nm=fwhm_nm,
                        irradiance_mw_cm2=whole * share,
                        in_line=led.in_line,
                    )
                    for centre_nm, fwhm_nm, share in led.bands
                ]
        self._beams = tuple(found)

    def _output(self, lamp: _Lamp) -> float:
        """Return the output of a lamp against its calibration."""
        if not self._ageing.changes:
            return 1.0
        cold = 1.0 + self._ageing.cold_excess * (1.0 - lamp.warmth)
        return cold * math.exp(-self._ageing.loss_per_kh * lamp.lit_s / _S_PER_KH)


def read_leds(table: Table) -> tuple[Led, ...]:
    """Take the channels of the light sources from a table.

    Raises:
        SampleConfigurationError: When a channel is described twice.
    """
    leds: dict[tuple[str, int], Led] = {}
    for each in table.tables("channel"):
        device, number = each.text("device", ""), each.integer("number")
        if (device, number) in leds:
            message = f"{each.where}: channel {number} is described twice"
            raise SampleConfigurationError(message)
        spectrum = each.text("spectrum", "line", among=SPECTRA)
        bands: tuple[tuple[float, float, float], ...] = WHITE
        if spectrum == "line":
            wavelength_nm = each.number("wavelength_nm", low=200.0, high=2000.0)
            bands = ((wavelength_nm, each.number("fwhm_nm", low=0.01, high=200.0), 1.0),)
        leds[device, number] = Led(
            device=device,
            channel=number,
            bands=bands,
            irradiance_mw_cm2_per_ma=each.number("irradiance_mw_cm2_per_ma", low=0.0),
            in_line=each.text("geometry", "right-angle", among=("right-angle", "transmission"))
            == "transmission",
        )
        each.finish()
    return tuple(led for _, led in sorted(leds.items()))


def read_ageing(table: Table) -> Ageing:
    """Take from a table how the light sources age."""
    usual = Ageing()
    return Ageing(
        cold_excess=table.number("cold_excess", usual.cold_excess, low=-0.9, high=1.0),
        warm_up_s=table.number("warm_up_s", usual.warm_up_s, low=1.0),
        loss_per_kh=table.number("loss_per_kh", usual.loss_per_kh, low=0.0),
        flicker=table.number("flicker", usual.flicker, low=0.0, high=0.5),
    )
