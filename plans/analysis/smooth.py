"""Smooth a spectrum on a uniform wavelength grid."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.noise import FloatArray

_MOST_BINS: Final = 4000
_FINEST_STEP_NM: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Binned:
    """A spectrum in equal steps of wavelength.

    Attributes:
        wavelength_nm: middle of each bin.
        counts: mean of the pixels in each bin, interpolated where a bin holds none.
        step_nm: width of a bin.
        pixels: mean number of pixels in a bin.
    """

    wavelength_nm: FloatArray
    counts: FloatArray
    step_nm: float
    pixels: float


def rebin(wavelength_nm: FloatArray, counts: FloatArray) -> Binned:
    """Average a spectrum (rising, finite, at least two wavelengths) into equal bins."""
    start, stop = float(wavelength_nm[0]), float(wavelength_nm[-1])
    spacing = (stop - start) / (wavelength_nm.size - 1)
    step = max(_FINEST_STEP_NM, spacing, (stop - start) / _MOST_BINS)
    number = int((stop - start) / step) + 1
    index = np.minimum(((wavelength_nm - start) / step).astype(np.intp), number - 1)
    held = np.bincount(index, minlength=number)
    total = np.bincount(index, weights=counts, minlength=number)
    where = np.bincount(index, weights=wavelength_nm, minlength=number)
    full = held > 0
    middle: FloatArray = start + (np.arange(number, dtype=np.float64) + 0.5) * step
    mean = np.interp(middle, where[full] / held[full], total[full] / held[full])
    return Binned(
        wavelength_nm=middle,
        counts=mean,
        step_nm=step,
        pixels=max(1.0, wavelength_nm.size / number),
    )


def kernel(fwhm_nm: float, step_nm: float) -> FloatArray:
    """Return a Gaussian of unit sum, `fwhm_nm` wide, in steps of `step_nm`."""
    half = max(1, int(np.ceil(1.5 * fwhm_nm / step_nm)))
    offset = np.arange(-half, half + 1) * step_nm
    shape = np.exp(-4 * np.log(2) * (offset / fwhm_nm) ** 2)
    return np.asarray(shape / shape.sum(), dtype=np.float64)


def smooth_bins(binned: Binned, fwhm_nm: float) -> FloatArray:
    """Smooth binned counts with a Gaussian; the ends are continued by their last value."""
    weights = kernel(min(fwhm_nm, binned.step_nm * binned.counts.size / 3), binned.step_nm)
    half = weights.size // 2
    return np.convolve(np.pad(binned.counts, half, mode="edge"), weights, mode="valid")


def smooth(wavelength_nm: FloatArray, counts: FloatArray, fwhm_nm: float) -> FloatArray:
    """Smooth a spectrum with a Gaussian of `fwhm_nm` and return it on its own axis."""
    binned = rebin(wavelength_nm, counts)
    return np.interp(wavelength_nm, binned.wavelength_nm, smooth_bins(binned, fwhm_nm))
