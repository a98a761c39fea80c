"""The shift of a series, split by population."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from plans.analysis.noise import FloatArray
from plans.analysis.split import ShiftSplit, split_shift

if TYPE_CHECKING:
    from plans.importing.analyse import AnalysedSpectrum

_MOST_AVERAGED = 5


def split_series(
    found: Sequence["AnalysedSpectrum"],
    end: Sequence["AnalysedSpectrum"] | None = None,
    band_nm: tuple[float, float] | None = None,
) -> ShiftSplit:
    """Split the shift from the first to the last spectra of a series.

    Args:
        found: the series, with its peaks.
        end: a series whose last spectra are those of the product alone; None splits with two free
            lines.
        band_nm: where the peak may be; None is everywhere.
    """
    usable = [item for item in found if item.peak.is_usable]
    if len(usable) < 2:
        return ShiftSplit(reason="fewer than two spectra have a peak")
    axis = usable[0].spectrum.wavelength_nm
    alike = [item for item in usable if np.array_equal(item.spectrum.wavelength_nm, axis)]
    count = max(1, min(_MOST_AVERAGED, len(alike) // 5))
    first, last = _mean(alike[:count]), _mean(alike[-count:])
    reference: FloatArray | None = None
    if end is not None:
        shining = shining_at_the_end(end)
        if not shining:
            return ShiftSplit(reason="the spectra of the product have no peak")
        reference = mean_on(axis, shining)
    return split_shift(axis, first, last, end_counts=reference, band_nm=band_nm)


def shining_at_the_end(found: Sequence["AnalysedSpectrum"]) -> list["AnalysedSpectrum"]:
    """Return the last spectra that have a peak, at most five."""
    return [item for item in found if item.peak.is_usable][-_MOST_AVERAGED:]


def _mean(items: Sequence["AnalysedSpectrum"]) -> FloatArray:
    return np.asarray(np.mean([item.spectrum.counts for item in items], axis=0))


def mean_on(axis: FloatArray, items: Sequence["AnalysedSpectrum"]) -> FloatArray:
    """Return the mean of spectra on another axis, NaN beyond their own."""
    moved = []
    for item in items:
        nm, counts = item.spectrum.wavelength_nm, item.spectrum.counts
        known = np.isfinite(nm) & np.isfinite(counts)
        order = np.argsort(nm[known], kind="stable")
        at, values = nm[known][order], counts[known][order]
        moved.append(np.interp(axis, at, values, left=np.nan, right=np.nan))
    return np.asarray(np.mean(moved, axis=0))
