"""Errors, widths, areas and doubts of many plain lines."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from plans.analysis.grid import Grid, IntArray, SingleArray, weighed
from plans.analysis.judge import MOST_NOISE_POWER
from plans.analysis.noise import FloatArray
from plans.analysis.normal_equations import solve_each
from plans.analysis.plain_line import RIDGE, Lines, slopes_of
from plans.analysis.plain_start import Starts, take
from plans.analysis.plain_window import HIGH, POSITION, RESIDUAL, UNIT, column
from plans.analysis.shape import AREA_FWHM, CENTROID_FWHM, CORE_FWHM, CROSSING_FWHM
from plans.analysis.smooth import kernel
from plans.analysis.spectrum import HC_EV_NM, BoolArray

_LN2: Final = float(np.log(2.0))
_FOUR_LN2: Final = 4.0 * _LN2
MOST_MISFIT: Final = 0.008
"""A line that leaves less than this part of its height over is read as it was fitted."""
SLOW_FWHM: Final = 0.25
STEEPEST: Final = 3.0
FLAT_WITHIN: Final = 0.005
FLAT_FWHM: Final = 0.28
CORRELATED: Final = 5.0
_sum, _max = np.add.reduce, np.maximum.reduce


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What the knots say about lines (n), beside their fit.

    Attributes:
        peak_nm_se: standard error of the peak, in nm.
        height_se: standard error of the height, in counts.
        snr: height over the noise of one pixel at the top.
        chi2_red: mean squared residual over its variance.
        fwhm_nm: full width at half maximum of the measured curve.
        moment_fwhm_nm: 2.355 times the root of the second moment.
        area: integral above the baseline, in counts nm.
        centroid_nm: mean wavelength.
        shoulder: part of the area outside of the core that the line does not describe.
        clear: the line fits so well that nothing needs a closer look.
    """

    peak_nm_se: FloatArray
    height_se: FloatArray
    snr: FloatArray
    chi2_red: FloatArray
    fwhm_nm: FloatArray
    moment_fwhm_nm: FloatArray
    area: FloatArray
    centroid_nm: FloatArray
    shoulder: FloatArray
    clear: BoolArray


def measure(grid: Grid, starts: Starts, rows: IntArray, lines: Lines) -> Measures:
    """Measure lines that are `measurable`.

    Args:
        grid: the knots.
        starts: the spectra.
        rows: which of them.
        lines: their lines.
    """
    work = _Measuring(grid, starts, rows, lines)
    peak_nm_se, height_se = work.errors()
    moment, area, centroid, shoulder = work.shape()
    return Measures(
        peak_nm_se=peak_nm_se,
        height_se=height_se,
        snr=work.snr(),
        chi2_red=work.chi2_red(),
        fwhm_nm=work.width(),
        moment_fwhm_nm=moment,
        area=area,
        centroid_nm=centroid,
        shoulder=shoulder,
        clear=work.is_clear(),
    )


class _Measuring:
    """All counts are in the units of `Lines.scale`."""

    def __init__(self, grid: Grid, starts: Starts, rows: IntArray, lines: Lines) -> None:
        self.grid, self.lines = grid, lines
        self.variance = starts.variance[rows[:, None], lines.index]
        self.variance *= column(1.0 / lines.scale**2)
        self.inside = lines.inside
        self.height = lines.height / lines.scale
        self.peak_nm, self.fwhm_nm = lines.peak_nm, lines.fwhm_nm
        columns = lines.columns
        self.residual = columns[..., RESIDUAL, :] * self.inside
        # The height of the columns is that at the energy of the first guess.
        self.amplitude = lines.height / lines.scale / lines.ratio
        self.data = lines.above * self.inside
        self.line = self.data - self.residual
        axis = grid.wavelength_nm[lines.index]
        away = (axis - self.peak_nm[..., None]) / self.fwhm_nm[..., None]
        self.away = away.astype(np.float32)
        self.far = np.abs(self.away)
        self.per_knot = np.asarray(self.fwhm_nm / grid.usual_nm, dtype=np.float32)
        self.step = grid.step_nm[lines.index].astype(np.float32) * self.inside
        self.floor = starts.floor[rows] / lines.scale
        self.gain = starts.gain[rows] / lines.scale
        self.core = (self.far <= 1.0) * self.inside
        self.held = np.maximum(_sum(self.core, axis=-1), 1.0)
        self.known = np.maximum(_sum(self.inside, axis=-1), 1.0)

    def errors(self) -> tuple[FloatArray, FloatArray]:
        """Return the standard errors of peak (nm) and height (counts).

        The form of White (Econometrica 1980, 48, 817), with the noise that fourth differences of
        the pixels show around each knot.
        """
        lines = self.lines
        by = np.zeros((*lines.products.shape[:-1], 2))
        position, _, high = lines.shape.T
        by_position, by_width = slopes_of(self.amplitude)
        factor = -(lines.peak_nm**2) / HC_EV_NM * 0.5 * lines.unit_ev
        by[..., POSITION, 0] = factor * (1.0 + position / lines.root_ev) / by_position
        by[..., HIGH, 0] = factor * high / _LN2 / lines.root_ev / by_width
        by[..., UNIT, 1] = lines.scale * lines.ratio
        pull = solve_each(lines.products[..., :RESIDUAL], by, RIDGE).astype(np.float32)
        moved = pull.transpose(2, 0, 1) @ lines.under
        moved *= moved
        moved *= self.variance[..., None, :]
        more = self._correlation() * (self.grid.few_pixels / self.grid.every)
        variance = _sum(moved, axis=-1) * more[..., None]
        found = np.sqrt(variance).T
        return found[0], found[1]

    def _correlation(self) -> FloatArray:
        """Return how much noisier knots are than those of independent pixels.

        Data that were averaged along the axis have less noise from pixel to pixel than from knot
        to knot. Fourth differences of pairs of knots hold hardly anything of a misfit.
        """
        even = 2 * (self.residual.shape[-1] // 2)
        fourth = self.residual[..., 0:even:2] + self.residual[..., 1:even:2]
        for _ in range(4):
            fourth = fourth[..., 1:] - fourth[..., :-1]
        fourth *= fourth
        usual = self.variance[..., 4 : even - 4 : 2] * np.float32(self.grid.rough_pairs)
        known = self.inside[..., 9:even:2]
        fourth *= known
        fourth /= np.maximum(usual, 1e-30)
        power = _sum(fourth, axis=-1) / np.maximum(_sum(known, axis=-1), 1.0)
        return np.where(power > CORRELATED, power, np.float32(1.0))

    def snr(self) -> FloatArray:
        """Return the height over the noise of one pixel at the top."""
        top = (self.far < 0.5) * self.inside
        held = np.maximum(_sum(top, axis=-1), 1.0)
        top *= self.variance
        noise = np.sqrt(_sum(top, axis=-1) / held)
        return np.asarray(self.height / np.maximum(noise, 1e-9 * np.abs(self.height)))

    def chi2_red(self) -> FloatArray:
        """Return the mean squared residual over its variance."""
        near = (self.far <= 1.2) * self.inside
        usual = self.line + column(self.lines.offset / self.lines.scale)
        np.maximum(usual, 0.0, out=usual)
        usual *= column(self.gain)
        usual += column(self.floor**2)
        np.maximum(usual, 1e-30, out=usual)
        held = self.grid.white * np.maximum(_sum(near, axis=-1) - 5.0, 1.0)
        near *= self.residual
        near *= self.residual
        near /= usual
        return np.asarray(_sum(near, axis=-1) / held)

    def shape(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return moment width, area, centroid and shoulder."""
        above = self.data * self.step
        reach = self._within(self.far, AREA_FWHM)
        area = _sum(above * reach, axis=-1)
        above *= self._within(self.far, CENTROID_FWHM)
        whole = _sum(above, axis=-1)
        whole = np.where(whole > 0.0, whole, np.nan)
        above *= self.away
        mean = _sum(above, axis=-1) / whole
        above *= self.away
        square = _sum(above, axis=-1) / whole
        moment = np.sqrt(np.maximum(8.0 * _LN2 * (square - mean**2), 0.0)) * self.fwhm_nm
        reach -= self._within(self.far, CORE_FWHM)
        outside = self.residual * self.step
        outside *= reach
        shoulder = _sum(outside, axis=-1) / np.where(area > 0.0, area, np.nan)
        centroid = self.peak_nm + mean * self.fwhm_nm
        return moment, area * self.lines.scale, centroid, shoulder

    def width(self) -> FloatArray:
        """Return the width of the measured curve: that of the line, moved by what is left over."""
        position, *widths = self.lines.shape.T
        top_ev = HC_EV_NM / self.peak_nm
        half = np.log(0.5) - _FOUR_LN2 * ((top_ev - position) / widths[1]) ** 2
        half = half + 2.0 * np.log(top_ev / position)
        at_top = self._left_over(0.0 * self.peak_nm)
        found = []
        for sign, wide in zip((-1.0, 1.0), widths, strict=True):
            energy = position + sign * 0.5 * wide
            for _ in range(3):
                away = energy - position
                value = 2.0 * np.log(energy / position) - _FOUR_LN2 * (away / wide) ** 2
                slope = 2.0 / energy - 2.0 * _FOUR_LN2 * away / wide**2
                energy = energy - (value - half) / slope
            at_nm = HC_EV_NM / energy
            per_nm = -0.5 * self.height * slope * energy / at_nm
            left = self._left_over((at_nm - self.peak_nm) / self.fwhm_nm)
            found.append(at_nm - (left - 0.5 * at_top) / per_nm)
        return np.asarray(found[0] - found[1])[()]

    def _left_over(self, away: FloatArray) -> FloatArray:
        """Return the mean residual around places, given in full widths from the peak."""
        near = self._within(np.abs(self.away - column(away)), CROSSING_FWHM) * self.inside
        held = _sum(near, axis=-1)
        near *= self.residual
        return np.where(held >= 2.0, _sum(near, axis=-1) / np.maximum(held, 1.0), np.nan)

    def _within(self, far: SingleArray, reach: float) -> SingleArray:
        """Return which part of each knot lies within a reach, in full widths.

        A knot at the end counts in part: no number jumps when a line moves a little.
        """
        part = np.subtract(reach, far, dtype=np.float32)
        part *= self.per_knot[..., None]
        part += 0.5
        np.minimum(part, 1.0, out=part)
        return np.maximum(part, 0.0, out=part)

    def is_clear(self) -> BoolArray:
        """Hold lines against the limits of `judge`, with a margin."""
        knots = float(np.median(self.fwhm_nm)) / self.grid.usual_nm
        weights, white = smoother(round(8.0 * SLOW_FWHM * knots))
        cut = weights.size // 2
        if self.residual.shape[-1] <= 2 * cut:
            return np.zeros(self.fwhm_nm.size, dtype=np.bool_)
        slow = weighed(self.residual, weights)
        slow *= slow
        core_noise = _sum(self.variance * self.core, axis=-1) / self.held * self.grid.white
        level_2 = core_noise * white
        power = _sum(slow * self.core[..., cut:-cut], axis=-1) / self.held
        clear = power < 0.95 * MOST_NOISE_POWER * level_2
        clear |= power - level_2 < (MOST_MISFIT * self.height) ** 2
        level = np.sqrt(level_2)
        clear &= np.sqrt(_sum(slow, axis=-1) / self.known) < 0.1 * self.height + level
        clear &= self.height > 6.0 * level
        slopes = self.data[..., 1:] - self.data[..., :-1]
        np.abs(slopes, out=slopes)
        slopes *= self.core[..., 1:]
        per_knot = self.fwhm_nm / self.grid.usual_nm
        steepest = _max(slopes, axis=-1) * per_knot
        clear &= steepest < STEEPEST * self.height + 7.0 * np.sqrt(core_noise) * per_knot
        return np.asarray(clear & ~self._has_flat_top() & (self.held >= 8.0))

    def _has_flat_top(self) -> BoolArray:
        data = np.where(self.inside > 0.0, self.data, np.float32(-np.inf))
        limit = _max(data, axis=-1) - FLAT_WITHIN * self.height
        flat = data >= limit[..., None]
        first = np.argmax(flat, axis=-1)
        last = data.shape[-1] - 1 - np.argmax(flat[..., ::-1], axis=-1)
        return np.asarray(take(self.away, last) - take(self.away, first) > FLAT_FWHM)


@lru_cache(maxsize=128)
def smoother(eighths: int) -> tuple[SingleArray, float]:
    """Return a Gaussian of this many eighths of a knot, and what it leaves of white noise."""
    weights = kernel(max(eighths / 8.0, 1.0), 1.0)
    return weights.astype(np.float32), float(np.sum(weights**2))
