import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.presenters.units import UnitError, parse, pretty


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1.5 mL/min", "µL/min", 1500.0),
        ("1.5ml/min", "uL/min", 1500.0),
        ("90 s", "min", 1.5),
        ("2 h", "min", 120.0),
        ("0,5", "nm", 0.5),
        ("20", "mW/cm²", 20.0),
        ("0.02 W/cm2", "mW/cm²", 20.0),
        ("300 mJ/cm^2", "J/cm²", 0.3),
        ("250 um", "mm", 0.25),
        ("300 K", "°C", 26.85),
        ("25 degC", "K", 298.15),
        ("-3.5e-2 mm", "µm", -35.0),
        ("7", "", 7.0),
        (".5 s", "ms", 500.0),
    ],
)
def test_a_number_with_a_unit_is_understood(text, unit, value):
    assert parse(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit", "words"),
    [
        ("abc", "nm", "no number in nm"),
        ("", "", "no number"),
        ("3 mL", "µL/min", "does not fit"),
        ("3 parsec", "nm", "no unit"),
        ("3 nm", "", "does not fit; give a number without unit"),
        ("1e400", "nm", "too large"),
        ("3 s", "furlong", "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(text, unit, words):
    with pytest.raises(UnitError, match=words):
        parse(text, unit)


def test_units_are_printed_properly():
    assert pretty("uL/min") == "µL/min"
    assert pretty("mW/cm2") == "mW/cm²"
    assert pretty("degC") == "°C"
    assert pretty("counts nm/s") == "counts nm/s"
    assert pretty("") == ""


@given(st.floats(-1e6, 1e6), st.sampled_from([("mL/min", "µL/min"), ("h", "min"), ("K", "°C")]))
def test_there_and_back_is_the_same(value, units):
    there, back = units
    moved = parse(f"{value!r} {there}", back)
    assert parse(f"{moved!r} {back}", there) == pytest.approx(value, rel=1e-9, abs=1e-6)
