"""Light that falls on the sample, and what else is done to it."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.sample.liquid import STILL, Flow


@dataclass(frozen=True, kw_only=True)
class Beam:
    """Light of one source at the sample plane.

    Args:
        wavelength_nm: Centre of the source's line.
        fwhm_nm: Full width at half maximum of the line.
        irradiance_mw_cm2: Irradiance at the sample plane.
        in_line: Whether the source shines through the sample into the spectrometer (absorbance)
            instead of at a right angle to it (photoluminescence).
    """

    wavelength_nm: float
    fwhm_nm: float
    irradiance_mw_cm2: float
    in_line: bool = False


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What acts on a sample while its state moves on; constant during a step.

    Args:
        beams: Light that falls on the sample, several sources at once allowed.
        flow: What the pumps do.
        temperature_degc: Temperature of the sample; None leaves it at its own.
        air: Part of air in the gas above the sample, 0 to 1; None leaves it at its own.
        vapour_saturation: Solvent vapour in that gas, 0 to 1; None leaves it at its own.
        sonication: Share of full ultrasound that the sample stands in, 0 to 1.
    """

    beams: tuple[Beam, ...] = ()
    flow: Flow = STILL
    temperature_degc: float | None = None
    air: float | None = None
    vapour_saturation: float | None = None
    sonication: float = 0.0


DARK = Inputs()
"""Nothing acts on the sample."""
