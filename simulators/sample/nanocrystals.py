"""A vial of nanocrystals that light turns into wires."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from simulators.sample.beam import Beam, Inputs
from simulators.sample.decay import Pool
from simulators.sample.emission import Emitter, PixelGrid, Throughput, colour_of, decay_pools
from simulators.sample.evaporation import SOLVENTS
from simulators.sample.integrator import integrate
from simulators.sample.kinetics import (
    FRESH,
    Conditions,
    Course,
    KineticParameters,
    Populations,
    Setting,
    rate_equations,
)
from simulators.sample.ledger import LightLedger
from simulators.sample.lines import absorbances, uptake
from simulators.sample.liquid import Flow, Liquid
from simulators.sample.optics import Floats
from simulators.sample.vial import Vial

KELVIN_AT_0_DEGC = 273.15
_FIRST_STEP_S = 60.0
_ALL_NEW = 1e9
"""Times over which nanocrystals are renewed that leave nothing of those before."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What a sample is at the start of a run.

    Args:
        name: Name of the sample.
        setting: Its particles and surroundings.
        vial: The liquid.
        populations: The fractions it begins with.
        kinetics: Its rate constants.
        temperature_degc: Its temperature while nothing heats it.
    """

    name: str
    setting: Setting
    vial: Vial
    populations: Populations = field(default_factory=Populations)
    kinetics: KineticParameters = field(default_factory=KineticParameters)
    temperature_degc: float = 25.0


class Sample:
    """A sample whose state moves on in steps of any length.

    The result does not depend on how a time is divided into steps, to well below 0.1 %.

    Args:
        preparation: What it is at the start.
        throughput: How much of its light a spectrometer detects.
    """

    def __init__(self, preparation: Preparation, throughput: Throughput | None = None) -> None:
        self.preparation = preparation
        self.ledger = LightLedger()
        self._throughput = throughput or Throughput()
        self._vial = preparation.vial
        self._populations = preparation.populations
        self._temperature_degc = preparation.temperature_degc
        self._step_s = _FIRST_STEP_S
        self._emitters: dict[int, Emitter] = {}

    @property
    def vial(self) -> Vial:
        """The liquid in its present state."""
        return self._vial

    @property
    def populations(self) -> Populations:
        """The fractions in their present state."""
        return self._populations

    @property
    def temperature_degc(self) -> float:
        """The temperature during the latest step."""
        return self._temperature_degc

    @property
    def mass_g(self) -> float:
        """Mass of the liquid, without the vial; the nanocrystals in it do not count."""
        solvent_g_ml = SOLVENTS[self.preparation.setting.solvent].density_g_ml
        return self._vial.volume_ul * self._vial.liquid.density_g_ml(solvent_g_ml) * 1e-3

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
        left_s = dt_s
        while left_s > 0.0:
            piece_s = min(left_s, self._vial.seconds_to_limit(inputs.flow))
            self._react(piece_s, inputs)
            self._vial = self._vial.after(piece_s, inputs.flow)
            left_s -= piece_s

    def emission_per_s(self, grid: PixelGrid, beams: tuple[Beam, ...]) -> Floats:
        """Return the photons a spectrometer detects per second and pixel, shape of the grid.

        Args:
            grid: The pixels.
            beams: Light on the sample.
        """
        emitter = self._emitters.get(id(grid))
        if emitter is None or emitter.grid is not grid:
            emitter = Emitter(self.preparation.setting, grid, self._throughput)
            self._emitters[id(grid)] = emitter
        temperature_k = self._temperature_degc + KELVIN_AT_0_DEGC
        concentration_nm = self._vial.liquid.concentration_nm
        return emitter.photons_per_s(self._populations, concentration_nm, temperature_k, beams)

    def absorbances(self, wavelength_nm: Floats) -> Floats:
        """Return what weakens a beam through the vial, decadic, scattering included."""
        temperature_k = self._temperature_degc + KELVIN_AT_0_DEGC
        concentration_nm = self._vial.liquid.concentration_nm
        return absorbances(
            self.preparation.setting,
            self._populations,
            concentration_nm,
            temperature_k,
            wavelength_nm,
        )

    def decay_pools(self, excitation_nm: float) -> tuple[Pool, ...]:
        """Return the exponentials of its decay after a pulse; none when nothing glows."""
        temperature_k = self._temperature_degc + KELVIN_AT_0_DEGC
        concentration_nm = self._vial.liquid.concentration_nm
        setting, now = self.preparation.setting, self._populations
        taken = uptake(setting, now, concentration_nm, temperature_k, excitation_nm)
        return decay_pools(setting, now, taken)

    def truth(self) -> dict[str, Any]:
        """Return what an ideal observer knows, as plain data."""
        now, setting, vial = self._populations, self.preparation.setting, self._vial
        temperature_k = self._temperature_degc + KELVIN_AT_0_DEGC
        colour = colour_of(setting, now, vial.liquid.concentration_nm, temperature_k)
        volumes = asdict(vial)
        del volumes["liquid"]
        return {
            "sample": self.preparation.name,
            **self.ledger.truth(),
            "m1": now.dispersed,
            "ma": now.activated,
            "m3": now.fused,
            "m4": now.degraded,
            "n3": now.wires,
            "trap": now.trap,
            "absorbed_photons_per_crystal": now.absorbed,
            "mean_wire_length_nm": now.crystals_per_wire * setting.size_nm,
            "crystal_edge_length_nm": setting.size_nm,
            "flocculated": now.flocculated,
            **volumes,
            **vial.liquid._asdict(),
            "crystals_fmol": vial.crystals_fmol,
            "mass_g": self.mass_g,
            "temperature_degc": self._temperature_degc,
            **asdict(colour),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the state that ``from_dict`` restores, as plain data."""
        return {
            "populations": self._populations._asdict(),
            "vial": asdict(self._vial),
            "temperature_degc": self._temperature_degc,
            "step_s": self._step_s,
            "ledger": self.ledger.to_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take on a state that ``to_dict`` returned."""
        self._populations = Populations(**state["populations"])
        self._vial = Vial(**{**state["vial"], "liquid": Liquid(*state["vial"]["liquid"])})
        self._temperature_degc = state["temperature_degc"]
        self._step_s = state["step_s"]
        self.ledger = LightLedger.from_dict(state["ledger"])

    def copy(self) -> Sample:
        """Return a sample in the same state that goes its own way."""
        twin = Sample(self.preparation, self._throughput)
        twin.restore(self.to_dict())
        return twin

    def _course(self, flow: Flow) -> Course:
        vial = self._vial
        if flow.infuse_ul_min <= 0.0:
            constant = (vial.liquid, 0.0)
            return lambda _: constant
        return lambda time_s: (vial.liquid_after(time_s, flow), vial.renewal_per_s(time_s, flow))

    def _react(self, duration_s: float, inputs: Inputs) -> None:
        setting = self.preparation.setting
        if self._vial.renewal_per_s(0.0, inputs.flow) * duration_s > _ALL_NEW:
            self._populations = FRESH
        conditions = Conditions(
            beams=inputs.beams,
            temperature_k=self._temperature_degc + KELVIN_AT_0_DEGC,
            air=setting.air if inputs.air is None else inputs.air,
            course=self._course(inputs.flow),
            sonication=inputs.sonication,
        )
        rates = rate_equations(self.preparation.kinetics, setting, conditions)
        end, self._step_s = integrate(rates, self._populations, duration_s, self._step_s)
        self._populations = Populations(*end)


def diluted(preparation: Preparation, concentration_nm: float) -> Preparation:
    """Return the same preparation at another concentration of nanocrystals, in nmol/L."""
    if not (concentration_nm >= 0.0 and math.isfinite(concentration_nm)):
        message = f"a concentration is 0 nmol/L or more, not {concentration_nm}"
        raise ValueError(message)
    vial = preparation.vial
    liquid = vial.liquid._replace(concentration_nm=concentration_nm)
    vial = replace(vial, liquid=liquid)
    return replace(preparation, vial=vial)
