"""Calibrations of the spectrum: wavelength axis, spectral response."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import hypot, sqrt
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.spectrometers.spectrometer import Spectrometer
from instruments.stages.stage import Stage
from plans.analysis.calibration import (
    WavelengthResult,
    find_lamp_lines,
    response_factor,
)
from plans.analysis.noise import FloatArray
from plans.annotations import IntegrationTimeS
from plans.checks import check_positions
from plans.experiments.base import Experiment, plan_of
from plans.logbook import NO_NUMBER, Logbook, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dark, expose, move_dark, save_event, set_and_wait

_SETTLE_S = 0.1
_SATURATED = 0.95


@dataclass(frozen=True, eq=False)
class LampExperiment(Experiment[Logbook]):
    """What the calibrations with a lamp share: dark, lamp, mean of some frames."""

    spectrometer: Annotated[Spectrometer, Quantity(help="is calibrated")]
    light: Annotated[LightSource, Quantity(help="must be dark while the lamp is looked at")]
    _: dataclasses.KW_ONLY
    integration_time_s: IntegrationTimeS = 0.1
    frames_each: Annotated[int, Quantity(help="spectra averaged", minimum=3, maximum=200)] = 20
    stage: Annotated[Stage | None, Quantity(help="brings the lamp into the beam")] = None
    dark_position: Annotated[
        str, Quantity(help="stage position without light, for the dark; empty for none")
    ] = ""

    def make_logbook(self) -> Logbook:
        """Return a plain logbook."""
        return Logbook()

    def duration_s(self) -> float:
        """Return how long it takes, s."""
        return 30.0 + 2 * self.frames_each * (self.integration_time_s + 0.3)

    def frames(self) -> int:
        """Return how many spectra are taken."""
        return 2 * self.frames_each

    def mean_counts(self, stream: str) -> MsgGenerator[tuple[FloatArray, float]]:
        """Return the mean of some raw spectra and the noise of its pixels; each is an event.

        Args:
            stream: Where they go.
        """
        taken = []
        self.spectrometer.discard_next()
        for _ in range(self.frames_each):
            yield Msg("checkpoint")
            yield from expose(self.spectrometer)
            values = yield from save_event(stream, self.spectrometer)
            taken.append(values[f"{self.spectrometer.name}_spectrum_counts"])
        noise = float(np.median(np.std(taken, axis=0, ddof=1))) / sqrt(len(taken))
        return np.asarray(np.mean(taken, axis=0), dtype=np.float64), noise

    def axis_nm(self) -> FloatArray:
        """Return the wavelength of every pixel, nm."""
        return np.asarray(self.spectrometer.wavelength_nm.get(), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class CalibrateWavelength(LampExperiment):
    """Hold the wavelength axis against the lines of a mercury-argon lamp.

    The lamp shines into the fibre, or stands at a position of the stage; all other light is off.
    The summary holds the mean offset. A shift of a peak that is smaller than three times its
    uncertainty is no shift; an offset above the limit ruins the unmixing of wires.
    """

    _: dataclasses.KW_ONLY
    lamp_position: Annotated[str, Quantity(help="stage position of the lamp")] = "lamp"
    limit_nm: Annotated[
        float, Quantity(help="largest offset allowed", unit="nm", minimum=0.01, maximum=10)
    ] = 0.1

    def needs_light(self) -> bool:
        """Return False: only the lamp may be seen."""
        return False

    def checks(self) -> Iterator[Check]:
        """Yield the check of the stage."""
        dark_place = (self.dark_position,) if self.dark_position else ()
        if self.stage is not None:
            yield from check_positions(self.stage, (self.lamp_position, *dark_place))
        detail = "a mercury-argon lamp is on and warm for five minutes"
        yield Check(name="lamp", verdict="note", detail=detail)

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Take the lamp's spectrum and find its lines."""
        yield from set_and_wait(self.spectrometer.integration_time_s, self.integration_time_s)
        yield from dark(self.light)
        background: FloatArray | float = 0.0
        if self.dark_position:
            yield from move_dark(self.stage, self.dark_position, self.light)
            background, _ = yield from self.mean_counts("dark")
        yield from move_dark(self.stage, self.lamp_position, self.light)
        log.progress.phase = "lamp"
        counts, _ = yield from self.mean_counts("lamp")
        full = float(self.spectrometer.full_scale_counts.get())
        found = find_lamp_lines(self.axis_nm(), counts - background)
        for line in found.lines:
            row: Row = {
                "true_nm": line.true_nm,
                "found_nm": line.found_nm,
                "offset_nm": line.found_nm - line.true_nm,
                "height_counts": line.height,
            }
            yield from log.result(row)
        yield from log.end("done", found.reason or f"{len(found.lines)} lines")
        yield from log.conclude(
            self.summarise(found, is_saturated=float(np.max(counts)) > _SATURATED * full)
        )

    def summarise(self, found: WavelengthResult, *, is_saturated: bool) -> Row:
        """Return the offset and whether it is small enough.

        Args:
            found: The lines.
            is_saturated: Whether the lamp was too bright.
        """
        offset = _number(found.offset_nm)
        passes = abs(offset) <= self.limit_nm  # NaN does not
        words = "passes" if passes else f"fails: {found.reason or f'above {self.limit_nm:g} nm'}"
        return {
            "lines": len(found.lines),
            "offset_nm": offset,
            "offset_se_nm": _number(found.offset_nm_se),
            "rms_nm": _number(found.rms_nm),
            "slope_nm_per_100nm": _number(found.slope_nm_per_100nm),
            "verdict": words + (" (a line is saturated)" if is_saturated else ""),
        }


@dataclass(frozen=True, eq=False)
class CalibrateSpectralResponse(LampExperiment):
    """Measure the relative response of the spectrometer with a lamp of known spectrum.

    The lamp is a calibrated one that is switched by hand, or the white lamp of the bench whose
    spectrum a certificate gives. The factor by which counts are multiplied goes to the stream
    "response" and, every ten nanometres, into the table.
    """

    _: dataclasses.KW_ONLY
    certificate: Annotated[
        str, Quantity(help="file with wavelength in nm and photons per nm, two columns")
    ] = ""
    lamp_position: Annotated[str, Quantity(help="stage position of the lamp")] = "blank"
    lamp_irradiance_mw_cm2: Annotated[
        float, Quantity(help="of the white lamp", unit="mW/cm²", minimum=0.001, maximum=20)
    ] = 0.5
    lamp: Annotated[
        LightSource | None, Quantity(help="the white lamp, if the bench switches it")
    ] = None

    def checks(self) -> Iterator[Check]:
        """Yield the checks of certificate and stage."""
        try:
            table = read_certificate(self.certificate)
            detail, verdict = f"{len(table[0])} wavelengths", True
        except (OSError, ValueError) as error:
            detail, verdict = f"{self.certificate or 'none given'}: {error}", False
        yield Check(name="certificate", verdict="ok" if verdict else "refused", detail=detail)
        if self.lamp is None and not self.dark_position:
            detail = "no dark: give lamp (the bench switches it) or dark_position (of the stage)"
            yield Check(name="dark", verdict="refused", detail=detail)
        if self.stage is not None:
            dark_place = (self.dark_position,) if self.dark_position else ()
            yield from check_positions(self.stage, (self.lamp_position, *dark_place))

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Take dark and lamp, and divide."""
        yield from set_and_wait(self.spectrometer.integration_time_s, self.integration_time_s)
        yield from dark(self.light)
        if self.lamp is not None:
            yield from dark(self.lamp)
        yield from move_dark(self.stage, self.dark_position or self.lamp_position, self.light)
        yield Msg("sleep", None, _SETTLE_S)
        background, dark_noise = yield from self.mean_counts("dark")
        yield from move_dark(self.stage, self.lamp_position, self.light)
        if self.lamp is not None:
            emission = Emission(
                wavelength_nm=_white_nm(self.lamp),
                irradiance_mw_cm2=self.lamp_irradiance_mw_cm2,
                purpose="probe",
            )
            yield from set_and_wait(self.lamp, emission)
        log.progress.phase = "lamp"
        counts, noise = yield from self.mean_counts("lamp")
        if self.lamp is not None:
            yield from dark(self.lamp)
        known_nm, known = read_certificate(self.certificate)
        axis = self.axis_nm()
        signal = counts - background
        noise = hypot(noise, dark_noise)
        factor = response_factor(axis, signal, known_nm, known, noise=noise)
        if not np.any(np.isfinite(factor)):
            words = f"no lamp seen: {np.max(signal):.0f} counts above the dark, noise {noise:.1f}"
            yield from log.end("done", words)
            yield from log.conclude({"pixels": 0, "verdict": f"fails: {words}"})
            return
        yield from save_event("response", _Response(axis, factor))
        for nm in np.arange(np.ceil(axis[0] / 10) * 10, axis[-1], 10.0):
            value = float(np.interp(nm, axis, factor))
            yield from log.result({"wavelength_nm": float(nm), "factor": value})
        inside = factor[np.isfinite(factor)]
        yield from log.end("done", f"{inside.size} of {factor.size} pixels have a factor")
        yield from log.conclude(
            {
                "pixels": int(inside.size),
                "smallest_factor": float(inside.min()),
                "largest_factor": float(inside.max()),
                "certificate": self.certificate,
                "verdict": f"{inside.size} of {factor.size} pixels have a factor",
            }
        )


def _white_nm(lamp: LightSource) -> float:
    """Return the wavelength that names the white channel of a light source."""
    return (lamp.channels_in("transmission") or lamp.channels)[0].wavelength_nm


def read_certificate(path: str) -> tuple[FloatArray, FloatArray]:
    """Return wavelengths and photons per nm of a lamp's certificate.

    Args:
        path: Text file with two columns, separated by comma, semicolon, tab or space.

    Raises:
        OSError: It cannot be read.
        ValueError: It does not hold two columns of rising numbers.
    """
    if not path:
        raise ValueError("give the file of the lamp's certificate")
    text = Path(path).read_text(encoding="utf-8-sig")
    rows = []
    for line in text.splitlines():
        parts = line.replace(",", " ").replace(";", " ").split()
        try:
            rows.append((float(parts[0]), float(parts[1])))
        except (IndexError, ValueError):
            if rows and parts:
                raise ValueError(f"{path}: {line!r} is no pair of numbers") from None
    table = np.array(rows, dtype=np.float64)
    if len(rows) < 2 or not np.all(np.diff(table[:, 0]) > 0):
        raise ValueError(f"{path}: needs two columns, the first of them rising")
    return table[:, 0], table[:, 1]


class _Response:
    """The factor of every pixel as a bluesky Readable."""

    name = "response"
    parent = None

    def __init__(self, axis_nm: FloatArray, factor: FloatArray) -> None:
        self._values = {"response_wavelength_nm": axis_nm, "response_factor": factor}

    def read(self) -> dict[str, Any]:
        """Return axis and factor."""
        return {key: {"value": value, "timestamp": 0.0} for key, value in self._values.items()}

    def describe(self) -> Mapping[str, Any]:
        """Describe the keys of :meth:`read`."""
        return {
            key: {"source": "plan:response", "dtype": "array", "shape": [len(value)]}
            for key, value in self._values.items()
        }

    def read_configuration(self) -> dict[str, Any]:
        """Return nothing: there is no configuration."""
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        """Return nothing: there is no configuration."""
        return {}


def _number(value: float | None) -> float:
    return NO_NUMBER if value is None else value


calibrate_wavelength = plan_of(CalibrateWavelength)
calibrate_spectral_response = plan_of(CalibrateSpectralResponse)
