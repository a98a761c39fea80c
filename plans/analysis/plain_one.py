"""The line fit of one plain spectrum."""

from dataclasses import dataclass
from math import log, sqrt
from typing import Final

import numpy as np
from scipy.linalg.lapack import dgesv

from plans.analysis.grid import Grid, Points
from plans.analysis.line import MOST_SKEW, TAPER_FWHM, WEIGHT_FLOOR, WINDOW_FWHM
from plans.analysis.noise import FloatArray
from plans.analysis.plain_line import LEFT, MOST_STEPS, NEAR, NEARLY, SKEW, SMALL, WIDEST_SHARE
from plans.analysis.plain_one_start import OneStart
from plans.analysis.plain_window import FADING, MARGIN, ROOT_FOUR_LN2, TOP_FWHM
from plans.analysis.spectrum import HC_EV_NM

# A call of numpy costs a microsecond whatever the size of a window. One spectrum is read here with
# as few calls as possible, and with plain numbers between them; `plain_start` and `plain_line` say
# the same for many spectra at once, and tests hold the two against each other.

_RIDGE: Final = 1e-7 * np.eye(6)
_max, _min = np.maximum, np.minimum


@dataclass(slots=True, kw_only=True)
class OneLine:
    """A fitted line.

    Attributes:
        position_ev: maximum per unit of energy.
        low_ev: full width of the low side.
        high_ev: full width of the high side.
        height: counts above the baseline at the position.
        offset: baseline at `reference_nm`, in counts.
        slope: baseline slope, in counts per nm.
        reference_nm: where the offset is given.
        settled: the steps had become small.
        knots: of the window.
        above: counts above the baseline over `scale`.
        residual: what the line leaves of them.
        under: derivatives of the model, times their weights (6 x knots).
        normal: scalar products of the derivatives under weights (6 x 6).
        scale: counts of a residual of 1.
        unit_ev: eV of a shape derivative of 1.
        ratio: height at the position over the coefficient of the first column.
    """

    position_ev: float
    low_ev: float
    high_ev: float
    height: float
    offset: float
    slope: float
    reference_nm: float
    settled: bool
    knots: slice
    above: FloatArray
    residual: FloatArray
    under: FloatArray
    normal: FloatArray
    scale: float
    unit_ev: float
    ratio: float

    @property
    def measurable(self) -> bool:
        """Whether it came to rest, rises above its ground and is narrow beside its energy."""
        narrow = max(self.low_ev, self.high_ev) < WIDEST_SHARE * self.position_ev
        return self.settled and narrow and self.height > 0.0

    @property
    def root_ev(self) -> float:
        """The root in the formula of the maximum against wavelength, in eV."""
        return sqrt(self.position_ev**2 + self.high_ev**2 / log(2.0))

    @property
    def peak_nm(self) -> float:
        """Maximum of the counts against wavelength, in nm."""
        return 2.0 * HC_EV_NM / (self.position_ev + self.root_ev)

    @property
    def fwhm_nm(self) -> float:
        """Distance of the half-maximum wavelengths, in nm."""
        red = self.position_ev - 0.5 * self.low_ev
        return HC_EV_NM / red - HC_EV_NM / (self.position_ev + 0.5 * self.high_ev)


class _Window:
    """Points around a line, in numbers of order one; see `plain_line`."""

    def __init__(
        self, points: Points, part: slice, data: FloatArray, frame: tuple[float, ...]
    ) -> None:
        at_ev, unit_ev, reference_nm, span_nm = frame
        energy = points.energy_ev[part]
        self.away = (at_ev - energy) / unit_ev  # rising
        energy = energy / at_ev
        self.square = energy * energy
        self.columns = np.empty((7, energy.size))
        self.columns[1] = 1.0
        along = np.subtract(points.wavelength_nm[part], reference_nm, out=self.columns[2])
        along *= 1.0 / span_nm
        self.data = data
        self.part: FloatArray | None = None
        self._rows = tuple(self.columns)
        self._room = tuple(np.empty((3, energy.size)))

    def evaluate(self, now: list[float], floor: float) -> tuple[FloatArray, FloatArray]:
        """Return columns times weights, and their scalar products with all columns."""
        unit, _, along, by_position, by_low, by_high, residual = self._rows
        away, per_width, scaled = self._room
        height, offset, slope, position, low, high = now
        np.add(self.away, position, away)
        middle = int(away.searchsorted(0.0, "right"))
        per_width[:middle] = ROOT_FOUR_LN2 / high
        per_width[middle:] = ROOT_FOUR_LN2 / low
        np.multiply(away, per_width, scaled)
        np.multiply(scaled, scaled, unit)
        np.negative(unit, unit)
        np.exp(unit, unit)
        np.multiply(unit, self.square, unit)
        np.multiply(per_width, unit, per_width)
        np.multiply(per_width, scaled, per_width)
        np.negative(per_width, by_position)
        np.multiply(per_width, scaled, by_low)
        by_high[:middle] = by_low[:middle]
        by_high[middle:] = 0.0
        by_low[:middle] = 0.0
        np.multiply(unit, -height, residual)
        np.multiply(along, slope, scaled)
        np.subtract(residual, scaled, residual)
        np.add(residual, self.data, residual)
        np.subtract(residual, offset, residual)
        np.abs(away, away)
        np.multiply(away, -2.0 / TAPER_FWHM / (low + high), away)
        np.add(away, WINDOW_FWHM / TAPER_FWHM, away)
        _min(away, 1.0, out=away)
        _max(away, 0.0, out=away)
        if self.part is not None:
            np.multiply(away, self.part, away)
        np.add(unit, floor, scaled)
        np.divide(away, scaled, away)
        under = self.columns[:6] * away
        return under, under @ self.columns.T


class OneFit:
    """Gauss-Newton steps of one spectrum; see `plain_line.fit_lines`."""

    def __init__(self, grid: Grid, start: OneStart, shape: tuple[float, float, float]) -> None:
        self._grid, self._start = grid, start
        self.at_ev, low, high = shape
        self.unit_ev = 0.5 * (low + high)
        reach = MARGIN * WINDOW_FWHM * self.unit_ev
        self.reference_nm = HC_EV_NM / self.at_ev
        self.span_nm = 2.0 * reach * self.reference_nm**2 / HC_EV_NM
        ends = grid.points.falling.searchsorted((-(self.at_ev + reach), reach - self.at_ev))
        first, last = ends.tolist()
        self.knots = slice(first, max(last, first + 2))
        self._frame = self.at_ev, self.unit_ev, self.reference_nm, self.span_nm
        data = start.knots[self.knots] - start.ground
        data /= start.height
        self._window = _Window(grid.points, self.knots, data, self._frame)
        self._widths = low / self.unit_ev, high / self.unit_ev

    def line(self, pixels: FloatArray) -> OneLine:
        """Fit.

        Args:
            pixels: the spectrum before it was thinned.
        """
        now = [1.0, 0.0, 0.0, 0.0, *self._widths]
        change, settled, skew = 0.0, False, False
        height = self._start.height
        noise = sqrt(self._start.floor**2 + self._start.gain * height)
        # All steps are on all knots, so that no change of knots is in them.
        nearly = 2.0 * min(NEARLY * height / max(noise, 1e-9 * height), NEAR)
        for _ in range(MOST_STEPS):
            before = now
            under, normal = self._window.evaluate(before, self._floor(before[3]))
            now = _stepped(before, normal)
            wide = 0.5 * (before[4] + before[5])
            previous = change
            change = max(abs(now[i] - before[i]) for i in (3, 4, 5)) / wide
            wide = 0.5 * (now[4] + now[5])
            knots = wide * self.unit_ev * self.reference_nm**2 / HC_EV_NM / self._grid.usual_nm
            skew = abs(log(now[4] / now[5])) > SKEW * knots**2
            settled = change < SMALL or change**2 < LEFT * previous
            settled = settled or (skew and change < nearly)
            if settled:
                break
        if skew:
            now = self._on_pixels(now, pixels, knots)
        return self._as_line(before, now, settled, under, normal)

    def _floor(self, position: float) -> float:
        return WEIGHT_FLOOR / self._ratio(position)

    def _ratio(self, position: float) -> float:
        return (1.0 + self.unit_ev * position / self.at_ev) ** 2

    def _on_pixels(self, now: list[float], pixels: FloatArray, wide: float) -> list[float]:
        """Take a step with the pixels around the top in the place of the knots there."""
        grid, start = self._grid, self._start
        at = -(self.at_ev + self.unit_ev * now[3])
        top = int(grid.pixels.falling.searchsorted(at))
        half = max(TOP_FWHM * wide, FADING)
        reach = int((half + FADING) * grid.every)
        part = slice(max(top - reach, 0), min(top + reach + 1, pixels.size))
        data = pixels[part] - start.ground
        data /= start.height
        fine = _Window(grid.pixels, part, data, self._frame)
        away = np.arange(part.start - top, part.stop - top) / grid.every
        fine.part = _faded(away, half)
        fine.part *= 1.0 / grid.every
        middle_nm = float(grid.pixels.wavelength_nm[min(top, pixels.size - 1)])
        apart = grid.wavelength_nm[self.knots] - middle_nm
        apart /= grid.usual_nm
        self._window.part = 1.0 - _faded(apart, half)
        floor = self._floor(now[3])
        kept = self._window.columns.copy()  # what `line` goes on with
        _, normal = self._window.evaluate(now, floor)
        self._window.columns[:] = kept
        return _stepped(now, normal + fine.evaluate(now, floor)[1])

    def _as_line(
        self,
        before: list[float],
        now: list[float],
        settled: bool,
        under: FloatArray,
        normal: FloatArray,
    ) -> OneLine:
        height, offset, slope, position, low, high = now
        columns = self._window.columns
        step = [after - early for after, early in zip(now, before, strict=True)]
        step[3] *= 2.0 * before[0]
        step[4] *= 2.0 / ROOT_FOUR_LN2 * before[0]
        step[5] *= 2.0 / ROOT_FOUR_LN2 * before[0]
        residual = columns[6] - np.array(step) @ columns[:6]
        above = self._window.data - np.array((offset, slope)) @ columns[1:3]
        ratio = self._ratio(position)
        scale = self._start.height
        inside = abs(position) + WINDOW_FWHM * 0.5 * (low + high) < MARGIN * WINDOW_FWHM
        return OneLine(
            position_ev=self.at_ev + self.unit_ev * position,
            low_ev=self.unit_ev * low,
            high_ev=self.unit_ev * high,
            height=height * ratio * scale,
            offset=offset * scale,
            slope=slope * scale / self.span_nm,
            reference_nm=self.reference_nm,
            settled=settled and inside,
            knots=self.knots,
            above=above,
            residual=residual,
            under=under,
            normal=normal,
            scale=scale,
            unit_ev=self.unit_ev,
            ratio=ratio,
        )


def _stepped(now: list[float], normal: FloatArray) -> list[float]:
    """Take a step that no line loses itself in; see `plain_line`."""
    matrix = normal[:, :6] + _RIDGE * normal[1, 1]
    step = dgesv(matrix, normal[:, 6])[2].tolist()
    height = max(now[0], 1e-3)
    _, _, _, at, low, high = now
    wide = 0.25 * (low + high)
    per_width = 0.5 * ROOT_FOUR_LN2 / height
    position = at + min(max(step[3] * 0.5 / height, -wide), wide)
    low = min(max(low + step[4] * per_width, 0.6 * low), 1.7 * low)
    high = min(max(high + step[5] * per_width, 0.6 * high), 1.7 * high)
    wider = 0.5 * (low + high)
    low = min(max(low, wider / MOST_SKEW), 2.0 * wider)
    high = min(max(high, wider / MOST_SKEW), 2.0 * wider)
    return [now[0] + step[0], now[1] + step[1], now[2] + step[2], position, low, high]


def _faded(away: FloatArray, half: float) -> FloatArray:
    part = np.abs(away)
    part *= -1.0 / FADING
    part += (half + FADING) / FADING
    _min(part, 1.0, out=part)
    _max(part, 0.0, out=part)
    return np.asarray(part * part * (3.0 - 2.0 * part))
