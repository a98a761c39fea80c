"""Things on the stage that are no sample: a hole, a blank plate, a calibration lamp."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from simulators.sample.beam import Beam, Inputs
from simulators.sample.decay import Pool
from simulators.sample.emission import PixelGrid
from simulators.sample.ledger import LightLedger
from simulators.sample.optics import Floats

HG_AR_NM = {
    404.656: 0.55,
    407.783: 0.06,
    435.833: 1.00,
    546.075: 0.90,
    576.961: 0.22,
    579.067: 0.24,
    696.543: 0.20,
    706.722: 0.06,
    727.294: 0.04,
    738.398: 0.10,
    750.387: 0.30,
    763.511: 0.45,
    772.376: 0.22,
    794.818: 0.14,
    800.616: 0.10,
    811.531: 0.40,
    826.452: 0.12,
    842.465: 0.18,
    912.297: 0.14,
}
"""Lines of a mercury-argon lamp in nm in air (NIST Atomic Spectra Database), with strengths that
are typical, not certified."""

_LINE_FWHM_NM = 1.4
"""What the spectrometer makes of a line: its optical resolution."""
_PHOTONS_PER_S = 2.0e5
"""Detected photons per second in the strongest line."""


class Fixture:
    """Something that only absorbs and emits, whatever is done to it.

    Args:
        name: Its name.
        absorbance: How much it weakens a beam; infinite for what is opaque.
        lines_nm: Lines that it emits, with their strengths.
    """

    def __init__(
        self, name: str, absorbance: float = 0.0, lines_nm: Mapping[float, float] | None = None
    ) -> None:
        self.ledger = LightLedger()
        self._name = name
        self._absorbance = absorbance
        self._lines_nm = dict(lines_nm or {})

    @property
    def mass_g(self) -> float:
        """Nothing: it is not on the balance."""
        return 0.0

    def step(self, dt_s: float, inputs: Inputs) -> None:
        """Let time pass; light leaves no trace."""
        self.ledger.add(dt_s, inputs.beams)

    def emission_per_s(self, grid: PixelGrid, beams: tuple[Beam, ...]) -> Floats:
        """Return the photons a spectrometer detects per second and pixel, shape of the grid."""
        light: Floats = np.zeros(len(grid))
        sigma_nm = _LINE_FWHM_NM / (2.0 * math.sqrt(2.0 * math.log(2.0)))
        for line_nm, strength in self._lines_nm.items():
            away = np.minimum(np.abs(grid.wavelength_nm - line_nm) / sigma_nm, 8.0)
            shape = np.where(away < 8.0, np.exp(-0.5 * away**2), 0.0)
            light += _PHOTONS_PER_S * strength * shape * grid.pixel_nm / _LINE_FWHM_NM
        return light

    def absorbances(self, wavelength_nm: Floats) -> Floats:
        """Return the same absorbance at every wavelength."""
        return np.full(wavelength_nm.shape, self._absorbance)

    def decay_pools(self, excitation_nm: float) -> tuple[Pool, ...]:
        """Nothing decays."""
        return ()

    def truth(self) -> dict[str, Any]:
        """Return what is known of it."""
        return {"sample": self._name, **self.ledger.truth()}

    def to_dict(self) -> dict[str, Any]:
        """Return the light that fell on it."""
        return {"ledger": self.ledger.to_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take on a state that ``to_dict`` returned."""
        self.ledger = LightLedger.from_dict(state["ledger"])

    def copy(self) -> Fixture:
        """Return the same that goes its own way."""
        twin = Fixture(self._name, self._absorbance, self._lines_nm)
        twin.restore(self.to_dict())
        return twin


def hg_ar_lamp() -> Fixture:
    """Return a mercury-argon lamp that is always on."""
    return Fixture("hg-ar", math.inf, HG_AR_NM)


def hole() -> Fixture:
    """Return a hole in the plate, through which a lamp shines unweakened."""
    return Fixture("empty")
