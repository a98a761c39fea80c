"""What of the residuals of a fit is noise."""

from typing import Final

import numpy as np

from plans.analysis.noise import FOURTH_DIFFERENCE, FloatArray
from plans.analysis.smooth import kernel

SLOW_FWHM: Final = 0.2  # of the width of the line: what varies slower than this is no noise
BLOCK_FWHM: Final = 0.12  # of the width of the line: misfits hardly change over four such blocks
FEWEST_BLOCKS: Final = 15
STANDS_OUT: Final = 2.0


def noise_of_residuals(residuals: FloatArray, fwhm_pixels: float) -> tuple[FloatArray, float]:
    """Separate the noise in residuals from what a model leaves out.

    What varies slowly is a shoulder, a second line, a curved background: it repeats from spectrum
    to spectrum and is not noise. It is taken out with a Gaussian; the rest is scaled by what the
    filter takes from white noise.

    Args:
        residuals: counts minus model, in the order of the axis.
        fwhm_pixels: width of the line, in pixels.

    Returns:
        The noise at each pixel, and the factor by which neighbours that resemble each other
        (averaged or smoothed data) raise the variance of every fitted number.
    """
    weights = kernel(max(SLOW_FWHM * fwhm_pixels, 4.0), 1.0)
    half = weights.size // 2
    if residuals.size <= half:
        return residuals, 1.0
    slow = np.convolve(np.pad(residuals, half, mode="reflect"), weights, mode="valid")
    kept = 1.0 - 2.0 * float(weights[half]) + float(np.sum(weights**2))
    noise = np.asarray((residuals - slow) / np.sqrt(kept))
    return noise, _correlation_factor(residuals, noise, fwhm_pixels)


def _correlation_factor(residuals: FloatArray, noise: FloatArray, fwhm_pixels: float) -> float:
    """Return how much noisier means of neighbours are than those of independent pixels.

    The noise of block means comes from their fourth differences, to which a misfit that is smooth
    over four blocks adds little.
    """
    block = max(2, round(BLOCK_FWHM * fwhm_pixels))
    number = residuals.size // block
    local = _local_size(noise, fwhm_pixels)
    if number < FEWEST_BLOCKS or not np.all(local > 0.0):
        return 1.0
    usual = _trimmed_power(noise / local)
    even = (residuals / local)[: number * block]  # bright pixels weigh as much as dark ones
    means = even.reshape(number, block).mean(axis=1)
    differences = np.convolve(means, FOURTH_DIFFERENCE, mode="valid")
    power = _trimmed_power(differences) / float(np.sum(FOURTH_DIFFERENCE**2))
    factor = block * power / usual
    return factor if factor > STANDS_OUT else 1.0


def _local_size(noise: FloatArray, fwhm_pixels: float) -> FloatArray:
    """Return the root mean square of the noise around each pixel."""
    weights = kernel(min(max(0.5 * fwhm_pixels, 4.0), noise.size / 4), 1.0)
    power = np.convolve(np.pad(noise**2, weights.size // 2, mode="reflect"), weights, "valid")
    return np.asarray(np.sqrt(power))


def _trimmed_power(values: FloatArray) -> float:
    """Return the mean square without the largest tenth, which may be a spike or a step."""
    squares = np.sort(values**2)
    return float(np.mean(squares[: max(1, int(0.9 * squares.size))]))
