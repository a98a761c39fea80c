"""Mixtures of two lines, with a spectrometer whose axis drifts."""

import numpy as np
import pytest

from plans.analysis.unmix import fit_two_lines, unmix_spectrum

NM = 350 + 0.318 * np.arange(2048)
LINES = (NM > 450) & (NM < 600)
WITH_SCATTER = (NM > 380) & (NM < 600)
HC = 1239.841984


def line(nm, peak_nm, height, width_ev=0.088, asymmetry=0.12):
    energy, centre = HC / nm, HC / peak_nm
    width = np.where(energy < centre, width_ev * (1 + asymmetry), width_ev * (1 - asymmetry))
    curve = np.exp(-4 * np.log(2) * ((energy - centre) / width) ** 2)
    return height * curve * (energy / centre) ** 2


def mixture(nm, wires, *, red_nm=520.0, height=2000.0, scatter=0.0):
    """Shares of the photons, so the wires' height follows from the area of their line."""
    blue, red = line(nm, 515.0, 1.0), line(nm, red_nm, 1.0)
    share = wires * blue.sum() / (wires * blue.sum() + (1 - wires) * red.sum())
    lamp = scatter * np.exp(-4 * np.log(2) * ((nm - 405) / 12) ** 2)
    return height * ((1 - share) * blue + share * red) + lamp


def noisy(expected, seed, frames=1):
    rng = np.random.default_rng(seed)
    sigma = np.sqrt((1.05 * np.maximum(expected, 0) + 30.0**2) / frames)
    return expected + rng.normal(size=expected.size) * sigma


def measure(
    wires, seed, *, drift_nm=0.3, band=LINES, height=2000.0, scatter=0.0, frames=1, **settings
):
    kind = {"height": height, "scatter": scatter}
    first = noisy(mixture(NM, 0.0, **kind), 1000 + seed, frames=10)
    end = noisy(mixture(NM, 1.0, **kind), 2000 + seed, frames=10)
    frame = noisy(mixture(NM - drift_nm, wires, **kind), seed, frames=frames)
    return unmix_spectrum(
        NM[band], frame[band], first_counts=first[band], end_counts=end[band], **settings
    )


def test_ten_percent_of_wires_five_nm_away_are_read_through_a_drift_of_the_axis():
    results = [measure(0.10, seed) for seed in range(40)]
    read = np.array([result.end_fraction for result in results])
    claimed = np.mean([result.end_fraction_se for result in results])
    assert np.mean(read) == pytest.approx(0.10, abs=0.01)
    assert np.std(read) == pytest.approx(claimed, rel=0.35)
    assert np.mean([result.shift_nm for result in results]) == pytest.approx(0.3, abs=0.05)
    assert np.mean(np.abs(read - 0.10) < 2 * claimed) > 0.85


def test_four_frames_read_ten_percent_to_two_percent_and_one_is_at_the_limit_of_its_noise():
    together = [measure(0.10, seed, frames=4).end_fraction for seed in range(30)]
    assert np.mean(together) == pytest.approx(0.10, abs=0.01)
    assert np.std(together) < 0.02
    alone = [measure(0.10, seed).end_fraction for seed in range(30)]
    cramer_rao_bound = 0.026  # of both amplitudes, shift and baseline with noise-free references
    assert np.std(alone) < 1.25 * cramer_rao_bound


def test_every_frame_is_good_to_two_percent_when_scattered_light_registers_the_axis():
    settings = {"band": WITH_SCATTER, "scatter": 2000.0}
    results = [measure(0.10, seed, **settings) for seed in range(20)]
    read = np.array([result.end_fraction for result in results])
    assert np.mean(read) == pytest.approx(0.10, abs=0.008)
    assert np.mean(np.abs(read - 0.10) < 0.02) >= 0.9
    assert all(result.shift_nm == pytest.approx(0.3, abs=0.12) for result in results)


def test_without_registration_the_same_drift_is_taken_for_wires():
    read = np.mean([measure(0.10, seed, largest_shift_nm=0.0).end_fraction for seed in range(10)])
    assert abs(read - 0.10) > 0.04


def test_a_bright_frame_is_read_to_half_a_percent():
    result = measure(0.10, 3, height=50_000.0)
    assert result.end_fraction == pytest.approx(0.10, abs=0.01)
    assert result.end_fraction_se < 0.006
    assert result.chi2_red < 1.5


def test_a_known_axis_narrows_the_error():
    free, checked = measure(0.10, 1, drift_nm=0.0), measure(0.10, 1, drift_nm=0.0, shift_nm_se=0.03)
    assert checked.end_fraction_se < 0.5 * free.end_fraction_se
    assert checked.end_fraction == pytest.approx(0.10, abs=0.03)


def test_no_amplitude_is_below_zero():
    results = [measure(0.0, seed) for seed in range(10)]
    assert min(result.end_fraction for result in results) == 0.0
    assert all(result.end_amplitude >= 0.0 for result in results)
    assert all(measure(1.0, seed).first_amplitude >= 0.0 for seed in range(10))


def test_a_faint_frame_is_not_resolvable():
    first, end = mixture(NM, 0.0), mixture(NM, 1.0)
    frame = noisy(mixture(NM, 0.1, height=150.0), 0)
    result = unmix_spectrum(NM, frame, first_counts=first, end_counts=end)
    assert result.end_fraction is None
    assert result.end_fraction_se > 0.1
    assert "not resolvable" in result.reason


def test_two_references_of_the_same_shape_are_not_resolvable():
    result = unmix_spectrum(
        NM,
        noisy(mixture(NM, 0.0), 0),
        first_counts=mixture(NM, 0.0),
        end_counts=mixture(NM, 0.0, height=1000.0),
    )
    assert result.end_fraction is None
    assert "one shape" in result.reason


def test_an_axis_that_moved_too_far_is_reported():
    result = measure(0.1, 0, drift_nm=3.0, height=50_000.0, largest_se=5.0)
    assert result.end_fraction is None
    assert "check the wavelength" in result.reason


def test_the_free_fit_says_not_resolvable_where_the_references_give_an_answer():
    frames = [noisy(mixture(NM - 0.3, 0.10), seed)[LINES] for seed in range(10)]
    results = [fit_two_lines(NM[LINES], frame) for frame in frames]
    assert all(result.red_fraction is None for result in results)
    assert all("not resolvable" in result.reason for result in results)
    read = np.array([result.best_red_fraction for result in results])
    assert np.mean(np.abs(read - 0.10) > 0.05) > 0.5


def test_close_lines_are_refused_even_when_they_are_bright():
    result = fit_two_lines(NM[LINES], noisy(mixture(NM, 0.5, height=50_000.0), 0)[LINES])
    assert result.bic_gain > 10
    assert result.red_fraction is None
    assert "nm apart" in result.reason


@pytest.mark.parametrize("wires", [0.02, 0.1, 0.5])
def test_lines_twenty_nm_apart_are_resolved_without_references(wires):
    frame = noisy(mixture(NM, wires, red_nm=535.0, height=50_000.0), 0)
    result = fit_two_lines(NM[LINES], frame[LINES])
    assert result.red_fraction == pytest.approx(wires, abs=4 * result.red_fraction_se + 0.001)
    assert result.red_fraction_se < 0.004
    assert (result.blue_nm, result.red_nm) == pytest.approx((515.0, 535.0), abs=1.0)
    assert result.fwhm_nm == pytest.approx(19.5, abs=1.0)


def test_one_line_is_not_split():
    result = fit_two_lines(NM[LINES], noisy(mixture(NM, 0.0, height=50_000.0), 5)[LINES])
    assert result.red_fraction is None
    assert "one line does as well" in result.reason


@pytest.mark.parametrize(
    "spectrum",
    [
        np.zeros(300),
        np.full(300, np.nan),
        np.full(300, 7.0),
        -np.ones(300),
        np.arange(300.0),
        np.full(300, 1e29),
        np.random.default_rng(0).normal(size=300),
        np.where(np.arange(300) == 150, 1e12, 0.0),
        [1.0, 2.0],
        [],
        "spectrum",
        None,
        np.ones((300, 2)),
    ],
)
def test_bad_spectra_give_a_reason_and_no_exception(spectrum):
    nm = np.linspace(450, 600, 300)
    good = mixture(nm, 0.0)
    for result in (
        unmix_spectrum(nm, spectrum, first_counts=good, end_counts=mixture(nm, 1.0)),
        unmix_spectrum(nm, good, first_counts=spectrum, end_counts=good),
    ):
        assert result.end_fraction is None or 0.0 <= result.end_fraction <= 1.0
        assert (result.end_fraction is None) == bool(result.reason)
    result = fit_two_lines(nm, spectrum)
    assert result.red_fraction is None
    assert result.reason


def test_the_noise_can_be_given_and_must_be_above_zero():
    sigma = np.sqrt(1.05 * mixture(NM, 0.1) + 900)
    result = measure(0.1, 2, counts_se=sigma[LINES])
    assert result.chi2_red == pytest.approx(1.0, abs=0.4)
    assert "noise" in measure(0.1, 2, counts_se=0 * sigma[LINES]).reason
    assert "noise" in fit_two_lines(NM, mixture(NM, 0.0), counts_se=0 * NM).reason
    assert "no wavelength" in fit_two_lines(0 * NM, mixture(NM, 0.0)).reason


def test_an_axis_of_no_spectrometer_does_not_stop_the_run():
    nm = 1e9 * np.linspace(1.0, 2.0, 300)
    assert fit_two_lines(nm, np.random.default_rng(0).normal(size=300)).red_fraction is None


def scaled_mixture(scale):
    counts = noisy(mixture(NM, 0.5), 3) * scale
    first, end = mixture(NM, 0.0) * scale, mixture(NM, 1.0) * scale
    return unmix_spectrum(NM, counts, first_counts=first, end_counts=end, largest_shift_nm=0.0)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_unit_of_the_counts_does_not_matter(scale):
    found = scaled_mixture(scale)
    assert found.end_fraction == pytest.approx(0.5, abs=0.1)
    assert 0.0 < found.end_fraction_se < 0.1


@pytest.mark.parametrize("scale", [1e-300, 1e-121, 1e90, 1e153])
def test_counts_of_no_detector_end_in_a_share_or_a_reason(scale):
    found = scaled_mixture(scale)
    assert found.reason if found.end_fraction is None else 0.0 <= found.end_fraction <= 1.0
