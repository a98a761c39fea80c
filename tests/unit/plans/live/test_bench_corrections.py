"""The tracker takes the corrections that the spectrometer's configuration holds."""

import datetime

import numpy as np
import pytest

from plans.analysis.chain import CorrectionChain
from plans.analysis.corrections import SpectralResponse
from plans.live.bench_corrections import corrections_of
from plans.live.tracker import PLTracker
from tests.unit.plans.live.test_tracker import DARK, NM, Run, noisy, pl

FACTOR = 2.0 ** ((NM - 515.0) / 50.0)
DAY_S = 86_400.0
TAKEN = datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC)
NOW_S = TAKEN.timestamp() + 10.0 * DAY_S
RESPONSE = {
    "spectrometer_response_wavelength_nm": NM,
    "spectrometer_response_factor": FACTOR,
    "spectrometer_response_calibration": "lamp 7",
    "spectrometer_response_calibrated": "2026-11-02",
    "spectrometer_response_expires": "2027-11-02",
}


def seen(*, tracker=None, offset=0.0, begun_s=None, now_s=NOW_S, slope=FACTOR, **config):
    """Return what is tracked behind the sloping response."""
    tracker = tracker or PLTracker()
    run = Run(tracker)
    if begun_s is not None:
        tracker("start", {"uid": "run", "time": begun_s})
    settings = {
        "spectrometer_full_scale_counts": 65_535,
        "spectrometer_wavelength_nm": NM,
        **config,
    }
    for stream in ("dark", "primary"):
        run.describe(stream, settings)
    run.event("dark", noisy(DARK, 1), time_s=now_s)
    return run.event("primary", noisy(DARK + offset + pl() / slope, 2), time_s=now_s + 1.0)


def test_the_peak_behind_a_sloping_response_is_read_right_and_the_step_is_recorded():
    tracker = PLTracker()
    true_nm = seen(slope=1.0).peak.peak_nm  # of this line before a flat response
    assert seen().peak.peak_nm < true_nm - 0.7  # what the detector shows
    tracked = seen(tracker=tracker, **RESPONSE)
    assert tracked.peak.peak_nm == pytest.approx(true_nm, abs=0.05)
    text = tracker.read_configuration()["tracker_chain"]["value"]
    assert "response on, lamp 7, 10.0 days old" in text
    assert "response" in tracker.read()["tracker_corrections"]["value"].split(",")


@pytest.mark.parametrize(
    ("first_nm", "last_nm", "beyond"),
    [(450.0, 600.0, False), (510.0, 600.0, True), (450.0, 520.0, True)],
)
def test_a_line_that_reaches_beyond_the_measured_response_is_flagged(first_nm, last_nm, beyond):
    inside = (first_nm <= NM) & (last_nm >= NM)
    cut = {
        "spectrometer_response_wavelength_nm": NM[inside],
        "spectrometer_response_factor": FACTOR[inside],
    }
    tracked = seen(**{**RESPONSE, **cut})
    assert np.isfinite(tracked.peak.peak_nm)
    assert ("beyond_response" in tracked.flags) is beyond
    assert ("not measured" in tracked.reason) is beyond
    expired = seen(now_s=NOW_S + 1000.0 * DAY_S, **{**RESPONSE, **cut})
    assert "beyond_response" not in expired.flags


def test_stray_light_is_taken_off_by_the_windows_of_the_configuration():
    config = {
        "spectrometer_stray_light_dark_nm": [600.0, 650.0, 660.0, 690.0],
        "spectrometer_stray_light_calibrated": "2026-11-02",
    }
    far = NM > 600.0
    assert np.mean(seen(offset=400.0).counts_s[far]) == pytest.approx(800.0, abs=10.0)
    tracked = seen(offset=400.0, **config)
    assert np.mean(tracked.counts_s[far]) == pytest.approx(0.0, abs=10.0)
    (step,) = [step for step in tracked.steps if step.name == "stray_light"]
    assert (step.on, step.calibration) == (True, "stray_light")


def test_an_expired_response_is_off_and_says_so():
    tracker = PLTracker()
    tracked = seen(tracker=tracker, now_s=NOW_S + 400 * DAY_S, **RESPONSE)
    assert tracked.peak.peak_nm < seen(slope=1.0).peak.peak_nm - 0.7
    text = tracker.read_configuration()["tracker_chain"]["value"]
    assert "response off, lamp 7, 410.0 days old (the calibration has expired)" in text


def test_a_response_holds_through_its_last_day_and_to_the_end_of_a_run_that_began_on_it():
    end_s = datetime.datetime(2027, 11, 3, tzinfo=datetime.UTC).timestamp()
    assert seen(now_s=end_s - 60.0, **RESPONSE).steps[7].on
    assert not seen(now_s=end_s + 60.0, **RESPONSE).steps[7].on
    assert seen(begun_s=end_s - 60.0, now_s=end_s + 60.0, **RESPONSE).steps[7].on
    assert not seen(begun_s=end_s + 30.0, now_s=end_s + 60.0, **RESPONSE).steps[7].on


def test_a_response_given_by_hand_stands_above_that_of_the_bench():
    mine = SpectralResponse(name="mine", wavelength_nm=NM, factor=np.ones_like(NM))
    tracked = seen(tracker=PLTracker(chain=CorrectionChain(response=mine)), **RESPONSE)
    assert tracked.steps[7].calibration == "mine"


def test_a_plan_that_measures_the_detector_sees_without_corrections():
    tracker = PLTracker()
    tracker.takes_bench_corrections = False
    assert not seen(tracker=tracker, **RESPONSE).steps[7].on


@pytest.mark.parametrize(
    "broken",
    [
        {"spectrometer_response_factor": FACTOR[:-1]},
        {"spectrometer_response_factor": "an identifier"},
        {"spectrometer_response_wavelength_nm": None},
        {"spectrometer_stray_light_dark_nm": [400.0, 410.0, 420.0]},
        {"spectrometer_stray_light_dark_nm": [400.0, float("nan")]},
    ],
)
def test_a_configuration_that_makes_no_sense_is_left_out(broken):
    found = corrections_of("spectrometer", {**RESPONSE, **broken})
    assert found.stray_light is None
    assert (found.response is None) == any("response" in key for key in broken)


def test_dates_that_are_none_leave_the_age_open():
    odd = {"spectrometer_response_calibrated": "once", "spectrometer_response_expires": 7}
    found = corrections_of("spectrometer", {**RESPONSE, **odd}).response
    assert np.isnan(found.taken_s)
    assert not found.has_expired(NOW_S)


def test_a_polynomial_that_changes_nothing_is_none():
    flat = {"s_nonlinearity": [1.0, 0.0, 0.0]}
    assert corrections_of("s", flat).nonlinearity is None
    bent = corrections_of("s", {"s_nonlinearity": [1.0, -1e-6], "s_serial_number": "HDX1"})
    assert bent.nonlinearity.coefficients == (1.0, -1e-6)
    assert bent.nonlinearity.name == "s HDX1"
    assert corrections_of("s", {"s_nonlinearity": [1.0, float("nan")]}).nonlinearity is None
