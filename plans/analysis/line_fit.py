"""The fit of one split Gaussian in energy to any pixels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg.lapack import dgesv

from plans.analysis.line import MOST_SKEW, LineFit, SplitGaussian
from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import energy_ev

_PARAMETERS: Final = 6  # height, position, two widths, offset, slope
_EIGHT_LN2: Final = 8.0 * float(np.log(2.0))
MOST_STEPS: Final = 20
"""Lines need four to nine steps; what creeps on for longer is none."""
_SMALL_GAIN: Final = 1e-8
_LARGEST_DAMPING: Final = 1e8


def fit_line(
    wavelength_nm: FloatArray,
    counts: FloatArray,
    start: SplitGaussian,
    weights: FloatArray | None = None,
    *,
    widest_ev: float = 2.0,
    most_steps: int = MOST_STEPS,
) -> LineFit | None:
    """Fit a split Gaussian in energy with a straight baseline (Levenberg-Marquardt).

    Args:
        wavelength_nm: pixels of the fit, finite.
        counts: signal, finite.
        start: a first guess; its baseline is not used.
        weights: how much each squared residual counts, all the same when None.
        widest_ev: no half of the line becomes wider than this.
        most_steps: after so many the line is taken as it is.

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
    found = work.solve(most_steps)
    if found is None:
        return None
    return work.as_fit(*found, wavelength_nm=wavelength_nm, scale=scale, low=low)


@dataclass(slots=True, kw_only=True)
class _Point:
    """A set of parameters with the weighted sum of squares, residuals and derivatives there."""

    at: FloatArray
    cost: float
    residuals: FloatArray
    rows: FloatArray


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
        self.energy = energy_ev(wavelength_nm)  # falling
        self.square = self.energy**2
        self.middle_nm = float(np.mean(wavelength_nm))
        self.span_nm = max(float(np.ptp(wavelength_nm)), 1e-9)
        self.roots = roots
        self.along = (wavelength_nm - self.middle_nm) / self.span_nm * roots
        self.signal = signal * roots
        self.range_ev = float(self.energy[-1]), float(self.energy[0])
        widest = min(2.0 * (self.range_ev[1] - self.range_ev[0]), widest_ev)
        self.widths_ev = widest * 1e-4, widest
        self.start = start

    def solve(self, most_steps: int) -> tuple[_Point, bool, int] | None:
        """Return the best parameters, whether the steps had become small, and their number.

        The damping follows Nielsen (IMM-REP-1999-05, Technical University of Denmark, 1999): what
        shrinks it after a good step and raises it after bad ones does not swing from one to the
        other.
        """
        first = self._first()
        if first is None:
            return None
        here, damping, growth = self._evaluate(first), 1e-3, 2.0
        for number in range(1, most_steps + 1):
            gradient = here.rows @ here.residuals
            normal = here.rows @ here.rows.T
            size = normal.diagonal() + 1e-12
            normal.flat[:: _PARAMETERS + 1] += damping * size
            step = dgesv(normal, gradient)[2]
            there = self._evaluate(self._inside(here.at, step))
            gain = here.cost - there.cost
            if gain >= 0.0:
                here, growth = there, 2.0
                if gain <= _SMALL_GAIN * there.cost + 1e-24:
                    return here, True, number
                expected = float(step @ (damping * size * step + gradient))
                part = 2.0 * gain / expected - 1.0 if expected > 0.0 else 0.0
                damping = max(damping * max(0.1, 1.0 - part**3), 1e-9)
            else:
                damping, growth = damping * growth, 2.0 * growth
                if damping > _LARGEST_DAMPING:
                    return here, True, number
        return here, False, most_steps

    def as_fit(
        self,
        found: _Point,
        converged: bool,
        steps: int,
        *,
        wavelength_nm: FloatArray,
        scale: float,
        low: float,
    ) -> LineFit:
        """Turn parameters into a line in counts."""
        height, position, width_low, width_high, offset, slope = found.at.tolist()
        found.rows[1:4] *= scale
        line = SplitGaussian(
            position_ev=position,
            fwhm_low_ev=width_low,
            fwhm_high_ev=width_high,
            height=height * scale,
            offset=offset * scale + low,
            slope=slope * scale / self.span_nm,
            reference_nm=self.middle_nm,
        )
        return LineFit(
            line=line,
            wavelength_nm=wavelength_nm,
            residuals=found.residuals / self.roots * scale,
            converged=converged,
            steps=steps,
            _jacobian=found.rows.T,
            _roots=self.roots,
        )

    def _evaluate(self, parameters: FloatArray) -> _Point:
        height, position, low, high, offset, slope = parameters.tolist()
        rows = np.empty((_PARAMETERS, self.energy.size))
        unit, by_position, by_low, by_high = rows[:4]
        away = self.energy - position
        middle = int(np.count_nonzero(away >= 0.0))  # from here on the low side
        per_width = np.empty_like(away)
        per_width[:middle], per_width[middle:] = 1.0 / high, 1.0 / low
        away *= per_width
        np.multiply(away, away, out=by_low)
        by_low *= _EIGHT_LN2  # twice the exponent
        np.minimum(by_low, 1400.0, out=by_low)
        np.multiply(by_low, -0.5, out=unit)
        np.exp(unit, out=unit)
        unit *= self.square
        unit *= self.roots * (1.0 / position**2)
        line = height * unit
        by_low *= line
        by_low *= per_width
        by_high[:middle], by_high[middle:] = by_low[:middle], 0.0
        by_low[:middle] = 0.0
        np.multiply(away, per_width, out=by_position)
        by_position *= _EIGHT_LN2
        by_position -= 2.0 / position
        by_position *= line
        rows[4], rows[5] = self.roots, self.along
        residuals = self.signal - line
        residuals -= offset * self.roots
        residuals -= slope * self.along
        cost = float(residuals @ residuals)
        return _Point(at=parameters, cost=cost, residuals=residuals, rows=rows)

    def _first(self) -> FloatArray | None:
        """Solve for height and baseline with the guessed shape."""
        start = self.start
        shape = np.array([1.0, start.position_ev, start.fwhm_low_ev, start.fwhm_high_ev, 0, 0])
        linear = self._evaluate(shape).rows[[0, 4, 5]].T
        solution, _, rank, _ = np.linalg.lstsq(linear, self.signal, rcond=None)
        if rank < 3:
            return None
        shape[[0, 4, 5]] = solution
        return shape

    def _inside(self, parameters: FloatArray, step: FloatArray) -> FloatArray:
        """Take a step that cannot leave the pixels or turn a width negative."""
        trial = parameters + step
        _, from_ev, old_low, old_high, _, _ = parameters.tolist()
        _, position, low, high, _, _ = trial.tolist()
        reach = 0.5 * (old_low + old_high)
        position = min(max(position, from_ev - reach), from_ev + reach)
        position = min(max(position, self.range_ev[0]), self.range_ev[1])
        narrowest, widest = self.widths_ev
        low = min(max(low, 0.5 * old_low, narrowest), 2.0 * old_low, widest)
        high = min(max(high, 0.5 * old_high, narrowest), 2.0 * old_high, widest)
        wider = 0.5 * (low + high)
        low = min(max(low, wider / MOST_SKEW), 2.0 * wider)
        high = min(max(high, wider / MOST_SKEW), 2.0 * wider)
        trial[1:4] = position, low, high
        return trial
