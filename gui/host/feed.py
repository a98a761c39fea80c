"""Turns the documents of a run into messages for the window.

Called on the engine's thread, so it only looks and hands over: no fit, no file, no waiting.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gui import messages
from gui.host import photons

_SPECTRUM = "_spectrum_counts"
_DARK_STREAM = "dark"
_TRACKED_STREAM = "tracked"
_PHOTON_UNITS = dict.fromkeys(photons.COLUMNS, photons.UNIT)
_LONGEST_TEXT = 500


@dataclass(kw_only=True)
class _Stream:
    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    is_told: bool = False


class DocumentFeed:
    """A callback for the engine that tells the window what a run yields.

    Args:
        tell: Takes a message; the second argument says whether it may be dropped.
        fit: Takes every document for the fit that is shown.
        folder: Returns where the run is recorded.
    """

    def __init__(
        self,
        tell: Callable[..., None],
        fit: Callable[[str, Mapping[str, Any]], None] | None = None,
        folder: Callable[[], object] = lambda: "",
    ) -> None:
        self._tell = tell
        self._fit = fit
        self._folder = folder
        self._streams: dict[str, _Stream] = {}
        self._uid = ""
        self._start_s = 0.0
        self._frames = 0
        self._axis: Any = None
        self._darks: dict[tuple[str, float], Any] = {}
        self._photons = photons.PhotonCount()

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document."""
        if name == "start":
            self._open(doc)
        elif name == "descriptor":
            self._describe(doc)
        elif name == "event":
            self._event(doc)
        elif name == "stop":
            self._tell(
                messages.RunClosed(
                    uid=self._uid,
                    exit_status=str(doc["exit_status"]),
                    reason=str(doc.get("reason") or ""),
                )
            )
        if self._fit is not None:
            self._fit(name, doc)

    def _open(self, doc: Mapping[str, Any]) -> None:
        self._streams.clear()
        self._darks.clear()
        self._photons.clear()
        self._uid, self._start_s, self._frames, self._axis = doc["uid"], doc["time"], 0, None
        longest_s = doc.get("longest_s")
        self._tell(
            messages.RunOpened(
                uid=self._uid,
                scan_id=int(doc.get("scan_id") or 0),
                plan=str(doc.get("plan_name", "")),
                sample=_text(doc.get("sample", "")),
                arguments={key: _scalar(value) for key, value in _arguments(doc).items()},
                time_s=self._start_s,
                longest_s=float(longest_s) if longest_s else None,
                folder=str(self._folder()),
            )
        )

    def _describe(self, doc: Mapping[str, Any]) -> None:
        settings: dict[str, Any] = {}
        for device in (doc.get("configuration") or {}).values():
            settings.update(device.get("data") or {})
        units = {key: str(k.get("units") or "") for key, k in doc["data_keys"].items()}
        self._streams[doc["uid"]] = _Stream(name=doc["name"], settings=settings, units=units)

    def _event(self, doc: Mapping[str, Any]) -> None:
        stream = self._streams.get(doc["descriptor"])
        if stream is None:
            return
        data = doc["data"]
        self._photons.learn(data)
        for key in data:
            if key.endswith(_SPECTRUM):
                self._spectrum(stream, key.removesuffix(_SPECTRUM), doc)
        scalars = {key: _scalar(value) for key, value in data.items() if np.ndim(value) == 0}
        if stream.name == _TRACKED_STREAM:
            scalars.update(self._photons.count(data))
        if scalars:
            self._tell(
                messages.Values(
                    stream=stream.name,
                    time_s=float(doc["time"]) - self._start_s,
                    values=scalars,
                    units={} if stream.is_told else {**stream.units, **_PHOTON_UNITS},
                )
            )
            stream.is_told = True

    def _spectrum(self, stream: _Stream, device: str, doc: Mapping[str, Any]) -> None:
        data, settings = doc["data"], stream.settings
        counts = np.asarray(data[device + _SPECTRUM], dtype=np.float32)
        exposure_s = float(
            data.get(f"{device}_integration_time_s")
            or settings.get(f"{device}_integration_time_s")
            or 1.0
        )
        key = (device, exposure_s)
        if stream.name == _DARK_STREAM:
            self._darks[key] = counts
            return
        axis = settings.get(f"{device}_wavelength_nm")
        if axis is None or np.size(axis) != counts.size:
            axis = np.arange(counts.size)
        if self._axis is None or self._axis is not axis:
            self._axis = axis
            self._tell(messages.Axis(wavelength_nm=np.asarray(axis, dtype=np.float32)))
        dark = self._darks.get(key)
        full = settings.get(f"{device}_full_scale_counts")
        self._frames += 1
        self._tell(
            messages.Frame(
                number=self._frames,
                time_s=float(doc["time"]) - self._start_s,
                counts_s=(counts if dark is None else counts - dark) / np.float32(exposure_s),
                dose_j_cm2=_dose(data),
                peak_share=float(counts.max()) / float(full) if full else None,
                has_dark=dark is not None,
            ),
            droppable=True,
        )


def _dose(data: Mapping[str, Any]) -> float | None:
    found = (v for k, v in data.items() if k.endswith("_dose_j_cm2") and "probe" not in k)
    dose = next(found, None)
    return None if dose is None else float(dose)


def _arguments(doc: Mapping[str, Any]) -> Mapping[str, Any]:
    arguments = doc.get("plan_args")
    return arguments if isinstance(arguments, Mapping) else {}


def _scalar(value: Any) -> messages.Scalar:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float):
        return value
    return _text(value)


def _text(value: object) -> str:
    return str(value)[:_LONGEST_TEXT]
