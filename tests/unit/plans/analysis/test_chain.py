"""Raw counts become a spectrum that can be measured, step by step, and each step is noted."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.analysis.chain import CorrectionChain
from plans.analysis.corrections import (
    ORDER,
    Calibration,
    Nonlinearity,
    SampleAbsorbance,
    SpectralResponse,
    StrayLight,
    WavelengthOffset,
)

NM = np.linspace(450.0, 650.0, 401)
LINE = 20_000.0 * np.exp(-4 * np.log(2) * ((NM - 520.0) / 20.0) ** 2)


@dataclass(frozen=True, kw_only=True)
class Frame:
    counts: np.ndarray
    time_s: float = 0.0
    electric_counts: float = float("nan")


DARK = Frame(counts=np.full(NM.size, 1000.0), time_s=940.0)


def apply(chain, raw=LINE + 1000.0, dark=DARK, **settings):
    known = {"integration_time_s": 0.5, "now_s": 1000.0, "excitation_nm": 405.0, **settings}
    return chain.apply(NM, raw, dark=dark, **known)


def test_pixels_without_light_follow_the_offset_of_the_electronics():
    dark = replace(DARK, electric_counts=995.0)
    found = apply(CorrectionChain(), LINE + 1040.0, dark, electric_counts=1035.0)
    assert found.counts_s == pytest.approx(2 * LINE)
    assert "+40.0 counts since the dark frames" in found.step("electric_dark").why
    alone = apply(CorrectionChain(), LINE + 1040.0, None, electric_counts=1035.0)
    assert alone.counts_s == pytest.approx(2 * (LINE + 5.0))
    assert not apply(CorrectionChain(), electric_counts=1035.0).step("electric_dark").on


@pytest.mark.parametrize(("lamp", "on"), [(0.9, True), (np.nan, False), (0.0, False)])
def test_the_drift_of_the_lamp_is_taken_out_where_it_is_known(lamp, on):
    found = apply(CorrectionChain(), lamp=lamp)
    assert found.step("lamp").on is on
    assert found.counts_s == pytest.approx(2 * LINE / (lamp if on else 1.0))


def test_every_step_is_noted_in_its_order_and_raw_counts_are_kept():
    raw = LINE + 1000.0
    found = apply(CorrectionChain(), raw)
    assert tuple(step.name for step in found.steps) == ORDER
    assert [step.name for step in found.steps if step.on] == ["dark", "per_second"]
    assert found.raw_counts is raw
    assert found.counts_s == pytest.approx(2 * LINE)
    assert found.step("dark").age_s == 60.0
    assert found.step("dark").text == (
        "dark on, dark frames of the run, 1.0 min old (same integration time and averages)"
    )
    assert found.step("response").text == "response off (no calibration)"


def test_without_dark_and_exposure_the_counts_stay_as_they_are():
    bent = Nonlinearity(coefficients=(1.0, -1e-6))
    found = apply(CorrectionChain(nonlinearity=bent), dark=None, integration_time_s=float("nan"))
    assert found.counts_s == pytest.approx(LINE + 1000.0)
    assert not any(step.on for step in found.steps)
    assert "dark-subtracted" in found.step("nonlinearity").why


@given(st.lists(st.floats(-3e-6, 3e-6), min_size=1, max_size=2))
def test_the_polynomial_takes_back_what_the_detector_bends(higher):
    bent = Nonlinearity(coefficients=(1.0, *higher[:1]))
    true = np.linspace(0.0, 30_000.0, NM.size)
    seen = true.copy()
    for _ in range(60):
        seen = true * np.polynomial.polynomial.polyval(seen, bent.coefficients)
    found = apply(CorrectionChain(nonlinearity=bent), seen + 1000.0)
    assert found.step("nonlinearity").on
    assert found.counts_s == pytest.approx(2 * true, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("coefficients", [(0.0,), (1.0, -1e-3), (np.nan,), (1.0, np.inf)])
def test_a_polynomial_that_is_no_response_is_refused(coefficients):
    found = apply(CorrectionChain(nonlinearity=Nonlinearity(coefficients=coefficients)))
    assert not found.step("nonlinearity").on
    assert found.counts_s == pytest.approx(2 * LINE)


def test_an_expired_calibration_is_named_and_not_used():
    old = WavelengthOffset(
        name="Hg-Ar 3", offset_nm=1.0, offset_nm_se=0.01, taken_s=0.0, expires_s=600.0
    )
    step = apply(CorrectionChain(wavelength=old)).step("wavelength")
    assert not step.on
    assert step.calibration == "Hg-Ar 3"
    assert "expired" in step.why
    expired = SampleAbsorbance(wavelength_nm=NM, absorbance=0 * NM, taken_s=0.0, expires_s=1.0)
    assert "expired" in apply(CorrectionChain(absorbance=expired)).step("inner_filter").why
    assert not Calibration().has_expired(1e12)


def test_stray_light_is_a_window_or_a_matrix():
    offset = StrayLight(dark_nm=((640.0, 650.0),))
    found = apply(CorrectionChain(stray_light=offset), LINE + 1300.0)
    assert found.counts_s == pytest.approx(2 * LINE, abs=1.0)
    spread = np.full((NM.size, NM.size), 1e-5)
    seen = LINE + spread @ LINE
    found = apply(CorrectionChain(stray_light=StrayLight(matrix=spread)), seen + 1000.0)
    assert found.counts_s == pytest.approx(2 * LINE, abs=1e-6)
    for bad in (StrayLight(matrix=np.eye(3)), StrayLight(dark_nm=((800.0, 900.0),))):
        assert "does not fit" in apply(CorrectionChain(stray_light=bad)).step("stray_light").why


def test_response_boxcar_and_axis_are_applied():
    response = SpectralResponse(wavelength_nm=NM[::-1], factor=(NM / 550.0)[::-1])
    offset = WavelengthOffset(offset_nm=0.5, offset_nm_se=0.1)
    found = apply(CorrectionChain(response=response, wavelength=offset))
    assert found.counts_s == pytest.approx(2 * LINE * NM / 550.0)
    assert found.wavelength_nm == pytest.approx(NM - 0.5)
    small = WavelengthOffset(offset_nm=0.2, offset_nm_se=0.1)
    assert apply(CorrectionChain(wavelength=small)).wavelength_nm is NM
    nothing = SpectralResponse(wavelength_nm=NM, factor=np.full(NM.size, np.nan))
    assert not apply(CorrectionChain(response=nothing)).step("response").on
    smooth = apply(CorrectionChain(boxcar_px=1))
    assert smooth.step("boxcar").why == "mean of 3 pixels"
    assert smooth.counts_s.sum() == pytest.approx(2 * LINE.sum())
    assert "wider than" in apply(CorrectionChain(boxcar_px=5)).step("boxcar").why


@pytest.mark.parametrize("film", [False, True])
def test_light_that_the_sample_kept_is_put_back(film):
    axis = np.linspace(380.0, 700.0, 300)
    absorbance = 0.4 / (1.0 + np.exp((axis - 510.0) / 4.0))
    sample = SampleAbsorbance(wavelength_nm=axis, absorbance=absorbance, film=film)
    found = apply(CorrectionChain(absorbance=sample))
    assert found.step("inner_filter").on
    blue = NM < 500.0
    put_back = found.without_absorption_s[blue] / found.counts_s[blue]
    assert np.all(put_back > 1.05)
    assert apply(CorrectionChain()).without_absorption_s is None
    beyond = apply(CorrectionChain(absorbance=sample), excitation_nm=300.0)
    assert "does not reach" in beyond.step("inner_filter").why
    none = SampleAbsorbance(wavelength_nm=axis, absorbance=np.full(300, np.nan))
    assert apply(CorrectionChain(absorbance=none)).without_absorption_s is None
    clear = SampleAbsorbance(wavelength_nm=axis, absorbance=np.zeros(300))
    assert "not above zero" in apply(CorrectionChain(absorbance=clear)).step("inner_filter").why
