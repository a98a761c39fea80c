"""What can be wrong with a spectrum, in fixed words."""

from collections.abc import Iterable
from typing import Final

NO_PEAK: Final = "no_peak"
SATURATED: Final = "saturated"
LEAK: Final = "leak"
EDGE: Final = "edge"
SPIKE: Final = "spike"
BROAD: Final = "broad"
LOW_SNR: Final = "low_snr"
POOR_FIT: Final = "poor_fit"
NAN: Final = "nan"
NO_DARK: Final = "no_dark"
NO_DATA: Final = "no_data"
STALE: Final = "stale"
DRIFT: Final = "drift"
BEYOND_RESPONSE: Final = "beyond_response"

MEANINGS: Final[dict[str, str]] = {
    NO_PEAK: "there is no photoluminescence line in the band",
    SATURATED: "the detector was at its limit inside the band",
    LEAK: "the excitation, its second order or a lamp line outshines the sample",
    EDGE: "the line is cut by the end of the band or of the data",
    SPIKE: "single pixels stood out and were left out, as cosmic rays and hot pixels do",
    BROAD: "what stands out is wider than a photoluminescence line",
    LOW_SNR: "the line, or what looks like one, hardly stands out of the noise",
    POOR_FIT: "one line does not describe the band: a shoulder or a second population",
    NAN: "some values were not finite numbers and were left out",
    NO_DARK: "no fresh dark spectrum with the same settings was subtracted",
    STALE: "the spectrum is the one before once more: the detector has not been read anew",
    DRIFT: "the wavelength axis has moved since the start of the run",
    BEYOND_RESPONSE: "the line reaches to where the spectral response was not measured",
    NO_DATA: "the document holds no spectrum or no wavelength axis",
}
"""Every flag and what it says, in the order in which flags are listed."""

BLOCKING: Final = frozenset({NO_PEAK, SATURATED, EDGE, STALE, NO_DATA})
"""A spectrum with one of these is shown and stored, but decides nothing."""


def in_order(flags: Iterable[str]) -> tuple[str, ...]:
    """Return the flags once each, in the order of `MEANINGS`."""
    found = set(flags)
    return tuple(flag for flag in MEANINGS if flag in found)


def is_usable(flags: Iterable[str]) -> bool:
    """Tell whether a spectrum with these flags may take part in a decision."""
    return BLOCKING.isdisjoint(flags)
