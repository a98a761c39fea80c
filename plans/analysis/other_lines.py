"""Other shapes of a line, to hold the usual one against."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis import flags
from plans.analysis.noise import FloatArray
from plans.analysis.peak import fit_peak
from plans.analysis.peak_result import PeakResult
from plans.analysis.spectrum import HC_EV_NM

Shape = Literal["split Gaussian", "Gaussian", "Voigt", "skewed Gaussian"]
SHAPES: Final[tuple[Shape, ...]] = ("split Gaussian", "Gaussian", "Voigt", "skewed Gaussian")
_WINDOW_FWHM: Final = 2.5
_SIGMA: Final = 2.0 * np.sqrt(2.0 * np.log(2.0))
_FINE: Final = 4001
_FEWEST_SPARE: Final = 6


@dataclass(frozen=True, kw_only=True)
class ShapeResult:
    """A line of some shape in photon energy, on a straight baseline.

    Attributes:
        shape: which.
        peak_nm: maximum of the counts against wavelength, None when there is no line. What a slit
            does to it is not taken back.
        peak_nm_se: its standard error.
        peak_ev: maximum per unit of energy.
        fwhm_ev: full width at half maximum.
        chi2_red: mean squared residual over its variance.
        bic: Bayesian criterion; the smallest of several shapes describes the line best.
        reason: why there is no line, empty if there is one.
    """

    shape: Shape
    peak_nm: float | None = None
    peak_nm_se: float = float("nan")
    peak_ev: float = float("nan")
    fwhm_ev: float = float("nan")
    chi2_red: float = float("nan")
    bic: float = float("nan")
    reason: str = ""


def fit_shape(wavelength_nm: ArrayLike, counts: ArrayLike, shape: Shape) -> ShapeResult:
    """Fit a line of a chosen shape where `fit_peak` finds one.

    Args:
        wavelength_nm: axis, in nm.
        counts: signal, dark corrected.
        shape: one of `SHAPES`. The Voigt profile is a Gaussian folded with a Lorentzian; the
            skewed Gaussian is that of Azzalini (Scand. J. Statist. 1985, 12, 171).
    """
    found = fit_peak(wavelength_nm, counts, band_nm=None)
    axis, signal = (np.asarray(values, dtype=np.float64) for values in (wavelength_nm, counts))
    return _fit_where(found, axis, signal, shape)


def _fit_where(
    found: PeakResult, axis: FloatArray, signal: FloatArray, shape: Shape
) -> ShapeResult:
    """Fit a shape where a line was found."""
    if found.peak_nm is None or found.line is None:
        return ShapeResult(shape=shape, reason=found.reason)
    near = np.abs(axis - found.peak_nm) < _WINDOW_FWHM * found.line.fwhm_nm
    near &= np.isfinite(signal)
    return _Fit(axis[near], signal[near], found).result(shape)


def in_shape(
    found: PeakResult, wavelength_nm: FloatArray, counts: FloatArray, shape: Shape
) -> PeakResult:
    """Return a result with peak, energy, width and chi-square read with another shape.

    What is measured on the curve itself (area, widths, centroid, noise) stays, and so do the
    flags. What a slit does to the peak is taken back for the usual shape only.

    Args:
        found: what `fit_peak` read.
        wavelength_nm: axis, rising.
        counts: the same spectrum.
        shape: one of `SHAPES`; the usual one changes nothing.
    """
    if shape == SHAPES[0] or found.peak_nm is None:
        return found
    read = _fit_where(found, wavelength_nm, counts, shape)
    if read.peak_nm is None or not np.isfinite(read.peak_nm_se):
        why = f"a line of the shape {shape!r} could not be fitted: {read.reason or 'no error'}"
        blocked = flags.in_order({*found.flags, flags.NO_PEAK, flags.POOR_FIT})
        return PeakResult(flags=blocked, reason=why)
    return replace(
        found,
        peak_nm=read.peak_nm,
        peak_nm_se=read.peak_nm_se,
        peak_ev=read.peak_ev,
        fwhm_ev=read.fwhm_ev,
        chi2_red=read.chi2_red,
    )


def compare_shapes(wavelength_nm: ArrayLike, counts: ArrayLike) -> tuple[ShapeResult, ...]:
    """Fit all shapes and return them, the one of the smallest BIC first.

    Args:
        wavelength_nm: axis, in nm.
        counts: signal, dark corrected.
    """
    found = [fit_shape(wavelength_nm, counts, shape) for shape in SHAPES]
    return tuple(sorted(found, key=lambda each: np.nan_to_num(each.bic, nan=np.inf)))


Profile = Callable[[FloatArray, FloatArray], FloatArray]


def _split(x: FloatArray, widths: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-4 * np.log(2) * (x / np.where(x < 0, widths[0], widths[1])) ** 2))


def _gaussian(x: FloatArray, widths: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-4 * np.log(2) * (x / widths[0]) ** 2))


def _voigt(x: FloatArray, widths: FloatArray) -> FloatArray:
    from scipy.special import voigt_profile

    sigma, gamma = abs(widths[0]) / _SIGMA, 0.5 * abs(widths[1])
    return np.asarray(voigt_profile(x, sigma, gamma) / voigt_profile(0.0, sigma, gamma))


def _skewed(x: FloatArray, widths: FloatArray) -> FloatArray:
    from scipy.special import erf

    return np.asarray(_gaussian(x, widths) * (1.0 + erf(widths[1] * x / abs(widths[0]))))


_PROFILES: Final[dict[Shape, tuple[Profile, tuple[float, ...]]]] = {
    "split Gaussian": (_split, (1.0, 1.0)),
    "Gaussian": (_gaussian, (1.0,)),
    "Voigt": (_voigt, (0.9, 0.1)),
    "skewed Gaussian": (_skewed, (1.0, 0.1)),
}
"""Each profile at energies from its position, and where its widths start, in full widths."""


def _noise_along(axis: FloatArray, counts: FloatArray, found: PeakResult) -> FloatArray:
    """Return the noise of each pixel: that of the feet, and that of the top in between."""
    top = found.height / max(found.snr, 1e-9)
    if found.line is None:
        return np.full(axis.size, top)
    share = np.clip(found.line.line(axis) / found.height, 0.0, 1.0)
    feet = np.diff(counts, 2)[share[1:-1] < 0.02]
    foot = float(np.std(feet)) / np.sqrt(6.0) if feet.size > _FEWEST_SPARE else top
    variance = foot**2 + max(top**2 - foot**2, 0.0) * share
    return np.asarray(np.sqrt(np.maximum(variance, (1e-9 * found.height) ** 2)))


class _Fit:
    """All in units of the line that was found: energy in full widths, counts in heights."""

    def __init__(self, axis: FloatArray, counts: FloatArray, found: PeakResult) -> None:
        self._at_ev, self._unit_ev = found.peak_ev, found.fwhm_ev
        self._energy = (HC_EV_NM / axis - self._at_ev) / self._unit_ev
        self._carry = (HC_EV_NM / axis / self._at_ev) ** 2
        self._along = np.linspace(-1.0, 1.0, axis.size)
        self._counts = counts / found.height
        self._sigma = _noise_along(axis, counts, found) / found.height

    def result(self, shape: Shape) -> ShapeResult:
        """Fit one shape."""
        from scipy.optimize import least_squares  # slow to import, so only when it is used

        profile, widths = _PROFILES[shape]
        start = np.array([1.0, 0.0, 0.0, 0.0, *widths])
        spare = self._energy.size - start.size
        if spare < _FEWEST_SPARE:
            return ShapeResult(shape=shape, reason="too few pixels for this shape")

        def residuals(at: FloatArray) -> FloatArray:
            line = at[0] * self._carry * profile(self._energy - at[3], at[4:])
            return np.asarray((self._counts - line - at[1] - at[2] * self._along) / self._sigma)

        with np.errstate(all="ignore"):
            try:
                fit = least_squares(residuals, start, x_scale=0.1, max_nfev=200)
            except (ValueError, np.linalg.LinAlgError) as error:
                return ShapeResult(shape=shape, reason=f"the fit failed: {error}")
            noise = float(2.0 * fit.cost) / spare
            covariance = np.linalg.pinv(fit.jac.T @ fit.jac) * noise
            return self._read(shape, profile, fit.x, covariance, noise)

    def _read(
        self, shape: Shape, profile: Profile, at: FloatArray, covariance: FloatArray, noise: float
    ) -> ShapeResult:
        steps = 1e-4 * np.eye(at.size)
        top_nm = self._top_nm(profile, at)
        slopes = [(self._top_nm(profile, at + s) - self._top_nm(profile, at - s)) / 2e-4
                  for s in steps]  # fmt: skip
        fine = np.linspace(-3.0, 3.0, _FINE)
        curve = profile(fine, at[4:])
        above = fine[curve >= 0.5 * curve.max()]
        count = self._energy.size
        return ShapeResult(
            shape=shape,
            peak_nm=top_nm,
            peak_nm_se=float(np.sqrt(np.maximum(np.array(slopes) @ covariance @ slopes, 0.0))),
            peak_ev=self._at_ev + self._unit_ev * float(at[3] + fine[np.argmax(curve)]),
            fwhm_ev=self._unit_ev * float(np.ptp(above)),
            chi2_red=noise,
            bic=count * float(np.log(noise)) + at.size * float(np.log(count)),
        )

    def _top_nm(self, profile: Profile, at: FloatArray) -> float:
        fine = np.linspace(-0.5, 0.5, _FINE)
        energy = self._at_ev + self._unit_ev * (at[3] + fine)
        curve = profile(fine, at[4:]) * energy**2
        top = int(np.clip(np.argmax(curve), 1, _FINE - 2))
        low, middle, high = curve[top - 1 : top + 2]
        part = 0.5 * (low - high) / (low - 2.0 * middle + high + 1e-300)
        step = self._unit_ev * (fine[1] - fine[0])
        return float(HC_EV_NM / (energy[top] + part * step))
