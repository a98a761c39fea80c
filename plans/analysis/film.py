"""What the red shift of a film is made of: coupling, bulk-like crystals, reabsorption.

The dry film is two lines behind its own absorption: that of the superlattice, and that of larger,
bulk-like crystals which collect excitons. Some light leaves through the lit face, the rest is
guided along the film first (Baranov et al., ACS Energy Lett. 4, 2019). How much is guided, and how
far against the thickness, is fitted with the lines: the measured absorbance says how the spectrum
must look for it. The position of the bulk-like line is an assumption that may be changed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from plans.analysis.inner_filter import front_face_transmission
from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import HC_EV_NM

BULK_LIKE_EV: Final = 2.345
"""Line of bulk-like CsPbBr3 crystals, eV."""
_BAND_NM: Final = (475.0, 620.0)
_CLEAR_NM: Final = (575.0, 690.0)  # only scatter is left of the absorbance here
_SMOOTH_NM: Final = 1.5
_THICK: Final = 2.0  # absorbance that a spectrometer still measures well
_LN10: Final = float(np.log(10.0))
_RED, _BLUE = 1.12, 0.88  # parts of the width on both sides of the line
_BULK_REACH_EV: Final = 0.012
_NOISE: Final = 0.002  # of the largest count: what the shape of the model leaves
_NO_BUDGET: Final = float("nan")


@dataclass(frozen=True, kw_only=True)
class FilmBudget:
    """The parts of the shift of the peak per nm, to the red, in photon energy.

    Attributes:
        coupling_mev: from the line of dispersed crystals to that of the superlattice.
        bulk_like_mev: what the line of bulk-like crystals adds.
        reabsorption_mev: what is left: light that the film kept.
        coupling_mev_se: standard error of the first, from the fit.
        guided_share: part of the light that is guided along the film.
        path_ratio: way of that light in units of the film's thickness.
        residual: root mean square of what the model leaves, as a part of the largest count.
        reason: why there is no budget, "" if there is one.
    """

    coupling_mev: float = _NO_BUDGET
    bulk_like_mev: float = _NO_BUDGET
    reabsorption_mev: float = _NO_BUDGET
    coupling_mev_se: float = _NO_BUDGET
    guided_share: float = _NO_BUDGET
    path_ratio: float = _NO_BUDGET
    residual: float = _NO_BUDGET
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class FilmSpectrum:
    """A film at one moment.

    Attributes:
        wavelength_nm: the axis.
        counts: its spectrum, dark subtracted.
        absorbance: decadic absorbance on the same axis, NaN where it could not be measured.
        excitation_absorbance: decadic absorbance at the wavelength of the light; a film is too
            thick there to be measured, but extinction and amount are known.
    """

    wavelength_nm: FloatArray
    counts: FloatArray
    absorbance: FloatArray
    excitation_absorbance: float


_FINE_EV: Final = np.linspace(2.1, 2.6, 25001)


def film_budget(
    start: FilmSpectrum, end: FilmSpectrum, *, bulk_like_ev: float = BULK_LIKE_EV
) -> FilmBudget:
    """Split the shift between a wet drop and the film that it has become.

    Args:
        start: The drop before anything has assembled.
        end: The dry film.
        bulk_like_ev: Line of bulk-like crystals, eV.
    """
    try:
        wet, dry = (_prepared(each) for each in (start, end))
    except ValueError as error:
        return FilmBudget(reason=str(error))
    crystal = _fit(wet, _one_line(wet), [(_top_ev(wet.energy_ev, wet.per_ev), 0.088)])
    if crystal is None:
        return FilmBudget(reason="the line of the wet drop could not be fitted")
    crystal_ev = crystal[0][1]
    found = _fit(dry, _two_lines(dry, bulk_like_ev), [(crystal_ev - d, 0.075) for d in _SHIFTS_EV],
                 more=_MORE)  # fmt: skip
    if found is None:
        return FilmBudget(reason="the lines of the film could not be fitted")
    values, residual, errors = found
    peak_ev = _peak_ev(_line(_FINE_EV, crystal_ev, crystal[0][2]))
    return _split(dry, values, peak_ev, bulk_like_ev, residual, errors)


_SHIFTS_EV: Final = (0.01, 0.085)  # where the search for the line of the superlattice begins
_MORE: Final = tuple(
    (bulk, 0.0, ratio, guided) for bulk in (0.02, 1.0) for ratio, guided in ((2.0, 0.1), (8.0, 0.9))
)
"""Where it begins: height and move of the bulk-like line, way and share of guided light."""


@dataclass(frozen=True, kw_only=True)
class _Film:
    energy_ev: FloatArray  # rising
    per_ev: FloatArray  # the largest is 1
    emission: FloatArray  # natural absorbance
    excitation: float
    noise: FloatArray


_Values = list[float]
_Model = Callable[[FloatArray], FloatArray]


def _prepared(film: FilmSpectrum) -> _Film:
    axis, counts = film.wavelength_nm, film.counts
    used = (axis >= _BAND_NM[0]) & (axis <= _BAND_NM[1])
    if np.count_nonzero(used) < 50 or not np.nanmax(counts[used], initial=0.0) > 0:
        raise ValueError("there is no light between 475 and 620 nm")
    own = _natural(axis, film.absorbance)
    energy = HC_EV_NM / axis[used][::-1]
    per_ev = (counts[used] * axis[used] ** 2)[::-1]
    largest = float(np.max(per_ev))
    photons = np.maximum(counts[used][::-1], 0.0) / float(np.max(counts[used]))
    return _Film(
        energy_ev=energy,
        per_ev=per_ev / largest,
        emission=own[used][::-1],
        excitation=max(film.excitation_absorbance, 1e-3),
        noise=np.sqrt(_NOISE**2 + 1e-5 * photons),
    )


def _natural(axis: FloatArray, absorbance: FloatArray) -> FloatArray:
    """Return the natural absorbance without scatter; what is too thick to measure goes on up."""
    good = np.isfinite(absorbance)
    clear = good & (axis >= _CLEAR_NM[0]) & (axis <= _CLEAR_NM[1])
    if np.count_nonzero(clear) < 20:
        raise ValueError("no absorbance was measured from 575 to 690 nm")
    scatter = np.zeros_like(axis)
    if np.median(absorbance[clear]) > 0.01:
        level = np.maximum(absorbance[clear], 1e-4)
        slope, height = np.polyfit(np.log(axis[clear]), np.log(level), 1)
        scatter = np.exp(height + slope * np.log(axis))
    else:
        scatter += np.median(absorbance[clear])
    own = np.where(good, absorbance - scatter, np.nan)
    thick = np.flatnonzero((own > _THICK) & (axis < _CLEAR_NM[0]))
    edge = int(thick[-1]) + 1 if thick.size else 0
    pixels = max(1, round(_SMOOTH_NM / float(np.median(np.diff(axis)))))
    known = np.flatnonzero(np.isfinite(own) & (np.arange(axis.size) >= edge))
    smooth = np.convolve(np.interp(np.arange(axis.size), known, own[known]),
                         np.ones(pixels) / pixels, "same")  # fmt: skip
    if edge:  # at least as thick as what was measured last, and more to the blue
        steps = np.arange(edge, 0, -1)
        slope = max(0.0, float(own[known[0]] - own[known[min(len(known) - 1, 3 * pixels)]]))
        smooth[:edge] = own[known[0]] + slope / (3 * pixels) * steps
    return np.asarray(_LN10 * np.maximum(smooth, 0.0))


def _line(energy_ev: FloatArray, centre_ev: float, width_ev: float) -> FloatArray:
    side = np.where(energy_ev < centre_ev, _RED, _BLUE)
    return np.asarray(np.exp(-4 * np.log(2) * ((energy_ev - centre_ev) / (width_ev * side)) ** 2))


def _one_line(film: _Film) -> Callable[[FloatArray], FloatArray]:
    out = front_face_transmission(film.excitation, film.emission / _LN10)

    def model(values: FloatArray) -> FloatArray:
        height, centre_ev, width_ev = values
        return np.asarray(height * _line(film.energy_ev, centre_ev, width_ev) * out)

    return model


def _two_lines(film: _Film, bulk_like_ev: float) -> Callable[[FloatArray], FloatArray]:
    out = front_face_transmission(film.excitation, film.emission / _LN10)

    def model(values: FloatArray) -> FloatArray:
        guided, ratio = values[6], values[5]
        along = np.exp(-film.emission * ratio)
        inside = _inside(film.energy_ev, values, bulk_like_ev)
        return np.asarray(inside * out * (1.0 - guided + guided * along))

    return model


def _inside(energy_ev: FloatArray, values: FloatArray, bulk_like_ev: float) -> FloatArray:
    height, centre_ev, width_ev, bulk, move_ev, *_ = values
    lattice = height * _line(energy_ev, centre_ev, width_ev)
    return np.asarray(lattice + bulk * _line(energy_ev, bulk_like_ev + move_ev, width_ev))


def _fit(
    film: _Film,
    model: _Model,
    starts: list[tuple[float, float]],
    more: tuple[tuple[float, ...], ...] = ((),),
) -> tuple[FloatArray, float, FloatArray] | None:
    """Return the best values of several starts, what they leave, and their standard errors."""
    from scipy.optimize import least_squares

    reach = _BULK_REACH_EV
    low = np.array([0.0, 2.25, 0.055, 0.0, -reach, 0.2, 0.0])
    high = np.array([60.0, 2.50, 0.110, 60.0, reach, 40.0, 1.0])
    scale = np.array([1.0, 0.01, 0.01, 1.0, 0.01, 3.0, 0.3])
    best = None
    for centre_ev, width_ev in starts:
        for rest in more:
            first = np.array([1.0, centre_ev, width_ev, *rest])
            n = first.size
            found = least_squares(
                lambda v: (model(v) - film.per_ev) / film.noise,
                np.clip(first, low[:n] + 1e-9, high[:n] - 1e-9),
                bounds=(low[:n], high[:n]),
                x_scale=scale[:n],
            )
            if best is None or found.cost < best.cost:
                best = found
    if best is None or not np.isfinite(best.cost):
        return None
    left = model(best.x) - film.per_ev
    freedom = max(1, left.size - best.x.size)
    inverse = np.linalg.pinv(best.jac.T @ best.jac) * 2.0 * best.cost / freedom
    return best.x, float(np.sqrt(np.mean(left**2))), np.sqrt(np.maximum(np.diag(inverse), 0.0))


def _split(
    film: _Film,
    values: FloatArray,
    crystal_ev: float,
    bulk_like_ev: float,
    residual: float,
    errors: FloatArray,
) -> FilmBudget:
    lattice = values * np.array([1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    lattice_ev = _peak_ev(_inside(_FINE_EV, lattice, bulk_like_ev))
    own_ev = _peak_ev(_inside(_FINE_EV, values, bulk_like_ev))
    seen_ev = _top_ev(film.energy_ev, film.per_ev * film.energy_ev**2)
    found = FilmBudget(
        coupling_mev=1e3 * (crystal_ev - lattice_ev),
        bulk_like_mev=1e3 * (lattice_ev - own_ev),
        reabsorption_mev=1e3 * (own_ev - seen_ev),
        coupling_mev_se=1e3 * float(errors[1]),
        guided_share=float(values[6]),
        path_ratio=float(values[5]),
        residual=residual,
    )
    if residual > 0.05:
        return replace(found, reason=f"the model leaves {100 * residual:.0f} % of the spectrum")
    return found


def _peak_ev(per_ev: FloatArray) -> float:
    """Return the photon energy of the peak per nm, which is what peaks are everywhere else."""
    return float(_FINE_EV[int(np.argmax(per_ev * _FINE_EV**2))])


def _top_ev(energy_ev: FloatArray, per_ev: FloatArray) -> float:
    """Return the top of the parabola through what is near the largest value."""
    largest = int(np.argmax(per_ev))
    near = np.abs(energy_ev - energy_ev[largest]) < 0.012
    shifted = energy_ev[near] - energy_ev[largest]
    curve, slope, _ = np.polyfit(shifted, per_ev[near], 2)
    return float(energy_ev[largest] - slope / (2.0 * curve))
