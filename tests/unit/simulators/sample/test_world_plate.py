"""Several samples on one plate, several pumps, lamps and gases around them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from simulators.sample import Counter, SampleConfigurationError, World

LEDS = [
    {"number": 1, "wavelength_nm": 405, "fwhm_nm": 12, "irradiance_mw_cm2_per_ma": 0.05},
    {
        "number": 3,
        "spectrum": "white",
        "geometry": "transmission",
        "irradiance_mw_cm2_per_ma": 0.0005,
    },
]
PLATE = {
    "rows": 2,
    "columns": 3,
    "x_mm": 10.0,
    "y_mm": 5.0,
    "pitch_mm": 20.0,
    "holds": "as-synthesised",
    "wells": {"A1": "sample", "B1": "blank", "B2": "concentrated", "B3": "drop-5um-toluene"},
}
SPOTS = [
    {"x_mm": 100.0, "radius_mm": 2.0, "holds": "empty"},
    {"x_mm": 120.0, "radius_mm": 2.0, "holds": "hg-ar"},
    {"x_mm": 140.0, "radius_mm": 2.0, "holds": "standard-dye", "name": "standard"},
]
PLACES = {"A1": (10, 5), "A2": (30, 5), "A3": (50, 5), "B1": (10, 25), "B2": (30, 25)}
PLACES |= {"B3": (50, 25), "empty": (100, 0), "hg-ar": (120, 0), "standard": (140, 0)}
PUMPS = {
    "ligand": {"delivers_to": "beam", "ligand_mm": 10.0},
    "antisolvent": {"delivers_to": "beam", "antisolvent": 1.0},
    "stock": {"delivers_to": "beam", "concentration_nm": 200.0, "ligand_mm": 1.0},
    "waste": {"delivers_to": "beam"},
    "fixed": {"delivers_to": "A3", "water": 1.0},
}


def make_world(**changes):
    table = {"light": {"channel": LEDS}, "plate": PLATE, "spot": SPOTS, "pump": PUMPS}
    world = World.from_config({**table, **changes})
    world.advance(0.0)
    world.set_stage(0.0, 10.0, 5.0)
    return world


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def axis_nm(hdx_grid):
    return np.array(hdx_grid.wavelength_nm)


def expose(world, now_s, axis_nm, seconds=0.2):
    handle = world.open_exposure(now_s, axis_nm)
    return world.close_exposure(now_s + seconds, handle)


def absorbance(world, now_s, place, axis_nm):
    """Measure as a plan would: the lamp through the hole, then through the vial."""
    world.set_light(now_s, 3, 100.0)
    world.set_stage(now_s, *PLACES["empty"])
    lamp = expose(world, now_s, axis_nm)
    world.set_stage(now_s + 1, *PLACES[place])
    through = expose(world, now_s + 1, axis_nm)
    world.set_light(now_s + 2, 3, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = -np.log10(through / lamp)
    return lambda nm: float(np.interp(nm, axis_nm, found))


def vial(world, now_s, name):
    truth = world.truth(now_s)
    return truth if name == "A1" else truth["vials"][name]


def test_each_well_has_its_own_dose_and_its_own_wires(world):
    world.set_light(0.0, 1, 400.0)
    world.set_stage(3600.0, *PLACES["A2"])
    world.set_stage(3600.0 + 1200.0, None)
    doses = [vial(world, 5000.0, name)["dose_j_cm2"] for name in ("A1", "A2", "A3")]
    assert doses == pytest.approx([72.0, 24.0, 0.0])
    wires = [vial(world, 5000.0, name)["m3"] for name in ("A1", "A2", "A3")]
    assert wires[0] > wires[1] > wires[2] == 0.0


def test_a_well_remembers_nothing_of_the_light_on_its_neighbour(world, axis_nm):
    fresh = make_world()
    world.set_light(0.0, 1, 400.0)
    world.set_stage(7200.0, *PLACES["A2"])
    seen = expose(world, 7200.0, axis_nm)
    fresh.set_stage(7200.0, *PLACES["A2"])
    fresh.set_light(7200.0, 1, 400.0)
    assert seen == pytest.approx(expose(fresh, 7200.0, axis_nm), rel=1e-9)
    world.set_light(7200.2, 1, 0.0)
    fresh.set_light(7200.2, 1, 0.0)
    before, after = vial(world, 7300.0, "A2"), vial(fresh, 7300.0, "A2")
    assert before.pop("dose_by_wavelength_j_cm2") == after.pop("dose_by_wavelength_j_cm2")
    assert before == after


def test_nothing_is_seen_while_the_stage_moves(world, axis_nm):
    world.set_light(0.0, 1, 20.0)
    world.set_light(0.0, 3, 100.0)
    world.set_stage(0.0, None)
    assert not expose(world, 0.0, axis_nm).any()


def test_a_pump_in_the_beam_delivers_to_the_vial_that_stands_there(world):
    world.set_stage(0.0, *PLACES["A2"])
    world.set_flow(0.0, 600.0, "ligand")
    world.set_stage(10.0, None)
    world.set_stage(12.0, *PLACES["A3"])
    world.set_flow(22.0, 0.0, "ligand")
    truth = world.truth(22.0)
    volumes = [truth["vials"][name]["volume_ul"] for name in ("A2", "A3")]
    assert volumes == pytest.approx([3100.0, 3100.0])
    assert truth["vials"]["A2"]["ligand_mm"] == pytest.approx((3000 + 1000) / 3100)
    assert truth["volume_ul"] == 3000
    assert truth["lost_ul"] == pytest.approx(20.0)


def test_a_pump_of_a_named_vial_delivers_wherever_the_stage_is(world):
    world.set_flow(0.0, 600.0, "fixed")
    truth = world.truth(10.0)
    assert truth["vials"]["A3"]["water"] == pytest.approx(100 / 3100)
    assert truth["lost_ul"] == 0.0


def test_two_pumps_rinse_a_vial(world):
    world.set_stage(0.0, *PLACES["B1"])
    world.set_flow(0.0, 600.0, "stock")
    world.set_flow(0.0, -600.0, "waste")
    truth = vial(world, 600.0, "B1")
    assert truth["volume_ul"] == pytest.approx(3000)
    assert truth["concentration_nm"] == pytest.approx(200 * (1 - np.exp(-2)))
    assert truth["withdrawn_ul"] == pytest.approx(6000)
    moved_fmol = truth["infused_fmol"] - truth["withdrawn_fmol"]
    assert truth["crystals_fmol"] == pytest.approx(moved_fmol)
    assert truth["m1"] == 1.0


def test_fresh_crystals_mix_with_those_that_light_has_changed(world):
    world.set_light(0.0, 1, 400.0)
    world.set_light(3600.0, 1, 0.0)
    before = vial(world, 3600.0, "A1")
    world.set_flow(3600.0, -6000.0, "waste")
    world.set_flow(3615.0, 0.0, "waste")
    world.set_flow(3615.0, 6000.0, "stock")
    world.set_flow(3617.0, 0.0, "stock")
    after = vial(world, 3617.0, "A1")
    old_fmol, new_fmol = 1500 * 20, 200 * 200
    expected = before["m3"] * old_fmol / (old_fmol + new_fmol)
    assert after["m3"] == pytest.approx(expected, rel=0.01)
    assert sum(after[key] for key in ("m1", "ma", "m3", "m4")) == pytest.approx(1.0, abs=1e-9)


def test_a_dilution_series_reads_a_straight_line_of_absorbance(world, axis_nm):
    read, true = [], []
    for step in range(4):
        now_s = 100.0 * step
        read.append(absorbance(world, now_s, "A2", axis_nm)(405.0))
        true.append(vial(world, now_s + 3, "A2")["absorbance_405"])
        world.set_flow(now_s + 10, -6000.0, "waste")
        world.set_flow(now_s + 20, 6000.0, "ligand")
        world.set_flow(now_s + 20, 0.0, "waste")
        world.set_flow(now_s + 30, 0.0, "ligand")
    assert read == pytest.approx(true, rel=2e-3)
    assert read == pytest.approx([0.829 * (2 / 3) ** step for step in range(4)], rel=5e-3)


def test_the_lamp_in_line_shows_absorption_and_turbidity(world, axis_nm):
    clear = absorbance(world, 0.0, "A2", axis_nm)
    assert clear(700.0) == pytest.approx(0.0, abs=1e-6)
    assert clear(405.0) > clear(450.0) > clear(505.0) > clear(530.0)
    world.set_flow(10.0, 6000.0, "antisolvent")
    world.set_flow(15.0, 0.0, "antisolvent")
    mixed = vial(world, 15.0, "A2")
    assert mixed["antisolvent"] == pytest.approx(500 / 3500)
    assert absorbance(world, 200.0, "A2", axis_nm)(700.0) < 0.01
    world.set_flow(300.0, -6000.0, "waste")
    world.set_flow(310.0, 0.0, "waste")
    world.set_flow(310.0, 6000.0, "antisolvent")
    world.set_flow(320.0, 0.0, "antisolvent")
    turbid = absorbance(world, 500.0, "A2", axis_nm)
    assert vial(world, 600.0, "A2")["antisolvent"] > 0.3
    assert turbid(700.0) > 0.2


def test_the_blank_is_clear_and_the_meter_of_light_is_the_lamp(world, axis_nm):
    blank = absorbance(world, 0.0, "B1", axis_nm)
    assert [blank(nm) for nm in (405.0, 500.0, 700.0)] == pytest.approx([0.0] * 3, abs=1e-9)


def test_the_white_lamp_doses_the_sample(world):
    world.set_light(0.0, 3, 100.0)
    truth = world.truth(100.0)
    assert truth["irradiance_mw_cm2"] == pytest.approx(0.05)
    assert truth["dose_j_cm2"] == pytest.approx(0.005)
    assert sorted(truth["dose_by_wavelength_j_cm2"]) == ["405", "470", "580"]


def test_the_calibration_lamp_shows_its_lines_in_the_dark(world, axis_nm):
    world.set_stage(0.0, *PLACES["hg-ar"])
    seen = expose(world, 0.0, axis_nm)
    for line_nm in (435.833, 546.075, 696.543, 763.511):
        near = np.abs(axis_nm - line_nm) < 3.0
        centre = np.average(axis_nm[near], weights=seen[near])
        assert centre == pytest.approx(line_nm, abs=0.1)


def test_a_spectrometer_that_drifts_shows_the_lines_elsewhere(axis_nm):
    world = make_world(spectrometer={"offset_nm": 0.2, "drift_nm_per_h": 0.1})
    world.set_stage(0.0, *PLACES["hg-ar"])
    near = np.abs(axis_nm - 546.075) < 3.0

    def centre(now_s):
        return np.average(axis_nm[near], weights=expose(world, now_s, axis_nm)[near])

    # light of 546.07 nm falls on the pixel that is thought to be at less
    assert centre(0.0) == pytest.approx(546.075 - 0.2, abs=0.01)
    assert centre(3 * 3600.0) == pytest.approx(546.075 - 0.5, abs=0.01)
    assert world.truth(3 * 3600.0 + 1)["wavelength_shift_nm"] == pytest.approx(0.5, abs=0.002)


def test_the_dye_is_as_bright_as_its_quantum_yield_says(world, axis_nm):
    def brightness(place, now_s):
        world.set_stage(now_s, *PLACES[place])
        world.set_light(now_s, 1, 2.0)
        light = expose(world, now_s, axis_nm)
        world.set_light(now_s + 1, 1, 0.0)
        band = (axis_nm > 450) & (axis_nm < 680)
        absorbed = 1 - 10 ** -absorbance(world, now_s + 2, place, axis_nm)(405.0)
        return light[band].sum() / absorbed

    world.set_stage(0.0, *PLACES["A2"])
    world.set_flow(0.0, -6000.0, "waste")
    world.set_flow(28.0, 0.0, "waste")  # little reabsorption after this dilution
    world.set_flow(28.0, 6000.0, "ligand")
    world.set_flow(58.0, 0.0, "ligand")
    ratio = brightness("A2", 100.0) / brightness("standard", 200.0)
    refraction = (1.361 / 1.497) ** 2  # of ethanol and toluene
    assert ratio == pytest.approx(0.70 / 0.53 * refraction, rel=0.03)


def test_the_dye_bleaches_and_is_renewed(world):
    world.set_stage(0.0, *PLACES["standard"])
    world.set_light(0.0, 1, 4000.0)
    world.set_light(36_000.0, 1, 0.0)
    bleached = world.truth(36_000.0)["vials"]["standard"]["alive"]
    assert 0.0 < bleached < 0.99
    world.set_flow(36_000.0, 600.0, "stock")
    assert world.truth(36_030.0)["vials"]["standard"]["alive"] > bleached


def test_heat_reaches_the_samples_that_stand_on_the_plate():
    world = make_world(thermostat={"heats": ["A2"], "oven": {"heats": ["all"]}})
    world.set_temperature(0.0, 50.0, "hotplate")
    assert vial(world, 1.0, "A2")["temperature_degc"] == 50.0
    assert vial(world, 1.0, "A1")["temperature_degc"] == 25.0
    world.set_temperature(1.0, 40.0, "oven")
    assert vial(world, 2.0, "A1")["temperature_degc"] == 40.0


def test_inert_gas_keeps_the_sample_from_degrading():
    gases = {"nitrogen": {"carries": "inert"}, "air": {"carries": "air"}}
    lost = {}
    for flows in ((0.0, 0.0), (100.0, 0.0), (50.0, 50.0), (0.0, 100.0)):
        world = make_world(gas=gases)
        world.set_light(0.0, 1, 400.0)
        world.set_gas(0.0, flows[0], "nitrogen")
        world.set_gas(0.0, flows[1], "air")
        lost[flows] = world.truth(7200.0)["m4"]
    assert lost[100.0, 0.0] < 0.2 * lost[0.0, 0.0]
    assert lost[100.0, 0.0] < lost[50.0, 50.0] < lost[0.0, 100.0]
    assert lost[0.0, 100.0] == pytest.approx(lost[0.0, 0.0])


def test_saturated_vapour_stops_the_drying():
    world = make_world(gas={"carries": "vapour"})
    world.set_gas(0.0, 100.0)
    world.set_gas(600.0, 0.0)
    truth = world.truth(600.0)["vials"]["B3"]
    assert truth["solvent_ul"] == pytest.approx(vial(make_world(), 0.0, "B3")["solvent_ul"])
    assert world.truth(1200.0)["vials"]["B3"]["solvent_ul"] < truth["solvent_ul"] - 10


def test_a_balance_weighs_the_vial_that_its_table_names():
    world = make_world(balance={"weighs": "A3"})
    world.set_flow(0.0, 600.0, "fixed")
    assert world.mass_g(10.0) == pytest.approx(3.0 * 0.8623 + 0.1 * 0.997)


def test_shutters_and_wheels_in_a_row_all_count():
    filters = {"transmission": [1.0, 0.5], "second": {"transmission": [1.0, 0.1]}}
    world = make_world(filter_wheel=filters)
    world.set_light(0.0, 1, 400.0)
    world.set_filter(0.0, 2, "first")
    world.set_filter(0.0, 2, "second")
    assert world.truth(0.0)["irradiance_mw_cm2"] == pytest.approx(1.0)
    world.set_shutter(0.0, False, "one")
    world.set_shutter(0.0, True, "two")
    assert not world.truth(0.0)["is_lit"]


def test_a_cold_lamp_gives_more_and_an_old_one_less():
    light = {"channel": LEDS, "cold_excess": 0.05, "warm_up_s": 300.0, "loss_per_kh": 100.0}
    world = make_world(light=light)
    world.set_light(0.0, 1, 400.0)
    assert world.truth(0.0)["irradiance_mw_cm2"] == pytest.approx(21.0)
    warm = world.truth(3600.0)["irradiance_mw_cm2"]
    assert warm == pytest.approx(20.0 * np.exp(-0.1), rel=1e-3)
    expected = 72.0 * (1 - np.exp(-0.1)) / 0.1 + 20e-3 * 0.05 * 300
    assert world.truth(3600.0)["dose_j_cm2"] == pytest.approx(expected, rel=2e-3)


def test_looking_does_not_change_what_an_ageing_lamp_does(axis_nm):
    light = {"channel": LEDS, "cold_excess": 0.05, "loss_per_kh": 10.0}
    watched, alone = make_world(light=light), make_world(light=light)
    for world in (watched, alone):
        world.set_light(0.3, 1, 400.0)
    for number in range(100):
        watched.truth(7.7 * number + 0.5)
        expose(watched, 7.7 * number + 1.0, axis_nm, 0.1)
    seen, unseen = watched.truth(1000.0), alone.truth(1000.0)
    assert seen["dose_j_cm2"] == pytest.approx(unseen["dose_j_cm2"], rel=1e-9)
    assert seen["m3"] == pytest.approx(unseen["m3"], rel=1e-5)


def test_the_light_flickers_from_exposure_to_exposure(axis_nm):
    world = make_world(light={"channel": LEDS, "flicker": 0.01})
    world.set_light(0.0, 1, 2.0)
    sums = [expose(world, float(n), axis_nm).sum() for n in range(100)]
    assert np.std(sums) / np.mean(sums) == pytest.approx(0.01, rel=0.3)


COUNTER = Counter(bin_s=0.1e-9, bins=1000, repetition_hz=1e6, photons_per_s=2e4)


def test_a_photon_counter_sees_the_lifetime_of_what_is_in_the_beam(world):
    counts = world.decay(1.0, 100.0, COUNTER)
    time_s = (np.arange(1000) + 0.5) * 0.1e-9
    late = time_s > 5e-9
    weights = counts[late] - 50 * 1e-10 * 1e8 / 1e6
    mean_s = np.average(time_s[late] - 5e-9, weights=np.maximum(weights, 0))
    assert mean_s == pytest.approx(4.5e-9, rel=0.02)
    assert counts.sum() == pytest.approx(2e6, rel=0.03)


def test_a_photon_counter_counts_only_darkness_where_nothing_glows(world):
    world.set_stage(0.0, *PLACES["B1"])
    assert world.decay(1.0, 100.0, COUNTER).sum() == pytest.approx(50 * 100 * 0.1, rel=0.2)
    world.set_stage(2.0, None)
    assert world.decay(3.0, 1.0, COUNTER).sum() < 20
    for place in ("hg-ar", "empty"):
        world.set_stage(4.0, *PLACES[place])
        assert world.decay(4.0, 1.0, COUNTER).sum() < 20


def test_dyes_and_films_decay_too(world):
    world.set_stage(0.0, *PLACES["standard"])
    assert world.decay(1.0, 10.0, COUNTER).sum() > 1e5
    world.set_stage(1.0, *PLACES["B3"])
    assert world.decay(1.0, 10.0, COUNTER).sum() > 1e5


def test_a_decay_is_the_same_in_every_run_of_one_seed():
    one, other = make_world(), make_world()
    assert np.array_equal(one.decay(1.0, 1.0, COUNTER), other.decay(1.0, 1.0, COUNTER))
    assert not np.array_equal(one.decay(2.0, 1.0, COUNTER), other.decay(2.0, 2.0, COUNTER))


def test_an_instrument_acts_under_its_own_name(world, axis_nm):
    world.seen_by("ligand").set_flow(0.0, 600.0)
    world.seen_by("waste").set_flow(0.0, -60.0)
    lamp = world.seen_by("light")
    lamp.set_light(0.0, 1, 400.0)
    world.seen_by("gate").set_shutter(0.0, True)
    world.seen_by("wheel").set_filter(0.0, 1)
    world.seen_by("hotplate").set_temperature(0.0, 30.0)
    world.seen_by("flow").set_gas(0.0, 10.0)
    lamp.advance(10.0)
    truth = lamp.truth(10.0)
    assert truth["infused_ul"] == pytest.approx(100.0)
    assert truth["withdrawn_ul"] == pytest.approx(10.0)
    assert truth["temperature_degc"] == 30.0
    view = world.seen_by("spectrometer")
    handle = view.open_exposure(10.0, axis_nm)
    assert view.close_exposure(10.2, handle).max() > 0
    assert view.exposure_rng(1).random() == world.exposure_rng(1).random()
    assert view.detector is world.detector
    assert view.mass_g(11.0) > 2.0
    assert view.decay(11.0, 1.0, COUNTER).sum() > 1e4
    view.set_stage(12.0, None)
    assert view.meter_power_w(12.0, 1.0) < 1e-6


def test_two_lamps_with_the_same_channel_numbers_are_two_lamps():
    own = [{**LEDS[0], "device": "uv"}, {**LEDS[0], "device": "blue", "wavelength_nm": 450}]
    world = make_world(light={"channel": own})
    world.set_light(0.0, 1, 400.0, "blue")
    assert world.truth(1.0)["dose_by_wavelength_j_cm2"] == pytest.approx({"450": 0.02})


def test_the_truth_of_a_plate_is_plain_data(world):
    world.set_light(0.0, 1, 400.0)
    truth = world.truth(10.0)
    assert json.loads(json.dumps(truth)) == truth
    assert set(truth["vials"]) >= {"A2", "A3", "B1", "B2", "B3", "standard"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"plate": {**PLATE, "wells": {"Z9": "blank"}}}, "unknown key 'Z9'"),
        ({"plate": {**PLATE, "rows": 0}}, "rows = 0"),
        ({"plate": {"columns": 3}}, "unknown key 'columns'"),
        ({"spot": [SPOTS[2], SPOTS[2]]}, "two spots are called 'standard'"),
        ({"pump": {"delivers_to": "Z9"}}, "no sample 'Z9'"),
        ({"pump": {"water": 0.6, "antisolvent": 0.6}}, "more than the whole"),
        ({"thermostat": {"heats": ["Z9"]}}, "simulation.thermostat: no sample 'Z9'"),
        ({"thermostat": {"heats": "A1"}}, "a list of texts"),
        ({"balance": {"weighs": "Z9"}}, "simulation.balance: no sample 'Z9'"),
        ({"gas": {"carries": "helium"}}, "one of inert, air, vapour"),
        ({"light": {"channel": [{**LEDS[1], "geometry": "upside down"}]}}, "geometry"),
    ],
)
def test_a_wrong_plate_is_refused_in_words(changes, message):
    with pytest.raises(SampleConfigurationError, match=message.replace("(", r"\(")):
        make_world(**changes)


@pytest.mark.parametrize("flow_sccm", [-1.0, float("nan")])
def test_an_impossible_flow_of_gas_is_refused(world, flow_sccm):
    with pytest.raises(ValueError, match="no flow of gas"):
        world.set_gas(0.0, flow_sccm)


def test_an_impossible_photon_counter_is_refused():
    with pytest.raises(ValueError, match="bins is 0"):
        replace(COUNTER, bins=0)
