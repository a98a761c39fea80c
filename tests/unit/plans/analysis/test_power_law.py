"""Slopes, knees and quality factors with known answers."""

import numpy as np
import pytest

from plans.analysis.power_law import (
    columns,
    find_threshold,
    fit_power_law,
    linewidth_nm,
    quality_factor,
    straight_line,
)

POWER = np.geomspace(0.1, 100.0, 25)


def scattered(signal, relative=0.03, seed=0):
    return signal * np.exp(relative * np.random.default_rng(seed).normal(size=np.shape(signal)))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5, 2.0])
def test_the_slope_is_recovered_within_its_error(exponent):
    result = fit_power_law(POWER, scattered(7.0 * POWER**exponent))
    assert result.exponent == pytest.approx(exponent, abs=4 * result.exponent_se)
    assert result.exponent_se < 0.01
    assert result.prefactor == pytest.approx(7.0, rel=0.05)
    assert result.r2 > 0.99


def test_the_stated_error_is_the_scatter_of_repeated_measurements():
    results = [fit_power_law(POWER, scattered(POWER, seed=seed)) for seed in range(200)]
    spread = np.std([result.exponent for result in results])
    assert spread == pytest.approx(np.mean([result.exponent_se for result in results]), rel=0.2)


def test_points_without_a_logarithm_are_left_out():
    result = fit_power_law([0.0, 1.0, 2.0, 4.0, 8.0], [5.0, 1.0, 4.0, 16.0, -1.0])
    assert result.points == 3
    assert result.exponent == pytest.approx(2.0)


def test_a_threshold_is_found_at_the_knee():
    signal = np.where(POWER < 8.0, POWER, 8.0 * (POWER / 8.0) ** 4)
    result = find_threshold(POWER, scattered(signal))
    assert result.threshold == pytest.approx(8.0, abs=4 * result.threshold_se)
    assert result.threshold_se < 0.5
    assert (result.exponent_below, result.exponent_above) == pytest.approx((1.0, 4.0), abs=0.06)
    assert result.bic_gain > 10


def test_a_straight_line_has_no_threshold():
    found = [find_threshold(POWER, scattered(POWER, seed=seed)) for seed in range(30)]
    assert all(result.threshold is None and "no knee" in result.reason for result in found)


def test_saturation_is_no_threshold():
    result = find_threshold(POWER, scattered(POWER / (1 + POWER / 5.0)))
    assert result.threshold is None
    assert "saturation" in result.reason
    assert result.exponent_above < result.exponent_below


def test_a_quality_of_2000_is_a_line_of_0_268_nm_that_this_spectrometer_cannot_show():
    width = linewidth_nm(535.0, 2000.0)
    assert width == pytest.approx(0.268, abs=0.0006)
    seen = quality_factor(535.0, np.hypot(width, 1.4), instrument_fwhm_nm=1.4)
    assert seen.resolution_limited
    assert seen.most_quality == pytest.approx(382.0, abs=0.5)
    fine = quality_factor(535.0, width, instrument_fwhm_nm=0.05, fwhm_nm_se=0.00268)
    assert not fine.resolution_limited
    assert fine.quality == pytest.approx(2000.0, rel=0.003)
    assert fine.quality_se == pytest.approx(20.0, rel=0.01)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_width_that_is_none_has_no_quality(bad):
    assert quality_factor(535.0, bad, instrument_fwhm_nm=1.4).reason
    assert quality_factor(535.0, 1.0, instrument_fwhm_nm=bad).quality is None
    assert np.isnan(linewidth_nm(535.0, 0.0))


@pytest.mark.parametrize(
    ("power", "signal"),
    [
        ([], []),
        ([1.0], [2.0]),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),
        ([1.0, 2.0], [1.0, 2.0, 3.0]),
        ("abc", [1.0]),
        ([1.0] * 10, list(range(10))),
        ([np.nan] * 10, [1.0] * 10),
        ([1.0, 1.0, 1.0, 1.0, 1.0, 2.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    ],
)
def test_bad_points_give_a_reason_and_no_exception(power, signal):
    result = find_threshold(power, signal)
    assert result.threshold is None
    assert result.reason
    slope = fit_power_law(power, signal)
    assert (slope.exponent is None) == bool(slope.reason)


def test_noiseless_points_do_not_divide_by_zero():
    assert fit_power_law(POWER, POWER).exponent == pytest.approx(1.0)
    assert find_threshold(POWER, np.ones(POWER.size)).threshold is None


def test_a_weighted_line_follows_the_points_that_are_sure():
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0, 9.0])
    line = straight_line(x, y, np.array([0.01, 0.01, 0.01, 100.0]))
    assert line.slope == pytest.approx(1.0, abs=1e-3)
    assert line.slope_se == pytest.approx(0.01 / np.sqrt(2), rel=0.01)
    assert straight_line(x, y, np.zeros(4)) is None
    assert columns() is None
