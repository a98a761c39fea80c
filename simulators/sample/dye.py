"""A fluorescence standard: a dye of known quantum yield.

Emission is a Gaussian per eV, absorption a Gaussian with a floor towards the blue; both are
stand-ins with the right position, width and strength, not certified spectra. Quantum yields are
those in use for these standards (Brouwer, Pure Appl. Chem. 83, 2213, 2011).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from simulators.sample.beam import Beam, Inputs
from simulators.sample.decay import Pool
from simulators.sample.emission import PixelGrid, Throughput
from simulators.sample.leak import leak_profile
from simulators.sample.ledger import LightLedger
from simulators.sample.lines import per_nm
from simulators.sample.liquid import Liquid
from simulators.sample.material import HC_EV_NM, LN10, photon_flux_per_cm2_s
from simulators.sample.optics import Floats, mean_transmission, mean_transmissions
from simulators.sample.vial import Vial

_FLOOR = 0.10
"""Absorption far in the blue, against that at the top of the band."""


@dataclass(frozen=True, kw_only=True)
class DyeLaw:
    """What is known of a dye.

    Args:
        absorption_nm: Top of its absorption band.
        absorption_width_ev: Full width of it at half maximum.
        extinction_per_molar_cm: Molar decadic extinction coefficient at the top.
        emission_nm: Top of its emission, on the energy scale.
        emission_width_ev: Full width of it at half maximum.
        quantum_yield: Photons emitted per photon absorbed.
        lifetime_ns: Lifetime of its excited state.
        refractive_index: Of its solvent, for whoever compares it with a sample in another one.
        bleaching_yield: Molecules destroyed per photon absorbed.
    """

    absorption_nm: float
    absorption_width_ev: float
    extinction_per_molar_cm: float
    emission_nm: float
    emission_width_ev: float
    quantum_yield: float
    lifetime_ns: float
    refractive_index: float
    bleaching_yield: float = 1e-7


_TOLUENE_INDEX = 1.497
"""Refractive index of the solvent for which the throughput is given."""

DYES = {
    "fluorescein": DyeLaw(
        absorption_nm=491.0,
        absorption_width_ev=0.19,
        extinction_per_molar_cm=76_900.0,
        emission_nm=514.0,
        emission_width_ev=0.17,
        quantum_yield=0.91,
        lifetime_ns=4.1,
        refractive_index=1.333,
    ),
    "coumarin-153": DyeLaw(
        absorption_nm=422.0,
        absorption_width_ev=0.48,
        extinction_per_molar_cm=19_000.0,
        emission_nm=530.0,
        emission_width_ev=0.33,
        quantum_yield=0.53,
        lifetime_ns=4.3,
        refractive_index=1.361,
    ),
}
"""Fluorescein in 0.1 M NaOH, coumarin 153 in ethanol."""


@dataclass(frozen=True, kw_only=True)
class DyePreparation:
    """A dye in a vial; its concentration is that of the vial's liquid, in nmol/L.

    Args:
        name: Name of the sample.
        dye: Name of the dye.
        vial: The liquid.
        path_cm: Path of the light through it.
    """

    name: str
    dye: str
    vial: Vial
    path_cm: float


class Dye:
    """A standard that only dilutes and, slowly, bleaches.

    Args:
        preparation: What it is at the start.
        throughput: How much of its light a spectrometer detects.
    """

    def __init__(self, preparation: DyePreparation, throughput: Throughput | None = None) -> None:
        self.preparation = preparation
        self.ledger = LightLedger()
        self._law = DYES[preparation.dye]
        self._throughput = throughput or Throughput()
        self._vial = preparation.vial
        self._alive = 1.0

    @property
    def _brighter(self) -> float:
        """Light that leaves into a given cone, against toluene: refraction widens it by n²."""
        return (_TOLUENE_INDEX / self._law.refractive_index) ** 2

    @property
    def mass_g(self) -> float:
        """Mass of the liquid, taken as water."""
        return self._vial.volume_ul * 1e-3

    def step(self, dt_s: float, inputs: Inputs) -> None:
        """Let a time pass during which nothing changes outside."""
        self.ledger.add(dt_s, inputs.beams)
        self._alive *= math.exp(-self._bleaching_per_s(inputs.beams) * dt_s)
        left_s = dt_s
        while left_s > 0.0:
            piece_s = min(left_s, self._vial.seconds_to_limit(inputs.flow))
            before_fmol = self._vial.crystals_fmol
            self._vial = self._vial.after(piece_s, inputs.flow)
            infused = inputs.flow.liquid.concentration_nm * inputs.flow.infuse_ul_min
            if infused > 0.0 and before_fmol > 0.0:  # a pump of dye: fresh molecules
                kept = before_fmol / (before_fmol + infused / 60.0 * piece_s)
                self._alive = self._alive * kept + (1.0 - kept)
            left_s -= piece_s

    def emission_per_s(self, grid: PixelGrid, beams: tuple[Beam, ...]) -> Floats:
        """Return the photons a spectrometer detects per second and pixel, shape of the grid."""
        photons: Floats = np.zeros(len(grid))
        band_nm = grid.wavelength_nm
        energy_ev: Floats = HC_EV_NM / band_nm
        line = per_nm(_gaussian(energy_ev, self._law), band_nm) * grid.pixel_nm
        out = line * mean_transmissions(self.absorbances(band_nm))
        for beam in beams:
            flux = photon_flux_per_cm2_s(beam.irradiance_mw_cm2, beam.wavelength_nm)
            flux *= self._throughput.collection
            absorbance = float(self.absorbances(np.array([beam.wavelength_nm]))[0])
            absorbed = mean_transmission(absorbance) * LN10 * absorbance
            photons += flux * absorbed * self._law.quantum_yield * self._brighter * out
            if not beam.in_line:
                profile = leak_profile(
                    beam,
                    band_nm,
                    grid.pixel_nm,
                    self._throughput.longpass,
                    self._throughput.second_order,
                )
                photons += flux * self._throughput.stray * profile
        return photons

    def absorbances(self, wavelength_nm: Floats) -> Floats:
        """Return the decadic absorbance of a beam through the cuvette, shape [n]."""
        energy_ev = HC_EV_NM / wavelength_nm
        top_ev = HC_EV_NM / self._law.absorption_nm
        away = (energy_ev - top_ev) / self._law.absorption_width_ev
        band = np.exp(-4.0 * math.log(2.0) * away**2)
        floor = _FLOOR / (1.0 + np.exp(np.clip(-(energy_ev - top_ev) / 0.02, -50.0, 50.0)))
        molar = self._vial.liquid.concentration_nm * 1e-9 * self._alive
        full = self._law.extinction_per_molar_cm * molar * self.preparation.path_cm
        total: Floats = full * np.maximum(band, floor)
        return total

    def decay_pools(self, excitation_nm: float) -> tuple[Pool, ...]:
        """Return its one exponential."""
        del excitation_nm
        if self._vial.liquid.concentration_nm <= 0.0:
            return ()
        return (Pool(self._alive, self._law.lifetime_ns * 1e-9),)

    def truth(self) -> dict[str, Any]:
        """Return what an ideal observer knows, as plain data."""
        return {
            "sample": self.preparation.name,
            **self.ledger.truth(),
            "quantum_yield": self._law.quantum_yield,
            "refractive_index": self._law.refractive_index,
            "alive": self._alive,
            "volume_ul": self._vial.volume_ul,
            "concentration_nm": self._vial.liquid.concentration_nm,
            "absorbance_405": float(self.absorbances(np.array([405.0]))[0]),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the state that ``restore`` takes, as plain data."""
        return {"vial": asdict(self._vial), "alive": self._alive, "ledger": self.ledger.to_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take on a state that ``to_dict`` returned."""
        vial = {**state["vial"], "liquid": Liquid(*state["vial"]["liquid"])}
        self._vial = Vial(**vial)
        self._alive = state["alive"]
        self.ledger = LightLedger.from_dict(state["ledger"])

    def copy(self) -> Dye:
        """Return the same in the same state that goes its own way."""
        twin = Dye(self.preparation, self._throughput)
        twin.restore(self.to_dict())
        return twin

    def _bleaching_per_s(self, beams: tuple[Beam, ...]) -> float:
        total = 0.0
        for beam in beams:
            absorbance = float(self.absorbances(np.array([beam.wavelength_nm]))[0])
            molar = self._vial.liquid.concentration_nm * 1e-9 * self._alive
            if molar > 0.0:
                flux = photon_flux_per_cm2_s(beam.irradiance_mw_cm2, beam.wavelength_nm)
                per_molar_cm = absorbance / (molar * self.preparation.path_cm)
                cross_section_cm2 = per_molar_cm * LN10 * 1e3 / 6.02214076e23
                total += flux * cross_section_cm2 * mean_transmission(absorbance)
        return self._law.bleaching_yield * total


def _gaussian(energy_ev: Floats, law: DyeLaw) -> Floats:
    """Return the emission per eV, unit area."""
    width_ev = law.emission_width_ev
    top = 2.0 * math.sqrt(math.log(2.0) / math.pi) / width_ev
    away = (energy_ev - HC_EV_NM / law.emission_nm) / width_ev
    line: Floats = top * np.exp(-4.0 * math.log(2.0) * away**2)
    return line
