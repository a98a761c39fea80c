"""Clean spectra: dark, saturation, spikes, axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import median_filter

from plans.analysis.noise import FloatArray, NoiseModel, estimate_noise
from plans.analysis.smooth import smooth

BoolArray = NDArray[np.bool_]

HC_EV_NM: Final = 1239.841984
"""Planck constant times speed of light, in eV nm (CODATA 2018)."""
SATURATION_FRACTION: Final = 0.95
"""A pixel above this part of full scale is not trusted: detectors bend before they clip."""
LARGEST_VALUE: Final = 1e30
"""A number beyond this is a broken file, not a count."""
SMALLEST_VALUE: Final = 1e-30
"""A number closer to zero is zero. Between the two, noise powers and their ratios are numbers."""
SHORTEST_NM: Final = 100.0
LONGEST_NM: Final = 20_000.0
"""No spectrometer that works in air sees wavelengths outside of these."""
NARROWEST_LINE_NM: Final = 10.0
"""Nothing that shines in a vial at room temperature is narrower; a spike is."""
_SPIKE_SIGMAS: Final = 8.0
_SPIKE_PIXELS: Final = 3


def energy_ev(wavelength_nm: FloatArray | float) -> FloatArray:
    """Return the photon energy in eV of wavelengths in nm."""
    return np.asarray(HC_EV_NM / np.asarray(wavelength_nm, dtype=np.float64))


def per_energy(wavelength_nm: FloatArray, counts: FloatArray) -> FloatArray:
    """Turn an emission spectrum per nm into one per eV, I(E) = I(nm) nm^2 / hc.

    Only emission has this factor (Mooney and Kambhampati, J. Phys. Chem. Lett. 2013, 4, 3316);
    an absorbance only changes its axis.
    """
    return np.asarray(counts * wavelength_nm**2 / HC_EV_NM)


def subtract_dark(counts: FloatArray, dark: FloatArray) -> FloatArray:
    """Return counts minus dark, both taken with the same exposure and averaging.

    Raises:
        ValueError: the two do not have the same number of pixels.
    """
    if counts.shape != dark.shape:
        raise ValueError(
            f"a dark spectrum of {dark.size} pixels cannot be subtracted from one of "
            f"{counts.size}: take a dark with the same spectrometer"
        )
    return np.asarray(counts - dark, dtype=np.float64)


def saturated_pixels(raw_counts: FloatArray, full_scale_counts: float) -> BoolArray:
    """Return which pixels of a raw (not dark corrected) spectrum are at the detector's limit."""
    return np.asarray(raw_counts >= SATURATION_FRACTION * full_scale_counts)


@dataclass(frozen=True, kw_only=True)
class CleanSpectrum:
    """A spectrum in rising wavelength with what must not be trusted marked.

    Attributes:
        wavelength_nm: finite, not falling.
        counts: finite, spikes replaced by the median of their neighbours.
        level: the counts, smoothed, in counts.
        noise: variance of a pixel against its level above `pedestal`.
        pedestal: low level of the spectrum, in counts.
        saturated: pixels at the detector's limit.
        spikes: pixels that were replaced.
        dropped: number of values that were no finite numbers.
    """

    wavelength_nm: FloatArray
    counts: FloatArray
    level: FloatArray
    noise: NoiseModel
    pedestal: float
    saturated: BoolArray
    spikes: BoolArray
    dropped: int


def clean(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    *,
    raw_counts: ArrayLike | None = None,
    full_scale_counts: float | None = None,
    dark_noise: float | None = None,
    minimum_pixels: int = 12,
) -> CleanSpectrum | str:
    """Sort a spectrum, drop what is no number, mark saturated pixels and take out spikes.

    Args:
        wavelength_nm: axis in nm, any order.
        counts: signal, dark corrected or not.
        raw_counts: signal as the detector gave it; saturation is judged on it.
        full_scale_counts: largest count of the detector.
        dark_noise: standard deviation of a dark pixel in counts, when known.
        minimum_pixels: fewer finite values than this are no spectrum.

    Returns:
        The clean spectrum, or a sentence that says why there is none.
    """
    arrays = as_arrays(wavelength_nm, counts, counts if raw_counts is None else raw_counts)
    if isinstance(arrays, str):
        return arrays
    axis, signal, raw = arrays
    signal = physical(signal)
    good = np.isfinite(signal) & (axis >= SHORTEST_NM) & (axis <= LONGEST_NM)
    if int(good.sum()) < minimum_pixels:
        return f"only {int(good.sum())} of {axis.size} values are finite numbers"
    order = np.argsort(axis[good], kind="stable")
    axis, signal, raw = (values[good][order] for values in (axis, signal, raw))
    if axis[-1] <= axis[0]:
        return "all values are at one wavelength"
    saturated = np.zeros(axis.size, dtype=np.bool_)
    if full_scale_counts is not None and full_scale_counts > 0:
        saturated = saturated_pixels(np.nan_to_num(raw, nan=0.0), full_scale_counts)
    return _without_spikes(axis, signal, saturated, dark_noise, dropped=int((~good).sum()))


def as_arrays(*values: ArrayLike) -> list[FloatArray] | str:
    """Return arrays of one length, or a sentence that says why they are none."""
    try:
        arrays = [np.asarray(value, dtype=np.float64).ravel() for value in values]
    except (TypeError, ValueError, OverflowError):
        return "the values are not numbers"
    if len({array.size for array in arrays}) > 1:
        sizes = ", ".join(str(array.size) for array in arrays)
        return f"the axis and the signal do not have the same length ({sizes})"
    return arrays


def physical(values: FloatArray) -> FloatArray:
    """Return counts with NaN for what no detector gives, and 0 for what is nothing to it."""
    size = np.abs(values)
    return np.where(size < SMALLEST_VALUE, 0.0, np.where(size < LARGEST_VALUE, values, np.nan))


def are_physical(values: FloatArray) -> bool:
    """Tell, faster than `physical` does, whether a detector may have given all of these counts."""
    with np.errstate(all="ignore"):
        return float(values @ values) < LARGEST_VALUE**2


def rising(wavelength_nm: FloatArray, values: FloatArray) -> FloatArray:
    """Return values (pixels along the last axis) in the order of rising wavelength.

    An axis that holds what is no number is left as it is.
    """
    if wavelength_nm.size < 2 or not np.all(np.isfinite(wavelength_nm)):
        return values
    if np.all(np.diff(wavelength_nm) >= 0.0):
        return values
    return np.asarray(values[..., np.argsort(wavelength_nm, kind="stable")])


def _without_spikes(
    axis: FloatArray, signal: FloatArray, saturated: BoolArray, floor: float | None, *, dropped: int
) -> CleanSpectrum:
    median = median_filter(signal, size=2 * _SPIKE_PIXELS + 1, mode="nearest")
    level = smooth(axis, median, 6.0)
    pedestal = float(np.min(level))
    noise = estimate_noise(signal, level - pedestal, floor=floor)
    step = float(axis[-1] - axis[0]) / (axis.size - 1)
    top_droops_by = -np.expm1(-4 * np.log(2) * (1.75 * step / NARROWEST_LINE_NM) ** 2)
    excess = np.abs(signal - median)
    allowed = np.maximum(
        _SPIKE_SIGMAS * noise.sigma(level - pedestal),
        2.0 * top_droops_by * np.abs(signal - pedestal),
    )
    spikes = _narrow_runs(excess > np.maximum(allowed, 1e-9 * np.abs(signal)), _SPIKE_PIXELS)
    spikes &= ~saturated
    counts = np.where(spikes, median, signal)
    return CleanSpectrum(
        wavelength_nm=axis,
        counts=counts,
        level=level,
        noise=noise,
        pedestal=pedestal,
        saturated=saturated,
        spikes=spikes,
        dropped=dropped,
    )


def _narrow_runs(marked: BoolArray, longest: int) -> BoolArray:
    """Keep only runs of at most `longest` marked pixels."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    kept = marked.copy()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start > longest:
            kept[start:stop] = False
    return kept


def in_windows(wavelength_nm: FloatArray, windows_nm: Sequence[tuple[float, float]]) -> BoolArray:
    """Return which wavelengths lie in one of the windows (low, high)."""
    inside = np.zeros(wavelength_nm.shape, dtype=np.bool_)
    for low, high in windows_nm:
        inside |= (wavelength_nm >= low) & (wavelength_nm <= high)
    return inside
