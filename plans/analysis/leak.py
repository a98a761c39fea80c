"""Tell excitation light from photoluminescence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.judge import Verdict
from plans.analysis.spectrum import CleanSpectrum

CLEAR_FWHM: Final = 2.0
"""This many widths of the source to each side of its line are not looked at."""
ALWAYS_EXCITATION_NM: Final = 430.0
"""Lines below this are those of the usual violet and ultraviolet sources."""
MAYBE_EXCITATION_NM: Final = 480.0
"""The bluer of two separate lines, below this, is taken for the excitation."""
_SECOND_ORDER_NM: Final = 8.0


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Excitation light that reached the spectrometer.

    Attributes:
        peak_nm: its wavelength.
        height: above the low level of the spectrum, in counts.
        fwhm_nm: its width, 0.0 when it was not fitted.
        assumed: nobody said which light was on; it was taken for the excitation.
    """

    peak_nm: float
    height: float
    fwhm_nm: float = 0.0
    assumed: bool = False

    @property
    def text(self) -> str:
        """Say what was seen."""
        taken = ", taken for the excitation" if self.assumed else ""
        return f"only a line at {self.peak_nm:.1f} nm{taken}: no photoluminescence beside it"

    def explains(self, verdict: Verdict) -> bool:
        """Tell whether a line is this leak, or its second order in the grating."""
        if not self.assumed:
            return False
        line = verdict.fit.line
        if abs(line.peak_nm - self.peak_nm) < max(1.0, 0.5 * self.fwhm_nm):
            return True
        twice = abs(line.peak_nm - 2.0 * self.peak_nm) < _SECOND_ORDER_NM
        return twice and line.height < self.height and line.fwhm_nm < 2.5 * self.fwhm_nm


def leak_windows(
    excitation_nm: Sequence[float], excitation_fwhm_nm: float
) -> tuple[tuple[float, float], ...]:
    """Return the wavelengths to leave out: each source and its second order."""
    clear = CLEAR_FWHM * max(excitation_fwhm_nm, 0.0)
    return tuple(
        (order * nm - order * clear, order * nm + order * clear)
        for nm in excitation_nm
        for order in (1, 2)
    )


def strongest_leak(
    spectrum: CleanSpectrum,
    band_nm: tuple[float, float],
    windows: Sequence[tuple[float, float]],
    verdicts: Sequence[Verdict],
    lines: Sequence[Verdict],
) -> Leak | None:
    """Return the strongest excitation light in or at the band, None when there is none.

    Args:
        spectrum: the whole spectrum.
        band_nm: where lines are looked for.
        windows: where the known excitation may be seen, empty when it is not known.
        verdicts: every candidate.
        lines: those that look like photoluminescence.
    """
    if windows:
        return _known_leak(spectrum, band_nm, windows)
    found = [
        Leak(
            peak_nm=v.fit.line.peak_nm,
            height=v.fit.line.height,
            fwhm_nm=v.fit.line.fwhm_nm,
            assumed=True,
        )
        for v in verdicts
        if v.is_narrow or (v.is_line and _looks_like_excitation(v, lines))
    ]
    return max(found, key=lambda leak: leak.height, default=None)


def _known_leak(
    spectrum: CleanSpectrum, band_nm: tuple[float, float], windows: Sequence[tuple[float, float]]
) -> Leak | None:
    axis = spectrum.wavelength_nm
    best: Leak | None = None
    for low, high in windows:
        inside = (axis >= low) & (axis <= high)
        if high < band_nm[0] or low > band_nm[1] or not bool(np.any(inside)):
            continue
        at = int(np.argmax(np.where(inside, spectrum.level, -np.inf)))
        ground = float(np.min(spectrum.level[inside]))
        height = float(spectrum.level[at]) - ground
        seen = height > 6.0 * spectrum.noise.floor and height > 0.0
        if seen and (best is None or height > best.height):
            best = Leak(peak_nm=float(axis[at]), height=height)
    return best


def _looks_like_excitation(verdict: Verdict, lines: Sequence[Verdict]) -> bool:
    line = verdict.fit.line
    if line.peak_nm < ALWAYS_EXCITATION_NM:
        return True
    if line.peak_nm >= MAYBE_EXCITATION_NM:
        return False
    return any(
        other.fit.line.peak_nm - line.peak_nm > other.fit.line.fwhm_nm + line.fwhm_nm
        for other in lines
    )
