"""Lamp lines, linearity, response and slope on data whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.analysis.calibration import (
    HG_AR_NM,
    find_lamp_lines,
    fit_linearity,
    fit_through_zero,
    photon_integral,
    response_factor,
)

AXIS = np.linspace(350.0, 900.0, 2068)


def lamp(offset_nm=0.0, noise=3.0):
    rng = np.random.default_rng(1)
    lines = sum(2000 * np.exp(-(((AXIS - nm - offset_nm) / 0.85) ** 2)) for nm in HG_AR_NM)
    return lines + rng.normal(0, noise, AXIS.size)


@settings(deadline=None)
@given(st.floats(-1.0, 1.0))
def test_an_offset_is_found(offset_nm):
    found = find_lamp_lines(AXIS, lamp(offset_nm))
    assert found.offset_nm == pytest.approx(offset_nm, abs=0.03)
    assert len(found.lines) >= 9
    assert found.rms_nm < 0.05


def test_the_yellow_doublet_is_left_out():
    true = {line.true_nm for line in find_lamp_lines(AXIS, lamp()).lines}
    assert not true & {576.960, 579.066}


def test_darkness_has_no_lines():
    found = find_lamp_lines(AXIS, np.random.default_rng(0).normal(0, 3, AXIS.size))
    assert found.offset_nm is None
    assert "no line" in found.reason


def test_a_bent_detector_is_found_bent():
    times = np.tile(np.geomspace(0.01, 1.0, 12), 2)
    true = times * 60_000
    seen = true * (1 - 0.08 * true / 65535)
    found = fit_linearity(times, seen, full_scale_counts=65535.0)
    assert found.largest_deviation == pytest.approx(0.055, abs=0.02)
    assert found.residual < 1e-3
    corrected = seen / np.polynomial.Polynomial(found.coefficients)(seen)
    assert np.ptp(corrected / times) / np.mean(corrected / times) < 2e-3


def test_three_points_are_too_few():
    assert "four are needed" in fit_linearity([1, 2, 3], [1, 2, 3], full_scale_counts=10.0).reason


def test_a_slope_through_zero():
    found = fit_through_zero([100, 200, 300], [5.72, 11.44, 17.16])
    assert found.slope == pytest.approx(0.0572)
    assert found.largest_deviation < 1e-12
    assert np.isnan(fit_through_zero([0.0], [1.0]).slope)


def test_the_factor_undoes_the_response():
    response = np.exp(-(((AXIS - 600) / 200) ** 2))
    true = np.interp(AXIS, [300, 950], [1.0, 3.0])
    factor = response_factor(AXIS, true * response, [300, 950], [1.0, 3.0])
    inside = np.isfinite(factor)
    flat = factor[inside] * response[inside]
    assert np.ptp(flat) / np.mean(flat) < 1e-9
    assert np.interp(550.0, AXIS, factor) == pytest.approx(1.0, abs=1e-3)


def test_a_lamp_that_is_not_seen_gives_no_factor():
    noise = np.random.default_rng(3).normal(0.0, 2.0, AXIS.size)
    assert np.all(np.isnan(response_factor(AXIS, noise, [300, 950], [1.0, 3.0], noise=2.0)))


def test_a_lamp_that_is_dark_at_the_anchor_still_gives_the_factor_where_it_shines():
    factor = response_factor(AXIS, np.where(AXIS < 500.0, 1000.0, 0.0), [300, 950], [1.0, 3.0])
    assert np.array_equal(np.isfinite(factor), AXIS < 500.0)
    assert np.nanmean(factor) == pytest.approx(1.0)


def test_an_integral_over_a_band():
    assert photon_integral([0, 1, 2, 3], [1, 1, 1, 1], (1, 3)) == 2.0
    assert np.isnan(photon_integral([0, 1], [1, 1], (5, 6)))
