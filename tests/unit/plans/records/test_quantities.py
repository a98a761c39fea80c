"""Numbers and units as a report prints them."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.records.quantities import (
    MINUS,
    Measured,
    duration,
    fixed,
    number,
    pretty_unit,
    rounded,
    unit_of,
    value_text,
)

NAN = math.nan


def spaced(text):
    """Return a text with plain spaces for thin ones."""
    return text.replace("\N{THIN SPACE}", " ")


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (515.7234, 0.0134, "515.723 ± 0.013"),
        (515.7234, 0.034, "515.72 ± 0.03"),
        (515.7234, 0.0299, "515.72 ± 0.03"),
        (12345.6, 23.0, "12 346 ± 23"),
        (12345.6, 234.0, "12 346 ± 234"),
        (-0.0012, 0.0099, f"{MINUS}0.001 ± 0.010"),
        (-0.0001, 0.05, "0.00 ± 0.05"),
        (1.25, NAN, "1.25"),
        (1.25, 0.0, "1.25"),
        (NAN, 0.1, "–"),
        (math.inf, 0.1, "–"),
    ],
)
def test_a_value_has_the_digits_that_its_uncertainty_deserves(value, uncertainty, text):
    assert spaced(Measured(value=value, uncertainty=uncertainty).text()) == text


def test_a_unit_follows_a_thin_space_and_a_change_has_its_sign():
    shift = Measured(value=3.9, uncertainty=0.02)
    assert shift.text("nm", signed=True) == "+3.900\u2009±\u20090.020\u2009nm"
    assert Measured(value=-3.9).text("nm", signed=True) == f"{MINUS}3.9\u2009nm"


def test_a_difference_has_the_uncertainty_of_both():
    one, other = Measured(value=5.0, uncertainty=0.3), Measured(value=2.0, uncertainty=0.4)
    assert one.minus(other) == Measured(value=3.0, uncertainty=0.5)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (20.0, "20"),
        (-1.5, f"{MINUS}1.5"),
        (1028, "1028"),
        (65535, "65 535"),
        (0.0572, "0.0572"),
        (339.24000001, "339.24"),
        (1.5e-5, "1.5 × 10⁻⁵"),
        (-2.345678e9 - 0.5, f"{MINUS}2.346 × 10⁹"),
        (123456789, "123 456 789"),
        (1234.567, "1234.57"),
        (NAN, "–"),
    ],
)
def test_a_number_has_no_more_digits_than_one_reads(value, text):
    assert spaced(number(value)) == text


@given(st.floats(min_value=-1e9, max_value=1e9), st.integers(min_value=0, max_value=6))
def test_a_printed_number_is_the_number(value, decimals):
    text = fixed(value, decimals).replace("\u2009", "").replace(MINUS, "-")
    assert float(text) == pytest.approx(value, abs=0.5001 * 10.0**-decimals)


def test_zero_has_no_sign():
    assert fixed(-0.001, 2) == "0.00"


def test_significant_digits_are_counted_from_the_first():
    assert (rounded(0.138696, 3), rounded(288.04, 4), rounded(NAN, 3)) == ("0.139", "288", "–")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"),
        (59.94, "59.9 s"),
        (60.0, "1 min"),
        (61.0, "1 min 1 s"),
        (14400.0, "4 h"),
        (14461.4, "4 h 1 min 1 s"),
        (NAN, "–"),
    ],
)
def test_a_duration_is_told_as_one_says_it(seconds, text):
    assert spaced(duration(seconds)) == text


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("irradiance_mw_cm2", "mW/cm²"),
        ("dose_j_cm2", "J/cm²"),
        ("irradiance_mw_cm2_per_ma", "mW/(cm² mA)"),
        ("max_time_min", "min"),
        ("rate_ul_min", "µL/min"),
        ("aperture_area_cm2", "cm²"),
        ("wavelength_nm", "nm"),
        ("concentration_nm", "nM"),
        ("ligand_mm", "mM"),
        ("position_mm", "mm"),
        ("averages", ""),
    ],
)
def test_a_name_tells_its_unit(name, unit):
    assert unit_of(name) == unit


def test_units_are_printed_as_on_paper():
    assert (pretty_unit("mW/cm2"), pretty_unit("nm")) == ("mW/cm²", "nm")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not set"),
        (True, "yes"),
        (False, "no"),
        (" ", "–"),
        ("x", "x"),
        (0.5, "0.5"),
        ([1, 2.5], "1, 2.5"),
        ([], "none"),
        ({}, "none"),
        ({"a": 1, "b": [True]}, "a: 1; b: yes"),
        ([{"a": 1}, {"a": 2}], "a: 1; a: 2"),
        ([0.5] * 13, "13 values, 0.5 … 0.5"),
        (["a"] * 13, ", ".join("a" * 13)),
        (Path("a"), "a"),
    ],
)
def test_any_value_of_a_document_is_one_line(value, text):
    assert spaced(value_text(value)) == text
