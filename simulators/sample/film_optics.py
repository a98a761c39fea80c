"""What a spectrometer sees of a drop or film, lit and viewed from the front.

The red shift from nanocrystals to superlattices has three parts in Baranov et al. (2019): coupling
between neighbours (10 to 15 meV), bulk-like crystals on the surface that collect excitons (about
30 meV), and reabsorption (50 meV or more) of light that travels along the film before it leaves.
That is the model "mixed". The model "coupling" ascribes all of the shift to coupling, after Tong
et al. (2018); both end at the same wavelength and differ in brightness and width. The strengths
are assumptions tuned to that split.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulators.sample.assembly import FilmState, Support
from simulators.sample.beam import Beam
from simulators.sample.decay import Pool
from simulators.sample.emission import PixelGrid, Throughput
from simulators.sample.leak import leak_profile
from simulators.sample.lines import line_per_ev, per_nm
from simulators.sample.material import (
    AVOGADRO_PER_MOL,
    HC_EV_NM,
    LN10,
    REFERENCE_K,
    Decay,
    photon_flux_per_cm2_s,
)
from simulators.sample.optics import Floats, absorption_shape, absorption_shapes

SHIFT_MODELS = ("mixed", "coupling")
SUPERLATTICE_DECAY = Decay(radiative_per_s=2.2e8, nonradiative_per_s=0.67e8)
"""Faster than that of single nanocrystals."""
BULK_LIKE_DECAY = Decay(radiative_per_s=5e7, nonradiative_per_s=3.3e7)
"""12 ns and a quantum yield of 0.6, an assumption."""
_DRY_FROM, _DRY_OVER = 0.2, 0.6
_UM_PER_CM = 1e4
_DRY_TURBIDITY = 0.3
"""Absorbance that a dry film feigns by scattering, at 500 nm."""


@dataclass(frozen=True, kw_only=True)
class FilmOptics:
    """Optical constants of superlattices and films.

    Args:
        coupling_ev: Red shift by coupling in a perfect superlattice.
        superlattice_width_ev: Width of the line of a perfect superlattice.
        superlattice_decay: Its decay.
        bulk_like_fraction: Bulk-like crystals, as a part of the superlattices.
        bulk_like_ev: Photon energy of their line.
        bulk_like_width_ev: Width of it.
        bulk_like_yield: Their quantum yield.
        funnel: Excitons that larger crystals collect, against their share of the material.
        propagation_um: Path along the film of the light that is guided in it.
        guided_fraction: Part of the emission of a dry film that is guided.
        fused_growth: Size of fused crystals against the nanocrystals.
    """

    coupling_ev: float = 0.0125
    superlattice_width_ev: float = 0.074
    superlattice_decay: Decay = SUPERLATTICE_DECAY
    bulk_like_fraction: float = 0.10
    bulk_like_ev: float = 2.345
    bulk_like_width_ev: float = 0.075
    bulk_like_yield: float = 0.6
    funnel: float = 10.0
    propagation_um: float = 40.0
    guided_fraction: float = 0.93
    fused_growth: float = 1.3


MIXED = FilmOptics()
COUPLING = FilmOptics(coupling_ev=0.1115, bulk_like_fraction=0.0, guided_fraction=0.0)


def optics_of(shift_model: str) -> FilmOptics:
    """Return the constants of a hypothesis on the red shift, "mixed" or "coupling"."""
    if shift_model not in SHIFT_MODELS:
        message = f"no shift model {shift_model!r}: there are {', '.join(SHIFT_MODELS)}"
        raise ValueError(message)
    return MIXED if shift_model == "mixed" else COUPLING


def front_face_escape(excitation_per_cm: float, emission_per_cm: Floats, depth_cm: float) -> Floats:
    """Return the part of the emission that leaves a layer through the face that is lit.

    Args:
        excitation_per_cm: Natural absorption coefficient at the wavelength of the light.
        emission_per_cm: The same at the wavelengths of the emission, shape [n].
        depth_cm: Thickness of the layer.
    """
    absorbing = max(excitation_per_cm, 1e-12)
    both = absorbing + emission_per_cm
    lit = -math.expm1(-absorbing * depth_cm)
    escape: Floats = absorbing / both * -np.expm1(-both * depth_cm) / lit
    return escape


class FilmView:
    """A drop or film at one moment, ready to be looked at.

    Args:
        support: The drop.
        optics: Optical constants.
        state: Its state.
        temperature_k: Its temperature.
    """

    def __init__(
        self, support: Support, optics: FilmOptics, state: FilmState, temperature_k: float
    ) -> None:
        law = support.material
        self._support, self._optics, self._state = support, optics, state
        self._warm_k = temperature_k - REFERENCE_K
        self._order = state.ordered / state.assembled if state.assembled > 0.0 else 0.0
        self._crystal_ev = law.emission_ev(support.size_nm, temperature_k)
        self._lattice_ev = self._crystal_ev - optics.coupling_ev * self._order
        fused_nm = optics.fused_growth * support.size_nm
        self._fused_ev = law.emission_ev(fused_nm, temperature_k, confined=2)
        edge_ev = law.crystal_edge_ev(support.size_nm, temperature_k)
        self._edges_ev = (
            edge_ev,
            edge_ev - optics.coupling_ev * self._order,
            law.wire_edge_ev(fused_nm, temperature_k),
        )
        volume_ul = support.solid_ul + state.solvent_ul
        self.crowding = support.solid_ul / volume_ul
        self.depth_cm = volume_ul * 1e-3 / support.area_cm2
        molar = support.crystals_nmol * 1e-3 / volume_ul
        self._per_cm = LN10 * law.extinction_400_per_molar_cm(support.size_nm) * molar

    @property
    def dryness(self) -> float:
        """Part of the material that emits out of a dry solid."""
        dry = min(max((self.crowding - _DRY_FROM) / _DRY_OVER, 0.0), 1.0)
        return dry * (self._state.assembled + self._state.fused)

    def absorption_per_cm(self, wavelength_nm: float) -> float:
        """Return the natural absorption coefficient at one wavelength."""
        energy_ev = HC_EV_NM / wavelength_nm
        parts = zip(self._state[:3], self._edges_ev, strict=True)
        return self._per_cm * sum(part * absorption_shape(energy_ev, edge) for part, edge in parts)

    def absorptions_per_cm(self, energy_ev: Floats) -> Floats:
        """Return the natural absorption coefficient at photon energies, shape [n]."""
        total: Floats = np.zeros_like(energy_ev)
        for part, edge_ev in zip(self._state[:3], self._edges_ev, strict=True):
            if part > 0.0:
                total += part * absorption_shapes(energy_ev, edge_ev)
        return self._per_cm * total

    def absorbances(self, wavelength_nm: Floats) -> Floats:
        """Return the decadic absorbance of the layer; a dry one scatters, shape [n]."""
        absorbed = self.absorptions_per_cm(HC_EV_NM / wavelength_nm) * self.depth_cm / LN10
        total: Floats = absorbed + _DRY_TURBIDITY * self.dryness * 500.0 / wavelength_nm
        return total

    def emitted_per_ev(self, energy_ev: Floats, *, bulk_like: bool = True) -> Floats:
        """Return the light emitted inside per absorbed photon and eV, shape [n].

        Args:
            energy_ev: Photon energies.
            bulk_like: Whether bulk-like crystals take part.
        """
        support, optics, law = self._support, self._optics, self._support.material
        widen = law.width_ev_per_k * self._warm_k
        bulk = optics.bulk_like_fraction * self._state.assembled if bulk_like else 0.0
        narrow = (optics.superlattice_width_ev - law.crystal_width_ev) * self._order
        bulk_ev = optics.bulk_like_ev + law.peak_shift_ev_per_k * self._warm_k
        lattice_yield = optics.superlattice_decay.quantum_yield()
        crystal_width_ev = law.crystal_width_ev + widen
        pools = (
            (
                self._state.dispersed,
                law.crystal_decay.quantum_yield(),
                self._crystal_ev,
                crystal_width_ev,
            ),
            (
                self._state.assembled - bulk,
                lattice_yield,
                self._lattice_ev,
                crystal_width_ev + narrow,
            ),
            (
                self._state.fused * optics.funnel,
                law.wire_decay.quantum_yield(),
                self._fused_ev,
                law.wire_width_ev + widen,
            ),
            (
                bulk * optics.funnel,
                optics.bulk_like_yield,
                bulk_ev,
                optics.bulk_like_width_ev + widen,
            ),
        )
        light: Floats = np.zeros_like(energy_ev)
        for share, efficiency, centre_ev, width_ev in pools:
            if share > 0.0:
                line = line_per_ev(energy_ev, centre_ev, width_ev, support.material.asymmetry)
                light += share * efficiency * line
        return light / sum(share for share, *_ in pools)

    def decay_pools(self) -> tuple[Pool, ...]:
        """Return the exponentials of the decay after a pulse."""
        optics, law, state = self._optics, self._support.material, self._state
        bulk = optics.bulk_like_fraction * state.assembled
        parts = (
            (state.dispersed, law.crystal_decay),
            (state.assembled - bulk, optics.superlattice_decay),
            (state.fused * optics.funnel, law.wire_decay),
            (bulk * optics.funnel, BULK_LIKE_DECAY),
        )
        pools = (Pool(share * decay.radiative_per_s, decay.lifetime_s()) for share, decay in parts)
        return tuple(pool for pool in pools if pool.amplitude > 0.0)

    def escape(self, energy_ev: Floats, excitation_nm: float) -> Floats:
        """Return the part of the emission that gets out, shape [n].

        Args:
            energy_ev: Photon energies of the emission.
            excitation_nm: Wavelength of the light, which sets the depth where emission starts.
        """
        emission_per_cm = self.absorptions_per_cm(energy_ev)
        excitation_per_cm = self.absorption_per_cm(excitation_nm)
        direct = front_face_escape(excitation_per_cm, emission_per_cm, self.depth_cm)
        guided = self.dryness * self._optics.guided_fraction
        along = np.exp(-emission_per_cm * (self._optics.propagation_um / _UM_PER_CM))
        out: Floats = direct * (1.0 - guided + guided * along)
        return out

    def absorbed(self, excitation_nm: float) -> float:
        """Return the part of the light that the film absorbs."""
        return -math.expm1(-self.absorption_per_cm(excitation_nm) * self.depth_cm)


def photons_per_s(
    view: FilmView, grid: PixelGrid, throughput: Throughput, beams: tuple[Beam, ...]
) -> Floats:
    """Return the photons a spectrometer detects per second and pixel, shape of the grid.

    Args:
        view: The film.
        grid: The pixels.
        throughput: What of the light arrives.
        beams: Light on the film.
    """
    photons: Floats = np.zeros(len(grid))
    band_nm: Floats = grid.wavelength_nm[grid.band]
    energy_ev: Floats = HC_EV_NM / band_nm
    inside = per_nm(view.emitted_per_ev(energy_ev), band_nm) * grid.pixel_nm[grid.band]
    # a dry solid scatters the excitation as wires do
    scattered = throughput.stray + throughput.wire_scatter * view.dryness
    for beam in beams:
        flux = photon_flux_per_cm2_s(beam.irradiance_mw_cm2, beam.wavelength_nm)
        flux *= throughput.collection
        if not beam.in_line:
            photons += (
                flux
                * scattered
                * leak_profile(
                    beam,
                    grid.wavelength_nm,
                    grid.pixel_nm,
                    throughput.longpass,
                    throughput.second_order,
                )
            )
        absorbed = flux * view.absorbed(beam.wavelength_nm)
        if absorbed > 0.0:
            photons[grid.band] += absorbed * inside * view.escape(energy_ev, beam.wavelength_nm)
    return photons


def photons_per_crystal_s(support: Support, temperature_k: float, beams: tuple[Beam, ...]) -> float:
    """Return the photons that a nanocrystal absorbs per second, averaged over the depth."""
    law = support.material
    edge_ev = law.crystal_edge_ev(support.size_nm, temperature_k)
    extinction = law.extinction_400_per_molar_cm(support.size_nm)
    molar_cm = support.crystals_nmol * 1e-6 / support.area_cm2
    total = 0.0
    for beam in beams:
        shape = absorption_shape(HC_EV_NM / beam.wavelength_nm, edge_ev)
        depth = LN10 * extinction * shape * molar_cm
        cross_section_cm2 = extinction * shape * LN10 * 1e3 / AVOGADRO_PER_MOL
        flux = photon_flux_per_cm2_s(beam.irradiance_mw_cm2, beam.wavelength_nm)
        shaded = -math.expm1(-depth) / depth if depth > 1e-9 else 1.0
        total += flux * cross_section_cm2 * shaded
    return total
