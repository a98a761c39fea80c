"""The line fit of many spectra at once."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.line import MOST_SKEW, WEIGHT, WEIGHT_AT, WINDOW_FWHM
from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import HC_EV_NM, BoolArray, energy_ev

_LN2: Final = float(np.log(2.0))
_FOUR_LN2: Final = 4.0 * _LN2
_ROUNDS: Final = 3
_COARSE_PIXELS: Final = 4  # pixels per bin of the first approach
_COARSE: Final = (12, 2e-3)  # most steps, and the last step in full widths
_FINE: Final = (8, 3e-4)
_UNIT, _GROUND, _ALONG, _POSITION, _LOW, _HIGH, _SIGNAL = range(7)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """A line for each of n spectra.

    Attributes:
        shape: position, width of the low and of the high side, in eV (n x 3).
        height: counts above the baseline at the position.
        offset: baseline at `reference_nm`, in counts.
        slope: baseline slope, in counts per nm.
        reference_nm: where the offset is given.
        weighed_by: the shape that gave the pixels of the fit their weights (n x 3).
        sure: the steps had become small and nothing was close to call.
    """

    shape: FloatArray
    height: FloatArray
    offset: FloatArray
    slope: FloatArray
    reference_nm: float
    weighed_by: FloatArray
    sure: BoolArray

    @property
    def fwhm_ev(self) -> FloatArray:
        """Full widths at half maximum, in eV."""
        return 0.5 * (self.shape[:, 1] + self.shape[:, 2])

    @property
    def peak_nm(self) -> FloatArray:
        """Maxima of the counts against wavelength, in nm."""
        position, high = self.shape[:, 0], self.shape[:, 2]
        return np.asarray(2.0 * HC_EV_NM / (position + np.sqrt(position**2 + high**2 / _LN2)))

    @property
    def fwhm_nm(self) -> FloatArray:
        """Distances of the half-maximum wavelengths, in nm."""
        position, low, high = self.shape.T
        return np.asarray(HC_EV_NM / (position - 0.5 * low) - HC_EV_NM / (position + 0.5 * high))

    def baseline(self, wavelength_nm: FloatArray) -> FloatArray:
        """Return the baselines (n x pixels), in counts."""
        away = wavelength_nm - self.reference_nm
        return np.asarray(self.offset[:, None] + self.slope[:, None] * away)


def window_of(energy: FloatArray, shape: FloatArray) -> slice:
    """Return the pixels (energies falling) that any of these lines needs."""
    reach = WINDOW_FWHM * 0.5 * (shape[:, 1] + shape[:, 2])
    first = int(np.searchsorted(-energy, -float(np.max(shape[:, 0] + reach))))
    last = int(np.searchsorted(-energy, -float(np.min(shape[:, 0] - reach))))
    return slice(first, max(last, first + 1))


def weights_of(energy: FloatArray, shape: FloatArray) -> FloatArray:
    """Return the weights of `plans.analysis.line.pixel_weights` (n x pixels)."""
    away = np.abs(energy - shape[:, :1])
    away /= 0.5 * (shape[:, 1:2] + shape[:, 2:3])
    return np.interp(away.ravel(), WEIGHT_AT, WEIGHT).reshape(away.shape)


def columns(
    energy: FloatArray, along: FloatArray, roots: FloatArray, signal: FloatArray
) -> FloatArray:
    """Return weighted columns (n x 7 x pixels) with baseline and signal; lines are still open."""
    found = np.empty((*signal.shape[:1], 7, energy.size))
    found[:, _GROUND] = roots
    np.multiply(roots, along, out=found[:, _ALONG])
    np.multiply(signal, roots, out=found[:, _SIGNAL])
    return found


def put_lines(
    energy: FloatArray, shape: FloatArray, squares: FloatArray, found: FloatArray
) -> None:
    """Put lines of unit height and their derivatives into columns.

    `squares` are the roots of the weights times the squared energies.
    """
    position, low, high = (shape[:, i : i + 1] for i in range(3))
    away = energy - position
    red = away < 0.0
    per_width = np.where(red, 1.0 / low, 1.0 / high)
    away *= per_width
    exponent = away * away
    exponent *= -_FOUR_LN2
    unit = np.exp(exponent)
    unit *= squares
    unit *= position**-2
    found[:, _UNIT] = unit
    away *= per_width
    away *= 2.0 * _FOUR_LN2
    away -= 2.0 / position
    np.multiply(unit, away, out=found[:, _POSITION])
    exponent *= unit
    exponent *= per_width
    exponent *= -2.0
    by_low = np.where(red, exponent, 0.0)
    found[:, _LOW] = by_low
    np.subtract(exponent, by_low, out=found[:, _HIGH])


@dataclass(frozen=True, kw_only=True)
class _Step:
    """Cost, linear parameters, and the normal equations of the shape."""

    cost: FloatArray
    linear: FloatArray
    normal: FloatArray
    gradient: FloatArray


class _Problem:
    """Weighted least squares with the linear parameters eliminated.

    Height and baseline follow from the shape (variable projection, Golub and Pereyra, SIAM J.
    Numer. Anal. 1973, 10, 413; the step is that of Kaufman, BIT 1975, 15, 49). One matrix of
    scalar products per spectrum holds all that a step needs.
    """

    def __init__(self, energy: FloatArray, along: FloatArray, signal: FloatArray) -> None:
        self.energy = energy
        self.along = along
        self.signal = signal

    def weigh(self, shape: FloatArray) -> None:
        """Take the weights of the pixels from these lines."""
        roots = np.sqrt(weights_of(self.energy, shape))
        self._columns = columns(self.energy, self.along, roots, self.signal)
        self._squares = roots * self.energy**2

    def at(self, shape: FloatArray) -> _Step:
        """Return what is known at these shapes."""
        found = self._columns
        put_lines(self.energy, shape, self._squares, found)
        gram = found @ found.swapaxes(1, 2)
        lines = gram[:, :3, :3] + 1e-14 * _largest(gram[:, :3, :3]) * np.eye(3)
        inverse = np.linalg.solve(lines, gram[:, :3, 3:])
        left = gram[:, 3:, 3:] - gram[:, 3:, :3] @ inverse
        linear: FloatArray = np.asarray(inverse[:, :, 3], dtype=np.float64)
        height = linear[:, :1]
        return _Step(
            cost=left[:, 3, 3],
            linear=linear,
            normal=left[:, :3, :3] * height[:, :, None] ** 2,
            gradient=left[:, :3, 3] * height,
        )

    def solve(
        self, shape: FloatArray, most: int, small: float
    ) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Return the best shapes, their linear parameters, and which had converged."""
        now = self.at(shape)
        number = shape.shape[0]
        damping = np.full(number, 1e-3 if most == _COARSE[0] else 1e-6)
        best, linear = shape.copy(), now.linear.copy()
        settled = np.zeros(number, dtype=np.bool_)
        rows = np.arange(number)
        for _ in range(most):
            trial = _inside(shape, _newton(now, damping))
            then = self.at(trial)
            better = then.cost <= now.cost * (1.0 + 1e-10) + 1e-15
            change = np.max(np.abs(trial - shape), axis=1)
            done = (change < small * 0.5 * (shape[:, 1] + shape[:, 2])) & better
            shape = np.where(better[:, None], trial, shape)
            now = then if bool(better.all()) else _choose(better, then, now)
            damping = np.where(better, np.maximum(0.1 * damping, 1e-9), 10.0 * damping)
            best[rows], linear[rows], settled[rows] = shape, now.linear, done
            going = ~done
            if not going.any():
                break
            rows, shape, damping = rows[going], shape[going], damping[going]
            now = _Step(
                cost=now.cost[going],
                linear=now.linear[going],
                normal=now.normal[going],
                gradient=now.gradient[going],
            )
            if not going.all():
                self._columns, self._squares = self._columns[going], self._squares[going]
        return best, linear, settled


def _newton(now: _Step, damping: FloatArray) -> FloatArray:
    diagonal = np.einsum("nii->ni", now.normal)
    ridge = damping[:, None] * diagonal + 1e-14 * _largest(now.normal)[:, :, 0]
    normal = now.normal + ridge[:, :, None] * np.eye(3)
    return np.asarray(np.linalg.solve(normal, now.gradient[:, :, None])[:, :, 0])


def _largest(matrices: FloatArray) -> FloatArray:
    largest = np.max(np.abs(matrices), axis=(1, 2), keepdims=True)
    return np.asarray(np.maximum(np.nan_to_num(largest, nan=1.0), 1e-280))


def _choose(better: BoolArray, then: _Step, now: _Step) -> _Step:
    flat, deep = better[:, None], better[:, None, None]
    return _Step(
        cost=np.where(better, then.cost, now.cost),
        linear=np.where(flat, then.linear, now.linear),
        normal=np.where(deep, then.normal, now.normal),
        gradient=np.where(flat, then.gradient, now.gradient),
    )


def _inside(shape: FloatArray, step: FloatArray) -> FloatArray:
    """Take a step that no line loses itself in."""
    trial = shape + step
    reach = 0.25 * (shape[:, 1] + shape[:, 2])
    trial[:, 0] = np.clip(trial[:, 0], shape[:, 0] - reach, shape[:, 0] + reach)
    trial[:, 1:] = np.clip(trial[:, 1:], 0.5 * shape[:, 1:], 2.0 * shape[:, 1:])
    wider = 0.5 * (trial[:, 1:2] + trial[:, 2:3])
    trial[:, 1:] = np.clip(trial[:, 1:], wider / MOST_SKEW, 2.0 * wider)
    return trial


def _coarse(values: FloatArray) -> FloatArray:
    """Average the last axis in bins of a few pixels."""
    bins = values.shape[-1] // _COARSE_PIXELS
    cut = values[..., : bins * _COARSE_PIXELS]
    return np.asarray(cut.reshape(*values.shape[:-1], bins, _COARSE_PIXELS).mean(axis=-1))


def fit_lines(wavelength_nm: FloatArray, counts: FloatArray, start: FloatArray) -> Lines:
    """Fit a split Gaussian in energy with a straight baseline to each spectrum.

    The weights follow the line in the same rounds as those of `fit_peak`, so that both end at the
    same least squares. The way there is shorter: coarse pixels first, all pixels to finish.

    Args:
        wavelength_nm: the axis, rising.
        counts: the spectra (n x pixels), finite.
        start: first position and widths in eV (n x 3).
    """
    number = counts.shape[0]
    energy = energy_ev(wavelength_nm)
    low = counts.min(axis=1)
    scale = np.maximum(np.ptp(counts, axis=1), 1e-300)
    middle_nm = float(np.mean(wavelength_nm))
    span_nm = max(float(np.ptp(wavelength_nm)), 1e-9)
    along = (wavelength_nm - middle_nm) / span_nm
    shape, before = start.copy(), start.copy()
    linear = np.zeros((number, 3))
    sure = np.ones(number, dtype=np.bool_)
    rows = np.arange(number)
    for turn in range(_ROUNDS):
        before[rows] = shape[rows]
        part = window_of(energy, shape[rows])
        signal = (counts[rows, part] - low[rows, None]) / scale[rows, None]
        first = shape[rows]
        if turn == 0 and part.stop - part.start >= 16 * _COARSE_PIXELS:
            rough = _Problem(_coarse(energy[part]), _coarse(along[part]), _coarse(signal))
            rough.weigh(before[rows])
            first, _, _ = rough.solve(first, *_COARSE)
        problem = _Problem(energy[part], along[part], signal)
        problem.weigh(before[rows])
        shape[rows], linear[rows], settled = problem.solve(first, *_FINE)
        more, close = _unsettled(before[rows], shape[rows])
        sure[rows] &= settled if turn == _ROUNDS - 1 else settled & ~close
        rows = rows[more & sure[rows]]
        if rows.size == 0:
            break
    return Lines(
        shape=shape,
        height=linear[:, 0] * scale,
        offset=linear[:, 1] * scale + low,
        slope=linear[:, 2] * scale / span_nm,
        reference_nm=middle_nm,
        weighed_by=before,
        sure=sure,
    )


def _unsettled(before: FloatArray, after: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Return which lines moved too far for their weights, and which are close to call."""
    width, old = 0.5 * (after[:, 1] + after[:, 2]), 0.5 * (before[:, 1] + before[:, 2])
    moved = np.abs(after[:, 0] - before[:, 0]) / width
    grown = np.abs(width / old - 1.0)
    close = (np.abs(moved - 0.02) < 5e-5) & (grown < 0.0502)
    close |= (np.abs(grown - 0.05) < 2e-4) & (moved < 0.0201)
    return ~((moved < 0.02) & (grown < 0.05)), close
