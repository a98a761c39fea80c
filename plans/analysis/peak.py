"""Find the photoluminescence line of a spectrum and read it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis import flags
from plans.analysis.band import band_of
from plans.analysis.careful import CarefulReading
from plans.analysis.leak import leak_windows
from plans.analysis.line import USUAL_RESOLUTION_NM
from plans.analysis.peak_result import PeakResult
from plans.analysis.plain_peaks import read_plain_peak
from plans.analysis.spectrum import LARGEST_VALUE, SMALLEST_VALUE, as_arrays, clean, rising

__all__ = ["PeakResult", "fit_peak", "usable_settings"]


def fit_peak(
    wavelength_nm: ArrayLike,
    counts: ArrayLike,
    *,
    raw_counts: ArrayLike | None = None,
    full_scale_counts: float | None = None,
    dark_noise: float | None = None,
    excitation_nm: Sequence[float] = (),
    excitation_fwhm_nm: float = 12.0,
    band_nm: tuple[float, float] | None = (450.0, 650.0),
    resolution_nm: float | None = None,
) -> PeakResult:
    """Find the photoluminescence line and fit a split Gaussian in energy to it.

    Never raises for bad data and never gives a number where there is no line. A spectrum that
    holds one plain line is read in the way of `fit_peaks`; everything else is looked at closely.

    Args:
        wavelength_nm: axis in nm, any order.
        counts: signal, dark corrected where a dark exists.
        raw_counts: the same before the dark correction; saturation is judged on it.
        full_scale_counts: largest count of the detector. Without it saturation shows as a flat
            top only.
        dark_noise: standard deviation of a dark pixel, in counts; estimated when None.
        excitation_nm: lines of the light that was on. When none is given, a line below 430 nm, or
            the bluer of two separate lines below 480 nm, is taken for the excitation.
        excitation_fwhm_nm: width of that light; twice this is kept clear to each side.
        band_nm: where the line may be; None is everywhere.
        resolution_nm: full width that the spectrometer gives to a narrow line. A slit moves the
            top of an asymmetric line to its wider side, by 0.02 nm at 1.4 nm; this is taken back.
            None stands for a usual fibre spectrometer (1.4 nm).

    Returns:
        The line with its uncertainty and flags, or the reason why there is none.
    """
    dark_noise, resolution_nm = usable_settings(dark_noise, resolution_nm)
    arrays = as_arrays(wavelength_nm, counts, counts if raw_counts is None else raw_counts)
    if isinstance(arrays, str):
        return PeakResult(flags=(flags.NO_PEAK,), reason=arrays)
    axis, signal, raw = arrays
    band = band_of(axis, band_nm, excitation_nm, excitation_fwhm_nm)
    if band is None:
        axis, signal, raw = (rising(arrays[0], values) for values in arrays)
        band = band_of(axis, band_nm, excitation_nm, excitation_fwhm_nm)
    if band is not None:
        plain = read_plain_peak(
            band,
            signal,
            raw=raw,
            full_scale_counts=full_scale_counts,
            dark_noise=dark_noise,
            resolution_nm=resolution_nm,
        )
        if plain is not None:
            return plain
    spectrum = clean(
        axis,
        signal,
        raw_counts=raw,
        full_scale_counts=full_scale_counts,
        dark_noise=dark_noise,
    )
    if isinstance(spectrum, str):
        found = {flags.NO_PEAK} | ({flags.NAN} if "finite" in spectrum else set())
        return PeakResult(flags=flags.in_order(found), reason=spectrum)
    sources = tuple(float(nm) for nm in excitation_nm if np.isfinite(nm) and nm > 0)
    windows = leak_windows(sources, excitation_fwhm_nm)
    return CarefulReading(spectrum, band_nm, windows, dark_noise, resolution_nm).result()


def usable_settings(
    dark_noise: float | None, resolution_nm: float | None
) -> tuple[float | None, float]:
    """Return the settings without values that no instrument has."""
    if dark_noise is not None and not SMALLEST_VALUE < dark_noise < LARGEST_VALUE:
        dark_noise = None
    if resolution_nm is None or not 0.0 <= resolution_nm < 50.0:
        resolution_nm = USUAL_RESOLUTION_NM
    return dark_noise, resolution_nm
