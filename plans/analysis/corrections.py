"""Calibrations of the steps from raw counts to a spectrum."""

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import in_windows

ORDER: Final = (
    "electric_dark", "dark", "nonlinearity", "stray_light", "per_second", "lamp", "boxcar",
    "response", "wavelength", "inner_filter",
)  # fmt: skip
"""The steps, in the order in which they are taken; later ones need the earlier ones."""
_UNKNOWN: Final = float("nan")
_LEAST_LINEAR: Final = 0.2  # a polynomial below this is broken, no detector loses four fifths


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """What became of one step.

    Attributes:
        name: one of `ORDER`.
        on: the step was taken.
        why: why it was not, or what was done.
        calibration: identifier of the calibration that was used.
        age_s: age of the calibration when the spectrum was taken, NaN if not known.
    """

    name: str
    on: bool
    why: str
    calibration: str = ""
    age_s: float = _UNKNOWN

    @property
    def text(self) -> str:
        """The record in a line."""
        parts = [f"{self.name} {'on' if self.on else 'off'}"]
        if self.calibration:
            parts.append(self.calibration)
        if np.isfinite(self.age_s):
            minutes, days = self.age_s / 60.0, self.age_s / 86_400.0
            parts.append(f"{days:.1f} days old" if days >= 2.0 else f"{minutes:.1f} min old")
        return f"{', '.join(parts)} ({self.why})" if self.why else ", ".join(parts)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Where a correction comes from.

    Attributes:
        name: identifier that records carry.
        taken_s: when it was made, in s since the epoch; NaN if not known.
        expires_s: after this time it is used no more; infinite by default.
    """

    name: str = "unnamed"
    taken_s: float = _UNKNOWN
    expires_s: float = float("inf")

    def age_s(self, now_s: float) -> float:
        """Return how old it is."""
        return now_s - self.taken_s

    def has_expired(self, now_s: float) -> bool:
        """Tell whether it is too old; an unknown age counts as fresh."""
        return self.age_s(now_s) > self.expires_s


@dataclass(frozen=True, kw_only=True)
class Nonlinearity(Calibration):
    """A detector whose response depends on how full it is.

    Attributes:
        coefficients: of the polynomial by which dark-subtracted counts are divided, lowest
            first; spectrometers of Ocean Optics keep eight.
    """

    coefficients: tuple[float, ...]

    def correct(self, counts: FloatArray) -> FloatArray:
        """Return counts that are proportional to the light."""
        response = np.polynomial.polynomial.polyval(counts, np.asarray(self.coefficients))
        return np.asarray(counts / response)

    def is_sound(self, counts: FloatArray) -> bool:
        """Tell whether the polynomial is a response at these counts."""
        if not np.all(np.isfinite(self.coefficients)):
            return False
        top = float(np.max(counts, initial=0.0))
        levels = np.linspace(0.0, top, 16)
        response = np.polynomial.polynomial.polyval(levels, np.asarray(self.coefficients))
        return bool(np.all(np.isfinite(response)) and np.all(response > _LEAST_LINEAR))


@dataclass(frozen=True, kw_only=True)
class StrayLight(Calibration):
    """Light of one wavelength that the grating throws on other pixels.

    Attributes:
        dark_nm: windows without light behind a long-pass filter; their mean is taken off.
        matrix: stray-light distribution (pixels x pixels) instead, as Zong and others measure it
            (Applied Optics 2006, 45, 1111).
    """

    dark_nm: tuple[tuple[float, float], ...] = ()
    matrix: FloatArray | None = field(default=None, repr=False)

    def correct(self, wavelength_nm: FloatArray, counts: FloatArray) -> FloatArray | None:
        """Return the spectrum without stray light, None when it does not fit the spectrum."""
        if self.matrix is not None:
            if self.matrix.shape != (counts.size, counts.size):
                return None
            whole = np.eye(counts.size) + self.matrix
            return np.asarray(np.linalg.solve(whole, counts), dtype=np.float64)
        dark = in_windows(wavelength_nm, self.dark_nm)
        return np.asarray(counts - float(np.mean(counts[dark]))) if bool(dark.any()) else None


@dataclass(frozen=True, kw_only=True)
class SpectralResponse(Calibration):
    """Relative response of grating, fibre and detector (ASTM E3029).

    Attributes:
        wavelength_nm: axis of the factor.
        factor: what counts are multiplied by to be proportional to photons.
    """

    wavelength_nm: FloatArray = field(repr=False)
    factor: FloatArray = field(repr=False)

    def correct(self, wavelength_nm: FloatArray, counts: FloatArray) -> FloatArray | None:
        """Return the corrected spectrum; pixels beyond the calibration keep the last factor.

        A baseline without a step is worth more there than a gap; `range_nm` tells where it is so.
        """
        good = self._known
        if int(good.sum()) < 2:
            return None
        order = np.argsort(self.wavelength_nm[good])
        axis, factor = self.wavelength_nm[good][order], self.factor[good][order]
        return np.asarray(counts * np.interp(wavelength_nm, axis, factor))

    @property
    def range_nm(self) -> tuple[float, float]:
        """Where the response was measured."""
        known = self.wavelength_nm[self._known]
        return float(known.min()), float(known.max())

    @property
    def _known(self) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(self.factor) & (self.factor > 0.0))


@dataclass(frozen=True, kw_only=True)
class WavelengthOffset(Calibration):
    """How far the axis is off, from the lines of a lamp.

    Attributes:
        offset_nm: shown minus true.
        offset_nm_se: its standard error. A smaller offset than three of these is none.
    """

    offset_nm: float
    offset_nm_se: float = 0.0

    @property
    def is_significant(self) -> bool:
        """Tell whether the axis is off for certain."""
        return abs(self.offset_nm) >= 3.0 * self.offset_nm_se


@dataclass(frozen=True, kw_only=True)
class SampleAbsorbance(Calibration):
    """Absorbance of the sample, for the light that it keeps.

    Attributes:
        wavelength_nm: its axis.
        absorbance: decadic absorbance along the path to the detector.
        film: a film seen from its lit face, else a cuvette seen from the side.
    """

    wavelength_nm: FloatArray = field(repr=False)
    absorbance: FloatArray = field(repr=False)
    film: bool = False

    def at(self, wavelength_nm: FloatArray | float) -> FloatArray:
        """Return the absorbance at wavelengths, NaN outside of what was measured."""
        good = np.isfinite(self.absorbance)
        axis, values = self.wavelength_nm[good], self.absorbance[good]
        if axis.size < 2:
            return np.full(np.shape(wavelength_nm), np.nan)
        order = np.argsort(axis)
        return np.asarray(
            np.interp(wavelength_nm, axis[order], values[order], left=np.nan, right=np.nan)
        )


class DarkFrame(Protocol):
    """What the chain needs of a dark spectrum."""

    @property
    def counts(self) -> FloatArray:
        """Mean of the frames."""
        ...

    @property
    def time_s(self) -> float:
        """When it was taken."""
        ...

    @property
    def electric_counts(self) -> float:
        """Mean of the pixels that no light reaches in these frames, NaN where there are none."""
        ...
