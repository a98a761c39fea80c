"""The one thing that all simulated instruments look at.

The light source, the pump, the hotplate and the stage change what happens to the sample; the
spectrometer, the power meter and the balance look. Between two changes nothing is computed: the
sample is moved on when something changes or an exposure ends, and looking at the truth moves a
copy, so that it never alters a run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulators.sample.beam import DARK, Beam, Inputs
from simulators.sample.detector import Detector, exposure_rng
from simulators.sample.emission import PixelGrid
from simulators.sample.optics import Floats
from simulators.sample.spots import METER, SAMPLE, spot_in_beam
from simulators.sample.world_file import (
    FIRST_FILTER,
    AnySample,
    Simulation,
    read_simulation,
    vial_name,
)

_COLDEST_DEGC = -200.0
STRAY_POWER_W = 1e-9
"""What a power meter reads of the room."""


@dataclass(kw_only=True)
class _Exposure:
    grid: PixelGrid
    photons: Floats


class World:
    """The sample, the light on it and the place of the stage, at one common time.

    All calls carry the time in s, which must not decrease. Calls come from one thread.

    Args:
        simulation: What the world is made from.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._samples = dict(simulation.samples)
        self._currents_ma: dict[int, float] = {}
        self._shutter_open = True
        self._filter = FIRST_FILTER
        self._beams = self._light()
        self._rate_ul_min = 0.0
        self._temperature_degc: float | None = None
        self._in_beam = self._at(0.0, 0.0)
        self._now_s: float | None = None
        self._settled_s = 0.0
        self._light_on_s = 0.0
        self._exposures: dict[int, _Exposure] = {}
        self._opened = 0
        self._grids: list[PixelGrid] = []

    @classmethod
    def from_config(
        cls,
        simulation_table: Mapping[str, Any],
        seed: int | None = None,
        folder: Path | None = None,
    ) -> World:
        """Return the world that the ``[simulation]`` table of a bench file describes.

        Args:
            simulation_table: The table.
            seed: Takes the place of the table's own.
            folder: Where relative paths in the table start: the folder of the bench file.

        Raises:
            SampleConfigurationError: When the table does not describe a world.
        """
        return cls(read_simulation(simulation_table, seed, folder))

    @property
    def detector(self) -> Detector:
        """The detector of the spectrometer that looks at the sample."""
        return self._simulation.detector

    def exposure_rng(self, exposure: int) -> np.random.Generator:
        """Return the noise of the exposure of a number, the same in every run of one seed."""
        return exposure_rng(self._simulation.seed, exposure)

    def advance(self, now_s: float) -> None:
        """Let time pass.

        Raises:
            ValueError: When the time runs backwards.
        """
        if self._now_s is None:
            self._now_s = self._settled_s = now_s
        if not now_s >= self._now_s:
            message = f"the world is at {self._now_s} s and cannot go back to {now_s} s"
            raise ValueError(message)
        self._now_s = now_s

    def set_light(self, now_s: float, channel: int, current_ma: float) -> None:
        """Change the current through one channel of the light source.

        A channel to which no LED is connected gives no light.

        Args:
            now_s: When.
            channel: Number of the channel.
            current_ma: The current, 0 for dark.
        """
        if not (current_ma >= 0.0 and math.isfinite(current_ma)):
            message = f"light channel {channel}: {current_ma} mA is no current of an LED"
            raise ValueError(message)
        self.advance(now_s)
        if self._currents_ma.get(channel, 0.0) == current_ma:
            return
        self._settle()
        self._currents_ma[channel] = current_ma
        self._beams = self._light()

    def set_shutter(self, now_s: float, open: bool) -> None:
        """Open or close the shutter between the light source and the stage; it begins open."""
        self.advance(now_s)
        if open != self._shutter_open:
            self._settle()
            self._shutter_open = open
            self._beams = self._light()

    def set_filter(self, now_s: float, position: int) -> None:
        """Turn the filter wheel between the light source and the stage.

        Args:
            now_s: When.
            position: Position that is in the light, 1 the first; one without a filter is empty.
        """
        self.advance(now_s)
        if position != self._filter:
            self._settle()
            self._filter = position
            self._beams = self._light()

    def set_temperature(self, now_s: float, temperature_degc: float) -> None:
        """Change the temperature of the bath or plate that the run's sample is on."""
        if not (temperature_degc >= _COLDEST_DEGC and math.isfinite(temperature_degc)):
            message = f"{temperature_degc} °C is no temperature of a bath"
            raise ValueError(message)
        self.advance(now_s)
        if temperature_degc != self._temperature_degc:
            self._settle()
            self._temperature_degc = temperature_degc

    def mass_g(self, now_s: float) -> float:
        """Return the mass of the run's sample, on a balance tared with the empty vessel."""
        self.advance(now_s)
        twin = self._samples[SAMPLE].copy()
        twin.step(now_s - self._settled_s, self._inputs(SAMPLE))
        return twin.mass_g

    def set_flow(self, now_s: float, rate_ul_min: float) -> None:
        """Change the flow of the pump, positive into the sample, negative out of it."""
        if not math.isfinite(rate_ul_min):
            message = f"{rate_ul_min} uL/min is no flow"
            raise ValueError(message)
        self.advance(now_s)
        if rate_ul_min != self._rate_ul_min:
            self._settle()
            self._rate_ul_min = rate_ul_min

    def set_stage(self, now_s: float, x_mm: float | None, y_mm: float | None = 0.0) -> None:
        """Change the place of the stage; None means moving, with nothing in the beam."""
        self.advance(now_s)
        moving = x_mm is None or y_mm is None
        in_beam = None if moving else self._at(x_mm or 0.0, y_mm or 0.0)
        if in_beam != self._in_beam:
            self._settle()
            self._in_beam = in_beam

    def open_exposure(self, now_s: float, wavelength_nm: Floats) -> int:
        """Begin to collect light.

        Args:
            now_s: When.
            wavelength_nm: Centres of the pixels, rising, shape [n].

        Returns:
            A handle for ``close_exposure``.
        """
        self.advance(now_s)
        self._settle()
        grid = self._grid(wavelength_nm)
        self._opened += 1
        self._exposures[self._opened] = _Exposure(grid=grid, photons=np.zeros(len(grid)))
        return self._opened

    def close_exposure(self, now_s: float, handle: int) -> Floats:
        """End an exposure.

        Args:
            now_s: When.
            handle: What ``open_exposure`` returned.

        Returns:
            The expected number of detected photons per pixel, shape [n].
        """
        if handle not in self._exposures:
            message = f"no exposure {handle} is open"
            raise ValueError(message)
        self.advance(now_s)
        self._settle()
        return self._exposures.pop(handle).photons

    def meter_power_w(self, now_s: float, aperture_area_cm2: float) -> float:
        """Return the optical power on the head of the power meter.

        Args:
            now_s: When.
            aperture_area_cm2: Area of the head's aperture, smaller than the beam.
        """
        self.advance(now_s)
        if self._in_beam != METER:
            return STRAY_POWER_W
        irradiance_mw_cm2 = sum(beam.irradiance_mw_cm2 for beam in self._beams)
        return irradiance_mw_cm2 * 1e-3 * aperture_area_cm2 + STRAY_POWER_W

    def truth(self, now_s: float) -> dict[str, Any]:
        """Return what an ideal observer knows at a time, as plain data.

        The keys of the run's sample are at the top; other vials on the stage are under "vials".
        """
        self.advance(now_s)
        pending_s = now_s - self._settled_s
        truths: dict[str, dict[str, Any]] = {}
        for name, sample in self._samples.items():
            twin = sample.copy()
            twin.step(pending_s, self._inputs(name))
            truths[name] = twin.truth()
        return {
            **truths.pop(SAMPLE),
            "time_s": now_s,
            "is_lit": bool(self._beams),
            "irradiance_mw_cm2": sum(beam.irradiance_mw_cm2 for beam in self._beams),
            "light_on_s": self._light_on_s + (pending_s if self._beams else 0.0),
            "in_beam": self._in_beam,
            "rate_ul_min": self._rate_ul_min,
            "shutter_open": self._shutter_open,
            "filter_position": self._filter,
            "vials": truths,
        }

    def _at(self, x_mm: float, y_mm: float) -> str | None:
        """Return the name of what is in the beam at a place of the stage."""
        spots = self._simulation.spots
        if not spots:
            return SAMPLE
        number = spot_in_beam(spots, x_mm, y_mm)
        return None if number is None else vial_name(spots[number])

    def _inputs(self, name: str) -> Inputs:
        """Return what acts on one of the samples."""
        beams = self._beams if name == self._in_beam else ()
        if name != SAMPLE:
            return Inputs(beams=beams) if beams else DARK
        return Inputs(
            beams=beams,
            rate_ul_min=self._rate_ul_min,
            temperature_degc=self._temperature_degc,
            liquid_ligand_mm=self._simulation.liquid_ligand_mm,
        )

    def _settle(self) -> None:
        """Move the samples and the open exposures on to the present."""
        if self._now_s is None or self._now_s == self._settled_s:
            return
        dt_s = self._now_s - self._settled_s
        self._settled_s = self._now_s
        self._light_on_s += dt_s if self._beams else 0.0
        for name, sample in self._samples.items():
            sample.step(dt_s, self._inputs(name))
        seen = self._seen()
        if seen is not None and self._beams:
            for exposure in self._exposures.values():
                exposure.photons += dt_s * seen.emission_per_s(exposure.grid, self._beams)

    def _light(self) -> tuple[Beam, ...]:
        """Return the light that gets through filter and shutter."""
        passed = self._simulation.transmission(self._filter) if self._shutter_open else 0.0
        leds = sorted(self._simulation.leds.items())
        beams = (
            Beam(
                wavelength_nm=led.wavelength_nm,
                fwhm_nm=led.fwhm_nm,
                irradiance_mw_cm2=self._currents_ma.get(number, 0.0)
                * led.irradiance_mw_cm2_per_ma
                * passed,
            )
            for number, led in leds
        )
        return tuple(beam for beam in beams if beam.irradiance_mw_cm2 > 0.0)

    def _seen(self) -> AnySample | None:
        """Return the sample in the beam."""
        return None if self._in_beam is None else self._samples.get(self._in_beam)

    def _grid(self, wavelength_nm: Floats) -> PixelGrid:
        for grid in self._grids:
            if np.array_equal(grid.wavelength_nm, wavelength_nm):
                return grid
        self._grids.append(PixelGrid(wavelength_nm))
        return self._grids[-1]
