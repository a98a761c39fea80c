import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.presenters.rules import RuleProgress


def followed(way, rule="dose"):
    rules = RuleProgress()
    for time_s, progress in way:
        name = f"endpoint_{rule}"
        rules.add(time_s, {name: "so far", f"{name}_progress": progress, "other": 1.0}.items())
    return rules


def test_a_rule_that_goes_on_evenly_says_when_it_is_met():
    (row,) = followed([(60.0 * n, 0.01 * n) for n in range(51)]).rows()
    assert row.left_s == pytest.approx(50 * 60.0)
    assert row.words == "so far, about 50 min left"


def test_a_hold_time_that_is_running_says_what_is_left_of_it():
    (row,) = followed([(10.0 * n, 0.0) for n in range(60)]
                      + [(600.0 + 10.0 * n, n / 30) for n in range(14)]).rows()  # fmt: skip
    assert row.left_s == pytest.approx(170.0)


def test_what_stands_or_began_anew_or_is_over_says_nothing():
    assert followed([(n, 0.4) for n in range(9)]).rows()[0].left_s is None
    assert followed([(n, 0.1 * n) for n in range(9)] + [(9, 0.0)]).rows()[0].left_s is None
    assert followed([(n, n / 8) for n in range(9)]).rows()[0].left_s is None
    assert followed([(0, float("nan")), (1, 0.5)]).rows()[0].words == "so far"


def test_the_nearest_to_its_end_is_first_and_one_without_words_is_left_out():
    rules = followed([(1.0, 0.2)])
    rules.add(2.0, {"endpoint_time": "3 of 4", "endpoint_time_progress": 0.75,
                    "endpoint_none": ""}.items())  # fmt: skip
    assert [row.rule for row in rules.rows()] == ["time", "dose"]


@given(st.integers(5, 3000), st.floats(1e-3, 3600.0), st.floats(0.05, 0.95))
def test_what_is_left_of_an_even_way_is_right_however_long_it_is(count, step_s, share):
    way = [(step_s * n, share * n / (count - 1)) for n in range(count)]
    (row,) = followed(way).rows()
    total_s = step_s * (count - 1)
    if row.left_s is not None:
        assert row.left_s == pytest.approx(total_s * (1 - share) / share, rel=0.02)
    else:
        assert total_s * (1 - share) / share > 2e6
