import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.sample.optics import (
    absorption_shape,
    absorption_shapes,
    mean_transmission,
    mean_transmissions,
    scatter_law,
)


@given(
    energies=st.lists(st.floats(1.2, 6.0), min_size=1, max_size=20), edge_ev=st.floats(2.35, 2.8)
)
def test_the_two_forms_of_the_absorption_agree(energies, edge_ev):
    together = absorption_shapes(np.array(energies), edge_ev)
    for energy_ev, value in zip(energies, together, strict=True):
        assert value == pytest.approx(absorption_shape(energy_ev, edge_ev), rel=1e-12)


@given(edge_ev=st.floats(2.35, 2.8))
def test_the_absorption_is_one_at_400_nm_and_gone_far_below_the_edge(edge_ev):
    assert absorption_shape(3.0996, edge_ev) == pytest.approx(1.0)
    assert absorption_shape(edge_ev - 0.5, edge_ev) < 1e-9


def test_the_tail_joins_the_band_without_a_jump():
    knee_ev = 2.43 - 0.045
    below, above = (absorption_shape(knee_ev + side, 2.43) for side in (-1e-9, 1e-9))
    assert below == pytest.approx(above, rel=1e-6)


@given(absorbance=st.floats(1e-6, 5.0))
def test_the_mean_transmission_is_the_mean_over_the_depth(absorbance):
    depth = (np.arange(2000) + 0.5) / 2000
    mean = np.mean(10.0 ** (-absorbance * depth))
    assert mean_transmission(absorbance) == pytest.approx(mean, rel=1e-4)
    assert mean_transmissions(np.array([absorbance]))[0] == pytest.approx(mean, rel=1e-4)


def test_a_clear_cuvette_transmits_all():
    assert mean_transmission(0.0) == 1.0
    assert mean_transmissions(np.zeros(3)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("absorbance", "error"), [(0.1, 0.0022), (0.2, 0.0089), (0.5, 0.056), (1.0, 0.24)]
)
def test_the_usual_correction_by_half_the_absorbance_fails_as_it_is_known_to(absorbance, error):
    exact = 1 / mean_transmission(absorbance)
    assert 10 ** (absorbance / 2) / exact - 1 == pytest.approx(error, rel=0.1)


def test_scatter_falls_with_the_third_power():
    assert scatter_law(500) == 1.0
    assert scatter_law(1000) == pytest.approx(1 / 8)
    assert math.isclose(scatter_law(405), (500 / 405) ** 3)
