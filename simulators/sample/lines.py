"""Emission lines of nanocrystals and wires."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulators.sample.kinetics import Populations, Setting
from simulators.sample.material import HC_EV_NM, REFERENCE_K
from simulators.sample.optics import Floats, absorption_shape, absorption_shapes

EMISSION_BAND_NM = (440.0, 640.0)
"""Where the sample emits at all; outside, less than 1e-12 of the light."""


def line_per_ev(energy_ev: Floats, centre_ev: float, width_ev: float, asymmetry: float) -> Floats:
    """Return a line of unit area per eV whose red side is wider than its blue side.

    Args:
        energy_ev: Photon energies, shape [n].
        centre_ev: Energy of the top.
        width_ev: Full width at half maximum.
        asymmetry: Widths of the two sides are ``width_ev`` times 1 plus (red) or minus (blue) this.
    """
    red, blue = (
        -4.0 * math.log(2.0) / (width_ev * side) ** 2 for side in (1.0 + asymmetry, 1.0 - asymmetry)
    )
    away_ev = energy_ev - centre_ev
    top = 2.0 * math.sqrt(math.log(2.0) / math.pi) / width_ev
    line: Floats = top * np.exp(np.where(away_ev < 0.0, red, blue) * away_ev**2)
    return line


def per_nm(per_ev: Floats, wavelength_nm: Floats) -> Floats:
    """Return a density per nm from one per eV."""
    density: Floats = per_ev * (HC_EV_NM / wavelength_nm**2)
    return density


def crystal_line_per_ev(setting: Setting, energy_ev: Floats, temperature_k: float) -> Floats:
    """Return the line of the nanocrystals, unit area per eV."""
    law = setting.material
    centre_ev = law.emission_ev(setting.size_nm, temperature_k)
    width_ev = law.crystal_width_ev + law.width_ev_per_k * (temperature_k - REFERENCE_K)
    return line_per_ev(energy_ev, centre_ev, width_ev, law.asymmetry)


def wire_line_per_ev(
    setting: Setting, energy_ev: Floats, temperature_k: float, crystals_per_wire: float
) -> Floats:
    """Return the line of wires of a mean length, unit area per eV."""
    law = setting.material
    diameter_nm = law.wire_diameter_nm(setting.size_nm, crystals_per_wire)
    centre_ev = law.emission_ev(diameter_nm, temperature_k, confined=2)
    width_ev = law.wire_width_ev + law.width_ev_per_k * (temperature_k - REFERENCE_K)
    return line_per_ev(energy_ev, centre_ev, width_ev, law.asymmetry)


def absorbances(
    setting: Setting,
    now: Populations,
    concentration_nm: float,
    temperature_k: float,
    wavelength_nm: Floats,
) -> Floats:
    """Return the absorbance of a cuvette at wavelengths, scattering included, shape [n]."""
    law, energy_ev = setting.material, HC_EV_NM / wavelength_nm
    edge_ev = law.crystal_edge_ev(setting.size_nm, temperature_k)
    shape = (now.dispersed + now.activated) * absorption_shapes(energy_ev, edge_ev)
    per_nm = shape * setting.absorbance_per_nm()
    per_nm += now.flocculated * setting.floc_scatter_per_nm(1.0) / wavelength_nm**2
    if now.fused > 0.0:
        wire_edge_ev = setting.wire_edge_ev(now.crystals_per_wire, temperature_k)
        wires = absorption_shapes(energy_ev, wire_edge_ev) * setting.absorbance_per_nm()
        wires += setting.scatter_per_nm(1.0) / wavelength_nm**3
        per_nm += now.fused * wires
    total: Floats = per_nm * concentration_nm
    return total


@dataclass(frozen=True, kw_only=True)
class Uptake:
    """How a cuvette takes up light of one wavelength: absorbances and quantum yields."""

    crystals: float
    wires: float
    scatter: float
    crystal_yield: float
    wire_yield: float

    @property
    def total(self) -> float:
        """Absorbance that an absorption spectrometer would read."""
        return self.crystals + self.wires + self.scatter


def uptake(
    setting: Setting,
    now: Populations,
    concentration_nm: float,
    temperature_k: float,
    wavelength_nm: float,
) -> Uptake:
    """Return the uptake of light of one wavelength by a composition."""
    law, energy_ev = setting.material, HC_EV_NM / wavelength_nm
    full = setting.absorbance_per_nm() * concentration_nm
    crystal_edge_ev = law.crystal_edge_ev(setting.size_nm, temperature_k)
    wire_edge_ev = setting.wire_edge_ev(now.crystals_per_wire, temperature_k)
    bright = now.dispersed + now.activated
    return Uptake(
        crystals=bright * full * absorption_shape(energy_ev, crystal_edge_ev),
        wires=now.fused * full * absorption_shape(energy_ev, wire_edge_ev),
        scatter=concentration_nm
        * (
            now.fused * setting.scatter_per_nm(wavelength_nm)
            + now.flocculated * setting.floc_scatter_per_nm(wavelength_nm)
        ),
        crystal_yield=law.crystal_decay.quantum_yield(now.trap),
        wire_yield=law.wire_decay.quantum_yield(),
    )
