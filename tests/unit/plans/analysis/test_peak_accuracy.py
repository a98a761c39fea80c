"""The peak is read to the precision that its noise allows, and says so."""

import numpy as np
import pytest

from plans.analysis import fit_peak
from plans.analysis.batch import fit_peaks

HEIGHTS = [500, 5_000, 50_000]


def cramer_rao_bound_nm(bench, height):
    """Least standard deviation of the peak of a split Gaussian on a straight baseline."""
    band = (bench.wavelength_nm >= 450) & (bench.wavelength_nm <= 650)

    def model(parameters):
        scale, centre_nm, low, high, offset, slope = parameters
        energy, centre = 1239.841984 / bench.wavelength_nm[band], 1239.841984 / centre_nm
        width = np.where(energy < centre, low, high)
        away = (energy - centre) / width
        curve = np.exp(-4 * np.log(2) * away**2) * (energy / centre) ** 2
        return scale * curve + offset + slope * np.linspace(-1, 1, energy.size)

    def peak_nm(parameters):
        centre, high = 1239.841984 / parameters[1], parameters[3]
        return 2 * 1239.841984 / (centre + np.sqrt(centre**2 + high**2 / np.log(2)))

    at = np.array([height, 515.0, 0.088 * 1.12, 0.088 * 0.88, 0.0, 0.0])
    steps = np.diag([1.0, 1e-4, 1e-6, 1e-6, 1.0, 1.0])
    jacobian = [(model(at + s) - model(at - s)) / (2 * s.max()) for s in steps]
    gradient = np.array([(peak_nm(at + s) - peak_nm(at - s)) / (2 * s.max()) for s in steps])
    weighed = np.array(jacobian) / np.sqrt(1.05 * np.maximum(model(at), 0) + 900)
    return float(np.sqrt(gradient @ np.linalg.inv(weighed @ weighed.T) @ gradient))


@pytest.mark.parametrize("height", HEIGHTS)
def test_bias_scatter_and_stated_error_of_an_asymmetric_line_behind_a_slit(bench, height):
    expected, truth = bench.line(height=height, blur_nm=1.4), bench.true_peak_nm()
    spectra = np.array([bench.noisy(expected, seed) for seed in range(2000)])
    found = fit_peaks(bench.wavelength_nm, spectra)
    error = found.peak_nm - truth
    assert np.all(np.isfinite(error))
    assert abs(np.mean(error)) < 0.02
    assert np.std(error) < 1.2 * cramer_rao_bound_nm(bench, height)
    assert 0.93 <= np.mean(np.abs(error) < 1.96 * found.peak_nm_se) <= 0.97


def test_an_instrument_without_a_slit_can_be_named(bench):
    expected, truth = bench.line(height=50_000), bench.true_peak_nm()
    spectra = np.array([bench.noisy(expected, seed) for seed in range(700)])
    found = fit_peaks(bench.wavelength_nm, spectra, resolution_nm=0.0)
    held = np.abs(found.peak_nm - truth) < 1.96 * found.peak_nm_se
    assert 0.93 <= np.mean(held) <= 0.97


@pytest.mark.parametrize("blur_nm", [0.7, 1.4, 3.0])
@pytest.mark.parametrize("asymmetry", [-0.12, 0.04, 0.3])
def test_what_a_slit_does_to_the_top_is_taken_back(bench, blur_nm, asymmetry):
    line = bench.line(height=20_000, asymmetry=asymmetry, blur_nm=blur_nm)
    peak = fit_peak(bench.wavelength_nm, line, resolution_nm=blur_nm)
    truth = bench.true_peak_nm(asymmetry=asymmetry)
    assert peak.peak_nm == pytest.approx(truth, abs=0.003)


def test_the_noise_free_peak_is_exact_on_both_axes(bench):
    peak = fit_peak(bench.wavelength_nm, bench.line(height=10_000), resolution_nm=0.0)
    assert peak.peak_nm == pytest.approx(bench.true_peak_nm(), abs=2e-4)
    assert 1239.841984 / peak.peak_ev == pytest.approx(515.0, abs=1e-4)
    assert peak.asymmetry == pytest.approx(1.12 / 0.88, rel=1e-3)
    assert peak.fwhm_ev == pytest.approx(0.088, rel=1e-3)


@pytest.mark.parametrize("centre_nm", [470.0, 515.0, 535.0, 600.0])
@pytest.mark.parametrize("asymmetry", [-0.1, 0.0, 0.12, 0.2])
def test_lines_anywhere_and_of_any_skew_are_read(bench, centre_nm, asymmetry):
    expected = bench.line(centre_nm, height=8000, asymmetry=asymmetry)
    peak = fit_peak(bench.wavelength_nm, bench.noisy(expected))
    truth = bench.true_peak_nm(centre_nm, asymmetry=asymmetry)
    assert abs(peak.peak_nm - truth) < 4 * peak.peak_nm_se
    assert peak.peak_nm_se < 0.1
    assert peak.flags == ()


def test_width_is_the_half_maximum_of_the_measured_curve(bench):
    expected = bench.line(height=20_000)
    above = bench.wavelength_nm[expected > 10_000]
    peak = fit_peak(bench.wavelength_nm, bench.noisy(expected + 1500))
    assert peak.fwhm_nm == pytest.approx(above[-1] - above[0], rel=0.03)


def test_area_centroid_and_height_are_those_of_the_line(bench):
    expected = bench.line(height=20_000)
    peak = fit_peak(bench.wavelength_nm, bench.noisy(expected + 800))
    area = np.trapezoid(expected, bench.wavelength_nm)
    centroid = np.sum(expected * bench.wavelength_nm) / np.sum(expected)
    assert peak.area == pytest.approx(area, rel=0.02)
    assert peak.centroid_nm == pytest.approx(centroid, abs=0.1)
    assert peak.height == pytest.approx(20_000, rel=0.01)
    assert peak.baseline[0] == pytest.approx(800, abs=30)
    assert peak.snr == pytest.approx(20_000 / np.sqrt(1.05 * 20_800 + 900), rel=0.3)


def test_chi2_is_one_for_a_line_that_fits(bench):
    expected = bench.line(height=5000)
    chi2 = [
        fit_peak(bench.wavelength_nm, bench.noisy(expected, seed)).chi2_red for seed in range(40)
    ]
    assert 0.7 < np.median(chi2) < 1.4


def test_a_known_dark_noise_takes_the_place_of_the_estimate(bench):
    counts = bench.noisy(bench.line(height=500))
    honest = fit_peak(bench.wavelength_nm, counts, dark_noise=30.0)
    modest = fit_peak(bench.wavelength_nm, counts, dark_noise=60.0)
    assert modest.chi2_red < 0.5 * honest.chi2_red


def test_smoothed_data_do_not_pretend_to_be_more_precise(bench):
    expected = bench.line(height=5000)
    boxcar = np.ones(5) / 5
    results = [
        fit_peak(bench.wavelength_nm, np.convolve(bench.noisy(expected, seed), boxcar, "same"))
        for seed in range(60)
    ]
    peaks = [result.peak_nm for result in results]
    stated = np.median([result.peak_nm_se for result in results])
    assert stated > 0.6 * np.std(peaks)  # 0.2 without the correlation


def test_the_slope_of_a_drift_on_a_broad_background_is_right_to_ten_percent(bench):
    hours = np.linspace(0, 1, 61)
    background = bench.lamp(580.0, 150.0, 4000.0)
    peaks = [
        fit_peak(
            bench.wavelength_nm,
            bench.noisy(bench.line(515 + 2 * hour, height=8000) + background, seed),
        ).peak_nm
        for seed, hour in enumerate(hours)
    ]
    assert np.polyfit(hours, peaks, 1)[0] == pytest.approx(2.0, rel=0.1)
