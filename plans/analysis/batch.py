"""Read the photoluminescence lines of many spectra at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis import flags
from plans.analysis.batch_line import Lines, fit_lines
from plans.analysis.batch_search import IntArray, SmoothedSearch, floor_of
from plans.analysis.batch_shape import read_residuals, read_shape
from plans.analysis.judge import WIDEST_EV
from plans.analysis.leak import ALWAYS_EXCITATION_NM, leak_windows
from plans.analysis.noise import FloatArray, estimate_noise
from plans.analysis.peak import LOW_SNR, MOST_SKEW, PeakResult, fit_peak
from plans.analysis.search import find_candidates
from plans.analysis.smooth import rebin
from plans.analysis.spectrum import (
    HC_EV_NM,
    LARGEST_VALUE,
    LONGEST_NM,
    NARROWEST_LINE_NM,
    SATURATION_FRACTION,
    SHORTEST_NM,
    BoolArray,
    clean,
    in_windows,
)

_TOGETHER: Final = 256
_FEWEST_PIXELS: Final = 64
_SMALLEST_VALUE: Final = 1e-60  # the square of less than this is soon zero
_ALIKE: Final = 1.2


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """Lines of n spectra; every array has n values, NaN where there is no line.

    Attributes:
        peak_nm: maximum of the counts above the baseline, in nm.
        peak_nm_se: its standard error, in nm.
        fwhm_nm: full width at half maximum of the measured curve, in nm.
        area: integral above the baseline within two full widths, in counts nm.
        snr: height over the noise of one pixel at the peak.
        flags: words of `plans.analysis.flags` for each spectrum.
        read_alone: spectra that were given to `fit_peak` one by one.
    """

    peak_nm: FloatArray
    peak_nm_se: FloatArray
    fwhm_nm: FloatArray
    area: FloatArray
    snr: FloatArray
    flags: tuple[tuple[str, ...], ...]
    read_alone: BoolArray

    def __len__(self) -> int:
        """Return the number of spectra."""
        return len(self.flags)


def fit_peaks(
    wavelength_nm: ArrayLike,
    spectra: ArrayLike,
    *,
    raw_spectra: ArrayLike | None = None,
    full_scale_counts: float | None = None,
    dark_noise: float | None = None,
    excitation_nm: Sequence[float] = (),
    excitation_fwhm_nm: float = 12.0,
    band_nm: tuple[float, float] | None = (450.0, 650.0),
) -> BatchResult:
    """Find the photoluminescence line in each of many spectra that share an axis.

    The model, the weights and the judgement are those of `fit_peak`. Spectra that hold one plain
    line are fitted together; whatever is close to a limit, or odd, goes to `fit_peak` itself.

    Args:
        wavelength_nm: axis in nm, any order.
        spectra: signals, dark corrected where a dark exists (n x pixels).
        raw_spectra: the same before the dark correction; saturation is judged on them.
        full_scale_counts: largest count of the detector.
        dark_noise: standard deviation of a dark pixel, in counts; estimated when None.
        excitation_nm: lines of the light that was on.
        excitation_fwhm_nm: width of that light.
        band_nm: where the line may be; None is everywhere.

    Raises:
        ValueError: the arrays do not fit each other.
    """
    axis = np.asarray(wavelength_nm, dtype=np.float64).ravel()
    signal = np.asarray(spectra)
    raw = signal if raw_spectra is None else np.asarray(raw_spectra)
    if signal.ndim != 2 or signal.shape[1] != axis.size or raw.shape != signal.shape:
        raise ValueError(
            f"fit_peaks needs spectra of shape (n, {axis.size}) for an axis of {axis.size} "
            f"pixels, got {signal.shape} and raw spectra {raw.shape}"
        )
    if dark_noise is not None and not 0.0 < dark_noise < LARGEST_VALUE:
        dark_noise = None
    sources = tuple(float(nm) for nm in excitation_nm if np.isfinite(nm) and nm > 0)
    windows = leak_windows(sources, excitation_fwhm_nm)
    batch = _Batch(axis, signal, raw, full_scale_counts, dark_noise, windows, band_nm)
    batch.read()
    for row in np.flatnonzero(batch.alone):
        batch.put(
            int(row),
            fit_peak(
                axis,
                signal[row],
                raw_counts=None if raw_spectra is None else raw[row],
                full_scale_counts=full_scale_counts,
                dark_noise=dark_noise,
                excitation_nm=excitation_nm,
                excitation_fwhm_nm=excitation_fwhm_nm,
                band_nm=band_nm,
            ),
        )
    return batch.result()


class _Batch:
    """Spectra on their way to results."""

    def __init__(
        self,
        axis: FloatArray,
        signal: FloatArray,
        raw: FloatArray,
        full_scale_counts: float | None,
        dark_noise: float | None,
        windows: Sequence[tuple[float, float]],
        band_nm: tuple[float, float] | None,
    ) -> None:
        number = signal.shape[0]
        self.axis, self.signal, self.raw = axis, signal, raw
        self.full_scale_counts, self.dark_noise = full_scale_counts, dark_noise
        self.windows = windows
        self.alone: BoolArray = np.ones(number, dtype=np.bool_)
        self.values = np.full((5, number), np.nan)  # peak, error, width, area, snr
        self.flags: list[tuple[str, ...]] = [()] * number
        self.known = bool(np.all(np.isfinite(axis)) and axis.size > 0 and np.all(np.diff(axis) > 0))
        if not self.known or axis[0] < SHORTEST_NM or axis[-1] > LONGEST_NM:
            self.known = False
            return
        low, high = (float(axis[0]), float(axis[-1])) if band_nm is None else sorted(band_nm)
        self.band_nm = max(low, float(axis[0])), min(high, float(axis[-1]))
        self.band: BoolArray = (axis >= low) & (axis <= high)
        self.open = np.flatnonzero(self.band & ~in_windows(axis, windows))

    def read(self) -> None:
        """Fit what can be fitted together; the rest stays alone."""
        if not self.known or self.open.size < _FEWEST_PIXELS or np.iscomplexobj(self.signal):
            return
        search = SmoothedSearch(self.axis[self.open], self.dark_noise)
        shapes = np.empty((self.alone.size, 3))
        plain = np.zeros(self.alone.size, dtype=np.bool_)
        for start in range(0, self.alone.size, _TOGETHER):
            rows = np.arange(start, min(start + _TOGETHER, self.alone.size))
            rows = rows[self._is_whole(rows)]
            if rows.size:
                starts = search.starts(self._open_counts(rows))
                shapes[rows], plain[rows] = starts.shape, starts.clear
                self._settle(rows[starts.doubtful], starts.least_floor[starts.doubtful], plain)
        rows = np.flatnonzero(plain)
        order = rows[np.argsort(shapes[rows, 0], kind="stable")]
        for start in range(0, order.size, _TOGETHER):
            self._fit(order[start : start + _TOGETHER], shapes)

    def _settle(self, rows: IntArray, least_floor: FloatArray, plain: BoolArray) -> None:
        """Tell which doubtful spectra hold one line."""
        if rows.size and not self.windows and self.dark_noise is None:
            dark = ~self.band
            if 2 * int(dark.sum()) > dark.size:
                noise = floor_of(np.asarray(self.signal[rows], dtype=np.float64))
                plain[rows] = noise > least_floor
        for row in rows[~plain[rows]]:
            plain[row] = self._has_one_maximum(int(row))

    def _has_one_maximum(self, row: int) -> bool:
        """Search a spectrum in the way of `fit_peak`."""
        spectrum = clean(self.axis, self.signal[row], dark_noise=self.dark_noise)
        if isinstance(spectrum, str) or bool(np.any(spectrum.spikes[self.open])):
            return False
        noise = spectrum.noise
        counts = spectrum.counts[self.open]
        if self.windows:
            level = spectrum.level[self.open] - spectrum.pedestal
            noise = estimate_noise(counts, level, floor=self.dark_noise)
        found = find_candidates(rebin(self.axis[self.open], counts), noise.floor)
        return len(found.candidates) == 1

    def _open_counts(self, rows: IntArray) -> FloatArray:
        first, last = int(self.open[0]), int(self.open[-1]) + 1
        if last - first == self.open.size:
            return np.asarray(self.signal[rows, first:last], dtype=np.float64)
        return np.asarray(self.signal[np.ix_(rows, self.open)], dtype=np.float64)

    def _is_whole(self, rows: IntArray) -> BoolArray:
        """Return which spectra are finite, unsaturated and without excitation in the band."""
        block = slice(int(rows[0]), int(rows[-1]) + 1)
        part = self.signal[block]
        with np.errstate(invalid="ignore"):
            most, least = part.max(axis=1), part.min(axis=1)
            good = (most < LARGEST_VALUE) & (least > -LARGEST_VALUE)
            good &= np.maximum(np.abs(most), np.abs(least)) > _SMALLEST_VALUE
            if self.full_scale_counts is not None and self.full_scale_counts > 0:
                limit = SATURATION_FRACTION * self.full_scale_counts
                good &= self.raw[block][:, self.band].max(axis=1) < limit
        return np.asarray(good)

    def _leak(self, rows: IntArray) -> FloatArray:
        """Return the most that known excitation light can have in or at the band, in counts."""
        most = np.zeros(rows.size)
        for low, high in self.windows:
            inside = np.flatnonzero((self.axis >= low) & (self.axis <= high))
            if inside.size and high >= self.band_nm[0] and low <= self.band_nm[1]:
                most = np.maximum(most, np.ptp(self.signal[np.ix_(rows, inside)], axis=1))
        return most

    def _fit(self, rows: IntArray, shapes: FloatArray) -> None:
        axis, counts = self.axis[self.open], self._open_counts(rows)
        lines = fit_lines(axis, counts, shapes[rows])
        good = lines.sure & self._is_photoluminescence(lines)
        good &= self._leak(rows) < lines.height
        kept = np.flatnonzero(good)
        for alike in _groups(lines.peak_nm, lines.fwhm_nm, kept):
            self._measure(rows[alike], axis, counts[alike], _take(lines, alike))

    def _is_photoluminescence(self, lines: Lines) -> BoolArray:
        """Return which lines are well inside the limits that `judge` sets."""
        skew = lines.shape[:, 1] / lines.shape[:, 2]
        fwhm_nm, peak_nm = lines.fwhm_nm, lines.peak_nm
        with np.errstate(invalid="ignore"):
            good = (lines.height > 0.0) & (lines.fwhm_ev < 0.95 * WIDEST_EV)
            good &= (skew > 1.0 / 3.0) & (skew < 3.0)
            good &= np.abs(np.abs(np.log(skew)) - np.log(MOST_SKEW)) > 0.001
            good &= (fwhm_nm > 0.75 * NARROWEST_LINE_NM) & (peak_nm > ALWAYS_EXCITATION_NM + 1.0)
            good &= peak_nm - 0.8 * fwhm_nm > self.band_nm[0]
            good &= peak_nm + 0.8 * fwhm_nm < self.band_nm[1]
            ground = np.abs(lines.baseline(np.asarray([HC_EV_NM / 2.4]))[:, 0])
            good &= lines.height > 0.1 * (ground + np.abs(lines.slope) * 100.0)
        return np.asarray(good)

    def _measure(self, rows: IntArray, axis: FloatArray, counts: FloatArray, lines: Lines) -> None:
        found = read_residuals(axis, counts, lines)
        width, area = read_shape(axis, counts, lines)
        with np.errstate(invalid="ignore"):
            good = found.clear & np.isfinite(found.peak_nm_se) & np.isfinite(width)
            good &= (lines.height > 6.0 * found.height_se) & (found.snr > 1.2 * LOW_SNR)
            good &= np.abs(found.snr / (2.0 * LOW_SNR) - 1.0) > 0.02
        skew = np.abs(np.log(lines.shape[:, 1] / lines.shape[:, 2])) > np.log(MOST_SKEW)
        skew &= found.snr > 2.0 * LOW_SNR
        kept = rows[good]
        values = (lines.peak_nm, found.peak_nm_se, width, area, found.snr)
        self.values[:, kept] = [value[good] for value in values]
        self.alone[kept] = False
        for row in rows[good & skew]:
            self.flags[row] = (flags.POOR_FIT,)

    def put(self, row: int, result: PeakResult) -> None:
        """Take the result of a spectrum that was read alone."""
        peak_nm = np.nan if result.peak_nm is None else result.peak_nm
        self.values[:, row] = (
            *(peak_nm, result.peak_nm_se, result.fwhm_nm),
            *(result.area, result.snr),
        )
        self.flags[row] = result.flags

    def result(self) -> BatchResult:
        """Return what was found."""
        peak_nm, peak_nm_se, fwhm_nm, area, snr = self.values
        return BatchResult(
            peak_nm=peak_nm,
            peak_nm_se=peak_nm_se,
            fwhm_nm=fwhm_nm,
            area=area,
            snr=snr,
            flags=tuple(self.flags),
            read_alone=self.alone,
        )


def _take(lines: Lines, rows: IntArray) -> Lines:
    return Lines(
        shape=lines.shape[rows],
        height=lines.height[rows],
        offset=lines.offset[rows],
        slope=lines.slope[rows],
        reference_nm=lines.reference_nm,
        weighed_by=lines.weighed_by[rows],
        sure=lines.sure[rows],
    )


def _groups(peak_nm: FloatArray, fwhm_nm: FloatArray, rows: IntArray) -> Iterator[IntArray]:
    """Split lines into groups of about the same place and width."""
    if rows.size == 0:
        return
    widths, peaks = fwhm_nm[rows], peak_nm[rows]
    if rows.size > 1 and widths.max() > _ALIKE * widths.min():
        order = rows[np.argsort(widths, kind="stable")]
    elif rows.size > 1 and np.ptp(peaks) > 0.7 * widths.min():
        order = rows[np.argsort(peaks, kind="stable")]
    else:
        yield rows
        return
    half = rows.size // 2
    yield from _groups(peak_nm, fwhm_nm, order[:half])
    yield from _groups(peak_nm, fwhm_nm, order[half:])
