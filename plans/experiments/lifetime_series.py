"""PL lifetimes over time or dose, from the files of a TCSPC system."""

import dataclasses
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from bluesky.protocols import Reading
from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.stages.stage import Stage
from plans.analysis import DecayResult, fit_decay
from plans.analysis.decay import BINS_PER_LIFETIME, longest_rate_hz
from plans.annotations import IrradianceMwCm2, Position, WavelengthNm
from plans.checks import check_dose, check_light, check_positions
from plans.experiments.base import Experiment, plan_of
from plans.importing.decay_file import DecayFile, DecayFileError, read_decay
from plans.logbook import NO_NUMBER, Logbook, Row, Stopwatch
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import expose_to_dose, move_dark, save_event

_POLL_S = 1.0
_GOOD_CHI2 = 1.2


class NoDecayError(RuntimeError):
    """The TCSPC software has written no file in time."""


@dataclass(frozen=True, eq=False)
class LifetimeSeries(Experiment[Logbook]):
    """Take a series of decays from a folder that a TCSPC program writes into, and fit each.

    The program (of PicoQuant, Becker & Hickl or another) counts by itself, repeatedly, and exports
    each histogram as text; a new file is fitted as soon as it does not grow any more, with the
    instrument's response if there is one. Between two decays the light can give a dose; it is off
    while photons are counted. Both averages of the lifetime are given: they differ by much.
    """

    light: Annotated[LightSource, Quantity(help="must be dark while photons are counted")]
    _: dataclasses.KW_ONLY
    folder: Annotated[str, Quantity(help="folder that the TCSPC program writes into")] = "decays"
    pattern: Annotated[str, Quantity(help="names of its files")] = "*.*"
    response_file: Annotated[
        str, Quantity(help="decay of a scatterer, the instrument's response; empty for none")
    ] = ""
    decays: Annotated[int, Quantity(help="how many decays", minimum=1, maximum=10000)] = 10
    timeout_min: Annotated[
        float, Quantity(help="longest wait for a file", unit="min", minimum=0.1, maximum=600)
    ] = 10.0
    repetition_rate_mhz: Annotated[
        float | None,
        Quantity(help="of the laser, when the files do not say", unit="MHz", minimum=1e-4),
    ] = None
    expected_lifetime_ns: Annotated[
        float, Quantity(help="longest lifetime expected", unit="ns", minimum=0.01, maximum=1e6)
    ] = 450.0
    least_peak_counts: Annotated[
        float, Quantity(help="counts in the fullest bin that a decay should have", minimum=100)
    ] = 10000.0
    components: Annotated[
        int | None, Quantity(help="exponentials; none finds the number", minimum=1, maximum=3)
    ] = None
    dose_between_j_cm2: Annotated[
        float, Quantity(help="light between two decays", unit="J/cm²", minimum=0, maximum=5000)
    ] = 0.0
    wavelength_nm: WavelengthNm = 405.0
    irradiance_mw_cm2: IrradianceMwCm2 = 20.0
    position: Position = "sample"
    stage: Annotated[Stage | None, Quantity(help="brings the sample into the beam")] = None

    def make_logbook(self) -> Logbook:
        """Return a plain logbook."""
        return Logbook()

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        lit_s = self.dose_between_j_cm2 * 1e3 / self.irradiance_mw_cm2
        return self.decays * (60 * self.timeout_min + lit_s)

    def frames(self) -> int:
        """Return how many decays are stored."""
        return self.decays

    def checks(self) -> Iterator[Check]:
        """Yield the checks of folder, response, repetition rate, light and laser."""
        there = Path(self.folder).is_dir()
        detail = f"{Path(self.folder).resolve()}" + ("" if there else " is no folder")
        yield Check(name="folder", verdict="ok" if there else "refused", detail=detail)
        yield self._check_response()
        highest_mhz = longest_rate_hz(self.expected_lifetime_ns) * 1e-6
        rate = self.repetition_rate_mhz
        yield Check(
            name="repetition rate",
            verdict="note" if rate is None or rate > highest_mhz else "ok",
            detail=f"{'as the files say' if rate is None else f'{rate:g} MHz'}; "
            f"{self.expected_lifetime_ns:g} ns allow {highest_mhz:.3g} MHz, bins up to "
            f"{self.expected_lifetime_ns / BINS_PER_LIFETIME:.3g} ns",
        )
        if self.dose_between_j_cm2 > 0:
            yield from check_light(self.light, self.wavelength_nm, (self.irradiance_mw_cm2,))
            total = self.dose_between_j_cm2 * (self.decays - 1)
            yield check_dose(total, total)
        yield from check_positions(self.stage, (self.position,))
        yield Check(
            name="laser",
            verdict="note",
            detail="the laser of the TCSPC system is not switched by this program: mind its class",
        )

    def _check_response(self) -> Check:
        if not self.response_file:
            detail = "none: only the tail is fitted, short lifetimes are too long"
            return Check(name="response", verdict="note", detail=detail)
        try:
            bins = len(read_decay(Path(self.response_file)).counts)
        except DecayFileError as error:
            return Check(name="response", verdict="refused", detail=str(error))
        return Check(name="response", verdict="ok", detail=f"{self.response_file}: {bins} bins")

    def prepare(self, log: Logbook) -> MsgGenerator[None]:
        """Bring the sample into the beam, in the dark."""
        yield from move_dark(self.stage, self.position, self.light)

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Wait for files and fit them, with light in between if wanted."""
        yield Msg("stage", self.light)
        response = read_decay(Path(self.response_file)) if self.response_file else None
        folder = _Folder(Path(self.folder), self.pattern)
        emission = Emission(
            wavelength_nm=self.wavelength_nm, irradiance_mw_cm2=self.irradiance_mw_cm2
        )
        watch, dose, readable = Stopwatch(log.progress), 0.0, _DecayReadable()
        for number in range(self.decays):
            if number and self.dose_between_j_cm2 > 0:
                log.progress.phase = "exposure"
                dose += yield from expose_to_dose(self.light, emission, self.dose_between_j_cm2)
                folder.forget_present()  # what was counted in the light is no decay of the sample
            log.progress.phase = "counting"
            path = yield from self._next(folder)
            decay = read_decay(path)
            log.progress.frame += 1
            log.progress.elapsed_s = watch.seconds()
            readable.take(path.name, decay)
            yield from save_event("decays", readable, log.progress)
            row = self._row(number, decay, self._fit(decay, response), dose)
            yield from log.result({**row, "file": path.name, "time_s": log.progress.elapsed_s})
            yield from log.say(self._advice(row))
        yield Msg("unstage", self.light)
        yield from log.end("done", f"{self.decays} decays")
        yield from log.conclude(_summary(log.rows))

    def _next(self, folder: "_Folder") -> MsgGenerator[Path]:
        waited_s = 0.0
        while True:
            yield Msg("checkpoint")
            path = folder.look()
            if path is not None:
                return path
            if waited_s >= 60 * self.timeout_min:
                raise NoDecayError(
                    f"no new {self.pattern} in {self.folder} for {self.timeout_min:g} min: "
                    "is the TCSPC program counting, and does it export every histogram?"
                )
            yield Msg("sleep", None, _POLL_S)
            waited_s += _POLL_S

    def _rate_hz(self, decay: DecayFile) -> float | None:
        if decay.repetition_rate_hz is not None:
            return decay.repetition_rate_hz
        return None if self.repetition_rate_mhz is None else 1e6 * self.repetition_rate_mhz

    def _fit(self, decay: DecayFile, response: DecayFile | None) -> DecayResult:
        same = response is not None and len(response.counts) == len(decay.counts)
        return fit_decay(
            decay.time_ns,
            decay.counts,
            irf_counts=response.counts if response is not None and same else None,
            components=self.components,
            repetition_rate_hz=self._rate_hz(decay),
            exposure_s=decay.exposure_s,
        )

    def _row(self, number: int, decay: DecayFile, found: DecayResult, dose: float) -> Row:
        rate = self._rate_hz(decay)
        share = NO_NUMBER
        if rate and decay.exposure_s:
            share = float(decay.counts.sum()) / decay.exposure_s / rate
        return {
            "number": number,
            "dose_j_cm2": dose,
            "amplitude_average_ns": _number(found.amplitude_average_ns),
            "amplitude_average_se_ns": _number(found.amplitude_average_ns_se),
            "intensity_average_ns": _number(found.intensity_average_ns),
            "intensity_average_se_ns": _number(found.intensity_average_ns_se),
            "components": len(found.lifetimes_ns or ()),
            "lifetimes": ", ".join(f"{tau:.4g} ns" for tau in found.lifetimes_ns or ()),
            "amplitudes": ", ".join(f"{share:.3g}" for share in found.amplitudes),
            "chi2_red": _number(found.chi2_red),
            "peak_counts": float(decay.counts.max()),
            "photons_per_pulse": share,
            "flags": ",".join(found.flags),
            "reason": found.reason,
        }

    def _advice(self, row: Row) -> list[str]:
        texts = [f"decay {row['number']}: {row['reason']}"] if row["reason"] else []
        tau = float(row["intensity_average_ns"])
        if "period too short" in str(row["flags"]) and math.isfinite(tau):
            texts.append(f"lower the repetition rate to {longest_rate_hz(tau) * 1e-6:.3g} MHz")
        if float(row["peak_counts"]) < self.least_peak_counts:
            texts.append(
                f"decay {row['number']}: {row['peak_counts']:g} counts in the fullest bin, "
                f"{self.least_peak_counts:g} are wanted: count longer"
            )
        return texts


def _summary(rows: list[Row]) -> Row:
    first, last = rows[0], rows[-1]
    good = sum(float(row["chi2_red"]) <= _GOOD_CHI2 for row in rows)
    names = ("amplitude_average_ns", "intensity_average_ns")
    found: dict[str, str | int | float] = {"decays": len(rows), "good_fits": good}
    for name in names:
        found[f"first_{name}"], found[f"last_{name}"] = first[name], last[name]
        found[f"{name.removesuffix('_ns')}_ratio"] = float(last[name]) / float(first[name])
    found["dose_j_cm2"] = last["dose_j_cm2"]
    return found


def _number(value: float | None) -> float:
    return NO_NUMBER if value is None else value


class _Folder:
    """Finds new files that do not grow any more."""

    def __init__(self, path: Path, pattern: str) -> None:
        self._path, self._pattern = path, pattern
        self._sizes: dict[Path, int] = {}
        self._done: set[Path] = set()
        self.forget_present()

    def forget_present(self) -> None:
        """Pass over what is there now."""
        self._done.update(self._path.glob(self._pattern))

    def look(self) -> Path | None:
        """Return the oldest new file that had the same size at the last look, else None."""
        for path in sorted(self._path.glob(self._pattern), key=lambda p: (p.stat().st_mtime, p)):
            if path in self._done:
                continue
            size = path.stat().st_size
            if size > 0 and self._sizes.get(path) == size:
                self._done.add(path)
                return path
            self._sizes[path] = size
        return None


class _DecayReadable:
    """One decay as a bluesky Readable."""

    name = "decay"
    parent = None

    def __init__(self) -> None:
        self._values: Mapping[str, Any] = {}

    def take(self, file: str, decay: DecayFile) -> None:
        """Hold a decay until the next one."""
        self._values = {
            "decay_counts": decay.counts,
            "decay_time_ns": decay.time_ns,
            "decay_file": file,
            "decay_repetition_rate_hz": _number(decay.repetition_rate_hz),
            "decay_exposure_s": _number(decay.exposure_s),
        }

    def read(self) -> dict[str, Reading[Any]]:
        """Return histogram, time axis, and what the file says."""
        now_s = time.time()
        return {key: {"value": value, "timestamp": now_s} for key, value in self._values.items()}

    def describe(self) -> dict[str, Any]:
        """Describe the keys of :meth:`read`."""
        units = {"decay_counts": "counts", "decay_time_ns": "ns"}
        units |= {"decay_repetition_rate_hz": "Hz", "decay_exposure_s": "s"}
        found: dict[str, Any] = {}
        for key, value in self._values.items():
            kind = "string" if isinstance(value, str) else "number"
            found[key] = {"source": "TCSPC file", "dtype": kind, "shape": []}
            if hasattr(value, "shape"):
                found[key] |= {"dtype": "array", "shape": list(value.shape)}
            if key in units:
                found[key]["units"] = units[key]
        return found

    def read_configuration(self) -> dict[str, Reading[Any]]:
        """Return nothing: there is no configuration."""
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        """Return nothing: there is no configuration."""
        return {}


lifetime_series = plan_of(LifetimeSeries)
