"""Read the photoluminescence lines of many spectra at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis.band import band_of
from plans.analysis.noise import FloatArray
from plans.analysis.peak import fit_peak, usable_settings
from plans.analysis.peak_result import NUMBERS, PeakResult
from plans.analysis.plain_peaks import PlainPeaks, read_plain_peaks
from plans.analysis.spectrum import BoolArray, rising


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """Lines of n spectra; every array has n values, NaN where there is no line.

    The numbers are those of `PeakResult`.

    Attributes:
        peak_nm: maximum of the counts above the baseline, in nm.
        peak_nm_se: its standard error, in nm.
        peak_ev: maximum per unit of energy, in eV.
        fwhm_nm: full width at half maximum of the measured curve, in nm.
        moment_fwhm_nm: 2.355 times the root of the second moment, in nm.
        fwhm_ev: full width at half maximum of the fitted line, in eV.
        area: integral above the baseline within two full widths, in counts nm.
        height: fitted height above the baseline, in counts.
        snr: height over the noise of one pixel at the peak.
        asymmetry: width of the red half over the width of the blue half.
        centroid_nm: mean wavelength within 1.5 full widths, in nm.
        shoulder: part of the area beside the core that the line does not describe.
        chi2_red: mean squared residual over pixel variance.
        flags: words of `plans.analysis.flags` for each spectrum.
        read_alone: spectra that were given to `fit_peak` one by one.
    """

    peak_nm: FloatArray
    peak_nm_se: FloatArray
    peak_ev: FloatArray
    fwhm_nm: FloatArray
    moment_fwhm_nm: FloatArray
    fwhm_ev: FloatArray
    area: FloatArray
    height: FloatArray
    snr: FloatArray
    asymmetry: FloatArray
    centroid_nm: FloatArray
    shoulder: FloatArray
    chi2_red: FloatArray
    flags: tuple[tuple[str, ...], ...]
    read_alone: BoolArray
    _results: tuple[PeakResult | None, ...] = field(repr=False)
    _plain: PlainPeaks | None = field(repr=False)

    def result(self, row: int) -> PeakResult:
        """Return all about one spectrum, as `fit_peak` gives it."""
        alone = self._results[row]
        if alone is not None or self._plain is None:
            return alone or PeakResult()
        return self._plain.result(row)

    def __len__(self) -> int:
        """Return the number of spectra."""
        return len(self.flags)


def fit_peaks(
    wavelength_nm: ArrayLike,
    spectra: ArrayLike,
    *,
    raw_spectra: ArrayLike | None = None,
    full_scale_counts: float | None = None,
    dark_noise: float | None = None,
    excitation_nm: Sequence[float] = (),
    excitation_fwhm_nm: float = 12.0,
    band_nm: tuple[float, float] | None = (450.0, 650.0),
    resolution_nm: float | None = None,
) -> BatchResult:
    """Find the photoluminescence line in each of many spectra that share an axis.

    The model, the weights and the judgement are those of `fit_peak`. Spectra that hold one plain
    line are fitted together; whatever is close to a limit, or odd, goes to `fit_peak` itself.

    Args:
        wavelength_nm: axis in nm, any order.
        spectra: signals, dark corrected where a dark exists (n x pixels).
        raw_spectra: the same before the dark correction; saturation is judged on them.
        full_scale_counts: largest count of the detector.
        dark_noise: standard deviation of a dark pixel, in counts; estimated when None.
        excitation_nm: lines of the light that was on.
        excitation_fwhm_nm: width of that light.
        band_nm: where the line may be; None is everywhere.
        resolution_nm: full width that the spectrometer gives to a narrow line.

    Raises:
        ValueError: the arrays do not fit each other.
    """
    axis = np.asarray(wavelength_nm, dtype=np.float64).ravel()
    signal = np.asarray(spectra)
    raw = signal if raw_spectra is None else np.asarray(raw_spectra)
    if signal.ndim != 2 or signal.shape[1] != axis.size or raw.shape != signal.shape:
        raise ValueError(
            f"fit_peaks needs spectra of shape (n, {axis.size}) for an axis of {axis.size} "
            f"pixels, got {signal.shape} and raw spectra {raw.shape}"
        )
    signal, raw = rising(axis, signal), rising(axis, raw)
    axis = rising(axis, axis)
    number = signal.shape[0]
    numbers = {name: np.full(number, np.nan) for name in NUMBERS}
    results: list[PeakResult | None] = [None] * number
    plain: PlainPeaks | None = None
    found: list[tuple[str, ...]] = [()] * number
    alone = np.ones(number, dtype=np.bool_)
    band = band_of(axis, band_nm, excitation_nm, excitation_fwhm_nm)
    if band is not None and number and signal.dtype.kind in "iuf":
        dark, resolution = usable_settings(dark_noise, resolution_nm)
        plain = read_plain_peaks(
            band,
            signal,
            raw=raw,
            full_scale_counts=full_scale_counts,
            dark_noise=dark,
            resolution_nm=resolution,
        )
        alone, numbers = ~plain.read, plain.numbers
        found = plain.all_flags()
    for row in np.flatnonzero(alone):
        peak = fit_peak(
            axis,
            signal[row],
            raw_counts=None if raw_spectra is None else raw[row],
            full_scale_counts=full_scale_counts,
            dark_noise=dark_noise,
            excitation_nm=excitation_nm,
            excitation_fwhm_nm=excitation_fwhm_nm,
            band_nm=band_nm,
            resolution_nm=resolution_nm,
        )
        for name in NUMBERS:
            value = getattr(peak, name)
            numbers[name][row] = np.nan if value is None else value
        found[row] = peak.flags
        results[row] = peak
    return BatchResult(
        **numbers,
        flags=tuple(found),
        read_alone=alone,
        _results=tuple(results),
        _plain=plain,
    )
