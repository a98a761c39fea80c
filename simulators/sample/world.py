"""The one thing that all simulated instruments look at.

Light sources, pumps, hotplates, gases and stages change what happens to the samples; the
spectrometer, the photon counter, the power meter and the balance look. Between two changes nothing
is computed: a sample is moved on when something changes for it or an exposure ends, and looking at
the truth moves a copy, so that it never alters a run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulators.sample.beam import Beam
from simulators.sample.decay import Counter, drawn, expected_counts
from simulators.sample.detector import Detector, exposure_rng
from simulators.sample.emission import PixelGrid
from simulators.sample.leak import lamp_per_pixel
from simulators.sample.light_path import LightPath
from simulators.sample.material import photon_flux_per_cm2_s
from simulators.sample.optics import Floats
from simulators.sample.place import Place
from simulators.sample.specimen import Specimen
from simulators.sample.spots import METER, SAMPLE, spot_in_beam
from simulators.sample.surroundings import Surroundings
from simulators.sample.view import WorldView
from simulators.sample.world_file import Simulation, read_simulation

STRAY_POWER_W = 1e-9
"""What a power meter reads of the room."""
_SHIFT_STEP_NM = 0.002
_GRIDS_KEPT = 8
_LASER_STREAM, _FLICKER_STREAM = 1, 2


@dataclass(kw_only=True)
class _Exposure:
    grid: PixelGrid
    photons: Floats


class World:
    """The samples, the light on them and the place of the stage, at one common time.

    All calls carry the time in s, which must not decrease. Calls come from one thread. An
    instrument that shares its kind with others on the bench gets a view with its own name.

    Args:
        simulation: What the world is made from.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._places = {name: Place(each) for name, each in simulation.specimens.items()}
        filters = simulation.filters.as_mapping()
        self._light = LightPath(simulation.leds, simulation.ageing, filters)
        self._around = Surroundings(simulation.lines, simulation.heated, simulation.gases)
        self._lost_ul = 0.0
        self._in_beam = self._at(0.0, 0.0)
        self._now_s: float | None = None
        self._start_s = 0.0
        self._settled_s = 0.0
        self._exposures: dict[int, _Exposure] = {}
        self._opened = 0
        self._decays = 0
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

    def seen_by(self, device: str) -> WorldView:
        """Return the world as the instrument of a name changes it and looks at it."""
        return WorldView(self, device)

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
            self._now_s = self._start_s = self._settled_s = now_s
            for place in self._places.values():
                place.start(now_s)
        if not now_s >= self._now_s:
            message = f"the world is at {self._now_s} s and cannot go back to {now_s} s"
            raise ValueError(message)
        self._now_s = now_s

    # -- what instruments change

    def set_light(
        self, now_s: float, channel: int, current_ma: float, device: str = "light"
    ) -> None:
        """Change the current through one channel of a light source.

        A channel to which no LED is connected gives no light.

        Args:
            now_s: When.
            channel: Number of the channel.
            current_ma: The current, 0 for dark.
            device: Name of the light source on the bench.
        """
        if not (current_ma >= 0.0 and math.isfinite(current_ma)):
            message = f"light channel {channel}: {current_ma} mA is no current of an LED"
            raise ValueError(message)
        self.advance(now_s)
        if self._light.current_ma(device, channel) != current_ma:
            self._settle()
            self._light.set_current(device, channel, current_ma)
            self._renew_beam()

    def set_shutter(self, now_s: float, open: bool, device: str = "shutter") -> None:
        """Open or close a shutter between the light sources and the stage; it begins open."""
        self.advance(now_s)
        self._settle()
        self._light.set_shutter(device, open)
        self._renew_beam()

    def set_filter(self, now_s: float, position: int, device: str = "filter_wheel") -> None:
        """Turn a filter wheel between the light sources and the stage.

        Args:
            now_s: When.
            position: Position that is in the light, 1 the first; one without a filter is empty.
            device: Name of the wheel on the bench.
        """
        self.advance(now_s)
        self._settle()
        self._light.set_filter(device, position)
        self._renew_beam()

    def set_temperature(
        self, now_s: float, temperature_degc: float, device: str = "hotplate"
    ) -> None:
        """Change the temperature of a bath or plate that samples are on."""
        known = self._around.knows_temperature(device, temperature_degc)
        self.advance(now_s)
        if not known:
            self._settle()
            self._around.set_temperature(device, temperature_degc)
            self._renew()

    def set_gas(self, now_s: float, flow_sccm: float, device: str = "gas") -> None:
        """Change the flow of gas through a flow controller into the cell above the samples."""
        known = self._around.knows_gas(device, flow_sccm)
        self.advance(now_s)
        if not known:
            self._settle()
            self._around.set_gas(device, flow_sccm)
            self._renew()

    def set_sonication(self, now_s: float, share: float, device: str = "sonicator") -> None:
        """Change the ultrasound of a bath that all samples stand in; 0 is off, 1 full power."""
        self.advance(now_s)
        self._settle()
        self._around.set_sonication(device, share)
        self._renew()

    def set_flow(self, now_s: float, rate_ul_min: float, device: str = "pump") -> None:
        """Change the flow of a pump, positive into the vial, negative out of it."""
        known = self._around.knows_flow(device, rate_ul_min)
        self.advance(now_s)
        if not known:
            self._settle()
            self._around.set_flow(device, rate_ul_min)
            self._renew()

    def set_stage(self, now_s: float, x_mm: float | None, y_mm: float | None = 0.0) -> None:
        """Change the place of the stage; None means moving, with nothing in the beam."""
        self.advance(now_s)
        moving = x_mm is None or y_mm is None
        in_beam = None if moving else self._at(x_mm or 0.0, y_mm or 0.0)
        if in_beam != self._in_beam:
            self._settle()
            self._in_beam = in_beam
            self._renew()

    # -- what instruments see

    def open_exposure(self, now_s: float, wavelength_nm: Floats) -> int:
        """Begin to collect light.

        Args:
            now_s: When.
            wavelength_nm: Centres of the pixels as the spectrometer knows them, rising, shape [n].

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
        photons = self._exposures.pop(handle).photons
        flicker = self._simulation.ageing.flicker
        if flicker > 0.0:
            rng = np.random.default_rng((self._simulation.seed, handle, _FLICKER_STREAM))
            photons = photons * max(1.0 + flicker * rng.normal(), 0.0)
        return photons

    def meter_power_w(self, now_s: float, aperture_area_cm2: float) -> float:
        """Return the optical power on the head of the power meter.

        Args:
            now_s: When.
            aperture_area_cm2: Area of the head's aperture, smaller than the beam.
        """
        self.advance(now_s)
        if self._in_beam != METER:
            return STRAY_POWER_W
        self._settle()
        return self._light.irradiance_mw_cm2 * 1e-3 * aperture_area_cm2 + STRAY_POWER_W

    def mass_g(self, now_s: float, device: str = "balance") -> float:
        """Return the mass of the sample on a balance tared with the empty vessel."""
        self.advance(now_s)
        return self._places[self._simulation.weighed[device]].at(now_s).mass_g

    def decay(self, now_s: float, seconds: float, counter: Counter) -> npt.NDArray[np.int64]:
        """Return a histogram of single photons from what is in the beam.

        The laser is too weak to change a sample. The state is that at the end of the acquisition.

        Args:
            now_s: When the acquisition ends.
            seconds: How long it took.
            counter: Laser, detector and histogram; ``photons_per_s`` is the rate from a sample.
        """
        self.advance(now_s)
        seen = None if self._in_beam is None else self._places.get(self._in_beam)
        pools = () if seen is None else seen.at(now_s).decay_pools(counter.excitation_nm)
        self._decays += 1
        rng = np.random.default_rng((self._simulation.seed, self._decays, _LASER_STREAM))
        return drawn(expected_counts(pools, counter, seconds), rng)

    def truth(self, now_s: float) -> dict[str, Any]:
        """Return what an ideal observer knows at a time, as plain data.

        The keys of the run's sample are at the top; other vials on the stage are under "vials".
        """
        self.advance(now_s)
        places = {name: place.copy() for name, place in self._places.items()}
        light = self._light.copy()
        self._pass(places, light, expose=False)
        truths = {name: place.at(now_s).truth() for name, place in places.items()}
        losing_ul_s = self._around.losing_ul_s(self._in_beam, self._places)
        return {
            **truths.pop(SAMPLE),
            "time_s": now_s,
            "is_lit": bool(light.beams),
            "irradiance_mw_cm2": light.irradiance_mw_cm2,
            "light_on_s": light.lit_s,
            "in_beam": self._in_beam,
            "rate_ul_min": self._around.rate_ul_min,
            "lost_ul": self._lost_ul + losing_ul_s * (now_s - self._settled_s),
            "shutter_open": light.shutter_open,
            "filter_position": light.filter_position,
            "wavelength_shift_nm": self._shift_nm(),
            "vials": truths,
        }

    # -- between the two

    def _at(self, x_mm: float, y_mm: float) -> str | None:
        """Return the name of what is in the beam at a place of the stage."""
        spots = self._simulation.spots
        if not spots:
            return SAMPLE
        number = spot_in_beam(spots, x_mm, y_mm)
        return None if number is None else spots[number].specimen

    def _renew(self) -> None:
        """Let what has changed act on every sample."""
        for name, place in self._places.items():
            place.expose(
                self._settled_s, self._around.inputs(name, self._in_beam, self._light.beams)
            )

    def _renew_beam(self) -> None:
        """Let a light that has changed act on what is in the beam."""
        if self._in_beam in self._places:
            inputs = self._around.inputs(self._in_beam, self._in_beam, self._light.beams)
            self._places[self._in_beam].expose(self._settled_s, inputs)

    def _settle(self) -> None:
        """Move the light, what is in the beam and the open exposures on to the present."""
        if self._now_s is None or self._now_s == self._settled_s:
            return
        losing_ul_s = self._around.losing_ul_s(self._in_beam, self._places)
        self._lost_ul += losing_ul_s * (self._now_s - self._settled_s)
        self._pass(self._places, self._light, expose=True)
        self._settled_s = self._now_s

    def _pass(self, places: dict[str, Place], light: LightPath, *, expose: bool) -> None:
        """Let the time since the last settling pass for the light and what is in it."""
        seen = None if self._in_beam is None else places.get(self._in_beam)
        at_s, end_s = self._settled_s, self._now_s or 0.0
        while at_s < end_s:
            left_s = light.seconds_to_update(at_s)
            aged = left_s <= end_s - at_s
            next_s = at_s + left_s if aged else end_s
            light.step(next_s - at_s)
            if seen is not None:
                seen.catch_up(next_s)
                if expose:
                    self._collect(seen.specimen, next_s - at_s, light.beams)
            at_s = next_s
            if aged:
                light.update()
                if seen is not None and self._in_beam is not None:
                    inputs = self._around.inputs(self._in_beam, self._in_beam, light.beams)
                    seen.expose(at_s, inputs)

    def _collect(self, seen: Specimen, dt_s: float, beams: tuple[Beam, ...]) -> None:
        """Add the light of a time to the open exposures."""
        for exposure in self._exposures.values():
            grid = exposure.grid
            exposure.photons += dt_s * seen.emission_per_s(grid, beams)
            through = [beam for beam in beams if beam.in_line]
            if not through:
                continue
            passed = 10.0 ** -np.minimum(seen.absorbances(grid.wavelength_nm), 30.0)
            for beam in through:
                flux = photon_flux_per_cm2_s(beam.irradiance_mw_cm2, beam.wavelength_nm)
                lamp = lamp_per_pixel(beam, grid.wavelength_nm, grid.pixel_nm)
                exposure.photons += dt_s * self._simulation.in_line * flux * lamp * passed

    def _shift_nm(self) -> float:
        """Return how much redder the light in a pixel is than the spectrometer says."""
        hours = ((self._now_s or 0.0) - self._start_s) / 3600.0
        shift_nm = self._simulation.offset_nm + self._simulation.drift_nm_per_h * hours
        return round(shift_nm / _SHIFT_STEP_NM) * _SHIFT_STEP_NM

    def _grid(self, wavelength_nm: Floats) -> PixelGrid:
        shift_nm = self._shift_nm()
        truly_nm = wavelength_nm + shift_nm if shift_nm else wavelength_nm
        for grid in self._grids:
            if np.array_equal(grid.wavelength_nm, truly_nm):
                return grid
        self._grids.append(PixelGrid(truly_nm))
        del self._grids[:-_GRIDS_KEPT]
        return self._grids[-1]
