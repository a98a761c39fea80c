"""Self-absorption put in by hand, and taken out again."""

import numpy as np
import pytest

from plans.analysis.inner_filter import (
    UNCORRECTED,
    correct_cuvette,
    correct_film,
    front_face_transmission,
    lakowicz_factor,
    mean_transmission,
)
from plans.analysis.peak import fit_peak

HC = 1239.841984


def absorbance_of(nm, concentration_nm, at_405=0.83):
    """Crystals: a step with an exponential tail (19 meV), 0.83 at 405 nm and 20 nM in 1 cm."""
    edge = HC / nm - HC / 516.0
    step = 1 / (1 + np.exp(-edge / 0.019)) * 0.28 * (1 + 6.0 * np.maximum(edge, 0.0))
    return at_405 * concentration_nm / 20.0 * step


def by_slices(absorbance, slices=20_000):
    """Mean light along the path, added up slice by slice."""
    depth = (np.arange(slices) + 0.5) / slices
    return np.array([np.mean(10.0 ** (-a * depth)) for a in np.atleast_1d(absorbance)])


@pytest.fixture
def sample(bench):
    nm = bench.wavelength_nm
    return nm, bench.line(515.0, height=50_000.0)


@pytest.mark.parametrize("concentration_nm", [5.0, 20.0, 50.0, 100.0, 200.0])
def test_the_peak_of_crystals_does_not_depend_on_their_concentration(
    bench, sample, concentration_nm
):
    nm, clean = sample
    absorbance = absorbance_of(nm, concentration_nm)
    excitation = 0.83 * concentration_nm / 20.0
    raw = bench.noisy(clean * by_slices(absorbance, 2000), seed=1)
    measured = absorbance + 0.003 * np.random.default_rng(2).normal(size=nm.size)
    result = correct_cuvette(
        nm, raw, excitation_absorbance=excitation, emission_absorbance=measured
    )
    corrected = fit_peak(nm, result.counts * result.excitation_factor)
    assert corrected.peak_nm == pytest.approx(514.81, abs=0.1)
    seen = fit_peak(nm, raw).peak_nm
    raw_nm = {5.0: 515.1, 20.0: 516.0, 50.0: 517.6, 100.0: 519.5, 200.0: 521.8}
    assert seen == pytest.approx(raw_nm[concentration_nm], abs=0.3)


def test_the_mean_transmission_is_the_sum_over_slices():
    absorbance = np.array([1e-9, 0.01, 0.1, 0.5, 1.0, 3.0])
    assert mean_transmission(absorbance) == pytest.approx(by_slices(absorbance), rel=1e-6)
    assert mean_transmission(0.0) == 1.0
    assert mean_transmission(-0.01) == pytest.approx(1.0116, abs=1e-4)


@pytest.mark.parametrize(
    ("absorbance", "away"), [(0.1, 0.002), (0.2, 0.009), (0.5, 0.056), (1.0, 0.24)]
)
def test_the_usual_approximation_is_off_by_so_much(absorbance, away):
    excess = lakowicz_factor(absorbance, 0.0) * mean_transmission(absorbance) - 1.0
    assert excess == pytest.approx(away, rel=0.12)


def test_the_front_face_is_the_sum_over_slices():
    excitation, emission, slices = 1.3, 0.6, 20_000
    depth = (np.arange(slices) + 0.5) / slices
    light = 10.0 ** (-excitation * depth)
    expected = np.sum(light * 10.0 ** (-emission * depth)) / np.sum(light)
    assert front_face_transmission(excitation, emission) == pytest.approx(expected, rel=1e-6)
    assert front_face_transmission(excitation, 0.0) == pytest.approx(1.0)


def test_a_film_is_corrected_to_the_light_that_it_made(sample):
    nm, clean = sample
    absorbance = absorbance_of(nm, 50.0)
    seen = clean * front_face_transmission(0.8, absorbance) * (1 - 10**-0.8)
    result = correct_film(nm, seen, excitation_absorbance=0.8, emission_absorbance=absorbance)
    assert result.counts == pytest.approx(clean)
    assert result.excitation_factor == pytest.approx(1 - 10**-0.8)
    assert result.flags == ()


@pytest.mark.parametrize("correct", [correct_cuvette, correct_film])
def test_without_an_absorbance_the_spectrum_is_called_uncorrected(sample, correct):
    nm, clean = sample
    for missing in (
        {"excitation_absorbance": None, "emission_absorbance": 0 * nm},
        {"excitation_absorbance": 0.1, "emission_absorbance": None},
        {"excitation_absorbance": float("nan"), "emission_absorbance": 0 * nm},
    ):
        result = correct(nm, clean, **missing)
        assert result.counts is None
        assert result.reason == UNCORRECTED
        assert result.reason.startswith("uncorrected")


def test_the_uncertainty_is_that_of_a_repeated_absorbance():
    nm = np.linspace(500, 540, 20)
    truth = np.linspace(0.5, 0.1, 20)
    rng = np.random.default_rng(0)
    results = [
        correct_cuvette(
            nm,
            np.ones(20),
            excitation_absorbance=0.4 + 0.003 * rng.normal(),
            emission_absorbance=truth + 0.003 * rng.normal(size=20),
        )
        for _ in range(2000)
    ]
    spread = np.std([result.counts for result in results], axis=0)
    assert spread == pytest.approx(results[0].counts_se, rel=0.1)


def test_a_cuvette_above_0_1_is_flagged():
    nm = np.linspace(500, 540, 20)
    for absorbance, flags in ((0.05, ()), (0.2, ("excitation absorbed",))):
        result = correct_cuvette(
            nm, nm, excitation_absorbance=absorbance, emission_absorbance=0 * nm
        )
        assert result.flags == flags


@pytest.mark.parametrize(
    ("counts", "excitation", "emission", "word"),
    [
        ([], 0.1, [], "pixels"),
        (np.ones(20), 0.1, np.ones(19), "pixels"),
        (np.full(20, np.nan), 0.1, np.ones(20), "pixels"),
        ("counts", 0.1, np.ones(20), "pixels"),
        (np.ones(20), 0.0, np.ones(20), "above zero"),
        (np.ones(20), 0.1, np.full(20, 50.0), "dilute"),
        (np.ones(20), 1e6, np.ones(20), "dilute"),
    ],
)
def test_bad_spectra_give_a_reason_and_no_exception(counts, excitation, emission, word):
    nm = np.linspace(500, 540, 20) if len(counts) == 20 or counts == "counts" else []
    result = correct_cuvette(
        nm, counts, excitation_absorbance=excitation, emission_absorbance=emission
    )
    assert result.counts is None
    assert word in result.reason


def test_a_spectrum_below_zero_does_not_stop_the_run():
    nm = np.linspace(500, 540, 20)
    below = {"excitation_absorbance": 0.05, "emission_absorbance": 0 * nm + 0.1}
    assert correct_cuvette(nm, -nm, **below).counts == pytest.approx(-nm * 1.188, rel=0.01)
    assert correct_film(nm, -nm, **below).counts is not None
