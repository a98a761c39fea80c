"""A measured series played back as if it were the sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simulators.sample.beam import Beam, Inputs
from simulators.sample.decay import Pool
from simulators.sample.detector import COUNTS_PER_PHOTON
from simulators.sample.emission import PixelGrid
from simulators.sample.ledger import LightLedger
from simulators.sample.optics import Floats
from simulators.sample.series_file import Series, read_series

PEAK_COUNTS_PER_S = 100_000.0
"""Counts per second at the highest point of a series: 20 000 in 0.2 s, under any light."""


class ReplaySample:
    """Shows the spectra of a series, from the moment the first light falls on it.

    It glows under whatever light there is, always equally bright: a file does not tell how a sample
    answers to another lamp. Flow and heat do nothing to it, doses are counted.

    Args:
        series: The spectra.
        name: What the run shall call it.
        peak_counts_per_s: Counts per second at the highest point of the whole series.
    """

    def __init__(
        self, series: Series, name: str, peak_counts_per_s: float = PEAK_COUNTS_PER_S
    ) -> None:
        self.ledger = LightLedger()
        self._series = series
        self._name = name
        self._scale = peak_counts_per_s / COUNTS_PER_PHOTON / float(series.signal.max())
        self._elapsed_s: float | None = None

    @classmethod
    def from_file(cls, path: Path, peak_counts_per_s: float = PEAK_COUNTS_PER_S) -> ReplaySample:
        """Return the replay of a CSV file.

        Raises:
            SampleConfigurationError: When the file holds no series.
        """
        return cls(read_series(path), path.name, peak_counts_per_s)

    @property
    def elapsed_s(self) -> float:
        """Time since the first light, 0 before it."""
        return self._elapsed_s or 0.0

    @property
    def mass_g(self) -> float:
        """Nothing: a file weighs nothing."""
        return 0.0

    def step(self, dt_s: float, inputs: Inputs) -> None:
        """Let time pass; only the light matters.

        Args:
            dt_s: How long the inputs act.
            inputs: Light, flow and heat.
        """
        self.ledger.add(dt_s, inputs.beams)
        if self._elapsed_s is not None:
            self._elapsed_s += dt_s
        elif inputs.beams:
            self._elapsed_s = dt_s

    def emission_per_s(self, grid: PixelGrid, beams: tuple[Beam, ...]) -> Floats:
        """Return the photons a spectrometer detects per second and pixel, shape of the grid.

        Args:
            grid: The pixels.
            beams: Light on the sample.
        """
        if not beams:
            return np.zeros(len(grid))
        shown = self._series.at(self.elapsed_s)
        # Beyond its ends a file says nothing; its last value goes on, so that no step appears.
        resampled = np.interp(grid.wavelength_nm, self._series.wavelength_nm, shown)
        photons: Floats = self._scale * np.maximum(resampled, 0.0)
        return photons

    def absorbances(self, wavelength_nm: Floats) -> Floats:
        """Nothing: a file of emission says nothing about absorption."""
        return np.zeros(wavelength_nm.shape)

    def decay_pools(self, excitation_nm: float) -> tuple[Pool, ...]:
        """None: a file of spectra says nothing about lifetimes."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return the state that ``restore`` takes, as plain data."""
        return {"elapsed_s": self._elapsed_s, "ledger": self.ledger.to_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take on a state that ``to_dict`` returned."""
        self._elapsed_s = state["elapsed_s"]
        self.ledger = LightLedger.from_dict(state["ledger"])

    def truth(self) -> dict[str, Any]:
        """Return what is known of a replayed sample, as plain data."""
        return {"sample": self._name, **self.ledger.truth(), "replay_s": self.elapsed_s}

    def copy(self) -> ReplaySample:
        """Return a replay in the same state that goes its own way."""
        twin = ReplaySample(self._series, self._name)
        twin._scale = self._scale
        twin.restore(self.to_dict())
        return twin
