import numpy as np
import pytest

from simulators.sample import Beam, PixelGrid, Populations, Sample, Throughput, load_sample
from simulators.sample.leak import Longpass, leak_profile
from simulators.sample.lines import line_per_ev


def probe(wavelength_nm=405.0, irradiance_mw_cm2=1.0):
    return Beam(wavelength_nm=wavelength_nm, fwhm_nm=12, irradiance_mw_cm2=irradiance_mw_cm2)


def fused_sample(fused, throughput=None):
    """Return a sample of which a part is in wires of ten nanocrystals."""
    sample = Sample(load_sample("as-synthesised"), throughput)
    state = sample.to_dict()
    populations = Populations(dispersed=1.0 - fused, fused=fused, wires=fused / 10)
    sample.restore({**state, "populations": populations._asdict()})
    return sample


def test_the_default_sample_gives_20_000_counts_in_a_fifth_of_a_second(hdx_grid):
    emission = Sample(load_sample("as-synthesised")).emission_per_s(hdx_grid, (probe(),))
    assert 1.05 * 0.2 * emission.max() == pytest.approx(20_000, rel=0.01)


def test_the_light_of_a_pixel_is_proportional_to_its_width(sample_with):
    coarse, fine = (PixelGrid(np.arange(450, 620, step)) for step in (0.4, 0.1))
    totals = [sample_with().emission_per_s(grid, (probe(),)).sum() for grid in (coarse, fine)]
    assert totals[0] == pytest.approx(totals[1], rel=1e-4)


def test_several_lights_add(sample_with, hdx_grid):
    sample = sample_with()
    lights = (probe(), probe(450.0, 3.0))
    together = sample.emission_per_s(hdx_grid, lights)
    alone = [sample.emission_per_s(hdx_grid, (each,)) for each in lights]
    assert together == pytest.approx(alone[0] + alone[1], rel=1e-9)


def test_in_the_dark_nothing_is_emitted(hdx_grid):
    sample = Sample(load_sample("as-synthesised"))
    assert not sample.emission_per_s(hdx_grid, ()).any()


def test_a_spectrometer_that_does_not_see_green_sees_no_emission(sample_with):
    infrared = PixelGrid(np.linspace(900.0, 1700.0, 512))
    assert not sample_with().emission_per_s(infrared, (probe(),)).any()


def test_a_blank_scatters_but_does_not_glow(hdx_grid):
    sample = Sample(load_sample("blank"))
    emission = sample.emission_per_s(hdx_grid, (probe(450.0),))
    assert hdx_grid.wavelength_nm[emission.argmax()] == pytest.approx(450, abs=1)
    green = np.abs(hdx_grid.wavelength_nm - 515) < 15
    assert emission[green].max() < 1e-6 * emission.max()


def test_wires_scatter_excitation_into_the_spectrometer(hdx_grid):
    blue = np.abs(hdx_grid.wavelength_nm - 450) < 10
    leaks = [
        fused_sample(part).emission_per_s(hdx_grid, (probe(450.0),))[blue].sum()
        for part in (0.0, 0.5, 0.9)
    ]
    assert leaks[0] < leaks[1] < leaks[2]


def test_the_filter_blocks_the_violet_lamp(hdx_grid):
    open_ = Throughput(longpass=Longpass(edge_nm=0.0))
    violet = np.abs(hdx_grid.wavelength_nm - 405) < 10
    bare = fused_sample(0.5, open_).emission_per_s(hdx_grid, (probe(),))[violet].sum()
    blocked = fused_sample(0.5).emission_per_s(hdx_grid, (probe(),))[violet].sum()
    assert blocked < 5e-3 * bare


def test_excitation_appears_again_at_twice_its_wavelength(hdx_grid):
    throughput = Throughput(longpass=Longpass(edge_nm=0.0))
    sample = Sample(load_sample("blank"), throughput)
    emission = sample.emission_per_s(hdx_grid, (probe(365.0),))
    second = np.abs(hdx_grid.wavelength_nm - 730) < 40
    assert hdx_grid.wavelength_nm[second][emission[second].argmax()] == pytest.approx(730, abs=1)
    assert emission[second].sum() == pytest.approx(0.01 * emission.sum(), rel=0.05)


def test_the_second_order_of_blocked_light_is_blocked_too():
    wavelength_nm = np.arange(300.0, 900.0, 0.5)
    width_nm = np.full_like(wavelength_nm, 0.5)
    profile = leak_profile(probe(365.0), wavelength_nm, width_nm, Longpass(), 1.0)
    assert profile.sum() == pytest.approx(2e-4, rel=0.01)


def test_a_line_has_unit_area_and_the_width_it_was_given():
    energy_ev = np.arange(2.0, 2.8, 1e-5)
    line = line_per_ev(energy_ev, 2.4, 0.088, 0.12)
    above = energy_ev[line > line.max() / 2]
    assert np.trapezoid(line, energy_ev) == pytest.approx(1.0, abs=1e-6)
    assert above[-1] - above[0] == pytest.approx(0.088, abs=5e-5)
    assert energy_ev[line.argmax()] == pytest.approx(2.4, abs=1e-4)
    assert (2.4 - above[0]) / (above[-1] - 2.4) == pytest.approx(1.12 / 0.88, rel=0.01)


def test_the_line_changes_with_the_temperature(seen, sample_with):
    looks = []
    for temperature_degc in (25.0, 60.0):
        sample = sample_with(concentration_nm=1.0, temperature_degc=temperature_degc)
        looks.append(seen(sample))
    assert looks[1].peak_nm - looks[0].peak_nm == pytest.approx(-1.1, abs=0.1)
    assert looks[1].fwhm_nm > looks[0].fwhm_nm + 1.0


@pytest.mark.parametrize("wavelengths", [[500.0], [500.0, 499.0], [500.0, 500.0], [[1.0, 2.0]]])
def test_pixels_that_do_not_rise_are_refused(wavelengths):
    with pytest.raises(ValueError, match="rising list"):
        PixelGrid(np.array(wavelengths))
