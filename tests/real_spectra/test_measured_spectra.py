"""Measured spectra: CdSe quantum dots while they grow, and lamps."""

from pathlib import Path

import numpy as np
import pytest

from plans.analysis import fit_peak
from plans.importing import read_spectra
from plans.importing.analyse import analyse_series

DATA = Path(__file__).parents[1] / "data" / "real-spectra"
GROWTH = DATA / "cdse-growth"
EMISSION = {"Run 2": 14, "Run 3": 18, "Run 5": 18}
ABSORPTION = {"Run 2": 16, "Run 3": 18, "Run 5": 18}


def emission(run):
    return read_spectra(GROWTH / f"{run} FL emission.csv")


def parabola_maximum_nm(nm, counts, half_nm=8.0):
    """Maximum of a parabola through the top of a curve, with no help of the analysis."""
    centre = nm[np.argmax(np.convolve(counts, np.ones(3) / 3, mode="same"))]
    for _ in range(4):
        near = np.abs(nm - centre) <= half_nm
        curve, tilt, _ = np.polyfit(nm[near] - centre, counts[near], 2)
        centre -= tilt / (2 * curve)
    return centre


@pytest.mark.parametrize("run", EMISSION)
def test_every_emission_spectrum_is_read_with_its_time(run):
    series = emission(run)
    assert len(series.spectra) == EMISSION[run]
    assert series.has_times
    times = [spectrum.time_s for spectrum in series.spectra]
    assert times == sorted(times)
    assert times[-1] == 600.0
    axis = series.spectra[0].wavelength_nm
    assert axis[-1] == 600.0
    assert all(np.isfinite(spectrum.counts).all() for spectrum in series.spectra)


@pytest.mark.parametrize("run", EMISSION)
def test_every_emission_peak_is_at_the_top_of_its_curve(run):
    for item in analyse_series(emission(run)):
        top_nm = parabola_maximum_nm(item.spectrum.wavelength_nm, item.spectrum.counts)
        assert item.peak.peak_nm == pytest.approx(top_nm, abs=0.5), item.spectrum.name
        assert item.peak.peak_nm_se < 0.25
        assert item.peak.snr > 50


@pytest.mark.parametrize(("run", "start_nm", "end_nm"), [("Run 3", 512, 553), ("Run 5", 474, 532)])
def test_growth_moves_the_peak_to_the_red(run, start_nm, end_nm):
    peaks = [item.peak.peak_nm for item in analyse_series(emission(run))]
    assert peaks[0] == pytest.approx(start_nm, abs=2)
    assert peaks[-1] == pytest.approx(end_nm, abs=2)
    assert np.all(np.diff(peaks) > -0.5)


def test_a_spectrum_with_a_strong_shoulder_is_flagged():
    first = analyse_series(emission("Run 2"))[0]
    assert first.peak.flags == ("poor_fit",)


def test_widths_are_those_at_half_of_the_maximum():
    for item in analyse_series(emission("Run 5")):
        nm, counts = item.spectrum.wavelength_nm, item.spectrum.counts
        above = counts - item.peak.line.baseline(nm)
        top = int(np.argmax(above))
        half = 0.5 * above[top]
        blue_nm = np.interp(half, above[: top + 1], nm[: top + 1])
        red_nm = np.interp(-half, -above[top:], nm[top:])
        assert item.peak.fwhm_nm == pytest.approx(red_nm - blue_nm, rel=0.03)


@pytest.mark.parametrize("run", ABSORPTION)
@pytest.mark.parametrize("band_nm", [None, (450.0, 650.0), (400.0, 600.0)])
def test_an_absorption_spectrum_has_no_emission_peak(run, band_nm):
    series = read_spectra(GROWTH / f"{run} UV-Vis.csv")
    assert len(series.spectra) == ABSORPTION[run]
    assert series.descending
    for item in analyse_series(series, band_nm=band_nm):
        assert item.peak.peak_nm is None, item.spectrum.name
        assert item.peak.reason


LAMPS = ["background_DT_mini", "emmision_background_dh", "red_food_absorption"]


@pytest.mark.parametrize("name", LAMPS)
@pytest.mark.parametrize("band_nm", [None, (450.0, 650.0), (400.0, 700.0), (400.0, 800.0)])
def test_lamps_and_dyes_have_no_emission_peak(name, band_nm):
    (spectrum,) = read_spectra(DATA / "lamp-backgrounds" / f"{name}.csv").spectra
    assert spectrum.counts.size == 2048
    peak = fit_peak(spectrum.wavelength_nm, spectrum.counts, band_nm=band_nm)
    assert peak.peak_nm is None
    assert "no_peak" in peak.flags


@pytest.mark.parametrize("name", LAMPS[:2])
def test_no_band_of_a_lamp_gives_a_peak_to_decide_by(name):
    (spectrum,) = read_spectra(DATA / "lamp-backgrounds" / f"{name}.csv").spectra
    usable = [
        (low, width)
        for low in range(200, 880, 60)
        for width in (100, 200, 400)
        if fit_peak(spectrum.wavelength_nm, spectrum.counts, band_nm=(low, low + width)).is_usable
    ]
    assert usable == []


@pytest.mark.parametrize("run", ["Run 2", "Run 3"])
def test_the_peak_survives_more_noise(run):
    series = emission(run)
    for seed, item in enumerate(analyse_series(series)):
        noise = np.random.default_rng(seed).normal(size=item.spectrum.counts.size)
        worse = fit_peak(
            item.spectrum.wavelength_nm, item.spectrum.counts + 5.0 * noise, band_nm=None
        )
        assert abs(worse.peak_nm - item.peak.peak_nm) < 5 * worse.peak_nm_se
