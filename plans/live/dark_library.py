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
    """

    counts: FloatArray
    noise: float | None
    frames: int
    time_s: float

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
    """

    def __init__(self, *, expires_s: float = 900.0) -> None:
        self.expires_s = expires_s
        self._darks: dict[Settings, Dark] = {}
        self._noises: dict[Settings, list[float]] = {}

    def clear(self) -> None:
        """Forget all: another run may have another sample, detector temperature or fibre."""
        self._darks.clear()
        self._noises.clear()

    def add(self, counts: FloatArray, settings: Settings, time_s: float) -> None:
        """Take a dark frame.

        Frames with one setting that follow each other before they expire are averaged, at most
        16 of them, so that a slow drift is followed.
        """
        if not np.all(np.isfinite(counts)):
            return
        before = self._darks.get(settings)
        if before is None or not self._joins(before, counts.size, time_s):
            self._noises[settings] = []
            self._darks[settings] = Dark(counts=counts, noise=None, frames=1, time_s=time_s)
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
        )

    def find(self, settings: Settings, time_s: float, pixels: int) -> Dark | None:
        """Return the dark for a spectrum, None when there is none or it has expired.

        Args:
            settings: of the spectrum.
            time_s: when the spectrum was taken.
            pixels: its length.
        """
        dark = self._darks.get(settings)
        return dark if dark is not None and self._joins(dark, pixels, time_s) else None

    def _joins(self, dark: Dark, pixels: int, time_s: float) -> bool:
        if dark.counts.size != pixels:
            return False
        age_s = time_s - dark.time_s
        return not abs(age_s) > self.expires_s  # an unknown age counts as fresh
