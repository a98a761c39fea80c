"""Arrays on which a campaign once found something stay harmless."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from plans.analysis import fit_peak, fit_peaks, flags
from plans.analysis.chain import CorrectionChain
from plans.analysis.corrections import SampleAbsorbance
from plans.live.tracker import PLTracker

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


@pytest.mark.parametrize("seed", [12401, 31858, 44474, 44749, 52979, 97517, 5047782])
def test_an_array_that_once_gave_a_warning_is_read_in_every_way(fuzz, seed):
    rng = np.random.default_rng(seed)
    axis = fuzz.axis_of(rng, int(rng.choice(fuzz.SIZES)))
    counts = fuzz.counts_of(rng, axis)
    rng.choice(4, p=(0.55, 0.2, 0.2, 0.05))
    for way in (fuzz.mixed, fuzz.single, fuzz.several, fuzz.Live()):
        assert way(rng, axis, counts) == ""


def test_darks_beyond_what_a_detector_gives_are_no_darks():
    tracker, axis = PLTracker(), np.linspace(400.0, 700.0, 128)
    tracker("start", {"uid": "run", "time": 0.0})
    tracker("descriptor", {"uid": "dark", "name": "dark"})
    tracker("descriptor", {"uid": "primary", "name": "primary"})
    for number, stream, level in ((1, "dark", -1e308), (2, "dark", 1e308), (3, "primary", 100.0)):
        data = {
            "spectrometer_spectrum_counts": np.full(axis.size, level),
            "spectrometer_wavelength_nm": axis,
            "spectrometer_integration_time_s": 0.1,
        }
        tracker("event", {"descriptor": stream, "seq_num": number, "time": 1.0, "data": data})
    assert {flags.NO_PEAK, flags.NO_DARK} <= set(tracker.latest.flags)


def test_an_absorbance_that_reaches_further_than_the_counts_corrects_what_is_there():
    axis = np.linspace(400.0, 700.0, 128)
    counts = 1e4 * np.exp(-(((axis - 515.0) / 11.0) ** 2))
    counts[[3, 90]] = np.nan, 1e200
    seen = SampleAbsorbance(name="a", wavelength_nm=axis, absorbance=np.full(axis.size, 0.05))
    chain = CorrectionChain(absorbance=seen)
    found = chain.apply(axis, counts, dark=None, integration_time_s=0.1, excitation_nm=405.0)
    assert np.flatnonzero(np.isnan(found.without_absorption_s)).tolist() == [3, 90]


def test_light_of_both_signs_beyond_a_detector_beside_a_line_is_no_line():
    axis = np.linspace(350.0, 900.0, 512)
    counts = 1e4 * np.exp(-(((axis - 515.0) / 11.0) ** 2)) + 30.0 * np.sin(axis**2)
    counts[np.abs(axis - 430.0) < 3.0] = -1e308
    counts[np.abs(axis - 440.0) < 3.0] = 1e308
    found = fit_peaks(axis, np.stack([counts, counts]), excitation_nm=(435.0,))
    assert found.result(0) == fit_peak(axis, counts, excitation_nm=(435.0,))
    assert flags.NAN in found.flags[0]


def test_a_line_wider_than_its_energy_is_none():
    axis = np.linspace(3000.0, 12000.0, 512)
    rng = np.random.default_rng(7)
    counts = 1e4 * np.exp(-(((axis - 7000.0) / 1500.0) ** 2)) + rng.normal(size=axis.size)
    found = fit_peaks(axis, counts[None], band_nm=None).result(0)
    assert found == fit_peak(axis, counts, band_nm=None)


@pytest.mark.parametrize("size", [5e-324, 1e-200, 1e-31, 1e31, 1e200])
def test_a_line_of_counts_that_no_detector_gives_is_none(size):
    axis = np.linspace(400.0, 700.0, 512)
    found = fit_peak(axis, size * np.exp(-(((axis - 515.0) / 11.0) ** 2)))
    assert found.peak_nm is None
    assert found.reason


# An index beyond the axis; a smoother wider than the window of a fit.
@pytest.mark.parametrize("seed", [86, 500_008])
def test_a_file_that_once_ended_in_an_exception_is_read(fuzz, tmp_path, seed):
    rng = np.random.default_rng(10**9 + seed)
    assert fuzz.read_mutated(rng, tmp_path / "file", fuzz.measured_files()) == ""
