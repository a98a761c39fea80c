"""Other shapes than the usual one can be chosen and compared."""

import numpy as np
import pytest
from scipy.special import voigt_profile

from plans.analysis.other_lines import SHAPES, compare_shapes, fit_shape, in_shape
from plans.analysis.peak import fit_peak

HC = 1239.841984


def test_the_usual_shape_agrees_with_the_usual_fit(bench):
    line = bench.noisy(bench.line(height=20_000), 1)
    found = fit_shape(bench.wavelength_nm, line, "split Gaussian")
    assert found.peak_nm == pytest.approx(bench.true_peak_nm(), abs=4 * found.peak_nm_se)
    assert 0.005 < found.peak_nm_se < 0.1
    assert found.fwhm_ev == pytest.approx(0.088, rel=0.02)
    assert found.chi2_red == pytest.approx(1.0, abs=0.3)


def test_a_voigt_line_is_best_described_by_a_voigt_profile(bench):
    energy = HC / bench.wavelength_nm
    curve = voigt_profile(energy - HC / 515.0, 0.025, 0.025) * energy**2
    line = bench.noisy(30_000 * curve / curve.max(), 2)
    best = compare_shapes(bench.wavelength_nm, line)[0]
    assert best.shape == "Voigt"
    assert best.peak_ev == pytest.approx(HC / 515.0, abs=0.001)


def test_an_asymmetric_line_is_not_best_described_by_a_symmetric_one(bench):
    line = bench.noisy(bench.line(height=50_000, asymmetry=0.3), 3)
    best, *others = compare_shapes(bench.wavelength_nm, line)
    assert best.shape == "split Gaussian"
    assert len(others) == len(SHAPES) - 1


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_line_there_is_no_number(bench, shape):
    found = fit_shape(bench.wavelength_nm, bench.noisy(np.zeros(2048)), shape)
    assert found.peak_nm is None
    assert found.reason


def test_a_result_can_be_read_with_another_shape(bench):
    line = bench.noisy(bench.line(height=20_000, asymmetry=0.3), 1)
    usual = fit_peak(bench.wavelength_nm, line)
    assert in_shape(usual, bench.wavelength_nm, line, "split Gaussian") is usual
    other = in_shape(usual, bench.wavelength_nm, line, "Gaussian")
    assert other.area == usual.area
    # A symmetric line lies nearer to the mean: 0.8 of the difference of the two sigmas.
    assert 2.0 < abs(other.peak_nm - usual.peak_nm) < 5.0
    assert other.chi2_red > 2.0 * usual.chi2_red


def test_a_shape_that_cannot_be_fitted_leaves_no_number(bench):
    line = bench.noisy(bench.line(height=20_000), 1)
    usual = fit_peak(bench.wavelength_nm, line)
    gone = in_shape(usual, bench.wavelength_nm, np.full(line.size, np.nan), "Voigt")
    assert gone.peak_nm is None
    assert "no_peak" in gone.flags
    assert "Voigt" in gone.reason


def test_a_spectrum_without_a_line_stays_one_in_any_shape(bench):
    nothing = fit_peak(bench.wavelength_nm, bench.noisy(np.zeros(2048)))
    assert in_shape(nothing, bench.wavelength_nm, np.zeros(2048), "Voigt") is nothing
