"""Absorbance: a white lamp shines through the sample into the spectrometer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from bluesky.protocols import Reading
from bluesky.utils import Msg, MsgGenerator
from event_model.documents.event_descriptor import DataKey

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.spectrometers.spectrometer import Spectrometer
from plans.analysis.noise import FloatArray
from plans.stubs import dark, expose, save_event, set_and_wait

_SETTLE_S = 0.05
_LEAST_LIGHT = 0.002  # of the full scale: where the lamp gives less, there is no absorbance
_MEAN_NM = 4.0  # a single wavelength is the mean over this much to each side


@dataclass(frozen=True, kw_only=True)
class Absorbance:
    """The absorbance of a sample against the blank.

    Attributes:
        wavelength_nm: The axis.
        absorbance: Decadic absorbance of each pixel, NaN where the lamp gives no light.
    """

    wavelength_nm: FloatArray
    absorbance: FloatArray

    def at(self, wavelength_nm: float) -> float:
        """Return the absorbance at a wavelength, NaN where there is none.

        Args:
            wavelength_nm: The wavelength.
        """
        near = np.abs(self.wavelength_nm - wavelength_nm) <= _MEAN_NM
        values = self.absorbance[near & np.isfinite(self.absorbance)]
        return float(np.mean(values)) if values.size else float("nan")


class AbsorbanceMeter:
    """Takes the lamp's spectrum through the blank, then through samples.

    Every measurement is two events: the raw spectra in "transmission", and the absorbance with
    its values at single wavelengths in "absorbance". The lamp is off afterwards.

    Args:
        spectrometer: Takes the spectra.
        lamp: The white lamp.
        emission: What it is asked for; its wavelength only names the channel.
        frames: Spectra averaged into one measurement.
        stream: Where absorbances go; the tracker corrects peaks by those in "absorbance", as it
            is right for a cuvette.
    """

    def __init__(
        self,
        spectrometer: Spectrometer,
        lamp: LightSource,
        emission: Emission,
        *,
        frames: int = 10,
        stream: str = "absorbance",
    ) -> None:
        self._stream = stream
        self.latest: Absorbance | None = None
        self._spectrometer, self._lamp, self._emission = spectrometer, lamp, emission
        self._frames = frames
        self._blank: FloatArray | None = None
        self._readable = _AbsorbanceReadable()

    def reference(self) -> MsgGenerator[None]:
        """Take the lamp through the blank, which stands in the beam."""
        self._blank = yield from self._transmission()

    def measure(self) -> MsgGenerator[Absorbance]:
        """Take the lamp through the sample, which stands in the beam.

        Raises:
            RuntimeError: The blank was not taken before.
        """
        if self._blank is None:
            raise RuntimeError("no absorbance without a blank: call reference() first")
        passed = yield from self._transmission()
        least = _LEAST_LIGHT * float(self._spectrometer.full_scale_counts.get())
        seen = (self._blank > least) & (passed > 0)
        ratio = np.divide(passed, self._blank, out=np.ones_like(passed), where=seen)
        found = Absorbance(
            wavelength_nm=np.asarray(self._spectrometer.wavelength_nm.get(), dtype=np.float64),
            absorbance=np.where(seen, -np.log10(ratio), np.nan),
        )
        self.latest = self._readable.latest = found
        yield from save_event(self._stream, self._readable)
        return found

    def _transmission(self) -> MsgGenerator[FloatArray]:
        yield from dark(self._lamp)
        yield Msg("sleep", None, _SETTLE_S)
        without = yield from self._mean()
        yield from set_and_wait(self._lamp, self._emission)
        yield Msg("sleep", None, _SETTLE_S)
        with_lamp = yield from self._mean()
        yield from dark(self._lamp)
        return with_lamp - without

    def _mean(self) -> MsgGenerator[FloatArray]:
        spectra = []
        self._spectrometer.discard_next()
        for _ in range(self._frames):
            yield from expose(self._spectrometer)
            values = yield from save_event("transmission", self._spectrometer, self._lamp)
            spectra.append(values[f"{self._spectrometer.name}_spectrum_counts"])
        return np.asarray(np.mean(spectra, axis=0), dtype=np.float64)


class _AbsorbanceReadable:
    """The last absorbance as a bluesky Readable."""

    name = "absorbance"
    parent = None

    def __init__(self) -> None:
        self.latest: Absorbance | None = None

    def read(self) -> dict[str, Reading[Any]]:
        """Return the spectrum and the values at single wavelengths."""
        assert self.latest is not None
        values: Mapping[str, Any] = {
            "absorbance": self.latest.absorbance,
            "absorbance_wavelength_nm": self.latest.wavelength_nm,
            "absorbance_at_405_nm": self.latest.at(405.0),
            "absorbance_at_515_nm": self.latest.at(515.0),
            "absorbance_at_700_nm": self.latest.at(700.0),
        }
        now_s = time.time()
        return {key: {"value": value, "timestamp": now_s} for key, value in values.items()}

    def describe(self) -> dict[str, DataKey]:
        """Describe the keys of :meth:`read`."""
        assert self.latest is not None
        source, pixels = "plan:absorbance", len(self.latest.absorbance)
        keys: dict[str, DataKey] = {
            "absorbance": {"source": source, "dtype": "array", "shape": [pixels]},
            "absorbance_wavelength_nm": {
                "source": source, "dtype": "array", "shape": [pixels], "units": "nm",
            },
        }  # fmt: skip
        for nm in (405, 515, 700):
            keys[f"absorbance_at_{nm}_nm"] = {"source": source, "dtype": "number", "shape": []}
        return keys

    def read_configuration(self) -> dict[str, Reading[Any]]:
        """Return nothing: there is no configuration."""
        return {}

    def describe_configuration(self) -> dict[str, DataKey]:
        """Return nothing: there is no configuration."""
        return {}
