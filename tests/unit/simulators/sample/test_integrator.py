import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.sample.integrator import StepError, integrate


@settings(deadline=None)
@given(rate=st.floats(1e-6, 30.0), duration_s=st.floats(1e-3, 30.0))
def test_a_decay_follows_its_exponential_and_never_becomes_negative(rate, duration_s):
    (left, gone), _ = integrate(
        lambda _, y: (-rate * y[0], rate * y[0]), (1.0, 0.0), duration_s, 60.0
    )
    assert left >= 0.0
    assert left == pytest.approx(math.exp(-rate * duration_s), rel=1e-4, abs=1e-8)
    assert left + gone == pytest.approx(1.0, abs=1e-12)


def test_rates_that_depend_on_time_are_integrated():
    (area,), _ = integrate(lambda t, _: (math.cos(t) + 1.0,), (0.0,), 10.0, 60.0)
    assert area == pytest.approx(math.sin(10.0) + 10.0, rel=1e-6)


def test_numbers_that_overflow_in_a_step_far_too_long_shorten_it():
    (y,), step_s = integrate(lambda _, y: (1.0 - 1e9 * y[0] * y[0],), (0.0,), 1.0, 1e9)
    assert y == pytest.approx(1e9**-0.5, rel=1e-6)
    assert step_s < 1.0


def test_no_time_changes_nothing():
    assert integrate(lambda _, y: (1.0,), (5.0,), 0.0, 60.0)[0] == (5.0,)


def test_rates_that_are_no_numbers_end_with_an_error():
    with pytest.raises(StepError, match="need steps below"):
        integrate(lambda _, y: (math.nan,), (1.0,), 1.0, 1.0)


def test_a_quantity_driven_below_zero_ends_with_an_error():
    with pytest.raises(StepError):
        integrate(lambda _, y: (-1.0,), (0.5,), 1.0, 1.0)


def test_a_short_last_piece_does_not_shorten_the_next_steps():
    _, step_s = integrate(lambda _, y: (-1e-3 * y[0],), (1.0,), 0.01, 60.0)
    assert step_s >= 0.01
