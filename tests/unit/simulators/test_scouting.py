"""A sample taken through a schedule before it costs material."""

import csv

import numpy as np
import pytest

import regrow
from simulators.commands.twin import read_step
from simulators.sample import Throughput
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
    assert scout(vial, [DARK], points=2, temperature_degc=60.0).peak_nm[-1] < 515.5


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("90s", (90.0, 405.0, 0.0)),
        ("30min", (1800.0, 405.0, 0.0)),
        ("1.5h:365:12.5", (5400.0, 365.0, 12.5)),
    ],
)
def test_a_step_is_a_time_and_a_light(word, step):
    read = read_step(word)
    assert (read.duration_s, read.wavelength_nm, read.irradiance_mw_cm2) == step


@pytest.mark.parametrize("word", ["", "4", "4h:405", "-4h", "4h:405:20:1", "4 h"])
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
    ],
)
def test_a_wrong_call_is_refused_in_words(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert regrow.main(["twin", *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
