"""Other shapes than the usual one can be chosen and compared."""

import numpy as np
import pytest
from scipy.special import voigt_profile

from plans.analysis.other_lines import SHAPES, compare_shapes, fit_shape

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
