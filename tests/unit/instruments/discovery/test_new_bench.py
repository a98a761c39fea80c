"""Bench files that are written are bench files that are read."""

import tomllib

import pytest

from instruments.bench import load_bench
from instruments.bench_models import MODELS
from instruments.discovery import (
    Finding,
    bench_text,
    example_bench,
    example_models,
    example_text,
    write_bench,
)
from instruments.errors import ConfigurationError


def found(model, address, bus="USB", **keywords):
    return Finding(bus=bus, address=address, what="Something", models=(model,), **keywords)


@pytest.mark.parametrize("model", example_models())
def test_every_example_is_a_bench_of_its_model(model):
    bench = load_bench(example_bench(model))
    assert any(isinstance(bench[name], MODELS[model].kind) for name in bench)


@pytest.mark.parametrize("model", example_models())
def test_an_example_written_anew_is_the_same_bench(model, tmp_path):
    path = tmp_path / "new.toml"
    write_bench(path, example_text([model], name='the "left" hood'))
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    example = tomllib.loads(example_bench(model).read_text(encoding="utf-8"))
    assert written["device"] == example["device"]
    assert written["bench"]["name"] == 'the "left" hood'


def test_two_of_a_kind_get_names_of_their_own(tmp_path):
    path = tmp_path / "new.toml"
    write_bench(path, example_text(["ocean-flame", "ocean-qepro"], name="two"))
    assert list(load_bench(path)) == ["spectrometer", "spectrometer_2"]


def test_what_was_found_becomes_the_bench_and_the_rest_a_comment(tmp_path):
    path = tmp_path / "new.toml"
    text = bench_text(
        [
            Finding(
                bus="USB",
                address="seabreeze::FLMS1",
                what="Ocean spectrometer FLAMES",
                models=("ocean-flame", "ocean-usb2000plus"),
                serial="FLMS1",
            ),
            Finding(bus="serial", address="ASRL3::INSTR", what="FTDI serial converter"),
        ],
        name="found",
    )
    write_bench(path, text)
    assert 'address = "seabreeze::FLMS1"' in text
    assert "it may as well be ocean-usb2000plus" in text
    assert "# ASRL3::INSTR  FTDI serial converter" in text
    assert list(load_bench(path)) == ["spectrometer"]


def test_a_model_without_an_example_gets_its_address_at_least(monkeypatch, tmp_path):
    monkeypatch.setattr("instruments.discovery.new_bench.example_models", list)
    path = tmp_path / "new.toml"
    write_bench(path, bench_text([found("ocean-flame", "seabreeze::F1")], name="bare"))
    assert list(load_bench(path)) == ["instrument"]


def test_nothing_recognised_is_told_with_the_way_on():
    with pytest.raises(ConfigurationError, match="--example"):
        bench_text([Finding(bus="serial", address="ASRL3::INSTR", what="?")], name="none")


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is there already"):
        write_bench(path, example_text(["ocean-flame"], name="x"))
    assert path.read_text(encoding="utf-8") == "precious"


def test_what_is_no_bench_does_not_stay(tmp_path):
    path = tmp_path / "bench.toml"
    with pytest.raises(ConfigurationError):
        write_bench(path, "[device.one]\nmodel = 'nothing'\naddress = 'x'\n")
    assert not path.exists()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_bench(tmp_path / "no" / "bench.toml", "")


@pytest.mark.parametrize("model", ["ocean-flame", "nonsense"])
def test_a_model_without_example_is_told(model, monkeypatch):
    monkeypatch.setattr("instruments.discovery.examples._PLACES", ())
    with pytest.raises(ConfigurationError, match=r"no example|unknown model"):
        example_bench(model)
