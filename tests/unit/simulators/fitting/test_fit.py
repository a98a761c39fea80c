"""Rate constants found again in runs of which they are known."""

from dataclasses import replace

import numpy as np
import pytest

from simulators.fitting import Estimate, KineticsFit, fit_kinetics
from simulators.fitting.blind import Draw, blind_check, noisy_run
from simulators.fitting.fit import predict
from simulators.sample import load_sample

SAMPLE = load_sample("as-synthesised")
USUAL = SAMPLE.kinetics
HIDDEN = replace(USUAL, activation_yield=2.4e-7)


@pytest.fixture(scope="module")
def recording():
    return noisy_run(SAMPLE, HIDDEN, (20.0, 1.0), np.random.default_rng(1))


@pytest.fixture(scope="module")
def fit(recording):
    return fit_kinetics([recording], ["activation_yield"])


def test_a_hidden_constant_is_found_within_its_uncertainty(fit):
    (found,) = fit.estimates
    low, high = found.interval
    assert low < 2.4e-7 < high
    assert found.relative_error < 0.02
    assert found.determined
    assert fit.kinetics.activation_yield == found.value
    assert fit.chi2_reduced == pytest.approx(1.0, abs=0.15)
    assert not fit.reason
    assert fit.distance2(HIDDEN) < 6.6 < fit.distance2(USUAL)


def test_an_offset_of_the_wavelengths_is_found_too(recording):
    redder = replace(recording, wavelength_nm=recording.wavelength_nm + 0.3)
    fit = fit_kinetics([redder], ["activation_yield"])
    assert fit.offset_nm == pytest.approx(0.3, abs=0.02)


def test_what_the_runs_do_not_tell_is_said(recording):
    fit = fit_kinetics([recording], ["activation_yield", "water_degradation_per_s"])
    told, silent = fit.estimates
    assert told.determined
    assert not silent.determined
    assert "do not determine water_degradation_per_s" in fit.reason


def test_runs_that_the_twin_does_not_repeat_are_not_trusted(recording):
    hump = np.exp(-0.5 * ((recording.wavelength_nm - 540.0) / 3.0) ** 2)
    other = replace(recording, spectra=recording.spectra + 3000.0 * hump)
    assert "does not repeat the runs" in fit_kinetics([other], ["activation_yield"]).reason


def test_progress_is_told(recording):
    said = []
    fit_kinetics([recording], ["activation_yield"], said.append)
    assert said[0] == "iteration 0"


@pytest.mark.parametrize(
    ("free", "message"),
    [
        ([], "1 recordings, 0 free constants"),
        (["sticking", "phlogiston"], "'phlogiston' is no rate constant; there are"),
        (["dark_activation_per_s"], "must start above 0"),
    ],
)
def test_constants_that_cannot_be_fitted_are_refused(recording, free, message):
    with pytest.raises(ValueError, match=message):
        fit_kinetics([recording], free)


def test_a_fit_without_runs_is_refused():
    with pytest.raises(ValueError, match="0 recordings"):
        fit_kinetics([])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"errors": lambda r: r.errors * 0.0}, "not above 0"),
        ({"brightness_error": lambda r: 0.0}, "not above 0"),
        ({"time_s": lambda r: r.time_s[::-1]}, "order of time"),
        ({"wavelength_nm": lambda r: r.wavelength_nm[1:]}, "is expected"),
    ],
)
def test_a_recording_that_does_not_fit_together_is_refused(recording, changes, message):
    with pytest.raises(ValueError, match=message):
        replace(recording, **{name: change(recording) for name, change in changes.items()})


def test_a_wide_channel_shows_the_light_of_all_its_width(recording):
    fine_nm = np.arange(490.05, 560.0, 0.1)
    size = (recording.time_s.size, fine_nm.size)
    fine = replace(recording, wavelength_nm=fine_nm, spectra=np.zeros(size), errors=np.ones(size))
    wide_nm = fine_nm.reshape(-1, 50).mean(axis=1)  # channels of 5 nm
    size = (recording.time_s.size, wide_nm.size)
    wide = replace(recording, wavelength_nm=wide_nm, spectra=np.zeros(size), errors=np.ones(size))
    summed = predict(fine, USUAL).reshape(*size, 50).sum(axis=2)
    seen = predict(wide, USUAL)
    assert np.max(np.abs(seen - summed)) < 2e-3 * summed.max()
    assert seen.sum() == pytest.approx(summed.sum(), rel=1e-4)


def test_spectra_after_the_end_of_a_run_are_refused(recording):
    late = replace(recording, segments=recording.segments[:1])
    with pytest.raises(ValueError, match="after the end"):
        predict(late, USUAL)


def test_a_blind_check_counts_what_was_found():
    estimate = Estimate(name="sticking", value=5e-6, relative_error=0.1, determined=True)

    def one(seed):
        fit = KineticsFit(
            estimates=(estimate,),
            covariance=np.array([[0.01]]),
            offset_nm=0.0,
            chi2_reduced=1.0,
            kinetics=USUAL,
            reason="",
        )
        truth = replace(USUAL, sticking=5e-6 * (1.0 + 0.15 * seed))
        return Draw(truth=truth, fit=fit, free=("sticking",))

    said = []
    result = blind_check(3, one=one, progress=said.append)
    assert (result.draws, result.hits, result.joint_hits) == (3, {"sticking": 2}, 2)
    assert said[-1] == "draw 3 of 3"
