"""How noisy a spectrum is, read from the spectrum itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FOURTH_DIFFERENCE = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
_GAIN_OF_DIFFERENCE = float(np.sqrt(np.sum(FOURTH_DIFFERENCE**2)))
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """Variance of one pixel, ``floor**2 + gain * signal``.

    Attributes:
        floor: standard deviation where there is no signal, in counts.
        gain: variance per count of signal (shot noise), in counts.
    """

    floor: float
    gain: float = 0.0

    def sigma(self, signal: FloatArray | float) -> FloatArray:
        """Return the standard deviation of pixels that hold this signal (counts)."""
        above = np.maximum(np.asarray(signal, dtype=np.float64), 0.0)
        return np.asarray(np.sqrt(self.floor**2 + self.gain * above), dtype=np.float64)


def robust_sigma(values: FloatArray) -> float:
    """Return a standard deviation that outliers do not move (1.4826 x median deviation)."""
    if values.size == 0:
        return 0.0
    return _MAD_TO_SIGMA * float(np.median(np.abs(values - np.median(values))))


def pixel_noise(counts: FloatArray) -> float:
    """Estimate the noise of one pixel from fourth differences.

    A line sampled five times in its width leaves nearly nothing in its fourth difference, noise
    that is independent from pixel to pixel leaves all. Integers that hardly change have a median
    deviation of zero; the trimmed root mean square takes over.

    Args:
        counts: at least five values in the order of the axis.

    Returns:
        The standard deviation in counts, 0.0 when it cannot be told.
    """
    if counts.size < FOURTH_DIFFERENCE.size:
        return 0.0
    return _sigma_of_differences(np.convolve(counts, FOURTH_DIFFERENCE, mode="valid"))


def quantum(counts: FloatArray) -> float:
    """Return the step of coarsely rounded values, 0.0 when they hardly repeat."""
    values = np.unique(counts)
    if values.size < 2 or values.size > counts.size // 2:
        return 0.0
    return float(np.min(np.diff(values)))


def _sigma_of_differences(differences: FloatArray) -> float:
    if differences.size == 0:
        return 0.0
    size = np.abs(differences)
    sigma = _MAD_TO_SIGMA * float(np.median(size))
    if sigma == 0.0:
        kept = np.sort(size)[: max(1, int(0.95 * size.size))]
        sigma = float(np.sqrt(np.mean(kept**2)))
    return sigma / _GAIN_OF_DIFFERENCE


def estimate_noise(
    counts: FloatArray, level: FloatArray, *, floor: float | None = None
) -> NoiseModel:
    """Separate the noise of the dark pixels from the noise that grows with the signal.

    Args:
        counts: the spectrum in the order of its axis.
        level: a smooth version of the same spectrum, without its pedestal, in counts.
        floor: standard deviation of a dark pixel when it is known, for example from dark frames.

    Returns:
        The model that gives the variance at every level.
    """
    if counts.size < 2 * FOURTH_DIFFERENCE.size:
        return NoiseModel(floor=floor if floor is not None else pixel_noise(counts))
    differences = np.convolve(counts, FOURTH_DIFFERENCE, mode="valid")
    middle = level[2:-2]
    top = float(np.max(middle))
    bright = middle > 0.5 * top
    dim = middle < 0.2 * top
    everywhere = _sigma_of_differences(differences)
    if floor is None:
        floor = _sigma_of_differences(differences[dim]) if dim.sum() >= 10 else everywhere
        floor = max(floor, quantum(counts) / float(np.sqrt(12.0)))
    if top <= 0.0 or bright.sum() < 10:
        return NoiseModel(floor=floor)
    excess = _sigma_of_differences(differences[bright]) ** 2 - floor**2
    return NoiseModel(floor=floor, gain=max(excess, 0.0) / float(np.mean(middle[bright])))
