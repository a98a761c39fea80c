"""A split Gaussian in energy on a baseline."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from plans.analysis.noise import FloatArray
from plans.analysis.residuals import noise_of_residuals
from plans.analysis.spectrum import HC_EV_NM, energy_ev

_LN2: Final = float(np.log(2.0))
_FOUR_LN2: Final = 4.0 * _LN2
_TO_FWHM: Final = 2.0 * float(np.sqrt(2.0 * _LN2))
MOST_SKEW: Final = 4.0


@dataclass(frozen=True, kw_only=True)
class SplitGaussian:
    """Photons per energy: two half Gaussians that meet at their common maximum, plus baseline.

    In counts per pixel (equal steps of wavelength) the line carries the factor (E / E0)^2 of the
    change of axis.

    Attributes:
        position_ev: maximum per unit of energy.
        fwhm_low_ev: full width of the Gaussian on the low-energy (red) side.
        fwhm_high_ev: full width of the Gaussian on the high-energy (blue) side.
        height: counts above the baseline at `position_ev`.
        offset: baseline at `reference_nm`, in counts.
        slope: baseline slope, in counts per nm.
        reference_nm: where the offset is given.
    """

    position_ev: float
    fwhm_low_ev: float
    fwhm_high_ev: float
    height: float
    offset: float = 0.0
    slope: float = 0.0
    reference_nm: float = 0.0

    @property
    def fwhm_ev(self) -> float:
        """Full width at half maximum per unit of energy, in eV."""
        return 0.5 * (self.fwhm_low_ev + self.fwhm_high_ev)

    @property
    def peak_nm(self) -> float:
        """Maximum of the counts against wavelength, in nm.

        The factor E^2 moves it to the blue of `position_ev`: d/dE of the blue half gives
        E (E - E0) = w^2 / (4 ln 2).
        """
        at = 0.5 * (self.position_ev + np.sqrt(self.position_ev**2 + self.fwhm_high_ev**2 / _LN2))
        return float(HC_EV_NM / at)

    @property
    def fwhm_nm(self) -> float:
        """Distance of the half-maximum wavelengths of the line per unit of energy, in nm."""
        blue = self.position_ev + 0.5 * self.fwhm_high_ev
        red = self.position_ev - 0.5 * self.fwhm_low_ev
        return float(HC_EV_NM / red - HC_EV_NM / blue)

    def line(self, wavelength_nm: FloatArray) -> FloatArray:
        """Return the line alone, in counts."""
        energy = energy_ev(wavelength_nm)
        away = energy - self.position_ev
        width = np.where(away < 0, self.fwhm_low_ev, self.fwhm_high_ev)
        exponent = np.minimum(_FOUR_LN2 * (away / width) ** 2, 700.0)
        return np.asarray(self.height * np.exp(-exponent) * (energy / self.position_ev) ** 2)

    def baseline(self, wavelength_nm: FloatArray) -> FloatArray:
        """Return the straight baseline, in counts."""
        return np.asarray(self.offset + self.slope * (wavelength_nm - self.reference_nm))

    def counts(self, wavelength_nm: FloatArray) -> FloatArray:
        """Return line and baseline together, in counts."""
        return self.line(wavelength_nm) + self.baseline(wavelength_nm)


@dataclass(frozen=True, kw_only=True)
class LineFit:
    """A fitted line.

    Attributes:
        line: the best line.
        wavelength_nm: the pixels of the fit.
        residuals: counts minus model.
        converged: False when the steps ran out.
        steps: how many were taken.
    """

    line: SplitGaussian
    wavelength_nm: FloatArray
    residuals: FloatArray
    converged: bool
    steps: int
    _jacobian: FloatArray = field(repr=False)
    _roots: FloatArray = field(repr=False)

    @cached_property
    def _noise(self) -> tuple[FloatArray, float]:
        span_nm = float(self.wavelength_nm[-1] - self.wavelength_nm[0])
        pixels = self.line.fwhm_nm * self.wavelength_nm.size / max(span_nm, 1e-9)
        return noise_of_residuals(self.residuals, pixels)

    @property
    def noise(self) -> FloatArray:
        """The part of the residuals that is noise, in counts."""
        return self._noise[0]

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance of (height, position, low width, high width) from the noise.

        NaN when the pixels do not fix them.
        """
        noise, correlation = self._noise
        found = _sandwich(self._jacobian, noise * self._roots, correlation)
        return np.full((4, 4), np.nan) if found is None else found[:4, :4]

    @property
    def peak_nm_se(self) -> float:
        """Standard error of the peak wavelength, in nm."""
        line = self.line
        root = np.sqrt(line.position_ev**2 + line.fwhm_high_ev**2 / _LN2)
        factor = -(line.peak_nm**2) / HC_EV_NM * 0.5
        by_position = factor * (1.0 + line.position_ev / root)
        by_width = factor * line.fwhm_high_ev / _LN2 / root
        variance = (
            by_position**2 * self.covariance[1, 1]
            + 2 * by_position * by_width * self.covariance[1, 3]
            + by_width**2 * self.covariance[3, 3]
        )
        return float(np.sqrt(variance)) if variance >= 0.0 else float("nan")

    @property
    def height_se(self) -> float:
        """Standard error of the height, in counts."""
        variance = float(self.covariance[0, 0])
        return float(np.sqrt(variance)) if variance >= 0.0 else float("nan")


USUAL_RESOLUTION_NM: Final = 1.4
"""Full width of a narrow line in a usual fibre spectrometer."""
WINDOW_FWHM: Final = 2.5
"""Half width of the window of a fit, in full widths of the line."""
TAPER_FWHM: Final = 0.2
"""The window fades to nothing over this, so that no pixel jumps in or out of a fit."""
WEIGHT_FLOOR: Final = 0.4
"""Weights are those of noise with this part of the variance in the dark and the rest as shot noise.

At 500, 5000 and 50 000 counts of a usual detector the peak then scatters 1.02, 1.01 and 1.08 times
the Cramer-Rao bound; equal weights give 1.01, 1.09 and 1.23, those of the core alone more.
"""
_CORE_AT: Final = (0.65, 0.85, 1.55, 1.75)
_CORE: Final = (1.0, 0.04, 0.04, 1.0)


def pixel_weights(
    wavelength_nm: FloatArray, line: SplitGaussian, *, core_only: bool = False
) -> FloatArray:
    """Weigh pixels by what they say about a line.

    Args:
        wavelength_nm: the pixels.
        line: the line as known so far.
        core_only: the band holds more than a line. The core says where the line is, its far feet
            say where the baseline is; what lies between (shoulders, a second population) would
            pull at both and weighs 4 % of the core.
    """
    away = np.abs(energy_ev(wavelength_nm) - line.position_ev) / line.fwhm_ev
    fading = np.clip((WINDOW_FWHM - away) / TAPER_FWHM, 0.0, 1.0)
    if core_only:
        return np.asarray(fading * np.interp(away, _CORE_AT, _CORE))
    unit = line.line(wavelength_nm) / line.height
    return np.asarray(fading / (WEIGHT_FLOOR + unit))


def slit_shift_nm(
    position_ev: FloatArray | float,
    low_ev: FloatArray | float,
    high_ev: FloatArray | float,
    resolution_nm: float,
) -> FloatArray:
    """Return how far a slit moves the fitted top of a line to the red, in nm.

    The slit widens the steeper half more, and it has one width in nm along a line that is even in
    energy. The coefficients are those of fits to lines of 70 to 130 meV, skewed by up to 0.4, seen
    through slits of up to 3 nm; they hold to 5 % of the shift.

    Args:
        position_ev: maximum of the fitted line.
        low_ev: full width of its low-energy side.
        high_ev: full width of its high-energy side.
        resolution_nm: full width that the slit gives to a narrow line.
    """
    at_nm = HC_EV_NM / position_ev
    whole_ev = low_ev + high_ev
    width_nm = 0.5 * whole_ev * at_nm**2 / HC_EV_NM / _TO_FWHM
    skew = (low_ev - high_ev) / whole_ev
    slit = (resolution_nm / _TO_FWHM) ** 2
    return np.asarray(slit * ((2.23 * skew + 2.58 * skew**3) / width_nm + 6.0 / at_nm))


def _sandwich(jacobian: FloatArray, noise: FloatArray, correlation: float) -> FloatArray | None:
    """Return the covariance of the parameters under pixel noise of these sizes.

    The form of White (Econometrica 1980, 48, 817): it holds when bright pixels are noisier than
    dark ones, without a model of the detector.
    """
    size = np.sqrt(np.sum(jacobian**2, axis=0))
    if not np.all(size > 0):
        return None
    scaled = jacobian / size
    try:
        inverse = np.linalg.inv(scaled.T @ scaled)
    except np.linalg.LinAlgError:
        return None
    leverage = np.einsum("ij,jk,ik->i", scaled, inverse, scaled)
    adjusted = noise / np.sqrt(np.clip(1.0 - leverage, 0.05, 1.0))
    middle = (scaled * adjusted[:, None] ** 2).T @ scaled
    covariance = correlation * inverse @ middle @ inverse / np.outer(size, size)
    return covariance if np.all(np.isfinite(covariance)) else None
