"""What a spectrometer at a right angle sees of the sample.

A line emitted inside a cuvette is weakened twice: the excitation does not reach the far wall, and
the emission is absorbed again on its way out. Both are means of 10^-(A x) over the depth
(Lakowicz, Principles of Fluorescence Spectroscopy, section 2.2). The second one takes the blue
side of the line and so moves a raw peak to the red with no chemistry at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from simulators.sample.beam import Beam
from simulators.sample.decay import Pool
from simulators.sample.kinetics import Populations, Setting
from simulators.sample.leak import Longpass, leak_profile
from simulators.sample.lines import (
    EMISSION_BAND_NM,
    Uptake,
    crystal_line_per_ev,
    per_nm,
    uptake,
    wire_line_per_ev,
)
from simulators.sample.material import HC_EV_NM, LN10, photon_flux_per_cm2_s
from simulators.sample.optics import (
    SCATTER_SEEN_BY_EMISSION,
    Floats,
    absorption_shapes,
    mean_transmission,
    mean_transmissions,
)

_COLOUR_STEP_NM = 0.02
_TRUTH_EXCITATION_NM = 405.0


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """What of the light arrives at the detector.

    Args:
        collection: Detected photons per second for each photon per cm² and second that the sample
            would emit if it absorbed all light and reabsorbed none. The default gives 20 000 counts
            in 0.2 s at 1 mW/cm² of 405 nm for the as-synthesised sample on pixels of 0.289 nm.
        stray: Part of the excitation that glass scatters towards the spectrometer, against
            emission of the same strength.
        wire_scatter: Part of the light scattered by wires that goes there.
        second_order: Strength of the image at twice the wavelength.
        longpass: Filter in front of the spectrometer.
        in_line: The same as ``collection`` for light that shines straight through the sample into
            the spectrometer, by a fibre of its own without the longpass.
    """

    collection: float = 6.174e-9
    stray: float = 2e-3
    wire_scatter: float = 0.05
    second_order: float = 0.01
    longpass: Longpass = field(default_factory=Longpass)
    in_line: float = 4e-6


class PixelGrid:
    """The pixels of one spectrometer.

    Args:
        wavelength_nm: Centres of the pixels, rising, shape [n].

    Raises:
        ValueError: When the wavelengths are not a rising list of at least two.
    """

    def __init__(self, wavelength_nm: Floats) -> None:
        self.wavelength_nm = np.array(wavelength_nm, dtype=np.float64)
        rising = self.wavelength_nm.ndim == 1 and self.wavelength_nm.size > 1
        if not rising or not np.all(np.diff(self.wavelength_nm) > 0.0):
            message = "the pixels' wavelengths must be a rising list of at least two"
            raise ValueError(message)
        self.pixel_nm: Floats = np.gradient(self.wavelength_nm)
        self.wavelength_nm.setflags(write=False)
        first, last = np.searchsorted(self.wavelength_nm, EMISSION_BAND_NM)
        self.band = slice(int(first), int(last))

    def __len__(self) -> int:
        """Return the number of pixels."""
        return int(self.wavelength_nm.size)


class Emitter:
    """The light that one sample sends to one spectrometer.

    Args:
        setting: The sample's particles and surroundings.
        grid: The pixels.
        throughput: What of the light arrives.
    """

    def __init__(self, setting: Setting, grid: PixelGrid, throughput: Throughput) -> None:
        self.grid = grid
        self._setting = setting
        self._throughput = throughput
        self._wavelength_nm: Floats = grid.wavelength_nm[grid.band]
        self._energy_ev: Floats = HC_EV_NM / self._wavelength_nm
        self._jacobian = per_nm(np.ones_like(self._energy_ev), self._wavelength_nm)
        self._scatter = setting.scatter_per_nm(1.0) / self._wavelength_nm**3
        self._floc_scatter = setting.floc_scatter_per_nm(1.0) / self._wavelength_nm**2
        self._warm: tuple[float, Floats, Floats] | None = None
        self._profiles: dict[tuple[float, float], Floats] = {}

    def photons_per_s(
        self,
        now: Populations,
        concentration_nm: float,
        temperature_k: float,
        beams: tuple[Beam, ...],
    ) -> Floats:
        """Return the photons detected per second and pixel, shape of the grid.

        Args:
            now: The composition.
            concentration_nm: Concentration of nanocrystals put in, nmol/L.
            temperature_k: Temperature of the sample.
            beams: Light on the sample.
        """
        photons: Floats = np.zeros(len(self.grid))
        crystals, wires = 0.0, 0.0
        for beam in beams:
            flux = photon_flux_per_cm2_s(beam.irradiance_mw_cm2, beam.wavelength_nm)
            flux *= self._throughput.collection
            taken = uptake(self._setting, now, concentration_nm, temperature_k, beam.wavelength_nm)
            lit = flux * mean_transmission(taken.total) * LN10
            crystals += lit * taken.crystals * taken.crystal_yield
            wires += lit * taken.wires * taken.wire_yield
            if not beam.in_line:
                photons += flux * self._scattered(taken) * self._profile(beam)
        if crystals > 0.0 or wires > 0.0:
            band = self._band_light(now, concentration_nm, temperature_k, crystals, wires)
            photons[self.grid.band] += band * self.grid.pixel_nm[self.grid.band]
        return photons

    def _band_light(
        self,
        now: Populations,
        concentration_nm: float,
        temperature_k: float,
        crystals: float,
        wires: float,
    ) -> Floats:
        """Return the reabsorbed emission per nm from the light that each population emits."""
        setting = self._setting
        crystal_line, crystal_shape = self._crystal_arrays(temperature_k)
        light = crystals * crystal_line
        bright = now.dispersed + now.activated
        absorbance = bright * crystal_shape
        if now.fused > 0.0:
            length = now.crystals_per_wire
            light = light + wires * wire_line_per_ev(
                setting, self._energy_ev, temperature_k, length
            )
            edge_ev = setting.wire_edge_ev(length, temperature_k)
            absorbance = absorbance + now.fused * absorption_shapes(self._energy_ev, edge_ev)
        absorbance = absorbance * (setting.absorbance_per_nm() * concentration_nm)
        scatter = now.fused * self._scatter + now.flocculated * self._floc_scatter
        absorbance += SCATTER_SEEN_BY_EMISSION * concentration_nm * scatter
        seen: Floats = light * self._jacobian * mean_transmissions(absorbance)
        return seen

    def _crystal_arrays(self, temperature_k: float) -> tuple[Floats, Floats]:
        """Return line and absorption shape of the nanocrystals, which only heat changes."""
        if self._warm is None or self._warm[0] != temperature_k:
            law, setting = self._setting.material, self._setting
            line = crystal_line_per_ev(setting, self._energy_ev, temperature_k)
            edge_ev = law.crystal_edge_ev(setting.size_nm, temperature_k)
            self._warm = (temperature_k, line, absorption_shapes(self._energy_ev, edge_ev))
        return self._warm[1], self._warm[2]

    def _scattered(self, taken: Uptake) -> float:
        """Return the part of the excitation that glass and wires send to the spectrometer."""
        by_wires = -math.expm1(-taken.scatter * LN10)
        return self._throughput.stray + self._throughput.wire_scatter * by_wires

    def _profile(self, beam: Beam) -> Floats:
        key = (beam.wavelength_nm, beam.fwhm_nm)
        if key not in self._profiles:
            self._profiles[key] = leak_profile(
                beam,
                self.grid.wavelength_nm,
                self.grid.pixel_nm,
                self._throughput.longpass,
                self._throughput.second_order,
            )
        return self._profiles[key]


@dataclass(frozen=True, kw_only=True)
class Colour:
    """The true colour and decay of a composition; None where nothing glows.

    Args:
        peak_dilute_nm: Top of the line on the energy scale, free of reabsorption.
        peak_raw_nm: Top of the line per nm as seen in this cuvette, lit with 405 nm.
        absorbance_405: Absorbance of the cuvette at 405 nm.
        lifetime_amplitude_ns: Amplitude-weighted mean lifetime, lit with 405 nm.
        lifetime_intensity_ns: Intensity-weighted mean lifetime, lit with 405 nm.
    """

    peak_dilute_nm: float | None
    peak_raw_nm: float | None
    absorbance_405: float
    lifetime_amplitude_ns: float | None
    lifetime_intensity_ns: float | None


def colour_of(
    setting: Setting, now: Populations, concentration_nm: float, temperature_k: float
) -> Colour:
    """Return the true colour and decay of a composition."""
    taken = uptake(setting, now, concentration_nm, temperature_k, _TRUTH_EXCITATION_NM)
    crystals = taken.crystals * taken.crystal_yield
    wires = taken.wires * taken.wire_yield
    if crystals + wires <= 0.0:
        return Colour(
            peak_dilute_nm=None,
            peak_raw_nm=None,
            absorbance_405=taken.total,
            lifetime_amplitude_ns=None,
            lifetime_intensity_ns=None,
        )
    grid = PixelGrid(np.arange(*EMISSION_BAND_NM, _COLOUR_STEP_NM))
    energy_ev = HC_EV_NM / grid.wavelength_nm
    line = crystals * crystal_line_per_ev(setting, energy_ev, temperature_k)
    line += wires * wire_line_per_ev(setting, energy_ev, temperature_k, now.crystals_per_wire)
    beam = Beam(wavelength_nm=_TRUTH_EXCITATION_NM, fwhm_nm=12.0, irradiance_mw_cm2=1.0)
    emitter = Emitter(setting, grid, Throughput(stray=0.0, wire_scatter=0.0))
    seen = emitter.photons_per_s(now, concentration_nm, temperature_k, (beam,))
    amplitude_ns, intensity_ns = _lifetimes_ns(setting, now, taken)
    return Colour(
        peak_dilute_nm=float(grid.wavelength_nm[line.argmax()]),
        peak_raw_nm=float(grid.wavelength_nm[(seen / grid.pixel_nm).argmax()]),
        absorbance_405=taken.total,
        lifetime_amplitude_ns=amplitude_ns,
        lifetime_intensity_ns=intensity_ns,
    )


def decay_pools(setting: Setting, now: Populations, taken: Uptake) -> tuple[Pool, ...]:
    """Return the exponentials of the decay after a pulse of the light that was taken up."""
    law = setting.material
    pools = (
        Pool(
            taken.crystals * law.crystal_decay.radiative_per_s,
            law.crystal_decay.lifetime_s(now.trap),
        ),
        Pool(taken.wires * law.wire_decay.radiative_per_s, law.wire_decay.lifetime_s()),
    )
    return tuple(pool for pool in pools if pool.amplitude > 0.0)


def _lifetimes_ns(setting: Setting, now: Populations, taken: Uptake) -> tuple[float, float]:
    """Return the amplitude- and the intensity-weighted mean lifetime."""
    pools = decay_pools(setting, now, taken)
    amplitudes = sum(amplitude for amplitude, _ in pools)
    intensity = sum(amplitude * lifetime_s for amplitude, lifetime_s in pools)
    spread = sum(amplitude * lifetime_s**2 for amplitude, lifetime_s in pools)
    return 1e9 * intensity / amplitudes, 1e9 * spread / intensity
