"""Errors, widths, areas and doubts of many plain lines."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from plans.analysis.grid import Grid, IntArray, SingleArray
from plans.analysis.judge import MOST_NOISE_POWER
from plans.analysis.noise import FloatArray
from plans.analysis.plain_line import Lines, normal_matrix
from plans.analysis.plain_start import Starts
from plans.analysis.shape import AREA_FWHM, CENTROID_FWHM, CROSSING_FWHM
from plans.analysis.smooth import kernel
from plans.analysis.spectrum import HC_EV_NM, BoolArray

_LN2: Final = float(np.log(2.0))
MOST_MISFIT: Final = 0.008
"""A line that leaves less than this part of its height over is read as it was fitted."""
_SLOW_FWHM: Final = 0.25
_STEEPEST: Final = 3.0
_FLAT_WITHIN: Final = 0.005
_FLAT_FWHM: Final = 0.28
_CORRELATED: Final = 5.0
_UNIT, _RESIDUAL = 0, 6
_DIAGONAL: Final = np.arange(6)


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
    """Measure fitted lines.

    Args:
        grid: the knots.
        starts: the spectra.
        rows: which of them.
        lines: their lines.
    """
    work = _Measuring(grid, starts, rows, lines)
    peak_nm_se, height_se = work.errors()
    width, moment, area, centroid, shoulder = work.shape()
    return Measures(
        peak_nm_se=peak_nm_se,
        height_se=height_se,
        snr=work.snr(),
        chi2_red=work.chi2_red(),
        fwhm_nm=width,
        moment_fwhm_nm=moment,
        area=area,
        centroid_nm=centroid,
        shoulder=shoulder,
        clear=work.is_clear(),
    )


_sum = np.add.reduce


class _Measuring:
    def __init__(self, grid: Grid, starts: Starts, rows: IntArray, lines: Lines) -> None:
        self.grid, self.lines = grid, lines
        scale = lines.scale.astype(np.float32)[:, None]
        self.variance = starts.variance[rows[:, None], lines.index] / scale**2
        self.inside = lines.inside
        self.height = lines.height / lines.scale
        self.line = lines.columns[:, _UNIT] * self.height.astype(np.float32)[:, None]
        self.residual = lines.columns[:, _RESIDUAL] * self.inside
        axis = grid.wavelength_nm[lines.index]
        self.peak_nm, self.fwhm_nm = lines.peak_nm, lines.fwhm_nm
        self.away = ((axis - self.peak_nm[:, None]) / self.fwhm_nm[:, None]).astype(np.float32)
        self.far = np.abs(self.away)
        self.step = (grid.step_nm[lines.index]).astype(np.float32) * self.inside
        self.floor = (starts.floor[rows] / lines.scale) ** 2
        self.gain = starts.gain[rows] / lines.scale
        self.lift = (lines.offset / lines.scale).astype(np.float32)[:, None]
        self.core = (self.far <= 1.0) * self.inside
        self.held = np.maximum(self.core.sum(axis=1), 1.0)

    def errors(self) -> tuple[FloatArray, FloatArray]:
        """Return the standard errors of peak (nm) and height (counts).

        The form of White (Econometrica 1980, 48, 817), with the noise that fourth differences of
        the pixels show around each knot.
        """
        lines = self.lines
        normal = normal_matrix(lines.columns[:, :6], np.sqrt(lines.weights))
        spread = normal_matrix(lines.columns[:, :6], lines.weights * np.sqrt(self.variance))
        size = np.sqrt(np.maximum(normal[:, _DIAGONAL, _DIAGONAL], 1e-30))
        outer = size[:, :, None] * size[:, None, :]
        by = np.zeros((size.shape[0], 6, 2))
        position, high = lines.shape[:, 0], lines.shape[:, 2]
        root = np.sqrt(position**2 + high**2 / _LN2)
        factor = -(lines.peak_nm**2) / HC_EV_NM * 0.5 * lines.unit_ev
        by[:, 3, 0] = factor * (1.0 + position / root)
        by[:, 5, 0] = factor * high / _LN2 / root
        by[:, 0, 1] = lines.scale
        scaled = normal / outer + 1e-7 * np.eye(6)
        pull = np.linalg.solve(scaled, by / size[:, :, None])
        variance = np.einsum("nik,nij,njk->nk", pull, spread / outer, pull) / self.grid.every
        found = np.sqrt(np.maximum(variance * self._correlation()[:, None], 0.0))
        return found[:, 0], found[:, 1]

    def _correlation(self) -> FloatArray:
        """Return how much noisier knots are than those of independent pixels.

        Data that were averaged along the axis have less noise from pixel to pixel than from knot
        to knot. Fourth differences of pairs of knots hold hardly anything of a misfit.
        """
        even = 2 * (self.residual.shape[1] // 2)
        pairs = self.residual[:, 0:even:2] + self.residual[:, 1:even:2]
        whole = self.inside[:, 1:even:2]
        second = pairs[:, 2:] - 2.0 * pairs[:, 1:-1] + pairs[:, :-2]
        fourth = second[:, 2:] - 2.0 * second[:, 1:-1] + second[:, :-2]
        usual = np.maximum(self.variance[:, 4 : even - 4 : 2], 1e-30) * self.grid.rough_pairs
        known = whole[:, 4:]
        power = _sum(fourth**2 / usual * known, axis=1) / np.maximum(known.sum(axis=1), 1.0)
        return np.where(power > _CORRELATED, power, 1.0).astype(np.float64)

    def snr(self) -> FloatArray:
        """Return the height over the noise of one pixel at the top."""
        top = (self.far < 0.5) * self.inside
        noise = np.sqrt(_sum(self.variance * top, axis=1) / np.maximum(top.sum(axis=1), 1.0))
        return np.asarray(self.height / np.maximum(noise, 1e-9 * np.abs(self.height)))

    def chi2_red(self) -> FloatArray:
        """Return the mean squared residual over its variance."""
        near = (self.far <= 1.2) * self.inside
        level = self.line + self.lift
        usual = self.floor[:, None] + self.gain[:, None] * np.maximum(level, 0.0)
        power = _sum(self.residual**2 / np.maximum(usual, 1e-30) * near, axis=1)
        held = self.grid.white * np.maximum(near.sum(axis=1) - 5.0, 1.0)
        return np.asarray(power / held, dtype=np.float64)

    def shape(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return half-maximum width, moment width, area, centroid and shoulder."""
        above = (self.line + self.residual) * self.step
        reach = self.far <= AREA_FWHM
        area = _sum(above * reach, axis=1, dtype=np.float64)
        above *= self.far <= CENTROID_FWHM
        whole = _sum(above, axis=1, dtype=np.float64)
        whole = np.where(whole > 0.0, whole, np.nan)
        mean = _sum(above * self.away, axis=1, dtype=np.float64) / whole
        square = _sum(above * self.away**2, axis=1, dtype=np.float64) / whole
        moment = np.sqrt(np.maximum(8.0 * _LN2 * (square - mean**2), 0.0)) * self.fwhm_nm
        outside = self.residual * self.step * reach * (self.far > 0.65)
        shoulder = _sum(outside, axis=1, dtype=np.float64) / np.where(area > 0.0, area, np.nan)
        centroid = self.peak_nm + mean * self.fwhm_nm
        return self._width(), moment, area * self.lines.scale, centroid, shoulder

    def _width(self) -> FloatArray:
        """Return the width of the measured curve: that of the line, moved by what is left over."""
        shape = self.lines.shape
        top_ev = HC_EV_NM / self.peak_nm
        half = np.log(0.5) - 4.0 * _LN2 * ((top_ev - shape[:, 0]) / shape[:, 2]) ** 2
        half = half + 2.0 * np.log(top_ev / shape[:, 0])
        at_top = self._left_over(np.zeros_like(self.peak_nm))
        found = []
        for sign, wide in ((-1.0, shape[:, 1]), (1.0, shape[:, 2])):
            energy = shape[:, 0] + sign * 0.5 * wide
            for _ in range(3):
                away = energy - shape[:, 0]
                value = -4.0 * _LN2 * (away / wide) ** 2 + 2.0 * np.log(energy / shape[:, 0])
                slope = -8.0 * _LN2 * away / wide**2 + 2.0 / energy
                energy = energy - (value - half) / slope
            at_nm = HC_EV_NM / energy
            per_nm = -0.5 * self.height * slope * energy / at_nm
            left = self._left_over((at_nm - self.peak_nm) / self.fwhm_nm)
            found.append(at_nm - (left - 0.5 * at_top) / per_nm)
        return np.asarray(found[0] - found[1])

    def _left_over(self, away: FloatArray) -> FloatArray:
        """Return the mean residual around places, given in full widths from the peak."""
        near = np.abs(self.away - away.astype(np.float32)[:, None]) <= CROSSING_FWHM
        near &= self.inside > 0.0
        held = near.sum(axis=1)
        mean = _sum(self.residual * near, axis=1, dtype=np.float64) / np.maximum(held, 1)
        return np.where(held >= 2, mean, np.nan)

    def is_clear(self) -> BoolArray:
        """Hold lines against the limits of `judge`, with a margin."""
        knots = float(self.fwhm_nm[self.fwhm_nm.size // 2]) / self.grid.usual_nm
        smoother = _smoother(self.residual.shape[1], round(8.0 * _SLOW_FWHM * knots))
        slow = self.residual @ smoother.matrix
        noise = self.variance * np.float32(self.grid.white * smoother.white)
        level = np.sqrt(_sum(noise * self.core, axis=1) / self.held)
        power = _sum(slow**2 * self.core, axis=1) / self.held
        clear = power < 0.95 * MOST_NOISE_POWER * level**2
        clear |= power - level**2 < (MOST_MISFIT * self.height) ** 2
        known = np.maximum(self.inside.sum(axis=1), 1.0)
        clear &= np.sqrt(_sum(slow**2, axis=1) / known) < 0.1 * self.height + level
        clear &= self.height > 6.0 * level
        data = self.line + self.residual
        pixel = np.sqrt(_sum(self.variance * self.core, axis=1) / self.held * self.grid.white)
        pitch = self.grid.usual_nm
        slopes = np.abs(np.diff(data, axis=1)) * self.core[:, 1:]
        steepest = np.max(slopes, axis=1) / pitch * self.fwhm_nm
        clear &= steepest < _STEEPEST * self.height + 7.0 * pixel / pitch * self.fwhm_nm
        return np.asarray(clear & ~self._has_flat_top(data) & (self.held >= 8.0))

    def _has_flat_top(self, data: SingleArray) -> BoolArray:
        data = np.where(self.inside > 0.0, data, np.float32(-np.inf))
        limit = np.max(data, axis=1) - _FLAT_WITHIN * self.height
        flat = data >= limit.astype(np.float32)[:, None]
        first = np.argmax(flat, axis=1)
        last = data.shape[1] - 1 - np.argmax(flat[:, ::-1], axis=1)
        rows = np.arange(data.shape[0])
        return np.asarray(self.away[rows, last] - self.away[rows, first] > _FLAT_FWHM)


@dataclass(frozen=True, kw_only=True)
class _Smoother:
    """A Gaussian as a matrix, mirrored at the ends, and what it leaves of white noise."""

    matrix: SingleArray
    white: float


@lru_cache(maxsize=128)
def _smoother(size: int, eighths: int) -> _Smoother:
    """Return a Gaussian of this many eighths of a knot for rows of this size."""
    weights = kernel(max(eighths / 8.0, 1.0), 1.0)
    half = weights.size // 2
    matrix = np.zeros((size, size), dtype=np.float32)
    for away, weight in zip(range(-half, half + 1), weights, strict=True):
        source = np.abs(np.arange(size) + away) % max(2 * (size - 1), 1)
        source = np.minimum(source, 2 * (size - 1) - source)
        np.add.at(matrix, (source, np.arange(size)), np.float32(weight))
    return _Smoother(matrix=matrix, white=float(np.sum(weights**2)))
