"""The line fit of many plain spectra at once."""

from copy import copy
from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.grid import Grid, IntArray, SingleArray
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

    def __init__(self, grid: Grid, starts: Starts, rows: IntArray) -> None:
        shape = starts.shape[rows]
        self.at_ev, self.unit_ev = shape[:, 0], 0.5 * (shape[:, 1] + shape[:, 2])
        reach = _MARGIN * WINDOW_FWHM * self.unit_ev
        first = np.searchsorted(-grid.energy_ev, -(self.at_ev + reach))
        last = np.searchsorted(-grid.energy_ev, -(self.at_ev - reach))
        size = max(int(np.max(last - first)), 2)
        index = first[:, None] + np.arange(size)
        self.inside = (index < last[:, None]).astype(np.float32)
        self.index = np.minimum(index, grid.energy_ev.size - 1)
        energy = grid.energy_ev[self.index]
        self.z = ((energy - self.at_ev[:, None]) / self.unit_ev[:, None]).astype(np.float32)
        self.square = ((energy / self.at_ev[:, None]) ** 2).astype(np.float32)
        axis = grid.wavelength_nm[self.index]
        self.reference_nm = HC_EV_NM / self.at_ev
        self.span_nm = np.maximum(np.ptp(axis, axis=1), 1e-9)
        away = (axis - self.reference_nm[:, None]) / self.span_nm[:, None]
        self.along = away.astype(np.float32)
        self.scale = starts.height[rows]
        data = np.take_along_axis(starts.knots[rows], self.index, axis=1)
        self.data = (data - starts.ground[rows, None].astype(np.float32)) / self.scale[
            :, None
        ].astype(np.float32)

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
        exponent = np.minimum(4.0 * _LN2 * away * away, np.float32(80.0))
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
        weights = np.clip((WINDOW_FWHM - far) * (1.0 / TAPER_FWHM), 0.0, 1.0)
        weights *= self.inside
        weights /= WEIGHT_FLOOR + unit
        return found, weights


def fit_lines(grid: Grid, starts: Starts, rows: IntArray) -> Lines:
    """Fit a split Gaussian in energy with a straight baseline to plain spectra.

    Gauss-Newton steps with analytic derivatives; the weights follow the line from step to step.

    Args:
        grid: the knots.
        starts: the spectra.
        rows: which of them.
    """
    window = _Window(grid, starts, rows)
    parameters = np.zeros((rows.size, 6))
    parameters[:, 0] = 1.0
    shape = starts.shape[rows]
    parameters[:, 1] = np.median(window.data, axis=1)
    parameters[:, 1] = np.minimum(parameters[:, 1], 0.3)
    parameters[:, 4:] = shape[:, 1:] / window.unit_ev[:, None]
    settled = np.zeros(rows.size, dtype=np.bool_)
    open_rows = np.arange(rows.size)
    part = window.part(slice(None), every=2)
    for turn in range(_MOST_STEPS):
        if turn == _COARSE_STEPS:
            part = window
        now = parameters[open_rows]
        trial = _inside(now, _step(*part.evaluate(now)))
        change = np.max(np.abs(trial[:, 3:] - now[:, 3:]), axis=1)
        parameters[open_rows] = trial
        done = change < _SMALL * 0.5 * (now[:, 4] + now[:, 5])
        done &= turn >= _COARSE_STEPS
        settled[open_rows] = done
        if done.all():
            break
        if 4 * int(done.sum()) > done.size:
            open_rows, part = open_rows[~done], part.part(~done)
    return _as_lines(window, parameters, settled)


def _step(columns: SingleArray, weights: SingleArray) -> FloatArray:
    gram = normal_matrix(columns, np.sqrt(weights))
    size = np.sqrt(np.maximum(np.einsum("nii->ni", gram)[:, :6], 1e-30))
    matrix = gram[:, :6, :6] / (size[:, :, None] * size[:, None, :]) + 1e-7 * np.eye(6)
    return np.asarray(np.linalg.solve(matrix, (gram[:, :6, 6] / size)[:, :, None])[:, :, 0] / size)


def normal_matrix(columns: SingleArray, roots: SingleArray) -> FloatArray:
    """Return the scalar products of columns (n x k x k) under weights, given by their roots."""
    weighed = columns * roots[:, None, :]
    return np.asarray(weighed @ weighed.swapaxes(1, 2), dtype=np.float64)


def _inside(parameters: FloatArray, step: FloatArray) -> FloatArray:
    """Take a step that no line loses itself in."""
    trial = parameters + np.nan_to_num(step)
    wide = 0.25 * (parameters[:, 4] + parameters[:, 5])
    trial[:, 3] = np.clip(trial[:, 3], parameters[:, 3] - wide, parameters[:, 3] + wide)
    trial[:, 4:] = np.clip(trial[:, 4:], 0.6 * parameters[:, 4:], 1.7 * parameters[:, 4:])
    wider = 0.5 * (trial[:, 4:5] + trial[:, 5:6])
    trial[:, 4:] = np.clip(trial[:, 4:], wider / MOST_SKEW, 2.0 * wider)
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
