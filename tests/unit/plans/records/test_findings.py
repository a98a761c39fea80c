"""What a report says of shift, kinetics and earlier runs."""

import dataclasses
import types

import numpy as np
import pytest

from plans.records import open_run
from plans.records.course import read_course
from plans.records.findings import earlier_runs, film_parts, kinetics, shift_budget
from plans.records.metrics import measure
from plans.records.report import report_page
from plans.records.report_findings import budget, course_of_change
from plans.records.view import view_of

SHORT = {"baseline": 5, "exposure": 60, "dark_tail": 3, "pixels": 32, "tau_s": 150.0}


@pytest.fixture
def run(record):
    return open_run(record(**SHORT).run_folder.path)


def with_more(course, **more):
    return dataclasses.replace(course, more=more)


def test_a_corrected_peak_splits_the_shift(run):
    course = read_course(run)
    half = course.peak_nm[0] + 0.25 * (course.peak_nm - course.peak_nm[0])
    whole, kept, own = shift_budget(measure(with_more(course, corrected_peak_nm=half)).changes)
    assert kept.shift_nm.value == pytest.approx(0.75 * whole.shift_nm.value, rel=0.05)
    assert kept.shift_mev.value + own.shift_mev.value == pytest.approx(whole.shift_mev.value)
    assert whole.shift_mev.value == pytest.approx(4.65 * whole.shift_nm.value, rel=0.02)


def test_without_an_absorbance_the_shift_is_called_uncorrected(run):
    assert len(shift_budget(measure(read_course(run)).changes)) == 1
    page = " ".join(budget(run, view_of(run)))
    assert "Uncorrected" in page
    assert "Split by population" in page


def test_the_parts_of_a_film_are_those_that_the_plan_has_found(run):
    columns = {
        "shift_coupling_mev": np.array([9.0]),
        "shift_bulk_like_mev": np.array([33.0]),
        "shift_reabsorption_mev": np.array([50.0]),
    }
    film = types.SimpleNamespace(table=lambda stream: columns if stream == "summary" else {})
    parts = film_parts(film)
    assert [part.shift_mev for part in parts] == [9.0, 33.0, 50.0]
    page = " ".join(budget(film, view_of(run)))
    for words in ("Reabsorption in the film", "50.0", "92.0", "54"):
        assert words in page
    columns["shift_coupling_mev"] = np.array([float("nan")])
    assert film_parts(film) == ()
    assert film_parts(run) == ()


def test_the_half_time_of_an_exponential_is_found(run):
    found = kinetics(read_course(run))
    assert found.over_time.best.half == pytest.approx(150 * np.log(2), rel=0.25)
    assert found.over_dose.best is not None
    page = " ".join(course_of_change(view_of(run)))
    assert "Half-dose" in page
    assert "First order" in page


def test_a_run_without_light_or_peak_has_no_kinetics(record):
    dark = open_run(record(**{**SHORT, "exposure": 0, "with_ending": False}).run_folder.path)
    assert kinetics(read_course(dark)) is None
    assert "never on" in " ".join(course_of_change(view_of(dark)))
    assert shift_budget(()) == ()


def test_colour_and_second_width_are_in_the_table_where_they_were_tracked(run):
    course = read_course(run)
    ones = np.ones(course.peak_nm.size)
    names = [change.name for change in measure(with_more(course, cie_x=0.17 * ones)).changes]
    assert "CIE 1931 x" in names
    assert "CIE 1931 y" not in names


def test_earlier_runs_of_the_plan_stand_beside_this_one(record):
    first = open_run(record(**SHORT, metadata={"time": 1_767_000_000.0}).run_folder.path)
    second = open_run(record(**SHORT).run_folder.path)
    assert earlier_runs(first) == ()
    (other,) = earlier_runs(second)
    assert other.name == first.folder.path.name
    assert other.end_nm.value > other.start_nm.value
    assert other.name in report_page(second)
