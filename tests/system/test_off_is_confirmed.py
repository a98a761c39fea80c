"""Off is read back and looked at; what is not certain is kept until somebody has looked."""

import tomllib

import pytest

from instruments.light_sources.emission import Emission
from instruments.open_ends import OpenEnds
from plans.catalogue import make_experiment
from plans.live.light_seen import LightSeen
from plans.off import confirm_dark, confirm_off
from plans.session import Session
from simulators.bench import SimulatedBench
from tests.system.conftest import DEMO

SHORT = {"max_time_min": 1.0, "plateau": False, "dark_tail_min": 0.0, "baseline_frames": 3}


@pytest.fixture
def run_over(lab):
    """A run has ended, and the light is off."""
    seen = LightSeen()
    lab.engine.run_engine.subscribe(seen)
    devices = lab.devices("spectrometer", "light", "stage")
    outcome = lab.engine.run(make_experiment("light_regrowth", devices, SHORT).plan())
    assert outcome.exit_status == "success", outcome
    assert confirm_off(lab.bench, print) == []
    return seen


def test_the_spectrometer_sees_none_of_the_light_when_it_is_off(lab, run_over):
    assert len(run_over.references()) == 1
    assert confirm_dark(lab.bench, run_over, print) == []


def test_the_spectrometer_sees_light_that_somebody_thinks_is_off(lab, run_over):
    emission = Emission(wavelength_nm=405, irradiance_mw_cm2=20.0)
    lab.bench["light"].set(emission).wait(10.0)
    said = []
    (words,) = confirm_dark(lab.bench, run_over, said.append)
    assert "spectrometer: still sees light at" in words
    assert "% of what it saw during the run" in words
    assert said == [f"NOT CONFIRMED OFF: {words}"]


def test_a_spectrometer_that_does_not_answer_says_nothing_about_the_light(lab, run_over):
    lab.simulators.unplug("spectrometer")
    said = []
    assert confirm_dark(lab.bench, run_over, said.append) == []
    assert "could not look" in said[0]
    lab.simulators.replug("spectrometer")


def test_nothing_was_seen_when_nothing_was_lit(lab):
    assert confirm_dark(lab.bench, LightSeen(), print) == []


def test_a_bench_with_an_open_end_is_refused_until_it_is_acknowledged(tmp_path, monkeypatch):
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "locks"))
    text = DEMO.read_text(encoding="utf-8")
    table = tomllib.loads(text)
    bench_file = tmp_path / "bench.toml"
    with SimulatedBench(table, ports="any") as simulators:
        for name, address in simulators.addresses.items():
            text = text.replace(table["device"][name]["address"], address)
        bench_file.write_text(text, encoding="utf-8")
        ends = OpenEnds(bench_file)
        ends.note(["light: did not answer"])
        session = Session(
            bench_file=bench_file, plan_name="light_regrowth", assignments=[],
            runs_folder=tmp_path / "runs", say=lambda _: None, guarded=False,
        )  # fmt: skip
        session.run()
        assert session.outcome.exit_status == "fail"
        assert "light: did not answer" in session.outcome.reason
        assert "regrow acknowledge" in session.outcome.reason
        log = simulators.state("light")["log"]
    assert [words for _, words in log if words.endswith(" on")] == ["power on"]
    assert len(ends.read()) == 1
    ends.acknowledge()
    assert ends.read() == []
