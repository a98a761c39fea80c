"""regrow fit-kinetics: a laboratory's own rate constants."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plans.records.arrays import Array

if TYPE_CHECKING:
    from plans.records import Run
    from simulators.fitting import KineticsFit, Recording
    from simulators.sample import Preparation

_BAND_NM = (470.0, 580.0)
_CHANNEL_NM = 1.5
_MOST_SPECTRA = 40
_COUNTS_VARIANCE = 1.05
"""Variance of a count against the count, as of most array detectors."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folders of light runs")
    parser.add_argument("--sample", action="append", metavar="NAME",
                        help="what was in the vial, a sample of the library or a TOML file; once "
                        "for all runs or once for each (default: as-synthesised)")  # fmt: skip
    parser.add_argument("--free", nargs="+", metavar="CONSTANT",
                        help="constants to fit (default: five of them)")  # fmt: skip
    parser.add_argument("--brightness-error", type=float, default=0.005, metavar="X",
                        help="relative scatter of the brightness (default: 0.005)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="write the table [kinetics] of a sample file here")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(args: argparse.Namespace) -> int:
    """Fit, print and write; return 0 when every constant is determined."""
    from plans.records import open_run
    from simulators.fitting import DEFAULT_FREE, fit_kinetics
    from simulators.sample import load_sample

    names = args.sample or ["as-synthesised"]
    if len(names) == 1:
        names *= len(args.runs)
    if len(names) != len(args.runs):
        _say(f"regrow fit-kinetics: {len(args.runs)} runs, but {len(names)} samples")
        return 2
    recordings = [
        recording_of(open_run(path), load_sample(name), args.brightness_error)
        for path, name in zip(args.runs, names, strict=True)
    ]
    progress = None if args.quiet else _say
    fit = fit_kinetics(recordings, args.free or DEFAULT_FREE, progress)
    if args.out is not None:
        args.out.write_text(kinetics_table(fit), encoding="utf-8")
    print(json.dumps(as_plain(fit), ensure_ascii=False) if args.json else in_words(fit))
    return 1 if fit.reason else 0


def recording_of(record: Run, preparation: Preparation, brightness_error: float) -> Recording:
    """Return what a fit needs of a recorded run.

    The history of the light comes from the dose between two frames, so that duty cycle and pauses
    are in it.

    Args:
        record: The run.
        preparation: What was in the vial.
        brightness_error: Relative scatter of the brightness of whole spectra.

    Raises:
        ValueError: When the run has too few frames with a peak, or no spectra.
    """
    from plans.importing.recorded import corrected_counts
    from plans.records.course import read_course
    from simulators.fitting import Recording, Segment
    from simulators.sample import Beam, Inputs

    course = read_course(record)
    spectra = course.spectra
    where = str(record.folder)
    good = course.is_valid & np.isfinite(course.dose_j_cm2)
    if spectra is None or good.sum() < 2 or not spectra.has_wavelength:
        message = f"{where}: fewer than two frames with a peak and a dose"
        raise ValueError(message)
    light = record.table("primary")
    device = next(key for key in light if key.endswith("_irradiance_mw_cm2"))
    wavelength_nm = light[device.replace("_irradiance_mw_cm2", "_wavelength_nm")][good]
    beam_nm = float(wavelength_nm[0])
    if np.any(wavelength_nm != beam_nm):
        message = f"{where}: light of several wavelengths; a fit takes runs with one"
        raise ValueError(message)
    time_s = course.time_s[good] - course.time_s[good][0]
    steps_s = np.diff(time_s)
    means_mw_cm2 = 1e3 * np.diff(course.dose_j_cm2[good]) / steps_s
    segments = []
    for step_s, mean_mw_cm2 in zip(steps_s, means_mw_cm2, strict=True):
        beam = Beam(wavelength_nm=beam_nm, fwhm_nm=12.0, irradiance_mw_cm2=float(mean_mw_cm2))
        inputs = Inputs(beams=(beam,) if mean_mw_cm2 > 0.0 else ())
        segments.append(Segment(duration_s=float(step_s), inputs=inputs))
    bright, errors, axis_nm = _channels(
        spectra.wavelength_nm, corrected_counts(record, course)[good]
    )
    scale = light[device][good][:, np.newaxis] * _exposures_s(light, good)[:, np.newaxis]
    chosen = np.unique(np.linspace(0, time_s.size - 1, _MOST_SPECTRA).round().astype(int))
    return Recording(
        name=where,
        preparation=preparation,
        segments=tuple(segments),
        time_s=time_s[chosen],
        wavelength_nm=axis_nm,
        spectra=(bright / scale)[chosen],
        errors=(errors / scale)[chosen],
        brightness_error=brightness_error,
        probe=(Beam(wavelength_nm=beam_nm, fwhm_nm=12.0, irradiance_mw_cm2=1.0),),
    )


def as_plain(fit: KineticsFit) -> dict[str, object]:
    """Return a fit as plain data."""
    constants = {
        each.name: {
            "value": each.value,
            "relative_error": each.relative_error if each.determined else None,
            "interval": list(each.interval) if each.determined else None,
        }
        for each in fit.estimates
    }
    return {
        "constants": constants,
        "offset_nm": fit.offset_nm,
        "chi2_reduced": fit.chi2_reduced,
        "reason": fit.reason,
    }


def in_words(fit: KineticsFit) -> str:
    """Return a fit as a person reads it."""
    lines = [f"{'constant':<24}{'value':>12}   95 % of the probability"]
    for each in fit.estimates:
        low, high = each.interval
        between = f"{low:.3g} to {high:.3g}" if each.determined else "not determined"
        lines.append(f"{each.name:<24}{each.value:>12.4g}   {between}")
    lines.append(f"residuals: {fit.chi2_reduced:.2f} (1 is noise alone)")
    lines.append(f"the runs are {fit.offset_nm:+.3f} nm off the twin's wavelengths")
    if fit.reason:
        lines.append(f"DO NOT RELY ON IT: {fit.reason}")
    return "\n".join(lines)


def kinetics_table(fit: KineticsFit) -> str:
    """Return the table [kinetics] of a sample file."""
    lines = ["[kinetics] # fitted; the other constants are the twin's own"]
    for each in fit.estimates:
        if each.determined:
            error = f"# relative standard uncertainty {each.relative_error:.2g}"
            lines.append(f"{each.name} = {each.value:.6g} {error}")
    return "\n".join(lines) + "\n"


def _channels(wavelength_nm: Array, counts: Array) -> tuple[Array, Array, Array]:
    """Return light, uncertainty and centres of channels that are wider than pixels."""
    band = (wavelength_nm >= _BAND_NM[0]) & (wavelength_nm <= _BAND_NM[1])
    axis_nm, counts = wavelength_nm[band], counts[:, band]
    size = max(round(_CHANNEL_NM / float(np.median(np.diff(axis_nm)))), 1)
    whole = axis_nm.size // size
    shape = (counts.shape[0], whole, size)
    summed = counts[:, : whole * size].reshape(shape).sum(axis=2)
    # the noise of what lies beside the line is that of reading and of the dark frame
    quiet = np.std(np.diff(counts[:, :size], axis=1)) / np.sqrt(2.0)
    variance = _COUNTS_VARIANCE * np.maximum(summed, 0.0) + size * max(quiet**2, 1.0)
    centres_nm = axis_nm[: whole * size].reshape(whole, size).mean(axis=1)
    return summed, np.sqrt(variance), centres_nm


def _exposures_s(light: dict[str, Array], good: Array) -> Array:
    """Return the integration time of each frame, 1 where it was not recorded."""
    key = next((name for name in light if name.endswith("_integration_time_s")), None)
    return np.ones(int(good.sum())) if key is None else light[key][good]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
