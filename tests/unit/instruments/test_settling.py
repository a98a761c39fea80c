"""When a temperature has settled."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.thermal import Settling


def settling(**changes):
    about = {"band_k": 0.5, "hold_s": 30.0, "gap_s": 10.0} | changes
    return Settling(60.0, **about)


def test_the_first_crossing_does_not_settle():
    judge = settling()
    readings = [59.0, 59.6, 60.4, 60.6] + [60.2] * 30 + [60.2]
    verdicts = [judge.update(float(t), value) for t, value in enumerate(readings)]
    assert not any(verdicts[:-1])
    assert verdicts[-1]  # 30 s after it came back into the band


def test_a_time_without_readings_does_not_count():
    judge = settling()
    assert not judge.update(0.0, 60.0)
    assert not judge.update(29.0, 60.0)
    assert not judge.update(35.0, 60.0)
    assert not judge.update(45.0, 60.0)
    assert not judge.update(55.0, 60.0)
    assert judge.update(59.0, 60.0)


def test_without_a_hold_the_first_reading_in_the_band_settles():
    assert settling(hold_s=0.0).update(0.0, 60.5)
    assert not settling(hold_s=0.0).update(0.0, 60.6)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_temperature_is_outside(value):
    judge = settling(hold_s=0.0)
    assert not judge.update(0.0, value)


@given(
    st.lists(st.tuples(st.floats(0.1, 12.0), st.floats(58.0, 62.0)), min_size=1, max_size=60),
    st.floats(0.0, 40.0),
)
def test_settled_means_that_every_reading_of_the_hold_was_in_the_band(steps, hold_s):
    judge = settling(hold_s=hold_s)
    history, now_s = [], 0.0
    for step_s, value in steps:
        now_s += step_s
        history.append((now_s, value))
        settled = judge.update(now_s, value)
        run = []  # the readings in the band, without a gap, up to now
        for at_s, seen in reversed(history):
            if abs(seen - 60.0) > 0.5 or (run and run[-1] - at_s > 10.0):
                break
            run.append(at_s)
        assert settled == (bool(run) and now_s - run[-1] >= hold_s)
