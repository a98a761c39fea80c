"""A blind check: constants that are hidden from the fit, and how often it finds them.

Each draw takes rate constants at random, makes noisy runs with them, fits these from the ordinary
starting values and asks whether the truth is where the fit says it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2

from simulators.fitting.fit import DEFAULT_FREE, KineticsFit, fit_kinetics, predict
from simulators.fitting.recording import Recording, Segment
from simulators.sample.beam import DARK, Beam, Inputs
from simulators.sample.kinetics import KineticParameters
from simulators.sample.nanocrystals import Preparation
from simulators.sample.optics import Floats
from simulators.sample.sample_file import load_sample

RUNS = ((20.0, 1.0), (5.0, 1.0), (20.0, 5.0))
"""Irradiance in mW/cm² and ligand in mmol/L of the runs of a draw."""
_LIT_S, _DARK_S = 3 * 3600.0, 3600.0
_SPECTRA = 25
_CHANNELS_NM = np.arange(490.0, 560.0, 2.0)
_PROBE = Beam(wavelength_nm=405.0, fwhm_nm=12.0, irradiance_mw_cm2=1.0)
_PEAK_COUNTS = 20_000.0
_FLICKER = 0.005
_SPREAD = math.log(2.0)


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One draw and what the fit made of it.

    Args:
        truth: The hidden constants.
        fit: The fit.
        free: Names of the constants that were free.
    """

    truth: KineticParameters
    fit: KineticsFit
    free: tuple[str, ...]

    @property
    def hits(self) -> dict[str, bool]:
        """Whether each true constant lies in its interval of 95 %."""
        return {
            each.name: bool(each.interval[0] <= getattr(self.truth, each.name) <= each.interval[1])
            for each in self.fit.estimates
        }

    @property
    def joint_hit(self) -> bool:
        """Whether all constants together lie in their joint region of 95 %."""
        return bool(self.fit.distance2(self.truth) <= chi2.ppf(0.95, len(self.free)))


@dataclass(frozen=True, kw_only=True)
class BlindResult:
    """How often the truth was found.

    Args:
        draws: Number of draws.
        hits: Draws in which each constant lay in its interval.
        joint_hits: Draws in which all lay in their joint region.
    """

    draws: int
    hits: dict[str, int]
    joint_hits: int


def draw(seed: int, free: Sequence[str] = DEFAULT_FREE) -> Draw:
    """Hide constants, make runs, fit them."""
    rng = np.random.default_rng((seed, 4))
    preparation = load_sample("as-synthesised")
    truth = hide(preparation.kinetics, rng, free)
    recordings = [noisy_run(preparation, truth, run, rng) for run in RUNS]
    return Draw(truth=truth, fit=fit_kinetics(recordings, free), free=tuple(free))


def hide(
    usual: KineticParameters, rng: np.random.Generator, free: Sequence[str]
) -> KineticParameters:
    """Return constants of which some are up to twice or half the usual ones."""
    factors = np.exp(rng.uniform(-_SPREAD, _SPREAD, len(free))).tolist()
    hidden = {
        name: getattr(usual, name) * factor for name, factor in zip(free, factors, strict=True)
    }
    return replace(usual, **hidden)


def blind_check(
    draws: int,
    seed: int = 0,
    *,
    one: Callable[[int], Draw] = draw,
    progress: Callable[[str], None] | None = None,
) -> BlindResult:
    """Count how often the fit finds what is hidden.

    Args:
        draws: Number of draws.
        seed: Number of the first.
        one: Makes one draw.
        progress: Is told of every draw.
    """
    found = []
    for number in range(draws):
        found.append(one(seed + number))
        if progress is not None:
            progress(f"draw {number + 1} of {draws}")
    return counted(found)


def counted(found: Sequence[Draw]) -> BlindResult:
    """Return how many draws found the truth."""
    names = found[0].free if found else ()
    hits = {name: sum(each.hits[name] for each in found) for name in names}
    joint = sum(each.joint_hit for each in found)
    return BlindResult(draws=len(found), hits=hits, joint_hits=joint)


def noisy_run(
    preparation: Preparation,
    truth: KineticParameters,
    run: tuple[float, float],
    rng: np.random.Generator,
) -> Recording:
    """Return a run with hidden constants: light, then dark, with shot noise and flicker.

    Args:
        preparation: The sample.
        truth: The constants.
        run: Irradiance in mW/cm² and ligand in mmol/L.
        rng: Source of the noise.
    """
    irradiance_mw_cm2, ligand_mm = run
    vial = preparation.vial
    vial = replace(vial, liquid=vial.liquid._replace(ligand_mm=ligand_mm))
    light = Inputs(beams=(replace(_PROBE, irradiance_mw_cm2=irradiance_mw_cm2),))
    size = (_SPECTRA, _CHANNELS_NM.size)
    empty = Recording(
        name=f"{irradiance_mw_cm2:g} mW/cm², {ligand_mm:g} mM",
        preparation=replace(preparation, vial=vial),
        segments=(
            Segment(duration_s=_LIT_S, inputs=light),
            Segment(duration_s=_DARK_S, inputs=DARK),
        ),
        time_s=np.linspace(0.0, _LIT_S + _DARK_S, _SPECTRA),
        wavelength_nm=_CHANNELS_NM,
        spectra=np.zeros(size),
        errors=np.ones(size),
        brightness_error=_FLICKER,
        probe=(_PROBE,),
    )
    clean = predict(empty, truth)
    clean *= _PEAK_COUNTS / clean[0].max()
    errors: Floats = np.sqrt(np.maximum(clean, 0.0) + 900.0)
    flicker = 1.0 + _FLICKER * rng.normal(size=(_SPECTRA, 1))
    seen = clean * flicker + errors * rng.normal(size=size)
    return replace(empty, spectra=seen, errors=errors)
