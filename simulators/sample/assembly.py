"""Rate equations of drying, assembly and fusion.

A drop loses solvent, its nanocrystals crowd, and above a threshold of crowding they order into
superlattices; what is ordered fuses slowly, faster with heat and light, slower with ligand. The
knobs are those that Liu, Zheng, Mohammed and Bakr (Acc. Chem. Res. 2022) name: concentration,
temperature and ligand. That fusion at room temperature takes days follows Baranov et al. (2021);
every rate constant is an assumption. Fractions of the CsPbBr3 units sum to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from simulators.sample.evaporation import SOLVENTS, drying_rate_ul_s, stefan_flux_g_m2_s
from simulators.sample.integrator import Rates, Vector
from simulators.sample.material import (
    AVOGADRO_PER_MOL,
    ELEMENTARY_CHARGE_C,
    GAS_CONSTANT_J_MOL_K,
    REFERENCE_K,
    SOLVENT_VISCOSITY_MPA_S,
    Material,
)

_BOLTZMANN_J_K = 8.617333262e-5 * ELEMENTARY_CHARGE_C
_FALLING_BELOW = 0.3
"""Part of solvent in the film below which drying slows down."""
_WETTING_PART = 5e-3
_DEPOSIT_FROM, _DEPOSIT_TO = 0.88, 0.92
"""Crowding between which the nanocrystals left over are deposited."""


@dataclass(frozen=True, kw_only=True)
class AssemblyParameters:
    """Constants of the model.

    Args:
        threshold: Part of the volume (cores with shells) at which assembly starts, in toluene at
            25 °C without ligand.
        threshold_enthalpy_j_mol: How the threshold grows with temperature.
        ligand_halving_threshold_mm: Ligand that halves the threshold (depletion attraction).
        assembly_per_s: Rate of assembly at twice the threshold.
        dissolution_per_s: Rate at which superlattices fall apart in a thin dispersion.
        deposition_per_s: Rate at which the last nanocrystals settle when the film is nearly dry.
        fusion_per_s: Rate of fusion in a superlattice at 25 °C without ligand.
        fusion_barrier_j_mol: Its activation energy.
        ligand_halving_fusion_mm: Ligand in the starting dispersion that halves it.
        fusion_yield: Fusions per photon that a nanocrystal of a superlattice absorbs.
        disorder: Loss of order by fast drying, per square root of the Peclet number.
    """

    threshold: float = 0.06
    threshold_enthalpy_j_mol: float = 25e3
    ligand_halving_threshold_mm: float = 4.0
    assembly_per_s: float = 2e-3
    dissolution_per_s: float = 5e-4
    deposition_per_s: float = 5e-3
    fusion_per_s: float = 1.5e-6
    fusion_barrier_j_mol: float = 90e3
    ligand_halving_fusion_mm: float = 1.0
    fusion_yield: float = 2e-7
    disorder: float = 0.15


@dataclass(frozen=True, kw_only=True)
class Support:
    """What stays constant of a drop: its particles, its place and the dispersion it was made of.

    Args:
        material: Law of the compound.
        size_nm: Edge length of the nanocrystals.
        shell_nm: What the ligands of two neighbours add to the edge length.
        solvent: Name of the solvent.
        deposited_ul: Volume of dispersion that was deposited.
        concentration_nm: Nanocrystals in that dispersion, nmol/L.
        area_cm2: Area that it covers.
        gap_mm: Height of the stagnant gas above it.
        vapour_saturation: Vapour in the gas above the gap, 0 to 1.
        capacity_ul: Volume above which liquid runs off.
    """

    material: Material
    size_nm: float
    shell_nm: float
    solvent: str
    deposited_ul: float
    concentration_nm: float
    area_cm2: float
    gap_mm: float
    vapour_saturation: float
    capacity_ul: float

    def under(self, vapour_saturation: float | None) -> Support:
        """Return the same support under another saturation of the gas, None for its own."""
        if vapour_saturation is None or vapour_saturation == self.vapour_saturation:
            return self
        return replace(self, vapour_saturation=vapour_saturation)

    @property
    def crystals_nmol(self) -> float:
        """Nanocrystals on the support."""
        return self.concentration_nm * self.deposited_ul * 1e-6

    @property
    def solid_ul(self) -> float:
        """Volume of the nanocrystals with their shells, closely packed."""
        per_crystal_ul = (self.size_nm + self.shell_nm) ** 3 * 1e-18
        return self.crystals_nmol * 1e-9 * AVOGADRO_PER_MOL * per_crystal_ul

    @property
    def skin_ul(self) -> float:
        """Volume that holds the last solvent back: the solid, at least a wetting layer."""
        return max(self.solid_ul, _WETTING_PART * self.deposited_ul)

    def drying_ul_s(self, temperature_k: float) -> float:
        """Return the solvent that leaves per second while the surface is wet."""
        solvent = SOLVENTS[self.solvent]
        flux = stefan_flux_g_m2_s(solvent, temperature_k, self.gap_mm, self.vapour_saturation)
        return drying_rate_ul_s(solvent, flux, self.area_cm2)

    def peclet(self, temperature_k: float) -> float:
        """Return how much faster the surface of the drop falls than nanocrystals diffuse."""
        viscosity_pa_s = SOLVENT_VISCOSITY_MPA_S[self.solvent] * 1e-3
        diameter_m = (self.size_nm + self.shell_nm) * 1e-9
        thermal_j = _BOLTZMANN_J_K * temperature_k
        diffusion_m2_s = thermal_j / (3.0 * math.pi * viscosity_pa_s * diameter_m)
        height_m = self.deposited_ul * 1e-5 / self.area_cm2
        fall_m_s = self.drying_ul_s(temperature_k) * 1e-5 / self.area_cm2
        return fall_m_s * height_m / diffusion_m2_s


class FilmState(NamedTuple):
    """What the rate equations move.

    Args:
        dispersed: Part of the units in dispersed nanocrystals.
        assembled: Part in superlattices.
        fused: Part in fused crystals.
        ordered: Part in superlattices, each weighted with the order it formed with.
        solvent_ul: Solvent in the film.
        evaporated_ul: Solvent that left so far.
    """

    dispersed: float
    assembled: float
    fused: float
    ordered: float
    solvent_ul: float
    evaporated_ul: float


def order_of(parameters: AssemblyParameters, support: Support, temperature_k: float) -> float:
    """Return the order, 0 to 1, of superlattices that form at a temperature."""
    return 1.0 / (1.0 + parameters.disorder * math.sqrt(support.peclet(temperature_k)))


def threshold_of(
    parameters: AssemblyParameters, support: Support, temperature_k: float, ligand_mm: float
) -> float:
    """Return the crowding at which assembly starts."""
    warmth = _arrhenius(parameters.threshold_enthalpy_j_mol, temperature_k)
    depletion = 1.0 + ligand_mm / parameters.ligand_halving_threshold_mm
    return parameters.threshold * SOLVENTS[support.solvent].solubility * warmth / depletion


def fusion_per_s(parameters: AssemblyParameters, temperature_k: float, ligand_mm: float) -> float:
    """Return the rate of fusion in the dark."""
    warmth = _arrhenius(parameters.fusion_barrier_j_mol, temperature_k)
    shielding = 1.0 + ligand_mm / parameters.ligand_halving_fusion_mm
    return parameters.fusion_per_s * warmth / shielding


def _arrhenius(energy_j_mol: float, temperature_k: float) -> float:
    """Return how much an energy favours a temperature over 25 °C."""
    inverse_k = 1.0 / temperature_k - 1.0 / REFERENCE_K
    return math.exp(-energy_j_mol / GAS_CONSTANT_J_MOL_K * inverse_k)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What acts on a film during a step.

    Args:
        temperature_k: Temperature of the plate.
        photons_per_crystal_s: Photons that a nanocrystal absorbs per second.
        inflow_ul_s: Solvent that flows in and stays.
        ligand_mm: Free ligand at the start of the step, per volume deposited, mmol/L.
        ligand_rise_mm_s: How fast it rises.
    """

    temperature_k: float
    photons_per_crystal_s: float
    inflow_ul_s: float
    ligand_mm: float
    ligand_rise_mm_s: float


def film_equations(parameters: AssemblyParameters, support: Support, around: Surroundings) -> Rates:
    """Return the derivatives of ``FilmState`` as a function of time and state.

    Args:
        parameters: Constants of the model.
        support: The drop.
        around: What acts on it.
    """
    p, temperature_k = parameters, around.temperature_k
    solid_ul, skin_ul = support.solid_ul, support.skin_ul
    wet_ul_s = support.drying_ul_s(temperature_k)
    order = order_of(p, support, temperature_k)
    by_light = p.fusion_yield * around.photons_per_crystal_s

    def rates(time_s: float, state: Vector) -> Vector:
        dispersed, assembled, _fused, ordered, solvent_ul, _evaporated = state
        ligand_mm = around.ligand_mm + around.ligand_rise_mm_s * time_s
        threshold = threshold_of(p, support, temperature_k, ligand_mm)
        fusing = fusion_per_s(p, temperature_k, ligand_mm) + by_light
        solvent_ul = max(solvent_ul, 0.0)
        crowding = solid_ul / (solid_ul + solvent_ul)
        drying = wet_ul_s * min(solvent_ul / (skin_ul + solvent_ul) / _FALLING_BELOW, 1.0)
        excess = max(crowding * dispersed / threshold - 1.0, 0.0)
        nearly_dry = (crowding - _DEPOSIT_FROM) / (_DEPOSIT_TO - _DEPOSIT_FROM)
        deposit = p.deposition_per_s * min(max(nearly_dry, 0.0), 1.0)
        joining = (p.assembly_per_s * excess + deposit) * dispersed
        leaving = p.dissolution_per_s * max(1.0 - crowding / threshold, 0.0)
        return (
            leaving * assembled - joining,
            joining - (leaving + fusing) * assembled,
            fusing * assembled,
            order * joining - (leaving + fusing) * ordered,
            around.inflow_ul_s - drying,
            drying,
        )

    return rates


def seconds_to_dryness(support: Support, solvent_ul: float, temperature_k: float) -> float:
    """Return a time in which a film dries out or loses most of what it still holds."""
    wet_ul_s = support.drying_ul_s(temperature_k)
    if solvent_ul <= 0.0 or wet_ul_s <= 0.0:
        return math.inf
    return (solvent_ul + 5.0 * _FALLING_BELOW * support.skin_ul) / wet_ul_s
