import math

import pytest

from simulators.sample.material import (
    AVOGADRO_PER_MOL,
    CSPBBR3,
    HC_EV_NM,
    diffusion_limit_per_molar_s,
    photon_flux_per_cm2_s,
    stokes_shift_ev,
)
from simulators.sample.optics import absorption_shape

ROOM_K = 298.15


@pytest.mark.parametrize(("size_nm", "peak_nm"), [(3.5, 479.4), (16.0, 518.1)])
def test_the_sizing_law_meets_its_published_anchors(size_nm, peak_nm):
    assert HC_EV_NM / CSPBBR3.emission_ev(size_nm, ROOM_K) == pytest.approx(peak_nm, abs=0.1)


def test_a_peak_at_515_nm_means_nanocrystals_of_12_nm():
    size_nm = CSPBBR3.size_nm(515.0)
    assert size_nm == pytest.approx(12.16, abs=0.01)
    assert HC_EV_NM / CSPBBR3.emission_ev(size_nm, ROOM_K) == pytest.approx(515.0, abs=1e-9)


def test_a_wire_of_the_same_diameter_emits_further_in_the_red():
    size_nm = CSPBBR3.size_nm(515.0)
    assert HC_EV_NM / CSPBBR3.emission_ev(size_nm, ROOM_K, confined=2) == pytest.approx(
        517.8, abs=0.1
    )


@pytest.mark.parametrize("peak_nm", [523.6, 530.0, 200.0])
def test_a_colour_that_no_size_gives_is_refused(peak_nm):
    with pytest.raises(ValueError, match="no nanocrystal emits"):
        CSPBBR3.size_nm(peak_nm)


def test_heat_shifts_the_line_to_the_blue():
    assert CSPBBR3.emission_ev(12.0, ROOM_K + 10) - CSPBBR3.emission_ev(
        12.0, ROOM_K
    ) == pytest.approx(1.5e-3)


@pytest.mark.parametrize(
    ("wavelength_nm", "cross_section_cm2"), [(365, 2.4e-13), (405, 1.6e-13), (450, 9.6e-14)]
)
def test_the_cross_section_of_one_nanocrystal(wavelength_nm, cross_section_cm2):
    size_nm = CSPBBR3.size_nm(515.0)
    shape = absorption_shape(HC_EV_NM / wavelength_nm, CSPBBR3.crystal_edge_ev(size_nm, ROOM_K))
    extinction = CSPBBR3.extinction_400_per_molar_cm(size_nm) * shape
    assert extinction * math.log(10) * 1e3 / AVOGADRO_PER_MOL == pytest.approx(
        cross_section_cm2, rel=0.04
    )


def test_wires_live_a_hundred_times_longer_than_nanocrystals():
    crystal, wire = CSPBBR3.crystal_decay, CSPBBR3.wire_decay
    assert crystal.lifetime_s() == pytest.approx(4.5e-9, rel=0.01)
    assert wire.lifetime_s() / crystal.lifetime_s() == pytest.approx(100, rel=0.01)
    assert crystal.quantum_yield() == pytest.approx(0.70, abs=0.005)
    assert wire.quantum_yield() == pytest.approx(0.81, abs=0.005)


@pytest.mark.parametrize(
    ("size_nm", "stokes_ev"),
    [(2, 0.080), (4, 0.080), (8, 0.051), (12, 0.022), (16, 0.015), (20, 0.015)],
)
def test_the_stokes_shift_shrinks_with_size(size_nm, stokes_ev):
    assert stokes_shift_ev(size_nm) == pytest.approx(stokes_ev)


@pytest.mark.parametrize(("wavelength_nm", "flux"), [(365, 3.67e16), (405, 4.08e16)])
def test_photon_flux_of_20_mw_cm2(wavelength_nm, flux):
    assert photon_flux_per_cm2_s(20.0, wavelength_nm) == pytest.approx(flux, rel=0.002)


def test_the_diffusion_limit_in_toluene():
    assert diffusion_limit_per_molar_s(ROOM_K, 0.553) == pytest.approx(1.19e10, rel=0.01)
