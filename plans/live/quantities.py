"""What a chemist follows, beside the peak: colour, scatter, corrected peak."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plans.analysis import flags
from plans.analysis.chain import Corrected
from plans.analysis.noise import FloatArray, pixel_noise
from plans.analysis.peak import fit_peak
from plans.analysis.peak_result import PeakResult
from plans.analysis.photometry import colour_of_part
from plans.analysis.spectrum import LARGEST_VALUE
from plans.analysis.unmix import UnmixResult, unmix_spectrum
from plans.live.end_product import EndProduct

_NO_NUMBER: Final = float("nan")
SCATTER_NM: Final = 18.0
"""The excitation is looked at this far to each side: three half widths of an LED."""
LARGEST_DRIFT_NM: Final = 0.3
"""An axis that moved by this turns 10 % of wires into 4 %."""
_SIGMAS_OF_DRIFT: Final = 10.0
_FIRST_SPECTRA: Final = 5
_TOGETHER: Final = 4
"""Spectra that are unmixed together: one of 2000 counts fixes 10 % of wires and the axis to 0.026
at best (its Cramer-Rao bound), four to 0.013."""
_COLOUR_FWHM: Final = 2.5


@dataclass(frozen=True, kw_only=True)
class LiveQuantities:
    """Numbers of one spectrum; NaN where there is none.

    Attributes:
        cie_x: CIE 1931 x of the line.
        cie_y: CIE 1931 y.
        rec2020_distance: distance in the xy plane to the green primary of Rec. 2020.
        scatter_ratio: integral of the excitation over the area of the line, a measure of how
            turbid the sample is.
        excitation_nm: centroid of the excitation light.
        corrected_peak_nm: peak with the light put back that the sample kept.
        corrected_peak_nm_se: its standard error.
        end_fraction: share of the photons that has the shape of the end spectrum, of this and
            the three spectra before.
        end_fraction_se: its standard error.
        axis_shift_nm: how far the axis moved since the first spectra, from the mixture.
        flags: what is wrong beside the line itself.
        reason: the same in sentences.
    """

    cie_x: float = _NO_NUMBER
    cie_y: float = _NO_NUMBER
    rec2020_distance: float = _NO_NUMBER
    scatter_ratio: float = _NO_NUMBER
    excitation_nm: float = _NO_NUMBER
    corrected_peak_nm: float = _NO_NUMBER
    corrected_peak_nm_se: float = _NO_NUMBER
    end_fraction: float = _NO_NUMBER
    end_fraction_se: float = _NO_NUMBER
    axis_shift_nm: float = _NO_NUMBER
    flags: tuple[str, ...] = ()
    reason: str = ""


@dataclass(kw_only=True)
class LiveMeasure:
    """Measures spectra of one run against its first ones.

    Attributes:
        end: spectrum of the end product, None when not known.
        shift_nm_se: standard uncertainty of the axis from a wavelength check.
    """

    end: EndProduct | None = None
    shift_nm_se: float | None = None
    _first: list[FloatArray] = field(default_factory=list, init=False, repr=False)
    _recent: deque[FloatArray] = field(
        default_factory=lambda: deque(maxlen=_TOGETHER), init=False, repr=False
    )
    _excitations: list[float] = field(default_factory=list, init=False, repr=False)
    _last_raw: FloatArray | None = field(default=None, init=False, repr=False)

    def clear(self) -> None:
        """Forget the run."""
        self._first.clear()
        self._recent.clear()
        self._excitations.clear()
        self._last_raw = None

    def measure(
        self, corrected: Corrected, peak: PeakResult, excitation_nm: tuple[float, ...]
    ) -> LiveQuantities:
        """Measure a spectrum.

        Args:
            corrected: the spectrum.
            peak: its line.
            excitation_nm: the light that was on.
        """
        found: set[str] = set()
        reasons = []
        if self._is_stale(corrected.raw_counts):
            found.add(flags.STALE)
            reasons.append("the counts are those of the spectrum before")
        scatter, at_nm = _scatter(corrected, peak, excitation_nm)
        moved_nm = self._moved(at_nm, bool(excitation_nm))
        mixture = self._unmix(corrected, peak)
        shift_nm = mixture.shift_nm if mixture.shift_nm is not None else _NO_NUMBER
        if abs(moved_nm) > LARGEST_DRIFT_NM or abs(shift_nm) > LARGEST_DRIFT_NM:
            found.add(flags.DRIFT)
            reasons.append(f"the axis has moved by {moved_nm or shift_nm:+.2f} nm in the run")
        if _reaches_beyond(corrected.responded_nm, peak):
            found.add(flags.BEYOND_RESPONSE)
            reasons.append(flags.MEANINGS[flags.BEYOND_RESPONSE])
        x, y, distance = _colour(corrected, peak)
        kept = _without_absorption(corrected, excitation_nm)
        return LiveQuantities(
            cie_x=x,
            cie_y=y,
            rec2020_distance=distance,
            scatter_ratio=scatter,
            excitation_nm=at_nm,
            corrected_peak_nm=_number(kept.peak_nm),
            corrected_peak_nm_se=kept.peak_nm_se,
            end_fraction=_number(mixture.end_fraction),
            end_fraction_se=_number(mixture.end_fraction_se),
            axis_shift_nm=shift_nm,
            flags=flags.in_order(found),
            reason="; ".join(reasons),
        )

    def _is_stale(self, raw: FloatArray) -> bool:
        """Tell whether a detector gave the same frame twice: noise never repeats."""
        last, self._last_raw = self._last_raw, raw
        if last is None or last.size != raw.size or raw[0] != last[0]:
            return False
        return bool(np.array_equal(last, raw)) and bool(np.ptp(raw) > 0.0)

    def _moved(self, at_nm: float, lit: bool) -> float:
        if not lit or not np.isfinite(at_nm):
            return 0.0
        if len(self._excitations) < _FIRST_SPECTRA:
            self._excitations.append(at_nm)
            return 0.0
        return at_nm - float(np.median(self._excitations))

    def _unmix(self, corrected: Corrected, peak: PeakResult) -> UnmixResult:
        if self.end is None or not peak.is_usable:
            return UnmixResult()
        if self._first and self._first[0].size != corrected.counts_s.size:
            return UnmixResult(reason="the number of pixels has changed in the run")
        if len(self._first) < _FIRST_SPECTRA:
            self._first.append(corrected.counts_s)
            return UnmixResult()
        self._recent.append(corrected.counts_s)
        known, end_counts = self.end.on(corrected.wavelength_nm)
        return unmix_spectrum(
            corrected.wavelength_nm[known],
            np.mean(self._recent, axis=0)[known],
            first_counts=np.mean(self._first, axis=0)[known],
            end_counts=end_counts,
            shift_nm_se=self.shift_nm_se,
        )


def _number(value: float | None) -> float:
    return _NO_NUMBER if value is None else float(value)


def _reaches_beyond(range_nm: tuple[float, float] | None, peak: PeakResult) -> bool:
    """Tell whether a line, a full width to each side, leaves the range of the response."""
    if range_nm is None or peak.peak_nm is None or peak.fwhm_nm is None:
        return False
    first, last = range_nm
    return peak.peak_nm - peak.fwhm_nm < first or peak.peak_nm + peak.fwhm_nm > last


def _scatter(
    corrected: Corrected, peak: PeakResult, excitation_nm: tuple[float, ...]
) -> tuple[float, float]:
    """Return the scattered excitation over the line, and where it is."""
    if not excitation_nm:
        return _NO_NUMBER, _NO_NUMBER
    axis = corrected.wavelength_nm
    first, last = np.searchsorted(
        axis, [excitation_nm[0] - SCATTER_NM, excitation_nm[0] + SCATTER_NM]
    )
    if last - first < 5 or first == 0 or last == axis.size:
        return _NO_NUMBER, _NO_NUMBER
    nm, counts = axis[first:last], corrected.counts_s[first:last]
    if not np.all(np.abs(counts) + np.abs(nm) < LARGEST_VALUE):
        return _NO_NUMBER, _NO_NUMBER
    ground = 0.5 * (counts[0] + counts[-1])
    above = counts - ground
    whole = float(np.trapezoid(above, nm))
    at_nm = _centroid_nm(nm, above) if whole > 0.0 else _NO_NUMBER
    if peak.peak_nm is None or not peak.area > 0.0:
        return _NO_NUMBER, at_nm
    return whole / peak.area, at_nm


def _centroid_nm(nm: FloatArray, above: FloatArray) -> float:
    """Return where the excitation is, NaN where noise alone could make it seem to move."""
    bright = np.where(above > 0.2 * float(above.max()), above, 0.0)
    whole = float(np.sum(bright))
    at_nm = float(np.sum(bright * nm)) / whole
    away_nm = float(np.sqrt(np.sum((nm[bright > 0.0] - at_nm) ** 2)))
    se_nm = pixel_noise(above) * away_nm / whole
    return at_nm if se_nm < LARGEST_DRIFT_NM / _SIGMAS_OF_DRIFT else _NO_NUMBER


def _colour(corrected: Corrected, peak: PeakResult) -> tuple[float, float, float]:
    if peak.peak_nm is None or peak.line is None:
        return _NO_NUMBER, _NO_NUMBER, _NO_NUMBER
    axis = corrected.wavelength_nm
    reach = _COLOUR_FWHM * peak.line.fwhm_nm
    first, last = axis.searchsorted((peak.peak_nm - reach, peak.peak_nm + reach)).tolist()
    part = slice(first, last)
    with np.errstate(all="ignore"):  # counts of no detector give no colour
        above = corrected.counts_s[part] - peak.line.baseline(axis[part])
        found = colour_of_part(axis, part, above)
    return _number(found.x), _number(found.y), _number(found.rec2020_distance)


def _without_absorption(corrected: Corrected, excitation_nm: tuple[float, ...]) -> PeakResult:
    if corrected.without_absorption_s is None:
        return PeakResult()
    known = np.isfinite(corrected.without_absorption_s)
    axis = corrected.wavelength_nm[known]
    counts = corrected.without_absorption_s[known]
    return fit_peak(axis, counts, excitation_nm=excitation_nm)
