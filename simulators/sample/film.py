"""A drop of nanocrystals that dries to a film of superlattices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulators.sample.assembly import (
    AssemblyParameters,
    FilmState,
    Support,
    Surroundings,
    film_equations,
    seconds_to_dryness,
)
from simulators.sample.beam import Beam, Inputs
from simulators.sample.decay import Pool
from simulators.sample.emission import PixelGrid, Throughput
from simulators.sample.evaporation import SOLVENTS
from simulators.sample.film_optics import (
    MIXED,
    FilmOptics,
    FilmView,
    photons_per_crystal_s,
    photons_per_s,
)
from simulators.sample.integrator import integrate
from simulators.sample.ledger import LightLedger
from simulators.sample.lines import EMISSION_BAND_NM, per_nm
from simulators.sample.material import AVOGADRO_PER_MOL, HC_EV_NM, LN10
from simulators.sample.optics import Floats

KELVIN_AT_0_DEGC = 273.15
CRYSTAL_DENSITY_G_ML = 4.75
"""Density of cubic CsPbBr3 with a lattice constant of 0.5874 nm."""
LIGAND_G_MOL = 267.5
"""Molar mass of oleylamine."""
_FIRST_STEP_S = 10.0
_DRY_PART = 1e-6
"""Solvent, as a part of what was deposited, that is too little to speak of."""
_TRUTH_STEP_NM = 0.02
_TRUTH_EXCITATION_NM = 405.0


@dataclass(frozen=True, kw_only=True)
class FilmPreparation:
    """What a drop or film is at the start of a run.

    Args:
        name: Name of the sample.
        support: Its particles and its place.
        state: What it begins with.
        ligand_mm: Free ligand in the dispersion deposited, mmol/L.
        assembly: Its rate constants.
        optics: Its optical constants.
        shift_model: Name of the hypothesis that the optical constants stand for.
        temperature_degc: Its temperature while nothing heats it.
    """

    name: str
    support: Support
    state: FilmState
    ligand_mm: float
    assembly: AssemblyParameters = field(default_factory=AssemblyParameters)
    optics: FilmOptics = MIXED
    shift_model: str = "mixed"
    temperature_degc: float = 25.0


class Film:
    """A drop that dries, assembles and fuses, in steps of any length.

    The pump can add solvent and ligand to it; withdrawing takes nothing, for a needle does not
    reach into a film. What does not fit on the support runs off at once, without mixing.

    Args:
        preparation: What it is at the start.
        throughput: How much of its light a spectrometer detects.
    """

    def __init__(self, preparation: FilmPreparation, throughput: Throughput | None = None) -> None:
        self.preparation = preparation
        self.ledger = LightLedger()
        self._throughput = throughput or Throughput()
        self._state = preparation.state
        self._ligand_mm = preparation.ligand_mm
        self._infused_ul = 0.0
        self._spilled_ul = 0.0
        self._temperature_degc = preparation.temperature_degc
        self._step_s = _FIRST_STEP_S

    @property
    def state(self) -> FilmState:
        """Fractions and solvent in their present state."""
        return self._state

    @property
    def temperature_degc(self) -> float:
        """The temperature during the latest step."""
        return self._temperature_degc

    @property
    def mass_g(self) -> float:
        """Mass of solvent, nanocrystals and free ligand, without the support."""
        support = self.preparation.support
        solvent_g = self._state.solvent_ul * SOLVENTS[support.solvent].density_g_ml * 1e-3
        cores_ml = support.crystals_nmol * 1e-9 * AVOGADRO_PER_MOL * support.size_nm**3 * 1e-21
        ligand_g = self._ligand_mm * support.deposited_ul * 1e-9 * LIGAND_G_MOL
        return solvent_g + cores_ml * CRYSTAL_DENSITY_G_ML + ligand_g

    @property
    def view(self) -> FilmView:
        """The film as light meets it now."""
        preparation = self.preparation
        temperature_k = self._temperature_degc + KELVIN_AT_0_DEGC
        return FilmView(preparation.support, preparation.optics, self._state, temperature_k)

    def step(self, dt_s: float, inputs: Inputs) -> None:
        """Move the state on.

        Args:
            dt_s: How long the inputs act, at least 0.
            inputs: Light, flow and heat, constant meanwhile.

        Raises:
            ValueError: When the time would run backwards.
        """
        if not dt_s >= 0.0:
            message = f"sample {self.preparation.name!r}: asked to step by {dt_s} s"
            raise ValueError(message)
        own_degc = self.preparation.temperature_degc
        given_degc = inputs.temperature_degc
        self._temperature_degc = own_degc if given_degc is None else given_degc
        self.ledger.add(dt_s, inputs.beams)
        temperature_k = self._temperature_degc + KELVIN_AT_0_DEGC
        support = self.preparation.support
        photons = photons_per_crystal_s(support, temperature_k, inputs.beams)
        support = support.under(inputs.vapour_saturation)
        inflow_ul_s = inputs.flow.infuse_ul_min / 60.0
        left_s = dt_s
        while left_s > 0.0:
            kept_ul_s, piece_s = self._next_piece(support, left_s, inflow_ul_s, temperature_k)
            rise_mm_s = kept_ul_s * inputs.flow.liquid.ligand_mm / support.deposited_ul
            around = Surroundings(
                temperature_k=temperature_k,
                photons_per_crystal_s=photons,
                inflow_ul_s=kept_ul_s,
                ligand_mm=self._ligand_mm,
                ligand_rise_mm_s=rise_mm_s,
            )
            self._move(support, piece_s, around)
            self._infused_ul += inflow_ul_s * piece_s
            self._spilled_ul += (inflow_ul_s - kept_ul_s) * piece_s
            left_s -= piece_s

    def emission_per_s(self, grid: PixelGrid, beams: tuple[Beam, ...]) -> Floats:
        """Return the photons a spectrometer detects per second and pixel, shape of the grid.

        Args:
            grid: The pixels.
            beams: Light on the film.
        """
        return photons_per_s(self.view, grid, self._throughput, beams)

    def absorbances(self, wavelength_nm: Floats) -> Floats:
        """Return what weakens a beam through the film, decadic, scattering included."""
        return self.view.absorbances(wavelength_nm)

    def decay_pools(self, excitation_nm: float) -> tuple[Pool, ...]:
        """Return the exponentials of its decay, which every light excites alike."""
        del excitation_nm
        return self.view.decay_pools()

    def truth(self) -> dict[str, Any]:
        """Return what an ideal observer knows, as plain data."""
        state, support, view = self._state, self.preparation.support, self.view
        volume_ul = support.solid_ul + state.solvent_ul
        depth = view.absorption_per_cm(_TRUTH_EXCITATION_NM) * view.depth_cm
        return {
            "sample": self.preparation.name,
            "shift_model": self.preparation.shift_model,
            **self.ledger.truth(),
            "m1": state.dispersed,
            "m2": state.assembled,
            "m3": state.fused,
            "order": state.ordered / state.assembled if state.assembled > 0.0 else 0.0,
            "solvent_ul": state.solvent_ul,
            "evaporated_ul": state.evaporated_ul,
            "infused_ul": self._infused_ul,
            "spilled_ul": self._spilled_ul,
            "volume_ul": volume_ul,
            "mass_g": self.mass_g,
            "is_dry": state.solvent_ul <= 0.01 * support.deposited_ul,
            "crowding": view.crowding,
            "thickness_um": view.depth_cm * 1e4,
            "concentration_nm": support.crystals_nmol / volume_ul * 1e6,
            "ligand_mm": self._ligand_mm,
            "crystal_edge_length_nm": support.size_nm,
            "temperature_degc": self._temperature_degc,
            "absorbance_405": depth / LN10,
            **self._colour(view),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the state that ``restore`` takes, as plain data."""
        return {
            "state": self._state._asdict(),
            "ligand_mm": self._ligand_mm,
            "infused_ul": self._infused_ul,
            "spilled_ul": self._spilled_ul,
            "temperature_degc": self._temperature_degc,
            "step_s": self._step_s,
            "ledger": self.ledger.to_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take on a state that ``to_dict`` returned."""
        self._state = FilmState(**state["state"])
        self._ligand_mm = state["ligand_mm"]
        self._infused_ul = state["infused_ul"]
        self._spilled_ul = state["spilled_ul"]
        self._temperature_degc = state["temperature_degc"]
        self._step_s = state["step_s"]
        self.ledger = LightLedger.from_dict(state["ledger"])

    def copy(self) -> Film:
        """Return a film in the same state that goes its own way."""
        twin = Film(self.preparation, self._throughput)
        twin.restore(self.to_dict())
        return twin

    def _next_piece(
        self, support: Support, left_s: float, inflow_ul_s: float, temperature_k: float
    ) -> tuple[float, float]:
        """Return the inflow that stays and how long that holds, at most ``left_s``."""
        solvent_ul = self._state.solvent_ul
        if inflow_ul_s == 0.0:
            return 0.0, min(left_s, seconds_to_dryness(support, solvent_ul, temperature_k))
        surplus_ul_s = inflow_ul_s - support.drying_ul_s(temperature_k)
        room_ul = support.capacity_ul - support.solid_ul - solvent_ul
        if surplus_ul_s <= 0.0:
            return inflow_ul_s, left_s
        if room_ul <= 1e-9 * support.capacity_ul:
            return inflow_ul_s - surplus_ul_s, left_s
        return inflow_ul_s, min(left_s, room_ul / surplus_ul_s)

    def _move(self, support: Support, duration_s: float, around: Surroundings) -> None:
        rates = film_equations(self.preparation.assembly, support, around)
        end, self._step_s = integrate(rates, self._state, duration_s, self._step_s)
        state = FilmState(*end)
        # while the film is nearly dry more stays than the rate of drying lets expect
        excess_ul = max(state.solvent_ul + support.solid_ul - support.capacity_ul, 0.0)
        self._spilled_ul += excess_ul
        state = state._replace(solvent_ul=state.solvent_ul - excess_ul)
        dry_ul = _DRY_PART * support.deposited_ul
        if around.inflow_ul_s == 0.0 and state.solvent_ul < dry_ul:
            evaporated_ul = state.evaporated_ul + state.solvent_ul
            state = state._replace(solvent_ul=0.0, evaporated_ul=evaporated_ul)
        self._state = state
        self._ligand_mm += around.ligand_rise_mm_s * duration_s

    def _colour(self, view: FilmView) -> dict[str, float]:
        """Return the true colours, and what each cause adds to the red shift, in meV."""
        wavelength_nm = np.arange(*EMISSION_BAND_NM, _TRUTH_STEP_NM)
        energy_ev = HC_EV_NM / wavelength_nm
        fresh = self.preparation.state._replace(
            dispersed=1.0, assembled=0.0, fused=0.0, ordered=0.0
        )
        support, optics = self.preparation.support, self.preparation.optics
        temperature_k = self._temperature_degc + KELVIN_AT_0_DEGC
        start = FilmView(support, optics, fresh, temperature_k)
        inside = view.emitted_per_ev(energy_ev)
        seen = inside * view.escape(energy_ev, _TRUTH_EXCITATION_NM)
        stages = (
            start.emitted_per_ev(energy_ev),
            view.emitted_per_ev(energy_ev, bulk_like=False),
            inside,
            seen,
        )
        tops_nm = [float(wavelength_nm[per_nm(each, wavelength_nm).argmax()]) for each in stages]
        tops_mev = [1e3 * HC_EV_NM / top_nm for top_nm in tops_nm]
        return {
            "peak_dilute_nm": float(wavelength_nm[inside.argmax()]),
            "peak_corrected_nm": tops_nm[2],
            "peak_raw_nm": tops_nm[3],
            "shift_coupling_mev": tops_mev[0] - tops_mev[1],
            "shift_bulk_like_mev": tops_mev[1] - tops_mev[2],
            "shift_reabsorption_mev": tops_mev[2] - tops_mev[3],
        }
