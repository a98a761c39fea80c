"""Documents of a light regrowth as the plan emits them, without engine or instruments.

The peak moves from 515.7 to 519.7 nm by an exponential, the width passes a maximum, the area
rises and falls; counts carry shot and read noise. Only for drawing reports: no kinetics in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import event_model
import numpy as np

Pair = tuple[str, dict[str, Any]]
EPOCH_S = 1_767_261_600.0
VERSIONS = {"regrow": "0.1.0", "bluesky": "1.15.1"}
TRACKER_UNITS = {
    "tracker_peak_nm": "nm",
    "tracker_peak_nm_se": "nm",
    "tracker_peak_ev": "eV",
    "tracker_fwhm_nm": "nm",
    "tracker_area": "counts nm",
    "tracker_snr": "",
}


@dataclass(kw_only=True)
class Regrowth:
    """A light regrowth to make documents of."""

    interval_s: float = 10.0
    baseline: int = 10
    exposure: int = 180
    dark_tail: int = 60
    pixels: int = 2068
    seed: int = 1
    tau_s: float = 500.0
    shift_nm: float = 4.0
    with_dark: bool = True
    with_tracker: bool = True
    with_ending: bool = True
    with_check: bool = True  # of the irradiance, and a note
    stop_after: int | None = None  # frames; the run then ends without a stop document
    exit_status: str = "success"
    reason: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    def documents(self) -> Iterator[Pair]:
        """Yield the documents of the run in order."""
        rng = np.random.default_rng(self.seed)
        metadata = self._metadata()
        begin_s = metadata.pop("time", EPOCH_S)
        run = event_model.compose_run(time=begin_s, validate=False, metadata=metadata)
        yield "start", run.start_doc
        wavelength_nm = np.linspace(339.24, 1028.0, self.pixels)
        if self.with_dark:
            yield from self._darks(run, wavelength_nm, rng)
        if self.with_check:
            yield from self._check(run)
        yield from self._frames(run, wavelength_nm, rng)
        if self.stop_after is None:
            end_s = EPOCH_S + self.interval_s * self._count() + 60.0
            stop = run.compose_stop(exit_status=self.exit_status, reason=self.reason)
            yield "stop", {**stop, "time": end_s}

    def _count(self) -> int:
        return self.baseline + self.exposure + self.dark_tail

    def _metadata(self) -> dict[str, Any]:
        return {
            "plan_name": "light_regrowth",
            "scan_id": 17,
            "sample": {"name": "CsPbBr3 batch 12", "concentration_nm": 20.0, "solvent": "toluene"},
            "bench": "demo bench",
            "operator": "M. Curie",
            "plan_args": {
                "wavelength_nm": 405,
                "irradiance_mw_cm2": 20.0,
                "max_time_min": 240.0,
                "max_dose_j_cm2": 300.0,
                "interval_s": 10.0,
                "target_peak_nm": None,
            },
            "versions": VERSIONS,
            "python": "3.11.7",
            **self.metadata,
        }

    def _configuration(self, wavelength_nm: np.ndarray) -> dict[str, Any]:
        data = {
            "spectrometer_wavelength_nm": wavelength_nm,
            "spectrometer_full_scale_counts": 65535.0,
            "spectrometer_serial": "HDX01234",
        }
        keys = {
            "spectrometer_wavelength_nm": {
                "source": "OBP",
                "dtype": "array",
                "shape": [self.pixels],
                "units": "nm",
            },
            "spectrometer_full_scale_counts": {"source": "OBP", "dtype": "number", "shape": []},
            "spectrometer_serial": {"source": "OBP", "dtype": "string", "shape": []},
        }
        stamps = dict.fromkeys(data, EPOCH_S)
        return {"spectrometer": {"data": data, "timestamps": stamps, "data_keys": keys}}

    def _spectrometer_keys(self) -> dict[str, Any]:
        return {
            "spectrometer_spectrum_counts": {
                "source": "OBP",
                "dtype": "array",
                "shape": [self.pixels],
                "units": "counts",
                "dtype_numpy": "<f8",
            },
            "spectrometer_integration_time_s": number("s"),
            "spectrometer_peak_counts": number("counts"),
            "spectrometer_exposure_start_s": number("s"),
        }

    def _darks(self, run: Any, wavelength_nm: np.ndarray, rng: Any) -> Iterator[Pair]:
        bundle = run.compose_descriptor(
            name="dark",
            data_keys=self._spectrometer_keys(),
            configuration=self._configuration(wavelength_nm),
            validate=False,
        )
        yield "descriptor", bundle.descriptor_doc
        for row in range(3):
            dark = self._counts(np.zeros(self.pixels), rng)
            data = self._reading(dark, EPOCH_S + row)
            yield "event", event(bundle, data, EPOCH_S + row)

    def _check(self, run: Any) -> Iterator[Pair]:
        keys = {"meter_power_w": number("W"), "meter_irradiance_mw_cm2": number("mW/cm2")}
        meter = run.compose_descriptor(name="meter", data_keys=keys, validate=False)
        yield "descriptor", meter.descriptor_doc
        data = {"meter_power_w": 0.01412, "meter_irradiance_mw_cm2": 19.917}
        yield "event", event(meter, data, EPOCH_S + 3.5)
        keys = {"note": {"source": "plan", "dtype": "string", "shape": []}}
        notes = run.compose_descriptor(name="notes", data_keys=keys, validate=False)
        yield "descriptor", notes.descriptor_doc
        text = "plateau: cannot be met with a noise of 0.05 nm; window >= 600 s"
        yield "event", event(notes, {"note": text}, EPOCH_S + 4.0)

    def _frames(self, run: Any, wavelength_nm: np.ndarray, rng: Any) -> Iterator[Pair]:
        light_keys = {
            "light_wavelength_nm": number("nm"),
            "light_irradiance_mw_cm2": number("mW/cm2"),
            "light_dose_j_cm2": number("J/cm2"),
            "light_probe_dose_j_cm2": number("J/cm2"),
            "light_on_time_s": number("s"),
            "phase": {"source": "plan", "dtype": "string", "shape": []},
            "elapsed_s": number("s"),
        }
        light = {
            "data": {"light_calibrated": ["2025-11-02", "2025-06-02"], "light_limit_ma": 1000},
            "timestamps": {"light_calibrated": EPOCH_S, "light_limit_ma": EPOCH_S},
            "data_keys": {
                "light_calibrated": {"source": "bench", "dtype": "array", "shape": [2]},
                "light_limit_ma": number("mA"),
            },
        }
        primary = run.compose_descriptor(
            name="primary",
            data_keys={**self._spectrometer_keys(), **light_keys},
            configuration={**self._configuration(wavelength_nm), "light": light},
            object_keys={"spectrometer": list(self._spectrometer_keys()), "light": ["light_dose"]},
            validate=False,
        )
        yield "descriptor", primary.descriptor_doc
        tracked = run.compose_descriptor(
            name="tracked",
            data_keys={
                **{key: number(unit) for key, unit in TRACKER_UNITS.items()},
                "tracker_flags": {"source": "tracker", "dtype": "string", "shape": []},
                "elapsed_s": number("s"),
                "light_dose_j_cm2": number("J/cm2"),
            },
            validate=False,
        )
        if self.with_tracker:
            yield "descriptor", tracked.descriptor_doc
        for frame in range(self._count() if self.stop_after is None else self.stop_after):
            now_s = EPOCH_S + 5.0 + frame * self.interval_s
            phase, lit_s = self._phase(frame)
            peak_nm = 515.7 + self.shift_nm * (1 - np.exp(-lit_s / self.tau_s))
            fwhm_nm = (
                19.1 - 1.4 * (1 - np.exp(-lit_s / 900)) + 3 * lit_s / 300 * np.exp(-lit_s / 300)
            )
            height = 28_000 * (
                0.9 + 0.1 * np.exp(-lit_s / 2000) + 0.5 * lit_s / 900 * np.exp(-lit_s / 900)
            )
            band = height * np.exp(-4 * np.log(2) * ((wavelength_nm - peak_nm) / fwhm_nm) ** 2)
            leak = 9000 * np.exp(-(((wavelength_nm - 405) / 6) ** 2))
            counts = self._counts(band + leak, rng)
            dose = 0.02 * lit_s + 0.0002 * (frame + 1)
            data = {
                **self._reading(counts, now_s),
                "light_wavelength_nm": 405.0,
                "light_irradiance_mw_cm2": 1.0,  # of the probe: the frame is taken in its light
                "light_dose_j_cm2": dose,
                "light_probe_dose_j_cm2": 0.0002 * (frame + 1),
                "light_on_time_s": lit_s + 0.2 * (frame + 1),
                "phase": phase,
                "elapsed_s": now_s - EPOCH_S,
            }
            yield "event", event(primary, data, now_s)
            if self.with_tracker:
                yield (
                    "event",
                    event(tracked, self._track(peak_nm, fwhm_nm, height, frame, data, rng), now_s),
                )
        if self.with_ending and self.stop_after is None:
            yield from self._ending(run)

    def _track(self, peak_nm, fwhm_nm, height, frame, data, rng) -> dict[str, Any]:
        lost = frame % 97 == 60
        peak = peak_nm + rng.normal(0, 0.03)
        values = {
            "tracker_peak_nm": peak,
            "tracker_peak_nm_se": 0.03,
            "tracker_peak_ev": 1239.84198 / peak,
            "tracker_fwhm_nm": fwhm_nm + rng.normal(0, 0.06),
            "tracker_area": height * fwhm_nm * 1.064 * (1 + rng.normal(0, 0.003)),
            "tracker_snr": 420.0 + rng.normal(0, 5),
        }
        if lost:
            values = dict.fromkeys(values, float("nan"))
        flags = "no_peak" if lost else "saturated,leak" if frame == 30 else ""
        return {
            **values,
            "tracker_flags": flags,
            "elapsed_s": data["elapsed_s"],
            "light_dose_j_cm2": data["light_dose_j_cm2"],
        }

    def _ending(self, run: Any) -> Iterator[Pair]:
        bundle = run.compose_descriptor(
            name="ending",
            data_keys={
                "ending_rule": {"source": "plan", "dtype": "string", "shape": []},
                "ending_text": {"source": "plan", "dtype": "string", "shape": []},
                "ending_elapsed_s": number("s"),
                "ending_seq_num": {"source": "plan", "dtype": "integer", "shape": []},
            },
            validate=False,
        )
        yield "descriptor", bundle.descriptor_doc
        frame = self.baseline + self.exposure
        data = {
            "ending_rule": "plateau",
            "ending_text": "slope 0.006 ± 0.001 nm/min, held 5:00 of 5:00",
            "ending_elapsed_s": 5.0 + self.interval_s * (frame - 1),
            "ending_seq_num": frame,
        }
        yield "event", event(bundle, data, EPOCH_S + data["ending_elapsed_s"])

    def _phase(self, frame: int) -> tuple[str, float]:
        lit = frame - self.baseline
        if lit < 0:
            return "baseline", 0.0
        if lit < self.exposure:
            return "exposure", lit * self.interval_s
        return "dark_tail", self.exposure * self.interval_s

    def _counts(self, photons: np.ndarray, rng: Any) -> np.ndarray:
        noisy = 1500 + photons + rng.normal(0, np.sqrt(np.maximum(photons, 0) + 900))
        return np.clip(np.round(noisy), 0, 65535)

    def _reading(self, counts: np.ndarray, now_s: float) -> dict[str, Any]:
        return {
            "spectrometer_spectrum_counts": counts,
            "spectrometer_integration_time_s": 0.2,
            "spectrometer_peak_counts": float(counts.max()),
            "spectrometer_exposure_start_s": now_s - 0.2,
        }


def number(units: str) -> dict[str, Any]:
    """Return the data key of a number."""
    return {"source": "test", "dtype": "number", "shape": [], "units": units}


def event(bundle: Any, data: dict[str, Any], time_s: float) -> dict[str, Any]:
    """Return the next event of a stream."""
    return bundle.compose_event(
        data=data, timestamps=dict.fromkeys(data, time_s), time=time_s, validate=False
    )


ARRAY = {"source": "test", "dtype": "array", "shape": [4]}


def one_stream(values, data_key=None, key="camera_counts", name="primary") -> Iterator[Pair]:
    """Yield the documents of a run with one stream of one key, by default an array."""
    run = event_model.compose_run(time=EPOCH_S, metadata={"plan_name": "count"}, validate=False)
    yield "start", run.start_doc
    data_keys = {key: data_key or ARRAY}
    bundle = run.compose_descriptor(name=name, data_keys=data_keys, validate=False)
    yield "descriptor", bundle.descriptor_doc
    for value in values:
        yield "event", event(bundle, {key: value}, EPOCH_S + 1.0)
    yield "stop", run.compose_stop()
