"""Errors, widths, area and doubts of one plain line."""

from math import log, nan, sqrt
from typing import Final

import numpy as np
from scipy.linalg.lapack import dgesv

from plans.analysis.grid import Grid, weighed
from plans.analysis.judge import MOST_NOISE_POWER
from plans.analysis.noise import FloatArray
from plans.analysis.plain_one import OneLine
from plans.analysis.plain_one_start import OneStart
from plans.analysis.plain_shape import (
    CORRELATED,
    FLAT_FWHM,
    FLAT_WITHIN,
    MOST_MISFIT,
    SLOW_FWHM,
    STEEPEST,
    smoother,
)
from plans.analysis.plain_window import ROOT_FOUR_LN2
from plans.analysis.shape import AREA_FWHM, CENTROID_FWHM, CORE_FWHM, CROSSING_FWHM
from plans.analysis.spectrum import HC_EV_NM

_LN2: Final = log(2.0)
_FOUR_LN2: Final = 4.0 * _LN2
_RIDGE: Final = 1e-7 * np.eye(6)
_FOURTH_OF_PAIRS: Final = np.repeat([1.0, -4.0, 6.0, -4.0, 1.0], 2)
_ENDS: Final = np.array([-1.2, -1.0, -0.5, 0.5, 1.0, 1.2])
_sum, _max = np.add.reduce, np.maximum.reduce


class OneMeasure:
    """What the knots say about a line, beside its fit; see `plain_shape.Measures`."""

    def __init__(self, grid: Grid, start: OneStart, line: OneLine) -> None:
        self._grid, self._line = grid, line
        self._variance = start.variance[line.knots] / line.scale**2
        self._floor, self._gain = start.floor / line.scale, start.gain / line.scale
        self._height = line.height / line.scale
        self._peak_nm, self._fwhm_nm = line.peak_nm, line.fwhm_nm
        self._per_knot = self._fwhm_nm / grid.usual_nm
        self._away = grid.wavelength_nm[line.knots] - self._peak_nm
        self._away *= 1.0 / self._fwhm_nm
        self._far = np.abs(self._away)
        ends = self._away.searchsorted(_ENDS).tolist()
        self._near, self._core, self._top = (slice(ends[i], ends[5 - i]) for i in range(3))
        self.fwhm_nm = self._width()
        self.moment_fwhm_nm, self.area, self.centroid_nm, self.shoulder = self._shape()
        self.peak_nm_se, self.height_se = self._errors()
        self.snr, self.chi2_red = self._snr(), self._chi2_red()

    def _errors(self) -> tuple[float, float]:
        line = self._line
        normal = line.normal[:, :6] + _RIDGE * line.normal[1, 1]
        by = np.zeros((6, 2))
        amplitude = self._height / line.ratio
        factor = -(self._peak_nm**2) / HC_EV_NM * 0.5 * line.unit_ev
        root = line.root_ev
        by[3, 0] = factor * (1.0 + line.position_ev / root) / (2.0 * amplitude)
        by[5, 0] = factor * line.high_ev / _LN2 / root * 0.5 * ROOT_FOUR_LN2 / amplitude
        by[0, 1] = line.scale * line.ratio
        moved = dgesv(normal, by)[2].T @ line.under
        moved *= moved
        peak, height = (moved @ self._variance).tolist()
        more = self._correlation() * self._grid.few_pixels / self._grid.every
        return sqrt(peak * more), sqrt(height * more)

    def _correlation(self) -> float:
        even = 2 * (self._line.residual.size // 2)
        if even < 10:
            return 1.0
        fourth = weighed(self._line.residual[:even], _FOURTH_OF_PAIRS, 2)
        fourth *= fourth
        fourth /= np.maximum(self._variance[4 : even - 4 : 2], 1e-30)
        power = float(_sum(fourth)) / self._grid.rough_pairs / fourth.size
        return power if power > CORRELATED else 1.0

    def _snr(self) -> float:
        top = self._variance[self._top]
        noise = sqrt(float(_sum(top)) / max(top.size, 1))
        return self._height / max(noise, 1e-9 * abs(self._height))

    def _chi2_red(self) -> float:
        line, near = self._line, self._near
        left = line.residual[near]
        usual = line.above[near] - left
        usual += line.offset / line.scale
        np.maximum(usual, 0.0, out=usual)
        usual *= self._gain
        usual += self._floor**2
        np.maximum(usual, 1e-30, out=usual)
        held = self._grid.white * max(left.size - 5.0, 1.0)
        return float(_sum(left * left / usual)) / held

    def _shape(self) -> tuple[float, float, float, float]:
        line, away = self._line, self._away
        step = self._grid.step_nm[line.knots]
        above = line.above * step
        reach = self._within(self._far, AREA_FWHM)
        area = float(reach @ above)
        above *= self._within(self._far, CENTROID_FWHM)
        whole = float(_sum(above))
        above *= away
        reach -= self._within(self._far, CORE_FWHM)
        reach *= step
        shoulder = float(line.residual @ reach) / area if area > 0.0 else nan
        if not whole > 0.0:
            return nan, area * line.scale, nan, shoulder
        mean, square = float(_sum(above)) / whole, float(above @ away) / whole
        moment = sqrt(max(8.0 * _LN2 * (square - mean**2), 0.0)) * self._fwhm_nm
        return moment, area * line.scale, self._peak_nm + mean * self._fwhm_nm, shoulder

    def _within(self, far: FloatArray, reach: float) -> FloatArray:
        part = far * -self._per_knot
        part += reach * self._per_knot + 0.5
        np.minimum(part, 1.0, out=part)
        return np.maximum(part, 0.0, out=part)

    def _width(self) -> float:
        line, peak_nm = self._line, self._peak_nm
        position = line.position_ev
        top_ev = HC_EV_NM / peak_nm
        half = log(0.5) - _FOUR_LN2 * ((top_ev - position) / line.high_ev) ** 2
        half += 2.0 * log(top_ev / position)
        at_top = self._left_over(0.0)
        found = []
        for sign, wide in ((-1.0, line.low_ev), (1.0, line.high_ev)):
            energy = position + sign * 0.5 * wide
            slope = 1.0
            for _ in range(3):
                away = energy - position
                value = 2.0 * log(energy / position) - _FOUR_LN2 * (away / wide) ** 2
                slope = 2.0 / energy - 2.0 * _FOUR_LN2 * away / wide**2
                energy = energy - (value - half) / slope
            at_nm = HC_EV_NM / energy
            per_nm = -0.5 * self._height * slope * energy / at_nm
            left = self._left_over((at_nm - peak_nm) / self._fwhm_nm)
            found.append(at_nm - (left - 0.5 * at_top) / per_nm)
        return found[0] - found[1]

    def _left_over(self, away: float) -> float:
        """Return the mean residual around a place, given in full widths from the peak."""
        reach = CROSSING_FWHM + 1.0 / self._per_knot
        first, last = self._away.searchsorted((away - reach, away + reach)).tolist()
        part = self._within(np.abs(self._away[first:last] - away), CROSSING_FWHM)
        held = float(_sum(part))
        if held < 2.0:
            return nan
        return float(part @ self._line.residual[first:last]) / held

    def is_clear(self) -> bool:
        """Hold the line against the limits of `judge`, with a margin."""
        line, core, height = self._line, self._core, self._height
        held = core.stop - core.start
        if held < 8:
            return False
        weights, white = smoother(round(8.0 * SLOW_FWHM * self._per_knot))
        cut = weights.size // 2
        if line.residual.size <= 2 * cut:
            return False
        slow = weighed(line.residual, weights)
        slow *= slow
        core_noise = float(_sum(self._variance[core])) / held * self._grid.white
        level_2 = core_noise * white
        power = float(_sum(slow[max(core.start - cut, 0) : max(core.stop - cut, 0)])) / held
        clear = power < 0.95 * MOST_NOISE_POWER * level_2
        clear = clear or power - level_2 < (MOST_MISFIT * height) ** 2
        level = sqrt(level_2)
        clear &= sqrt(float(_sum(slow)) / line.residual.size) < 0.1 * height + level
        clear &= height > 6.0 * level
        above = line.above[max(core.start - 1, 0) : core.stop]
        steepest = float(_max(np.abs(above[1:] - above[:-1]))) * self._per_knot
        clear &= steepest < STEEPEST * height + 7.0 * sqrt(core_noise) * self._per_knot
        return clear and not self._has_flat_top()

    def _has_flat_top(self) -> bool:
        above = self._line.above
        flat = above >= float(_max(above)) - FLAT_WITHIN * self._height
        first = int(flat.argmax())
        last = flat.size - 1 - int(flat[::-1].argmax())
        return float(self._away[last] - self._away[first]) > FLAT_FWHM
