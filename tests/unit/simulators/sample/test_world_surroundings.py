from itertools import pairwise

import pytest

from simulators.sample import Flow, Inputs, SampleConfigurationError, World

LEDS = [{"number": 1, "wavelength_nm": 405, "fwhm_nm": 12, "irradiance_mw_cm2_per_ma": 0.05}]
SPOTS = [
    {"x_mm": 0.0, "radius_mm": 1.0, "holds": "sample"},
    {"x_mm": 50.0, "radius_mm": 1.0, "holds": "meter"},
]


def make_world(sample, **changes):
    table = {"sample": sample, "light": {"channel": LEDS}, "spot": SPOTS, **changes}
    world = World.from_config(table)
    world.advance(0.0)
    return world


def test_the_balance_reads_the_liquid_in_the_vial_and_what_flows_in():
    world = make_world("as-synthesised")
    assert world.mass_g(0.0) == pytest.approx(3.0 * 0.8623)
    world.set_flow(0.0, 100.0)
    assert world.mass_g(60.0) == pytest.approx(3.1 * 0.8623)


def test_the_balance_sees_a_drop_dry_and_weighing_changes_nothing():
    watched, alone = make_world("drop-5um-toluene"), make_world("drop-5um-toluene")
    masses_g = [watched.mass_g(time_s) for time_s in range(0, 4000, 100)]
    assert all(later <= earlier for earlier, later in pairwise(masses_g))
    assert masses_g[0] == pytest.approx(0.0431 + 0.0013, rel=0.01)
    assert masses_g[-1] == pytest.approx(0.0013, rel=0.01)
    assert watched.truth(4000.0) == alone.truth(4000.0)


def test_a_file_played_back_weighs_nothing(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text("wavelength_nm,0 s,10 s\n500,1,2\n510,3,4\n520,1,1\n", encoding="utf-8")
    world = World.from_config({"replay": {"file": str(path)}})
    assert world.mass_g(10.0) == 0.0


def test_a_warm_plate_dries_the_drop_from_then_on():
    world, cold = make_world("drop-5um-toluene"), make_world("drop-5um-toluene")
    world.set_temperature(500.0, 40.0)
    assert world.truth(500.0)["solvent_ul"] == pytest.approx(cold.truth(500.0)["solvent_ul"])
    lost = world.truth(500.0)["solvent_ul"] - world.truth(600.0)["solvent_ul"]
    slow = cold.truth(500.0)["solvent_ul"] - cold.truth(600.0)["solvent_ul"]
    assert lost / slow == pytest.approx(2.2, rel=0.02)
    assert world.truth(600.0)["temperature_degc"] == 40.0


def test_a_warm_bath_changes_the_colour_of_a_vial():
    world = make_world("as-synthesised")
    world.set_temperature(0.0, 50.0)
    warm = world.truth(1.0)
    assert warm["temperature_degc"] == 50.0
    assert warm["peak_dilute_nm"] < 514.5


@pytest.mark.parametrize("temperature_degc", [float("nan"), float("inf"), -300.0])
def test_no_bath_is_colder_than_possible(temperature_degc):
    with pytest.raises(ValueError, match="no temperature"):
        make_world("as-synthesised").set_temperature(0.0, temperature_degc)


def test_a_closed_shutter_keeps_the_light_from_the_sample():
    world = make_world("as-synthesised")
    world.set_light(0.0, 1, 400.0)
    world.set_shutter(10.0, False)
    assert not world.truth(10.0)["is_lit"]
    world.set_shutter(30.0, True)
    truth = world.truth(40.0)
    assert truth["is_lit"]
    assert truth["shutter_open"]
    assert truth["dose_j_cm2"] == pytest.approx(20 * 0.020)
    assert truth["light_on_s"] == pytest.approx(20.0)


def test_light_switched_on_behind_a_closed_shutter_waits_for_it():
    world = make_world("as-synthesised")
    world.set_shutter(0.0, False)
    world.set_light(0.0, 1, 400.0)
    assert world.truth(10.0)["dose_j_cm2"] == 0.0
    world.set_shutter(10.0, True)
    assert world.truth(20.0)["dose_j_cm2"] == pytest.approx(0.2)


def test_a_filter_weakens_the_light_at_the_sample_and_at_the_meter():
    world = make_world("as-synthesised", filter_wheel={"transmission": [1.0, 0.5, 0.1]})
    world.set_light(0.0, 1, 400.0)
    assert world.truth(0.0)["irradiance_mw_cm2"] == pytest.approx(20.0)
    world.set_filter(10.0, 3)
    assert world.truth(10.0)["irradiance_mw_cm2"] == pytest.approx(2.0)
    assert world.truth(20.0)["dose_j_cm2"] == pytest.approx(0.22)
    world.set_stage(20.0, 50.0)
    assert world.meter_power_w(20.0, 1.0) == pytest.approx(2e-3, rel=1e-3)


@pytest.mark.parametrize("position", [0, 2, 12])
def test_a_position_without_a_filter_lets_all_light_through(position):
    world = make_world("as-synthesised", filter_wheel={"transmission": [0.5]})
    world.set_light(0.0, 1, 400.0)
    assert world.truth(0.0)["irradiance_mw_cm2"] == pytest.approx(10.0)
    world.set_filter(0.0, position)
    assert world.truth(0.0)["irradiance_mw_cm2"] == pytest.approx(20.0)


@pytest.mark.parametrize("transmission", [[1.5], [-0.1], "all"])
def test_a_filter_that_is_none_is_refused(transmission):
    with pytest.raises(SampleConfigurationError, match="transmission"):
        make_world("as-synthesised", filter_wheel={"transmission": transmission})


def test_a_spectrometer_sees_the_drop_turn_to_535_nm(hdx_grid, look_at):
    world = make_world("drop-5um-toluene")
    peaks_nm, peak_counts = [], []
    for number, start_s in enumerate((0.0, 7200.0)):
        world.set_light(start_s, 1, 20.0)
        handle = world.open_exposure(start_s, hdx_grid.wavelength_nm)
        photons = world.close_exposure(start_s + 0.2, handle)
        world.set_light(start_s + 0.2, 1, 0.0)
        counts = world.detector.counts(photons, 0.2, world.exposure_rng(number))
        peaks_nm.append(look_at(hdx_grid.wavelength_nm, photons).peak_nm)
        peak_counts.append(int(counts.max()))
    assert peaks_nm == pytest.approx([515.7, 535.3], abs=0.15)
    assert 5_000 < peak_counts[1] < peak_counts[0] < 60_000


def test_dripping_on_a_hot_dry_film_takes_no_long_computing(film_with):
    film = film_with(concentration_nm=1.0, solvent="octane")
    film.step(3600.0, Inputs(temperature_degc=80.0, flow=Flow(infuse_ul_min=2.0)))
    support = film.preparation.support
    assert film.state.solvent_ul < support.skin_ul
    assert film.state.evaporated_ul == pytest.approx(170.0, abs=0.1)
