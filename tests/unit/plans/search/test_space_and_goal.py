import contextlib
import math
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.parameters import ParameterError, Quantity, describe_plan
from plans.search import Axis, parse_axes, parse_goal


def plan(
    *,
    irradiance_mw_cm2: Annotated[float, Quantity(help="light", minimum=0.1, maximum=200)] = 20.0,
    averages: Annotated[int, Quantity(help="spectra", minimum=1, maximum=100)] = 1,
    wavelength_nm: Annotated[float, Quantity(help="colour", choices=(365.0, 405.0))] = 405.0,
    sample: Annotated[str, Quantity(help="what")] = "",
):
    """Do something."""


DESCRIPTION = describe_plan(plan)


def test_axes_have_ends_and_a_scale():
    assert parse_axes(DESCRIPTION, "irradiance_mw_cm2=5..50 log; averages = 1..10") == (
        Axis(name="irradiance_mw_cm2", low=5.0, high=50.0, logarithmic=True),
        Axis(name="averages", low=1.0, high=10.0, whole=True),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs axes"),
        ("irradiance_mw_cm2=5", "not understood"),
        ("irradiance_mw_cm2", "not understood"),
        ("irradiance_mw_cm2=a..b", "not understood"),
        ("irradiance_mw_cm2=5..50 lin", "not understood"),
        ("irradiance_mw_cm2=50..5", "must be below"),
        ("irradiance_mw_cm2=0..5 log", "above 0"),
        ("irradiance_mw_cm2=5..500", "must be 0.1 to 200"),
        ("irradiance_mw_cm2=5..50; irradiance_mw_cm2=1..2", "given twice"),
        ("wavelength_nm=365..405", "may lie anywhere"),
        ("sample=1..2", "may lie anywhere"),
        ("volume_ul=1..2", "no parameter 'volume_ul'"),
    ],
)
def test_axes_that_make_no_sense_are_named(text, words):
    with pytest.raises(ParameterError, match=words):
        parse_axes(DESCRIPTION, text)


def goal(objective="shift_nm", aim="maximum", target=0.0, limits=""):
    return parse_goal(objective, aim=aim, target=target, limits=limits)


def test_a_goal_is_a_weighted_sum():
    found = goal("shift_nm; degraded = -2")
    assert found.value({"shift_nm": 4.0, "degraded": 0.5}) == 3.0
    assert math.isnan(found.value({"shift_nm": 4.0}))
    assert math.isnan(found.value({"shift_nm": 4.0, "degraded": "much"}))


def test_aims_point_the_right_way():
    assert goal().merit({"shift_nm": 4.0}) == 4.0
    assert goal(aim="minimum").merit({"shift_nm": 4.0}) == -4.0
    near = goal("peak_nm", aim="target", target=520.0)
    assert near.merit({"peak_nm": 519.0}) > near.merit({"peak_nm": 522.0})


def test_limits_are_exceeded_by_how_much():
    found = goal(limits="area_ratio>=0.5; dose_j_cm2<=200")
    assert found.violation({"area_ratio": 0.6, "dose_j_cm2": 150.0}) == 0.0
    assert found.violation({"area_ratio": 0.4, "dose_j_cm2": 210.0}) == pytest.approx(10.1)
    assert found.violation({"area_ratio": 0.6}) == math.inf
    assert found.violation({"area_ratio": math.nan, "dose_j_cm2": 1.0}) == math.inf


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objective": ""}, "needs an objective"),
        ({"objective": "shift nm"}, "not understood"),
        ({"objective": "shift_nm=1e"}, "is no number"),
        ({"aim": "best"}, "aim must be"),
        ({"limits": "area_ratio"}, "not understood"),
        ({"limits": "area_ratio>=."}, "is no number"),
    ],
)
def test_a_goal_that_makes_no_sense_is_named(changes, words):
    with pytest.raises(ParameterError, match=words):
        goal(**changes)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_goal_or_a_clear_error(objective, limits):
    with contextlib.suppress(ParameterError):
        assert parse_goal(objective, aim="maximum", target=0.0, limits=limits).terms
