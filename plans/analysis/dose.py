"""Light dose, photon flux and absorbed share."""

from collections.abc import Sequence
from typing import Final

import numpy as np

PLANCK_TIMES_C_J_M: Final = 1.98644586e-25
"""Planck constant times speed of light, in J m (CODATA 2018)."""


def photon_energy_j(wavelength_nm: float) -> float:
    """Return the energy of one photon in J."""
    return PLANCK_TIMES_C_J_M / (wavelength_nm * 1e-9)


def photon_flux_cm2_s(irradiance_mw_cm2: float, wavelength_nm: float) -> float:
    """Return photons per cm2 and second of monochromatic light."""
    return irradiance_mw_cm2 * 1e-3 / photon_energy_j(wavelength_nm)


def absorbed_share(absorbance: float) -> float:
    """Return the part of the light that a decadic absorbance keeps, 1 - 10^-A."""
    return float(-np.expm1(-np.log(10.0) * max(absorbance, 0.0)))


def path_average(absorbance: float) -> float:
    """Return the mean irradiance along the path over that at its start, (1 - 10^-A)/(A ln 10)."""
    natural = float(np.log(10.0)) * max(absorbance, 0.0)
    if natural < 1e-6:
        return 1.0 - 0.5 * natural
    return float(-np.expm1(-natural)) / natural


def dose_j_cm2(intervals_s: Sequence[tuple[float, float, float]]) -> float:
    """Add up the dose of confirmed on-intervals.

    Args:
        intervals_s: (on at, off at, irradiance in mW/cm2), times in seconds of one clock.

    Returns:
        The dose in J/cm2.

    Raises:
        ValueError: an interval ends before it starts.
    """
    total = 0.0
    for on_s, off_s, irradiance_mw_cm2 in intervals_s:
        if off_s < on_s:
            raise ValueError(f"the light went off at {off_s} s before it went on at {on_s} s")
        total += (off_s - on_s) * irradiance_mw_cm2 * 1e-3
    return total


def probe_share(probe_dose_j_cm2: float, total_dose_j_cm2: float) -> float:
    """Return the part of the dose that the probe light gave, 0.0 when there was no light."""
    return probe_dose_j_cm2 / total_dose_j_cm2 if total_dose_j_cm2 > 0.0 else 0.0
