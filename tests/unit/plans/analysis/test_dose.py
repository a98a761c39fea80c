"""Doses and photons against numbers of the literature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.analysis.dose import (
    absorbed_share,
    dose_j_cm2,
    path_average,
    photon_flux_cm2_s,
    probe_share,
)


def test_photon_flux_of_twenty_milliwatts():
    assert photon_flux_cm2_s(20.0, 365.0) == pytest.approx(3.67e16, rel=2e-3)
    assert photon_flux_cm2_s(20.0, 405.0) == pytest.approx(4.08e16, rel=2e-3)


def test_dose_is_the_sum_of_the_on_times():
    assert dose_j_cm2([(0, 60, 20.0), (100, 110, 1.0)]) == pytest.approx(1.21)
    assert dose_j_cm2([]) == 0.0
    with pytest.raises(ValueError, match="before it went on"):
        dose_j_cm2([(10, 5, 1.0)])


def test_absorbed_share_and_path_average_of_a_cuvette():
    assert absorbed_share(1.0) == pytest.approx(0.9)
    assert absorbed_share(0.0) == 0.0
    assert absorbed_share(-0.01) == 0.0
    assert path_average(1.0) == pytest.approx(0.9 / 2.302585)
    assert path_average(0.0) == 1.0


@given(st.floats(0, 5))
def test_less_light_goes_through_a_darker_sample(absorbance):
    assert path_average(absorbance + 0.01) < path_average(absorbance) <= 1.0


def test_probe_share_of_no_light_is_none():
    assert probe_share(0.1, 10.0) == pytest.approx(0.01)
    assert probe_share(0.0, 0.0) == 0.0
