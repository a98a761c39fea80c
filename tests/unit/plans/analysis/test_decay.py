"""Lifetimes from photons that were drawn one by one."""

import numpy as np
import pytest

from plans.analysis.decay import (
    diffusion_lifetime_ns,
    fit_decay,
    fret_distance_ratio,
    fret_lifetime_ratio,
    longest_rate_hz,
)


def histogram(lives, heights, photons, *, step_ns, bins, irf_ns, at_ns, seed=0, period_ns=None):
    """Arrival times of single photons: pulse + response + exponential wait, counted in bins."""
    rng = np.random.default_rng(seed)
    lives, heights = np.asarray(lives, float), np.asarray(heights, float)
    share = heights * lives / np.sum(heights * lives)
    wait = rng.exponential(lives[rng.choice(lives.size, size=photons, p=share)])
    arrival = at_ns + irf_ns / 2.355 * rng.normal(size=photons) + wait
    if period_ns:
        arrival %= period_ns
    edges = np.arange(bins + 1) * step_ns
    counts = np.histogram(arrival, edges)[0] + rng.poisson(2.0, bins)
    response = np.histogram(at_ns + irf_ns / 2.355 * rng.normal(size=500_000), edges)[0]
    return {"time_ns": edges[:-1], "counts": counts, "irf_counts": response}


def crystals(photons=200_000, **changes):
    settings = {"step_ns": 0.1, "bins": 600, "irf_ns": 0.5, "at_ns": 4.0} | changes
    return histogram([4.5], [1.0], photons, **settings)


def wires(**changes):
    settings = {"step_ns": 2.0, "bins": 1500, "irf_ns": 8.0, "at_ns": 40.0} | changes
    return histogram([450.0], [1.0], 200_000, **settings)


def test_the_lifetimes_of_pure_crystals_and_wires_differ_by_a_factor_of_100():
    short, long = fit_decay(**crystals()), fit_decay(**wires())
    assert short.intensity_average_ns == pytest.approx(4.5, rel=0.02)
    assert long.intensity_average_ns == pytest.approx(450.0, rel=0.02)
    assert long.intensity_average_ns / short.intensity_average_ns == pytest.approx(100, abs=5)
    for result in (short, long):
        assert len(result.lifetimes_ns) == 1
        assert 0.8 < result.chi2_red < 1.25
        assert result.flags == ()


def test_a_mixture_has_two_averages_that_differ_by_nearly_three():
    data = histogram(
        [4.5, 450.0], [0.635, 0.365], 1_000_000, step_ns=0.5, bins=6000, irf_ns=2.0, at_ns=20.0
    )
    result = fit_decay(**data)
    assert result.lifetimes_ns == pytest.approx((4.5, 450.0), rel=0.06)
    assert result.amplitudes == pytest.approx((0.635, 0.365), abs=0.03)
    assert result.amplitude_average_ns == pytest.approx(167.1, rel=0.08)
    assert result.intensity_average_ns == pytest.approx(442.4, rel=0.02)
    assert 0.9 < result.chi2_red < 1.1
    error = result.amplitude_average_ns_se
    assert abs(result.amplitude_average_ns - 167.1) < 4 * error < 0.1 * 167.1


def test_three_exponentials_are_found_and_no_fourth():
    data = histogram(
        [1.0, 5.0, 30.0], [0.5, 0.3, 0.2], 1_000_000, step_ns=0.1, bins=2000, irf_ns=0.5, at_ns=4.0
    )
    result = fit_decay(**data)
    assert result.lifetimes_ns == pytest.approx((1.0, 5.0, 30.0), rel=0.15)
    assert sum(result.amplitudes) == pytest.approx(1.0)
    forced = fit_decay(**data, components=2)
    assert len(forced.lifetimes_ns) == 2
    assert forced.bic > result.bic + 100
    assert forced.chi2_red > 1.2


def test_the_stated_error_is_the_scatter_of_repeated_measurements():
    results = [fit_decay(**crystals(20_000, seed=seed), components=1) for seed in range(30)]
    read = [result.intensity_average_ns for result in results]
    claimed = np.mean([result.intensity_average_ns_se for result in results])
    assert np.std(read) == pytest.approx(claimed, rel=0.4)
    assert np.mean(read) == pytest.approx(4.5, abs=claimed)


def test_few_photons_are_not_biased_as_least_squares_would_be():
    read = [fit_decay(**crystals(1000, seed=n), components=1) for n in range(30)]
    assert np.mean([r.intensity_average_ns for r in read]) == pytest.approx(4.5, abs=0.15)


def test_a_response_that_is_late_is_found():
    data = crystals()
    data["irf_counts"] = np.roll(data["irf_counts"], -3)
    result = fit_decay(**data)
    assert result.shift_ns == pytest.approx(0.3, abs=0.02)
    assert result.lifetimes_ns == pytest.approx((4.5,), rel=0.02)


def test_the_bins_of_a_slow_counter_do_not_bias_a_short_lifetime():
    result = fit_decay(**crystals(step_ns=2.4, bins=100, at_ns=20.0))
    assert result.lifetimes_ns == pytest.approx((4.5,), rel=0.02)
    assert "bins too wide" in result.flags
    assert "response not resolved" in result.flags


def test_without_a_response_only_the_tail_is_fitted_and_named_so():
    data = crystals()
    del data["irf_counts"]
    result = fit_decay(**data)
    assert result.lifetimes_ns == pytest.approx((4.5,), rel=0.02)
    assert result.flags == ("tail only",)
    assert result.shift_ns is None


def test_pulses_that_come_too_fast_are_flagged_and_still_modelled():
    data = histogram(
        [45.0], [1.0], 300_000, step_ns=0.2, bins=500, irf_ns=1.0, at_ns=10.0, period_ns=100.0
    )
    result = fit_decay(**data, repetition_rate_hz=1e7, components=1)
    assert "period too short" in result.flags
    assert result.lifetimes_ns == pytest.approx((45.0,), rel=0.03)
    wrong = fit_decay(**data, components=1)
    assert wrong.chi2_red > 1.5 * result.chi2_red


def test_a_count_rate_above_five_percent_is_pile_up():
    data = crystals()
    at = {"repetition_rate_hz": 1e6}
    assert "pile-up" in fit_decay(**data, **at, exposure_s=1.0).flags
    assert "pile-up" not in fit_decay(**data, **at, exposure_s=10.0).flags


def test_a_window_shorter_than_the_life_is_flagged():
    assert "window too short" in fit_decay(**wires(bins=300), components=1).flags


def test_the_pulse_rate_for_wires_is_below_half_a_megahertz():
    assert longest_rate_hz(450.0) == pytest.approx(0.444e6, rel=1e-2)
    assert longest_rate_hz(0.0) == np.inf


def test_a_diffusion_length_of_200_nm_takes_0_80_ns():
    assert diffusion_lifetime_ns(200.0, 0.5) == pytest.approx(0.80, abs=1e-12)
    assert np.isnan(diffusion_lifetime_ns(200.0, 0.0))


def test_an_energy_transfer_of_74_percent():
    assert fret_lifetime_ratio(0.74) == pytest.approx(0.26)
    assert fret_distance_ratio(0.74) == pytest.approx(0.840, abs=5e-4)
    assert np.isnan(fret_distance_ratio(0.0))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"counts": []}, "same length"),
        ({"counts": np.zeros(600)}, "photons"),
        ({"counts": np.full(600, np.nan)}, "bins"),
        ({"counts": -np.ones(600)}, "below zero"),
        ({"irf_counts": np.zeros(600)}, "response"),
        ({"time_ns": np.zeros(600)}, "equal steps"),
        ({"time_ns": np.geomspace(1, 100, 600)}, "equal steps"),
        ({"time_ns": "ns"}, "same length"),
        ({"components": 4}, "1 to 3"),
        ({"components": 0}, "1 to 3"),
        ({"counts": np.arange(600.0), "irf_counts": None}, "after the maximum"),
    ],
)
def test_what_is_no_decay_gives_a_reason_and_no_exception(changes, word):
    result = fit_decay(**(crystals(1000) | changes))
    assert result.lifetimes_ns is None
    assert word in result.reason


@pytest.mark.parametrize(
    "counts",
    [
        np.full(600, 5.0),
        np.where(np.arange(600) == 300, 1e6, 0.0),
        np.full(600, 1e12),
        np.arange(600.0),
        np.random.default_rng(0).poisson(1.0, 600),
    ],
)
def test_a_histogram_without_a_decay_does_not_stop_the_run(counts):
    result = fit_decay(**(crystals(1000) | {"counts": counts}))
    assert result.reason or all(np.isfinite(result.lifetimes_ns))
