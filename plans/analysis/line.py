"""A split Gaussian in energy on a baseline, and its fit."""

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
_PARAMETERS: Final = 6  # height, position, two widths, offset, slope
MOST_SKEW: Final = 4.0
_MOST_STEPS: Final = 40
_DIAGONAL: Final = np.diag_indices(_PARAMETERS)


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
    """

    line: SplitGaussian
    wavelength_nm: FloatArray
    residuals: FloatArray
    converged: bool
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


def fit_line(
    wavelength_nm: FloatArray,
    counts: FloatArray,
    start: SplitGaussian,
    weights: FloatArray | None = None,
    *,
    widest_ev: float = 2.0,
) -> LineFit | None:
    """Fit a split Gaussian in energy with a straight baseline (Levenberg-Marquardt).

    Args:
        wavelength_nm: pixels of the fit, finite.
        counts: signal, finite.
        start: a first guess; its baseline is not used.
        weights: how much each squared residual counts, all the same when None.
        widest_ev: no half of the line becomes wider than this.

    Returns:
        The fit, or None when the pixels do not fix a line.
    """
    if counts.size < _PARAMETERS + 4:
        return None
    scale = float(np.ptp(counts))
    if scale <= 0.0:
        return None
    low = float(np.min(counts))
    roots = np.ones_like(counts) if weights is None else np.sqrt(weights)
    work = _Workspace(wavelength_nm, (counts - low) / scale, start, roots, widest_ev)
    found = work.solve()
    if found is None:
        return None
    return work.as_fit(*found, wavelength_nm=wavelength_nm, scale=scale, low=low)


class _Workspace:
    """The least-squares problem in numbers of order one."""

    def __init__(
        self,
        wavelength_nm: FloatArray,
        signal: FloatArray,
        start: SplitGaussian,
        roots: FloatArray,
        widest_ev: float,
    ) -> None:
        self.energy = energy_ev(wavelength_nm)
        self.middle_nm = float(np.mean(wavelength_nm))
        self.span_nm = max(float(np.ptp(wavelength_nm)), 1e-9)
        self.along = (wavelength_nm - self.middle_nm) / self.span_nm
        self.signal = signal
        self.range_ev = float(np.min(self.energy)), float(np.max(self.energy))
        widest = min(2.0 * (self.range_ev[1] - self.range_ev[0]), widest_ev)
        self.widths_ev = widest * 1e-4, widest
        self.start = start
        self.roots = roots

    def solve(self) -> tuple[FloatArray, bool] | None:
        """Return the best parameters, and whether the steps had become small."""
        parameters = self._first()
        if parameters is None:
            return None
        damping = 1e-3
        cost, residuals, jacobian = self._weighted(parameters)
        for _ in range(_MOST_STEPS):
            normal = jacobian.T @ jacobian
            normal[_DIAGONAL] += damping * normal[_DIAGONAL] + 1e-12
            step = np.asarray(np.linalg.solve(normal, jacobian.T @ residuals), np.float64)
            trial = self._inside(parameters, step)
            trial_cost, trial_residuals, trial_jacobian = self._weighted(trial)
            if trial_cost <= cost:
                gain = cost - trial_cost
                cost, residuals, jacobian = trial_cost, trial_residuals, trial_jacobian
                parameters = trial
                damping = max(damping * 0.1, 1e-9)
                if gain <= 1e-8 * cost + 1e-24:
                    return parameters, True
            else:
                damping *= 10.0
                if damping > 1e8:
                    return parameters, True
        return parameters, False

    def as_fit(
        self,
        parameters: FloatArray,
        converged: bool,
        *,
        wavelength_nm: FloatArray,
        scale: float,
        low: float,
    ) -> LineFit:
        """Turn parameters into a line in counts."""
        height, position, width_low, width_high, offset, slope = (float(p) for p in parameters)
        model, jacobian = self.model(parameters)
        jacobian[:, 1:4] *= scale
        return LineFit(
            line=SplitGaussian(
                position_ev=position,
                fwhm_low_ev=width_low,
                fwhm_high_ev=width_high,
                height=height * scale,
                offset=offset * scale + low,
                slope=slope * scale / self.span_nm,
                reference_nm=self.middle_nm,
            ),
            wavelength_nm=wavelength_nm,
            residuals=(self.signal - model) * scale,
            converged=converged,
            _jacobian=jacobian * self.roots[:, None],
            _roots=self.roots,
        )

    def _weighted(self, parameters: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        model, jacobian = self.model(parameters)
        residuals = (self.signal - model) * self.roots
        return float(residuals @ residuals), residuals, jacobian * self.roots[:, None]

    def _first(self) -> FloatArray | None:
        """Solve for height and baseline with the guessed shape."""
        shape = np.array(
            [1.0, self.start.position_ev, self.start.fwhm_low_ev, self.start.fwhm_high_ev, 0, 0]
        )
        _, jacobian = self.model(shape)
        linear = jacobian[:, [0, 4, 5]] * self.roots[:, None]
        solution, _, rank, _ = np.linalg.lstsq(linear, self.signal * self.roots, rcond=None)
        if rank < 3:
            return None
        shape[[0, 4, 5]] = solution
        return shape

    def _inside(self, parameters: FloatArray, step: FloatArray) -> FloatArray:
        """Take a step that cannot leave the pixels or turn a width negative."""
        trial = parameters + step
        old_low, old_high = float(parameters[2]), float(parameters[3])
        reach = 0.5 * (old_low + old_high)
        position, from_ev = float(trial[1]), float(parameters[1])
        position = min(max(position, from_ev - reach), from_ev + reach)
        trial[1] = min(max(position, self.range_ev[0]), self.range_ev[1])
        narrowest, widest = self.widths_ev
        low = min(max(float(trial[2]), 0.5 * old_low), 2.0 * old_low)
        high = min(max(float(trial[3]), 0.5 * old_high), 2.0 * old_high)
        low, high = min(max(low, narrowest), widest), min(max(high, narrowest), widest)
        wider = 0.5 * (low + high)
        trial[2] = min(max(low, wider / MOST_SKEW), 2.0 * wider)
        trial[3] = min(max(high, wider / MOST_SKEW), 2.0 * wider)
        return trial

    def model(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the model and its derivatives (pixels x 6)."""
        height, position, width_low, width_high, offset, slope = parameters
        away = self.energy - position
        red = away < 0
        width = np.where(red, width_low, width_high)
        scaled = away / width
        exponent = np.minimum(_FOUR_LN2 * scaled**2, 700.0)
        unit = np.exp(-exponent) * (self.energy / position) ** 2
        line = height * unit
        jacobian = np.empty((self.energy.size, _PARAMETERS))
        by_width = 2.0 * line * exponent / width
        jacobian[:, 0] = unit
        jacobian[:, 1] = line * (2.0 * _FOUR_LN2 * scaled / width - 2.0 / position)
        jacobian[:, 2] = np.where(red, by_width, 0.0)
        jacobian[:, 3] = by_width - jacobian[:, 2]
        jacobian[:, 4] = 1.0
        jacobian[:, 5] = self.along
        return line + offset + slope * self.along, jacobian


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
