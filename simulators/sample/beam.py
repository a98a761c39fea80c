"""Light that falls on the sample, and what else is done to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Beam:
    """Light of one source at the sample plane.

    Args:
        wavelength_nm: Centre of the source's line.
        fwhm_nm: Full width at half maximum of the line.
        irradiance_mw_cm2: Irradiance at the sample plane.
    """

    wavelength_nm: float
    fwhm_nm: float
    irradiance_mw_cm2: float


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What acts on a sample while its state moves on; constant during a step.

    Args:
        beams: Light that falls on the sample, several sources at once allowed.
        rate_ul_min: Flow into the vial; negative while liquid is withdrawn.
        liquid_ligand_mm: Ligand in the liquid that flows in, mmol/L.
        temperature_degc: Temperature of the sample; None leaves it at its own.
    """

    beams: tuple[Beam, ...] = ()
    rate_ul_min: float = 0.0
    liquid_ligand_mm: float = 0.0
    temperature_degc: float | None = None


DARK = Inputs()
"""Nothing acts on the sample."""
