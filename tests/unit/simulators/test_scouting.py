"""A sample taken through a schedule before it costs material."""

import csv
from dataclasses import astuple, replace

import numpy as np
import pytest

import regrow
from simulators.commands.twin import read_contents, read_step
from simulators.sample import Throughput
from simulators.sample.liquid import Liquid
from simulators.sample.tables import SampleConfigurationError
from simulators.sample.world_file import open_sample
from simulators.scouting import Step, scout

CLEAN = Throughput(stray=0.0, wire_scatter=0.0)
LIGHT = Step(duration_s=3600.0, wavelength_nm=405.0, irradiance_mw_cm2=20.0)
DARK = Step(duration_s=1800.0, wavelength_nm=405.0, irradiance_mw_cm2=0.0)


@pytest.fixture
def vial():
    return open_sample("as-synthesised", CLEAN, None)


def test_light_moves_the_line_and_darkness_ends_the_dose(vial):
    course = scout(vial, [LIGHT, DARK], points=4)
    assert course.time_s == pytest.approx([0.0, 1800.0, 3600.0, 5400.0])
    assert course.truth["dose_j_cm2"] == pytest.approx([0.0, 36.0, 72.0, 72.0])
    assert np.all(np.diff(course.peak_nm) > 0.0)
    assert course.peak_nm[0] == pytest.approx(515.7, abs=0.1)
    assert course.area[0] == 1.0


def test_how_often_one_looks_changes_nothing(vial):
    often = scout(vial.copy(), [LIGHT, DARK], points=8)
    seldom = scout(vial, [LIGHT, DARK], points=2)
    assert seldom.peak_nm[-1] == pytest.approx(often.peak_nm[-1], abs=1e-4)
    assert seldom.truth["m3"][-1] == pytest.approx(often.truth["m3"][-1], rel=1e-3)


def test_a_sample_that_does_not_glow_has_no_peak():
    course = scout(open_sample("blank", CLEAN, None), [DARK], points=2)
    assert np.isnan(course.peak_nm).all()
    assert np.all(course.area == 0.0)


def test_a_warm_bath_is_felt(vial):
    warm = replace(DARK, temperature_degc=60.0)
    course = scout(vial, [DARK, warm], points=3)
    assert course.peak_nm[1] == pytest.approx(course.peak_nm[0], abs=0.01)
    assert course.peak_nm[2] < 515.5


def test_what_a_step_adds_is_in_the_vial_and_acts(vial):
    adding = replace(DARK, added_ul=300.0)
    ligand = scout(vial.copy(), [adding, LIGHT], points=4, syringe=Liquid(ligand_mm=12.0))
    assert ligand.truth["volume_ul"] == pytest.approx([3000.0, 3300.0, 3300.0, 3300.0])
    assert ligand.truth["ligand_mm"][1] == pytest.approx(2.0)
    plain = scout(vial, [adding, LIGHT], points=4)
    assert plain.truth["ligand_mm"][1] == pytest.approx(1.0 / 1.1)
    assert ligand.truth["m3"][-1] < plain.truth["m3"][-1]


def test_the_lit_times_are_told(vial):
    assert scout(vial, [DARK, LIGHT, DARK], points=2).lit_s == [(1800.0, 5400.0)]


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("90s", (90.0, 405.0, 0.0)),
        ("30min", (1800.0, 405.0, 0.0)),
        ("1.5h:365:12.5", (5400.0, 365.0, 12.5)),
        ("2min+50ul", (120.0, 405.0, 0.0, 50.0)),
        ("1h@-5.5degc", (3600.0, 405.0, 0.0, 0.0, -5.5)),
        ("1h:450:5+10ul@60degc", (3600.0, 450.0, 5.0, 10.0, 60.0)),
    ],
)
def test_a_step_is_a_time_a_light_an_addition_and_a_temperature(word, step):
    read = astuple(read_step(word))
    assert read[: len(step)] == step
    assert read[len(step) :] == (0.0, None)[len(step) - 3 :]


def test_the_bath_holds_where_a_step_says_nothing():
    assert read_step("1h", bath_degc=40.0).temperature_degc == 40.0
    assert read_step("1h@60degc", bath_degc=40.0).temperature_degc == 60.0


def test_the_syringe_is_read():
    assert read_contents("") == Liquid()
    assert read_contents("ligand_mm=10, water=0.1") == Liquid(ligand_mm=10.0, water=0.1)


@pytest.mark.parametrize(
    "word", ["", "4", "4h:405", "-4h", "4h:405:20:1", "4 h", "1h+5", "1h@60", "1h@6degc+5ul"]
)
def test_a_word_that_is_no_step_is_refused(word):
    with pytest.raises(SampleConfigurationError, match="is no step"):
        read_step(word)


@pytest.mark.parametrize("sample", ["as-synthesised", "drop-5um-toluene", "blank"])
def test_the_command_writes_a_table_and_a_picture(tmp_path, capsys, sample):
    out = tmp_path / "look"
    words = ["twin", sample, "30min:405:20", "10min", "--points", "5", "--out", str(out)]
    assert regrow.main(words) == 0
    said = capsys.readouterr().out
    assert "dose   36.0 J/cm²" in said
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    with out.with_suffix(".csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["time_s"]) for row in rows] == [0.0, 600.0, 1200.0, 1800.0, 2400.0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such-sample"], "no-such-sample"),
        (["as-synthesised", "later"], "is no step"),
        (["as-synthesised", "--points", "1"], "at least 2 points"),
        (["as-synthesised", "0s"], "no time at all"),
        (["as-synthesised", "1h", "0s+5ul"], "adds something in no time"),
        (["as-synthesised", "1h:20:405"], "light of 20 nm"),
        (["as-synthesised", "1h@500degc"], "temperature of 500 degC"),
        (["as-synthesised", "--temperature-degc", "nan"], "temperature of nan degC"),
        (["as-synthesised", "--syringe", "water=2"], "water = 2.0"),
        (["as-synthesised", "--syringe", "water"], "NAME=NUMBER"),
        (["as-synthesised", "--syringe", "oil=1"], "unknown key 'oil'"),
    ],
)
def test_a_wrong_call_is_refused_in_words(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert regrow.main(["twin", *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
