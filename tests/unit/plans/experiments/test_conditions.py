"""Tables of conditions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.experiments.base import describe
from plans.experiments.conditions import make_conditions, parse_settings, shuffled
from plans.experiments.light_regrowth import LightRegrowth
from plans.parameters import ParameterError

PLAN = describe(LightRegrowth)


def make(axes="", design="full", cells=8, seed=1, table=""):
    return make_conditions(PLAN, axes, design=design, cells=cells, seed=seed, table=str(table))


def test_the_full_grid_has_every_combination():
    found = make("irradiance_mw_cm2=5,10,20; plateau=yes,no")
    assert len(found) == 6
    assert found[0] == {"irradiance_mw_cm2": 5.0, "plateau": True}
    assert found[-1] == {"irradiance_mw_cm2": 20.0, "plateau": False}


@settings(deadline=None)
@given(cells=st.integers(2, 40), seed=st.integers(0, 1000))
def test_a_latin_hypercube_has_one_cell_in_each_row_and_column(cells, seed):
    found = make(
        "irradiance_mw_cm2=5..50; interval_s=10..100", "latin hypercube", cells=cells, seed=seed
    )
    for name, low, high in (("irradiance_mw_cm2", 5.0, 50.0), ("interval_s", 10.0, 100.0)):
        values = np.array([cell[name] for cell in found])
        slots = np.sort((values - low) / (high - low) * cells)
        assert np.all(np.abs(slots - np.arange(cells) - 0.5) <= 0.5 + 1e-3)


def test_a_table_is_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("irradiance_mw_cm2, plateau\n5, yes\n\n12.5, no\n", encoding="utf-8")
    assert make(design="table", table=path)[1] == {"irradiance_mw_cm2": 12.5, "plateau": False}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"axes": ""}, "a matrix needs axes"),
        ({"axes": "colour=red"}, "no parameter 'colour'"),
        ({"axes": "irradiance_mw_cm2=500"}, "must be 0.1 to 200"),
        ({"axes": "irradiance_mw_cm2=5", "design": "latin hypercube"}, "takes low..high"),
        ({"axes": "irradiance_mw_cm2=a..b", "design": "latin hypercube"}, "takes low..high"),
        ({"design": "table", "table": "nowhere.csv"}, "nowhere.csv"),
    ],
)
def test_what_makes_no_table_is_refused(arguments, reason):
    with pytest.raises(ParameterError, match=reason):
        make(**arguments)


@pytest.mark.parametrize("text", ["irradiance_mw_cm2\n", "irradiance_mw_cm2\n5,6\n"])
def test_a_table_must_have_lines_of_one_length(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError):
        make(design="table", table=path)


def test_a_shuffle_is_the_same_for_one_seed():
    cells = make("irradiance_mw_cm2=1,2,3,4,5,6,7,8")
    assert shuffled(cells, 3) == shuffled(cells, 3) != cells
    assert sorted(cell["irradiance_mw_cm2"] for cell in shuffled(cells, 3)) == [*range(1, 9)]


def test_settings_are_separated_by_semicolons():
    assert parse_settings(PLAN, "plateau=no; interval_s=20") == {
        "plateau": False, "interval_s": 20.0,
    }  # fmt: skip
    assert parse_settings(PLAN, "") == {}


def test_a_table_in_another_encoding_is_refused_with_its_name(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes("irradiance_mw_cm2,µ\n5,1\n".encode("latin-1"))
    with pytest.raises(ParameterError, match="table"):
        make(design="table", table=path)
