"""Whether a spectrometer still sees light that should be off."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.noise import FloatArray, robust_sigma

_BINS: Final = 64  # a PL line is at least as wide as one of them
_SIGMAS: Final = 6.0
_STANDS_OUT: Final = 20.0  # what was lit must be so far above the noise that 5 % of it is seen


@dataclass(frozen=True, kw_only=True)
class Darkness:
    """What a spectrometer says of light that was switched off.

    Attributes:
        can_see: Whether it saw the light while it was on, clearly enough to tell.
        is_dark: Whether it sees none of it any more; False when it cannot see.
        share: The strongest light that it sees, over the strongest that it saw; NaN if it cannot.
        at_nm: Where that is, nm; NaN if it cannot.
    """

    can_see: bool
    is_dark: bool
    share: float
    at_nm: float


def judge_darkness(
    axis_nm: FloatArray,
    counts: FloatArray,
    *,
    dark: FloatArray,
    lit: FloatArray,
    limit: float = 0.05,
) -> Darkness:
    """Compare a spectrum with one that was taken in the dark and one that was taken lit.

    The spectrum less the dark one is averaged over 64 pieces of the axis; their median, a drift of
    the offset, is taken away. Light is seen when a piece is above six standard deviations of the
    pieces and above a share of the strongest piece of the lit spectrum. So light of any wavelength
    is found, that of a channel that the lit spectrum did not hold, too.

    Args:
        axis_nm: Wavelength of every pixel, nm.
        counts: Raw counts after everything was switched off.
        dark: Raw counts of the same exposure while all was known to be off.
        lit: Raw counts of the same exposure while the sample was lit.
        limit: Share of the lit spectrum below which it counts as dark.
    """
    cannot = Darkness(can_see=False, is_dark=False, share=float("nan"), at_nm=float("nan"))
    if not axis_nm.size == counts.size == dark.size == lit.size or counts.size < _BINS:
        return cannot
    before, after = _pieces(lit - dark), _pieces(counts - dark)
    if not (np.all(np.isfinite(before)) and np.all(np.isfinite(after))):
        return cannot
    noise = max(robust_sigma(after), np.finfo(float).tiny)
    strongest = float(np.max(before))
    if strongest <= _STANDS_OUT * noise:
        return cannot
    place = int(np.argmax(after))
    left = float(after[place])
    return Darkness(
        can_see=True,
        is_dark=left <= max(limit * strongest, _SIGMAS * noise),
        share=max(0.0, left / strongest),
        at_nm=float(_pieces_of(axis_nm)[place]),
    )


def _pieces(counts: FloatArray) -> FloatArray:
    means = _pieces_of(counts)
    return np.asarray(means - np.median(means), dtype=np.float64)


def _pieces_of(values: FloatArray) -> FloatArray:
    parts = np.array_split(values, _BINS)
    return np.array([float(np.mean(part)) for part in parts], dtype=np.float64)
