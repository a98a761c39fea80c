"""Rules end a run when they should, and say why."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.analysis import (
    DegradationRule,
    DoseRule,
    Endpoint,
    PlateauRule,
    TargetPeakRule,
    TimeRule,
    TrackPoint,
)
from plans.analysis.plateau import slope_sigma, weighted_slope
from plans.analysis.track import minutes

# Peak of the reference light regrowth (405 nm, 20 mW/cm2, 1 mM ligand, air) every 10 min, in nm.
REFERENCE_NM = np.array(
    [
        515.72,
        515.79,
        516.21,
        516.79,
        517.32,
        517.75,
        518.09,
        518.36,
        518.57,
        518.75,
        518.90,
        519.02,
        519.13,
        519.21,
        519.29,
        519.35,
        519.41,
        519.46,
        519.51,
        519.54,
        519.58,
        519.61,
        519.64,
        519.67,
        519.69,
    ]
)


def track(seed, *, noise_nm=0.05, interval_s=10.0):
    time_s = np.arange(0, 240 * 60, interval_s)
    peak = np.interp(time_s / 60, np.arange(0, 241, 10), REFERENCE_NM)
    peak += np.random.default_rng(seed).normal(size=peak.size) * noise_nm
    for time, value in zip(time_s, peak, strict=True):
        yield TrackPoint(time_s=time, peak_nm=value, peak_nm_se=noise_nm)


def end_min(rule, points):
    for point in points:
        if rule.update(point).met:
            return point.time_s / 60
    return None


def rest(count, *, peak_nm=520.0, start_s=0.0, interval_s=10.0, **more):
    return [
        TrackPoint(time_s=start_s + interval_s * i, peak_nm=peak_nm, peak_nm_se=0.01, **more)
        for i in range(count)
    ]


def test_the_plateau_of_the_reference_run_is_found_in_every_trial():  # sixty: make acceptance
    ends = [end_min(PlateauRule(), track(seed)) for seed in range(20)]
    assert None not in ends
    assert min(ends) > 60
    assert np.mean(ends) == pytest.approx(162, abs=15)


def test_less_noise_ends_the_run_earlier_and_more_noise_never():
    assert end_min(PlateauRule(), track(0, noise_nm=0.02)) < 150
    assert end_min(PlateauRule(window_s=300), track(0, noise_nm=0.05)) is None


def test_stated_errors_that_are_too_small_do_not_end_a_run_early():
    ends = []
    for seed in range(10):
        points = (
            TrackPoint(time_s=p.time_s, peak_nm=p.peak_nm, peak_nm_se=0.001) for p in track(seed)
        )
        ends.append(end_min(PlateauRule(), points))
    assert min(end for end in ends if end is not None) > 60


def test_points_without_errors_are_judged_by_their_scatter():
    points = (TrackPoint(time_s=p.time_s, peak_nm=p.peak_nm) for p in track(1))
    assert 100 < end_min(PlateauRule(), points) < 200


def test_a_sample_that_has_not_moved_is_no_plateau():
    rule = PlateauRule()
    states = [rule.update(point) for point in rest(300)]
    assert not any(state.met for state in states)
    assert states[-1].text.startswith("moved +0.00 of 1.00 nm")


def test_the_shift_is_counted_from_the_reference_spectra():
    rule = PlateauRule()
    for point in rest(5, peak_nm=515.0):
        rule.reference(point)
    rule.reference(TrackPoint(time_s=0, peak_nm=400.0, flags=("saturated",)))
    assert end_min(rule, rest(300)) == pytest.approx((540 + 300) / 60, abs=0.5)


@pytest.mark.parametrize("drift_nm_min", [0.05, -0.05])
def test_a_peak_that_moves_either_way_is_not_at_rest(drift_nm_min):
    rule = PlateauRule()
    rule.reference(TrackPoint(time_s=0, peak_nm=515.0))
    points = (
        TrackPoint(time_s=10.0 * i, peak_nm=520 + drift_nm_min * i / 6, peak_nm_se=0.01)
        for i in range(300)
    )
    assert end_min(rule, points) is None


def test_the_text_gives_slope_limit_and_hold():
    rule = PlateauRule()
    rule.reference(TrackPoint(time_s=0, peak_nm=515.0))
    states = [rule.update(point) for point in rest(70)]
    assert states[10].text == "window filled 1:40 of 10:00"
    assert states[-1].text == ("slope 0.000 ± 0.000 nm/min, needs < 0.010, held 2:30 of 5:00")
    assert states[-1].progress == pytest.approx(0.5)


def test_useless_spectra_change_nothing_and_end_nothing():
    rule = PlateauRule(hold_s=0.0)
    rule.reference(TrackPoint(time_s=0, peak_nm=515.0))
    for point in rest(53):
        rule.update(point)
    for flags in (("no_peak",), ("saturated",), ("edge",)):
        state = rule.update(TrackPoint(time_s=550, peak_nm=700.0, flags=flags))
        assert not state.met
        assert state.text == "the last spectrum has no usable peak"
    assert not rule.update(TrackPoint(time_s=560, peak_nm=None)).met
    assert not rule.update(TrackPoint(time_s=520, peak_nm=520.0)).met
    assert rule.update(rest(1, start_s=570.0)[0]).met


def test_the_hold_does_not_count_through_a_gap():
    rule = PlateauRule()
    rule.reference(TrackPoint(time_s=0, peak_nm=515.0))
    for point in rest(60):
        assert not rule.update(point).met
    assert not rule.update(rest(1, start_s=1000.0)[0]).met


def test_a_hold_is_started_again_by_one_fast_window():
    rule = PlateauRule()
    rule.reference(TrackPoint(time_s=0, peak_nm=515.0))
    for point in rest(75):
        rule.update(point)
    jump = [TrackPoint(time_s=750.0 + 10 * i, peak_nm=520.5, peak_nm_se=0.01) for i in range(20)]
    assert end_min(rule, jump) is None
    assert "held 0:00" in rule.update(TrackPoint(time_s=951, peak_nm=520.5)).text


def test_feasibility_names_the_window_that_would_do():
    assert PlateauRule().feasibility(0.05, 10.0) is None
    text = PlateauRule(window_s=300).feasibility(0.05, 10.0)
    assert "0.0063 nm/min" in text
    assert "window of at least 8 min" in text
    assert PlateauRule(window_s=480).feasibility(0.05, 10.0) is None


@given(st.floats(0.001, 1.0), st.floats(1.0, 60.0))
def test_the_window_that_is_named_suffices(noise_nm, interval_s):
    text = PlateauRule().feasibility(noise_nm, interval_s)
    if text is not None:
        window_s = 60 * float(text.split("at least ")[1].split(" min")[0])
        assert PlateauRule(window_s=1.001 * window_s).feasibility(noise_nm, interval_s) is None


def test_the_slope_error_is_that_of_repeated_lines():
    slopes = []
    for seed in range(400):
        noise = np.random.default_rng(seed).normal(size=60) * 0.05
        points = [
            TrackPoint(time_s=10.0 * i, peak_nm=515 + 0.02 * i / 6 + noise[i], peak_nm_se=0.05)
            for i in range(60)
        ]
        slope, error, _ = weighted_slope(points)
        slopes.append(slope)
    assert np.mean(slopes) == pytest.approx(0.02, abs=5e-4)
    assert np.std(slopes) == pytest.approx(slope_sigma(0.05, 600, 10), rel=0.15)
    assert error == pytest.approx(slope_sigma(0.05, 600, 10), rel=0.15)


@pytest.mark.parametrize(("start_nm", "target_nm"), [(515.0, 520.0), (525.0, 520.0)])
def test_a_target_is_met_from_either_side_by_the_median_of_five(start_nm, target_nm):
    rule = TargetPeakRule(target_nm=target_nm)
    rule.reference(TrackPoint(time_s=0, peak_nm=start_nm))
    beyond = target_nm + np.sign(target_nm - start_nm)
    states = [rule.update(TrackPoint(time_s=i, peak_nm=start_nm)) for i in range(5)]
    states += [rule.update(TrackPoint(time_s=5 + i, peak_nm=beyond)) for i in range(3)]
    assert [state.met for state in states] == [False] * 7 + [True]
    assert states[0].text == "1 of 5 usable spectra"
    assert rule.feasibility(1.0, 1.0) is None


def test_one_wild_peak_meets_no_target():
    rule = TargetPeakRule(target_nm=520.0)
    states = [rule.update(TrackPoint(time_s=i, peak_nm=515.0)) for i in range(5)]
    states.append(rule.update(TrackPoint(time_s=6, peak_nm=600.0)))
    assert not states[-1].met


def test_a_faded_sample_ends_the_run():
    rule = DegradationRule()
    for point in rest(3, area=100.0):
        rule.reference(point)
    rule.reference(TrackPoint(time_s=0))
    states = [rule.update(point) for point in rest(5, area=60.0)]
    assert not states[-1].met
    assert states[-1].text == "area 60% of the start, ends below 50%"
    states = [rule.update(point) for point in rest(5, start_s=100, area=40.0)]
    assert [state.met for state in states] == [False, False, True, True, True]


def test_a_sample_that_went_dark_has_faded_but_a_saturated_one_has_not():
    rule = DegradationRule()
    for point in rest(5, area=100.0):
        rule.update(point)
    for _ in range(5):
        assert not rule.update(TrackPoint(time_s=99, flags=("no_peak", "saturated"))).met
    states = [rule.update(TrackPoint(time_s=99, flags=("no_peak", "low_snr"))) for _ in range(3)]
    assert [state.met for state in states] == [False, False, True]


def test_a_sample_that_never_shone_cannot_fade():
    rule = DegradationRule()
    states = [rule.update(TrackPoint(time_s=i, flags=("no_peak", "low_snr"))) for i in range(10)]
    assert not any(state.met for state in states)
    assert not any(rule.update(point).met for point in rest(10, area=0.0))


def test_dose_and_time_end_a_run_whatever_the_spectra_say():
    dose, time = DoseRule(max_dose_j_cm2=10.0), TimeRule(max_time_s=600.0)
    blind = TrackPoint(time_s=599.0, dose_j_cm2=9.99, flags=("no_peak",))
    assert not dose.update(blind).met
    assert not time.update(blind).met
    late = TrackPoint(time_s=600.0, dose_j_cm2=10.0, flags=("no_peak",))
    assert dose.update(late).met
    assert time.update(late).met
    assert dose.update(late).text == "dose 10.00 of 10 J/cm2"
    assert time.update(late).text == "10:00 of 10:00"


def test_the_first_rule_that_is_met_ends_the_run():
    endpoint = Endpoint(
        [PlateauRule(), DegradationRule(), TimeRule(max_time_s=50), DoseRule(max_dose_j_cm2=1)]
    )
    endpoint.reference(TrackPoint(time_s=0, peak_nm=515.0, area=1.0))
    assert endpoint.update(TrackPoint(time_s=10, peak_nm=515.0)) is None
    assert len(endpoint.states) == 4
    end = endpoint.update(TrackPoint(time_s=60, peak_nm=515.0, dose_j_cm2=2.0))
    assert end is not None
    assert end.rule == "time"
    assert end.met
    assert endpoint.feasibility(0.01, 10.0) == ()
    assert len(endpoint.feasibility(0.5, 10.0)) == 1


def test_a_time_is_written_as_minutes_and_seconds():
    assert minutes(130.4) == "2:10"
    assert minutes(-3.0) == "0:00"
