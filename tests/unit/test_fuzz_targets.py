"""Everything that reads foreign data is fuzzed, and the fuzzing keeps up with the code."""

import random

import pytest

from instruments.bench_models import MODELS
from tests.fuzz.targets import all_targets

TARGETS = all_targets()


@pytest.mark.parametrize("name", TARGETS)
def test_the_first_cases_of_a_target_find_nothing(name, tmp_path, monkeypatch):
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "locks"))
    for case in range(2):
        folder = tmp_path / str(case)
        folder.mkdir()
        TARGETS[name](random.Random(f"{name} {case}"), folder)


def test_every_model_has_its_driver_and_its_simulator_fuzzed():
    for model in MODELS:
        assert f"driver {model}" in TARGETS
        assert f"simulator {model}" in TARGETS
