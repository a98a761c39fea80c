"""The line fit of many plain spectra at once."""

from copy import copy
from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.grid import Grid, IntArray, Points, SingleArray
from plans.analysis.line import MOST_SKEW, TAPER_FWHM, WEIGHT_FLOOR, WINDOW_FWHM
from plans.analysis.noise import FloatArray
from plans.analysis.plain_start import Starts
from plans.analysis.spectrum import HC_EV_NM, BoolArray

_LN2: Final = float(np.log(2.0))
_EIGHT_LN2: Final = 8.0 * _LN2
_MOST_STEPS: Final = 14
_COARSE_STEPS: Final = 3  # on every other knot
_SMALL: Final = 1e-4  # full widths; steps shrink at least threefold
_UNIT, _GROUND, _ALONG, _POSITION, _LOW, _HIGH, _RESIDUAL = range(7)
_DIAGONAL: Final = np.arange(6)
_RIDGE: Final = 1e-7 * np.eye(6)
_SKEW: Final = 0.3  # logarithm of the ratio of the widths
_MARGIN: Final = 1.2  # of the window, for a line that becomes wider or moves


@dataclass(frozen=True, kw_only=True)
class Lines:
    """A line for each of n spectra, with what the knots around it say.

    Attributes:
        shape: position, width of the low and of the high side, in eV (n x 3).
        height: counts above the baseline at the position.
        offset: baseline at `reference_nm`, in counts.
        slope: baseline slope, in counts per nm.
        reference_nm: where the offset is given.
        settled: the steps had become small.
        index: knots of the window (n x s).
        inside: 1 where the index is a knot of the window, 0 where it repeats the last one.
        columns: derivatives of the model by (height, offset, slope, position, low and high
            width) and the residual in counts, in the units of `scale` (n x 7 x s).
        weights: of the knots in the fit (n x s).
        scale: counts of a residual of 1.
        unit_ev: eV of a shape derivative of 1.
    """

    shape: FloatArray
    height: FloatArray
    offset: FloatArray
    slope: FloatArray
    reference_nm: FloatArray
    settled: BoolArray
    index: IntArray
    inside: SingleArray
    columns: SingleArray
    weights: SingleArray
    scale: FloatArray
    unit_ev: FloatArray

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


class _Window:
    """Spectra around their lines, in numbers of order one.

    Energies are counted from the first guess in its full widths, so that single precision does.
    """

    def __init__(
        self, points: Points, counts: SingleArray, shape: FloatArray, scale: FloatArray
    ) -> None:
        self.at_ev, self.unit_ev = shape[:, 0], 0.5 * (shape[:, 1] + shape[:, 2])
        reach = _MARGIN * WINDOW_FWHM * self.unit_ev
        first = np.searchsorted(points.falling, -(self.at_ev + reach))
        last = np.searchsorted(points.falling, -(self.at_ev - reach))
        size = max(int((last - first).max()), 2)
        index = first[:, None] + np.arange(size)
        self.inside = (index < last[:, None]).astype(np.float32)
        self.index = np.minimum(index, points.energy_ev.size - 1)
        energy = points.energy_ev[self.index]
        at_ev = self.at_ev[:, None]
        self.z = ((energy - at_ev) / self.unit_ev[:, None]).astype(np.float32)
        self.square = np.square(energy / at_ev).astype(np.float32)
        self.reference_nm = HC_EV_NM / self.at_ev
        self.span_nm = 2.0 * reach * self.reference_nm**2 / HC_EV_NM
        axis = points.wavelength_nm[self.index]
        away = (axis - self.reference_nm[:, None]) / self.span_nm[:, None]
        self.along = away.astype(np.float32)
        self.scale = scale
        data = counts[np.arange(shape.shape[0])[:, None], self.index]
        self.data = data * (1.0 / scale).astype(np.float32)[:, None]

    def part(self, rows: BoolArray | slice, every: int = 1) -> "_Window":
        """Return some of the spectra, on all or every other knot."""
        part = copy(self)
        for name in ("z", "square", "along", "data", "inside"):
            setattr(part, name, np.ascontiguousarray(getattr(self, name)[rows, ::every]))
        part.at_ev, part.unit_ev = self.at_ev[rows], self.unit_ev[rows]
        return part

    def evaluate(self, parameters: FloatArray) -> tuple[SingleArray, SingleArray]:
        """Return columns (n x 7 x s) and weights (n x s) at (height, offset, slope, z, widths)."""
        single = parameters.astype(np.float32)
        height, offset, slope, position, low, high = (single[:, i : i + 1] for i in range(6))
        found = np.empty((single.shape[0], 7, self.z.shape[1]), dtype=np.float32)
        away = self.z - position
        red = away < 0.0
        per_width = np.where(red, 1.0 / low, 1.0 / high)
        away *= per_width
        exponent = away * away
        exponent *= 4.0 * _LN2
        np.minimum(exponent, 80.0, out=exponent)
        now_ev = (self.at_ev + self.unit_ev * parameters[:, 3])[:, None]
        ratio = ((self.at_ev[:, None] / now_ev) ** 2).astype(np.float32)
        unit = np.exp(-exponent)
        unit *= self.square
        unit *= ratio
        found[:, _UNIT] = unit
        found[:, _GROUND] = 1.0
        found[:, _ALONG] = self.along
        line = height * unit
        shift = (2.0 * self.unit_ev[:, None] / now_ev).astype(np.float32)
        np.multiply(line, _EIGHT_LN2 * away * per_width - shift, out=found[:, _POSITION])
        by_width = 2.0 * line * exponent * per_width
        by_low = np.where(red, by_width, np.float32(0.0))
        found[:, _LOW] = by_low
        np.subtract(by_width, by_low, out=found[:, _HIGH])
        residual = self.data - line
        residual -= offset
        residual -= slope * self.along
        found[:, _RESIDUAL] = residual
        far = np.abs(self.z - position)
        far *= 2.0 / (low + high)
        weights = np.subtract(WINDOW_FWHM, far, out=far)
        weights *= 1.0 / TAPER_FWHM
        np.minimum(weights, 1.0, out=weights)
        np.maximum(weights, 0.0, out=weights)
        weights *= self.inside
        weights /= WEIGHT_FLOOR + unit
        return found, weights


def fit_lines(grid: Grid, starts: Starts, rows: IntArray, pixels: SingleArray | None) -> Lines:
    """Fit a split Gaussian in energy with a straight baseline to plain spectra.

    Gauss-Newton steps with analytic derivatives; the weights follow the line from step to step.

    Args:
        grid: the knots.
        starts: the spectra.
        rows: which of them.
        pixels: all spectra, not thinned; None leaves the fit at the knots.
    """
    shape = starts.shape[rows]
    counts = starts.knots[rows] - starts.ground[rows, None].astype(np.float32)
    window = _Window(grid.points, counts, shape, starts.height[rows])
    parameters = np.zeros((rows.size, 6))
    parameters[:, 0] = 1.0
    parameters[:, 4:] = shape[:, 1:] / window.unit_ev[:, None]
    settled = np.zeros(rows.size, dtype=np.bool_)
    open_rows = np.arange(rows.size)
    part = window.part(slice(None), every=2)
    for turn in range(_MOST_STEPS):
        if turn == _COARSE_STEPS:
            part = window
        now = parameters[open_rows]
        trial = _inside(now, _step(*part.evaluate(now)))
        change = np.abs(trial[:, 3:] - now[:, 3:]).max(axis=1)
        parameters[open_rows] = trial
        done = change < _SMALL * 0.5 * (now[:, 4] + now[:, 5])
        done &= turn >= _COARSE_STEPS
        settled[open_rows] = done
        if done.all():
            break
        if 4 * int(done.sum()) > done.size:
            open_rows, part = open_rows[~done], part.part(~done)
    if pixels is not None:
        _polish(grid, pixels, starts, rows, parameters)
    return _as_lines(window, parameters, settled)


def _polish(
    grid: Grid, pixels: SingleArray, starts: Starts, rows: IntArray, parameters: FloatArray
) -> None:
    """Take one more step of the skew lines, on all pixels.

    The kink in the second derivative at the top of a skew line is not smooth over a knot.
    """
    skew = np.flatnonzero(np.abs(np.log(parameters[:, 4] / parameters[:, 5])) > _SKEW)
    if skew.size == 0:
        return
    here = rows[skew]
    counts = pixels[here] - starts.ground[here, None].astype(np.float32)
    window = _Window(grid.pixels, counts, starts.shape[here], starts.height[here])
    now = parameters[skew]
    parameters[skew] = _inside(now, _step(*window.evaluate(now)))


def _step(columns: SingleArray, weights: SingleArray) -> FloatArray:
    gram = normal_matrix(columns, np.sqrt(weights))
    size = np.sqrt(np.maximum(gram[:, _DIAGONAL, _DIAGONAL], 1e-30))
    matrix = gram[:, :6, :6] / (size[:, :, None] * size[:, None, :]) + _RIDGE
    return np.asarray(np.linalg.solve(matrix, (gram[:, :6, 6] / size)[:, :, None])[:, :, 0] / size)


def normal_matrix(columns: SingleArray, roots: SingleArray) -> FloatArray:
    """Return the scalar products of columns (n x k x k) under weights, given by their roots."""
    weighed = columns * roots[:, None, :]
    return np.asarray(weighed @ weighed.swapaxes(1, 2), dtype=np.float64)


def _inside(parameters: FloatArray, step: FloatArray) -> FloatArray:
    """Take a step that no line loses itself in."""
    trial = parameters + step
    widths, at = parameters[:, 4:], parameters[:, 3]
    wide = 0.25 * (widths[:, 0] + widths[:, 1])
    trial[:, 3] = np.minimum(np.maximum(trial[:, 3], at - wide), at + wide)
    moved = np.minimum(np.maximum(trial[:, 4:], 0.6 * widths), 1.7 * widths)
    wider = 0.5 * (moved[:, 0] + moved[:, 1])[:, None]
    trial[:, 4:] = np.minimum(np.maximum(moved, wider / MOST_SKEW), 2.0 * wider)
    return trial


def _as_lines(window: _Window, parameters: FloatArray, settled: BoolArray) -> Lines:
    columns, weights = window.evaluate(parameters)
    shape = np.empty((parameters.shape[0], 3))
    shape[:, 0] = window.at_ev + window.unit_ev * parameters[:, 3]
    shape[:, 1:] = window.unit_ev[:, None] * parameters[:, 4:]
    # The window was cut around the first guess: the line must still be well inside of it.
    grown = 0.5 * (parameters[:, 4] + parameters[:, 5])
    settled &= np.abs(parameters[:, 3]) + WINDOW_FWHM * grown < _MARGIN * WINDOW_FWHM
    return Lines(
        shape=shape,
        height=parameters[:, 0] * window.scale,
        offset=parameters[:, 1] * window.scale,
        slope=parameters[:, 2] * window.scale / window.span_nm,
        reference_nm=window.reference_nm,
        settled=settled,
        index=window.index,
        inside=window.inside,
        columns=columns,
        weights=weights,
        scale=window.scale,
        unit_ev=window.unit_ev,
    )
