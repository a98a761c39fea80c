"""Light lost on its way in and out of the sample."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis.noise import FloatArray
from plans.analysis.power_law import columns

UNCORRECTED: Final = "uncorrected: no absorbance was given"
LARGEST_ABSORBANCE: Final = 0.1
"""An excitation absorbance above this is flagged: the beam is visibly weaker behind the sample."""
_LN10: Final = float(np.log(10.0))
_SMALLEST_FACTOR: Final = 0.02
_NO_SPECTRUM: Final = "wavelength, counts and absorbance do not have the same number of pixels"


def mean_transmission(absorbance: ArrayLike) -> FloatArray:
    """Return (1 - 10^-A) / (A ln 10), the mean light along a path that absorbs A.

    A negative absorbance, noise of a clear sample, is continued smoothly.
    """
    natural = _LN10 * np.asarray(absorbance, dtype=np.float64)
    small = np.abs(natural) < 1e-6
    safe = np.clip(np.where(small, 1.0, natural), -50.0, None)
    return np.where(small, 1.0 - 0.5 * natural, -np.expm1(-safe) / safe)


def lakowicz_factor(excitation_absorbance: float, emission_absorbance: float) -> float:
    """Return 10^((Aex + Aem) / 2), the usual approximation, for comparison.

    It takes the middle of the cuvette for all of it (Lakowicz, Principles of Fluorescence
    Spectroscopy, section 2.8) and is 6 % too large per factor at an absorbance of 0.5.
    """
    return float(10.0 ** min(0.5 * (excitation_absorbance + emission_absorbance), 300.0))


def front_face_transmission(excitation_absorbance: float, emission: ArrayLike) -> FloatArray:
    """Return the share of the emission of a film that leaves through its lit face.

    Emission starts where the excitation is absorbed, exp(-ax z), and leaves through what lies
    above it, exp(-ae z): ax (1 - e^-(ax+ae)h) / ((ax + ae) (1 - e^-(ax h))).
    """
    both = mean_transmission(excitation_absorbance + np.asarray(emission, dtype=np.float64))
    return np.asarray(both / mean_transmission(excitation_absorbance))


@dataclass(frozen=True, kw_only=True)
class InnerFilterResult:
    """A spectrum with the light that the sample kept put back.

    Attributes:
        wavelength_nm: the axis, None when nothing was corrected.
        counts: the corrected spectrum.
        counts_se: standard uncertainty of each pixel that the absorbance adds.
        emission_factor: what each pixel was divided by.
        excitation_factor: what all pixels were divided by.
        flags: "excitation absorbed" when its absorbance is above 0.1.
        reason: why nothing was corrected, empty if it was.
    """

    wavelength_nm: FloatArray | None = None
    counts: FloatArray | None = None
    counts_se: FloatArray | None = None
    emission_factor: FloatArray | None = None
    excitation_factor: float | None = None
    flags: tuple[str, ...] = ()
    reason: str = ""


def correct_cuvette(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    *,
    excitation_absorbance: float | None,
    emission_absorbance: ArrayLike | None,
    absorbance_se: float = 0.003,
) -> InnerFilterResult:
    """Correct a cuvette that is lit from one side and seen from the next.

    The whole depth is lit and seen: both paths have their mean transmission.

    Args:
        wavelength_nm: the axis.
        counts: emission, dark and baseline taken off.
        excitation_absorbance: decadic absorbance at the excitation along the lit path.
        emission_absorbance: decadic absorbance at each pixel along the path to the detector.
        absorbance_se: standard uncertainty of one absorbance.
    """
    return _correct(
        wavelength_nm, counts, excitation_absorbance, emission_absorbance, absorbance_se, film=False
    )


def correct_film(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    *,
    excitation_absorbance: float | None,
    emission_absorbance: ArrayLike | None,
    absorbance_se: float = 0.003,
) -> InnerFilterResult:
    """Correct a film that is lit and seen from the same face.

    Only light that leaves at once is described; what is guided along the film and comes out
    later is not. The excitation factor is the share 1 - 10^-A that the film takes up.

    Args:
        wavelength_nm: the axis.
        counts: emission, dark and baseline taken off.
        excitation_absorbance: decadic absorbance of the film at the excitation.
        emission_absorbance: decadic absorbance of the film at each pixel.
        absorbance_se: standard uncertainty of one absorbance.
    """
    return _correct(
        wavelength_nm, counts, excitation_absorbance, emission_absorbance, absorbance_se, film=True
    )


def _correct(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    excitation: float | None,
    emission: ArrayLike | None,
    absorbance_se: float,
    *,
    film: bool,
) -> InnerFilterResult:
    if excitation is None or emission is None or not np.isfinite(excitation):
        return InnerFilterResult(reason=UNCORRECTED)
    held = columns(wavelength_nm, counts, emission)
    if held is None or held[0].size == 0:
        return InnerFilterResult(reason=_NO_SPECTRUM)
    nm, spectrum, absorbance = held
    if excitation <= 0.0:
        return InnerFilterResult(reason="the excitation absorbance is not above zero")
    out, into = _factors(excitation, absorbance, film=film)
    top = float(np.max(spectrum))
    bright = spectrum >= min(0.1 * top, top)
    if float(np.min(out[bright])) < _SMALLEST_FACTOR or (not film and into < _SMALLEST_FACTOR):
        return InnerFilterResult(
            reason=f"less than {_SMALLEST_FACTOR:.0%} of the light comes through: dilute the sample"
        )
    step = 1e-4
    by_pixel = (np.log(_factors(excitation, absorbance + step, film=film)[0]) - np.log(out)) / step
    moved_out, moved_into = _factors(excitation + step, absorbance, film=film)
    by_all = (np.log(moved_out * moved_into) - np.log(out * into)) / step
    corrected = spectrum / (out * into)
    flagged = excitation > LARGEST_ABSORBANCE and not film
    return InnerFilterResult(
        wavelength_nm=nm,
        counts=corrected,
        counts_se=np.abs(corrected) * abs(absorbance_se) * np.hypot(by_pixel, by_all),
        emission_factor=out,
        excitation_factor=into,
        flags=("excitation absorbed",) if flagged else (),
    )


def _factors(excitation: float, emission: FloatArray, *, film: bool) -> tuple[FloatArray, float]:
    if film:
        return front_face_transmission(excitation, emission), float(-np.expm1(-_LN10 * excitation))
    return mean_transmission(emission), float(mean_transmission(excitation))
