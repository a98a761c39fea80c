"""A sample taken through a schedule, without bench or noise."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulators.sample import Beam, Inputs, PixelGrid
from simulators.sample.liquid import PURE, STILL, Flow, Liquid
from simulators.sample.optics import Floats
from simulators.sample.specimen import Specimen

_GRID_NM = np.arange(450.0, 620.0, 0.25)
_NEAR_NM = 1.5
_PROBE = Beam(wavelength_nm=405.0, fwhm_nm=12.0, irradiance_mw_cm2=1.0)
PARTS = ("m1", "ma", "m2", "m3", "m4")
"""Keys of a sample's truth that are parts of the material."""
WORDS = {
    "m1": "dispersed",
    "ma": "activated",
    "m2": "assembled",
    "m3": "fused",
    "m4": "degraded",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A time with one light.

    Args:
        duration_s: How long.
        wavelength_nm: Wavelength of the light.
        irradiance_mw_cm2: Its irradiance, 0 for dark.
        added_ul: What is added from the syringe meanwhile, evenly.
        temperature_degc: Temperature of the sample's bath or plate, None for its own.
    """

    duration_s: float
    wavelength_nm: float
    irradiance_mw_cm2: float
    added_ul: float = 0.0
    temperature_degc: float | None = None


@dataclass(frozen=True, kw_only=True)
class Course:
    """What a noiseless spectrometer sees under a weak probe, and what is true.

    Args:
        time_s: When, shape [m].
        peak_nm: Top of the line, NaN where nothing glows, shape [m].
        fwhm_nm: Its width at half of the height.
        area: Its area against the first one.
        wavelength_nm: Wavelengths of the spectra, shape [n].
        spectra: Light per nm against the highest point of all, shape [m, n].
        truth: Numbers of the sample's own ledger by name, shape [m] each.
        steps: The schedule, to shade what was lit.
    """

    time_s: Floats
    peak_nm: Floats
    fwhm_nm: Floats
    area: Floats
    wavelength_nm: Floats
    spectra: Floats
    truth: dict[str, Floats]
    steps: Sequence[Step] = ()

    @property
    def lit_s(self) -> list[tuple[float, float]]:
        """Begin and end of every time with light, s."""
        ends_s = np.cumsum([step.duration_s for step in self.steps]).tolist()
        return [
            (end_s - step.duration_s, end_s)
            for step, end_s in zip(self.steps, ends_s, strict=True)
            if step.irradiance_mw_cm2
        ]

    def in_words(self) -> str:
        """Return start and end in a few lines."""
        parts = [f"{WORDS[key]} {self.truth[key][-1]:.3f}" for key in PARTS if key in self.truth]
        lines = ["nothing glows"]
        if np.isfinite(self.peak_nm).any():
            lines = [
                f"peak   {self.peak_nm[0]:.2f} -> {self.peak_nm[-1]:.2f} nm",
                f"width  {self.fwhm_nm[0]:.1f} -> {self.fwhm_nm[-1]:.1f} nm, "
                f"at most {np.nanmax(self.fwhm_nm):.1f} nm",
                f"area   x{self.area[-1]:.2f}, at most x{self.area.max():.2f}",
            ]
        lines.append(f"dose   {self.truth['dose_j_cm2'][-1]:.1f} J/cm²")
        return "\n".join([*lines, f"parts  {', '.join(parts)}"] if parts else lines)


def scout(
    specimen: Specimen,
    steps: Sequence[Step],
    *,
    points: int,
    syringe: Liquid = PURE,
    progress: Callable[[float], None] | None = None,
) -> Course:
    """Take a sample through a schedule and look at it at regular times.

    Args:
        specimen: The sample; it is changed.
        steps: The schedule.
        points: Number of looks, at least 2.
        syringe: What a step adds that adds something.
        progress: Is told which share of the time has passed.
    """
    grid = PixelGrid(_GRID_NM)
    times_s = np.linspace(0.0, sum(step.duration_s for step in steps), points)
    spectra: Floats = np.empty((points, _GRID_NM.size))
    truths: list[dict[str, float]] = []
    ends_s = np.cumsum([step.duration_s for step in steps])
    now_s, number = 0.0, 0
    for row, time_s in enumerate(times_s):
        while now_s < time_s:
            next_s = min(float(time_s), float(ends_s[number]))
            specimen.step(next_s - now_s, _inputs(steps[number], syringe))
            now_s = next_s
            if now_s >= ends_s[number] and number + 1 < len(steps):
                number += 1
        spectra[row] = specimen.emission_per_s(grid, (_PROBE,)) / grid.pixel_nm
        truth = specimen.truth()
        truths.append({key: float(truth[key]) for key in truth if _is_number(truth[key])})
        if progress is not None:
            progress((row + 1) / points)
    looks = np.array([_look(spectrum) for spectrum in spectra])
    return Course(
        time_s=times_s,
        peak_nm=looks[:, 0],
        fwhm_nm=looks[:, 1],
        area=looks[:, 2] / looks[0, 2] if looks[0, 2] > 0.0 else looks[:, 2],
        wavelength_nm=_GRID_NM,
        spectra=spectra / max(float(spectra.max()), 1e-300),
        truth={key: np.array([each[key] for each in truths]) for key in truths[0]},
        steps=tuple(steps),
    )


def write_csv(course: Course, path: Path) -> None:
    """Write a course as a table with a row a look."""
    seen = {
        "time_s": course.time_s,
        "peak_nm": course.peak_nm,
        "fwhm_nm": course.fwhm_nm,
        "relative_area": course.area,
    }
    columns = {**seen, **course.truth}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow([f"{value:.8g}" for value in row])


def _inputs(step: Step, syringe: Liquid) -> Inputs:
    beam = Beam(
        wavelength_nm=step.wavelength_nm,
        fwhm_nm=12.0,
        irradiance_mw_cm2=step.irradiance_mw_cm2,
    )
    flow = STILL
    if step.added_ul:
        flow = Flow(infuse_ul_min=60.0 * step.added_ul / step.duration_s, liquid=syringe)
    return Inputs(
        beams=(beam,) if step.irradiance_mw_cm2 > 0.0 else (),
        flow=flow,
        temperature_degc=step.temperature_degc,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _look(spectrum: Floats) -> tuple[float, float, float]:
    """Return top, width and area of a noiseless line; top and width NaN without light."""
    top = int(spectrum.argmax())
    if spectrum[top] <= 0.0:
        return float("nan"), float("nan"), 0.0
    near = np.abs(_GRID_NM - _GRID_NM[top]) <= _NEAR_NM
    curve, slope, _ = np.polyfit(_GRID_NM[near] - _GRID_NM[top], spectrum[near], 2)
    half = spectrum[top] / 2.0
    low = np.interp(half, spectrum[: top + 1], _GRID_NM[: top + 1])
    high = np.interp(-half, -spectrum[top:], _GRID_NM[top:])
    area = float(np.trapezoid(spectrum, _GRID_NM))
    return float(_GRID_NM[top] - slope / (2.0 * curve)), float(high - low), area
