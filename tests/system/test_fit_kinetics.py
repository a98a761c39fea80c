"""A recorded run gives its rate constants back."""

import contextlib
import io
import json
import math

import pytest

import regrow
from simulators.sample import load_sample

WORDS = ["plateau=no", "max_time_min=60", "interval_s=60", "dark_tail_min=10", "baseline_frames=3"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return the folder of an hour of light on the simulated bench."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        folder = str(tmp_path_factory.mktemp("runs"))
        assert regrow.main(["demo", "--json", "--quiet", "--runs", folder, *WORDS]) == 0
    return json.loads(said.getvalue())["run_folder"]


def test_a_recorded_run_gives_its_rate_constants_back(recorded, tmp_path, capsys):
    table = tmp_path / "kinetics.toml"
    words = ["fit-kinetics", recorded, "--free", "activation_yield", "degradation_yield"]
    code = regrow.main([*words, "--json", "--out", str(table)])
    captured = capsys.readouterr()
    assert code == 0, captured.out
    found = json.loads(captured.out)["constants"]
    truth = load_sample("as-synthesised").kinetics
    for name in ("activation_yield", "degradation_yield"):
        away = math.log(found[name]["value"] / getattr(truth, name))
        assert found[name]["relative_error"] < 0.05
        assert abs(away) < 3.0 * found[name]["relative_error"], found
    assert "iteration" in captured.err
    head = "name = 'fitted'\n[nanocrystals]\npeak_nm = 515.0\nconcentration_nm = 20.0\n"
    head += "ligand_mm = 1.0\n"
    sample = tmp_path / "fitted.toml"
    vial = "[vial]\nvolume_ul = 3000\ncapacity_ul = 3500\n"
    sample.write_text(f"{head}{vial}{table.read_text(encoding='utf-8')}", encoding="utf-8")
    fitted = load_sample(str(sample)).kinetics
    assert fitted.activation_yield == pytest.approx(found["activation_yield"]["value"], rel=1e-4)


def test_samples_are_given_once_or_once_for_each_run(recorded, capsys):
    words = ["fit-kinetics", recorded, "--sample", "as-synthesised", "--sample", "ligand-poor"]
    assert regrow.main(words) == 2
    assert "1 runs, but 2 samples" in capsys.readouterr().err
