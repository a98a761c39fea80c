"""The line fit of many plain spectra at once."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

import numpy as np

from plans.analysis.grid import Grid, IntArray, SingleArray
from plans.analysis.line import MOST_SKEW, WINDOW_FWHM
from plans.analysis.noise import FloatArray
from plans.analysis.normal_equations import solve_each
from plans.analysis.plain_start import Starts
from plans.analysis.plain_window import (
    LOW,
    MARGIN,
    POSITION,
    RESIDUAL,
    ROOT_FOUR_LN2,
    UNIT,
    Columns,
    Pixels,
    Window,
    column,
)
from plans.analysis.spectrum import HC_EV_NM, BoolArray

_LN2: Final = float(np.log(2.0))
MOST_STEPS: Final = 14
_COARSE_STEPS: Final = 2  # on every other knot
SMALL: Final = 1e-4  # full widths
LEFT: Final = 1e-5
NEARLY: Final = 8e-5  # full widths at a height of the noise, near enough for a step on pixels
NEAR: Final = 0.01
RIDGE: Final = 1e-7  # of the sum of all weights
WIDEST_SHARE: Final = 0.5
"""A half wider than this part of its energy ends where there is no light."""
SKEW: Final = 0.0013  # logarithm of the ratio of the widths, over the square of a width in knots


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
        products: of `under` and `columns`, with the residual before the last step (n x 6 x 7).
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
    products: SingleArray
    scale: FloatArray
    unit_ev: FloatArray
    ratio: FloatArray

    @cached_property
    def fwhm_ev(self) -> FloatArray:
        """Full widths at half maximum, in eV."""
        _, low, high = self.shape.T
        return np.asarray(0.5 * (low + high))[()]

    @cached_property
    def measurable(self) -> BoolArray:
        """Lines that came to rest, rise above their ground and are narrow beside their energy."""
        return np.asarray(self.settled & self.narrow & (self.height > 0.0))

    @cached_property
    def narrow(self) -> BoolArray:
        """Lines with widths above zero that are narrow beside their energy."""
        position, low, high = self.shape.T
        with np.errstate(invalid="ignore"):
            narrow = np.maximum(low, high) < WIDEST_SHARE * position
            return np.asarray(narrow & (np.minimum(low, high) > 0.0))

    def part(self, rows: BoolArray) -> "Lines":
        """Return some of the lines."""
        return Lines(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})

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
    window = Window(grid, starts, rows)
    parameters = _first(window, shape)
    coarse = window.part(slice(None), every=2)
    at = parameters
    for _ in range(_COARSE_STEPS):
        at, parameters = parameters, _stepped(parameters, coarse.evaluate(parameters).products())
    previous = _change(at, parameters)
    at = parameters
    found = window.evaluate(at)
    products = found.products()
    parameters = _stepped(at, products)
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
            found = window.evaluate(now)
            again = products = found.products()
        else:
            part = window.part(left).evaluate(now)
            found.columns[left], found.under[left] = part.columns, part.under
            products[left] = again = part.products()
        at[left], parameters[left] = now, _stepped(now, again)
        previous[left], change[left] = change[left], _change(now, parameters[left])
    _step_on_pixels(window, parameters, skew, Pixels(grid, starts, rows, pixels))
    _move_residuals(found.columns, at, parameters)
    return _as_lines(window, parameters, found, products, settled=settled)


def _step_on_pixels(
    window: Window, parameters: FloatArray, skew: BoolArray, pixels: Pixels
) -> None:
    """Take a step with the pixels around the tops of skew lines in the place of the knots."""
    few = np.flatnonzero(skew & np.isfinite(parameters.T[LOW]))  # others lost themselves
    if few.size == 0:
        return
    part = window if few.size == skew.size else window.part(few)
    now = parameters[few]
    tops, feet = part.with_pixels(pixels, few, now)
    products = tops.evaluate(now).products()
    products += feet.evaluate(now).products()
    parameters[few] = _stepped(now, products)


def _first(window: Window, shape: FloatArray) -> FloatArray:
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


def _is_skew(window: Window, parameters: FloatArray) -> BoolArray:
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


def _stepped(parameters: FloatArray, products: SingleArray) -> FloatArray:
    """Take a step that no line loses itself in."""
    step = solve_each(products[..., :RESIDUAL], products[..., RESIDUAL:], RIDGE)[0].T.copy()
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
    window: Window,
    parameters: FloatArray,
    found: Columns,
    products: SingleArray,
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
        columns=found.columns,
        under=found.under,
        products=products,
        scale=window.scale,
        unit_ev=window.unit_ev,
        ratio=ratio,
    )
