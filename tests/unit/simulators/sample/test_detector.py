import numpy as np
import pytest

from simulators.sample import Detector, exposure_rng

QUIET = Detector(pattern_counts=0.0, dark_counts_per_s=0.0, read_noise_counts=0.0)


def rng(number=1):
    return exposure_rng(20220101, number)


@pytest.mark.parametrize("level_counts", [0.0, 1000.0, 20_000.0, 55_000.0])
def test_mean_and_variance_are_the_budget(level_counts):
    detector = Detector(pattern_counts=0.0, dark_counts_per_s=0.0)
    counts = detector.counts(np.full(100_000, level_counts / 1.05), 0.2, rng()).astype(float)
    variance = 1.05 * level_counts + 30.0**2
    assert counts.mean() - 1500 == pytest.approx(level_counts, abs=5 * (variance / 1e5) ** 0.5)
    assert counts.var() == pytest.approx(variance, rel=0.03)


def test_the_dark_grows_with_the_exposure_and_brings_its_own_noise():
    detector = Detector(pattern_counts=0.0, dark_counts_per_s=500.0)
    darks = [
        detector.counts(np.zeros(50_000), time_s, rng()).astype(float) for time_s in (0.1, 8.1)
    ]
    assert darks[1].mean() - darks[0].mean() == pytest.approx(4000, abs=3)
    assert darks[1].var() - darks[0].var() == pytest.approx(1.05 * 4000, rel=0.1)


def test_the_pattern_of_the_pixels_is_fixed():
    detector = Detector(read_noise_counts=0.0, dark_counts_per_s=0.0)
    first, second = (detector.counts(np.zeros(2068), 0.2, rng(n)) for n in (1, 2))
    assert np.array_equal(first, second)
    assert first.astype(float).std() == pytest.approx(8.0, rel=0.1)
    other = Detector(read_noise_counts=0.0, dark_counts_per_s=0.0, pattern_seed=7)
    assert not np.array_equal(first, other.counts(np.zeros(2068), 0.2, rng()))


def test_too_much_light_saturates():
    counts = QUIET.counts(np.full(10, 1e6), 0.2, rng())
    assert counts.dtype == np.uint16
    assert (counts == 65535).all()


def test_the_same_exposure_has_the_same_noise_and_the_next_one_another():
    detector, photons = Detector(), np.full(2068, 1000.0)
    once, again, next_ = (detector.counts(photons, 0.2, rng(n)) for n in (3, 3, 4))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, next_)


def test_a_bent_response_is_undone_by_its_polynomial():
    polynomial = (0.9, 2e-6)
    detector = Detector(
        pattern_counts=0.0,
        dark_counts_per_s=0.0,
        read_noise_counts=0.0,
        nonlinearity=polynomial,
    )
    photons = np.full(20_000, 20_000.0)
    above = detector.counts(photons, 0.2, rng()).astype(float) - 1500
    assert above.mean() < 0.97 * 21_000
    linear = above / np.polynomial.polynomial.polyval(above, np.array(polynomial))
    assert linear.mean() == pytest.approx(21_000, rel=1e-3)
