"""Arrays on which a campaign once found something stay harmless."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

RUN = Path(__file__).parents[3] / "analysis_fuzz" / "run.py"


@pytest.fixture(scope="module")
def fuzz():
    """The campaign's own module, which makes an array from a seed."""
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("analysis_fuzz_run", RUN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.mark.parametrize("seed", [12401, 31858, 44474, 44749])
def test_an_array_that_once_gave_a_warning_is_read_in_every_way(fuzz, seed):
    rng = np.random.default_rng(seed)
    axis = fuzz.axis_of(rng, int(rng.choice(fuzz.SIZES)))
    counts = fuzz.counts_of(rng, axis)
    rng.choice(4, p=(0.55, 0.2, 0.2, 0.05))
    for way in (fuzz.mixed, fuzz.single, fuzz.several, fuzz.Live()):
        assert way(rng, axis, counts) == ""


# An index beyond the axis; a smoother wider than the window of a fit.
@pytest.mark.parametrize("seed", [86, 500_008])
def test_a_file_that_once_ended_in_an_exception_is_read(fuzz, tmp_path, seed):
    rng = np.random.default_rng(10**9 + seed)
    assert fuzz.read_mutated(rng, tmp_path / "file", fuzz.seed_files()) == ""
