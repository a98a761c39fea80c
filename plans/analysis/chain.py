"""From raw counts to a spectrum that can be measured, step by step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from plans.analysis.corrections import (
    Calibration,
    DarkFrame,
    Nonlinearity,
    SampleAbsorbance,
    SpectralResponse,
    StepRecord,
    StrayLight,
    WavelengthOffset,
)
from plans.analysis.inner_filter import correct_cuvette, correct_film
from plans.analysis.noise import FloatArray
from plans.analysis.power_law import rows_of_numbers

_UNKNOWN: Final = float("nan")
_LEAST_LAMP: Final = 0.2
"""A monitor that reads less than this of what it read first, or more than its inverse, is off."""


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """A spectrum on its way through the chain.

    Attributes:
        wavelength_nm: the axis, moved where a wavelength check said so.
        raw_counts: as the detector gave them; never changed.
        counts_s: counts per second after every step but the inner filter.
        without_absorption_s: the same with the light put back that the sample kept, None where
            that could not be done.
        steps: what became of each step, in their order.
        responded_nm: where the response by which counts were multiplied was measured, None where
            they were not.
    """

    wavelength_nm: FloatArray
    raw_counts: FloatArray = field(repr=False)
    counts_s: FloatArray = field(repr=False)
    without_absorption_s: FloatArray | None = field(default=None, repr=False)
    steps: tuple[StepRecord, ...] = ()
    responded_nm: tuple[float, float] | None = None

    def step(self, name: str) -> StepRecord:
        """Return the record of a step."""
        return next(step for step in self.steps if step.name == name)


@dataclass(frozen=True, kw_only=True)
class CorrectionChain:
    """The corrections of one spectrometer and sample; what is None is not corrected.

    Attributes:
        nonlinearity: of the detector.
        stray_light: of the grating.
        response: of the whole path.
        wavelength: of the axis.
        absorbance: of the sample.
        boxcar_px: pixels to each side that are averaged, 0 for none.
        largest_boxcar_nm: a boxcar wider than a third of the optical width falsifies lines.
    """

    nonlinearity: Nonlinearity | None = None
    stray_light: StrayLight | None = None
    response: SpectralResponse | None = None
    wavelength: WavelengthOffset | None = None
    absorbance: SampleAbsorbance | None = None
    boxcar_px: int = 0
    largest_boxcar_nm: float = 0.5

    def apply(
        self,
        wavelength_nm: FloatArray,
        raw_counts: FloatArray,
        *,
        dark: DarkFrame | None,
        integration_time_s: float,
        now_s: float = _UNKNOWN,
        excitation_nm: float = _UNKNOWN,
        electric_counts: float = _UNKNOWN,
        lamp: float = _UNKNOWN,
        no_dark: str = "no fresh dark spectrum with these settings",
    ) -> Corrected:
        """Take all steps that can be taken.

        Args:
            wavelength_nm: the axis as the spectrometer gives it.
            raw_counts: as the detector gave them, the mean of the averages.
            dark: the dark spectrum for the settings of this one, None without.
            integration_time_s: exposure; NaN or 0 leaves counts as they are.
            now_s: when the spectrum was taken, in s since the epoch.
            excitation_nm: the light that was on, for the inner filter.
            electric_counts: mean of the pixels that no light reaches, NaN where there are none.
            lamp: what a monitor reads of the lamp over what it read first, NaN without one.
            no_dark: why there is no dark, for the record.
        """
        work = _Work(wavelength_nm, raw_counts, now_s)
        with np.errstate(all="ignore"):  # what is not finite is flagged by the fit
            work.electric_dark(dark, electric_counts)
            work.dark(dark, no_dark)
            work.calibrated("nonlinearity", self.nonlinearity, self._linear)
            work.calibrated("stray_light", self.stray_light, self._without_stray_light)
            work.per_second(integration_time_s)
            work.lamp(lamp)
            work.boxcar(self.boxcar_px, self.largest_boxcar_nm)
            work.calibrated("response", self.response, self._responded)
            work.registered(self.wavelength)
            without = work.inner_filter(self.absorbance, excitation_nm)
        return Corrected(
            wavelength_nm=work.axis,
            raw_counts=raw_counts,
            counts_s=work.counts,
            without_absorption_s=without,
            steps=tuple(work.steps),
            responded_nm=self._responded_nm(work.steps),
        )

    def _responded_nm(self, steps: list[StepRecord]) -> tuple[float, float] | None:
        if self.response is None or not any(step.name == "response" and step.on for step in steps):
            return None
        return self.response.range_nm

    def _linear(self, _: FloatArray, counts: FloatArray) -> FloatArray | None:
        found = self.nonlinearity
        return found.correct(counts) if found is not None and found.is_sound(counts) else None

    def _without_stray_light(self, axis: FloatArray, counts: FloatArray) -> FloatArray | None:
        return self.stray_light.correct(axis, counts) if self.stray_light is not None else None

    def _responded(self, axis: FloatArray, counts: FloatArray) -> FloatArray | None:
        return self.response.correct(axis, counts) if self.response is not None else None


class _Work:
    def __init__(self, axis: FloatArray, counts: FloatArray, now_s: float) -> None:
        self.axis, self.counts, self.now_s = axis, counts, now_s
        self.steps: list[StepRecord] = []
        self.has_dark = False

    def note(self, name: str, why: str, *, on: bool = False, by: Calibration | None = None) -> None:
        known = {} if by is None else {"calibration": by.name, "age_s": by.age_s(self.now_s)}
        self.steps.append(StepRecord(name=name, on=on, why=why, **known))  # type: ignore[arg-type]

    def electric_dark(self, dark: DarkFrame | None, electric_counts: float) -> None:
        """Take the offset of the electronics off, as far as the dark does not hold it."""
        before = 0.0 if dark is None else dark.electric_counts
        change = electric_counts - before
        if not np.isfinite(electric_counts):
            self.note("electric_dark", "no pixels that light does not reach")
        elif not np.isfinite(change):
            self.note("electric_dark", "the dark frames have none")
        else:
            self.counts = self.counts - change
            since = "" if dark is None else " since the dark frames"
            self.note("electric_dark", f"{change:+.1f} counts{since}", on=True)

    def dark(self, dark: DarkFrame | None, no_dark: str) -> None:
        if dark is None or dark.counts.size != self.counts.size:
            self.note("dark", no_dark)
            return
        self.counts = self.counts - dark.counts
        self.has_dark = True
        by = Calibration(name="dark frames of the run", taken_s=dark.time_s)
        self.note("dark", "same integration time and averages", on=True, by=by)

    def calibrated(
        self,
        name: str,
        by: Calibration | None,
        correct: Callable[[FloatArray, FloatArray], FloatArray | None],
    ) -> None:
        if by is None:
            self.note(name, "no calibration")
        elif by.has_expired(self.now_s):
            self.note(name, "the calibration has expired", by=by)
        elif name == "nonlinearity" and not self.has_dark:
            self.note(name, "it needs dark-subtracted counts", by=by)
        else:
            found = correct(self.axis, self.counts)
            if found is None:
                self.note(name, "the calibration does not fit the spectrum", by=by)
            else:
                self.counts = found
                self.note(name, "", on=True, by=by)

    def per_second(self, integration_time_s: float) -> None:
        if not integration_time_s > 0.0:
            self.note("per_second", "the integration time is not known")
            return
        self.counts = self.counts * (1.0 / integration_time_s)
        self.note("per_second", f"divided by {integration_time_s:g} s", on=True)

    def lamp(self, lamp: float) -> None:
        if not _LEAST_LAMP < lamp < 1.0 / _LEAST_LAMP:
            why = "no monitor of the lamp" if np.isnan(lamp) else f"a lamp at {lamp:g} of itself"
            self.note("lamp", why)
            return
        self.counts = self.counts * (1.0 / lamp)
        self.note("lamp", f"divided by {lamp:.4f}", on=True)

    def boxcar(self, pixels: int, largest_nm: float) -> None:
        if pixels <= 0:
            self.note("boxcar", "not asked for")
            return
        pitch = float(np.ptp(self.axis)) / max(self.axis.size - 1, 1)
        if (2 * pixels + 1) * pitch > max(largest_nm, 3.0 * pitch):
            self.note("boxcar", f"{2 * pixels + 1} pixels are wider than {largest_nm:g} nm")
            return
        weights = np.full(2 * pixels + 1, 1.0 / (2 * pixels + 1))
        self.counts = np.convolve(np.pad(self.counts, pixels, mode="edge"), weights, mode="valid")
        self.note("boxcar", f"mean of {2 * pixels + 1} pixels", on=True)

    def registered(self, by: WavelengthOffset | None) -> None:
        if by is None:
            self.note("wavelength", "no check of the axis")
        elif by.has_expired(self.now_s):
            self.note("wavelength", "the check has expired", by=by)
        elif not by.is_significant:
            self.note("wavelength", "the offset is within three standard errors", by=by)
        else:
            self.axis = self.axis - by.offset_nm
            self.note("wavelength", f"axis moved by {-by.offset_nm:+.3f} nm", on=True, by=by)

    def inner_filter(self, by: SampleAbsorbance | None, excitation_nm: float) -> FloatArray | None:
        if by is None:
            self.note("inner_filter", "uncorrected: no absorbance was given")
            return None
        if by.has_expired(self.now_s):
            self.note("inner_filter", "the absorbance has expired", by=by)
            return None
        at_pixels = by.at(self.axis)
        known = rows_of_numbers(self.axis, self.counts, at_pixels)
        correct = correct_film if by.film else correct_cuvette
        excitation = float(by.at(excitation_nm)) if np.isfinite(excitation_nm) else _UNKNOWN
        if not known.any() or not np.isfinite(excitation):
            self.note("inner_filter", "the absorbance does not reach the light", by=by)
            return None
        found = correct(
            self.axis[known],
            self.counts[known],
            excitation_absorbance=excitation,
            emission_absorbance=at_pixels[known],
            absorbance_se=0.0,
        )
        if found.counts is None:
            self.note("inner_filter", found.reason, by=by)
            return None
        corrected = np.full(self.axis.size, np.nan)
        corrected[known] = found.counts
        why = "film, front face" if by.film else "cuvette, right angle"
        self.note("inner_filter", ", ".join([why, *found.flags]), on=True, by=by)
        return corrected
