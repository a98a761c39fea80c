"""From detected photons to the counts of an array detector."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulators.sample.optics import Floats

COUNTS_PER_PHOTON = 1.05
"""Makes the shot-noise variance 1.05 times the counts."""


def exposure_rng(seed: int, exposure: int) -> np.random.Generator:
    """Return the noise of one exposure: the same for the same seed and exposure number."""
    return np.random.default_rng((seed, exposure))


@dataclass(frozen=True, kw_only=True)
class Detector:
    """An array detector with dark, noise, saturation and, if wanted, a bent response.

    The variance of a count above the offset is ``counts_per_photon * counts + read_noise_counts²``;
    with the defaults the signal-to-noise ratio at full scale is 250.

    Args:
        offset_counts: Electronic offset of every pixel.
        pattern_counts: Standard deviation of the fixed differences between the pixels' offsets.
        dark_counts_per_s: Dark current.
        counts_per_photon: Gain.
        read_noise_counts: Standard deviation of a read-out.
        full_scale_counts: Where the converter ends.
        nonlinearity: Coefficients, lowest order first, of the polynomial in counts above the offset
            by which a read count must be divided to be linear; empty for a linear detector.
        pattern_seed: Makes the fixed pattern this detector's own.
    """

    offset_counts: float = 1500.0
    pattern_counts: float = 8.0
    dark_counts_per_s: float = 60.0
    counts_per_photon: float = COUNTS_PER_PHOTON
    read_noise_counts: float = 30.0
    full_scale_counts: int = 65535
    nonlinearity: tuple[float, ...] = ()
    pattern_seed: int = 0
    _patterns: dict[int, Floats] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def counts(
        self,
        photons: Floats,
        integration_time_s: float,
        rng: np.random.Generator,
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
        """Return what the converter reads.

        Args:
            photons: Expected detected photons per pixel during the exposure, shape [n].
            integration_time_s: Length of the exposure, for the dark current.
            rng: Source of the noise, see ``exposure_rng``.

        Returns:
            Counts, shape [n], at most full scale.
        """
        dark_photons = self.dark_counts_per_s * integration_time_s / self.counts_per_photon
        electrons = rng.poisson(np.maximum(photons, 0.0) + dark_photons).astype(np.float64)
        signal = self._bent(electrons * self.counts_per_photon)
        noise = rng.normal(0.0, self.read_noise_counts, size=signal.shape)
        read = self.offset_counts + self._pattern(signal.size) + signal + noise
        return np.rint(np.clip(read, 0, self.full_scale_counts)).astype(np.uint16)

    def _pattern(self, size: int) -> Floats:
        if size not in self._patterns:
            rng = np.random.default_rng((self.pattern_seed, size))
            self._patterns[size] = rng.normal(0.0, self.pattern_counts, size=size)
        return self._patterns[size]

    def _bent(self, linear: Floats) -> Floats:
        """Return the counts that the linear ones become: bent / polynomial(bent) = linear."""
        if not self.nonlinearity:
            return linear
        bent = np.minimum(linear, self.full_scale_counts)
        for _ in range(20):
            response = np.polynomial.polynomial.polyval(bent, np.array(self.nonlinearity))
            bent = np.minimum(linear * response, self.full_scale_counts)
        return bent
