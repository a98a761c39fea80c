"""Rate equations of the regrowth that light induces.

Fractions of the CsPbBr3 units of the sample: dispersed nanocrystals, activated ones (that lost
ligand), units in wires, units degraded. Their sum is 1. ``wires`` counts wires per starting
nanocrystal, ``trap`` is the level of non-radiative traps, ``absorbed`` the photons absorbed per
nanocrystal, ``flocculated`` the part that is in flocs, which scatter. Light activates, free ligand
heals, activated nanocrystals that meet fuse, wires grow by further nanocrystals and by joining end
to end; an antisolvent activates in the dark and flocculates, water degrades, ultrasound strips
ligand and so activates (an assumption: known is only that it assembles, Tong et al. 2018). Every
rate constant is an assumption that reproduces hours at 20 mW/cm²; oxygen's part in degradation
follows Huang et al. (2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from simulators.sample.beam import Beam
from simulators.sample.integrator import Rates, Vector
from simulators.sample.liquid import Liquid
from simulators.sample.material import (
    AVOGADRO_PER_MOL,
    GAS_CONSTANT_J_MOL_K,
    HC_EV_NM,
    LN10,
    REFERENCE_K,
    SOLVENT_VISCOSITY_MPA_S,
    Material,
    diffusion_limit_per_molar_s,
    photon_flux_per_cm2_s,
)
from simulators.sample.optics import absorption_shape, mean_transmission, scatter_law

REFERENCE_CONCENTRATION_NM = 20.0
_SHORTEST_WIRE = 2.0
_LONGEST_WIRE = 1e6
_NO_WIRES = 1e-15

Course = Callable[[float], tuple[Liquid, float]]
"""Time since the start of a step in s to the liquid, and which part of its crystals is renewed
per second by those that flow in."""


@dataclass(frozen=True, kw_only=True)
class KineticParameters:
    """Rate constants of the model.

    Args:
        activation_yield: Activations per absorbed photon.
        dark_activation_per_s: Activations without light.
        passivation_per_s_mm: Healing of activated nanocrystals per mmol/L of free ligand, at 25 °C.
        passivation_barrier_j_mol: Activation energy of healing.
        sticking: Part of the encounters of activated nanocrystals that fuse.
        wire_joining: Rate of wire-wire against crystal-crystal fusion.
        brightening_yield: Traps healed per absorbed photon, as a rate constant.
        lowest_trap: Trap level that light leads to.
        degradation_yield: Degradations per absorbed photon in inert gas.
        air_factor: How much faster degradation is in air.
        wire_degradation: How fast wires degrade relative to nanocrystals.
        polar_activation_per_s: Activations by a pure polar antisolvent, which strips ligand.
        sonic_activation_per_s: Activations in full ultrasound, which strips ligand; an assumption.
        polar_trapping_per_s: Rate at which a pure antisolvent brings traps.
        polar_trap: Trap level that an antisolvent leads to.
        flocculation_per_s: Rate at which flocs form and fall apart.
        flocculation_at: Part of antisolvent at which half of the nanocrystals are in flocs.
        flocculation_order: How sharply they flocculate there.
        water_degradation_per_s: Rate of degradation in pure water.
    """

    activation_yield: float = 1.5e-7
    dark_activation_per_s: float = 0.0
    passivation_per_s_mm: float = 2.0e-4
    passivation_barrier_j_mol: float = 40e3
    sticking: float = 5e-6
    wire_joining: float = 0.5
    brightening_yield: float = 1e-6
    lowest_trap: float = 0.35
    degradation_yield: float = 3e-9
    air_factor: float = 10.0
    wire_degradation: float = 0.1
    polar_activation_per_s: float = 2e-4
    sonic_activation_per_s: float = 3e-4
    polar_trapping_per_s: float = 1e-3
    polar_trap: float = 4.0
    flocculation_per_s: float = 0.05
    flocculation_at: float = 0.30
    flocculation_order: float = 8.0
    water_degradation_per_s: float = 5e-4

    def flocculated_in(self, antisolvent: float) -> float:
        """Return the part of the nanocrystals in flocs at rest in a part of antisolvent."""
        if antisolvent <= 0.0:
            return 0.0
        ratio = self.flocculation_at / antisolvent
        return 1.0 / (1.0 + math.pow(ratio, self.flocculation_order))


class Populations(NamedTuple):
    """The state that the rate equations move; see the module for the meaning of each."""

    dispersed: float = 1.0
    activated: float = 0.0
    fused: float = 0.0
    degraded: float = 0.0
    wires: float = 0.0
    trap: float = 1.0
    absorbed: float = 0.0
    flocculated: float = 0.0

    @property
    def crystals_per_wire(self) -> float:
        """Mean number of nanocrystals in a wire, 2 while there is none."""
        return crystals_per_wire(self.fused, self.wires)


FRESH = Populations()
"""Nanocrystals as they come out of a bottle."""


def crystals_per_wire(fused: float, wires: float) -> float:
    """Return the mean number of nanocrystals in a wire, bounded where rounding would rule it."""
    if wires <= _NO_WIRES:
        return _SHORTEST_WIRE
    return min(max(fused / wires, _SHORTEST_WIRE), _LONGEST_WIRE)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What stays constant in a sample: its particles and its surroundings."""

    material: Material
    size_nm: float
    path_cm: float
    solvent: str
    air: float

    def wire_edge_ev(self, wire_crystals: float, temperature_k: float) -> float:
        """Return the absorption edge of wires of a mean length."""
        diameter_nm = self.material.wire_diameter_nm(self.size_nm, wire_crystals)
        return self.material.wire_edge_ev(diameter_nm, temperature_k)

    def absorbance_per_nm(self) -> float:
        """Return the absorbance of the cuvette at 400 nm per nmol/L of nanocrystals."""
        return self.material.extinction_400_per_molar_cm(self.size_nm) * 1e-9 * self.path_cm

    def scatter_per_nm(self, wavelength_nm: float) -> float:
        """Return the absorbance that wires feign by scattering, if all units were in wires."""
        per_nm = self.material.wire_scatter * self.path_cm / REFERENCE_CONCENTRATION_NM
        return per_nm * scatter_law(wavelength_nm)

    def floc_scatter_per_nm(self, wavelength_nm: float) -> float:
        """Return the absorbance that flocs feign by scattering, if all units were in flocs."""
        per_nm = self.material.floc_scatter * self.path_cm / REFERENCE_CONCENTRATION_NM
        return per_nm * float((500.0 / wavelength_nm) ** 2)


class PhotonRate:
    """Photons absorbed per nanocrystal and second, averaged over the depth of the cuvette."""

    def __init__(self, setting: Setting, beams: tuple[Beam, ...], temperature_k: float) -> None:
        self._wire_edge_ev = setting.material.wire_edge_law(setting.size_nm, temperature_k)
        self._per_nm = setting.absorbance_per_nm()
        edge_ev = setting.material.crystal_edge_ev(setting.size_nm, temperature_k)
        extinction = setting.material.extinction_400_per_molar_cm(setting.size_nm)
        self._channels: list[tuple[float, float, float, float, float]] = []
        for beam in beams:
            energy_ev = HC_EV_NM / beam.wavelength_nm
            shape = absorption_shape(energy_ev, edge_ev)
            cross_section_cm2 = extinction * shape * LN10 * 1e3 / AVOGADRO_PER_MOL
            flux = photon_flux_per_cm2_s(beam.irradiance_mw_cm2, beam.wavelength_nm)
            scatter = setting.scatter_per_nm(beam.wavelength_nm)
            flocs = setting.floc_scatter_per_nm(beam.wavelength_nm)
            channel = (energy_ev, flux * cross_section_cm2, shape, scatter, flocs)
            self._channels.append(channel)

    def __call__(self, state: Vector, concentration: float) -> float:
        """Return the rate at a composition; concentration in nmol/L."""
        if not self._channels:
            return 0.0
        # a trial step that is about to be rejected may carry impossible fractions
        dispersed, activated, fused, _, wires, _, _, flocculated = state
        crystals = min(max(dispersed + activated, 0.0), 1.0)
        fused = min(max(fused, 0.0), 1.0)
        edge_ev = self._wire_edge_ev(crystals_per_wire(fused, wires))
        total = 0.0
        for energy_ev, thin, shape, scatter, flocs in self._channels:
            absorbance = crystals * shape * self._per_nm + flocculated * flocs
            if fused > 0.0:
                absorbance += fused * (
                    absorption_shape(energy_ev, edge_ev) * self._per_nm + scatter
                )
            total += thin * mean_transmission(absorbance * concentration)
        return total


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What acts on the populations during a step.

    Args:
        beams: Light on the sample.
        temperature_k: Temperature of the sample.
        air: Part of air in the gas above the sample, 0 to 1.
        course: The liquid during the step.
        sonication: Share of full ultrasound.
    """

    beams: tuple[Beam, ...]
    temperature_k: float
    air: float
    course: Course
    sonication: float = 0.0


def rate_equations(
    parameters: KineticParameters, setting: Setting, conditions: Conditions
) -> Rates:
    """Return the derivatives of ``Populations`` as a function of time and state.

    Args:
        parameters: Rate constants.
        setting: The sample's particles and surroundings.
        conditions: What acts on it.
    """
    p, temperature_k, course = parameters, conditions.temperature_k, conditions.course
    photons = PhotonRate(setting, conditions.beams, temperature_k)
    healing = _healing_per_s_mm(p, temperature_k)
    fusing_per_nm = _fusing_per_s_nm(p, setting, temperature_k)
    shaking = p.sonic_activation_per_s * conditions.sonication
    degrading = p.degradation_yield * (1.0 + (p.air_factor - 1.0) * conditions.air)

    def rates(time_s: float, state: Vector) -> Vector:
        dispersed, activated, fused, _, wires, trap, _, flocculated = state
        (concentration, ligand, antisolvent, water), renewal = course(time_s)
        absorbed = photons(state, concentration)
        fusing = fusing_per_nm * concentration
        losing = degrading * absorbed + p.water_degradation_per_s * water
        wire_losing = p.wire_degradation * losing
        stripping = p.dark_activation_per_s + shaking + p.polar_activation_per_s * antisolvent
        activate = (p.activation_yield * absorbed + stripping) * dispersed
        trapping = p.polar_trapping_per_s * antisolvent * (p.polar_trap - trap)
        flocs = p.flocculated_in(antisolvent)
        heal = healing * ligand * activated
        nucleate = fusing * activated * activated
        grow = 2.0 * fusing * activated * wires
        change = (
            heal - activate - losing * dispersed,
            activate - heal - 2.0 * nucleate - grow - losing * activated,
            2.0 * nucleate + grow - wire_losing * fused,
            losing * (dispersed + activated) + wire_losing * fused,
            nucleate - p.wire_joining * fusing * wires * wires - wire_losing * wires,
            trapping - p.brightening_yield * absorbed * (trap - p.lowest_trap),
            absorbed,
            p.flocculation_per_s * (flocs - flocculated),
        )
        if renewal == 0.0:
            return change
        if renewal == math.inf:  # the first ones: half of what happens is taken by the next
            return tuple([0.5 * rate for rate in change])
        mixed = zip(change, FRESH, state, strict=True)
        return tuple([rate + renewal * (fresh - now) for rate, fresh, now in mixed])

    return rates


def _healing_per_s_mm(parameters: KineticParameters, temperature_k: float) -> float:
    """Return the rate of healing per mmol/L of ligand at a temperature (Arrhenius)."""
    barrier_k = parameters.passivation_barrier_j_mol / GAS_CONSTANT_J_MOL_K
    warmth = math.exp(-barrier_k * (1.0 / temperature_k - 1.0 / REFERENCE_K))
    return parameters.passivation_per_s_mm * warmth


def _fusing_per_s_nm(
    parameters: KineticParameters, setting: Setting, temperature_k: float
) -> float:
    """Return the rate of fusing encounters per nmol/L of nanocrystals."""
    viscosity_mpa_s = SOLVENT_VISCOSITY_MPA_S[setting.solvent]
    return parameters.sticking * diffusion_limit_per_molar_s(temperature_k, viscosity_mpa_s) * 1e-9
