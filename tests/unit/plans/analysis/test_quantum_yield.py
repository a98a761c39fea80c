"""Relative quantum yields of dilutions that were made up."""

import numpy as np
import pytest

from plans.analysis.quantum_yield import REFRACTIVE_INDEX, absorbed, relative_quantum_yield

DILUTIONS = np.array([0.02, 0.04, 0.06, 0.08, 0.10])
FLUORESCEIN = {
    "reference_quantum_yield": 0.925,
    "reference_quantum_yield_se": 0.015,
    "sample_index": REFRACTIVE_INDEX["toluene"],
    "reference_index": REFRACTIVE_INDEX["water"],
}


def emission(quantum_yield, absorbance, solvent, relative_noise=0.0, seed=0):
    """Photons into a detector in air: the cone inside the cuvette shrinks with n squared."""
    share = 1 - 10 ** -np.asarray(absorbance)
    noise = relative_noise * np.random.default_rng(seed).normal(size=np.shape(absorbance))
    return 1e6 * quantum_yield * share / REFRACTIVE_INDEX[solvent] ** 2 * (1 + noise)


def measure(quantum_yield, noise=0.0, seed=0, **changes):
    settings = FLUORESCEIN | {
        "sample_absorbance": DILUTIONS,
        "sample_photons": emission(quantum_yield, DILUTIONS, "toluene", noise, seed),
        "reference_absorbance": DILUTIONS,
        "reference_photons": emission(0.925, DILUTIONS, "water", noise, seed + 1000),
    }
    return relative_quantum_yield(**(settings | changes))


@pytest.mark.parametrize("truth", [0.05, 0.5, 0.70, 0.81, 0.91])
def test_dilutions_from_0_02_to_0_1_give_the_truth_within_two_percent(truth):
    assert measure(truth).quantum_yield == pytest.approx(truth, rel=1e-9)
    read = [measure(truth, noise=0.005, seed=seed) for seed in range(40)]
    assert all(result.quantum_yield == pytest.approx(truth, rel=0.04) for result in read)
    assert np.mean([result.quantum_yield for result in read]) == pytest.approx(truth, rel=0.005)
    within = [abs(result.quantum_yield / truth - 1) < 0.02 for result in read]
    assert np.mean(within) > 0.9


def test_the_linear_absorbance_is_12_percent_off_at_0_1():
    bright = {
        "reference_absorbance": [0.1],
        "reference_photons": emission(0.925, [0.1], "water"),
        "sample_absorbance": [0.001],
        "sample_photons": emission(0.5, [0.001], "toluene"),
    }
    assert measure(0.5, **bright).quantum_yield == pytest.approx(0.5, rel=1e-9)
    linear = measure(0.5, **bright, absorption="linear").quantum_yield
    assert linear / 0.5 == pytest.approx(1.12, abs=0.005)


@pytest.mark.parametrize(("absorbance", "excess"), [(0.05, 1.059), (0.1, 1.12), (0.2, 1.25)])
def test_the_excess_of_the_linear_absorbance(absorbance, excess):
    at = np.array([absorbance])
    assert absorbed(at, "linear") / absorbed(at) == pytest.approx(excess, abs=0.003)


def test_a_record_of_91_percent_is_reproduced():
    result = measure(0.91, noise=0.005, seed=3)
    assert result.quantum_yield == pytest.approx(0.91, abs=0.02)
    assert 0.01 < result.quantum_yield_se < 0.05
    assert result.flags == ()


def test_a_forgotten_refractive_index_costs_a_quarter():
    wrong = measure(0.5, sample_index=1.333).quantum_yield
    assert wrong / 0.5 == pytest.approx((1.333 / 1.497) ** 2)


def test_the_stated_error_covers_the_scatter_of_repeated_dilutions():
    results = [
        measure(0.7, noise=0.005, seed=n, reference_quantum_yield_se=0.0, index_se=0.0)
        for n in range(100)
    ]
    spread = np.std([result.quantum_yield for result in results])
    claimed = np.sqrt(np.mean([result.quantum_yield_se**2 for result in results]))
    assert spread == pytest.approx(claimed, rel=0.35)


def test_dilutions_that_are_no_line_give_no_answer():
    bent = emission(0.5, DILUTIONS, "toluene") * [1, 1, 1, 0.4, 0.3]
    result = measure(0.5, sample_photons=bent)
    assert result.quantum_yield is None
    assert "R2" in result.reason
    assert result.sample_r2 < 0.99 < result.reference_r2


def test_a_forgotten_blank_is_flagged():
    shifted = emission(0.5, DILUTIONS, "toluene") + 2e4
    assert measure(0.5, sample_photons=shifted).flags == ("line misses the origin",)


def test_a_dark_sample_is_refused_and_a_grey_one_flagged():
    dark, grey = DILUTIONS * 4, DILUTIONS * 2
    refused = measure(0.5, sample_absorbance=dark)
    assert refused.quantum_yield is None
    assert "dilute" in refused.reason
    photons = emission(0.5, grey, "toluene")
    assert measure(0.5, sample_absorbance=grey, sample_photons=photons).flags == ("inner filter",)


def test_an_absorbance_known_to_a_tenth_is_flagged():
    assert measure(0.5, absorbance_se=0.006).flags == ("absorbance unsure",)
    assert measure(0.5, absorbance_se=0.001).flags == ()


def test_one_point_is_a_single_point():
    one = {
        "sample_absorbance": [0.05],
        "sample_photons": emission(0.6, [0.05], "toluene"),
        "reference_absorbance": [0.05],
        "reference_photons": emission(0.925, [0.05], "water"),
    }
    result = measure(0.6, **one, absorbance_se=0.001)
    assert result.quantum_yield == pytest.approx(0.6)
    assert result.flags == ("single point",)
    assert result.sample_r2 is None
    assert result.quantum_yield_se == pytest.approx(0.6 * np.hypot(0.0275, 0.0166), rel=0.05)


def test_more_than_all_light_is_flagged():
    brighter = emission(1.2, DILUTIONS, "toluene")
    assert "above one" in measure(0.5, sample_photons=brighter).flags


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"sample_index": 0.5}, "refractive"),
        ({"reference_index": float("nan")}, "refractive"),
        ({"reference_quantum_yield": 1.5}, "reference"),
        ({"reference_quantum_yield": float("nan")}, "reference"),
        ({"sample_absorbance": []}, "same length"),
        ({"sample_absorbance": [], "sample_photons": []}, "same length"),
        ({"sample_photons": "many"}, "same length"),
        ({"sample_absorbance": DILUTIONS - 0.02}, "above zero"),
        ({"sample_absorbance": [0.05, 0.06], "sample_photons": [1.0, 2.0]}, "needs 4"),
        ({"reference_absorbance": np.full(5, 0.05)}, "same absorbance"),
        ({"sample_photons": -DILUTIONS}, "does not rise"),
        ({"reference_photons": np.full(5, np.nan)}, "same length"),
    ],
)
def test_bad_numbers_give_a_reason_and_no_exception(changes, word):
    result = measure(0.5, **changes)
    assert result.quantum_yield is None
    assert word in result.reason
