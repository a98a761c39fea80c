"""The knots and pixels around the lines of many plain spectra."""

from copy import copy
from typing import Any, Final, NamedTuple

import numpy as np

from plans.analysis.grid import Grid, IntArray, Points, SingleArray
from plans.analysis.line import TAPER_FWHM, WEIGHT_FLOOR, WINDOW_FWHM
from plans.analysis.noise import FloatArray
from plans.analysis.plain_start import Starts
from plans.analysis.spectrum import HC_EV_NM, BoolArray

ROOT_FOUR_LN2: Final = float(np.sqrt(4.0 * np.log(2.0)))
UNIT, GROUND, ALONG, POSITION, LOW, HIGH, RESIDUAL = range(7)
"""Columns of a fit. Those of the position and the widths stand for the change of the line by
`plain_line.slopes_of` per unit of energy."""
MARGIN: Final = 1.2
"""Of the window, for a line that becomes wider or moves."""
TOP_FWHM: Final = 0.5
"""Pixels stand for knots this far to each side of a top, in full widths, ..."""
FADING: Final = 3.5
"""... and hand over to them within so many knots."""


def column(values: Any) -> SingleArray:
    """Return values of spectra so that they spread along the pixels."""
    return np.asarray(values, dtype=np.float32)[..., None]


class Columns(NamedTuple):
    """Derivatives of a model, and the residual.

    Attributes:
        columns: all (n x 7 x s).
        under: the first six of them under weights (n x 6 x s).
    """

    columns: SingleArray
    under: SingleArray

    def products(self) -> SingleArray:
        """Return the scalar products under weights (n x 6 x 7), zero below the diagonal.

        What is below is the same as above; the columns of the two widths share no knot.
        """
        number, most, _ = self.under.shape
        found = np.zeros((number, most, most + 1), dtype=np.float32)
        for k in range(most):
            np.einsum("ns,njs->nj", self.under[:, k], self.columns[:, k:], out=found[:, k, k:])
        return found


class Pixels(NamedTuple):
    """Spectra of a group, thinned and not.

    Attributes:
        grid: the knots.
        starts: all spectra on them.
        rows: which of them are in the group.
        counts: all spectra, not thinned.
    """

    grid: Grid
    starts: Starts
    rows: IntArray
    counts: SingleArray


class Window:
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
        """Lay the points of an index out in the units of the window."""
        energy, axis = points.energy_ev[index], points.wavelength_nm[index]
        at_ev, span_nm = self.at_ev[..., None], self.span_nm[..., None]
        self.z = ((energy - at_ev) / self.unit_ev[..., None]).astype(np.float32)
        self.square = np.square(energy / at_ev).astype(np.float32)
        self.along = ((axis - self.reference_nm[..., None]) / span_nm).astype(np.float32)

    def with_pixels(
        self, pixels: Pixels, few: IntArray, parameters: FloatArray
    ) -> tuple["Window", "Window"]:
        """Return the pixels around the tops, and the knots in whose place they are not.

        From the top outwards the weight goes over from pixels to knots, slowly enough to be smooth
        over a knot.

        Args:
            pixels: of the group.
            few: which of the group are here.
            parameters: of the lines.
        """
        grid, rows = pixels.grid, pixels.rows[few]
        _, _, _, position, low, high = parameters.T
        last = grid.pixels.energy_ev.size - 1
        top = np.searchsorted(grid.pixels.falling, -(self.at_ev + self.unit_ev * position))
        top = np.minimum(top, last)
        half_fwhm = np.minimum(0.25 * (low + high) * self.knots, self.z.shape[-1])
        half = column(np.maximum(2.0 * TOP_FWHM * half_fwhm, FADING))
        reach = int((float(half.max()) + FADING) * grid.every)
        index = top[..., None] + np.arange(-reach, reach + 1)
        known = (index >= 0) & (index <= last)
        np.minimum(np.maximum(index, 0, out=index), last, out=index)
        tops, feet = copy(self), copy(self)
        tops.place(grid.pixels, index)
        away = np.arange(-reach, reach + 1, dtype=np.float32) / np.float32(grid.every)
        tops.inside = _faded(away, half) * known * np.float32(1.0 / grid.every)
        tops.data = pixels.counts[rows[:, None], index]
        tops.data -= column(pixels.starts.ground[rows])
        tops.data *= column(1.0 / self.scale)
        tops.clear()
        middle = (grid.pixels.wavelength_nm[top] - self.reference_nm) / self.span_nm
        per_knot = grid.usual_nm / self.span_nm
        apart = (self.along - column(middle)) * column(1.0 / per_knot)
        feet.inside = self.inside * (1.0 - _faded(apart, half))
        feet.clear()  # the columns of the window are still needed
        return tops, feet

    def part(self, rows: BoolArray | IntArray | slice, every: int = 1) -> "Window":
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

    def evaluate(self, parameters: FloatArray) -> Columns:
        """Return the columns, which hold until the next call.

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
        np.minimum(by_position, 0.0, out=found[LOW])
        np.maximum(by_position, 0.0, out=found[HIGH])
        found[LOW : HIGH + 1] *= scaled
        residual = np.multiply(unit, -single[..., UNIT, :], out=found[RESIDUAL])
        residual += self.data
        residual -= single[..., GROUND, :]
        residual -= np.multiply(self.along, single[..., ALONG, :], out=scaled)
        weights = np.abs(away, out=under[GROUND])
        weights *= (-2.0 / TAPER_FWHM) / (low + high)
        weights += WINDOW_FWHM / TAPER_FWHM
        np.minimum(weights, 1.0, out=weights)
        np.maximum(weights, 0.0, out=weights)
        weights *= self.inside
        # Weights follow the line where it is, not at the energy of the first guess.
        floor = column(WEIGHT_FLOOR / self.ratio(parameters.T[POSITION]))
        weights /= np.add(unit, floor, out=scaled)
        np.multiply(unit, weights, out=under[UNIT])
        np.multiply(found[ALONG:RESIDUAL], weights, out=under[ALONG:])
        return Columns(found.swapaxes(0, 1), under.swapaxes(0, 1))

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
