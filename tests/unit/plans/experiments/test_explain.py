"""Which explanation of a red shift area and width speak for; what a table says of dilutions."""

import math

import pytest

from plans.experiments.evaporation_assembly import explain
from plans.experiments.ife_check import summarise
from plans.experiments.points import compare, mean_point, shift_mev


@pytest.mark.parametrize(
    ("area", "width", "shift", "words"),
    [
        (0.2, 12.0, 20.0, "mixed"),
        (1.05, 18.0, 20.0, "coupling"),
        (0.2, 18.0, 20.0, "not decided"),
        (1.05, 12.0, 20.0, "not decided"),
        (0.2, 12.0, 0.2, "no red shift"),
    ],
)
def test_an_explanation(area, width, shift, words):
    compared = {"area_ratio": area, "fwhm_end_nm": width, "fwhm_start_nm": 19.0, "shift_nm": shift}
    assert explain(compared).startswith(words)


def test_the_shift_of_the_founding_paper_is_90_mev():
    assert shift_mev(515.0, 535.0) == pytest.approx(90.0, abs=0.1)


def row(peak_nm, corrected_nm):
    return {"peak_nm": peak_nm, "peak_se_nm": 0.01, "peak_corrected_nm": corrected_nm}


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [(514.9, 514.85, "optics only"), (516.0, 514.9, "more than"), (math.nan, math.nan, "not corr")],
)
def test_a_dilution_says_what_is_optics(first, last, words):
    found = summarise([row(520.0, first), row(515.2, last)])
    assert found["verdict"].startswith(words)
    assert found["reversible_shift_nm"] == pytest.approx(4.8)


def test_no_usable_frame_gives_no_number():
    assert math.isnan(mean_point([]).peak_nm)
    assert math.isnan(compare([], [])["shift_nm"])
