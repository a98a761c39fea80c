"""How much of a spectrum is the end product's."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import correlate1d

from plans.analysis.line import SplitGaussian
from plans.analysis.noise import FloatArray, estimate_noise
from plans.analysis.power_law import columns, inverse_of_normal
from plans.analysis.spectrum import HC_EV_NM, LARGEST_VALUE, SHORTEST_NM

NOT_RESOLVABLE: Final = "not resolvable"
LARGEST_SE: Final = 0.1
"""A fraction that is not known to this standard error is not given."""
_FEWEST_PIXELS: Final = 30
_GRID: Final = 21
_QUIETEST: Final = 0.2
_BIC_GAIN: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class UnmixResult:
    """A spectrum as a sum of the run's first spectrum and an end spectrum.

    Attributes:
        end_fraction: share of the emitted photons that has the shape of the end spectrum, None
            when it cannot be told.
        end_fraction_se: its standard error; given also when it is too large for an answer.
        first_amplitude: factor of the first spectrum.
        first_amplitude_se: its standard error.
        end_amplitude: factor of the end spectrum.
        end_amplitude_se: its standard error.
        shift_nm: how far the spectrometer's axis moved since the references, red positive.
        shift_nm_se: its standard error, None if it was not fitted.
        chi2_red: reduced chi squared; errors are widened by its root when it is above one.
        reason: why there is no fraction, empty if there is one.
    """

    end_fraction: float | None = None
    end_fraction_se: float | None = None
    first_amplitude: float | None = None
    first_amplitude_se: float | None = None
    end_amplitude: float | None = None
    end_amplitude_se: float | None = None
    shift_nm: float | None = None
    shift_nm_se: float | None = None
    chi2_red: float | None = None
    reason: str = ""


def unmix_spectrum(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    *,
    first_counts: ArrayLike,
    end_counts: ArrayLike,
    largest_shift_nm: float = 1.0,
    shift_nm_se: float | None = None,
    counts_se: ArrayLike | None = None,
    largest_se: float = LARGEST_SE,
) -> UnmixResult:
    """Write a spectrum as first + end + straight baseline, no amplitude below zero.

    Both references move along the axis together, and the shift is fitted with the amplitudes: a
    shift of the axis looks like a change of fraction, and only the width of the line tells them
    apart. Lines 5 nm apart are told to 0.03 at 2000 counts; with a line at a fixed wavelength in
    the window, for example scattered excitation light, to 0.01. `shift_nm_se` helps as well.

    Args:
        wavelength_nm: the axis, of all three.
        counts: the spectrum.
        first_counts: the run's first spectrum, best a mean of many.
        end_counts: the spectrum of the end product.
        largest_shift_nm: the shift is looked for up to here; 0 switches it off.
        shift_nm_se: standard uncertainty of the axis from a wavelength check, if there is one.
        counts_se: standard deviation of each pixel; from the spectrum itself if not given.
        largest_se: a fraction with a larger standard error is "not resolvable".
    """
    prepared = _prepared(counts_se, wavelength_nm, counts, first_counts, end_counts)
    if isinstance(prepared, str):
        return UnmixResult(reason=prepared)
    nm, spectrum, first, end, sigma = prepared
    references = _Reference(nm, first), _Reference(nm, end)
    if min(reference.area for reference in references) <= 0.0:
        return UnmixResult(reason="a reference spectrum has no line")
    work = _Mixture(nm, spectrum, sigma, references, abs(largest_shift_nm), shift_nm_se)
    return work.result(largest_se)


def _prepared(counts_se: ArrayLike | None, *given: ArrayLike) -> tuple[FloatArray, ...] | str:
    """Return rising axis, spectra and noise, or why they cannot be used."""
    held = columns(*given, *([] if counts_se is None else [counts_se]))
    if held is None:
        return "the spectra do not have the same number of pixels"
    order = np.argsort(held[0])
    held = tuple(column[order] for column in held)
    nm = held[0]
    if nm.size < _FEWEST_PIXELS or nm[0] < SHORTEST_NM or not np.all(np.diff(nm) > 0.0):
        return "fewer than 30 pixels, two at one wavelength, or no wavelength at all"
    largest = max(float(np.max(np.abs(column))) for column in held[1:])
    if not 0.0 < largest < LARGEST_VALUE:
        return "the spectra hold nothing, or counts that no detector gives"
    held = (nm, *(column / largest for column in held[1:]))  # squares do not overflow
    ready = held if counts_se is not None else (*held, _noise_of(held[1]))
    return ready if np.all(ready[-1] > 1e-30) else "the spectrum has no noise to weigh pixels with"


def _noise_of(spectrum: FloatArray) -> FloatArray:
    smooth = _smooth(spectrum, _window(spectrum), 2)
    level = smooth - float(np.percentile(smooth, 10))
    sigma = estimate_noise(spectrum, level).sigma(level)
    return np.asarray(np.maximum(sigma, _QUIETEST * float(np.max(sigma))))


def _smooth(counts: FloatArray, pixels: int, degree: int) -> FloatArray:
    """Return the middle of a polynomial through the pixels around each (Savitzky and Golay)."""
    away = np.linspace(-1.0, 1.0, pixels)
    weights = np.linalg.pinv(np.vander(away, degree + 1))[-1]
    return np.asarray(correlate1d(counts, weights, mode="nearest"))


def _window(counts: FloatArray) -> int:
    """Return an odd number of pixels, half of the line's width: it cuts noise, not the line."""
    rough = _smooth(counts, 11, 2)
    above = rough - float(np.percentile(rough, 10))
    wide = int(np.sum(above > 0.5 * float(np.max(above))))
    return int(np.clip(wide // 2, 7, max(7, counts.size // 4))) | 1


class _Reference:
    """A spectrum that can be moved along its axis."""

    def __init__(self, nm: FloatArray, counts: FloatArray) -> None:
        from scipy.interpolate import CubicSpline  # slow to import, so only when it is used

        clean = _smooth(counts, _window(counts), 4)
        edge = max(3, nm.size // 20)
        outside = np.r_[:edge, nm.size - edge : nm.size]
        clean -= np.polyval(np.polyfit(nm[outside], counts[outside], 1), nm)
        self.area = float(np.trapezoid(clean, nm))
        self.nm = nm
        self._spline = CubicSpline(nm, clean)

    def moved(self, shift_nm: float) -> FloatArray:
        """Return the spectrum as seen on an axis that moved to the red by this much."""
        return np.asarray(self._spline(np.clip(self.nm - shift_nm, self.nm[0], self.nm[-1])))


class _Mixture:
    def __init__(
        self,
        nm: FloatArray,
        counts: FloatArray,
        sigma: FloatArray,
        references: tuple[_Reference, _Reference],
        reach_nm: float,
        shift_nm_se: float | None,
    ) -> None:
        self.references = references
        self.weight = 1.0 / sigma
        self.target = counts * self.weight
        along = (nm - float(np.mean(nm))) / float(np.ptp(nm))
        self.baseline = np.column_stack([np.ones(nm.size), along]) * self.weight[:, None]
        self.reach_nm = reach_nm
        self.shift_weight = 1.0 / shift_nm_se if shift_nm_se and shift_nm_se > 0.0 else 0.0

    def _lines(self, shift_nm: float) -> FloatArray:
        moved = [reference.moved(shift_nm) for reference in self.references]
        return np.asarray(np.column_stack(moved) * self.weight[:, None])

    def solve(self, shift_nm: float) -> tuple[float, FloatArray]:
        """Return the cost and the amplitudes (first, end, offset, slope), first two >= 0."""
        lines = self._lines(shift_nm)
        best_cost, best = np.inf, np.zeros(4)
        for used in ([0, 1], [0], [1], []):
            design = np.column_stack([lines[:, used], self.baseline])
            part = np.linalg.lstsq(design, self.target, rcond=None)[0]
            if np.any(part[: len(used)] < 0.0):
                continue
            cost = float(np.sum((self.target - design @ part) ** 2))
            if cost < best_cost:
                best_cost, best = cost, np.zeros(4)
                best[[*used, 2, 3]] = part
            if len(used) == 2:
                break
        return best_cost + (self.shift_weight * shift_nm) ** 2, best

    def shift(self) -> float:
        """Return the shift of least cost."""
        if self.reach_nm == 0.0:
            return 0.0
        from scipy.optimize import minimize_scalar

        grid = np.linspace(-self.reach_nm, self.reach_nm, _GRID)
        at = int(np.argmin([self.solve(shift)[0] for shift in grid]))
        bounds = grid[max(at - 1, 0)], grid[min(at + 1, _GRID - 1)]
        return float(minimize_scalar(lambda s: self.solve(s)[0], bounds=bounds, method="bounded").x)

    def covariance(self, shift_nm: float, amplitudes: FloatArray) -> FloatArray | None:
        """Return that of (first, end, offset, slope, shift), None if two do the same."""
        jacobian = np.column_stack([self._lines(shift_nm), self.baseline])
        if self.reach_nm == 0.0:
            return inverse_of_normal(jacobian.T @ jacobian)
        step = 0.02
        ahead, behind = self._lines(shift_nm + step), self._lines(shift_nm - step)
        jacobian = np.column_stack([jacobian, (ahead - behind) @ amplitudes[:2] / (2.0 * step)])
        return inverse_of_normal(
            jacobian.T @ jacobian + np.diag([0, 0, 0, 0, self.shift_weight**2])
        )

    def result(self, largest_se: float) -> UnmixResult:
        shift = self.shift()
        cost, amplitudes = self.solve(shift)
        chi2 = cost / max(self.target.size - 5, 1)
        first, end = self.references[0].area, self.references[1].area
        total = float(amplitudes[0] * first + amplitudes[1] * end)
        if total <= 0.0:
            return UnmixResult(chi2_red=chi2, reason="the spectrum has nothing of the two")
        covariance = self.covariance(shift, amplitudes)
        if covariance is None:
            return UnmixResult(reason=f"{NOT_RESOLVABLE}: the two references have one shape")
        covariance *= max(chi2, 1.0)
        errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        gradient = np.array([-amplitudes[1], amplitudes[0]]) * (first / total) * (end / total)
        variance = float(gradient @ covariance[:2, :2] @ gradient)
        fraction_se = float(np.sqrt(max(variance, 0.0)))
        reason = ""
        if not fraction_se <= largest_se:
            reason = f"{NOT_RESOLVABLE}: the fraction is uncertain by {fraction_se:.2g}"
        elif self.reach_nm > 0.0 and abs(shift) > 0.99 * self.reach_nm:
            reason = f"the axis moved by more than {self.reach_nm:g} nm: check the wavelength"
        return UnmixResult(
            end_fraction=None if reason else float(amplitudes[1] * end / total),
            end_fraction_se=fraction_se,
            first_amplitude=float(amplitudes[0]),
            first_amplitude_se=float(errors[0]),
            end_amplitude=float(amplitudes[1]),
            end_amplitude_se=float(errors[1]),
            shift_nm=shift,
            shift_nm_se=float(errors[4]) if errors.size > 4 else None,
            chi2_red=chi2,
            reason=reason,
        )


@dataclass(frozen=True, kw_only=True)
class TwoLineResult:
    """Two lines without references.

    Attributes:
        red_fraction: share of the photons in the line at the longer wavelength, None when the
            lines are not resolved.
        red_fraction_se: its standard error.
        blue_nm: position of the line at the shorter wavelength (maximum per energy).
        red_nm: position of the other.
        fwhm_nm: full width, the same for both.
        bic_gain: BIC of one line minus BIC of two.
        best_red_fraction: what the fit of two lines says, resolved or not; not a measurement.
        reason: why there is no fraction, empty if there is one.
    """

    red_fraction: float | None = None
    red_fraction_se: float | None = None
    blue_nm: float | None = None
    red_nm: float | None = None
    fwhm_nm: float | None = None
    bic_gain: float | None = None
    best_red_fraction: float | None = None
    reason: str = ""


def fit_two_lines(
    wavelength_nm: ArrayLike, counts: ArrayLike, *, counts_se: ArrayLike | None = None
) -> TwoLineResult:
    """Fit one and two split Gaussians in energy, and give two only if they are there.

    The lines share their widths. They must be further apart than half of the width and gain more
    than 10 in BIC over one line; closer ones trade height for width and position freely.

    Args:
        wavelength_nm: the axis.
        counts: the spectrum.
        counts_se: standard deviation of each pixel; from the spectrum itself if not given.
    """
    prepared = _prepared(counts_se, wavelength_nm, counts)
    if isinstance(prepared, str):
        return TwoLineResult(reason=prepared)
    nm, spectrum, sigma = prepared
    work = _Lines(nm, spectrum, sigma)
    one_cost, one = work.best([work.first_guess()])
    position, low, high = one
    apart = 0.5 * (np.exp(low) + np.exp(high))
    two_cost, two = work.best(
        [
            np.array([position + blue * apart, position - red * apart, low - 0.1, high - 0.1])
            for blue, red in ((0.02, 0.9), (0.2, 0.4), (0.4, 0.2), (0.9, 0.02))
        ]
    )
    return work.judged(one_cost - two_cost - 2.0 * float(np.log(nm.size)), two)


class _Lines:
    """Lines of common widths on a straight baseline; heights follow from positions and widths."""

    def __init__(self, nm: FloatArray, counts: FloatArray, sigma: FloatArray) -> None:
        self.nm, self.counts, self.weight = nm, counts, 1.0 / sigma
        self.target = counts * self.weight
        along = (nm - float(np.mean(nm))) / float(np.ptp(nm))
        self.baseline = np.column_stack([np.ones(nm.size), along]) * self.weight[:, None]
        self.range_ev = HC_EV_NM / float(nm[-1]), HC_EV_NM / float(nm[0])

    def first_guess(self) -> FloatArray:
        pixels = _window(self.counts)
        at = HC_EV_NM / float(self.nm[np.argmax(_smooth(self.counts, pixels, 2))])
        step = float(np.median(np.diff(self.nm)))
        width = float(np.log(2.0 * pixels * step * at**2 / HC_EV_NM))
        return np.array([at, width, width])

    def _design(self, shape: FloatArray) -> FloatArray:
        low, high = np.exp(shape[-2:])
        lines = [
            SplitGaussian(position_ev=float(at), fwhm_low_ev=low, fwhm_high_ev=high, height=1.0)
            for at in shape[:-2]
        ]
        return np.column_stack(
            [*(line.line(self.nm) * self.weight for line in lines), self.baseline]
        )

    def heights(self, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
        design = self._design(shape)
        heights = np.linalg.lstsq(design, self.target, rcond=None)[0]
        used = np.append(heights[:-2] > 0.0, [True, True])
        if not np.all(used):
            heights = np.zeros(used.size)
            heights[used] = np.linalg.lstsq(design[:, used], self.target, rcond=None)[0]
        return design, np.asarray(heights)

    def _residuals(self, shape: FloatArray) -> FloatArray:
        return np.asarray(self.target - np.matmul(*self.heights(shape)))

    def best(self, starts: list[FloatArray]) -> tuple[float, FloatArray]:
        """Return cost and shape of the best fit from several starts."""
        from scipy.optimize import least_squares

        span = self.range_ev[1] - self.range_ev[0]
        widths = float(np.log(1e-3 * span)), float(np.log(2.0 * span))
        found = []
        for start in starts:
            lines = start.size - 2
            low = np.array([self.range_ev[0]] * lines + [widths[0]] * 2)
            high = np.array([self.range_ev[1]] * lines + [widths[1]] * 2)
            inside = np.clip(start, low + 1e-6 * (high - low), high - 1e-6 * (high - low))
            fit = least_squares(self._residuals, inside, bounds=(low, high), max_nfev=100)
            found.append((2.0 * float(fit.cost), np.asarray(fit.x, dtype=np.float64)))
        return min(found, key=lambda pair: pair[0])

    def judged(self, gain: float, shape: FloatArray) -> TwoLineResult:
        shape = np.concatenate([np.sort(shape[:2])[::-1], shape[2:]])
        blue, red = (HC_EV_NM / float(at) for at in shape[:2])
        width_ev = 0.5 * float(np.sum(np.exp(shape[2:])))
        fwhm_nm = width_ev * (0.5 * (blue + red)) ** 2 / HC_EV_NM
        fraction, error = self._fraction(shape)
        reason = ""
        if gain <= _BIC_GAIN:
            reason = f"{NOT_RESOLVABLE}: one line does as well (BIC gain {gain:.1f})"
        elif red - blue <= 0.5 * fwhm_nm:
            reason = f"{NOT_RESOLVABLE}: {red - blue:.1f} nm apart, {fwhm_nm:.1f} nm wide"
        elif not 0.0 < fraction < 1.0 or not error <= LARGEST_SE:
            reason = f"{NOT_RESOLVABLE}: the fraction is {fraction:.2g} +- {error:.2g}"
        return TwoLineResult(
            red_fraction=None if reason else fraction,
            red_fraction_se=error,
            blue_nm=blue,
            red_nm=red,
            fwhm_nm=fwhm_nm,
            bic_gain=gain,
            best_red_fraction=fraction,
            reason=reason,
        )

    def _fraction(self, shape: FloatArray) -> tuple[float, float]:
        """Return the share of the second line, and its standard error with all else free."""
        design, heights = self.heights(shape)
        area = heights[:2] / shape[:2] ** 2
        total = float(np.sum(area)) + 1e-300
        steps = 1e-5 * np.eye(4)
        moved = [(self._design(shape + step) - design) @ heights / 1e-5 for step in steps]
        jacobian = np.column_stack([design, *moved])
        covariance = inverse_of_normal(jacobian.T @ jacobian)
        if covariance is None:
            return float(area[1]) / total, float("inf")
        gradient = np.zeros(8)
        gradient[:2] = np.array([-area[1], area[0]]) / total**2 / shape[:2] ** 2
        residuals = self.target - design @ heights
        chi2 = float(residuals @ residuals) / max(self.nm.size - 8, 1)
        variance = float(gradient @ covariance @ gradient) * max(chi2, 1.0)
        return float(area[1]) / total, float(np.sqrt(max(variance, 0.0)))
