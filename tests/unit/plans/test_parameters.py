"""A plan's signature is all that forms and command lines need."""

import inspect
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.parameters import (
    ParameterError,
    Quantity,
    check_values,
    describe_plan,
    parse_assignments,
)


class Lamp:
    """Stands for a device class."""


def toast(
    lamp: Lamp,
    *,
    power_w: Annotated[float, Quantity(help="power", unit="W", minimum=1, maximum=10)] = 5.0,
    turns: Annotated[int, Quantity(help="turns", minimum=0)] = 1,
    colour: Annotated[str, Quantity(help="colour", choices=("red", "blue"))] = "red",
    gentle: Annotated[bool, Quantity(help="gently")] = True,
    limit_s: Annotated[float | None, Quantity(help="limit", unit="s", maximum=9)] = None,
    spare: Lamp | None = None,
    note: str = "",
    md: dict | None = None,
):
    """Toast something.

    More about it.
    """
    yield


PLAN = describe_plan(toast)


def test_a_plan_is_described_by_its_signature():
    assert (PLAN.name, PLAN.summary) == ("toast", "Toast something.")
    assert [(d.name, d.kind, d.required) for d in PLAN.devices] == [
        ("lamp", "Lamp", True),
        ("spare", "Lamp", False),
    ]
    assert [p.name for p in PLAN.parameters] == [
        "power_w", "turns", "colour", "gentle", "limit_s", "note",
    ]  # fmt: skip
    power = PLAN.parameter("power_w")
    assert (power.kind, power.default, power.quantity.unit) == ("float", 5.0, "W")
    assert power.allowed() == "1 to 10"
    assert PLAN.parameter("turns").allowed() == "at least 0"
    assert PLAN.parameter("limit_s").allowed() == "at most 9"
    assert PLAN.parameter("colour").allowed() == "red, blue"
    assert PLAN.parameter("note").allowed() == ""
    assert PLAN.parameter("note").default == ""
    assert PLAN.devices[0].default is inspect.Parameter.empty


def test_texts_become_values_of_the_right_type():
    texts = ["power_w=2.5", "turns=3", "colour=blue", "gentle=no", "limit_s=none", "lamp=left"]
    assert parse_assignments(PLAN, texts) == {
        "power_w": 2.5,
        "turns": 3,
        "colour": "blue",
        "gentle": False,
        "limit_s": None,
        "lamp": "left",
    }
    assert parse_assignments(PLAN, ["note=a = b"]) == {"note": "a = b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("power_w=11", r"power_w must be 1 to 10 W, got 11"),
        ("power_w=nan", r"must be a number in W"),
        ("power_w=5 W", r"without the unit, got '5 W'"),
        ("power_w=none", r"must be a number"),
        ("turns=1.5", r"whole number"),
        ("turns=-1", r"at least 0"),
        ("colour=green", r"red, blue"),
        ("gentle=maybe", r"yes or no"),
        ("colour", r"write name=value"),
        ("speed=1", r"no parameter 'speed'; it takes lamp, spare, power_w"),
        ("limit_s=10", r"at most 9 s"),
    ],
)
def test_a_wrong_text_is_refused_in_words(text, message):
    with pytest.raises(ParameterError, match=message):
        parse_assignments(PLAN, [text])


def test_a_parameter_given_twice_is_refused():
    with pytest.raises(ParameterError, match="given twice"):
        parse_assignments(PLAN, ["turns=1", "turns=2"])


def test_values_are_checked_as_texts_are():
    check_values(PLAN, {"power_w": 10, "limit_s": None})
    with pytest.raises(ParameterError, match="got nan"):
        check_values(PLAN, {"power_w": float("nan")})
    with pytest.raises(ParameterError, match="needs a value"):
        check_values(PLAN, {"power_w": None})


@given(st.floats(min_value=1, max_value=10))
def test_every_legal_number_survives_the_command_line(power_w):
    assert parse_assignments(PLAN, [f"power_w={power_w!r}"]) == {"power_w": power_w}
