"""Read spectra that hold one plain line, alone or many at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plans.analysis.grid import Grid, IntArray, SingleArray
from plans.analysis.judge import WIDEST_EV
from plans.analysis.leak import ALWAYS_EXCITATION_NM
from plans.analysis.line import WINDOW_FWHM
from plans.analysis.noise import FloatArray
from plans.analysis.plain_line import Lines, fit_lines
from plans.analysis.plain_one import OneFit, OneLine
from plans.analysis.plain_one_shape import OneMeasure
from plans.analysis.plain_one_start import find_one_start
from plans.analysis.plain_shape import Measures, measure
from plans.analysis.plain_start import Starts, find_starts
from plans.analysis.spectrum import LARGEST_VALUE, NARROWEST_LINE_NM, BoolArray

LOW_SNR: Final = 5.0
"""Below this height over pixel noise a line is flagged."""
_TOGETHER: Final = 512
_ALIKE: Final = 1.15  # widths in one group of fits
_SMALLEST_VALUE: Final = 1e-15  # the square of less than this is soon zero in single precision
_LARGEST_RANGE: Final = 1e15
_MOST_SKEW: Final = 3.0
_FEWEST_KNOTS: Final = 20  # of the window of a fit


@dataclass(frozen=True, kw_only=True)
class PlainLines:
    """What was read from n spectra; rows that are not `read` hold NaN.

    Attributes:
        read: the spectrum holds one plain line that was read.
        shape: position, low and high width, in eV (n x 3).
        baseline: offset (counts), slope (counts/nm) and the wavelength of the offset (n x 3).
        peak_nm: maximum of the counts above the baseline of the fitted line.
        height: of the line, in counts.
        measures: names of `plain_shape.Measures` with n values each.
    """

    read: BoolArray
    shape: FloatArray
    baseline: FloatArray
    peak_nm: FloatArray
    height: FloatArray
    measures: dict[str, FloatArray]


@dataclass(slots=True, kw_only=True)
class OnePlainLine:
    """What was read from one spectrum.

    Attributes:
        line: that was fitted.
        found: what the knots say about it.
        ground: counts to be added to the offset of the line.
    """

    line: OneLine
    found: OneMeasure
    ground: float


MEASURES: Final = (
    *("peak_nm_se", "height_se", "snr", "chi2_red", "fwhm_nm"),
    *("moment_fwhm_nm", "area", "centroid_nm", "shoulder"),
)


def read_plain(
    grid: Grid,
    spectra: NDArray[np.generic],
    dark_noise: float | None,
    band_nm: tuple[float, float],
    leak: FloatArray,
) -> PlainLines:
    """Read the plain ones of many spectra.

    Args:
        grid: their axis.
        spectra: the pixels of the grid (n x pixels), any numbers.
        dark_noise: standard deviation of a dark pixel, in counts; estimated when None.
        band_nm: where lines are looked for.
        leak: height of excitation light beside the pixels; a lower line is not plain.
    """
    number = spectra.shape[0]
    shape, baseline = np.full((number, 3), np.nan), np.full((number, 3), np.nan)
    peak_nm, height = np.full(number, np.nan), np.full(number, np.nan)
    measures = {name: np.full(number, np.nan) for name in MEASURES}
    read = np.zeros(number, dtype=np.bool_)
    for first in range(0, number, 8 * _TOGETHER):
        block = slice(first, min(first + 8 * _TOGETHER, number))
        base, pixels, starts = _start(grid, spectra[block], dark_noise)
        for rows in _groups(starts):
            lines = _fit(grid, starts, rows, pixels)
            if lines.inside.shape[-1] < _FEWEST_KNOTS or not lines.measurable.any():
                continue
            if not lines.measurable.all():
                rows, lines = rows[lines.measurable], lines.part(lines.measurable)
            found = measure(grid, starts, rows, lines)
            good = _is_photoluminescence(lines, found, band_nm, base[rows] + starts.ground[rows])
            good &= leak[block][rows] < lines.height
            kept = first + rows[good]
            read[kept] = True
            shape[kept], height[kept] = lines.shape[good], lines.height[good]
            peak_nm[kept] = lines.peak_nm[good]
            ground = lines.offset + starts.ground[rows] + base[rows]
            straight = np.stack([ground, lines.slope, lines.reference_nm], axis=1)
            baseline[kept] = straight[good]
            for name in MEASURES:
                measures[name][kept] = getattr(found, name)[good]
    return PlainLines(
        read=read,
        shape=shape,
        baseline=baseline,
        peak_nm=peak_nm,
        height=height,
        measures=measures,
    )


def read_one_plain(
    grid: Grid,
    spectrum: FloatArray,
    dark_noise: float | None,
    band_nm: tuple[float, float],
    leak: float,
) -> OnePlainLine | None:
    """Read one spectrum as `read_plain` reads many, None when it is not plain.

    Args:
        grid: its axis.
        spectrum: the pixels of the grid.
        dark_noise: standard deviation of a dark pixel, in counts; estimated when None.
        band_nm: where lines are looked for.
        leak: height of excitation light beside the pixels; a lower line is not plain.
    """
    base, largest = float(spectrum.min()), float(spectrum.max())
    if not (abs(base) < LARGEST_VALUE and abs(largest) < LARGEST_VALUE):
        return None
    spread = largest - base
    if not max(_SMALLEST_VALUE, 1e-5 * abs(base)) < spread < _LARGEST_RANGE:
        return None
    pixels = spectrum - base
    with np.errstate(all="ignore"):
        start = find_one_start(grid, pixels, dark_noise)
        if start is None:
            return None
        line = OneFit(grid, start, start.shape).line(pixels)
        if not line.settled:
            shape = line.position_ev, line.low_ev, line.high_ev
            line = OneFit(grid, start, shape).line(pixels)
        if not line.measurable or line.residual.size < _FEWEST_KNOTS:
            return None
        found = OneMeasure(grid, start, line)
    ground = start.ground + base
    if not (leak < line.height and _is_one_photoluminescence(line, found, band_nm, ground)):
        return None
    return OnePlainLine(line=line, found=found, ground=ground)


def _start(
    grid: Grid, spectra: NDArray[np.generic], dark_noise: float | None
) -> tuple[FloatArray, SingleArray, Starts]:
    """Return lowest values, spectra above them and first guesses, in pieces that fit a cache."""
    parts: list[Starts] = []
    bases = []
    pixels = np.empty(spectra.shape, dtype=np.float32)
    for first in range(0, spectra.shape[0], _TOGETHER):
        piece = np.asarray(spectra[first : first + _TOGETHER], dtype=np.float64)
        with np.errstate(all="ignore"):
            base = piece.min(axis=1)
            above = pixels[first : first + _TOGETHER]
            np.subtract(piece, base[:, None], out=above, casting="same_kind")
            spread = above.max(axis=1)
            whole = np.isfinite(base) & (np.abs(base) < LARGEST_VALUE)
            whole &= (spread > _SMALLEST_VALUE) & (spread < _LARGEST_RANGE)
            whole &= spread > 1e-5 * np.abs(base)
            if not whole.all():
                base = np.where(whole, base, 0.0)
                above[~whole] = 0.0
            starts = find_starts(grid, above, dark_noise)
        starts.plain[~whole] = False
        parts.append(starts)
        bases.append(base)
    if len(parts) == 1:
        return bases[0], pixels, parts[0]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in Starts.__dataclass_fields__
    }
    return np.concatenate(bases), pixels, Starts(**joined)


def _groups(starts: Starts) -> Iterator[IntArray]:
    """Split plain spectra into groups of about the same width."""
    rows = np.flatnonzero(starts.plain)
    if rows.size == 0:
        return
    widths = 0.5 * (starts.shape[rows, 1] + starts.shape[rows, 2])
    steps = np.round(np.log(widths) / np.log(_ALIKE)).astype(np.intp)
    order = np.argsort(steps, kind="stable")
    rows, steps = rows[order], steps[order]
    for alike in np.split(rows, np.flatnonzero(np.diff(steps)) + 1):
        for first in range(0, alike.size, _TOGETHER):
            yield alike[first : first + _TOGETHER]


def _fit(grid: Grid, starts: Starts, rows: IntArray, pixels: SingleArray) -> Lines:
    """Fit lines; start again where the window was cut for a narrower line."""
    with np.errstate(all="ignore"):
        lines = fit_lines(grid, starts, rows, pixels)
        again = ~lines.settled & lines.narrow
        if not again.any():
            return lines
        starts.shape[rows[again]] = lines.shape[again]
        return fit_lines(grid, starts, rows, pixels)


def _is_photoluminescence(
    lines: Lines, found: Measures, band_nm: tuple[float, float], ground: FloatArray
) -> BoolArray:
    """Return which lines are well inside the limits that `judge` sets."""
    _, low, high = lines.shape.T
    skew = low / high
    fwhm_nm, peak_nm = lines.fwhm_nm, lines.peak_nm
    with np.errstate(invalid="ignore"):
        good = found.clear & (lines.fwhm_ev < 0.95 * WIDEST_EV)
        good &= np.abs(np.log(skew)) < np.log(_MOST_SKEW)
        good &= (fwhm_nm > 0.75 * NARROWEST_LINE_NM) & (peak_nm > ALWAYS_EXCITATION_NM + 1.0)
        good &= peak_nm - 0.8 * fwhm_nm > band_nm[0]
        good &= peak_nm + 0.8 * fwhm_nm < band_nm[1]
        good &= lines.height > 0.1 * np.abs(lines.offset + ground)
        good &= np.abs(lines.slope) * WINDOW_FWHM * fwhm_nm < 2.0 * lines.height
        good &= np.isfinite(found.peak_nm_se) & np.isfinite(found.fwhm_nm)
        good &= (lines.height > 6.0 * found.height_se) & (found.snr > 1.2 * LOW_SNR)
    return np.asarray(good)


def _is_one_photoluminescence(
    line: OneLine, found: OneMeasure, band_nm: tuple[float, float], ground: float
) -> bool:
    """Return whether a line is well inside the limits, as `_is_photoluminescence` for many."""
    fwhm_nm, peak_nm = line.fwhm_nm, line.peak_nm
    return (
        0.5 * (line.low_ev + line.high_ev) < 0.95 * WIDEST_EV
        and 1.0 / _MOST_SKEW < line.low_ev / line.high_ev < _MOST_SKEW
        and fwhm_nm > 0.75 * NARROWEST_LINE_NM
        and peak_nm > ALWAYS_EXCITATION_NM + 1.0
        and peak_nm - 0.8 * fwhm_nm > band_nm[0]
        and peak_nm + 0.8 * fwhm_nm < band_nm[1]
        and line.height > 0.1 * abs(line.offset + ground)
        and abs(line.slope) * WINDOW_FWHM * fwhm_nm < 2.0 * line.height
        and isfinite(found.peak_nm_se)
        and isfinite(found.fwhm_nm)
        and line.height > 6.0 * found.height_se
        and found.snr > 1.2 * LOW_SNR
        and found.is_clear()
    )
