"""The parts of the analysis on their own."""

import numpy as np
import pytest

from plans.analysis.batch import fit_peaks
from plans.analysis.judge import Verdict
from plans.analysis.line import SplitGaussian
from plans.analysis.line_fit import fit_line
from plans.analysis.noise import estimate_noise, pixel_noise, quantum, robust_sigma
from plans.analysis.residuals import noise_of_residuals
from plans.analysis.search import Candidate
from plans.analysis.shape import measure_shape
from plans.analysis.smooth import rebin, smooth
from plans.analysis.spectrum import (
    CleanSpectrum,
    clean,
    energy_ev,
    per_energy,
    saturated_pixels,
    subtract_dark,
)

NM = np.linspace(450.0, 600.0, 301)
LINE = SplitGaussian(
    position_ev=2.4, fwhm_low_ev=0.1, fwhm_high_ev=0.08, height=1000.0, offset=50.0, slope=0.2,
    reference_nm=515.0,
)  # fmt: skip


def test_energy_and_wavelength_are_each_others_inverse():
    assert energy_ev(energy_ev(NM)) == pytest.approx(NM)
    assert float(energy_ev(515.0)) == pytest.approx(2.40746, abs=1e-5)


def test_the_change_of_axis_keeps_the_number_of_photons():
    counts = LINE.line(NM)
    energy = energy_ev(NM)
    photons = -np.trapezoid(per_energy(NM, counts), energy)
    assert photons == pytest.approx(np.trapezoid(counts, NM), rel=1e-4)


def test_a_dark_of_another_spectrometer_is_refused():
    assert subtract_dark(np.array([5.0, 6.0]), np.array([1.0, 1.0])) == pytest.approx([4, 5])
    with pytest.raises(ValueError, match="dark spectrum of 3 pixels"):
        subtract_dark(np.zeros(2), np.zeros(3))


def test_saturation_starts_at_95_percent_of_full_scale():
    assert saturated_pixels(np.array([940.0, 950.0]), 1000.0).tolist() == [False, True]


def test_noise_is_found_under_a_line():
    rng = np.random.default_rng(0)
    counts = LINE.counts(NM) + 3.0 * rng.normal(size=NM.size)
    assert pixel_noise(counts) == pytest.approx(3.0, rel=0.15)
    assert pixel_noise(np.zeros(3)) == 0.0
    assert robust_sigma(np.empty(0)) == 0.0


def test_shot_noise_is_told_from_read_noise(bench):
    expected = bench.line(height=40_000)
    noise = estimate_noise(bench.noisy(expected), expected)
    assert noise.floor == pytest.approx(30.0, rel=0.1)
    assert noise.gain == pytest.approx(1.05, rel=0.5)
    assert float(noise.sigma(40_000)) == pytest.approx(207, rel=0.3)
    assert float(noise.sigma(-5.0)) == noise.floor
    assert estimate_noise(np.arange(8.0), np.arange(8.0), floor=2.0).floor == 2.0
    assert estimate_noise(np.arange(8.0), np.arange(8.0)).floor == pytest.approx(0.0, abs=1e-9)


def test_whole_counts_have_a_quantum():
    assert quantum(np.repeat([1.0, 3.0, 4.0], 10)) == 1.0
    assert quantum(np.arange(9.0)) == 0.0
    assert quantum(np.ones(9)) == 0.0


def test_bins_are_means_and_gaps_are_bridged():
    nm = np.concatenate((np.linspace(400, 420, 101), np.linspace(440, 460, 101)))
    binned = rebin(nm, 2 * nm)
    assert binned.counts[3:-3] == pytest.approx(2 * binned.wavelength_nm[3:-3], abs=0.2)
    assert smooth(nm, np.full(202, 5.0), 6.0) == pytest.approx(5.0)


def test_a_spike_is_cut_out_and_its_neighbours_stay():
    counts = LINE.counts(NM) + np.random.default_rng(1).normal(size=NM.size)
    struck = counts.copy()
    struck[40] += 500
    spectrum = clean(NM, struck)
    assert isinstance(spectrum, CleanSpectrum)
    assert np.flatnonzero(spectrum.spikes).tolist() == [40]
    assert spectrum.counts[40] == pytest.approx(counts[40], abs=5)
    assert np.delete(spectrum.counts, 40) == pytest.approx(np.delete(counts, 40))


def test_a_block_of_wrong_pixels_is_no_spike():
    counts = np.random.default_rng(1).normal(size=NM.size)
    counts[100:110] += 500
    spectrum = clean(NM, counts)
    assert isinstance(spectrum, CleanSpectrum)
    assert not spectrum.spikes.any()


def test_the_peak_of_the_line_is_the_maximum_of_its_curve():
    fine = np.linspace(510, 520, 100_001)
    assert LINE.peak_nm == pytest.approx(fine[np.argmax(LINE.line(fine))], abs=2e-4)
    above = fine = np.linspace(470, 570, 100_001)
    above = fine[
        per_energy(fine, LINE.line(fine)) > 0.5 * np.max(per_energy(fine, LINE.line(fine)))
    ]
    assert LINE.fwhm_nm == pytest.approx(above[-1] - above[0], abs=0.01)
    assert LINE.baseline(np.array([515.0, 525.0])) == pytest.approx([50.0, 52.0])


def test_a_line_is_recovered_from_a_rough_guess():
    guess = SplitGaussian(position_ev=2.42, fwhm_low_ev=0.06, fwhm_high_ev=0.06, height=1.0)
    fit = fit_line(NM, LINE.counts(NM), guess)
    assert fit is not None
    assert fit.converged
    for key in ("position_ev", "fwhm_low_ev", "fwhm_high_ev", "height", "slope"):
        assert getattr(fit.line, key) == pytest.approx(getattr(LINE, key), rel=1e-4)


def test_too_few_or_flat_pixels_fix_no_line():
    assert fit_line(NM[:9], LINE.counts(NM[:9]), LINE) is None
    assert fit_line(NM, np.full(NM.size, 3.0), LINE) is None
    far = SplitGaussian(position_ev=9.0, fwhm_low_ev=0.01, fwhm_high_ev=0.01, height=1.0)
    assert fit_line(NM, LINE.counts(NM), far) is None


def test_few_residuals_are_all_noise():
    noise, factor = noise_of_residuals(np.arange(4.0), 30.0)
    assert noise.tolist() == [0, 1, 2, 3]
    assert factor == 1.0


def test_averaged_neighbours_count_for_fewer_pixels():
    white = np.random.default_rng(5).normal(size=600)
    _, factor = noise_of_residuals(np.convolve(white, np.ones(4) / 4, "same"), 60.0)
    assert 2.0 < factor < 8.0
    assert noise_of_residuals(white, 60.0)[1] == 1.0


@pytest.mark.parametrize("step", [1, 20])
def test_half_maximum_is_crossed_on_fine_and_coarse_axes(step):
    nm, line = NM[::step], LINE
    shape = measure_shape(nm, line.counts(nm), line)
    assert shape.blue_nm is not None
    assert shape.red_nm is not None
    assert shape.red_nm - shape.blue_nm == pytest.approx(line.fwhm_nm, rel=0.05)


def test_a_cut_line_has_one_half_maximum():
    nm = NM[NM > 513]
    shape = measure_shape(nm, LINE.counts(nm), LINE)
    assert shape.blue_nm is None
    assert shape.red_nm is not None
    few = np.array([513.0, 514.0, 600.0])
    assert measure_shape(few, LINE.counts(few), LINE).blue_nm is None


def test_a_curve_that_is_no_line_has_no_top_of_its_own():
    shape = measure_shape(NM, -LINE.line(NM), LINE)
    assert shape.height == LINE.height
    assert shape.centroid_nm == LINE.peak_nm
    assert shape.blue_nm is None


def test_a_candidate_without_a_fit_has_none():
    candidate = Candidate(peak_nm=515.0, fwhm_nm=20.0, prominence=1.0, feet=1.0)
    with pytest.raises(ValueError, match="could not be fitted"):
        _ = Verdict(candidate=candidate, why="flat").fit


@pytest.mark.parametrize("pixels", range(2, 130, 3))
@pytest.mark.parametrize("pitch_nm", [0.02, 0.1, 0.318])
def test_an_axis_too_short_for_knots_is_read_all_the_same(pixels, pitch_nm):
    nm = 500.0 + pitch_nm * np.arange(pixels)
    found = fit_peaks(nm, np.zeros((2, pixels)))
    assert np.all(np.isnan(found.peak_nm))
