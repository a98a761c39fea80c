import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.presenters import numbers

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (12.3456, "12.35"), (-0.5, f"{MINUS}0.5000"), (1234567.0, "1234567"),
     (1.5e9, "1.500×10⁹"), (2.5e-7, "2.500×10⁻⁷"),
     (math.nan, "–")],
)  # fmt: skip
def test_a_number_has_the_digits_it_deserves(value, text):
    assert numbers.plain(value) == text


def test_a_value_has_as_many_digits_as_its_uncertainty():
    assert numbers.with_error(515.71234, 0.0341) == "515.712 ± 0.034"
    assert numbers.with_error(19.2, 3.0) == "19.2 ± 3.0"
    assert numbers.with_error(1234.5, 120.0) == "1234 ± 120"
    assert numbers.with_error(515.7, math.nan) == "515.70"
    assert numbers.with_error(math.nan, 0.1) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (200, "3 min 20 s"), (1800, "30 min"), (13200, "3 h 40 min"),
     (50400, "14 h"), (187200, "2 d 4 h"), (math.nan, "–"), (-3, "0 s")],
)  # fmt: skip
def test_a_duration_is_in_words(seconds, text):
    assert numbers.duration(seconds) == text


def test_the_age_of_a_value_is_short():
    assert numbers.age(None) == "–"
    assert numbers.age(0.24) == "0.2 s"
    assert numbers.age(75) == "1 min 15 s"


def test_units_stand_behind_a_thin_space():
    assert numbers.with_unit("3", "uL") == "3\N{THIN SPACE}µL"
    assert numbers.with_unit("3", "") == "3"
    assert numbers.fixed(-1.25, 1) == f"{MINUS}1.2"
    assert numbers.fixed(math.inf, 1) == "–"


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True))
def test_no_number_breaks_the_printing(value, error):
    assert numbers.plain(value)
    assert numbers.with_error(value, error)
    assert numbers.duration(min(abs(value), 1e12) if math.isfinite(value) else value)
