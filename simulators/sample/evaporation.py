"""How fast a solvent leaves through stagnant vapour.

Above the liquid lies a gap of still gas; at its upper end the vapour is carried off. The flux
through the gap is that of Stefan diffusion (Bird, Stewart and Lightfoot, Transport Phenomena,
section 18.2): ``D P M / (R T z) ln((P - s p) / (P - p))`` with the vapour pressure p and the
saturation s of the gas above. Vapour pressures are interpolated after Clausius and Clapeyron
between 25 and 60 °C, diffusion coefficients in air grow with the power 1.75 of the temperature
(Fuller, Schettler and Giddings 1966).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.sample.material import GAS_CONSTANT_J_MOL_K, REFERENCE_K

PRESSURE_PA = 101_325.0
_WARM_K = 333.15
_HIGHEST_PART = 0.98
"""Vapour pressure as a part of the pressure beyond which a liquid would boil."""
_DIFFUSION_POWER = 1.75


@dataclass(frozen=True, kw_only=True)
class Solvent:
    """What evaporation and a balance need to know of a solvent.

    Args:
        molar_mass_g_mol: Molar mass.
        density_g_ml: Density at 25 °C, used at every temperature.
        vapour_pressure_pa: Vapour pressure at 25 °C.
        warm_vapour_pressure_pa: Vapour pressure at 60 °C.
        diffusion_cm2_s: Diffusion coefficient of the vapour in air at 25 °C.
        solubility: How well it disperses nanocrystals, relative to toluene.
    """

    molar_mass_g_mol: float
    density_g_ml: float
    vapour_pressure_pa: float
    warm_vapour_pressure_pa: float
    diffusion_cm2_s: float
    solubility: float

    def pressure_pa(self, temperature_k: float) -> float:
        """Return the vapour pressure, kept just below the boiling point."""
        ratio = math.log(self.warm_vapour_pressure_pa / self.vapour_pressure_pa)
        slope_k = ratio / (1.0 / _WARM_K - 1.0 / REFERENCE_K)
        exponent = slope_k * (1.0 / temperature_k - 1.0 / REFERENCE_K)
        return min(self.vapour_pressure_pa * math.exp(exponent), _HIGHEST_PART * PRESSURE_PA)


SOLVENTS = {
    "toluene": Solvent(
        molar_mass_g_mol=92.14,
        density_g_ml=0.8623,
        vapour_pressure_pa=3799.3,
        warm_vapour_pressure_pa=18540.2,
        diffusion_cm2_s=0.0816,
        solubility=1.0,
    ),
    "hexane": Solvent(
        molar_mass_g_mol=86.18,
        density_g_ml=0.655,
        vapour_pressure_pa=20164.1,
        warm_vapour_pressure_pa=76413.4,
        diffusion_cm2_s=0.0776,
        solubility=0.4,
    ),
    "octane": Solvent(
        molar_mass_g_mol=114.23,
        density_g_ml=0.6987,
        vapour_pressure_pa=1873.5,
        warm_vapour_pressure_pa=10492.0,
        diffusion_cm2_s=0.0665,
        solubility=0.7,
    ),
}
"""The solvents a sample may be dispersed in; that hexane drives assembly is its solubility."""


def stefan_flux_g_m2_s(
    solvent: Solvent, temperature_k: float, gap_mm: float, saturation: float = 0.0
) -> float:
    """Return the mass of solvent that leaves per m² and second.

    Args:
        solvent: The liquid.
        temperature_k: Its temperature and that of the gap.
        gap_mm: Height of the stagnant gas above it.
        saturation: Vapour in the gas above the gap, 0 (none) to 1 (saturated).
    """
    warmth = math.pow(temperature_k / REFERENCE_K, _DIFFUSION_POWER)
    diffusion_m2_s = solvent.diffusion_cm2_s * 1e-4 * warmth
    pressure_pa = solvent.pressure_pa(temperature_k)
    drive = math.log((PRESSURE_PA - saturation * pressure_pa) / (PRESSURE_PA - pressure_pa))
    molar_per_m = PRESSURE_PA / (GAS_CONSTANT_J_MOL_K * temperature_k * gap_mm * 1e-3)
    return diffusion_m2_s * molar_per_m * drive * solvent.molar_mass_g_mol


def drying_rate_ul_s(solvent: Solvent, flux_g_m2_s: float, area_cm2: float) -> float:
    """Return the volume of liquid that a flux takes from an area per second."""
    return flux_g_m2_s * 1e-4 * area_cm2 / solvent.density_g_ml * 1e3
