"""What the spectrometer saw of the light, to tell later whether it is gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from plans.analysis.noise import FloatArray
from plans.live.frame import Frame, events_of

_COUNTS = "_spectrum_counts"
_DARK = "dark"
_LIT = "primary"
_MOST_EXPOSURES = 4


@dataclass(frozen=True, kw_only=True)
class LitReference:
    """A dark and a lit spectrum of one exposure.

    Attributes:
        spectrometer: Name of the device.
        integration_time_s: Of both, s.
        axis_nm: Wavelength of every pixel, nm.
        dark: Raw counts while all was off.
        lit: Raw counts of the brightest frame.
    """

    spectrometer: str
    integration_time_s: float
    axis_nm: FloatArray
    dark: FloatArray
    lit: FloatArray


class LightSeen:
    """A callback that keeps the last dark spectrum and the brightest frame of each exposure.

    It looks at the streams "dark" and "primary" of all runs that it is told of.
    """

    def __init__(self) -> None:
        self._streams: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
        self._darks: dict[tuple[Any, ...], FloatArray] = {}
        self._lit: dict[tuple[Any, ...], Frame] = {}

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document of a run.

        Args:
            name: Kind of the document.
            doc: Its content.
        """
        if name == "descriptor":
            self._descriptor(doc)
        elif name == "event":
            self._event(doc)
        elif name == "event_page":
            for event in events_of(doc):
                self._event(event)

    def references(self) -> list[LitReference]:
        """Return a dark and a lit spectrum of each spectrometer, those of its last exposure."""
        found: dict[str, LitReference] = {}
        for key, frame in self._lit.items():
            dark = self._darks.get(key)
            axis_nm, counts = frame.wavelength_nm, frame.counts
            if dark is None or axis_nm is None or counts is None or dark.size != counts.size:
                continue
            found[key[0]] = LitReference(
                spectrometer=str(key[0]),
                integration_time_s=frame.integration_time_s,
                axis_nm=axis_nm,
                dark=dark,
                lit=counts,
            )
        return list(found.values())

    def _descriptor(self, doc: Mapping[str, Any]) -> None:
        stream = doc.get("name", _LIT)
        keys = [key for key in doc["data_keys"] if key.endswith(_COUNTS)]
        if stream in (_DARK, _LIT) and keys:
            device = keys[0].removesuffix(_COUNTS)
            configuration = (doc.get("configuration") or {}).get(device) or {}
            settings = dict(configuration.get("data") or {})
            self._streams[doc["uid"]] = (stream, device, settings)

    def _event(self, doc: Mapping[str, Any]) -> None:
        known = self._streams.get(doc["descriptor"])
        if known is None:
            return
        stream, device, settings = known
        frame = Frame(device, settings, doc)
        if frame.counts is None:
            return
        key = (device, *frame.settings)
        if stream == _DARK:
            self._darks.pop(key, None)
            self._darks[key] = frame.counts
            _forget_oldest(self._darks)
            return
        before = self._lit.pop(key, None)  # put in again: the last exposure comes last
        is_brighter = before is None or _sum(frame) > _sum(before)
        self._lit[key] = frame if is_brighter or before is None else before
        _forget_oldest(self._lit)


def _forget_oldest(by_exposure: dict[tuple[Any, ...], Any]) -> None:
    while len(by_exposure) > _MOST_EXPOSURES:
        del by_exposure[next(iter(by_exposure))]


def _sum(frame: Frame) -> float:
    return float("-inf") if frame.counts is None else float(np.sum(frame.counts))
