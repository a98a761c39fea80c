"""Documents in, the tracked photoluminescence peak out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from bluesky.protocols import Hints, Reading
from event_model.documents.event_descriptor import DataKey

from plans.analysis import flags as flag_words
from plans.analysis.chain import Corrected, CorrectionChain
from plans.analysis.corrections import SampleAbsorbance, StepRecord
from plans.analysis.noise import FloatArray
from plans.analysis.other_lines import SHAPES, Shape, in_shape
from plans.analysis.peak import PeakResult, fit_peak
from plans.live.bench_corrections import BenchCorrections, corrections_of
from plans.live.dark_library import DarkLibrary
from plans.live.frame import NO_NUMBER, Frame, as_array, as_number, events_of
from plans.live.quantities import LiveMeasure, LiveQuantities

DARK_STREAM: Final = "dark"
PRIMARY_STREAM: Final = "primary"
ABSORBANCE_STREAM: Final = "absorbance"
_KEYS: Final = {
    "peak_nm": ("nm", "wavelength of the PL maximum"),
    "peak_nm_se": ("nm", "standard error of the peak wavelength"),
    "peak_ev": ("eV", "photon energy of the PL maximum, per unit of energy"),
    "fwhm_nm": ("nm", "full width at half maximum"),
    "area": ("counts nm/s", "integral of the PL line per second of integration"),
    "snr": ("", "height over the noise of one pixel"),
    "centroid_nm": ("nm", "mean wavelength within 1.5 full widths"),
    "moment_fwhm_nm": ("nm", "2.355 times the root of the second moment"),
    "fwhm_ev": ("eV", "full width at half maximum of the fitted line"),
    "height": ("counts/s", "height of the line per second of integration"),
    "asymmetry": ("", "width of the red half over the width of the blue half"),
    "shoulder": ("", "part of the area that one line does not describe"),
    "chi2_red": ("", "mean squared residual over its variance"),
}
_LIVE_KEYS: Final = {
    "cie_x": ("", "CIE 1931 x of the line"),
    "cie_y": ("", "CIE 1931 y of the line"),
    "rec2020_distance": ("", "distance in xy to the green primary of Rec. 2020"),
    "scatter_ratio": ("", "scattered excitation over the area of the line"),
    "excitation_nm": ("nm", "centroid of the scattered excitation"),
    "corrected_peak_nm": ("nm", "peak with reabsorption taken back"),
    "corrected_peak_nm_se": ("nm", "standard error of that peak"),
    "end_fraction": ("", "share of the photons with the shape of the end spectrum"),
    "end_fraction_se": ("", "its standard error"),
    "axis_shift_nm": ("nm", "move of the wavelength axis since the first spectra"),
}
_TEXT_KEYS: Final = {
    "flags": "what is wrong, comma separated",
    "reason": "the same in sentences",
    "corrections": "steps of the correction chain that were taken, comma separated",
}
SPACE: Final = "maximum of counts per nm, from a fit of photons per eV"
"""In which space the peak is read."""


@dataclass(frozen=True, kw_only=True)
class TrackedSpectrum:
    """One spectrum of the primary stream and what was read from it.

    Attributes:
        seq_num: number of its event.
        time_s: when the exposure started, in s since the epoch.
        wavelength_nm: the axis, empty when the documents hold none.
        counts_s: counts per second of integration, dark corrected where there was a dark.
        integration_time_s: exposure, NaN when the documents do not say.
        peak: the line, or the reason why there is none.
        flags: flags of the fit, of the corrections and of the run so far.
        reason: the same in sentences.
        live: colour, scatter, corrected peak, mixture.
        steps: what became of each step of the correction chain.
        data: the other values of the event.
    """

    seq_num: int
    time_s: float
    wavelength_nm: FloatArray
    counts_s: FloatArray
    integration_time_s: float
    peak: PeakResult
    flags: tuple[str, ...]
    reason: str = ""
    live: LiveQuantities = field(default_factory=LiveQuantities)
    steps: tuple[StepRecord, ...] = field(default=(), repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class _Stream:
    name: str
    settings: Mapping[str, Any]
    corrections: BenchCorrections


class PLTracker:
    """Follows the photoluminescence peak through a run.

    Subscribe it to the documents of a run; it learns dark spectra from the stream "dark" and fits
    every spectrum of the stream "primary". It is a bluesky Readable, too: a plan reads it into
    the stream "tracked" after each spectrum.

    Args:
        spectrometer: name of the spectrometer in the documents.
        light: name of the light source in the documents; its wavelength is kept out of the fit.
        band_nm: where the line may be.
        name: prefix of the tracked keys.
        dark_expires_s: a dark spectrum older than this is flagged.
        keep: number of spectra that `history` keeps; the record holds all of them.
        chain: corrections of the spectrometer. Without a nonlinearity, a response or stray light
            those of the documents are taken, without an absorbance the one that the run measures.
        measure: what is measured beside the peak; holds the spectrum of the end product.
        shape: of the line that the peak is read with.
        lamp_monitor: key of the documents with what a meter beside the sample reads of the lamp
            with each spectrum, in any unit; the drift of the lamp is then taken out of the counts.
    """

    parent = None

    def __init__(
        self,
        *,
        spectrometer: str = "spectrometer",
        light: str = "light",
        band_nm: tuple[float, float] = (450.0, 650.0),
        name: str = "tracker",
        dark_expires_s: float = 900.0,
        keep: int = 100,
        chain: CorrectionChain | None = None,
        measure: LiveMeasure | None = None,
        shape: Shape = SHAPES[0],
        lamp_monitor: str = "",
    ) -> None:
        self.name = name
        self.band_nm, self.shape = band_nm, shape
        self.history: list[TrackedSpectrum] = []
        self.darks = DarkLibrary(expires_s=dark_expires_s)
        self.chain = chain or CorrectionChain()
        self.takes_bench_corrections = True  # a plan that measures one of them must see without
        self.measure = measure or LiveMeasure()
        self._absorbance: SampleAbsorbance | None = None
        self._spectrometer = spectrometer
        self._light = light
        self._keep = keep
        self._monitor = lamp_monitor
        self._first_lamp: dict[tuple[float, float], float] = {}
        self._streams: dict[str, _Stream] = {}
        self._begun_s = NO_NUMBER

    @property
    def latest(self) -> TrackedSpectrum | None:
        """The last spectrum of the run, None before the first."""
        return self.history[-1] if self.history else None

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document of a run; kinds that hold no spectrum are passed over."""
        if name == "start":
            self._streams.clear()
            self.history.clear()
            self.darks.clear()
            self.measure.clear()
            self._first_lamp.clear()
            self._absorbance = None
            self._begun_s = as_number(doc.get("time"))
        elif name == "descriptor":
            settings = self._settings(doc)
            self._streams[doc["uid"]] = _Stream(
                name=doc.get("name", PRIMARY_STREAM),
                settings=settings,
                corrections=corrections_of(self._spectrometer, settings, self._begun_s),
            )
        elif name == "event":
            self._event(doc)
        elif name == "event_page":
            for event in events_of(doc):
                self._event(event)

    def _settings(self, descriptor: Mapping[str, Any]) -> Mapping[str, Any]:
        configuration = descriptor.get("configuration") or {}
        data = (configuration.get(self._spectrometer) or {}).get("data") or {}
        return dict(data)

    def _event(self, doc: Mapping[str, Any]) -> None:
        stream = self._streams.get(doc["descriptor"])
        if stream is None:
            return
        if stream.name == ABSORBANCE_STREAM:
            self._learn_absorbance(doc)
        if stream.name not in (DARK_STREAM, PRIMARY_STREAM):
            return
        frame = Frame(self._spectrometer, stream.settings, doc)
        if stream.name == PRIMARY_STREAM:
            self.history.append(self._track(frame, stream.corrections))
            del self.history[: -self._keep]
        elif frame.counts is not None:
            self.darks.add(
                frame.counts,
                frame.settings,
                frame.time_s,
                frame.temperature_degc,
                electric_counts=frame.electric_counts,
            )

    def _learn_absorbance(self, doc: Mapping[str, Any]) -> None:
        axis = as_array(doc["data"].get("absorbance_wavelength_nm"))
        values = as_array(doc["data"].get("absorbance"))
        if axis is not None and values is not None and axis.size == values.size:
            self._absorbance = SampleAbsorbance(
                name="absorbance of the run",
                taken_s=as_number(doc.get("time")),
                wavelength_nm=axis,
                absorbance=values,
            )

    def _track(self, frame: Frame, corrections: BenchCorrections) -> TrackedSpectrum:
        axis, counts = frame.wavelength_nm, frame.counts
        if counts is None or axis is None or counts.size != axis.size:
            missing = (flag_words.NO_PEAK, flag_words.NO_DATA)
            return self._tracked(frame, PeakResult(flags=missing, reason=frame.what_is_missing()))
        dark = self.darks.find(frame.settings, frame.time_s, counts.size, frame.temperature_degc)
        excitation = self._excitation(frame)
        corrected = self._chain_of(corrections).apply(
            axis,
            counts,
            dark=dark,
            integration_time_s=frame.integration_time_s,
            now_s=frame.time_s,
            excitation_nm=excitation[0] if excitation else NO_NUMBER,
            electric_counts=frame.electric_counts,
            lamp=self._lamp(frame),
            no_dark=""
            if dark is not None
            else self.darks.why_none(frame.settings, frame.time_s, frame.temperature_degc),
        )
        per_s = 1.0 / frame.integration_time_s if frame.integration_time_s > 0 else 1.0
        peak = fit_peak(
            corrected.wavelength_nm,
            corrected.counts_s,
            raw_counts=counts,
            full_scale_counts=frame.full_scale_counts,
            dark_noise=None if dark is None else dark.corrected_noise * per_s,
            excitation_nm=excitation,
            band_nm=self.band_nm,
            resolution_nm=frame.resolution_nm,
        )
        peak = in_shape(peak, corrected.wavelength_nm, corrected.counts_s, self.shape)
        live = self.measure.measure(corrected, peak, excitation)
        return self._tracked(frame, peak, corrected, live)

    def _chain_of(self, corrections: BenchCorrections) -> CorrectionChain:
        """Return the chain, with what the documents know where it knows nothing."""
        chain = self.chain
        if self.takes_bench_corrections:
            chain = corrections.fill(chain)
        if chain.absorbance is None and self._absorbance is not None:
            chain = replace(chain, absorbance=self._absorbance)
        return chain

    def _tracked(
        self,
        frame: Frame,
        peak: PeakResult,
        corrected: Corrected | None = None,
        live: LiveQuantities | None = None,
    ) -> TrackedSpectrum:
        large = f"{self._spectrometer}_spectrum_counts"
        live = live or LiveQuantities()
        found = {*peak.flags, *live.flags}
        reasons = [peak.reason, live.reason]
        if corrected is not None and not corrected.step("dark").on:
            found.add(flag_words.NO_DARK)
            reasons.append(corrected.step("dark").why)
        return TrackedSpectrum(
            seq_num=int(frame.doc.get("seq_num", len(self.history) + 1)),
            time_s=frame.time_s,
            wavelength_nm=np.empty(0) if corrected is None else corrected.wavelength_nm,
            counts_s=np.empty(0) if corrected is None else corrected.counts_s,
            integration_time_s=frame.integration_time_s,
            peak=peak,
            flags=flag_words.in_order(found),
            reason="; ".join(reason for reason in reasons if reason),
            live=live,
            steps=() if corrected is None else corrected.steps,
            data={key: value for key, value in frame.doc["data"].items() if key != large},
        )

    def _lamp(self, frame: Frame) -> float:
        """Return the lamp over its first reading at this setting, NaN without a monitor."""
        if not self._monitor:
            return NO_NUMBER
        data = frame.doc["data"]
        now = as_number(data.get(self._monitor))
        setting = (
            as_number(data.get(f"{self._light}_wavelength_nm")),
            as_number(data.get(f"{self._light}_irradiance_mw_cm2")),
        )
        if not now > 0.0:
            return NO_NUMBER
        return now / self._first_lamp.setdefault(setting, now)

    def _excitation(self, frame: Frame) -> tuple[float, ...]:
        nm = as_number(frame.doc["data"].get(f"{self._light}_wavelength_nm"))
        return (nm,) if nm > 0.0 else ()

    # What bluesky reads.

    @property
    def hints(self) -> Hints:
        """The peak is what one plots."""
        return {"fields": [f"{self.name}_peak_nm"]}

    def read(self) -> dict[str, Reading[Any]]:
        """Return the last tracked values; NaN without a peak."""
        latest = self.latest
        now = time.time() if latest is None else latest.time_s
        numbers = dict.fromkeys((*_KEYS, *_LIVE_KEYS), NO_NUMBER)
        texts = {"flags": f"{flag_words.NO_PEAK},{flag_words.NO_DATA}", "reason": "",
                 "corrections": ""}  # fmt: skip
        if latest is not None:
            for key in _KEYS:
                value = getattr(latest.peak, key)
                numbers[key] = NO_NUMBER if value is None else float(value)
            for key in _LIVE_KEYS:
                numbers[key] = float(getattr(latest.live, key))
            texts["flags"] = ",".join(latest.flags)
            texts["reason"] = latest.reason
            texts["corrections"] = ",".join(step.name for step in latest.steps if step.on)
        values: dict[str, Any] = {**numbers, **texts}
        return {
            f"{self.name}_{key}": {"value": value, "timestamp": now}
            for key, value in values.items()
        }

    def describe(self) -> dict[str, DataKey]:
        """Describe the keys of `read`."""
        keys: dict[str, DataKey] = {
            f"{self.name}_{key}": {
                "source": f"analysis:{self.name}: {meaning}",
                "dtype": "number",
                "shape": [],
                "units": units,
            }
            for key, (units, meaning) in (_KEYS | _LIVE_KEYS).items()
        }
        for key, meaning in _TEXT_KEYS.items():
            keys[f"{self.name}_{key}"] = {
                "source": f"analysis:{self.name}: {meaning}",
                "dtype": "string",
                "shape": [],
            }
        return keys

    def read_configuration(self) -> dict[str, Reading[Any]]:
        """Return the settings of the fit, and what became of each correction."""
        now = time.time()
        steps = () if self.latest is None else self.latest.steps
        values = {
            f"{self.name}_band_nm": list(self.band_nm),
            f"{self.name}_dark_expires_s": self.darks.expires_s,
            f"{self.name}_method": f"{self.shape} in energy, straight baseline",
            f"{self.name}_space": SPACE,
            f"{self.name}_chain": "; ".join(step.text for step in steps),
        }
        return {key: {"value": value, "timestamp": now} for key, value in values.items()}

    def describe_configuration(self) -> dict[str, DataKey]:
        """Describe the settings of the fit."""
        source = f"analysis:{self.name}"
        return {
            f"{self.name}_band_nm": {
                "source": source,
                "dtype": "array",
                "shape": [2],
                "units": "nm",
            },
            f"{self.name}_dark_expires_s": {
                "source": source,
                "dtype": "number",
                "shape": [],
                "units": "s",
            },
            **{
                f"{self.name}_{key}": {"source": source, "dtype": "string", "shape": []}
                for key in ("method", "space", "chain")
            },
        }
