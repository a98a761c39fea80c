"""Errors, widths and areas of many fitted lines."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.batch_line import Lines, columns, put_lines, weights_of, window_of
from plans.analysis.noise import FOURTH_DIFFERENCE, FloatArray
from plans.analysis.residuals import (
    BLOCK_FWHM,
    FEWEST_BLOCKS,
    SLOW_FWHM,
    STANDS_OUT,
    noise_of_residuals,
)
from plans.analysis.shape import AREA_FWHM, CROSSING_FWHM, TOP_FWHM
from plans.analysis.smooth import kernel
from plans.analysis.spectrum import HC_EV_NM, BoolArray, energy_ev

_LN2: Final = float(np.log(2.0))
_MOST_MISFIT: Final = 0.017  # below this `judge` has no further questions
_STEEPEST: Final = 3.0
_FLAT_WITHIN: Final = 0.005
_FLAT_FWHM: Final = 0.28


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """What the residuals of lines of about the same width say.

    Attributes:
        peak_nm_se: standard error of the peak, in nm.
        height_se: standard error of the height, in counts.
        snr: height over pixel noise at the top.
        clear: the line fits so well that nothing needs a closer look.
    """

    peak_nm_se: FloatArray
    height_se: FloatArray
    snr: FloatArray
    clear: BoolArray


def read_residuals(wavelength_nm: FloatArray, counts: FloatArray, lines: Lines) -> Residuals:
    """Return the errors of lines (n) of about the same place and width."""
    energy = energy_ev(wavelength_nm)
    part = window_of(energy, lines.weighed_by)
    axis, energy, data = wavelength_nm[part], energy[part], counts[:, part]
    span = max(float(np.ptp(axis)), 1e-9)
    found = columns(energy, (axis - np.mean(axis)) / span, np.ones((1, 1)), data)
    put_lines(energy, lines.shape, energy**2, found)
    jacobian = found[:, :6]
    residuals = data - lines.height[:, None] * jacobian[:, 0] - lines.baseline(axis)
    pixels = float(np.median(lines.fwhm_nm)) * axis.size / span
    noise, correlation = _noise(residuals, pixels)
    weights = weights_of(energy, lines.weighed_by)
    for row in np.flatnonzero(correlation > STANDS_OUT):
        near = weights[row] > 0.0
        own = float(lines.fwhm_nm[row]) * int(near.sum()) / max(float(np.ptp(axis[near])), 1e-9)
        correlation[row] = noise_of_residuals(residuals[row, near], own)[1]
    correlation = np.where(correlation > STANDS_OUT, correlation, 1.0)
    roots = np.sqrt(weights)
    jacobian *= roots[:, None]
    jacobian[:, 3:] *= lines.height[:, None, None]
    covariance = _sandwich(jacobian, noise * roots, correlation)
    away = np.abs(axis - lines.peak_nm[:, None]) / lines.fwhm_nm[:, None]
    top = away < 0.5
    held = top.sum(axis=1)
    level = np.sqrt(np.sum(noise**2 * top, axis=1) / np.maximum(held, 1))
    clear = _is_clear(axis, data, residuals, noise, lines, pixels) & (held >= 10)
    with np.errstate(invalid="ignore"):
        return Residuals(
            peak_nm_se=_peak_se(lines, covariance),
            height_se=np.sqrt(covariance[:, 0, 0]),
            snr=lines.height / np.maximum(level, 1e-9 * np.abs(lines.height)),
            clear=clear,
        )


def _noise(residuals: FloatArray, pixels: float) -> tuple[FloatArray, FloatArray]:
    """Do what `noise_of_residuals` does, with one filter for all."""
    weights = kernel(max(SLOW_FWHM * pixels, 4.0), 1.0)
    kept = 1.0 - 2.0 * float(weights[weights.size // 2]) + float(np.sum(weights**2))
    noise = (residuals - residuals @ _filter(residuals.shape[1], weights)) / np.sqrt(kept)
    block = max(2, round(BLOCK_FWHM * pixels))
    number = residuals.shape[1] // block
    ones = np.ones(residuals.shape[0])
    if number < FEWEST_BLOCKS:
        return noise, ones
    wide = kernel(min(max(0.5 * pixels, 4.0), residuals.shape[1] / 4), 1.0)
    local = np.sqrt(np.maximum(noise**2 @ _filter(residuals.shape[1], wide), 0.0))
    known = np.all(local > 0.0, axis=1)
    local = np.where(known[:, None], local, 1.0)
    even = (residuals / local)[:, : number * block]
    means = even.reshape(-1, number, block).mean(axis=2)
    second = np.diff(means, 2, axis=1)
    power = _trimmed(np.diff(second, 2, axis=1)) / float(np.sum(FOURTH_DIFFERENCE**2))
    usual = _trimmed(noise / local)
    factor = block * power / np.where(usual > 0.0, usual, 1.0)
    return noise, np.where(known, factor, ones)


def _filter(size: int, weights: FloatArray) -> FloatArray:
    """Return a matrix that filters rows of this size, mirrored at their ends."""
    half = weights.size // 2
    source = np.abs(np.arange(size)[:, None] + np.arange(-half, half + 1))
    source %= max(2 * (size - 1), 1)
    source = np.minimum(source, 2 * (size - 1) - source)
    place = source * size + np.arange(size)[:, None]
    taps = np.broadcast_to(weights, place.shape).ravel()
    filled = np.bincount(place.ravel(), weights=taps, minlength=size * size)
    return np.asarray(filled.reshape(size, size), dtype=np.float64)


def _trimmed(values: FloatArray) -> FloatArray:
    squares = np.sort(values**2, axis=1)
    return np.asarray(squares[:, : max(1, int(0.9 * squares.shape[1]))].mean(axis=1))


def _sandwich(jacobian: FloatArray, noise: FloatArray, correlation: FloatArray) -> FloatArray:
    """Return the covariances (n x 6 x 6) under pixel noise of these sizes."""
    gram = jacobian @ jacobian.swapaxes(1, 2)
    size = np.sqrt(np.maximum(np.einsum("nii->ni", gram), 1e-280))
    outer = size[:, :, None] * size[:, None, :]
    inverse = np.linalg.inv(gram / outer + 1e-12 * np.eye(6)) / outer
    spread = inverse @ jacobian
    leverage = np.einsum("nip,nip->np", spread, jacobian)
    spread *= (noise / np.sqrt(np.clip(1.0 - leverage, 0.05, 1.0)))[:, None]
    return np.asarray(correlation[:, None, None] * (spread @ spread.swapaxes(1, 2)))


def _peak_se(lines: Lines, covariance: FloatArray) -> FloatArray:
    position, high = lines.shape[:, 0], lines.shape[:, 2]
    root = np.sqrt(position**2 + high**2 / _LN2)
    factor = -(lines.peak_nm**2) / HC_EV_NM * 0.5
    by_position, by_width = factor * (1.0 + position / root), factor * high / _LN2 / root
    variance = (
        by_position**2 * covariance[:, 3, 3]
        + 2.0 * by_position * by_width * covariance[:, 3, 5]
        + by_width**2 * covariance[:, 5, 5]
    )
    return np.asarray(np.sqrt(variance))


def _is_clear(
    axis: FloatArray,
    data: FloatArray,
    residuals: FloatArray,
    noise: FloatArray,
    lines: Lines,
    pixels: float,
) -> BoolArray:
    """Hold lines against the limits of `judge`, with a margin."""
    fwhm, height = lines.fwhm_nm[:, None], lines.height
    core = np.abs(axis - lines.peak_nm[:, None]) <= fwhm
    held = np.maximum(core.sum(axis=1), 1)
    weights = kernel(0.25 * pixels, 1.0)
    slow = residuals @ _filter(axis.size, weights)
    level = np.sqrt(np.sum(noise**2 * core, axis=1) / held) * float(np.sqrt(np.sum(weights**2)))
    power = np.sum(slow**2 * core, axis=1) / held - level**2
    clear = np.sqrt(np.maximum(power, 0.0)) < _MOST_MISFIT * height
    clear &= np.sqrt(np.mean(slow**2, axis=1)) < 0.1 * height + level
    smoothed = data @ _filter(axis.size, kernel(0.1 * pixels, 1.0))
    slopes = np.abs(np.diff(smoothed, axis=1)) / np.maximum(np.diff(axis), 1e-9)
    steepest = np.max(slopes * core[:, 1:], axis=1) * lines.fwhm_nm
    clear &= steepest < _STEEPEST * (height + 10.0 * level)
    clear &= height > 6.0 * level
    flat = data >= np.max(data, axis=1, keepdims=True) - _FLAT_WITHIN * height[:, None]
    first = np.argmax(flat, axis=1)
    last = axis.size - 1 - np.argmax(flat[:, ::-1], axis=1)
    clear &= axis[last] - axis[first] <= _FLAT_FWHM * lines.fwhm_nm
    return np.asarray(clear & (core.sum(axis=1) >= 8))


def read_shape(
    wavelength_nm: FloatArray, counts: FloatArray, lines: Lines
) -> tuple[FloatArray, FloatArray]:
    """Return width (nm, NaN where the curve does not say) and area (counts nm) of lines."""
    peak, fwhm = lines.peak_nm, lines.fwhm_nm
    top = _top(wavelength_nm, counts, lines)
    scale = peak * 0.5 / lines.shape[:, 0]
    blue = _crossing(wavelength_nm, counts, lines, 0.5 * top, peak - scale * lines.shape[:, 2], 1)
    red = _crossing(wavelength_nm, counts, lines, 0.5 * top, peak + scale * lines.shape[:, 1], -1)
    width = np.where(red > blue, red - blue, np.nan)
    reach = AREA_FWHM * fwhm
    first = np.searchsorted(wavelength_nm, peak - reach, side="left")
    last = np.searchsorted(wavelength_nm, peak + reach, side="right") - 1
    inside = slice(int(first.min()), int(last.max()) + 1)
    axis, part = wavelength_nm[inside], counts[:, inside]
    steps = np.diff(axis)
    pieces = 0.5 * steps * (part[:, 1:] + part[:, :-1])
    sums = np.concatenate([np.zeros((peak.size, 1)), np.cumsum(pieces, axis=1)], axis=1)
    rows = np.arange(peak.size)
    area = sums[rows, last - inside.start] - sums[rows, first - inside.start]
    low, high = wavelength_nm[first], wavelength_nm[last]
    middle = 0.5 * (low + high) - lines.reference_nm
    return width, np.asarray(area - (high - low) * (lines.offset + lines.slope * middle))


def _around(
    wavelength_nm: FloatArray,
    counts: FloatArray,
    lines: Lines,
    centre: FloatArray,
    half: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return distance, counts above the baseline and 0 or 1 for pixels within `half`."""
    centre = np.nan_to_num(centre, nan=float(wavelength_nm[0]))
    first = np.searchsorted(wavelength_nm, centre - half, side="left")
    last = np.searchsorted(wavelength_nm, centre + half, side="right")
    most = max(int(np.max(last - first)), 1)
    index = first[:, None] + np.arange(most)
    inside = (index < last[:, None]).astype(np.float64)
    index = np.minimum(index, wavelength_nm.size - 1)
    axis = wavelength_nm[index]
    ground = lines.offset[:, None] + lines.slope[:, None] * (axis - lines.reference_nm)
    above = np.take_along_axis(counts, index, axis=1) - ground
    return axis - centre[:, None], above, inside


def _top(wavelength_nm: FloatArray, counts: FloatArray, lines: Lines) -> FloatArray:
    """Return the maxima above the baseline from parabolas; NaN where there is none."""
    half = TOP_FWHM * lines.fwhm_nm
    away, above, inside = _around(wavelength_nm, counts, lines, lines.peak_nm, half)
    away = away / half[:, None] * inside
    powers = np.stack([away**2, away, inside, above * inside], axis=1)
    gram = powers @ powers.swapaxes(1, 2)
    solved = np.linalg.solve(gram[:, :3, :3] + 1e-12 * np.eye(3), gram[:, :3, 3:])[:, :, 0]
    curve, tilt, middle = solved.T
    round_top = (curve < 0.0) & (inside.sum(axis=1) >= 4)
    shift = np.clip(-0.5 * tilt / np.where(round_top, curve, -1.0), -1.0, 1.0)
    return np.asarray(np.where(round_top, middle + 0.5 * shift * tilt, np.nan))


def _crossing(
    wavelength_nm: FloatArray,
    counts: FloatArray,
    lines: Lines,
    level: FloatArray,
    guess: FloatArray,
    sign: int,
) -> FloatArray:
    """Return where lines cross a level on one side; NaN where they do not."""
    half = CROSSING_FWHM * lines.fwhm_nm
    at = guess.copy()
    moving = np.ones(at.size, dtype=np.bool_)
    for _ in range(4):
        x, y, inside = _around(wavelength_nm, counts, lines, at, half)
        held = np.maximum(inside.sum(axis=1), 1.0)
        x_mean = np.sum(x * inside, axis=1) / held
        y_mean = np.sum(y * inside, axis=1) / held
        x = (x - x_mean[:, None]) * inside
        slope = np.sum(x * y, axis=1) / np.maximum(np.sum(x * x, axis=1), 1e-280)
        wrong = (held < 3) | (slope * sign <= 0.0)
        step = x_mean + (level - y_mean) / np.where(wrong, 1.0, slope)
        moved = at + np.clip(step, -2.0 * half, 2.0 * half)
        wrong |= (moved < wavelength_nm[0]) | (moved > wavelength_nm[-1])
        at = np.where(moving, np.where(wrong, np.nan, moved), at)
        moving &= ~wrong & (np.abs(step) >= 1e-3 * half)
        if not moving.any():
            break
    return np.asarray(np.where(np.abs(at - guess) <= 6.0 * half, at, np.nan))
