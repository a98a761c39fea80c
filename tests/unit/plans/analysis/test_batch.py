"""Many spectra fitted together give what each gives alone."""

import numpy as np
import pytest

from plans.analysis import fit_peak
from plans.analysis.batch import fit_peaks

NEAR_SYMMETRIC, STRONGLY_ASYMMETRIC = 0.04, 0.4


def run_of(bench, *, height, asymmetry, number=120, first=505.0, last=525.0):
    """Spectra of a line that drifts."""
    return np.array(
        [
            bench.noisy(bench.line(peak, height=height, asymmetry=asymmetry, blur_nm=1.4), seed)
            for seed, peak in enumerate(np.linspace(first, last, number))
        ]
    )


def one_by_one(bench, spectra, **settings):
    return [fit_peak(bench.wavelength_nm, counts, **settings) for counts in spectra]


def assert_same(batch, alone):
    assert batch.flags == tuple(result.flags for result in alone)
    expected = [np.nan if result.peak_nm is None else result.peak_nm for result in alone]
    np.testing.assert_allclose(batch.peak_nm, expected, rtol=0, atol=0.01)
    for name in ("fwhm_nm", "area"):
        values = [getattr(result, name) for result in alone]
        np.testing.assert_allclose(getattr(batch, name), values, rtol=2e-3)


@pytest.mark.parametrize("height", [500, 5_000, 50_000])
@pytest.mark.parametrize("asymmetry", [NEAR_SYMMETRIC, STRONGLY_ASYMMETRIC])
def test_a_batch_agrees_with_single_fits(bench, height, asymmetry):
    spectra = run_of(bench, height=height, asymmetry=asymmetry)
    batch = fit_peaks(bench.wavelength_nm, spectra)
    alone = one_by_one(bench, spectra)
    assert np.mean(batch.read_alone) < 0.1
    assert_same(batch, alone)
    apart = np.abs(batch.peak_nm - [result.peak_nm for result in alone])
    assert np.quantile(apart, 0.99) < 0.001
    errors = batch.peak_nm_se / [result.peak_nm_se for result in alone]
    assert np.quantile(np.abs(errors - 1), 0.9) < 0.02
    np.testing.assert_allclose(batch.snr, [result.snr for result in alone], rtol=0.02)


def test_lines_of_any_place_width_and_height_may_be_mixed(bench):
    rng = np.random.default_rng(3)
    spectra = np.array(
        [
            bench.noisy(
                bench.line(
                    rng.uniform(480, 600),
                    height=10 ** rng.uniform(3, 4.7),
                    width_ev=rng.uniform(0.07, 0.13),
                    asymmetry=rng.uniform(-0.25, 0.25),
                )
                + rng.uniform(-50, 300),
                seed,
            )
            for seed in range(150)
        ]
    )
    batch = fit_peaks(bench.wavelength_nm, spectra)
    assert_same(batch, one_by_one(bench, spectra))
    assert np.mean(batch.read_alone) < 0.2


def test_odd_spectra_among_plain_ones_are_read_alone(bench):
    spectra = run_of(bench, height=5000, asymmetry=0.1, number=12)
    spectra[1] = bench.noisy(np.zeros(2048))
    spectra[2, 700] = np.nan
    spectra[3, 600] += 20_000.0
    spectra[4] += bench.lamp(560.0, 20.0, 2500.0)
    spectra[5] = bench.noisy(bench.line(451.0))
    spectra[6] = np.minimum(spectra[6], 4000.0)
    spectra[7] = 0.0
    spectra[8] = np.inf
    spectra[9] = bench.noisy(bench.lamp(532.0, 2.0, 5000.0))
    batch = fit_peaks(bench.wavelength_nm, spectra)
    assert_same(batch, one_by_one(bench, spectra))
    assert batch.read_alone[1:10].all()
    assert not batch.read_alone[[0, 10, 11]].any()


def test_saturation_and_excitation_are_seen_as_in_single_spectra(bench):
    spectra = run_of(bench, height=5000, asymmetry=0.1, number=10)
    spectra += bench.lamp(455.0, 12.0, 3000.0)
    spectra[4:6] += bench.lamp(455.0, 12.0, 20_000.0)
    settings = {"full_scale_counts": 16_000.0, "excitation_nm": (455.0,), "dark_noise": 30.0}
    raw = spectra + 1000.0
    raw[2, 560] = 15_900.0
    batch = fit_peaks(bench.wavelength_nm, spectra, raw_spectra=raw, **settings)
    alone = [
        fit_peak(bench.wavelength_nm, counts, raw_counts=whole, **settings)
        for counts, whole in zip(spectra, raw, strict=True)
    ]
    assert_same(batch, alone)
    assert "saturated" in batch.flags[2]
    assert "leak" in batch.flags[4]
    assert not batch.read_alone.all()


def test_a_falling_axis_and_a_short_one_give_what_single_fits_give(bench):
    spectra = run_of(bench, height=5000, asymmetry=0.1, number=3)
    back = fit_peaks(bench.wavelength_nm[::-1], spectra[:, ::-1])
    assert_same(back, one_by_one(bench, spectra))
    assert not back.read_alone.any()
    short = fit_peaks(bench.wavelength_nm[::16], spectra[:, ::16])
    alone = [fit_peak(bench.wavelength_nm[::16], counts[::16]) for counts in spectra]
    assert_same(short, alone)


def test_noise_free_and_whole_number_spectra_are_read(bench):
    clean = np.array([bench.line(peak, height=8000) for peak in (500.0, 515.0, 530.0)])
    exact = fit_peaks(bench.wavelength_nm, clean, resolution_nm=0.0)
    truth = [bench.true_peak_nm(peak) for peak in (500.0, 515.0, 530.0)]
    np.testing.assert_allclose(exact.peak_nm, truth, atol=5e-4)
    whole = run_of(bench, height=5000, asymmetry=0.1, number=6).clip(0).round().astype(np.uint16)
    assert_same(fit_peaks(bench.wavelength_nm, whole), one_by_one(bench, whole))


def test_no_spectra_give_an_empty_result(bench):
    assert len(fit_peaks(bench.wavelength_nm, np.empty((0, 2048)))) == 0


def test_spectra_that_do_not_fit_the_axis_are_refused(bench):
    with pytest.raises(ValueError, match=r"\(n, 2048\).*\(3, 100\)"):
        fit_peaks(bench.wavelength_nm, np.zeros((3, 100)))
