"""Find the photoluminescence line of a spectrum and read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis import flags
from plans.analysis.judge import WIDEST_EV, Verdict, judge
from plans.analysis.leak import Leak, leak_windows, strongest_leak
from plans.analysis.line import LineFit, SplitGaussian, fit_line, pixel_weights
from plans.analysis.noise import FloatArray, estimate_noise
from plans.analysis.search import Candidate, Search, find_candidates
from plans.analysis.shape import Shape, measure_shape
from plans.analysis.smooth import rebin
from plans.analysis.spectrum import LARGEST_VALUE, BoolArray, CleanSpectrum, clean, in_windows

LOW_SNR: Final = 5.0
"""Below this height over pixel noise a line is flagged."""
POOR_FIT: Final = 0.035
"""A misfit of more than this part of the height is more than the skew of one line."""
MOST_SKEW: Final = 1.8
"""One side this much wider than the other is a shoulder; the bare line of the dots has 1.3."""
_NEIGHBOUR: Final = 0.05  # a second maximum of this part of the line is named
_USUAL_FWHM_EV: Final = 0.09  # CsPbBr3 nanocrystals at room temperature
_CLOSE_NM: Final = 60.0
_SMALLEST: Final = 1e-9  # a spectrum without any noise has a signal to noise of 1e9
_FEWEST_PIXELS: Final = 12
_NOTHING: Final = float("nan")


@dataclass(frozen=True, kw_only=True)
class PeakResult:
    """A photoluminescence line, or the reason why there is none.

    Without a line `peak_nm` is None and every other number is NaN.

    Attributes:
        peak_nm: maximum of the counts above the baseline against wavelength, from the fit, in nm.
        peak_nm_se: standard error of `peak_nm` from the noise, in nm: how far a repeat would
            land. What one line does not describe is not in it, see `chi2_red` and the flags.
        peak_ev: maximum per unit of energy, in eV. hc / peak_ev is some 0.2 nm above `peak_nm`:
            the change of axis carries the square of the wavelength.
        fwhm_nm: full width at half maximum of the measured curve, in nm.
        fwhm_ev: full width at half maximum of the fitted line, in eV.
        area: integral above the baseline within two full widths, in counts nm.
        height: fitted height above the baseline, in counts.
        snr: height over the noise of one pixel at the peak.
        asymmetry: width of the red half over the width of the blue half, on the energy axis.
        centroid_nm: mean wavelength within 1.5 full widths, in nm.
        chi2_red: mean squared residual over pixel variance, 1 for a line that fits.
        line: the fitted line with its baseline, for drawing.
        flags: what is wrong, words of `plans.analysis.flags`.
        reason: the same in a sentence, empty when nothing is wrong.
    """

    peak_nm: float | None = None
    peak_nm_se: float = _NOTHING
    peak_ev: float = _NOTHING
    fwhm_nm: float = _NOTHING
    fwhm_ev: float = _NOTHING
    area: float = _NOTHING
    height: float = _NOTHING
    snr: float = _NOTHING
    asymmetry: float = _NOTHING
    centroid_nm: float = _NOTHING
    chi2_red: float = _NOTHING
    line: SplitGaussian | None = None
    flags: tuple[str, ...] = ()
    reason: str = ""

    @property
    def baseline(self) -> tuple[float, float]:
        """Baseline under the peak (counts) and its slope (counts per nm)."""
        if self.line is None or self.peak_nm is None:
            return _NOTHING, _NOTHING
        return float(self.line.baseline(np.asarray(self.peak_nm))), self.line.slope

    @property
    def is_usable(self) -> bool:
        """Tell whether the result may take part in a decision."""
        return self.peak_nm is not None and flags.is_usable(self.flags)


def fit_peak(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    *,
    raw_counts: ArrayLike | None = None,
    full_scale_counts: float | None = None,
    dark_noise: float | None = None,
    excitation_nm: Sequence[float] = (),
    excitation_fwhm_nm: float = 12.0,
    band_nm: tuple[float, float] | None = (450.0, 650.0),
) -> PeakResult:
    """Find the photoluminescence line and fit a split Gaussian in energy to it.

    Never raises for bad data and never gives a number where there is no line.

    Args:
        wavelength_nm: axis in nm, any order.
        counts: signal, dark corrected where a dark exists.
        raw_counts: the same before the dark correction; saturation is judged on it.
        full_scale_counts: largest count of the detector. Without it saturation shows as a flat
            top only.
        dark_noise: standard deviation of a dark pixel, in counts; estimated when None.
        excitation_nm: lines of the light that was on. When none is given, a line below 430 nm, or
            the bluer of two separate lines below 480 nm, is taken for the excitation.
        excitation_fwhm_nm: width of that light; twice this is kept clear to each side.
        band_nm: where the line may be; None is everywhere.

    Returns:
        The line with its uncertainty and flags, or the reason why there is none.
    """
    if dark_noise is not None and not 0.0 < dark_noise < LARGEST_VALUE:
        dark_noise = None
    spectrum = clean(
        wavelength_nm,
        counts,
        raw_counts=raw_counts,
        full_scale_counts=full_scale_counts,
        dark_noise=dark_noise,
    )
    if isinstance(spectrum, str):
        found = {flags.NO_PEAK} | ({flags.NAN} if "finite" in spectrum else set())
        return PeakResult(flags=flags.in_order(found), reason=spectrum)
    sources = tuple(float(nm) for nm in excitation_nm if np.isfinite(nm) and nm > 0)
    windows = leak_windows(sources, excitation_fwhm_nm)
    return _Reading(spectrum, band_nm, windows, dark_noise).result()


class _Reading:
    """One spectrum on its way from counts to a result."""

    def __init__(
        self,
        spectrum: CleanSpectrum,
        band_nm: tuple[float, float] | None,
        windows: Sequence[tuple[float, float]],
        dark_noise: float | None,
    ) -> None:
        self.spectrum = spectrum
        axis = spectrum.wavelength_nm
        low, high = (float(axis[0]), float(axis[-1])) if band_nm is None else sorted(band_nm)
        self.band_nm = max(low, float(axis[0])), min(high, float(axis[-1]))
        self.band: BoolArray = (axis >= low) & (axis <= high)
        self.windows = windows
        self.open: BoolArray = self.band & ~in_windows(axis, windows)
        self.fitted: BoolArray = self.open & ~spectrum.saturated
        self.candidates: tuple[Candidate, ...] = ()
        self.search_noise = 0.0
        self.noise = spectrum.noise
        if windows and int(self.open.sum()) > _FEWEST_PIXELS:
            level = spectrum.level[self.open] - spectrum.pedestal
            self.noise = estimate_noise(spectrum.counts[self.open], level, floor=dark_noise)
        self.flags: set[str] = set()
        if spectrum.dropped:
            self.flags.add(flags.NAN)
        if bool(np.any(spectrum.saturated & self.band)):
            self.flags.add(flags.SATURATED)
        if bool(np.any(spectrum.spikes & self.open)):
            self.flags.add(flags.SPIKE)

    def result(self) -> PeakResult:
        axis, counts = self.spectrum.wavelength_nm[self.open], self.spectrum.counts[self.open]
        if axis.size < _FEWEST_PIXELS or axis[-1] <= axis[0]:
            return self._nothing("there are no pixels in the band")
        search = find_candidates(rebin(axis, counts), self.noise.floor)
        self.candidates, self.search_noise = search.candidates, search.noise
        verdicts = [self._try(candidate) for candidate in search.candidates]
        lines = [v for v in verdicts if v.is_line]
        leak = strongest_leak(self.spectrum, self.band_nm, self.windows, verdicts, lines)
        lines = [v for v in lines if leak is None or not leak.explains(v)]
        if not lines:
            return self._without_line(search, verdicts, leak)
        best = max(lines, key=lambda verdict: verdict.fit.line.height)
        if leak is not None and leak.height > best.fit.line.height:
            self.flags.add(flags.LEAK)
        return self._with_line(best)

    def _try(self, candidate: Candidate) -> Verdict:
        """Fit a line at a candidate; start again with the usual width if that gives none."""
        verdict = self._fit(candidate, min(candidate.fwhm_ev, WIDEST_EV), 2.0)
        if verdict.is_line and verdict.misfit < POOR_FIT:
            return verdict
        again = self._fit(candidate, _USUAL_FWHM_EV, 2.5 * _USUAL_FWHM_EV)
        if again.is_line and (not verdict.is_line or again.misfit < verdict.misfit):
            return again
        return verdict

    def _fit(self, candidate: Candidate, fwhm_ev: float, widest_ev: float) -> Verdict:
        axis = self.spectrum.wavelength_nm[self.fitted]
        counts = self.spectrum.counts[self.fitted]
        line = SplitGaussian(
            position_ev=candidate.position_ev,
            fwhm_low_ev=fwhm_ev,
            fwhm_high_ev=fwhm_ev,
            height=1.0,
        )
        fit: LineFit | None = None
        for _ in range(3):
            weights = pixel_weights(axis, line)
            weights[self._neighbours(axis, candidate, line)] = 0.0
            near = weights > 0.0
            before = line
            fit = fit_line(axis[near], counts[near], line, weights[near], widest_ev=widest_ev)
            if fit is None or fit.line.height <= 0.0:
                return Verdict(candidate=candidate, why="the pixels do not fix a line")
            line = fit.line
            moved = abs(line.position_ev - before.position_ev) / line.fwhm_ev
            if moved < 0.02 and abs(line.fwhm_ev / before.fwhm_ev - 1.0) < 0.05:
                break
        assert fit is not None  # the loop ran
        return judge(self.spectrum, self.fitted, self.band_nm, candidate, fit)

    def _neighbours(self, axis: FloatArray, candidate: Candidate, line: SplitGaussian) -> BoolArray:
        """Return the pixels of other maxima, outside of the core of this line."""
        taken = np.zeros(axis.shape, dtype=np.bool_)
        for other in self.candidates:
            apart = abs(other.peak_nm - candidate.peak_nm)
            if other is not candidate and apart > 1.5 * line.fwhm_nm:
                taken |= np.abs(axis - other.peak_nm) < 1.2 * min(other.fwhm_nm, line.fwhm_nm)
        return taken & (np.abs(axis - candidate.peak_nm) > 0.7 * line.fwhm_nm)

    def _without_line(
        self, search: Search, verdicts: Sequence[Verdict], leak: Leak | None
    ) -> PeakResult:
        if leak is not None:
            self.flags.add(flags.LEAK)
            return self._nothing(leak.text)
        if search.rises_to_edge and not any(v.flag == flags.BROAD for v in verdicts[:1]):
            self.flags.add(flags.EDGE)
            why = verdicts[0].why if verdicts else "the signal rises to the end of the band"
            return self._nothing(why)
        if not verdicts:
            self.flags.add(flags.LOW_SNR)
            return self._nothing("nothing stands out of the noise")
        if self._is_double(search):
            self.flags.add(flags.POOR_FIT)
            return self._nothing("two lines stand too close to be told apart: not resolvable")
        if verdicts[0].flag:
            self.flags.add(verdicts[0].flag)
        return self._nothing(verdicts[0].why)

    @staticmethod
    def _is_double(search: Search) -> bool:
        first, *others = search.candidates
        return any(
            other.prominence > 0.25 * first.prominence
            and abs(other.peak_nm - first.peak_nm) < _CLOSE_NM
            for other in others
        )

    def _nothing(self, why: str) -> PeakResult:
        return PeakResult(flags=flags.in_order(self.flags | {flags.NO_PEAK}), reason=why)

    def _with_line(self, verdict: Verdict) -> PeakResult:
        fit, line = verdict.fit, verdict.fit.line
        axis, counts = self.spectrum.wavelength_nm[self.open], self.spectrum.counts[self.open]
        shape = measure_shape(axis, counts, line)
        snr = self._snr(fit)
        self._flag_line(verdict, shape, snr)
        if flags.EDGE in self.flags and flags.POOR_FIT in self.flags:
            self.flags.discard(flags.POOR_FIT)
            return self._nothing("something is cut by the end of the band and is no plain line")
        return PeakResult(
            peak_nm=line.peak_nm,
            peak_nm_se=fit.peak_nm_se,
            peak_ev=line.position_ev,
            fwhm_nm=self._width(shape, line),
            fwhm_ev=line.fwhm_ev,
            area=shape.area,
            height=line.height,
            snr=snr,
            asymmetry=line.fwhm_low_ev / line.fwhm_high_ev,
            centroid_nm=shape.centroid_nm,
            chi2_red=self._chi2_red(line),
            line=line,
            flags=flags.in_order(self.flags),
            reason="; ".join(flags.MEANINGS[flag] for flag in flags.in_order(self.flags)),
        )

    def _snr(self, fit: LineFit) -> float:
        """Return the height over the noise of one pixel at the top."""
        line = fit.line
        top = np.abs(fit.wavelength_nm - line.peak_nm) < 0.5 * line.fwhm_nm
        if int(top.sum()) >= 10:
            noise = float(np.sqrt(np.mean(fit.noise[top] ** 2)))
        else:
            level = line.counts(np.asarray(line.peak_nm, dtype=np.float64))
            noise = float(self._noise_at(level))
        return line.height / max(noise, _SMALLEST * line.height)

    def _noise_at(self, level: FloatArray) -> FloatArray:
        return self.noise.sigma(level - self.spectrum.pedestal)

    def _flag_line(self, verdict: Verdict, shape: Shape, snr: float) -> None:
        line = verdict.fit.line
        if snr < LOW_SNR:
            self.flags.add(flags.LOW_SNR)
        skew = line.fwhm_low_ev / line.fwhm_high_ev
        skewed = not 1.0 / MOST_SKEW <= skew <= MOST_SKEW and snr > 2.0 * LOW_SNR
        if verdict.misfit > POOR_FIT or skewed or self._has_neighbour(verdict):
            self.flags.add(flags.POOR_FIT)
        if verdict.flat_top:
            self.flags.add(flags.SATURATED)
        low, high = self.band_nm
        if shape.blue_nm is None and line.peak_nm - 0.75 * line.fwhm_nm < low:
            self.flags.add(flags.EDGE)
        if shape.red_nm is None and line.peak_nm + 0.75 * line.fwhm_nm > high:
            self.flags.add(flags.EDGE)

    def _has_neighbour(self, verdict: Verdict) -> bool:
        line = verdict.fit.line
        return any(
            other is not verdict.candidate
            and other.prominence > max(_NEIGHBOUR * line.height, 6.0 * self.search_noise)
            and abs(other.peak_nm - line.peak_nm) < 2.5 * line.fwhm_nm
            for other in self.candidates
        )

    @staticmethod
    def _width(shape: Shape, line: SplitGaussian) -> float:
        if shape.blue_nm is None or shape.red_nm is None or shape.red_nm <= shape.blue_nm:
            return line.fwhm_nm
        return shape.red_nm - shape.blue_nm

    def _chi2_red(self, line: SplitGaussian) -> float:
        axis, counts = self.spectrum.wavelength_nm[self.fitted], self.spectrum.counts[self.fitted]
        near = pixel_weights(axis, line) > 0.5
        variance = self._noise_at(line.counts(axis[near])) ** 2
        if not np.all(variance > 0):
            return _NOTHING
        residuals = counts[near] - line.counts(axis[near])
        return float(np.sum(residuals**2 / variance)) / max(int(near.sum()) - 6, 1)
