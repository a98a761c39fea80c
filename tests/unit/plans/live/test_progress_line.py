"""The line that a person watches."""

import math

from plans.live.progress_line import ProgressLine, clock_text


def frame(elapsed_s, peak_nm=515.71, flags=""):
    return {
        "descriptor": "d",
        "data": {
            "phase": "dark_tail",
            "elapsed_s": elapsed_s,
            "tracker_peak_nm": peak_nm,
            "tracker_flags": flags,
            "light_dose_j_cm2": 12.345,
        },
    }


def started(longest_s=7200.0):
    line = ProgressLine()
    assert line("start", {"longest_s": longest_s}) is None
    assert line("descriptor", {"uid": "d", "name": "tracked"}) is None
    assert line("descriptor", {"uid": "p", "name": "primary"}) is None
    return line


def test_it_says_phase_elapsed_left_peak_and_dose():
    text = started()("event", frame(3600.0))
    assert text.split() == [
        "dark", "tail", "1:00:00", "elapsed", "at", "most", "1:00:00", "left",
        "peak", "515.71", "nm", "dose", "12.3", "J/cm²",
    ]  # fmt: skip


def test_a_run_faster_than_time_says_how_long_it_takes_here():
    line = started()
    line("event", frame(0.0))
    assert "(about 0 s here)" in line("event", frame(7000.0))


def test_no_peak_and_flags_are_said():
    text = started()("event", frame(10.0, math.nan, "saturated,no_peak"))
    assert "no peak" in text
    assert text.endswith("[saturated,no_peak]")


def test_nothing_is_left_at_the_end_and_other_streams_say_nothing():
    line = started()
    assert "left" not in line("event", frame(7200.0))
    assert line("event", {"descriptor": "p", "data": {}}) is None
    assert line("stop", {}) is None


def test_durations_are_read_as_on_a_clock():
    assert [clock_text(s) for s in (0, 59.6, 3661, 360000)] == [
        "0:00:00", "0:01:00", "1:01:01", "100:00:00",
    ]  # fmt: skip
