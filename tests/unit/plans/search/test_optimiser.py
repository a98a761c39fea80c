import math

import pytest

from plans.parameters import ParameterError
from plans.search import Axis, Search, Told

pytest.importorskip("bayes_opt")

AXES = (
    Axis(name="light", low=5.0, high=50.0, logarithmic=True),
    Axis(name="ligand", low=0.0, high=5.0),
    Axis(name="averages", low=1, high=9, whole=True),
)


def merit(values):
    """A hill with its top at light 20, ligand 1; the third parameter does nothing."""
    away = (math.log(values["light"] / 20) / 0.6) ** 2 + ((values["ligand"] - 1) / 1.5) ** 2
    return math.exp(-away)


def run(search, count):
    for _ in range(count):
        (values,) = search.ask()
        search.tell(Told(values=values, merit=merit(values), objective=merit(values)))
    return search


def test_every_condition_is_within_the_axes_and_worth_setting():
    search = run(Search(AXES, seed=3, start=4), 7)
    for told in search.told:
        for axis in AXES:
            value = told.values[axis.name]
            assert axis.low <= value <= axis.high
            assert value == float(f"{value:.4g}")
        assert isinstance(told.values["averages"], int)


def test_it_comes_nearer_to_the_top_than_the_spread_it_began_with():
    search = run(Search(AXES, seed=1, start=6), 14)
    first = max(told.merit for told in search.told[:6])
    assert search.best().merit > max(first, 0.9)


def test_the_same_seed_asks_the_same():
    one, other = (run(Search(AXES, seed=5, start=3), 5) for _ in range(2))
    assert one.told == other.told


def test_a_search_that_was_cut_asks_what_an_uncut_one_asks():
    whole = run(Search(AXES, seed=5, start=3), 6)
    resumed = Search(AXES, seed=5, start=3)
    for told in whole.told[:4]:
        resumed.tell(told)
    assert run(resumed, 2).told == whole.told


def test_conditions_of_a_batch_differ():
    search = run(Search(AXES, seed=2, start=3), 6)
    batch = search.ask(4)
    assert len({tuple(values.values()) for values in batch}) == 4


def test_what_breaks_a_limit_or_gave_nothing_is_never_the_best():
    search = Search(AXES, seed=2, start=2)
    assert search.best() is None
    values = {"light": 10.0, "ligand": 1.0, "averages": 1}
    search.tell(Told(values=values, merit=9.0, violation=0.1))
    search.tell(Told(values=values, merit=math.nan))
    assert search.best() is None
    search.tell(Told(values=values, merit=1.0))
    assert search.best().merit == 1.0
    (asked,) = search.ask()
    assert asked.keys() == values.keys()


def test_without_its_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "bayes_opt", None)
    with pytest.raises(ParameterError, match=r"pip install 'regrow\[optimise\]'"):
        Search(AXES, seed=1, start=2)
