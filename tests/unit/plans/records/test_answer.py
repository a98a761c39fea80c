"""What a plan found, as words, numbers and a curve."""

import logging

import numpy as np
import pytest

from plans.catalogue import EXPERIMENTS
from plans.records import LiveAnswer, RunFolder
from plans.records.answer import CURVES, cell_text, with_uncertainty
from plans.records.answer_figure import answer_png
from plans.records.quantities import worded

PNG = b"\x89PNG"
SEARCH = {
    "cell": [0.0, 1.0, 2.0],
    "irradiance_mw_cm2": [5.0, 10.0, 20.0],
    "objective": [1.0, 3.0, 2.0],
    "allowed": [1.0, 1.0, 0.0],
    "best_so_far": [1.0, 3.0, 3.0],
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("peak_start_nm", ("Peak start", "nm")),
        ("concentration_nm", ("Concentration", "nM")),
        ("fwhm_end_nm", ("Width end", "nm")),
        ("dark_counts_per_s", ("Dark", "counts/s")),
        ("shift_mev", ("Shift", "meV")),
        ("t50_s", ("T50", "s")),
        ("verdict", ("Verdict", "")),
    ],
)
def test_a_name_becomes_words_and_a_unit(name, words):
    assert worded(name) == words


def test_a_value_stands_with_its_standard_error():
    names = ["t50_s", "t50_se_s", "exponent", "exponent_se", "area"]
    assert with_uncertainty(names) == {"t50_s": "t50_se_s", "exponent": "exponent_se", "area": ""}
    assert cell_text("exponent", 0.99988, 0.0001) == "0.99988\u2009±\u20090.00010"
    assert cell_text("peak_nm", 515.49712) == "515.497"
    assert cell_text("shift_nm", -0.0226198) == "\N{MINUS SIGN}0.02262"
    assert cell_text("is_significant", 1.0) == "yes"
    assert cell_text("ended_by", "dry") == "dry"


def test_every_curve_belongs_to_a_plan():
    assert set(CURVES) <= set(EXPERIMENTS)


@pytest.mark.parametrize("plan", sorted(CURVES))
def test_every_curve_is_drawn_also_of_one_row_and_without_numbers(plan):
    curve = CURVES[plan]
    for rows in ([1.0, 2.0, 3.0], [1.0], [float("nan")] * 2):
        columns = {name: np.array(rows) for name in (curve.across, *curve.up)}
        if curve.by:
            columns[curve.by] = np.array(["a", "b", "a"][: len(rows)], dtype=object)
        assert answer_png(plan, {curve.table: columns}).startswith(PNG)


def test_a_search_and_a_map_have_pictures_of_their_own():
    assert answer_png("optimise", {"search": SEARCH}).startswith(PNG)
    places = {name: [1.0, 2.0] for name in ("row", "column", "peak_nm", "area")}
    nowhere = dict.fromkeys(("along_mm", "across_mm"), [float("nan")] * 2)
    assert answer_png("map_scan", {"results": {**places, **nowhere}}).startswith(PNG)


def test_what_has_no_table_has_no_picture():
    assert answer_png("light_regrowth", {}) is None
    assert answer_png("power_series", {}) is None


class _Recorder:
    def __init__(self, path):
        self.run_folder = RunFolder(path=path)


def _feed(live, rows, plan="optimise"):
    live("start", {"uid": "around", "plan_name": plan})
    live("start", {"uid": "a cell", "plan_name": "light_regrowth"})
    live("descriptor", {"uid": "d", "run_start": "around", "name": "search"})
    live("descriptor", {"uid": "e", "run_start": "a cell", "name": "results"})
    for row in rows:
        live("event", {"descriptor": "e", "data": {"peak_nm": 515.0}})
        live("event", {"descriptor": "d", "data": row})


def _rows():
    return [dict(zip(SEARCH, values, strict=True)) for values in zip(*SEARCH.values(), strict=True)]


def test_a_search_is_drawn_after_each_of_its_runs(tmp_path):
    live = LiveAnswer(_Recorder(tmp_path))
    _feed(live, _rows()[:1])
    before = (tmp_path / "answer.png").read_bytes()
    assert "1 runs so far" in (tmp_path / "live.html").read_text()
    _feed(live, _rows())
    assert (tmp_path / "answer.png").read_bytes() != before
    page = (tmp_path / "live.html").read_text()
    assert "3 runs so far" in page
    assert 'http-equiv="refresh"' in page


def test_other_plans_are_not_drawn_while_they_go_on(tmp_path):
    _feed(LiveAnswer(_Recorder(tmp_path)), _rows(), plan="light_regrowth")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_drawn_is_logged_and_ends_nothing(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        _feed(LiveAnswer(_Recorder(tmp_path / "gone")), _rows()[:1])
    assert "was not drawn" in caplog.text


def test_a_curve_shows_the_standard_errors_of_its_points():
    curve = CURVES["ligand_titration"]
    columns = {curve.across: np.array([0.0, 10.0]), curve.up[0]: np.array([515.0, 515.5])}
    plain = answer_png("ligand_titration", {curve.table: columns})
    errors = {f"{curve.up[0]}_se": np.array([0.1, 0.2])}
    assert answer_png("ligand_titration", {curve.table: columns | errors}) != plain
