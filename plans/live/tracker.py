"""Documents in, the tracked photoluminescence peak out."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from bluesky.protocols import Hints, Reading
from event_model.documents.event_descriptor import DataKey

from plans.analysis import flags as flag_words
from plans.analysis.noise import FloatArray
from plans.analysis.peak import PeakResult, fit_peak
from plans.live.dark_library import DarkLibrary

DARK_STREAM: Final = "dark"
PRIMARY_STREAM: Final = "primary"
_NO_NUMBER: Final = float("nan")
_KEYS: Final = {
    "peak_nm": ("nm", "wavelength of the PL maximum"),
    "peak_nm_se": ("nm", "standard error of the peak wavelength"),
    "peak_ev": ("eV", "photon energy of the PL maximum, per unit of energy"),
    "fwhm_nm": ("nm", "full width at half maximum"),
    "area": ("counts nm/s", "integral of the PL line per second of integration"),
    "snr": ("", "height over the noise of one pixel"),
}


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
        flags: flags of the fit and of the dark correction.
        data: the other values of the event.
    """

    seq_num: int
    time_s: float
    wavelength_nm: FloatArray
    counts_s: FloatArray
    integration_time_s: float
    peak: PeakResult
    flags: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class _Stream:
    name: str
    settings: Mapping[str, Any]


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
        keep: number of spectra that `history` keeps.
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
        keep: int = 20_000,
    ) -> None:
        self.name = name
        self.band_nm = band_nm
        self.history: list[TrackedSpectrum] = []
        self.darks = DarkLibrary(expires_s=dark_expires_s)
        self._spectrometer = spectrometer
        self._light = light
        self._keep = keep
        self._streams: dict[str, _Stream] = {}

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
        elif name == "descriptor":
            self._streams[doc["uid"]] = _Stream(
                name=doc.get("name", PRIMARY_STREAM), settings=self._settings(doc)
            )
        elif name == "event":
            self._event(doc)
        elif name == "event_page":
            for event in _events_of(doc):
                self._event(event)

    def _settings(self, descriptor: Mapping[str, Any]) -> Mapping[str, Any]:
        configuration = descriptor.get("configuration") or {}
        data = (configuration.get(self._spectrometer) or {}).get("data") or {}
        return dict(data)

    def _event(self, doc: Mapping[str, Any]) -> None:
        stream = self._streams.get(doc["descriptor"])
        if stream is None or stream.name not in (DARK_STREAM, PRIMARY_STREAM):
            return
        frame = _Frame(self._spectrometer, stream.settings, doc)
        if stream.name == PRIMARY_STREAM:
            self.history.append(self._track(frame))
            del self.history[: -self._keep]
        elif frame.counts is not None:
            self.darks.add(frame.counts, frame.settings, frame.time_s)

    def _track(self, frame: "_Frame") -> TrackedSpectrum:
        found: set[str] = set()
        wavelength_nm, counts = frame.wavelength_nm, frame.counts
        if counts is None or wavelength_nm is None or counts.size != wavelength_nm.size:
            peak = PeakResult(
                flags=(flag_words.NO_PEAK, flag_words.NO_DATA), reason=frame.what_is_missing()
            )
            return self._tracked(frame, np.empty(0), np.empty(0), peak, found)
        dark = self.darks.find(frame.settings, frame.time_s, counts.size)
        if dark is None:
            found.add(flag_words.NO_DARK)
        corrected = counts if dark is None else counts - dark.counts
        per_s = 1.0 / frame.integration_time_s if frame.integration_time_s > 0 else 1.0
        noise = None if dark is None else dark.corrected_noise * per_s
        corrected = corrected * per_s
        peak = fit_peak(
            wavelength_nm,
            corrected,
            raw_counts=counts,
            full_scale_counts=frame.full_scale_counts,
            dark_noise=noise,
            excitation_nm=self._excitation(frame),
            band_nm=self.band_nm,
        )
        return self._tracked(frame, wavelength_nm, corrected, peak, found)

    def _tracked(
        self,
        frame: "_Frame",
        wavelength_nm: FloatArray,
        counts_s: FloatArray,
        peak: PeakResult,
        found: set[str],
    ) -> TrackedSpectrum:
        large = f"{self._spectrometer}_spectrum_counts"
        return TrackedSpectrum(
            seq_num=int(frame.doc.get("seq_num", len(self.history) + 1)),
            time_s=frame.time_s,
            wavelength_nm=wavelength_nm,
            counts_s=counts_s,
            integration_time_s=frame.integration_time_s,
            peak=peak,
            flags=flag_words.in_order({*peak.flags, *found}),
            data={key: value for key, value in frame.doc["data"].items() if key != large},
        )

    def _excitation(self, frame: "_Frame") -> tuple[float, ...]:
        nm = _number(frame.doc["data"].get(f"{self._light}_wavelength_nm"))
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
        values: dict[str, Any] = {f"{self.name}_{key}": _NO_NUMBER for key in _KEYS}
        flags: tuple[str, ...] = (flag_words.NO_PEAK, flag_words.NO_DATA)
        if latest is not None:
            flags = latest.flags
            for key in _KEYS:
                value = getattr(latest.peak, key)
                values[f"{self.name}_{key}"] = _NO_NUMBER if value is None else float(value)
        values[f"{self.name}_flags"] = ",".join(flags)
        return {key: {"value": value, "timestamp": now} for key, value in values.items()}

    def describe(self) -> dict[str, DataKey]:
        """Describe the keys of `read`."""
        keys: dict[str, DataKey] = {
            f"{self.name}_{key}": {
                "source": f"analysis:{self.name}: {meaning}",
                "dtype": "number",
                "shape": [],
                "units": units,
            }
            for key, (units, meaning) in _KEYS.items()
        }
        keys[f"{self.name}_flags"] = {
            "source": f"analysis:{self.name}: what is wrong, comma separated",
            "dtype": "string",
            "shape": [],
        }
        return keys

    def read_configuration(self) -> dict[str, Reading[Any]]:
        """Return the settings of the fit."""
        now = time.time()
        values = {
            f"{self.name}_band_nm": list(self.band_nm),
            f"{self.name}_dark_expires_s": self.darks.expires_s,
            f"{self.name}_method": "split Gaussian in energy, straight baseline",
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
            f"{self.name}_method": {"source": source, "dtype": "string", "shape": []},
        }


class _Frame:
    """One event with a spectrum; what it lacks is None or NaN."""

    def __init__(
        self, spectrometer: str, settings: Mapping[str, Any], doc: Mapping[str, Any]
    ) -> None:
        self.doc = doc
        self._prefix = spectrometer
        self._settings = settings
        self.counts = _array(self._of("spectrum_counts"))
        self.wavelength_nm = _array(self._of("wavelength_nm"))
        self.integration_time_s = _number(self._of("integration_time_s"))
        full_scale = _number(self._of("full_scale_counts"))
        self.full_scale_counts = full_scale if full_scale > 0 else None
        start = _number(self._of("exposure_start_s"))
        self.time_s = start if np.isfinite(start) else float(doc.get("time", _NO_NUMBER))

    @property
    def settings(self) -> tuple[float, float, float]:
        """What a dark must share: integration time, averages, boxcar (0.0 where not given)."""
        averages, boxcar = (_number(self._of(key)) for key in ("averages", "boxcar_px"))
        return (
            round(float(np.nan_to_num(self.integration_time_s)), 9),
            float(np.nan_to_num(averages)),
            float(np.nan_to_num(boxcar)),
        )

    def what_is_missing(self) -> str:
        """Say which part of a spectrum the documents do not hold."""
        if self.counts is None:
            return f"the event holds no {self._prefix}_spectrum_counts"
        if self.wavelength_nm is None:
            return f"the descriptor holds no {self._prefix}_wavelength_nm"
        return (
            f"{self._prefix}: {self.counts.size} counts on a wavelength axis of "
            f"{self.wavelength_nm.size}"
        )

    def _of(self, key: str) -> Any:
        full = f"{self._prefix}_{key}"
        data = self.doc["data"]
        return data[full] if full in data else self._settings.get(full)


def _array(value: Any) -> FloatArray | None:
    """Return an array of numbers, None for anything else (such as the id of a stored array)."""
    if value is None or isinstance(value, str):
        return None
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 1 and array.size > 1 else None


def _number(value: Any) -> float:
    """Return a number, NaN for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return _NO_NUMBER


def _events_of(page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Take an event page apart."""
    numbers: Iterable[Any] = page["seq_num"]
    times = page.get("time") or ()
    for row, seq_num in enumerate(numbers):
        yield {
            "descriptor": page["descriptor"],
            "seq_num": seq_num,
            "time": times[row] if row < len(times) else _NO_NUMBER,
            "data": {key: column[row] for key, column in page["data"].items()},
        }
