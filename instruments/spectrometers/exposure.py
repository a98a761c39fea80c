"""What a spectrum was taken with."""

from dataclasses import dataclass

from instruments.spectrometers.driver import Counts


@dataclass(frozen=True, kw_only=True)
class WavelengthOffset:
    """What must be added to the instrument's own wavelength axis.

    Attributes:
        offset_nm: Line of a calibration lamp minus where the instrument shows it.
        calibrated: Date on which it was measured, empty when it never was.
    """

    offset_nm: float = 0.0
    calibrated: str = ""


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """What the last trigger took.

    Attributes:
        counts: Averaged and smoothed counts, shape (pixels,).
        peak_counts: Largest raw count in any of the averaged spectra.
        electric_dark_counts: Mean of the pixels that no light reaches, NaN where there are none.
        start_s: Begin of the first spectrum that counts, seconds since 1970.
    """

    counts: Counts
    peak_counts: float
    electric_dark_counts: float
    start_s: float
