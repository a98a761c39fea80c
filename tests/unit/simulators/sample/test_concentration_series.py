"""Concentration alone moves the raw peak; the absorbance moves it back."""

import numpy as np
import pytest

from simulators.sample.optics import absorption_shapes

HC_EV_NM = 1239.841984


@pytest.mark.parametrize(
    ("concentration_nm", "peak_nm"), [(5, 515.1), (100, 518.9), (200, 522.0), (500, 524.3)]
)
def test_the_raw_peak_moves_to_the_red_with_no_chemistry_at_all(
    sample_with, seen, concentration_nm, peak_nm
):
    sample = sample_with(concentration_nm=concentration_nm)
    assert seen(sample).peak_nm == pytest.approx(peak_nm, abs=0.1)


@pytest.mark.parametrize("concentration_nm", [5, 20, 100, 200])
def test_the_absorbance_corrects_the_raw_peak(
    sample_with, light, look_at, fine_grid, concentration_nm
):
    sample = sample_with(concentration_nm=concentration_nm)
    setting = sample.preparation.setting
    edge_ev = setting.material.crystal_edge_ev(setting.size_nm, 298.15)
    shape = absorption_shapes(HC_EV_NM / fine_grid.wavelength_nm, edge_ev)
    absorbance = shape * setting.absorbance_per_nm() * concentration_nm
    escape = (1 - 10**-absorbance) / (absorbance * np.log(10))
    raw = sample.emission_per_s(fine_grid, light(1.0).beams)
    corrected = look_at(fine_grid.wavelength_nm, raw / escape)
    # the parabola reads this asymmetric line 0.09 nm too far in the red
    assert corrected.peak_nm - 0.09 == pytest.approx(514.81, abs=0.02)


def test_a_dilute_sample_shows_515_nm_on_the_energy_scale(sample_with, light, fine_grid):
    sample = sample_with(concentration_nm=0.5)
    raw = sample.emission_per_s(fine_grid, light(1.0).beams) / fine_grid.pixel_nm
    per_ev = raw * fine_grid.wavelength_nm**2
    assert fine_grid.wavelength_nm[per_ev.argmax()] == pytest.approx(515.0, abs=0.1)


def test_the_absorbance_of_the_default_sample(sample_with):
    assert sample_with().truth()["absorbance_405"] == pytest.approx(0.83, abs=0.01)
