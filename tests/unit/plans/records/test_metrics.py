"""The numbers of a run, held against what the synthetic run was made with."""

import numpy as np
import pytest

from plans.records import open_run
from plans.records.course import BAND_NM, read_course
from plans.records.metrics import measure, smooth
from tests.unit.plans.records.synthetic import EPOCH_S, Regrowth


@pytest.fixture
def course_of(record):
    """Record a run and arrange it over time."""
    return lambda **changes: read_course(open_run(record(**changes).run_folder.path))


@pytest.fixture
def course(course_of):
    return course_of(pixels=256)


def landmarks(course):
    return {mark.name: mark.frame for mark in measure(course).landmarks}


def test_start_end_and_shift_are_those_of_the_sample(course):
    metrics = measure(course)
    peak, energy, width, area, _ = metrics.changes
    assert peak.start.value == pytest.approx(515.70, abs=4 * peak.start.uncertainty)
    end_nm = 515.7 + 4.0 * (1 - np.exp(-1800 / 500))
    assert peak.end.value == pytest.approx(end_nm, abs=4 * peak.end.uncertainty)
    # 10 frames of 0.03 nm give 0.0095 nm; the estimate of a noise is itself noisy.
    assert 0.007 < peak.start.uncertainty < 0.02
    assert energy.change.value == pytest.approx(-18.1, abs=0.3)
    assert energy.change_unit == "meV"
    assert width.change.value == pytest.approx(-1.2, abs=0.2)
    assert area.start.value == pytest.approx(1.0)
    assert (metrics.start_frames, metrics.end_frames) == (10, 10)


def test_onset_is_where_a_tenth_of_the_shift_is_done(course):
    metrics = measure(course)
    total_nm = metrics.changes[0].change.value
    lit_s = -500 * np.log(1 - 0.1 * total_nm / 4.0)
    onset_s = course.time_s[landmarks(course)["onset"]]
    assert onset_s == pytest.approx(5.0 + 100.0 + lit_s, abs=30.0)


def test_half_of_the_shift_is_timed_from_the_light(course):
    after_s, dose_j_cm2 = measure(course).half_shift
    lit_s = -500 * np.log(1 - 0.5 * (1 - np.exp(-3.6)))
    assert after_s == pytest.approx(lit_s, abs=30.0)
    assert dose_j_cm2 == pytest.approx(0.02 * lit_s, rel=0.1)


def test_widest_spectrum_and_largest_area_are_found(course):
    metrics = measure(course)
    widest = landmarks(course)["widest"]
    assert 250 < course.time_s[widest] < 500
    assert metrics.largest_fwhm_nm[0] == pytest.approx(19.85, abs=0.1)
    assert metrics.largest_area[0] == pytest.approx(1.16, abs=0.02)


def test_the_spectrum_that_ended_the_run_is_found(course):
    assert course.seq_num[landmarks(course)["trigger"]] == course.ending.seq_num == 190
    assert course.ending.rule == "plateau"


def test_dose_probe_share_and_on_time_are_those_of_the_ledger(course):
    metrics = measure(course)
    assert metrics.dose_j_cm2 == pytest.approx(0.02 * 1800 + 0.05)
    assert metrics.probe_share == pytest.approx(0.05 / 36.05)
    assert metrics.on_time_s == pytest.approx(1850.0)
    assert course.checked_mw_cm2 == 19.917
    assert course.notes[0][0] == 4.0


def test_the_mean_irradiance_is_what_the_sample_received(course):
    lit = course.phase == "exposure"
    inside = np.flatnonzero(lit)[1:]
    np.testing.assert_allclose(course.mean_irradiance_mw_cm2[inside], 20.02, rtol=1e-6)
    assert np.nanmax(course.mean_irradiance_mw_cm2[~lit][2:9]) < 0.03


def test_flags_are_counted_each(course):
    assert measure(course).flags == {"no_peak": 2, "saturated": 1, "leak": 1}


def test_the_dark_tail_is_measured_on_its_own(course, course_of):
    shift = measure(course).dark_tail_shift
    assert abs(shift.value) < 4 * shift.uncertainty + 0.1
    assert measure(course_of(dark_tail=0, pixels=16)).dark_tail_shift is None


def test_dark_is_subtracted_only_with_the_same_exposure(course_of, record):
    course = course_of(pixels=64)
    assert course.spectra.has_dark.all()
    assert abs(np.median(course.spectra.counts[:, -20:])) < 30
    assert np.median(course.spectra.raw_counts[:, -20:]) == pytest.approx(1500, abs=30)

    class Longer(Regrowth):
        def _reading(self, counts, now_s):
            reading = super()._reading(counts, now_s)
            is_dark = now_s < EPOCH_S + 4.0
            return {**reading, "spectrometer_integration_time_s": 0.4 if is_dark else 0.2}

    run = open_run(record(Longer(pixels=64, exposure=3)).run_folder.path)
    assert not read_course(run).spectra.has_dark.any()


def test_a_sample_that_did_not_move_has_no_onset_and_says_so(course_of):
    metrics = measure(course_of(shift_nm=0.0, pixels=16))
    assert metrics.half_shift is None
    assert any(remark.startswith("No onset: the peak moved by") for remark in metrics.remarks)


def test_a_run_of_one_frame_has_no_change(course_of):
    metrics = measure(course_of(stop_after=1, pixels=16))
    assert [mark.name for mark in metrics.landmarks] == ["start"]
    assert metrics.changes[0].change.value == 0.0
    assert (metrics.start_frames, metrics.end_frames) == (1, 1)


def test_two_frames_are_enough_for_a_start_and_an_end(course_of):
    names = [mark.name for mark in measure(course_of(stop_after=2, pixels=16)).landmarks]
    assert names[0] == "start"
    assert names[-1] == "end"


def test_a_run_without_a_frame_has_no_numbers(course_of):
    course = course_of(baseline=0, exposure=0, dark_tail=0, with_ending=False, pixels=16)
    metrics = measure(course)
    assert (metrics.changes, metrics.landmarks, metrics.remarks) == ((), (), ())
    assert (metrics.largest_area, metrics.half_shift) == (None, None)
    assert np.isnan(metrics.dose_j_cm2)
    assert course.shown_band_nm == BAND_NM
    assert course.spectra is None


def test_a_run_that_was_not_tracked_shows_first_and_last(course_of):
    course = course_of(with_tracker=False, exposure=4, pixels=16)
    assert set(landmarks(course)) == {"start", "trigger", "end"}
    assert "Nothing was tracked" in measure(course).remarks[0]


def test_frames_without_any_peak_are_named_so(course_of):
    class Lost(Regrowth):
        def _track(self, *args):
            lost = dict.fromkeys(["tracker_peak_nm", "tracker_fwhm_nm"], float("nan"))
            return {**super()._track(*args), **lost, "tracker_flags": "no_peak"}

    def documents():
        return Lost(exposure=4, pixels=16).documents()

    course = course_of(run=type("Run", (), {"documents": staticmethod(documents)}))
    assert "No frame has a peak" in measure(course).remarks[0]


def test_a_run_without_a_baseline_starts_with_its_first_frames(course_of):
    metrics = measure(course_of(baseline=0, exposure=100, dark_tail=0, pixels=16))
    assert metrics.start_frames == 10
    few = measure(course_of(baseline=0, exposure=10, dark_tail=0, pixels=16))
    assert few.start_frames == 2


def test_a_width_that_was_not_tracked_gives_no_widest(course_of):
    class NoWidth(Regrowth):
        def _track(self, *args):
            return {**super()._track(*args), "tracker_fwhm_nm": float("nan")}

    course = course_of(run=NoWidth(exposure=20, pixels=16))
    metrics = measure(course)
    assert metrics.largest_fwhm_nm is None
    assert "Full width at half maximum" not in [change.name for change in metrics.changes]
    assert any("No widest" in remark for remark in metrics.remarks)


def test_an_ending_without_a_spectrum_has_no_trigger(course_of):
    class Operator(Regrowth):
        def _ending(self, run):
            for name, document in super()._ending(run):
                if name == "event":
                    document["data"]["ending_seq_num"] = 0
                yield name, document

    course = course_of(run=Operator(exposure=4, pixels=16))
    assert course.ending.seq_num is None
    assert "trigger" not in landmarks(course)


def test_spectra_without_wavelengths_are_counted_in_pixels(course_of):
    class Blind(Regrowth):
        def _configuration(self, _):
            return {}

    course = course_of(run=Blind(exposure=4, pixels=16))
    assert not course.spectra.has_wavelength
    np.testing.assert_array_equal(course.spectra.wavelength_nm, np.arange(16))


def test_a_frame_that_came_twice_is_matched_by_order(record):
    documents = list(Regrowth(exposure=4, dark_tail=3, pixels=16).documents())
    pairs = [i for i, (n, d) in enumerate(documents) if n == "event" and "phase" in d["data"]]
    again = documents[pairs[3] : pairs[3] + 2]  # a rewound plan repeats the numbers
    documents[pairs[4] : pairs[4]] = again

    class Twice:
        def documents(self):
            return iter(documents)

    course = read_course(open_run(record(Twice()).run_folder.path))
    assert list(course.seq_num[3:5]) == [4, 4]
    assert np.isfinite(course.peak_nm).all()
    assert np.isfinite(np.delete(course.mean_irradiance_mw_cm2, [0, 4])).all()


def test_a_frame_whose_tracking_was_cut_off_has_no_peak(record):
    documents = list(Regrowth(exposure=4, stop_after=6, pixels=16).documents())[:-1]

    class Cut:
        def documents(self):
            return iter(documents)

    course = read_course(open_run(record(Cut()).run_folder.path))
    np.testing.assert_array_equal(course.is_valid, [True] * 5 + [False])


def test_single_odd_frames_do_not_move_a_running_median():
    values = np.array([1.0, 1, 1, 9, 1, 1, 1])
    np.testing.assert_array_equal(smooth(values), np.ones(7))
    np.testing.assert_array_equal(smooth(values[:4]), values[:4])
