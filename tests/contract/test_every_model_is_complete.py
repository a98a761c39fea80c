"""A model that a bench file may name has all that belongs to it."""

import tomllib
from pathlib import Path

import pytest

from instruments.bench import load_bench
from instruments.bench_models import MODELS
from simulators.bench import SimulatedBench
from simulators.models import MODELS as SIMULATED
from tests.driver_campaign.rig import bench_file, device_name, fault_kinds
from tests.driver_campaign.scenarios import ALWAYS, scenarios_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "instruments"
TRANSCRIPTS = ROOT / "tests" / "transcripts"
EXAMPLES = sorted((ROOT / "examples" / "benches").glob("*.toml"))


def documented():
    """Return the text of every page by the models that it shows in a bench file."""
    pages = {}
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        for model in MODELS:
            if f'model = "{model}"' in text:
                pages[model] = text
    return pages


@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_a_simulator_and_a_transcript(model):
    assert model in SIMULATED, "add a simulator to simulators/bench.py"
    assert (TRANSCRIPTS / f"{model}.toml").is_file(), "quote its manual in tests/transcripts"


@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_a_page_that_says_what_is_unverified(model):
    pages = documented()
    assert model in pages, f"no page under docs/instruments shows model = {model!r}"
    words = pages[model].lower()
    assert "wiring" in words or "pe-300" in words or "pm100d" in words
    assert "unverified" in words or "never tried on hardware" in words


@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_an_example_bench_and_a_campaign_entry(model):
    assert bench_file(model).is_file(), f"add examples/benches/{model}.toml"
    bench = load_bench(bench_file(model), addresses={})
    device = bench[device_name(model)]
    assert isinstance(device, MODELS[model].kind)
    assert len(scenarios_of(MODELS[model].kind)) > len(ALWAYS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_bench_can_be_loaded_and_simulated(path):
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["device"]
    assert list(load_bench(path, addresses={})) == list(tables)
    SimulatedBench(path, ports="any")


def test_no_simulator_is_without_a_driver():
    assert set(SIMULATED) == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_the_faults_of_a_simulator_can_be_switched_on_and_off(virtual_clock, model):
    with SimulatedBench(bench_file(model), ports="any") as simulated:
        faults = simulated.faults(device_name(model))
        for kind in fault_kinds(model):
            faults.device(kind)
            faults.device(kind, on=False)
        with pytest.raises(ValueError, match="no fault"):
            faults.device("no such fault")
