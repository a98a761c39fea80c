"""A rule trips on what must not be, and on what is not known."""

import math

import pytest

from instruments.bench import load_bench
from instruments.errors import ConfigurationError
from instruments.interlocks import InterlockRule

BENCH = """
[device.plate]
model = "ika-plate"
address = "TCPIP::127.0.0.1::9::SOCKET"
limit_degc = 90.0

[[interlock]]
name = "too hot"
watch = "plate.temperature_degc"
"""


def rule(**changes):
    values = {"name": "too hot", "device": "plate", "signal": "temperature_degc", "above": 80.0}
    return InterlockRule(**{**values, **changes})


@pytest.mark.parametrize("value", [20.0, 80.0, 80, "79.9", True])
def test_a_value_within_what_is_allowed_does_not_trip(value):
    assert rule().judge(value, 1.0) == ""


@pytest.mark.parametrize(
    ("changes", "value", "age_s", "words"),
    [
        ({}, 80.1, 1.0, "is 80.1, above 80"),
        ({"above": None, "below": 5.0}, 4.9, 1.0, "is 4.9, below 5"),
        ({"above": None, "equals": "1"}, 1, 1.0, "is 1"),
        ({"above": None, "contains": "interlock"}, "Interlock open", 1.0, "says"),
        ({}, None, math.inf, "was never read"),
        ({}, 20.0, 10.1, "was last read 10 s ago"),
        ({}, 20.0, math.nan, "was last read"),
        ({}, math.nan, 1.0, "no number"),
        ({}, math.inf, 1.0, "no number"),
        ({}, "hot", 1.0, "no number"),
        ({}, [1.0], 1.0, "no number"),
    ],
)
def test_what_trips_says_why(changes, value, age_s, words):
    assert words in rule(**changes).judge(value, age_s)


def test_a_value_that_only_a_measurement_gives_may_be_missing_before_the_first():
    assert rule(must_be_known=False).judge(None, math.inf) == ""


def test_rules_come_from_the_bench_file(tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(BENCH + 'above = 85.0\nreaction = "pause"\nresumes = true\nstale_s = 4\n')
    (found,) = load_bench(path).interlocks
    assert found == rule(above=85.0, reaction="pause", resumes=True, stale_s=4.0)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("", "give what must not be"),
        ("above = 85.0\nreaction = 'shout'", "must be one of 'refuse', 'pause', 'make_safe'"),
        ("above = 85.0\nresumes = 'perhaps'", 'resumes must be one of True, False'),
        ("above = 85.0\nstale_s = 0.5", "at least twice every_s"),
        ("abvoe = 85.0", "did you mean 'above'"),
        ("above = 85.0\n[[interlock]]\nname = 'x'\nwatch = 'oven.temperature_degc'\nabove = 1",
         "there is no device 'oven'"),
        ("above = 85.0\n[[interlock]]\nname = 'x'\nwatch = 'plate.colour'\nabove = 1",
         "no signal 'colour'; it has"),
        ("above = 85.0\n[[interlock]]\nname = 'too hot'\nwatch = 'plate.temperature_degc'\n"
         "above = 1", "two interlocks have the name"),
        ("above = 85.0\nonly_while = 'colour'", "only_while: plate has no signal 'colour'; it has"),
        ("above = 85.0\nonly_while = 'setpoint_degc'\nresumes = true", "cannot go together"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused_with_words(tmp_path, more, words):
    path = tmp_path / "bench.toml"
    path.write_text(BENCH + more)
    with pytest.raises(ConfigurationError, match=r".") as refused:
        load_bench(path)
    assert words in str(refused.value)


def test_what_only_a_measurement_gives_may_be_unknown_before_the_first_one():
    saturated = rule(above=65_000.0, must_be_known=False)
    assert saturated.judge(float("nan"), age_s=0.1) == ""
    assert saturated.judge(None, age_s=0.1) == ""
    assert rule(above=65_000.0).judge(float("nan"), age_s=0.1).endswith("which is no number")


@pytest.mark.parametrize(
    ("gate", "age_s", "holds"),
    [
        (50.0, 1.0, True), (0.0, 1.0, False), (False, 1.0, False), ("on", 1.0, True),
        (0.0, 60.0, True), (0.0, math.inf, True), (None, math.inf, True), (math.nan, 1.0, True),
    ],
)  # fmt: skip
def test_a_rule_that_holds_only_while_another_value_is_not_zero_holds_when_that_is_unknown(
    gate, age_s, holds
):
    assert rule(only_while="setpoint_degc").holds(gate, age_s) is holds
    assert rule().holds(gate, age_s)
