"""Where in a spectrum a line could be."""

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.signal import find_peaks

from plans.analysis.noise import FloatArray
from plans.analysis.smooth import Binned, kernel, smooth_bins
from plans.analysis.spectrum import HC_EV_NM

SEARCH_FWHM_NM: Final = 6.0
"""The search looks at the spectrum through a Gaussian half as wide as the narrowest line."""
_SIGMAS: Final = 6.0
_MOST_CANDIDATES: Final = 6


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A maximum of the smoothed spectrum.

    Attributes:
        peak_nm: where it is.
        fwhm_nm: its width at half prominence.
        prominence: height above the higher of its two feet, in counts.
        feet: its prominence over its height above the lower foot, 1 for a line on a flat
            ground, near 0 for a bump on a step such as an absorption edge.
    """

    peak_nm: float
    fwhm_nm: float
    prominence: float
    feet: float

    @property
    def position_ev(self) -> float:
        """Photon energy of the maximum."""
        return HC_EV_NM / self.peak_nm

    @property
    def fwhm_ev(self) -> float:
        """Width on the energy axis, to first order."""
        return HC_EV_NM * self.fwhm_nm / self.peak_nm**2


@dataclass(frozen=True, kw_only=True)
class Search:
    """What the smoothed spectrum shows.

    Attributes:
        candidates: most prominent first.
        rises_to_edge: the highest point is at an end of the data and stands out of the noise.
        noise: standard deviation of the smoothed spectrum, in counts.
    """

    candidates: tuple[Candidate, ...]
    rises_to_edge: bool
    noise: float


def find_candidates(binned: Binned, sigma_pixel: float, most: int = _MOST_CANDIDATES) -> Search:
    """Find the maxima of a spectrum that stand out of its noise.

    Args:
        binned: the spectrum in equal steps.
        sigma_pixel: noise of one pixel, in counts.
        most: how many maxima to return.

    Returns:
        Maxima that rise six standard deviations and one per cent of the whole range above both
        of their feet.
    """
    smoothed = smooth_bins(binned, SEARCH_FWHM_NM)
    weights = kernel(SEARCH_FWHM_NM, binned.step_nm)
    noise = sigma_pixel * float(np.sqrt(np.sum(weights**2) / binned.pixels))
    full = float(np.ptp(smoothed))
    needed = max(_SIGMAS * noise, 0.01 * full, 1e-9 * float(np.max(np.abs(smoothed))))
    if full <= needed:
        return Search(candidates=(), rises_to_edge=False, noise=noise)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # rises that are lost in rounding
        index, found = find_peaks(smoothed, prominence=needed, width=0)
    strongest = np.argsort(-found["prominences"], kind="stable")[:most]
    candidates = tuple(_candidate(binned, smoothed, index, found, i) for i in strongest)
    top = int(np.argmax(smoothed))
    at_edge = min(top, smoothed.size - 1 - top) * binned.step_nm <= SEARCH_FWHM_NM
    at_edge &= float(smoothed[top] - np.median(smoothed)) > _SIGMAS * noise
    return Search(candidates=candidates, rises_to_edge=at_edge, noise=noise)


def _candidate(
    binned: Binned,
    smoothed: FloatArray,
    index: FloatArray,
    found: dict[str, FloatArray],
    i: int,
) -> Candidate:
    at = int(index[i])
    prominence = float(found["prominences"][i])
    feet = smoothed[[int(found["left_bases"][i]), int(found["right_bases"][i])]]
    width_nm = float(found["widths"][i]) * binned.step_nm
    narrowed = np.sqrt(max(width_nm**2 - SEARCH_FWHM_NM**2, (0.3 * width_nm) ** 2))
    return Candidate(
        peak_nm=float(binned.wavelength_nm[at]),
        fwhm_nm=max(float(narrowed), binned.step_nm),
        prominence=prominence,
        feet=prominence / max(float(smoothed[at] - np.min(feet)), prominence),
    )
