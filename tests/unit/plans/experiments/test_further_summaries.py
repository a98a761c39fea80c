"""What the tables of LEDs, maps and scans say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.experiments import action_spectrum, interface_nanoplates, map_scan
from plans.experiments.led_lifetime import (
    LuminanceFileError,
    lifetime_exponent,
    lifetime_s,
    read_luminance,
)

NAN = float("nan")


@settings(deadline=None)
@given(n=st.floats(0.5, 4.0), t50_s=st.floats(1.0, 1e6), leds=st.integers(2, 6))
def test_the_exponent_of_leds_that_follow_the_law_is_found(n, t50_s, leds):
    luminances = [100.0 * 3.0**k for k in range(leds)]
    lives = [lifetime_s(100.0, t50_s, n, luminance) for luminance in luminances]
    found, _ = lifetime_exponent(luminances, lives)
    assert found == pytest.approx(n, rel=1e-6)


def test_the_figures_of_the_review_give_its_exponent():
    n, n_se = lifetime_exponent([11500.0, 100.0], [13.5 * 60, 694 * 3600.0])
    assert n == pytest.approx(1.693, abs=0.001)
    assert math.isnan(n_se)


@pytest.mark.parametrize("t50s", [(100.0, NAN), (NAN, NAN)])
def test_there_is_no_exponent_of_one_lifetime(t50s):
    assert math.isnan(lifetime_exponent([100.0, 1000.0], t50s)[0])


def test_luminance_is_read_in_the_unit_of_time(tmp_path):
    file = tmp_path / "led.csv"
    file.write_text("time,cd/m2\n0,1000\n1,800\n2,500\n", encoding="utf-8")
    time_s, luminance = read_luminance(file, "h")
    assert list(time_s) == [0.0, 3600.0, 7200.0]
    assert list(luminance) == [1000.0, 800.0, 500.0]


@pytest.mark.parametrize("text", ["nothing", "a,b\n1,1\n1,2\n", "a,b\n0,0\n1,1\n"])
def test_what_is_no_course_of_luminance_is_refused(text, tmp_path):
    file = tmp_path / "led.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LuminanceFileError):
        read_luminance(file)


def test_a_map_leaves_out_the_points_without_a_peak():
    rows = [
        {"peak_nm": 515.0, "fwhm_nm": 20.0, "area": 1.0},
        {"peak_nm": 517.0, "fwhm_nm": 22.0, "area": 3.0},
        {"peak_nm": NAN, "fwhm_nm": NAN, "area": 2.0},
    ]
    found = map_scan.summarise(rows)
    assert (found["points"], found["points_with_peak"]) == (3, 2)
    assert found["peak_mean_nm"] == 516.0
    assert found["area_relative_sd"] == pytest.approx(np.std([1, 2, 3], ddof=1) / 2)


def test_a_dark_map_has_no_numbers():
    found = map_scan.summarise([{"peak_nm": NAN, "fwhm_nm": NAN, "area": NAN}])
    assert math.isnan(found["peak_mean_nm"])
    assert math.isnan(found["area_relative_sd"])


def test_scans_tell_where_the_peak_has_moved_most():
    rows = [
        {"scan": scan, "height_mm": height, "peak_nm": 515.0 + scan * height, "area": 2.0}
        for scan in (1, 2, 3)
        for height in (0.0, 1.0, 2.0)
    ]
    found = interface_nanoplates.summarise(rows, 4.0)
    assert found == {"largest_shift_nm": 4.0, "largest_shift_at_mm": 2.0, "area_ratio": 0.5}


def test_the_best_wavelength_is_the_one_of_the_largest_action():
    rows = [
        {"wavelength_nm": nm, "relative_action": action, "absorbed_umol_cm2": 10.0}
        for nm, action in ((365.0, 1.0), (405.0, 1.4), (450.0, 0.2))
    ]
    found = action_spectrum.summarise(rows)
    assert (found["best_nm"], found["action_smallest"]) == (405.0, 0.2)
    assert found["absorbed_spread"] == 0.0
