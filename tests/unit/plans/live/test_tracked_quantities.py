"""Colour, scatter, corrected peak, mixture and corrections are followed with the peak."""

import numpy as np
import pytest

from plans.analysis.chain import CorrectionChain
from plans.analysis.corrections import WavelengthOffset
from plans.live.end_product import EndProduct
from plans.live.quantities import LiveMeasure
from plans.live.tracker import PLTracker
from tests.unit.plans.live.test_tracker import DARK, NM, Run, noisy, pl

LAMP = 6000.0 * np.exp(-4 * np.log(2) * ((NM - 430.0) / 12.0) ** 2)


def followed(**settings):
    tracker = PLTracker(**settings)
    run = Run(tracker)
    run.event("dark", noisy(DARK, 1))
    return tracker, run


def value(tracker, key):
    return tracker.read()[f"tracker_{key}"]["value"]


def test_green_light_has_the_colour_of_green_light():
    tracker, run = followed()
    run.event("primary", noisy(DARK + pl(530.0), 2))
    assert value(tracker, "cie_x") == pytest.approx(0.17, abs=0.03)
    assert value(tracker, "cie_y") == pytest.approx(0.77, abs=0.03)
    assert value(tracker, "rec2020_distance") < 0.05
    assert value(tracker, "centroid_nm") == pytest.approx(530.0, abs=0.3)
    assert value(tracker, "moment_fwhm_nm") == pytest.approx(19.0, rel=0.05)
    assert value(tracker, "reason") == ""


def test_the_scattered_excitation_is_measured_against_the_line():
    tracker, run = followed()
    for part in (1.0, 2.0):
        run.event("primary", noisy(DARK + pl() + part * LAMP, int(part)), light_nm=430.0)
    ratios = [tracked.live.scatter_ratio for tracked in tracker.history]
    assert ratios[0] == pytest.approx(LAMP.sum() / pl().sum(), rel=0.06)
    assert ratios[1] == pytest.approx(2 * ratios[0], rel=0.02)
    assert tracker.latest.live.excitation_nm == pytest.approx(430.0, abs=0.1)


def test_an_axis_that_moves_in_the_run_is_flagged():
    tracker, run = followed()
    for seed in range(6):
        run.event("primary", noisy(DARK + pl() + LAMP, seed), light_nm=430.0)
    assert "drift" not in tracker.latest.flags
    moved = np.interp(NM - 0.5, NM, pl() + LAMP)
    run.event("primary", noisy(DARK + moved, 9), light_nm=430.0)
    assert "drift" in tracker.latest.flags
    assert "+0.5" in tracker.latest.reason
    assert tracker.latest.peak.is_usable


def test_a_spectrum_that_comes_twice_decides_nothing():
    _, run = followed()
    counts = noisy(DARK + pl(), 2)
    assert run.event("primary", counts).flags == ()
    again = run.event("primary", counts)
    assert again.flags == ("stale",)
    assert "before" in again.reason
    assert run.event("primary", noisy(DARK + pl(), 3)).flags == ()


def test_the_absorbance_of_the_run_gives_the_peak_without_reabsorption():
    tracker, run = followed()
    absorbance = 1.2 / (1.0 + np.exp((NM - 508.0) / 3.0))
    kept = np.where(
        absorbance > 1e-3, -np.expm1(-2.302585 * absorbance) / (2.302585 * absorbance + 1e-12), 1.0
    )
    run.event("primary", noisy(DARK + pl(515.0, height=20_000.0) * kept, 2))
    assert np.isnan(value(tracker, "corrected_peak_nm"))
    run.describe("absorbance", {})
    data = {"absorbance": absorbance, "absorbance_wavelength_nm": NM}
    tracker("event", {"descriptor": "absorbance", "seq_num": 1, "time": 990.0, "data": data})
    run.event("primary", noisy(DARK + pl(515.0, height=20_000.0) * kept, 3))
    assert value(tracker, "peak_nm") > 515.8
    assert value(tracker, "corrected_peak_nm") == pytest.approx(515.0, abs=0.3)
    assert "inner_filter" in value(tracker, "corrections")


def test_a_known_end_spectrum_gives_the_share_of_the_end_product():
    end = EndProduct(name="end", wavelength_nm=NM, counts=2 * pl(521.0, height=20_000.0))
    tracker, run = followed(measure=LiveMeasure(end=end))
    for seed in range(5):
        run.event("primary", noisy(DARK + pl(515.0, height=20_000.0), seed))
    assert np.isnan(value(tracker, "end_fraction"))
    half = 0.5 * (pl(515.0, height=20_000.0) + pl(521.0, height=20_000.0))
    run.event("primary", noisy(DARK + half, 9))
    assert value(tracker, "end_fraction") == pytest.approx(0.5, abs=0.05)
    assert value(tracker, "end_fraction_se") < 0.05


def test_the_chain_is_part_of_the_configuration_and_of_every_event():
    offset = WavelengthOffset(name="Hg-Ar 7", offset_nm=0.8, offset_nm_se=0.02, taken_s=400.0)
    tracker, run = followed(chain=CorrectionChain(wavelength=offset))
    run.event("primary", noisy(DARK + pl(515.8), 2))
    assert value(tracker, "peak_nm") == pytest.approx(515.0, abs=0.25)
    assert value(tracker, "corrections") == "dark,per_second,wavelength"
    text = tracker.read_configuration()["tracker_chain"]["value"]
    assert "wavelength on, Hg-Ar 7, 10.0 min old (axis moved by -0.800 nm)" in text
    assert "nonlinearity off (no calibration)" in text


def test_light_that_is_hardly_there_is_no_axis_that_moves():
    tracker, run = followed()
    for seed in range(60):
        run.event("primary", noisy(DARK + pl() + 0.02 * LAMP, seed), light_nm=430.0)
    assert not any("drift" in tracked.flags for tracked in tracker.history)


def test_the_polynomial_of_the_spectrometer_is_used():
    tracker = PLTracker()
    run = Run(
        tracker,
        spectrometer_nonlinearity=[1.0, -1e-5, 0, 0, 0, 0, 0, 0],
        spectrometer_serial_number="HDX1",
    )
    run.event("dark", noisy(DARK, 1))
    light = pl(height=20_000.0)
    run.event("primary", noisy(DARK + light * (1 - 1e-5 * light * 0.83), 2))
    assert "nonlinearity" in value(tracker, "corrections")
    (step,) = [step for step in tracker.latest.steps if step.name == "nonlinearity"]
    assert step.calibration == "spectrometer HDX1"
    assert value(tracker, "height") == pytest.approx(2 * 20_000.0, rel=0.03)


def test_an_end_spectrum_on_another_axis_will_do():
    nm = np.arange(470.0, 600.0, 0.7)
    line = np.interp(nm, NM, pl(521.0, height=20_000.0))
    tracker, run = followed(
        measure=LiveMeasure(end=EndProduct(name="file", wavelength_nm=nm, counts=line + 300.0))
    )
    for seed in range(5):
        run.event("primary", noisy(DARK + pl(515.0, height=20_000.0), seed))
    half = 0.5 * (pl(515.0, height=20_000.0) + pl(521.0, height=20_000.0))
    run.event("primary", noisy(DARK + half, 9))
    assert value(tracker, "end_fraction") == pytest.approx(0.5, abs=0.05)


def test_an_end_spectrum_that_does_not_reach_over_the_line_is_refused():
    nm = np.arange(500.0, 600.0)
    with pytest.raises(ValueError, match="from 480 to 580 nm, it holds 500 to 599 nm"):
        EndProduct(name="file", wavelength_nm=nm, counts=nm)


def test_a_warmer_detector_needs_another_dark():
    _, run = followed()
    cold = {"spectrometer_detector_temperature_degc": -10.0}
    run.event("dark", noisy(DARK, 1), **cold)
    assert run.event("primary", noisy(DARK + pl(), 2), **cold).flags == ()
    warm = run.event("primary", noisy(DARK + pl(), 3), spectrometer_detector_temperature_degc=-8.5)
    assert warm.flags == ("no_dark",)
    assert "+1.5 K" in warm.reason


def test_pixels_without_light_follow_the_offset_after_the_dark():
    tracker = PLTracker()
    run = Run(tracker)
    run.event("dark", noisy(DARK, 1), spectrometer_electric_dark_counts=1400.0)
    run.event("primary", noisy(DARK + pl() + 55.0, 2), spectrometer_electric_dark_counts=1455.0)
    assert "electric_dark" in value(tracker, "corrections")
    assert np.median(tracker.latest.counts_s[NM > 620]) == pytest.approx(0.0, abs=15.0)


def test_a_monitor_takes_the_drift_of_the_lamp_out_of_the_area():
    tracker, run = followed(lamp_monitor="meter_power_w")
    areas = []
    for part in (1.0, 0.8):
        run.event("primary", noisy(DARK + part * pl(), 3), meter_power_w=0.01 * part)
        areas.append(value(tracker, "area"))
    assert areas[1] == pytest.approx(areas[0], rel=0.01)
    assert "lamp" in value(tracker, "corrections").split(",")
    run.event("primary", noisy(DARK + pl(), 4))
    assert "lamp" not in value(tracker, "corrections").split(",")
