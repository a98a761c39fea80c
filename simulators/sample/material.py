"""The material law of CsPbBr3: size, colour, width, decay.

Energies are photon energies in eV, lengths in nm, temperatures in K. The two anchors of the sizing
law (3.5 nm at 479 nm, 16 nm at 518 nm) are those of Krieg et al. (2021); the extinction coefficient
at 400 nm is the volume law of Maes et al. (J. Phys. Chem. Lett. 9, 3093, 2018); lattice constants
and the hundredfold lifetime of the wires are those of Liu, Zheng, Mohammed and Bakr (Acc. Chem.
Res. 2022). Line asymmetry and wire widths are assumptions, kept here to be replaced.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

HC_EV_NM = 1239.841984
"""Planck constant times speed of light, eV nm (CODATA 2018)."""
ELEMENTARY_CHARGE_C = 1.602176634e-19
AVOGADRO_PER_MOL = 6.02214076e23
GAS_CONSTANT_J_MOL_K = 8.314462618
REFERENCE_K = 298.15
LN10 = math.log(10.0)

SOLVENT_VISCOSITY_MPA_S = {"toluene": 0.553, "hexane": 0.298, "octane": 0.512}
"""Dynamic viscosity at 25 °C of the solvents a sample may be dispersed in."""

_STOKES_EV = ((4.0, 0.080), (12.0, 0.022), (16.0, 0.015))
_EDGE_STOKES_WIRE_NM = 16.0


@dataclass(frozen=True, kw_only=True)
class Decay:
    """Rates at which an excited state of one population decays.

    Args:
        radiative_per_s: Rate of emitting a photon, 1/s.
        nonradiative_per_s: Rate of losing the energy at trap level 1, 1/s.
    """

    radiative_per_s: float
    nonradiative_per_s: float

    def lifetime_s(self, trap: float = 1.0) -> float:
        """Return the lifetime in s at a trap level."""
        return 1.0 / (self.radiative_per_s + self.nonradiative_per_s * trap)

    def quantum_yield(self, trap: float = 1.0) -> float:
        """Return the photoluminescence quantum yield at a trap level, 0 to 1."""
        return self.radiative_per_s * self.lifetime_s(trap)


@dataclass(frozen=True, kw_only=True)
class Material:
    """Laws that hold for every sample of one compound.

    A particle of edge length l emits at ``bulk_ev + (d/3) confinement_ev_nm2 / (l + leakage_nm)²``,
    with d = 3 confined directions in a nanocrystal and 2 in a wire. ``leakage_nm`` is how far the
    wave function reaches out of the particle. Widths are full widths at half maximum in eV.
    """

    bulk_ev: float = 2.368
    confinement_ev_nm2: float = 8.95
    leakage_nm: float = 2.9
    peak_shift_ev_per_k: float = 0.15e-3
    crystal_width_ev: float = 0.088
    wire_width_ev: float = 0.080
    width_ev_per_k: float = 0.2e-3
    asymmetry: float = 0.12
    extinction_per_nm3: float = 24_200.0
    wire_thickening: float = 0.25
    wire_scatter: float = 0.06
    floc_scatter: float = 1.0
    crystal_decay: Decay = Decay(radiative_per_s=1.55e8, nonradiative_per_s=0.67e8)
    wire_decay: Decay = Decay(radiative_per_s=1.8e6, nonradiative_per_s=0.42e6)

    def emission_ev(self, size_nm: float, temperature_k: float, confined: int = 3) -> float:
        """Return the photon energy at the top of the emission line.

        Args:
            size_nm: Edge length of a nanocrystal or diameter of a wire.
            temperature_k: Temperature of the sample.
            confined: Number of confined directions, 3 (nanocrystal) or 2 (wire).
        """
        confinement = self.confinement_ev_nm2 / (size_nm + self.leakage_nm) ** 2
        warm = self.peak_shift_ev_per_k * (temperature_k - REFERENCE_K)
        return self.bulk_ev + confined / 3.0 * confinement + warm

    def size_nm(self, peak_nm: float) -> float:
        """Return the edge length of the nanocrystals that emit at a wavelength (energy scale).

        Raises:
            ValueError: When no size gives that colour.
        """
        excess_ev = HC_EV_NM / peak_nm - self.bulk_ev
        if excess_ev <= 0.0:
            reddest_nm = HC_EV_NM / self.bulk_ev
            message = f"no nanocrystal emits at {peak_nm} nm: the bulk emits at {reddest_nm:.1f} nm"
            raise ValueError(message)
        size_nm = math.sqrt(self.confinement_ev_nm2 / excess_ev) - self.leakage_nm
        if size_nm <= 0.0:
            message = f"no nanocrystal emits at {peak_nm} nm: its edge length would be negative"
            raise ValueError(message)
        return size_nm

    def crystal_edge_ev(self, size_nm: float, temperature_k: float) -> float:
        """Return the energy of the absorption edge of nanocrystals."""
        return self.emission_ev(size_nm, temperature_k) + stokes_shift_ev(size_nm)

    def wire_edge_ev(self, diameter_nm: float, temperature_k: float) -> float:
        """Return the energy of the absorption edge of wires."""
        emission_ev = self.emission_ev(diameter_nm, temperature_k, confined=2)
        return emission_ev + stokes_shift_ev(_EDGE_STOKES_WIRE_NM)

    def wire_edge_law(self, size_nm: float, temperature_k: float) -> Callable[[float], float]:
        """Return the function from the number of crystals in a wire to its absorption edge, eV.

        The rate equations ask for it all the time; it is :meth:`wire_edge_ev` of
        :meth:`wire_diameter_nm` with all that is constant worked out.
        """
        bulk_ev = self.wire_edge_ev(math.inf, temperature_k)
        confinement_ev_nm2 = 2.0 / 3.0 * self.confinement_ev_nm2
        thickening_nm, thinnest_nm = size_nm * self.wire_thickening, size_nm + self.leakage_nm

        def edge_ev(crystals_per_wire: float) -> float:
            thick_nm = thinnest_nm + thickening_nm * math.log10(crystals_per_wire)
            return bulk_ev + confinement_ev_nm2 / (thick_nm * thick_nm)

        return edge_ev

    def wire_diameter_nm(self, size_nm: float, crystals_per_wire: float) -> float:
        """Return the diameter of wires, which thicken slowly as they lengthen."""
        return size_nm * (1.0 + self.wire_thickening * math.log10(max(crystals_per_wire, 1.0)))

    def extinction_400_per_molar_cm(self, size_nm: float) -> float:
        """Return the molar decadic extinction coefficient at 400 nm, 1/(M cm)."""
        return float(self.extinction_per_nm3 * size_nm**3)


CSPBBR3 = Material()
"""The one compound of this release."""


@functools.lru_cache(maxsize=64)  # asked for the same few sizes all the time
def stokes_shift_ev(size_nm: float) -> float:
    """Return the Stokes shift of a particle (Brennan et al. 2017), constant outside 4 to 16 nm."""
    if size_nm <= _STOKES_EV[0][0]:
        return _STOKES_EV[0][1]
    for (small, at_small), (large, at_large) in pairwise(_STOKES_EV):
        if size_nm <= large:
            return at_small + (at_large - at_small) * (size_nm - small) / (large - small)
    return _STOKES_EV[-1][1]


def photon_flux_per_cm2_s(irradiance_mw_cm2: float, wavelength_nm: float) -> float:
    """Return the photons per cm² and second of an irradiance."""
    photon_j = HC_EV_NM / wavelength_nm * ELEMENTARY_CHARGE_C
    return irradiance_mw_cm2 * 1e-3 / photon_j


def diffusion_limit_per_molar_s(temperature_k: float, viscosity_mpa_s: float) -> float:
    """Return the Smoluchowski rate constant 8RT/3η of encounters, 1/(M s)."""
    per_m3 = 8.0 * GAS_CONSTANT_J_MOL_K * temperature_k / (3.0 * viscosity_mpa_s * 1e-3)
    return per_m3 * 1e3
