import json

import pytest

import regrow


@pytest.fixture
def samples(tmp_path, capsys):
    def call(*words, code=0):
        assert regrow.main(["samples", "--runs", str(tmp_path / "runs"), *words]) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    return call


def test_an_empty_store_says_what_to_do(samples):
    assert "regrow samples add NAME" in samples("list")


def test_a_sample_with_its_history_is_shown(samples, tmp_path):
    picture = tmp_path / "tem.png"
    picture.write_bytes(b"picture")
    samples("batch", "B7", "maker=Lab 3")
    samples("material", "OAm", "kind=ligand", "concentration=10", "concentration_unit=mM")
    samples("add", "A3", "batch=B7", "edge_nm=10.4", "concentration_nm=20", "note=cuvette 2")
    samples("content", "A3", "OAm", "50")
    samples("attach", "A3", "TEM", "wire_length_nm", "value=91", "uncertainty=6", "unit=nm",
            "--file", str(picture))  # fmt: skip
    assert "A3" in samples("list")
    shown = samples("show", "A3")
    for words in ("B7 Lab 3", "10.4 nm", "20 nM", "50 µL OAm", "91 ± 6 nm", "cuvette 2"):
        assert words in shown
    told = json.loads(samples("show", "A3", "--json"))
    assert told["attachments"][0]["value"] == 91.0
    assert told["runs"] == []


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("add", "A3", "colour=green"), "'colour=green' is not understood"),
        (("add", "A3", "edge_nm=ten"), "edge_nm must be a number, got 'ten'"),
        (("add", "A3", "edge_nm=-1"), "edge_nm must be above 0"),
        (("attach", "A3", "TEM", "length_nm"), "give a value, a text or a file"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(samples, words, answer):
    assert answer in samples(*words, code=2)


def test_a_sample_that_is_not_there_is_an_error(samples):
    assert "there is no 'A9'" in samples("show", "A9", code=1)
