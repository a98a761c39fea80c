"""Read one spectrum with all care: any axis, several lines, gaps."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from plans.analysis import flags
from plans.analysis.judge import WIDEST_EV, Verdict, judge
from plans.analysis.leak import Leak, strongest_leak
from plans.analysis.line import (
    LineFit,
    SplitGaussian,
    pixel_weights,
    slit_shift_nm,
)
from plans.analysis.line_fit import MOST_STEPS, fit_line
from plans.analysis.noise import FloatArray, estimate_noise
from plans.analysis.peak_result import PeakResult
from plans.analysis.plain import LOW_SNR
from plans.analysis.plain_peaks import MOST_SKEW
from plans.analysis.plain_shape import MOST_MISFIT
from plans.analysis.search import Candidate, Search, find_candidates
from plans.analysis.shape import Shape, measure_shape, read_top
from plans.analysis.smooth import rebin
from plans.analysis.spectrum import BoolArray, CleanSpectrum, in_windows

POOR_FIT: Final = 0.035
"""A misfit of more than this part of the height is more than the skew of one line."""
ONE_LINE: Final = MOST_MISFIT
"""A misfit of less than this part of the height leaves the top where it is."""
_MORE_LINES: Final = 0.02
"""From this misfit on the top of the measured curve is the peak."""
_MOST_ROUNDS: Final = 6
_MOST_STEPS: Final = 30
"""Of all rounds; lines need 5 to 28, and what a lamp has for lines would go on for long."""
_SAME: Final = 1e-4  # full widths; the weights have come to rest
_NEIGHBOUR: Final = 0.05  # a second maximum of this part of the line is named
_USUAL_FWHM_EV: Final = 0.09  # CsPbBr3 nanocrystals at room temperature
_CLOSE_NM: Final = 60.0
_SMALLEST: Final = 1e-9  # a spectrum without any noise has a signal to noise of 1e9
_FEWEST_PIXELS: Final = 12
_NOTHING: Final = float("nan")


class CarefulReading:
    """One spectrum on its way from counts to a result."""

    def __init__(
        self,
        spectrum: CleanSpectrum,
        band_nm: tuple[float, float] | None,
        windows: Sequence[tuple[float, float]],
        dark_noise: float | None,
        resolution_nm: float,
    ) -> None:
        self.resolution_nm = resolution_nm
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
        self.bare: dict[int, Verdict] = {}  # by the fit of the core, that of the whole line
        self.flags: set[str] = set()
        if spectrum.dropped:
            self.flags.add(flags.NAN)
        if bool(np.any(spectrum.saturated & self.band)):
            self.flags.add(flags.SATURATED)
        if bool(np.any(spectrum.spikes & self.open)):
            self.flags.add(flags.SPIKE)

    def result(self) -> PeakResult:
        """Return the line, or the reason why there is none."""
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
        """Fit a line at a candidate.

        Where a line leaves something over, the fit starts again from the usual width and looks at
        the core only.
        """
        narrow = min(candidate.fwhm_ev, WIDEST_EV)
        first = self._fit(candidate, narrow, 2.0)
        if first.is_line and first.misfit < ONE_LINE:
            return first
        # A pull to the side by a shoulder grows with the misfit; so does what is taken back.
        tries = [first, self._fit(candidate, narrow, 2.0, core_only=True)]
        if not any(verdict.is_line and verdict.misfit < POOR_FIT for verdict in tries):
            widest_ev = 2.5 * _USUAL_FWHM_EV
            tries.append(self._fit(candidate, _USUAL_FWHM_EV, widest_ev, core_only=True))
        lines = [verdict for verdict in tries if verdict.is_line]
        if not lines:
            return first
        core = [verdict for verdict in lines if verdict is not first]
        best = min(core or lines, key=lambda verdict: verdict.misfit)
        if first.is_line and first.misfit < _MORE_LINES:
            self.bare[id(best)] = first
        return best

    def _fit(
        self, candidate: Candidate, fwhm_ev: float, widest_ev: float, *, core_only: bool = False
    ) -> Verdict:
        axis = self.spectrum.wavelength_nm[self.fitted]
        counts = self.spectrum.counts[self.fitted]
        line = SplitGaussian(
            position_ev=candidate.position_ev,
            fwhm_low_ev=fwhm_ev,
            fwhm_high_ev=fwhm_ev,
            height=1.0,
        )
        fit: LineFit | None = None
        left = _MOST_STEPS
        for _ in range(_MOST_ROUNDS):
            weights = pixel_weights(axis, line, core_only=core_only)
            weights[self._neighbours(axis, candidate, line)] = 0.0
            near = weights > 0.0
            before = line
            fit = fit_line(
                axis[near],
                counts[near],
                line,
                weights[near],
                widest_ev=widest_ev,
                most_steps=min(left, MOST_STEPS),
            )
            if fit is None or fit.line.height <= 0.0:
                return Verdict(candidate=candidate, why="the pixels do not fix a line")
            line, left = fit.line, left - fit.steps
            if left <= 0 or line.fwhm_ev > 2.0 * WIDEST_EV:
                break
            moved = abs(line.position_ev - before.position_ev) / line.fwhm_ev
            if moved < _SAME and abs(line.fwhm_ev / before.fwhm_ev - 1.0) < _SAME:
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
        peak_nm, peak_nm_se = self._read_top(verdict)
        position = line.position_ev * line.peak_nm / peak_nm
        return PeakResult(
            peak_nm=peak_nm,
            peak_nm_se=peak_nm_se,
            peak_ev=position,
            fwhm_nm=self._width(shape, line),
            moment_fwhm_nm=shape.moment_fwhm_nm,
            fwhm_ev=line.fwhm_ev,
            area=shape.area,
            height=line.height,
            snr=snr,
            asymmetry=line.fwhm_low_ev / line.fwhm_high_ev,
            centroid_nm=shape.centroid_nm,
            shoulder=shape.shoulder,
            chi2_red=self._chi2_red(line),
            line=line,
            flags=flags.in_order(self.flags),
            reason="; ".join(flags.MEANINGS[flag] for flag in flags.in_order(self.flags)),
        )

    def _read_top(self, verdict: Verdict) -> tuple[float, float]:
        """Return the peak and its standard error, in nm.

        One line is read from its fit. Where more is in the band, the top of the measured curve
        counts. Between the
        two the reading goes over smoothly, so that no run has a step.
        """
        fit = verdict.fit
        whole = self._without_slit(fit)
        if verdict.misfit < ONE_LINE and id(verdict) not in self.bare:
            return whole
        axis, counts = self.spectrum.wavelength_nm[self.fitted], self.spectrum.counts[self.fitted]
        top = read_top(axis, counts, fit.line)
        if top is None:
            return whole
        noise = float(self._noise_at(fit.line.counts(np.asarray(fit.line.peak_nm))))
        local = top.peak_nm, top.error_per_count * noise
        bare = self.bare.get(id(verdict))
        if bare is None:
            return local
        part = min(max((bare.misfit - ONE_LINE) / (_MORE_LINES - ONE_LINE), 0.0), 1.0)
        plain = self._without_slit(bare.fit)
        return (
            (1.0 - part) * plain[0] + part * local[0],
            (1.0 - part) * plain[1] + part * local[1],
        )

    def _without_slit(self, fit: LineFit) -> tuple[float, float]:
        line = fit.line
        shift_nm = slit_shift_nm(
            line.position_ev, line.fwhm_low_ev, line.fwhm_high_ev, self.resolution_nm
        )
        return line.peak_nm - float(shift_nm), fit.peak_nm_se

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
        near = np.abs(axis - line.peak_nm) < 1.2 * line.fwhm_nm
        variance = self._noise_at(line.counts(axis[near])) ** 2
        if not np.all(variance > 0):
            return _NOTHING
        residuals = counts[near] - line.counts(axis[near])
        return float(np.sum(residuals**2 / variance)) / max(int(near.sum()) - 6, 1)
