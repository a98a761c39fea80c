"""What was read from a spectrum."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis import flags
from plans.analysis.line import SplitGaussian

NUMBERS: Final = (
    *("peak_nm", "peak_nm_se", "peak_ev", "fwhm_nm", "moment_fwhm_nm", "fwhm_ev", "area"),
    *("height", "snr", "asymmetry", "centroid_nm", "shoulder", "chi2_red"),
)
"""Names of the numbers of a result."""
_NOTHING: Final = float("nan")


@dataclass(frozen=True, kw_only=True)
class PeakResult:
    """A photoluminescence line, or the reason why there is none.

    Without a line `peak_nm` is None and every other number is NaN.

    Attributes:
        peak_nm: maximum of the counts above the baseline against wavelength, in nm, of the line
            as it entered the slit.
        peak_nm_se: standard error of `peak_nm` from the noise, in nm: how far a repeat would
            land. What one line does not describe is not in it, see `chi2_red` and the flags.
        peak_ev: maximum per unit of energy, in eV. hc / peak_ev is some 0.2 nm above `peak_nm`:
            the change of axis carries the square of the wavelength.
        fwhm_nm: full width at half maximum of the measured curve, in nm.
        moment_fwhm_nm: 2.355 times the root of the second moment within 1.5 full widths, in nm.
            It does not jump where a shoulder reaches half of the maximum.
        fwhm_ev: full width at half maximum of the fitted line, in eV.
        area: integral above the baseline within two full widths, in counts nm. Counts are
            proportional to photons, so the area is, too.
        height: fitted height above the baseline, in counts.
        snr: height over the noise of one pixel at the peak.
        asymmetry: width of the red half over the width of the blue half, on the energy axis.
        centroid_nm: mean wavelength within 1.5 full widths, in nm.
        shoulder: part of the area beside the core of the line that the line does not describe.
        chi2_red: mean squared residual over pixel variance, 1 for a line that fits.
        line: the fitted line with its baseline, for drawing.
        flags: what is wrong, words of `plans.analysis.flags`.
        reason: the same in a sentence, empty when nothing is wrong.
    """

    peak_nm: float | None = None
    peak_nm_se: float = _NOTHING
    peak_ev: float = _NOTHING
    fwhm_nm: float = _NOTHING
    moment_fwhm_nm: float = _NOTHING
    fwhm_ev: float = _NOTHING
    area: float = _NOTHING
    height: float = _NOTHING
    snr: float = _NOTHING
    asymmetry: float = _NOTHING
    centroid_nm: float = _NOTHING
    shoulder: float = _NOTHING
    chi2_red: float = _NOTHING
    line: SplitGaussian | None = None
    flags: tuple[str, ...] = ()
    reason: str = ""

    @property
    def baseline(self) -> tuple[float, float]:
        """Baseline under the peak (counts) and its slope (counts per nm)."""
        if self.line is None or self.peak_nm is None:
            return _NOTHING, _NOTHING
        return float(self.line.baseline(np.asarray(self.peak_nm))), self.line.slope

    @property
    def is_usable(self) -> bool:
        """Tell whether the result may take part in a decision."""
        return self.peak_nm is not None and flags.is_usable(self.flags)
