import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulators
from simulators.sample import SampleConfigurationError, Spot, World
from simulators.sample.spots import spot_in_beam

DEMO = Path(simulators.__file__).parent / "benches" / "demo.toml"
PER_MA = {0: 0.05, 1: 0.0572, 2: 0.0641, 3: 0.0210}
SAMPLE_MM, METER_MM = 12.5, 80.0
ACTINIC_MA = 20.0 / PER_MA[1]


def table(**changes):
    return {**tomllib.loads(DEMO.read_text(encoding="utf-8"))["simulation"], **changes}


@pytest.fixture
def world():
    """The world of the demonstration bench at 100 s, with the sample in the beam."""
    world = World.from_config(table())
    world.set_stage(100.0, SAMPLE_MM)
    return world


def expose(world, start_s, pixels_nm, integration_time_s=0.2):
    handle = world.open_exposure(start_s, pixels_nm)
    return world.close_exposure(start_s + integration_time_s, handle)


def test_the_demonstration_bench_describes_a_world(world):
    truth = world.truth(100.0)
    assert truth["sample"] == "as-synthesised"
    assert truth["in_beam"] == "sample"
    assert truth["peak_raw_nm"] == pytest.approx(515.7, abs=0.1)
    assert truth["dose_j_cm2"] == 0.0
    assert not truth["is_lit"]


def test_an_exposure_in_the_light_sees_the_sample(world, hdx_grid, look_at):
    world.set_light(100.0, 1, 1.0 / PER_MA[1])
    photons = expose(world, 110.0, hdx_grid.wavelength_nm)
    assert 1.05 * photons.max() == pytest.approx(20_000, rel=0.01)
    assert look_at(hdx_grid.wavelength_nm, photons).peak_nm == pytest.approx(515.72, abs=0.1)


def test_the_actinic_light_saturates_the_same_exposure(world, hdx_grid):
    world.set_light(100.0, 1, ACTINIC_MA)
    photons = expose(world, 100.0, hdx_grid.wavelength_nm)
    counts = world.detector.counts(photons, 0.2, world.exposure_rng(1))
    assert counts.max() == 65535


def test_an_exposure_in_the_dark_sees_nothing(world, hdx_grid):
    assert not expose(world, 100.0, hdx_grid.wavelength_nm).any()


def test_light_that_goes_off_during_an_exposure_counts_for_its_part(world, hdx_grid):
    world.set_light(100.0, 1, 10.0)
    full = expose(world, 100.0, hdx_grid.wavelength_nm, 1.0)
    handle = world.open_exposure(102.0, hdx_grid.wavelength_nm)
    world.set_light(102.25, 1, 0.0)
    world.set_light(102.5, 1, 20.0)
    world.set_light(102.75, 1, 0.0)
    part = world.close_exposure(103.0, handle)
    assert part == pytest.approx(0.75 * full, rel=1e-3)


def test_two_exposures_may_overlap(world, hdx_grid):
    world.set_light(100.0, 1, 10.0)
    first = world.open_exposure(100.0, hdx_grid.wavelength_nm)
    second = world.open_exposure(100.5, np.linspace(400.0, 700.0, 300))
    long = world.close_exposure(101.0, first)
    short = world.close_exposure(101.0, second)
    assert short.sum() == pytest.approx(0.5 * long.sum(), rel=0.01)


def test_a_closed_exposure_is_gone(world, hdx_grid):
    handle = world.open_exposure(100.0, hdx_grid.wavelength_nm)
    world.close_exposure(101.0, handle)
    with pytest.raises(ValueError, match="no exposure"):
        world.close_exposure(101.0, handle)


@pytest.mark.parametrize("place_mm", [None, METER_MM, 0.0, 15.0])
def test_elsewhere_the_sample_is_neither_lit_nor_seen(world, hdx_grid, place_mm):
    world.set_stage(100.0, place_mm)
    world.set_light(100.0, 1, ACTINIC_MA)
    assert not expose(world, 100.0, hdx_grid.wavelength_nm).any()
    truth = world.truth(200.0)
    assert truth["dose_j_cm2"] == 0.0
    assert truth["m1"] == 1.0
    assert truth["is_lit"]
    assert truth["light_on_s"] == pytest.approx(100.0)


def test_the_dose_is_what_fell_on_the_sample(world):
    world.set_light(100.0, 1, ACTINIC_MA)
    world.set_stage(200.0, None)
    world.set_stage(250.0, SAMPLE_MM + 1.0)
    world.set_light(300.0, 2, 10.0)
    world.set_light(400.0, 1, 0.0)
    world.set_light(500.0, 2, 0.0)
    truth = world.truth(1000.0)
    by_wavelength = truth["dose_by_wavelength_j_cm2"]
    assert by_wavelength["405"] == pytest.approx(20e-3 * 250)
    assert by_wavelength["450"] == pytest.approx(0.641e-3 * 200)
    assert truth["dose_j_cm2"] == pytest.approx(sum(by_wavelength.values()))
    assert truth["lit_s"] == pytest.approx(350.0)


def test_the_meter_reads_the_light_only_where_it_stands(world):
    world.set_light(100.0, 1, ACTINIC_MA)
    world.set_light(100.0, 2, 10.0)
    assert world.meter_power_w(101.0, 0.709) == 1e-9
    world.set_stage(102.0, METER_MM - 4.0)
    assert world.meter_power_w(103.0, 0.709) == pytest.approx(20.641e-3 * 0.709, rel=1e-6)
    world.set_light(104.0, 1, 0.0)
    world.set_light(104.0, 2, 0.0)
    assert world.meter_power_w(105.0, 0.709) == pytest.approx(1e-9)


def test_the_pump_adds_its_liquid_while_it_flows(world):
    world.set_flow(100.0, 200.0)
    world.set_flow(160.0, 0.0)
    truth = world.truth(500.0)
    assert truth["volume_ul"] == pytest.approx(3200)
    assert truth["concentration_nm"] == pytest.approx(20 * 3000 / 3200)
    assert truth["ligand_mm"] == pytest.approx((3000 + 200 * 10) / 3200)


def test_withdrawing_lowers_only_the_volume(world):
    world.set_flow(100.0, -600.0)
    truth = world.truth(160.0)
    assert truth["volume_ul"] == pytest.approx(2400)
    assert truth["concentration_nm"] == 20.0
    assert truth["rate_ul_min"] == -600.0


def test_a_channel_without_an_led_gives_no_light(world):
    world.set_light(100.0, 7, 500.0)
    assert not world.truth(101.0)["is_lit"]


@pytest.mark.parametrize("current_ma", [-1.0, float("nan"), float("inf")])
def test_an_impossible_current_is_refused(world, current_ma):
    with pytest.raises(ValueError, match="no current of an LED"):
        world.set_light(100.0, 1, current_ma)


def test_an_impossible_flow_is_refused(world):
    with pytest.raises(ValueError, match="no flow"):
        world.set_flow(100.0, float("nan"))


def test_time_does_not_run_backwards(world):
    world.advance(200.0)
    with pytest.raises(ValueError, match="cannot go back to 199"):
        world.advance(199.0)


def test_looking_at_the_truth_does_not_alter_the_run(hdx_grid):
    spectra = []
    for looks in (0, 200):
        world = World.from_config(table())
        world.set_stage(0.0, SAMPLE_MM)
        world.set_light(0.0, 1, ACTINIC_MA)
        for n in range(looks):
            world.truth(float(n))
            world.advance(n + 0.5)
        spectra.append(expose(world, 1000.0, hdx_grid.wavelength_nm))
    assert np.array_equal(*spectra)


def test_the_truth_is_plain_data(world):
    world.set_light(100.0, 1, ACTINIC_MA)
    truth = world.truth(4000.0)
    assert json.loads(json.dumps(truth)) == truth
    blank = World.from_config(table(sample="blank")).truth(0.0)
    assert json.loads(json.dumps(blank))["peak_dilute_nm"] is None


def test_the_seed_rules_the_noise():
    one, same, other = (World.from_config(table(), seed=seed) for seed in (1, 1, 2))
    photons = np.full(2068, 500.0)
    counts = [w.detector.counts(photons, 0.2, w.exposure_rng(5)) for w in (one, same, other)]
    assert np.array_equal(counts[0], counts[1])
    assert not np.array_equal(counts[0], counts[2])


def test_further_vials_on_the_stage_have_a_life_of_their_own(hdx_grid):
    spots = [*table()["spot"], {"x_mm": 30.0, "radius_mm": 2.0, "holds": "ligand-poor"}]
    world = World.from_config(table(spot=spots))
    world.set_light(0.0, 1, ACTINIC_MA)
    world.set_stage(0.0, 30.0)
    assert expose(world, 3600.0, hdx_grid.wavelength_nm).max() > 0
    truth = world.truth(3600.2)
    (name, vial), *_ = truth["vials"].items()
    assert name == "ligand-poor at 30, 0 mm"
    assert vial["dose_j_cm2"] == pytest.approx(72.004)
    assert vial["m3"] > 0.4
    assert truth["dose_j_cm2"] == 0.0
    assert truth["m3"] == 0.0


def test_without_spots_the_sample_is_always_in_the_beam():
    values = table()
    del values["spot"]
    world = World.from_config(values)
    world.set_light(0.0, 1, ACTINIC_MA)
    assert world.truth(100.0)["dose_j_cm2"] == pytest.approx(2.0)


def test_the_nearest_spot_within_reach_is_in_the_beam():
    spots = tuple(Spot(x_mm=x, y_mm=0.0, radius_mm=3.0, holds="sample") for x in (0.0, 4.0))
    found = [spot_in_beam(spots, x, y) for x, y in ((1.9, 0), (2.1, 0), (0, 2.9), (0, 3.1), (8, 0))]
    assert found == [0, 1, 0, None, None]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": 1}, "simulation: unknown key 'colour'"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": "one"}, "seed = 'one', but a whole number"),
        ({"sample": "gold"}, "no sample 'gold'"),
        ({"sample": 3}, "sample = 3, but a text"),
        ({"replay": {"file": "none.csv"}}, "either sample or replay"),
        ({"pump": {"delivers_to": "waste"}}, "simulation.pump: no sample 'waste' on the stage"),
        ({"light": {"channel": 3}}, "channel = 3, but tables"),
        ({"light": {"channel": [{"number": 1}]}}, "light.channel[0]: the key 'wavelength_nm'"),
        ({"light": {"channel": 2 * table()["light"]["channel"]}}, "channel 0 is described twice"),
        ({"spot": [{"x_mm": 1, "radius_mm": 0, "holds": "meter"}]}, "radius_mm = 0"),
        ({"spot": [{"x_mm": 1, "radius_mm": 1, "holds": "cat"}]}, "no sample 'cat'"),
        ({"detector": {"gain": 2}}, "simulation.detector: unknown key 'gain'"),
        ({"detector": {"nonlinearity": "yes"}}, "nonlinearity = 'yes', but a list of numbers"),
        ({"optics": {"longpass_nm": -1}}, "longpass_nm = -1"),
    ],
)
def test_a_wrong_table_is_refused_in_words(changes, message):
    with pytest.raises(SampleConfigurationError) as caught:
        World.from_config(table(**changes))
    assert message in str(caught.value)


def test_a_bench_may_have_its_own_optics_and_detector(hdx_grid):
    world = World.from_config(
        table(optics={"collection": 1e-8}, detector={"offset_counts": 100, "nonlinearity": [1.0]})
    )
    assert world.detector.offset_counts == 100
    world.set_stage(0.0, SAMPLE_MM)
    world.set_light(0.0, 1, 1.0 / PER_MA[1])
    photons = expose(world, 0.0, hdx_grid.wavelength_nm)
    assert 1.05 * photons.max() == pytest.approx(20_000 / 0.6174, rel=0.01)


lights = st.tuples(st.just("light"), st.sampled_from([0, 1, 2, 3]), st.floats(0.0, 1000.0))
flows = st.tuples(st.just("flow"), st.floats(-1000.0, 1000.0))
stages = st.tuples(st.just("stage"), st.sampled_from([None, SAMPLE_MM, METER_MM, 0.0]))
events = st.lists(
    st.tuples(st.floats(0.0, 600.0), st.one_of(lights, flows, stages)), min_size=1, max_size=12
)


@settings(max_examples=40, deadline=None)
@given(events=events)
def test_nothing_is_made_or_lost_in_any_schedule(events):
    world = World.from_config(table())
    now_s, currents, in_beam, dose_j_cm2 = 0.0, dict.fromkeys(PER_MA, 0.0), False, 0.0
    for wait_s, event in [*events, (100.0, ("stage", None))]:
        now_s += wait_s
        if in_beam:
            dose_j_cm2 += sum(PER_MA[n] * ma for n, ma in currents.items()) * 1e-3 * wait_s
        if event[0] == "light":
            world.set_light(now_s, event[1], event[2])
            currents[event[1]] = event[2]
        elif event[0] == "flow":
            world.set_flow(now_s, event[1])
        else:
            world.set_stage(now_s, event[1])
            in_beam = event[1] == SAMPLE_MM
        truth = world.truth(now_s)
        fractions = [truth[key] for key in ("m1", "ma", "m3", "m4")]
        assert sum(fractions) == pytest.approx(1.0, abs=1e-9)
        assert min(*fractions, truth["n3"], truth["ligand_mm"]) >= 0.0
        gone_ul = truth["withdrawn_ul"] + truth["spilled_ul"]
        assert truth["volume_ul"] == pytest.approx(3000 + truth["infused_ul"] - gone_ul, abs=1e-6)
    assert truth["dose_j_cm2"] == pytest.approx(dose_j_cm2, rel=1e-9, abs=1e-12)
