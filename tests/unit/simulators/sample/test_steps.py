"""What a step must keep, however the time is divided and whatever is done."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.sample import DARK, Beam, Flow, Inputs, Liquid, Sample

FRACTIONS = ("dispersed", "activated", "fused", "degraded")

beams = st.builds(
    Beam,
    wavelength_nm=st.sampled_from([365.0, 405.0, 450.0, 530.0]),
    fwhm_nm=st.just(12.0),
    irradiance_mw_cm2=st.floats(0.01, 200.0),
)
liquids = st.builds(
    Liquid,
    concentration_nm=st.sampled_from([0.0, 50.0]),
    ligand_mm=st.floats(0.0, 20.0),
    antisolvent=st.sampled_from([0.0, 0.4, 0.9]),
    water=st.sampled_from([0.0, 0.1]),
)
flows = st.builds(
    Flow,
    infuse_ul_min=st.sampled_from([0.0, 5.0, 60.0, 200.0]),
    withdraw_ul_min=st.sampled_from([0.0, 60.0, 300.0]),
    liquid=liquids,
)
inputs = st.builds(
    Inputs,
    beams=st.lists(beams, max_size=2).map(tuple),
    flow=flows,
    temperature_degc=st.none() | st.floats(10.0, 60.0),
)
schedules = st.lists(st.tuples(st.floats(0.0, 1200.0), inputs), min_size=1, max_size=5)


def flowing(rate_ul_min, ligand_mm):
    return Flow(infuse_ul_min=rate_ul_min, liquid=Liquid(ligand_mm=ligand_mm))


def observables(sample):
    now, vial = sample.populations, sample.vial
    return (*now, now.crystals_per_wire, vial.volume_ul, *vial.liquid)


@settings(max_examples=40, deadline=None)
@given(schedule=schedules, cuts=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=6))
def test_the_state_does_not_depend_on_how_a_time_is_divided(sample_with, schedule, cuts):
    whole, divided = sample_with(), sample_with()
    for dt_s, acting in schedule:
        whole.step(dt_s, acting)
        edges = [0.0, *sorted(cuts), 1.0]
        for start, end in pairwise(edges):
            divided.step((end - start) * dt_s, acting)
    assert observables(divided) == pytest.approx(observables(whole), rel=1e-5, abs=1e-10)
    assert divided.ledger.dose_j_cm2 == pytest.approx(whole.ledger.dose_j_cm2, rel=1e-12)


def test_very_short_steps_give_the_same_as_one(sample_with, light):
    whole, divided = sample_with(), sample_with()
    whole.step(60.0, light(20.0))
    for _ in range(3000):
        divided.step(0.02, light(20.0))
    assert observables(divided) == pytest.approx(observables(whole), rel=1e-6, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    schedule=schedules,
    concentration_nm=st.sampled_from([0.0, 20.0, 5e3, 5e5]),
    sticking=st.sampled_from([5e-6, 1e-3]),
)
def test_fractions_stay_fractions_in_any_schedule(
    sample_with, schedule, concentration_nm, sticking
):
    sample = sample_with(concentration_nm=concentration_nm, sticking=sticking)
    for dt_s, acting in schedule:
        sample.step(min(dt_s, 120.0), acting)
        now = sample.populations
        assert sum(getattr(now, name) for name in FRACTIONS) == pytest.approx(1.0, abs=1e-9)
        assert min(now) >= 0.0
        assert now.wires <= now.fused / 2 + 1e-12
        assert 0.35 - 1e-12 <= now.trap <= 4.0
        assert 50 - 1e-9 <= sample.vial.volume_ul <= 3500


@settings(max_examples=40, deadline=None)
@given(schedule=schedules)
def test_no_volume_is_made_or_lost(sample_with, schedule):
    sample = sample_with()
    for dt_s, acting in schedule:
        sample.step(dt_s, acting)
    vial = sample.vial
    gone_ul = vial.withdrawn_ul + vial.spilled_ul
    assert vial.volume_ul == pytest.approx(3000 + vial.infused_ul - gone_ul, abs=1e-6)
    gone_fmol = vial.withdrawn_fmol + vial.spilled_fmol
    assert vial.crystals_fmol == pytest.approx(60_000 + vial.infused_fmol - gone_fmol, abs=1e-4)
    assert min(vial.withdrawn_fmol, vial.spilled_fmol, vial.withdrawn_ul, vial.spilled_ul) >= -1e-6


def test_a_pump_addition_dilutes_and_adds_ligand(sample_with):
    sample = sample_with()
    sample.step(60.0, Inputs(flow=flowing(300.0, 10.0)))
    assert sample.vial.volume_ul == pytest.approx(3300)
    assert sample.vial.liquid.concentration_nm == pytest.approx(20 / 1.1)
    assert sample.vial.liquid.ligand_mm == pytest.approx((3000 + 3000) / 3300)
    assert sample.populations.dispersed == 1.0


def test_ligand_that_flows_in_during_the_light_slows_it(sample_with, light):
    with_ligand, without = sample_with(), sample_with()
    without.step(3600.0, light(20.0))
    with_ligand.step(3600.0, light(20.0, flow=flowing(5.0, 100.0)))
    assert with_ligand.populations.fused < without.populations.fused


def test_a_vial_that_fills_in_the_middle_of_a_step_spills_from_then_on(sample_with):
    sample = sample_with()
    sample.step(120.0, Inputs(flow=flowing(500.0, 10.0)))
    assert sample.vial.volume_ul == 3500
    assert sample.vial.spilled_ul == pytest.approx(500)
    assert sample.vial.infused_ul == pytest.approx(1000)


def test_a_stiff_sample_can_be_left_in_the_dark(sample_with, light):
    sample = sample_with(concentration_nm=5e4, sticking=1e-3)
    sample.step(1800.0, light(100.0))
    sample.step(3600.0, DARK)
    assert sum(sample.populations[:4]) == pytest.approx(1.0, abs=1e-9)
    assert min(sample.populations) >= 0.0


def test_time_does_not_run_backwards(sample_with):
    with pytest.raises(ValueError, match="asked to step by -1"):
        sample_with().step(-1.0, DARK)


def test_no_time_changes_nothing(sample_with, light):
    sample = sample_with()
    sample.step(0.0, light(20.0))
    assert sample.populations.dispersed == 1.0
    assert sample.ledger.dose_j_cm2 == 0.0


def test_the_state_survives_as_plain_data(sample_with, light):
    sample = sample_with()
    sample.step(1000.0, light(20.0, flow=flowing(10.0, 5.0)))
    state = json.loads(json.dumps(sample.to_dict()))
    other = Sample(sample.preparation)
    other.restore(state)
    for each in (sample, other):
        each.step(1000.0, light(5.0, 450.0))
    assert other.to_dict() == sample.to_dict()
    assert other.truth() == sample.truth()


def test_a_copy_goes_its_own_way(sample_with, light):
    sample = sample_with()
    sample.step(100.0, light(20.0))
    twin = sample.copy()
    twin.step(100.0, light(20.0))
    assert sample.ledger.dose_j_cm2 == pytest.approx(2.0)
    assert twin.ledger.dose_j_cm2 == pytest.approx(4.0)
    assert twin.populations.absorbed > sample.populations.absorbed


@pytest.mark.parametrize("concentration_nm", [-1.0, float("nan"), float("inf")])
def test_an_impossible_concentration_is_refused(sample_with, concentration_nm):
    with pytest.raises(ValueError, match="a concentration is 0 nmol/L or more"):
        sample_with(concentration_nm=concentration_nm)


def test_the_temperature_is_that_of_the_latest_step(sample_with):
    sample = sample_with()
    sample.step(1.0, Inputs(temperature_degc=40.0))
    assert sample.temperature_degc == 40.0
    sample.step(1.0, DARK)
    assert sample.temperature_degc == 25.0


def test_doses_are_kept_apart_by_wavelength(sample_with, light):
    sample = sample_with()
    sample.step(100.0, light(20.0))
    sample.step(100.0, light(1.0, 450.0))
    truth = sample.truth()
    assert truth["dose_by_wavelength_j_cm2"] == pytest.approx({"405": 2.0, "450": 0.1})
    assert truth["dose_j_cm2"] == pytest.approx(2.1)
    assert json.loads(json.dumps(truth)) == truth
