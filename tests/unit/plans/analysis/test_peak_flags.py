"""What is no photoluminescence line gives no number, and a reason."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from plans.analysis import fit_peak
from plans.analysis.flags import MEANINGS, in_order, is_usable
from plans.analysis.peak import PeakResult

NM = np.linspace(400, 700, 301)


def assert_no_number(peak):
    assert peak.peak_nm is None
    assert "no_peak" in peak.flags
    assert peak.reason
    assert not peak.is_usable
    for key in ("peak_nm_se", "peak_ev", "fwhm_nm", "fwhm_ev", "area", "height", "snr"):
        assert np.isnan(getattr(peak, key))
    assert np.isnan(peak.baseline).all()


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros(301),
        np.full(301, 7.0),
        np.full(301, np.nan),
        np.full(301, np.inf),
        np.full(301, 1e300),
        NM,
        -NM,
        np.where(NM == 520, 1e5, 0.0),
        np.where(NM > 520, 100.0, 0.0),
        np.where(np.arange(301) % 2, 1.0, 0.0),
        -np.exp(-(((NM - 515) / 10) ** 2)),
        np.sin(NM / 3),
    ],
    ids=[
        *("zeros", "constant", "nan", "inf", "huge", "rise"),
        *("fall", "spike", "step", "comb", "dip", "waves"),
    ],
)
def test_what_is_no_line_gives_no_number(counts):
    assert_no_number(fit_peak(NM, counts, band_nm=None))


@pytest.mark.parametrize(
    ("wavelength_nm", "counts"),
    [
        ([], []),
        ([500.0], [1.0]),
        ([500.0, 501.0], [1.0, 2.0]),
        (NM, NM[:-1]),
        (np.full(50, 500.0), np.arange(50.0)),
        (["a"], ["b"]),
        ([[1, 2], [3]], [1, 2]),
        (-NM, NM),
        (None, None),
    ],
    ids=["empty", "one", "two", "lengths", "same-place", "words", "ragged", "negative", "none"],
)
def test_what_is_no_spectrum_gives_no_number(wavelength_nm, counts):
    assert_no_number(fit_peak(wavelength_nm, counts))


def test_a_thousand_spectra_of_noise_show_no_line(bench):
    dark = np.zeros_like(bench.wavelength_nm)
    found = [fit_peak(bench.wavelength_nm, bench.noisy(dark, seed)) for seed in range(1000)]
    assert all(peak.peak_nm is None for peak in found)


def test_noise_of_whole_counts_on_a_pedestal_shows_no_line(bench):
    for seed in range(100):
        counts = np.random.default_rng(seed).poisson(4.0, bench.wavelength_nm.size)
        assert_no_number(fit_peak(bench.wavelength_nm, counts, band_nm=None))


def test_a_single_spike_in_noise_is_no_line_and_is_named(bench):
    counts = bench.noisy(np.zeros(2048))
    counts[600] += 20_000
    peak = fit_peak(bench.wavelength_nm, counts)
    assert_no_number(peak)
    assert "spike" in peak.flags


@pytest.mark.parametrize("pixel", [400, 500, 517, 540])
def test_a_spike_beside_or_on_a_line_does_not_move_it(bench, pixel):
    counts = bench.noisy(bench.line(height=5000))
    clean = fit_peak(bench.wavelength_nm, counts)
    counts[pixel] += 30_000
    struck = fit_peak(bench.wavelength_nm, counts)
    assert "spike" in struck.flags
    assert struck.peak_nm == pytest.approx(clean.peak_nm, abs=0.05)


def test_clipped_counts_are_saturated_by_the_raw_counts(bench):
    raw = np.minimum(bench.noisy(bench.line(height=90_000) + 1500), 65_535)
    peak = fit_peak(bench.wavelength_nm, raw - 1500, raw_counts=raw, full_scale_counts=65_535)
    assert "saturated" in peak.flags
    assert not peak.is_usable


def test_one_pixel_near_full_scale_is_enough_to_be_saturated(bench):
    raw = bench.line(height=40_000)
    assert "saturated" not in fit_peak(bench.wavelength_nm, raw, full_scale_counts=65_535).flags
    raw[520] = 0.96 * 65_535
    assert "saturated" in fit_peak(bench.wavelength_nm, raw, full_scale_counts=65_535).flags


def test_clipping_shows_as_a_flat_top_when_full_scale_is_not_known(bench):
    clipped = np.minimum(bench.noisy(bench.line(height=90_000)), 65_535)
    assert "saturated" in fit_peak(bench.wavelength_nm, clipped).flags


def test_saturation_outside_of_the_band_does_not_matter(bench):
    raw = bench.noisy(bench.line(height=5000) + bench.lamp(405, 12, 200_000))
    peak = fit_peak(
        bench.wavelength_nm, np.minimum(raw, 65_535), full_scale_counts=65_535, band_nm=(450, 650)
    )
    assert peak.flags == ()
    assert peak.is_usable


@pytest.mark.parametrize("fwhm_nm", [3.0, 12.0, 18.0])
@pytest.mark.parametrize("excitation_nm", [365.0, 405.0, 450.0])
@pytest.mark.parametrize("known", [True, False])
def test_a_leak_stronger_than_the_line_is_never_the_peak(bench, fwhm_nm, excitation_nm, known):
    expected = bench.line(height=8000) + bench.lamp(excitation_nm, fwhm_nm, 200_000)
    peak = fit_peak(
        bench.wavelength_nm,
        bench.noisy(expected),
        excitation_nm=(excitation_nm,) if known else (),
        band_nm=None,
    )
    assert peak.peak_nm == pytest.approx(bench.true_peak_nm(), abs=0.4)
    assert "leak" in peak.flags


@pytest.mark.parametrize("excitation_nm", [365.0, 405.0])
@pytest.mark.parametrize("known", [True, False])
def test_excitation_alone_is_a_leak_and_no_peak(bench, excitation_nm, known):
    counts = bench.noisy(bench.lamp(excitation_nm, 12, 30_000))
    sources = (excitation_nm,) if known else ()
    peak = fit_peak(bench.wavelength_nm, counts, excitation_nm=sources, band_nm=None)
    assert_no_number(peak)
    assert "leak" in peak.flags


def test_the_second_order_of_the_excitation_is_no_peak(bench):
    expected = bench.lamp(365, 9, 60_000) + bench.lamp(730, 12, 9000)
    for sources in ((), (365.0,)):
        peak = fit_peak(
            bench.wavelength_nm, bench.noisy(expected), excitation_nm=sources, band_nm=None
        )
        assert_no_number(peak)
        assert "leak" in peak.flags


def test_a_leak_out_of_the_band_is_not_mentioned(bench):
    expected = bench.line(height=8000) + bench.lamp(405, 12, 200_000)
    peak = fit_peak(bench.wavelength_nm, bench.noisy(expected), excitation_nm=(405.0,))
    assert peak.flags == ()


def test_a_laser_line_is_a_leak_wherever_it_is(bench):
    peak = fit_peak(bench.wavelength_nm, bench.noisy(bench.lamp(532, 2.0, 20_000)))
    assert_no_number(peak)
    assert "leak" in peak.flags


def test_a_line_cut_by_the_band_is_not_used(bench):
    counts = bench.noisy(bench.line(450.0, height=5000))
    peak = fit_peak(bench.wavelength_nm, counts, band_nm=(450, 650))
    assert "edge" in peak.flags
    assert not peak.is_usable
    barely = fit_peak(bench.wavelength_nm, counts, band_nm=(445, 650))
    assert "edge" in barely.flags


def test_a_hump_wider_than_a_line_is_broad(bench):
    peak = fit_peak(bench.wavelength_nm, bench.noisy(bench.lamp(550, 110, 20_000)), band_nm=None)
    assert_no_number(peak)
    assert "broad" in peak.flags


def test_a_weak_line_is_read_and_flagged(bench):
    peak = fit_peak(bench.wavelength_nm, bench.noisy(bench.line(height=110)))
    assert "low_snr" in peak.flags
    assert abs(peak.peak_nm - bench.true_peak_nm()) < 3 * peak.peak_nm_se


@pytest.mark.parametrize("shift_nm", [20.0, 25.0, 30.0])
def test_two_populations_are_flagged_or_not_resolvable(bench, shift_nm):
    expected = bench.line(512, height=20_000) + bench.line(512 + shift_nm, height=20_000)
    peak = fit_peak(bench.wavelength_nm, bench.noisy(expected))
    assert "poor_fit" in peak.flags


def test_a_strong_shoulder_is_flagged(bench):
    expected = bench.line(512, height=20_000) + bench.line(532, height=9000)
    assert "poor_fit" in fit_peak(bench.wavelength_nm, bench.noisy(expected)).flags


def test_a_separate_second_line_does_not_pull_at_the_first(bench):
    expected = bench.line(512, height=20_000) + bench.line(552, height=10_000)
    peak = fit_peak(bench.wavelength_nm, bench.noisy(expected))
    assert peak.peak_nm == pytest.approx(bench.true_peak_nm(512), abs=0.1)
    assert peak.fwhm_nm == pytest.approx(18.7, rel=0.05)
    assert "poor_fit" in peak.flags


def test_a_ripple_on_bright_light_is_no_line(bench):
    expected = 30_000 + bench.line(height=900)
    assert_no_number(fit_peak(bench.wavelength_nm, bench.noisy(expected)))


def test_an_absorption_edge_with_an_exciton_is_no_line():
    energy = 1239.841984 / NM
    edge = 1 / (1 + np.exp(-(energy - 2.42) / 0.03)) * (1 + 2 * np.clip(energy - 2.42, 0, None))
    exciton = 0.5 * np.exp(-0.5 * ((energy - 2.40) / 0.035) ** 2)
    noise = np.random.default_rng(3).normal(size=NM.size) * 1e-3
    for counts in (edge + noise, edge + exciton + noise):
        assert_no_number(fit_peak(NM[::-1], counts[::-1], band_nm=None))


def test_missing_values_are_left_out_and_named(bench):
    counts = bench.noisy(bench.line())
    whole = fit_peak(bench.wavelength_nm, counts)
    counts[500:506] = np.nan
    holed = fit_peak(bench.wavelength_nm, counts)
    assert "nan" in holed.flags
    assert holed.peak_nm == pytest.approx(whole.peak_nm, abs=3 * whole.peak_nm_se)


def test_the_order_of_the_pixels_does_not_matter(bench):
    counts = bench.noisy(bench.line())
    shuffled = np.random.default_rng(0).permutation(2048)
    straight = fit_peak(bench.wavelength_nm, counts)
    mixed = fit_peak(bench.wavelength_nm[shuffled], counts[shuffled])
    assert mixed.peak_nm == pytest.approx(straight.peak_nm, abs=1e-9)


def test_flags_are_listed_once_and_in_one_order():
    assert in_order(["nan", "no_peak", "nan"]) == ("no_peak", "nan")
    assert is_usable(("leak", "poor_fit", "no_dark"))
    for flag in ("no_peak", "saturated", "edge", "no_data"):
        assert not is_usable((flag,))
        assert flag in MEANINGS
    assert np.isnan(PeakResult().baseline).all()


numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, width=64),
    st.floats(min_value=0, max_value=65_535),
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 200).flatmap(lambda n: st.tuples(*[arrays(float, n, elements=numbers)] * 2)))
def test_no_array_makes_the_fit_raise(pair):
    wavelength_nm, counts = pair
    check(fit_peak(wavelength_nm, counts, band_nm=None, full_scale_counts=65_535))


@settings(max_examples=150, deadline=None)
@given(
    counts=arrays(float, 120, elements=numbers),
    band=st.tuples(st.floats(0, 1000), st.floats(0, 1000)),
    sources=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=3),
    noise=st.floats(allow_nan=True, allow_infinity=True),
)
def test_no_setting_makes_the_fit_raise(counts, band, sources, noise):
    axis = np.linspace(400, 650, 120)
    check(
        fit_peak(
            axis,
            counts,
            raw_counts=counts[::-1],
            full_scale_counts=noise,
            dark_noise=noise,
            excitation_nm=sources,
            excitation_fwhm_nm=10.0,
            band_nm=band,
        )
    )


@settings(max_examples=60, deadline=None)
@given(
    peak_nm=st.floats(470, 620),
    width_ev=st.floats(0.06, 0.15),
    height=st.floats(1e-6, 1e9),
    offset=st.floats(-1, 1),
    slope=st.floats(-0.3, 0.3),
    seed=st.integers(0, 99),
)
def test_scale_offset_and_slope_do_not_move_a_peak(
    bench, peak_nm, width_ev, height, offset, slope, seed
):
    nm = bench.wavelength_nm
    clean = bench.line(peak_nm, 1.0, width_ev) + offset + slope * (nm - peak_nm) / 100
    noise = 0.01 * np.random.default_rng(seed).normal(size=nm.size)
    peak = fit_peak(nm, height * (clean + noise), band_nm=(430, 680))
    assert abs(peak.peak_nm - bench.true_peak_nm(peak_nm, width_ev)) < 5.5 * peak.peak_nm_se
    assert peak.peak_nm_se < 0.2


def check(peak):
    assert list(peak.flags) == [flag for flag in MEANINGS if flag in peak.flags]
    if peak.peak_nm is None:
        assert_no_number(peak)
    else:
        assert np.isfinite([peak.peak_nm, peak.peak_nm_se, peak.fwhm_nm, peak.area]).all()
