"""Decide whether a fitted line is a photoluminescence line."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis import flags
from plans.analysis.line import LineFit
from plans.analysis.noise import FloatArray, robust_sigma
from plans.analysis.search import Candidate, find_candidates
from plans.analysis.smooth import rebin, smooth
from plans.analysis.spectrum import NARROWEST_LINE_NM, BoolArray, CleanSpectrum

WIDEST_EV: Final = 0.30
"""Quantum dots that have just nucleated reach 0.2 eV; lamps, dyes and absorption go beyond this."""
MOST_NOISE_POWER: Final = 3.0
"""Slow residuals of less than this, in mean squares of their noise, may be noise."""
_LEAST_FEET: Final = 0.3  # absorption edges with an exciton stay below 0.2, measured
_EDGE_TILT: Final = -0.2  # an absorption falls to the red: -0.26 to -0.80 in their exciton bumps
_LEAST_CONTRAST: Final = 0.05  # ripples of lamp spectra stay below 0.04 of the light under them
_MOST_MISFIT: Final = 0.11
_SUSPICIOUS_MISFIT: Final = 0.02
_MOST_RIPPLES: Final = 4
_MOST_ROUGHNESS: Final = 0.15
_STEEPEST: Final = 4.0  # a Gaussian has 1.4, a box of one pixel's edge ten and more
_MOST_SKEW: Final = 3.5
_SIGNIFICANT: Final = 5.0
_FLAT_WITHIN: Final = 0.005
_FLAT_FWHM: Final = 0.3  # a Gaussian stays within 0.5 % of its top over 0.085 of its width


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A candidate after its fit.

    Attributes:
        candidate: where the search found something.
        why: why it is no photoluminescence line, empty when it is one.
        flag: the flag that goes with the reason, may be empty.
        line_fit: the fit, None when there was none.
        misfit: root mean square of the slow part of the residuals over the height.
        flat_top: the measured top is flat, as of a detector at its limit.
    """

    candidate: Candidate
    why: str = ""
    flag: str = ""
    line_fit: LineFit | None = None
    misfit: float = 0.0
    flat_top: bool = False

    @property
    def is_line(self) -> bool:
        """Tell whether this is a photoluminescence line."""
        return not self.why

    @property
    def is_narrow(self) -> bool:
        """Tell whether this is a line of a lamp or a laser."""
        return self.flag == flags.LEAK

    @property
    def fit(self) -> LineFit:
        """The fit of a candidate that has one."""
        if self.line_fit is None:
            raise ValueError("this candidate could not be fitted")
        return self.line_fit


def expected_noise(spectrum: CleanSpectrum, level: float, fwhm_nm: float) -> float:
    """Return the noise of the spectrum after smoothing with `fwhm_nm`, in counts."""
    axis = spectrum.wavelength_nm
    step = float(axis[-1] - axis[0]) / (axis.size - 1)
    pixels = max(1.0, 1.5 * fwhm_nm / step)
    return float(spectrum.noise.sigma(level)) / float(np.sqrt(pixels))


def misfit(slow: FloatArray, height: float, noise: float) -> float:
    """Return the part of the height that a line leaves undescribed, noise taken off.

    The core holds some eight independent values, so that noise alone reaches three times its
    usual power now and then: up to there nothing is left undescribed.
    """
    power = float(np.mean(slow**2))
    if power < MOST_NOISE_POWER * noise**2:
        return 0.0
    return float(np.sqrt(power - noise**2)) / height


def judge(
    spectrum: CleanSpectrum,
    used: BoolArray,
    band_nm: tuple[float, float],
    candidate: Candidate,
    fit: LineFit,
) -> Verdict:
    """Hold a fitted line of positive height against what photoluminescence looks like.

    `used` are the pixels of the spectrum that the fit was allowed to use.
    """
    line = fit.line
    plain = _judge_numbers(candidate, fit, band_nm)
    if plain is not None:
        why, flag = plain
        return Verdict(candidate=candidate, why=why, flag=flag, line_fit=fit)
    near = used & (np.abs(spectrum.wavelength_nm - line.peak_nm) <= 2.5 * line.fwhm_nm)
    axis, counts = spectrum.wavelength_nm[near], spectrum.counts[near]
    core = np.abs(axis - line.peak_nm) <= line.fwhm_nm
    if int(core.sum()) < 5:
        return Verdict(candidate=candidate, why="too few pixels are in the line", line_fit=fit)
    width = 0.25 * line.fwhm_nm
    slow = smooth(axis, counts - line.counts(axis), width)
    noise = expected_noise(spectrum, 0.5 * line.height, width)
    left = misfit(slow[core], line.height, noise)
    steepness = _steepness(axis[core], counts[core], line.fwhm_nm)
    why, flag = "", ""
    if left > _MOST_MISFIT:
        why = f"its shape is not that of a line ({left:.0%} of its height is left over)"
    elif robust_sigma(slow) > _MOST_ROUGHNESS * line.height + 3.0 * noise:
        why = "the spectrum around it is as rough as it is high"
    elif steepness > _STEEPEST * (line.height + 10.0 * noise):
        why = "its edges are steps, steeper than those of a line"
    elif left > _SUSPICIOUS_MISFIT and ripples(spectrum, fit) > _MOST_RIPPLES:
        why = "it is one of many ripples of the spectrum"
    elif line.height < _SIGNIFICANT * noise:
        why, flag = "nothing stands out of the noise", flags.LOW_SNR
    return Verdict(
        candidate=candidate,
        why=why,
        flag=flag,
        line_fit=fit,
        misfit=left,
        flat_top=_has_flat_top(axis, counts, line.fwhm_nm, line.height),
    )


def ripples(spectrum: CleanSpectrum, fit: LineFit) -> int:
    """Count the maxima of the whole spectrum that rise to a quarter of a line or more.

    A line stands alone or has few neighbours; the spectrum of a lamp, or smoothed noise, has many.
    """
    binned = rebin(spectrum.wavelength_nm, spectrum.counts)
    found = find_candidates(binned, spectrum.noise.floor, most=20).candidates
    return sum(other.prominence > 0.25 * fit.line.height for other in found)


def _judge_numbers(
    candidate: Candidate, fit: LineFit, band_nm: tuple[float, float]
) -> tuple[str, str] | None:
    """Return (reason, flag) when the numbers of the fit alone rule a line out."""
    line = fit.line
    skew = line.fwhm_low_ev / line.fwhm_high_ev
    if line.fwhm_ev >= WIDEST_EV:
        return f"what stands out is {line.fwhm_ev:.2f} eV wide, too wide for a line", flags.BROAD
    tilt = line.slope * line.fwhm_nm / line.height
    if candidate.feet < _LEAST_FEET and tilt < _EDGE_TILT:
        return "it is a bump on a step, as an absorption edge makes, and no line", ""
    if not band_nm[0] <= line.peak_nm <= band_nm[1]:
        return "the line is not inside the band", flags.EDGE
    if line.fwhm_nm < 0.6 * NARROWEST_LINE_NM:
        text = f"a line {line.fwhm_nm:.1f} nm wide at {line.peak_nm:.1f} nm is that of a lamp"
        return text, flags.LEAK
    if line.height < _SIGNIFICANT * fit.height_se or not np.isfinite(fit.peak_nm_se):
        return "nothing stands out of the noise", flags.LOW_SNR
    if not 1.0 / _MOST_SKEW <= skew <= _MOST_SKEW:
        if line.height < 20.0 * fit.height_se:
            return "it is too weak to tell whether it is a line", flags.LOW_SNR
        return "it is a step and no line: one side is far steeper than the other", ""
    ground = abs(float(line.baseline(np.asarray(line.peak_nm))))
    if line.height < _LEAST_CONTRAST * ground:
        return f"it is a ripple of {line.height / ground:.1%} on the light under it", ""
    return None


def _steepness(wavelength_nm: FloatArray, counts: FloatArray, fwhm_nm: float) -> float:
    """Return the steepest slope times the width, in counts; a Gaussian gives 1.43 heights."""
    smoothed = smooth(wavelength_nm, counts, 0.1 * fwhm_nm)
    spread = np.maximum(np.diff(wavelength_nm), 1e-9)
    return float(np.max(np.abs(np.diff(smoothed) / spread), initial=0.0)) * fwhm_nm


def _has_flat_top(
    wavelength_nm: FloatArray, counts: FloatArray, fwhm_nm: float, height: float
) -> bool:
    """Tell whether the top is flatter than a line and its noise can be."""
    top = float(np.max(counts))
    flat = counts >= top - _FLAT_WITHIN * height
    first = int(np.argmax(flat))
    last = flat.size - 1 - int(np.argmax(flat[::-1]))
    if last - first < 4 or float(np.mean(flat[first : last + 1])) < 0.9:
        return False
    return float(wavelength_nm[last] - wavelength_nm[first]) > _FLAT_FWHM * fwhm_nm
