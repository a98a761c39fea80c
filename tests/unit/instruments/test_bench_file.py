"""Reading bench files."""

import datetime
from pathlib import Path

import pytest

from instruments.bench_file import Table, read_bench_file
from instruments.errors import ConfigurationError


def table(**data):
    return Table("bench.toml", "device.light", data)


def test_a_missing_file_is_named():
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_bench_file(Path("no such bench.toml"))


def test_a_file_that_is_no_toml_is_named_with_the_line(tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text("[device\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"is not a TOML file.*line 1"):
        read_bench_file(path)


def test_a_table_gives_its_values():
    t = table(model="x", rate=2, number=3, day=datetime.date(2026, 11, 2), inner={"a": 1.5})
    assert t.text("model") == "x"
    assert t.text("purpose", "actinic") == "actinic"
    assert t.number("rate", minimum=0, maximum=5) == 2.0
    assert t.number("absent", 1.0, minimum=0, maximum=5) == 1.0
    assert t.integer("number", minimum=0, maximum=3) == 3
    assert t.date("day") == datetime.date(2026, 11, 2)
    assert t.table("inner").numbers(minimum=0, maximum=2) == {"a": 1.5}
    assert t.table("other").numbers(minimum=0, maximum=2) == {}
    assert "model" in t
    t.finish()


@pytest.mark.parametrize(
    ("read", "match"),
    [
        (lambda t: t.text("absent"), "absent is missing"),
        (lambda t: t.text("number"), "number must be a text, got 12"),
        (lambda t: t.text("empty"), "empty must be a text"),
        (lambda t: t.number("text", minimum=0, maximum=1), "text must be a number, got 'abc'"),
        (lambda t: t.number("yes", minimum=0, maximum=1), "yes must be a number, got True"),
        (lambda t: t.number("number", minimum=0, maximum=10), "number must be 0 to 10, got 12"),
        (lambda t: t.number("nan", minimum=0, maximum=10), "nan must be 0 to 10"),
        (lambda t: t.integer("half", minimum=0, maximum=1), "half must be a whole number"),
        (lambda t: t.integer("number", minimum=0, maximum=3), "number must be 0 to 3, got 12"),
        (lambda t: t.date("text"), "text must be a date like 2026-11-02"),
        (lambda t: t.table("text"), "text must be a table"),
        (lambda t: t.table("absent", required=True), "absent is missing"),
        (lambda t: t.tables("text"), r"text must be one or more \[\[device.light.text\]\]"),
        (lambda t: t.tables("mixed"), "mixed must hold tables"),
    ],
)
def test_a_wrong_value_is_named_with_file_table_and_key(read, match):
    t = table(number=12, text="abc", empty="", yes=True, half=0.5, nan=float("nan"), mixed=[1])
    with pytest.raises(ConfigurationError, match=match) as caught:
        read(t)
    assert str(caught.value).startswith("bench.toml: [device.light] ")


def test_an_unknown_key_is_named_with_what_was_probably_meant():
    t = table(limit_mA=700, model="x")
    t.text("model")
    t.number("limit_ma", 5, minimum=0, maximum=1000)
    with pytest.raises(ConfigurationError, match="unknown key 'limit_mA'; did you mean 'limit_ma'"):
        t.finish()


def test_a_key_unlike_any_other_is_answered_with_all_that_are_allowed():
    t = table(colour="red", model="x")
    t.text("model")
    with pytest.raises(ConfigurationError, match=r"unknown key 'colour' \(allowed: model\)"):
        t.finish()


def test_tables_of_an_array_are_numbered_from_one():
    t = table(channel=[{"number": 0}, {"number": "one"}])
    second = t.tables("channel")[1]
    with pytest.raises(ConfigurationError, match=r"\[device.light.channel no. 2\] number"):
        second.integer("number", minimum=0, maximum=3)
