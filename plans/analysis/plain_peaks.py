"""Results of plain spectra, and which need a closer look."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plans.analysis import flags
from plans.analysis.band import Band
from plans.analysis.line import SplitGaussian, slit_shift_nm
from plans.analysis.noise import FloatArray
from plans.analysis.peak_result import NUMBERS, PeakResult
from plans.analysis.plain import (
    LOW_SNR,
    MEASURES,
    OnePlainLine,
    PlainLines,
    read_one_plain,
    read_plain,
)
from plans.analysis.spectrum import LARGEST_VALUE, SATURATION_FRACTION, BoolArray, are_physical

MOST_SKEW: Final = 1.8
"""One side this much wider than the other is a shoulder; the bare line of the dots has 1.3."""
_TOGETHER: Final = 256
_FLAGS: Final[tuple[tuple[str, ...], tuple[str, ...]]] = ((), (flags.POOR_FIT,))


@dataclass(frozen=True, kw_only=True)
class PlainPeaks:
    """Results of n spectra.

    Attributes:
        read: spectra that hold one plain line; the others hold NaN.
        numbers: each of `peak_result.NUMBERS`, n values.
        skewed: the line is so skew that it is flagged.
        shape: position, low and high width, in eV (n x 3).
        baseline: offset, slope and the wavelength of the offset (n x 3).
    """

    read: BoolArray
    numbers: dict[str, FloatArray]
    skewed: BoolArray
    shape: FloatArray = field(repr=False)
    baseline: FloatArray = field(repr=False)

    def flags(self, row: int) -> tuple[str, ...]:
        """Return the flags of a spectrum that was read."""
        return _FLAGS[bool(self.skewed[row])]

    def all_flags(self) -> list[tuple[str, ...]]:
        """Return the flags of all spectra; those that were not read have none."""
        return [_FLAGS[skewed] for skewed in (self.read & self.skewed).tolist()]

    def result(self, row: int) -> PeakResult:
        """Return all about a spectrum that was read."""
        numbers = {name: float(values[row]) for name, values in self.numbers.items()}
        return _as_result(
            numbers, self.shape[row].tolist(), self.baseline[row].tolist(), self.flags(row)
        )


def _as_result(
    numbers: dict[str, float],
    shape: Iterable[float],
    baseline: Iterable[float],
    found: tuple[str, ...],
) -> PeakResult:
    position, low, high = shape
    offset, slope, reference = baseline
    line = SplitGaussian(
        position_ev=position,
        fwhm_low_ev=low,
        fwhm_high_ev=high,
        height=numbers["height"],
        offset=offset,
        slope=slope,
        reference_nm=reference,
    )
    reason = "; ".join(flags.MEANINGS[flag] for flag in found)
    return PeakResult(**numbers, line=line, flags=found, reason=reason)


def read_plain_peaks(
    band: Band,
    spectra: NDArray[np.generic],
    *,
    raw: NDArray[np.generic],
    full_scale_counts: float | None,
    dark_noise: float | None,
    resolution_nm: float,
) -> PlainPeaks:
    """Read those of many spectra (n x pixels of the axis) that hold one plain line."""
    number = spectra.shape[0]
    if band.grid is None:
        nothing = np.full(number, np.nan)
        return PlainPeaks(
            read=np.zeros(number, dtype=np.bool_),
            numbers={name: nothing.copy() for name in NUMBERS},
            skewed=np.zeros(number, dtype=np.bool_),
            shape=np.full((number, 3), np.nan),
            baseline=np.full((number, 3), np.nan),
        )
    leak = np.zeros(number)
    with np.errstate(all="ignore"):  # counts of no detector are not read
        whole = _is_whole(band, spectra, raw, full_scale_counts)
        if band.windows:
            leak = band.leak(np.asarray(spectra, dtype=np.float64))
    lines = read_plain(band.grid, spectra[:, band.pixels], dark_noise, band.limits_nm, leak)
    with np.errstate(invalid="ignore"):
        numbers, skewed, sure = _numbers(lines, resolution_nm)
    read = lines.read & sure & whole
    return PlainPeaks(
        read=read,
        numbers={name: np.where(read, numbers[name], np.nan) for name in NUMBERS},
        skewed=skewed,
        shape=lines.shape,
        baseline=lines.baseline,
    )


def read_plain_peak(
    band: Band,
    spectrum: FloatArray,
    *,
    raw: FloatArray,
    full_scale_counts: float | None,
    dark_noise: float | None,
    resolution_nm: float,
) -> PeakResult | None:
    """Read one spectrum as `read_plain_peaks` reads many, None when it needs a closer look."""
    if band.grid is None or not are_physical(spectrum):
        return None
    if full_scale_counts is not None and full_scale_counts > 0.0:
        limit = SATURATION_FRACTION * full_scale_counts
        if not float(raw[band.whole].max()) < limit:
            return None
    leak = float(band.leak(spectrum[None])[0]) if band.windows else 0.0
    pixels = spectrum[band.pixels]
    read = read_one_plain(band.grid, pixels, dark_noise, band.limits_nm, leak)
    return None if read is None else _as_one_result(read, resolution_nm)


def _as_one_result(read: OnePlainLine, resolution_nm: float) -> PeakResult | None:
    """Return the result of one line, None where a flag is close to call; see `_numbers`."""
    line, found = read.line, read.found
    low, high = line.low_ev, line.high_ev
    shift_nm = float(slit_shift_nm(line.position_ev, low, high, resolution_nm))
    doubt = abs(log(low / high)) - log(MOST_SKEW)
    if not abs(doubt) > 0.001:
        return None
    if doubt > 0.0 and not abs(found.snr / (2.0 * LOW_SNR) - 1.0) > 0.02:
        return None
    skewed = doubt > 0.0 and found.snr > 2.0 * LOW_SNR
    peak_nm = line.peak_nm - shift_nm
    numbers = {name: getattr(found, name) for name in MEASURES if name in NUMBERS} | {
        "peak_nm": peak_nm,
        "peak_ev": line.position_ev * (1.0 + shift_nm / peak_nm),
        "fwhm_ev": 0.5 * (low + high),
        "height": line.height,
        "asymmetry": low / high,
    }
    shape = line.position_ev, low, high
    baseline = line.offset + read.ground, line.slope, line.reference_nm
    return _as_result(numbers, shape, baseline, (flags.POOR_FIT,) if skewed else ())


def _numbers(
    lines: PlainLines, resolution_nm: float
) -> tuple[dict[str, FloatArray], BoolArray, BoolArray]:
    """Return the numbers of results, which lines are skewed, and which of this is sure.

    Where a flag is close to call, one judge decides for single spectra and batches.
    """
    position, low, high = lines.shape.T
    shift_nm = slit_shift_nm(position, low, high, resolution_nm)
    asymmetry = low / high
    doubt = np.abs(np.log(asymmetry)) - np.log(MOST_SKEW)
    snr = lines.measures["snr"]
    sure = np.abs(doubt) > 0.001
    sure &= (np.abs(snr / (2.0 * LOW_SNR) - 1.0) > 0.02) | (doubt < 0.0)
    peak_nm = lines.peak_nm - shift_nm
    numbers = lines.measures | {
        "peak_nm": peak_nm,
        "peak_ev": position * (1.0 + shift_nm / peak_nm),
        "fwhm_ev": 0.5 * (low + high),
        "height": lines.height,
        "asymmetry": asymmetry,
    }
    return numbers, (doubt > 0.0) & (snr > 2.0 * LOW_SNR), sure


def _is_whole(
    band: Band,
    spectra: NDArray[np.generic],
    raw: NDArray[np.generic],
    full_scale_counts: float | None,
) -> BoolArray:
    """Return which spectra hold numbers only and are not saturated in the band."""
    good = np.empty(spectra.shape[0], dtype=np.bool_)
    limited = full_scale_counts is not None and full_scale_counts > 0.0
    for first in range(0, spectra.shape[0], _TOGETHER):
        rows = slice(first, first + _TOGETHER)
        counts = np.asarray(spectra[rows], dtype=np.float64)
        power = counts[:, None, :] @ counts[:, :, None]  # of each row; the fastest way to it
        good[rows] = power[:, 0, 0] < LARGEST_VALUE**2
        if limited and full_scale_counts is not None:
            largest = raw[rows, band.whole].max(axis=1)
            good[rows] &= largest < SATURATION_FRACTION * full_scale_counts
    return good
