"""Calibrations of the detector: dark library, non-linearity."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.light_source import LightSource
from instruments.spectrometers.spectrometer import Spectrometer
from plans.analysis.calibration import LinearityResult, fit_linearity
from plans.annotations import Averages
from plans.experiments.base import Experiment, plan_of
from plans.experiments.pl import PLExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Logbook, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dark, expose, save_event, set_and_wait

_SETTLE_S = 0.1
_HOT_SIGMAS = 8.0
_FULLEST = 0.92  # of the full scale, in a linearity series
_SPREAD = 0.005


@dataclass(frozen=True, eq=False)
class CalibrateDark(Experiment[Logbook]):
    """Take dark spectra at several integration times, for offset, dark current and noise.

    The light is off and confirmed to be. The spectra go to the stream "dark", where an analysis
    finds them by integration time and averages. Close the lid: the room is seen, too.
    """

    spectrometer: Annotated[Spectrometer, Quantity(help="is calibrated")]
    light: Annotated[LightSource, Quantity(help="must be dark")]
    _: dataclasses.KW_ONLY
    integration_times_s: Annotated[
        tuple[float, ...],
        Quantity(help="integration times, with commas", unit="s", minimum=0.006, maximum=10),
    ] = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
    averages: Averages = 1
    frames_each: Annotated[
        int, Quantity(help="dark spectra at each time", minimum=3, maximum=200)
    ] = 10

    def make_logbook(self) -> Logbook:
        """Return a plain logbook."""
        return Logbook()

    def duration_s(self) -> float:
        """Return how long it takes, s."""
        one = sum(self.integration_times_s) * self.averages * (self.frames_each + 1)
        return one + len(self.integration_times_s) * (1.0 + 0.3 * self.frames_each)

    def frames(self) -> int:
        """Return how many spectra are taken."""
        return self.frames_each * len(self.integration_times_s)

    def needs_light(self) -> bool:
        """Return False: the darker the better."""
        return False

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Take the spectra, the light off."""
        log.progress.phase = "dark"
        yield from dark(self.light)
        yield Msg("sleep", None, _SETTLE_S)
        yield from set_and_wait(self.spectrometer.averages, self.averages)
        for seconds in self.integration_times_s:
            yield from set_and_wait(self.spectrometer.integration_time_s, seconds)
            self.spectrometer.discard_next()
            taken = []
            for _ in range(self.frames_each):
                yield Msg("checkpoint")
                yield from expose(self.spectrometer)
                values = yield from save_event("dark", self.spectrometer)
                taken.append(values[f"{self.spectrometer.name}_spectrum_counts"])
            yield from log.result(_dark_row(seconds, np.asarray(taken, dtype=float)))
        yield from log.end("done", f"{len(log.rows)} integration times")
        yield from log.conclude(_dark_summary(log.rows))


def _dark_row(seconds: float, taken: np.ndarray) -> Row:
    mean, spread = taken.mean(axis=0), taken.std(axis=0, ddof=1)
    middle = float(np.median(mean))
    sigma = 1.4826 * float(np.median(np.abs(mean - middle)))
    return {
        "integration_time_s": seconds,
        "mean_counts": float(mean.mean()),
        "noise_counts": float(np.median(spread)),
        "pattern_counts": sigma,
        "hot_pixels": int(np.count_nonzero(mean - middle > _HOT_SIGMAS * max(sigma, 1e-9))),
        "frames": len(taken),
    }


def _dark_summary(rows: Sequence[Row]) -> Row:
    times = [float(row["integration_time_s"]) for row in rows]
    means = [float(row["mean_counts"]) for row in rows]
    line = np.polyfit(times, means, 1) if len(rows) > 1 else (NO_NUMBER, means[0])
    return {
        "offset_counts": float(line[1]),
        "dark_counts_per_s": float(line[0]),
        "noise_counts": float(np.median([float(row["noise_counts"]) for row in rows])),
        "hot_pixels": max(int(row["hot_pixels"]) for row in rows),
    }


@dataclass(frozen=True, eq=False)
class CalibrateNonlinearity(PLExperiment):
    """Measure how the counts depend on how full the detector is.

    A steady light (the PL of a stable sample, or a lamp) is exposed for times from short to nearly
    full, up and down again, so that a drift of the light cancels. The summary holds the polynomial
    by which counts are divided, after the dark and before anything else.
    """

    _: dataclasses.KW_ONLY
    points: Annotated[int, Quantity(help="exposures on the way up", minimum=5, maximum=50)] = 12
    lowest_fill: Annotated[
        float, Quantity(help="emptiest exposure, of the full scale", minimum=0.005, maximum=0.5)
    ] = 0.04
    degree: Annotated[int, Quantity(help="of the polynomial", minimum=1, maximum=7)] = 3

    def duration_s(self) -> float:
        """Return how long it takes at most, s."""
        return 2 * self.points * 2 * (10.0 + 1.0)

    def frames(self) -> int:
        """Return how many spectra are taken."""
        return 4 * self.points + 10

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light and stage, and a word about the sample."""
        yield from super().checks()
        detail = "needs PL that is steady within 0.5 %: no fresh sample, a dye or a glass"
        yield Check(name="sample", verdict="note", detail=detail)

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Find the longest exposure, then go down from it and up again."""
        log.tracker.takes_bench_corrections = False  # counts of the detector, as they are
        yield from log.auto_expose()
        yield from log.dark_point()
        fill = self._fill(log)
        longest_s = min(log.integration_time_s * _FULLEST / fill, 10.0)
        steps = np.geomspace(longest_s * self.lowest_fill / _FULLEST, longest_s, self.points)
        log.progress.phase = "linearity"
        for seconds in [*steps, *steps[::-1]]:
            yield from log.use_integration_time(max(round(float(seconds), 6), 0.006))
            yield from log.dark_point()
            yield from log.result(self._row(log))
        found = self._fit(log)
        yield from log.end("done", f"{len(log.rows)} exposures")
        drift = _drift(log.rows)
        yield from log.conclude(
            {
                "largest_deviation": _number(found.largest_deviation),
                "residual": _number(found.residual),
                "light_drift": drift,
                "coefficients": ", ".join(f"{c:.6g}" for c in found.coefficients),
                "verdict": found.reason
                or ("steady enough" if abs(drift) <= _SPREAD else "the light was not steady"),
            }
        )

    def _fill(self, log: PLSeries) -> float:
        return float(log.values[f"{self.spectrometer.name}_peak_counts"]) / self._full()

    def _full(self) -> float:
        return float(self.spectrometer.full_scale_counts.get())

    def _row(self, log: PLSeries) -> Row:
        spectrum = log.tracker.latest
        counts = NO_NUMBER
        if spectrum is not None and spectrum.peak.peak_nm is not None:
            near = np.abs(spectrum.wavelength_nm - spectrum.peak.peak_nm) <= 2.0
            counts = float(np.mean(spectrum.counts_s[near])) * spectrum.integration_time_s
        return {
            "integration_time_s": log.integration_time_s,
            "counts": counts,
            "counts_per_s": counts / log.integration_time_s,
            "fill": counts / self._full(),
        }

    def _fit(self, log: PLSeries) -> LinearityResult:
        return fit_linearity(
            [float(row["integration_time_s"]) for row in log.rows],
            [float(row["counts"]) for row in log.rows],
            full_scale_counts=self._full(),
            degree=self.degree,
        )


def _drift(rows: Sequence[Row]) -> float:
    """Return by how much the second half differs from the first at the same exposures."""
    half = len(rows) // 2
    first, second = (
        [float(row["counts_per_s"]) for row in part] for part in (rows[:half], rows[half:])
    )
    return float(np.mean(second) / np.mean(first) - 1.0)


def _number(value: float | None) -> float:
    return NO_NUMBER if value is None else value


calibrate_dark = plan_of(CalibrateDark)
calibrate_nonlinearity = plan_of(CalibrateNonlinearity)
