"""Which part of a red shift is a second population's."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis.noise import FloatArray
from plans.analysis.peak import PeakResult, fit_peak
from plans.analysis.spectrum import HC_EV_NM, as_arrays
from plans.analysis.unmix import fit_two_lines, unmix_spectrum

_UNKNOWN: Final = float("nan")
_REACH_FWHM: Final = 4.0
"""The mixture is looked at this many full widths beyond both peaks: line and ground, no lamp."""
WAYS: Final = ("", "a reference of the product", "two free lines")


@dataclass(frozen=True, kw_only=True)
class ShiftSplit:
    """A shift, split into what a growing second line did and what the lines themselves did.

    Red is positive; NaN where there is no number.

    Attributes:
        whole_nm: move of the peak from the first to the last spectrum.
        whole_nm_se: its standard error.
        product_nm: the part that the share of the product makes when no line moves.
        product_nm_se: its standard error, NaN where it is not known.
        lines_nm: what is left: lines that moved, light that the sample kept, a drifted axis.
        lines_nm_se: its standard error, NaN where it is not known.
        share: share of the photons that is the product's in the last spectrum.
        share_se: its standard error.
        way: how the spectra were told apart, one of `WAYS`.
        reason: why nothing was split, empty if it was.
    """

    whole_nm: float = _UNKNOWN
    whole_nm_se: float = _UNKNOWN
    product_nm: float = _UNKNOWN
    product_nm_se: float = _UNKNOWN
    lines_nm: float = _UNKNOWN
    lines_nm_se: float = _UNKNOWN
    share: float = _UNKNOWN
    share_se: float = _UNKNOWN
    way: str = WAYS[0]
    reason: str = ""

    @property
    def text(self) -> str:
        """The split in a line."""
        if self.reason:
            return self.reason
        return (
            f"{self.whole_nm:+.2f} nm are {_with_error(self.product_nm, self.product_nm_se)} nm "
            f"of the product (share {self.share:.2f} ± {self.share_se:.2f}, by {self.way}) and "
            f"{_with_error(self.lines_nm, self.lines_nm_se)} nm of the lines themselves"
        )


def split_shift(
    wavelength_nm: ArrayLike,
    first_counts: ArrayLike,
    last_counts: ArrayLike,
    *,
    end_counts: ArrayLike | None = None,
    band_nm: tuple[float, float] | None = (450.0, 650.0),
) -> ShiftSplit:
    """Split the shift between two spectra of a run.

    With a reference of the product the last spectrum is taken apart into the first and the
    reference; lines that moved by 0.5 nm themselves bias the parts by 0.1 nm. Without one two
    free lines are fitted, which only lines far apart allow.

    Args:
        wavelength_nm: the axis of all.
        first_counts: the run's first spectrum, best a mean of many, dark subtracted.
        last_counts: the same of its last.
        end_counts: a spectrum of the product alone, None when there is none.
        band_nm: where the peak may be.
    """
    arrays = as_arrays(wavelength_nm, first_counts, last_counts)
    if isinstance(arrays, str):
        return ShiftSplit(reason=arrays)
    nm, first, last = arrays
    peaks = [fit_peak(nm, counts, band_nm=band_nm) for counts in (first, last)]
    start, stop = (_peak_nm(peak) for peak in peaks)
    if not np.isfinite(start + stop):
        missing = "the first" if not np.isfinite(start) else "the last"
        return ShiftSplit(reason=f"{missing} spectrum has no peak")
    work = _Splitting(nm, first, last, peaks[0], peaks[1], band_nm)
    return work.free() if end_counts is None else work.with_reference(end_counts)


class _Splitting:
    def __init__(
        self,
        nm: FloatArray,
        first: FloatArray,
        last: FloatArray,
        start: PeakResult,
        stop: PeakResult,
        band_nm: tuple[float, float] | None,
    ) -> None:
        self.nm, self.first, self.last = nm, first, last
        self.start, self.band_nm = start, band_nm
        self.whole_nm = _peak_nm(stop) - _peak_nm(start)
        self.whole_nm_se = float(np.hypot(start.peak_nm_se, stop.peak_nm_se))
        reach = _REACH_FWHM * max(start.fwhm_nm, stop.fwhm_nm)
        ends = sorted((_peak_nm(start), _peak_nm(stop)))
        self.near = (nm >= ends[0] - reach) & (nm <= ends[1] + reach)

    def with_reference(self, end_counts: ArrayLike) -> ShiftSplit:
        """Take the last spectrum apart into the first and a reference."""
        checked = as_arrays(self.nm, end_counts)
        if isinstance(checked, str):
            return self._nothing(checked)
        end = checked[1]
        mixture = unmix_spectrum(
            self.nm[self.near],
            self.last[self.near],
            first_counts=self.first[self.near],
            end_counts=end[self.near],
        )
        share, share_se = mixture.end_fraction, mixture.end_fraction_se
        if share is None or share_se is None:
            return self._nothing(mixture.reason)
        area = fit_peak(self.nm, end, band_nm=self.band_nm).area
        if not area > 0.0:
            return self._nothing("the reference has no peak")
        # The references are about as noisy as the spectrum.
        share_se *= float(np.sqrt(1.0 + (1.0 - share) ** 2 + share**2))
        tops = [
            self._top_of_mixture(end / area, float(np.clip(each, 0.0, 1.0)))
            for each in (share, share - share_se, share + share_se)
        ]
        product_nm = tops[0] - _peak_nm(self.start)
        return self._split(product_nm, 0.5 * abs(tops[2] - tops[1]), share, share_se, WAYS[1])

    def free(self) -> ShiftSplit:
        """Fit two free lines to the last spectrum."""
        found = fit_two_lines(self.nm[self.near], self.last[self.near])
        share, share_se, blue_nm = found.red_fraction, found.red_fraction_se, found.blue_nm
        if share is None or share_se is None or blue_nm is None:
            return self._nothing(found.reason)
        # Both are maxima per unit of energy.
        product_nm = self.whole_nm - (blue_nm - HC_EV_NM / self.start.peak_ev)
        return self._split(product_nm, _UNKNOWN, share, share_se, WAYS[2])

    def _top_of_mixture(self, end: FloatArray, share: float) -> float:
        """Return the peak of a mixture of lines that did not move."""
        mixed = (1.0 - share) * self.first / self.start.area + share * end
        return _peak_nm(fit_peak(self.nm, mixed, band_nm=self.band_nm))

    def _split(
        self, product_nm: float, product_nm_se: float, share: float, share_se: float, way: str
    ) -> ShiftSplit:
        if not np.isfinite(product_nm):
            return self._nothing("a mixture of the two has no peak")
        return ShiftSplit(
            whole_nm=self.whole_nm,
            whole_nm_se=self.whole_nm_se,
            product_nm=product_nm,
            product_nm_se=product_nm_se,
            lines_nm=self.whole_nm - product_nm,
            lines_nm_se=float(np.hypot(self.whole_nm_se, product_nm_se)),
            share=share,
            share_se=share_se,
            way=way,
        )

    def _nothing(self, reason: str) -> ShiftSplit:
        return ShiftSplit(whole_nm=self.whole_nm, whole_nm_se=self.whole_nm_se, reason=reason)


def _peak_nm(peak: PeakResult) -> float:
    return _UNKNOWN if peak.peak_nm is None else peak.peak_nm


def _with_error(value: float, error: float) -> str:
    return f"{value:+.2f} ± {error:.2f}" if np.isfinite(error) else f"{value:+.2f}"
