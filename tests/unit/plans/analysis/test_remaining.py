"""A run may end when hardly any shift is left to come."""

import numpy as np
import pytest

from plans.analysis import RemainingShiftRule, TrackPoint
from plans.analysis.remaining import fit_stretched

SHIFT_NM = 4.3


def course(seed, *, noise_nm=0.05, tau_min=60.0, stretch=1.15, hours=6.0):
    time_s = np.arange(0.0, hours * 3600.0, 10.0)
    peak = 515.7 + SHIFT_NM * (1 - np.exp(-((time_s / 60.0 / tau_min) ** stretch)))
    noise = np.random.default_rng(seed).normal(size=time_s.size) * noise_nm
    return time_s, peak, peak + noise


def ended(rule, seed, **settings):
    """Return the time in min and the part of the shift that was left, None without an end."""
    noise_nm = settings.get("noise_nm", 0.05)
    for count in range(10):
        rule.reference(TrackPoint(time_s=-count, peak_nm=515.7, peak_nm_se=noise_nm))
    for time_s, true_nm, seen_nm in zip(*course(seed, **settings), strict=True):
        if rule.update(TrackPoint(time_s=time_s, peak_nm=seen_nm, peak_nm_se=noise_nm)).met:
            return time_s / 60.0, 1.0 - (true_nm - 515.7) / SHIFT_NM
    return None


@pytest.mark.parametrize("noise_nm", [0.02, 0.05])
def test_a_run_ends_when_five_percent_are_left(noise_nm):
    for seed in range(3):
        end_min, left = ended(RemainingShiftRule(), seed, noise_nm=noise_nm)
        assert 120 < end_min < 240
        assert left < 0.06


def test_a_slow_sample_is_given_the_time_that_it_needs():
    fast_min, _ = ended(RemainingShiftRule(), 1, tau_min=30.0)
    slow_min, left = ended(RemainingShiftRule(), 1, tau_min=100.0, hours=9.0)
    assert slow_min > 2.5 * fast_min
    assert left < 0.06


def test_a_peak_that_rests_from_the_start_never_ends_a_run():
    rule = RemainingShiftRule()
    noise = np.random.default_rng(0).normal(size=900) * 0.05
    states = [
        rule.update(TrackPoint(time_s=10.0 * i, peak_nm=515.7 + away, peak_nm_se=0.05))
        for i, away in enumerate(noise)
    ]
    assert not any(state.met for state in states)
    assert "of 1.00 nm" in states[-1].text


def test_spectra_without_a_peak_change_nothing():
    rule = RemainingShiftRule()
    assert "no usable" in rule.update(TrackPoint(time_s=0.0, flags=("no_peak",))).text
    rule.update(TrackPoint(time_s=1.0, peak_nm=515.0, peak_nm_se=0.05))
    again = rule.update(TrackPoint(time_s=1.0, peak_nm=515.0, peak_nm_se=0.05))
    assert "1 of 30" in again.text


def test_the_end_of_a_stretched_course_is_found_with_an_honest_error():
    time_s, _, seen = course(3, hours=3.0)
    fit = fit_stretched(time_s[::20], seen[::20], np.full(time_s[::20].size, 0.05))
    assert abs(fit.end_nm - 520.0) < 3 * fit.end_nm_se
    assert fit.end_nm_se < 0.3
    assert fit.tau_s == pytest.approx(3600.0, rel=0.4)
    assert fit_stretched(time_s[:5], seen[:5], np.ones(5)).end_nm is None


def test_the_rule_says_at_the_start_when_the_noise_forbids_it():
    assert RemainingShiftRule().feasibility(0.05, 10.0) is None
    words = RemainingShiftRule().feasibility(0.5, 60.0)
    assert "cannot be met" in words
    assert "larger part" in words
