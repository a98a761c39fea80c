"""The line fit of many plain spectra at once."""

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from plans.analysis.grid import Grid, IntArray, Points, SingleArray
from plans.analysis.line import MOST_SKEW, TAPER_FWHM, WEIGHT_FLOOR, WINDOW_FWHM
from plans.analysis.noise import FloatArray
from plans.analysis.plain_start import Starts, take
from plans.analysis.spectrum import HC_EV_NM, BoolArray

_LN2: Final = float(np.log(2.0))
_FOUR_LN2: Final = 4.0 * _LN2
ROOT_FOUR_LN2: Final = float(np.sqrt(_FOUR_LN2))
MOST_STEPS: Final = 14
_COARSE_STEPS: Final = 2  # on every other knot
SMALL: Final = 1e-4  # full widths
LEFT: Final = 1e-5
NEARLY: Final = 8e-5  # full widths at a height of the noise, near enough for a step on pixels
NEAR: Final = 0.01
TOP_FWHM: Final = 0.5
FADING: Final = 3.5  # knots
UNIT, GROUND, ALONG, POSITION, LOW, HIGH, RESIDUAL = range(7)
"""Columns of a fit. Those of the position and the widths stand for the change of the line by
`slopes_of` per unit of energy."""
_RIDGE: Final = 1e-7 * np.eye(6)
SKEW: Final = 0.0013  # logarithm of the ratio of the widths, over the square of a width in knots
MARGIN: Final = 1.2  # of the window, for a line that becomes wider or moves


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
        above: counts above the baseline, in the units of `scale` (n x s).
        columns: derivatives of the model, and the residual, in the units of `scale` (n x 7 x s).
        under: derivatives of the model under the weights of the fit (n x 6 x s).
        scale: counts of a residual of 1.
        unit_ev: eV of a shape derivative of 1.
        ratio: height at the position over the coefficient of the first column.
    """

    shape: FloatArray
    height: FloatArray
    offset: FloatArray
    slope: FloatArray
    reference_nm: FloatArray
    settled: BoolArray
    index: IntArray
    inside: SingleArray
    above: SingleArray
    columns: SingleArray
    under: SingleArray
    scale: FloatArray
    unit_ev: FloatArray
    ratio: FloatArray

    @cached_property
    def fwhm_ev(self) -> FloatArray:
        """Full widths at half maximum, in eV."""
        _, low, high = self.shape.T
        return np.asarray(0.5 * (low + high))[()]

    @cached_property
    def root_ev(self) -> FloatArray:
        """The root in the formula of the maximum against wavelength, in eV."""
        position, _, high = self.shape.T
        return np.asarray(np.sqrt(position**2 + high**2 / _LN2))

    @cached_property
    def peak_nm(self) -> FloatArray:
        """Maxima of the counts against wavelength, in nm."""
        return np.asarray(2.0 * HC_EV_NM / (self.shape.T[0] + self.root_ev))

    @cached_property
    def fwhm_nm(self) -> FloatArray:
        """Distances of the half-maximum wavelengths, in nm."""
        position, low, high = self.shape.T
        return np.asarray(HC_EV_NM / (position - 0.5 * low) - HC_EV_NM / (position + 0.5 * high))


def column(values: Any) -> SingleArray:
    """Return values of spectra so that they spread along the pixels."""
    return np.asarray(values, dtype=np.float32)[..., None]


class _Window:
    """Spectra around their lines, in numbers of order one.

    Energies are counted from the first guess in its full widths, so that single precision does.
    """

    def __init__(self, grid: Grid, starts: Starts, rows: IntArray) -> None:
        points, scale = grid.points, starts.height[rows]
        self.at_ev, low, high = starts.shape[rows].T
        self.unit_ev = 0.5 * (low + high)
        reach = MARGIN * WINDOW_FWHM * self.unit_ev
        self.reference_nm = HC_EV_NM / self.at_ev
        self.span_nm = 2.0 * reach * self.reference_nm**2 / HC_EV_NM
        self.scale = scale
        self._room: tuple[SingleArray, SingleArray] | None = None
        self.knots = self.unit_ev * self.reference_nm**2 / (HC_EV_NM * grid.usual_nm)
        first = np.searchsorted(points.falling, -(self.at_ev + reach))
        last = np.searchsorted(points.falling, -(self.at_ev - reach))
        size = max(int((last - first).max()), 2)
        index = first[:, None] + np.arange(size)
        self.inside = (index < last[:, None]).astype(np.float32)
        self.index = np.minimum(index, points.energy_ev.size - 1)
        self.place(points, self.index)
        self.data = starts.knots[rows[:, None], self.index]
        self.data -= column(starts.ground[rows])
        self.data *= column(1.0 / scale)

    def place(self, points: Points, index: IntArray) -> None:
        energy, axis = points.energy_ev[index], points.wavelength_nm[index]
        at_ev, span_nm = self.at_ev[..., None], self.span_nm[..., None]
        self.z = ((energy - at_ev) / self.unit_ev[..., None]).astype(np.float32)
        self.square = np.square(energy / at_ev).astype(np.float32)
        self.along = ((axis - self.reference_nm[..., None]) / span_nm).astype(np.float32)

    def with_pixels(self, grid: Grid, pixels: SingleArray, parameters: FloatArray) -> "_Window":
        """Return the same with the pixels around the tops in the place of the knots there.

        From the top outwards the weight goes over from pixels to knots, slowly enough to be smooth
        over a knot.

        Args:
            grid: the knots.
            pixels: of these spectra, above the same ground as the knots.
            parameters: of the lines.
        """
        _, _, _, position, low, high = parameters.T
        top = np.searchsorted(grid.pixels.falling, -(self.at_ev + self.unit_ev * position))
        half = column(np.maximum((0.5 * TOP_FWHM) * (low + high) * self.knots, FADING))
        reach = int((float(half.max()) + FADING) * grid.every)
        index = top[..., None] + np.arange(-reach, reach + 1)
        known = (index >= 0) & (index < grid.pixels.energy_ev.size)
        index = np.clip(index, 0, grid.pixels.energy_ev.size - 1)
        fine = copy(self)
        fine.place(grid.pixels, index)
        away = np.arange(-reach, reach + 1, dtype=np.float32) / np.float32(grid.every)
        near = _faded(away, half) * known * np.float32(1.0 / grid.every)
        middle = (grid.pixels.wavelength_nm[top] - self.reference_nm) / self.span_nm
        per_knot = grid.usual_nm / self.span_nm
        apart = (self.along - column(middle)) * column(1.0 / per_knot)
        far = self.inside * (1.0 - _faded(apart, half))
        data = take(pixels, index) * column(1.0 / self.scale)
        for name, pair in (
            ("z", (self.z, fine.z)),
            ("square", (self.square, fine.square)),
            ("along", (self.along, fine.along)),
            ("data", (self.data, data)),
            ("inside", (far, near)),
        ):
            setattr(fine, name, np.concatenate(pair, axis=-1))
        fine.clear()
        return fine

    def part(self, rows: BoolArray | IntArray | slice, every: int = 1) -> "_Window":
        """Return some of the spectra, on all or every other knot."""
        part = copy(self)
        for name in ("z", "square", "along", "data", "inside"):
            setattr(part, name, np.ascontiguousarray(getattr(self, name)[rows, ::every]))
        for name in ("at_ev", "unit_ev", "reference_nm", "span_nm", "scale", "knots"):
            setattr(part, name, getattr(self, name)[rows])
        part.clear()
        return part

    def clear(self) -> None:
        """Forget the room for columns."""
        self._room = None

    def evaluate(self, parameters: FloatArray) -> tuple[SingleArray, SingleArray]:
        """Return columns (n x 7 x s), and the first six of them under weights.

        They hold until the next call.

        Parameters are the height at the energy of the first guess, offset, slope, z and widths.
        """
        single = parameters.astype(np.float32)[..., None]
        position, low, high = (single[..., i, :] for i in (POSITION, LOW, HIGH))
        found, under = self._columns()
        unit = found[UNIT]
        away = self.z - position
        red = away < 0.0
        per_width = np.where(red, ROOT_FOUR_LN2 / low, ROOT_FOUR_LN2 / high)
        scaled = away * per_width
        np.multiply(scaled, scaled, out=unit)
        np.negative(unit, out=unit)
        np.exp(unit, out=unit)
        unit *= self.square
        per_width *= unit
        by_position = np.multiply(per_width, scaled, out=found[POSITION])
        by_width = np.multiply(by_position, scaled, out=found[HIGH])
        by_low = np.multiply(by_width, red, out=found[LOW])
        by_width -= by_low
        columns = found.swapaxes(0, 1)
        straight = single[..., :POSITION, :].swapaxes(-1, -2) @ columns[..., :POSITION, :]
        np.subtract(self.data, straight[..., 0, :], out=found[RESIDUAL])
        weights = np.abs(away, out=away)
        weights *= (-2.0 / TAPER_FWHM) / (low + high)
        weights += WINDOW_FWHM / TAPER_FWHM
        np.minimum(weights, 1.0, out=weights)
        np.maximum(weights, 0.0, out=weights)
        weights *= self.inside
        # Weights follow the line where it is, not at the energy of the first guess.
        weights /= unit + column(WEIGHT_FLOOR / self.ratio(parameters.T[POSITION]))
        np.multiply(found[:RESIDUAL], weights, out=under)
        return columns, under.swapaxes(0, 1)

    def _columns(self) -> tuple[SingleArray, SingleArray]:
        """Return room for columns (7 x n x s) and six of them, the same for every step."""
        if self._room is None:
            found = np.empty((7, *self.z.shape), dtype=np.float32)
            found[GROUND] = 1.0
            found[ALONG] = self.along
            self._room = found, np.empty((6, *self.z.shape), dtype=np.float32)
        return self._room

    def ratio(self, position: FloatArray) -> FloatArray:
        """Return the height at a position over that at the energy of the first guess."""
        return np.asarray((1.0 + self.unit_ev * position / self.at_ev) ** 2)


def _faded(away: SingleArray, half: SingleArray) -> SingleArray:
    """Return 1 near a top, 0 far from it, and what is smooth over knots in between."""
    part = np.clip((half + np.float32(FADING) - np.abs(away)) / np.float32(FADING), 0.0, 1.0)
    return np.asarray(part * part * (3.0 - 2.0 * part))


def fit_lines(grid: Grid, starts: Starts, rows: IntArray, pixels: SingleArray) -> Lines:
    """Fit a split Gaussian in energy with a straight baseline to plain spectra.

    Gauss-Newton steps with analytic derivatives; the weights follow the line from step to step.

    Args:
        grid: the knots.
        starts: the spectra.
        rows: which of them.
        pixels: all spectra, not thinned.
    """
    shape = starts.shape[rows]
    window = _Window(grid, starts, rows)
    parameters = _first(window, shape)
    coarse = window.part(slice(None), every=2)
    at = parameters
    for _ in range(_COARSE_STEPS):
        at, parameters = parameters, _stepped(parameters, *coarse.evaluate(parameters))
    previous = _change(at, parameters)
    at = parameters
    columns, under = window.evaluate(at)
    parameters = _stepped(at, columns, under)
    change = _change(at, parameters)
    skew = _is_skew(window, parameters)
    nearly = np.minimum(NEARLY * _height_over_noise(starts, rows), NEAR)
    for _ in range(MOST_STEPS):
        settled = _is_settled(change, previous) | (skew & (change < nearly))
        left = np.flatnonzero(~settled)
        if left.size == 0:
            break
        now = parameters[left]
        if left.size == rows.size:
            columns, under = found = window.evaluate(now)
        else:
            columns[left], under[left] = found = window.part(left).evaluate(now)
        at[left], parameters[left] = now, _stepped(now, *found)
        previous[left], change[left] = change[left], _change(now, parameters[left])
    if (few := np.flatnonzero(skew)).size:
        here = rows[few]
        above = pixels[here] - starts.ground[here, None].astype(np.float32)
        fine = window.part(few).with_pixels(grid, above, parameters[few])
        parameters[few] = _stepped(parameters[few], *fine.evaluate(parameters[few]))
    _move_residuals(columns, at, parameters)
    return _as_lines(window, parameters, columns, under, settled=settled)


def _first(window: _Window, shape: FloatArray) -> FloatArray:
    parameters = np.zeros((*shape.shape[:-1], 6))
    parameters[..., UNIT] = 1.0
    parameters[..., LOW:] = shape[..., 1:] / window.unit_ev[..., None]
    return parameters


def _change(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return the largest change of position and widths, in full widths."""
    change = np.maximum.reduce(np.abs(after[..., POSITION:] - before[..., POSITION:]), axis=-1)
    _, _, _, _, low, high = before.T
    return np.asarray(2.0 * change / (low + high))


def _is_settled(change: FloatArray, previous: FloatArray) -> BoolArray:
    """Return which lines have come to rest.

    Steps shrink by about the same factor each time, so what is left after a step is about the
    step times its ratio to the one before.
    """
    return np.asarray((change < SMALL) | (change * change < LEFT * previous))


def _height_over_noise(starts: Starts, rows: IntArray) -> FloatArray:
    """Return heights over noise; the better they are, the faster do the steps shrink."""
    height = starts.height[rows]
    noise = np.sqrt(starts.floor[rows] ** 2 + starts.gain[rows] * height)
    return np.asarray(height / np.maximum(noise, 1e-9 * height))


def _is_skew(window: _Window, parameters: FloatArray) -> BoolArray:
    """Return which lines need the pixels around their top.

    The step in the second derivative at the top of a skew line is not smooth over a knot, nor does
    its steep side bend as slowly as knots need it.
    """
    _, _, _, _, low, high = parameters.T
    return np.asarray(np.abs(np.log(low / high)) > SKEW * (0.5 * (low + high) * window.knots) ** 2)


def _move_residuals(columns: SingleArray, before: FloatArray, after: FloatArray) -> None:
    """Take the residuals from one set of parameters to another close by."""
    step = after - before
    by_position, by_width = slopes_of(before.T[UNIT])
    step[..., POSITION] *= by_position
    step[..., LOW:] *= by_width[..., None]
    moved = step.astype(np.float32)[..., None, :] @ columns[..., :RESIDUAL, :]
    columns[..., RESIDUAL, :] -= moved[..., 0, :]


def slopes_of(height: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return by how much a unit of the columns POSITION, and LOW or HIGH, stands for.

    The change of a coefficient over this is the change of the position or of a width.
    """
    return 2.0 * height, (2.0 / ROOT_FOUR_LN2) * height


def _stepped(parameters: FloatArray, columns: SingleArray, under: SingleArray) -> FloatArray:
    """Take a step that no line loses itself in."""
    gram = (under @ columns.swapaxes(-1, -2)).astype(np.float64)
    matrix = gram[..., :6] + _RIDGE * gram[..., GROUND, GROUND, None, None]
    step = np.linalg.solve(matrix, gram[..., 6:])[..., 0]
    by_position, by_width = slopes_of(np.maximum(parameters.T[UNIT], 1e-3))
    step[..., POSITION] /= by_position
    step[..., LOW:] /= by_width[..., None]
    step += parameters
    widths, at = parameters[..., LOW:], parameters[..., POSITION]
    wide = 0.25 * np.add.reduce(widths, axis=-1)
    step[..., POSITION] = np.minimum(np.maximum(step[..., POSITION], at - wide), at + wide)
    moved = np.minimum(np.maximum(step[..., LOW:], 0.6 * widths), 1.7 * widths)
    wider = 0.5 * np.add.reduce(moved, axis=-1)[..., None]
    step[..., LOW:] = np.minimum(np.maximum(moved, wider / MOST_SKEW), 2.0 * wider)
    return np.asarray(step)


def _as_lines(
    window: _Window,
    parameters: FloatArray,
    columns: SingleArray,
    under: SingleArray,
    *,
    settled: BoolArray,
) -> Lines:
    height, offset, slope, position, low, high = parameters.T
    shape = window.unit_ev[..., None] * parameters[..., POSITION:]
    shape[..., 0] += window.at_ev
    # The window was cut around the first guess: the line must still be well inside of it.
    grown = 0.5 * (low + high)
    ratio = window.ratio(position)
    settled = settled & (np.abs(position) + WINDOW_FWHM * grown < MARGIN * WINDOW_FWHM)
    above = window.along * column(-slope)
    above += window.data
    above -= column(offset)
    return Lines(
        shape=shape,
        height=height * ratio * window.scale,
        offset=offset * window.scale,
        slope=slope * window.scale / window.span_nm,
        reference_nm=window.reference_nm,
        settled=settled,
        index=window.index,
        inside=window.inside,
        above=above,
        columns=columns,
        under=under,
        scale=window.scale,
        unit_ev=window.unit_ev,
        ratio=ratio,
    )
