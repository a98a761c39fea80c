"""Dark spectra, kept by the settings they were taken with."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.noise import FloatArray, robust_sigma

Settings = tuple[float, ...]
"""What a dark shares with the spectra it is taken from: integration time, averages, boxcar."""
_MOST_AVERAGED: Final = 16


@dataclass(frozen=True, kw_only=True)
class Dark:
    """The dark spectrum for one setting.

    Attributes:
        counts: mean of the frames, in counts.
        noise: standard deviation of one pixel of one frame, in counts; None from a single frame.
        frames: number of frames in the mean.
        time_s: when the last of them was taken.
        temperature_degc: of the detector, NaN when it is not known.
        electric_counts: mean of the pixels that no light reaches, NaN where there are none.
    """

    counts: FloatArray
    noise: float | None
    frames: int
    time_s: float
    temperature_degc: float = float("nan")
    electric_counts: float = float("nan")

    @property
    def corrected_noise(self) -> float:
        """Noise of one pixel after this dark was subtracted, in counts; NaN if not known."""
        if self.noise is None:
            return float("nan")
        return self.noise * float(np.sqrt(1.0 + 1.0 / self.frames))


class DarkLibrary:
    """Finds the dark spectrum for a setting, or none when there is no fresh one.

    Args:
        expires_s: after this time the offset and the hot pixels of a detector have drifted.
        largest_change_k: a detector that is warmer or colder by more has another dark.
    """

    def __init__(self, *, expires_s: float = 900.0, largest_change_k: float = 1.0) -> None:
        self.expires_s = expires_s
        self.largest_change_k = largest_change_k
        self._darks: dict[Settings, Dark] = {}
        self._noises: dict[Settings, list[float]] = {}

    def clear(self) -> None:
        """Forget all: another run may have another sample, detector temperature or fibre."""
        self._darks.clear()
        self._noises.clear()

    def add(
        self,
        counts: FloatArray,
        settings: Settings,
        time_s: float,
        temperature_degc: float = float("nan"),
        *,
        electric_counts: float = float("nan"),
    ) -> None:
        """Take a dark frame.

        Frames with one setting that follow each other before they expire are averaged, at most
        16 of them, so that a slow drift is followed.
        """
        if not np.all(np.isfinite(counts)):
            return
        before = self._darks.get(settings)
        why = (
            "none"
            if before is None
            else self._misfit(before, counts.size, time_s, temperature_degc)
        )
        if before is None or why:
            self._noises[settings] = []
            self._darks[settings] = Dark(
                counts=counts,
                noise=None,
                frames=1,
                time_s=time_s,
                temperature_degc=temperature_degc,
                electric_counts=electric_counts,
            )
            return
        # A frame minus the mean of k frames is noisier than a frame by sqrt(1 + 1/k).
        noises = self._noises[settings]
        spread = robust_sigma(counts - before.counts) / np.sqrt(1.0 + 1.0 / before.frames)
        noises.append(float(spread))
        share = 1.0 / min(before.frames + 1, _MOST_AVERAGED)
        self._darks[settings] = Dark(
            counts=before.counts + share * (counts - before.counts),
            noise=float(np.median(noises)) or None,
            frames=min(before.frames + 1, _MOST_AVERAGED),
            time_s=time_s,
            temperature_degc=temperature_degc,
            electric_counts=before.electric_counts
            + share * (electric_counts - before.electric_counts),
        )

    def find(
        self,
        settings: Settings,
        time_s: float,
        pixels: int,
        temperature_degc: float = float("nan"),
    ) -> Dark | None:
        """Return the dark for a spectrum, None when there is none or it has expired.

        Args:
            settings: of the spectrum.
            time_s: when the spectrum was taken.
            pixels: its length.
            temperature_degc: of the detector.
        """
        dark = self._darks.get(settings)
        fits = dark is not None and not self._misfit(dark, pixels, time_s, temperature_degc)
        return dark if fits else None

    def why_none(self, settings: Settings, time_s: float, temperature_degc: float) -> str:
        """Say why there is no dark for a spectrum."""
        dark = self._darks.get(settings)
        if dark is None:
            return "no dark with this integration time and averages" + (
                "" if self._darks else ": none was taken"
            )
        return self._misfit(dark, dark.counts.size, time_s, temperature_degc)

    def _misfit(self, dark: Dark, pixels: int, time_s: float, temperature_degc: float) -> str:
        """Say why a dark does not stand for a spectrum, nothing when it does.

        What is not known (an age, a temperature) counts as the same.
        """
        if dark.counts.size != pixels:
            return "the dark has another number of pixels"
        age_s = time_s - dark.time_s
        if abs(age_s) > self.expires_s:
            return f"the dark is {age_s / 60.0:.0f} min old, more than {self.expires_s / 60.0:g}"
        change_k = temperature_degc - dark.temperature_degc
        if abs(change_k) > self.largest_change_k:
            return f"the detector is {change_k:+.1f} K from the temperature of the dark"
        return ""
