import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from simulators.sample import PURE, Flow, Liquid, Vial, together

START = Liquid(concentration_nm=20, ligand_mm=1)
LIGAND = Liquid(ligand_mm=10)
VIAL = Vial(volume_ul=3000, liquid=START, capacity_ul=3500, unreachable_ul=50)

liquids = st.builds(
    Liquid,
    concentration_nm=st.floats(0, 500),
    ligand_mm=st.floats(0, 100),
    antisolvent=st.floats(0, 0.5),
    water=st.floats(0, 0.5),
)
flows = st.builds(
    Flow,
    infuse_ul_min=st.floats(0, 600),
    withdraw_ul_min=st.floats(0, 600),
    liquid=liquids,
)


def infuse(rate_ul_s, liquid=LIGAND):
    return Flow(infuse_ul_min=60 * rate_ul_s, liquid=liquid)


def withdraw(rate_ul_s):
    return Flow(withdraw_ul_min=60 * rate_ul_s)


def amounts(vial):
    return [vial.volume_ul * part for part in vial.liquid]


def test_what_flows_in_dilutes():
    after = VIAL.after(60.0, infuse(5.0))
    assert after.volume_ul == pytest.approx(3300)
    assert after.liquid.concentration_nm == pytest.approx(20 * 3000 / 3300)
    assert after.liquid.ligand_mm == pytest.approx((3000 * 1 + 300 * 10) / 3300)
    assert after.infused_ul == pytest.approx(300)


def test_what_is_withdrawn_leaves_the_composition():
    after = VIAL.after(60.0, withdraw(5.0))
    assert after.volume_ul == pytest.approx(2700)
    assert after.withdrawn_ul == pytest.approx(300)
    assert after.withdrawn_fmol == pytest.approx(300 * 20)
    assert after.liquid == START


def test_a_full_vial_spills_and_is_washed_out():
    full = replace(VIAL, volume_ul=3500)
    after = full.after(700.0, infuse(5.0))
    assert after.volume_ul == 3500
    assert after.spilled_ul == pytest.approx(3500)
    assert after.liquid.concentration_nm == pytest.approx(20 / math.e)
    assert after.liquid.ligand_mm == pytest.approx(10 - 9 / math.e)
    assert after.spilled_fmol == pytest.approx(3500 * 20 * (1 - 1 / math.e))


def test_the_last_drops_cannot_be_withdrawn():
    drained = replace(VIAL, volume_ul=50)
    assert drained.after(10.0, withdraw(5.0)).volume_ul == 50
    assert drained.after(10.0, withdraw(5.0)).withdrawn_ul == 0
    assert drained.seconds_to_limit(withdraw(5.0)) == math.inf


def test_a_pump_that_fills_and_one_that_empties_wash_the_vial():
    wash = together([(300.0, PURE), (-300.0, PURE)])
    after = VIAL.after(600.0, wash)
    assert after.volume_ul == 3000
    assert after.liquid.concentration_nm == pytest.approx(20 / math.e)
    assert after.withdrawn_fmol == pytest.approx(60_000 * (1 - 1 / math.e))
    assert after.spilled_ul == pytest.approx(0.0, abs=1e-9)


def test_streams_of_several_pumps_are_one_flow():
    flow = together([(30.0, LIGAND), (10.0, Liquid(antisolvent=1.0)), (-5.0, PURE), (0.0, LIGAND)])
    assert (flow.infuse_ul_min, flow.withdraw_ul_min) == (40.0, 5.0)
    assert flow.liquid == pytest.approx(Liquid(ligand_mm=7.5, antisolvent=0.25))


def test_the_limits_are_seen_coming():
    assert VIAL.seconds_to_limit(infuse(5.0)) == pytest.approx(100)
    assert VIAL.seconds_to_limit(withdraw(5.0)) == pytest.approx(590)
    assert VIAL.seconds_to_limit(Flow()) == math.inf
    assert replace(VIAL, volume_ul=3500).seconds_to_limit(infuse(5.0)) == math.inf


def test_without_flow_nothing_changes():
    assert VIAL.after(1e6, Flow()) is VIAL
    assert VIAL.liquid_after(1e6, withdraw(1e-5)) is START


def test_crystals_that_flow_into_solvent_are_all_new():
    blank = replace(VIAL, liquid=PURE)
    flow = infuse(5.0, Liquid(concentration_nm=100))
    assert blank.renewal_per_s(0.0, flow) == math.inf
    assert blank.renewal_per_s(10.0, flow) == pytest.approx(0.1)
    assert VIAL.renewal_per_s(0.0, flow) == pytest.approx(500 / 60_000)
    assert VIAL.renewal_per_s(0.0, infuse(5.0)) == 0.0


def test_a_mixture_weighs_what_its_parts_weigh():
    half = Liquid(antisolvent=0.25, water=0.25)
    assert half.density_g_ml(0.86) == pytest.approx(0.43 + 0.25 * (0.789 + 0.997))


@given(flow=flows, volume_ul=st.floats(100, 3400), part=st.floats(0, 1))
def test_no_amount_is_made_or_lost(flow, volume_ul, part):
    before = replace(VIAL, volume_ul=volume_ul)
    duration_s = part * min(before.seconds_to_limit(flow), 3600.0)
    after = before.after(duration_s, flow)
    infused_ul = flow.infuse_ul_min / 60 * duration_s
    withdrawn_ul = flow.withdraw_ul_min / 60 * duration_s
    assert after.volume_ul == pytest.approx(volume_ul + infused_ul - withdrawn_ul)

    def inside(time_s, inside):
        at_ul = volume_ul + (flow.infuse_ul_min - flow.withdraw_ul_min) / 60 * time_s
        infused = np.multiply(flow.infuse_ul_min / 60, flow.liquid)
        return infused - flow.withdraw_ul_min / 60 / at_ul * inside

    exact = solve_ivp(inside, (0, duration_s), amounts(before), rtol=1e-9, atol=1e-9).y[:, -1]
    assert amounts(after) == pytest.approx(list(exact), rel=1e-6, abs=1e-6)
    assert after.spilled_ul == pytest.approx(0.0, abs=1e-6)


def test_a_step_past_the_last_drops_takes_only_what_is_there():
    after = VIAL.after(1000.0, withdraw(5.0))
    assert (after.volume_ul, after.withdrawn_ul) == (50, pytest.approx(2950))


@given(
    part=st.floats(0.01, 0.99),
    full=st.booleans(),
    flow=flows,
)
def test_a_flow_may_be_divided_in_time(part, full, flow):
    start = replace(VIAL, volume_ul=3500) if full else VIAL
    duration_s = min(start.seconds_to_limit(flow), 90.0)
    once = start.after(duration_s, flow)
    twice = start.after(part * duration_s, flow).after((1 - part) * duration_s, flow)
    assert twice.liquid == pytest.approx(once.liquid, rel=1e-9, abs=1e-12)
    assert twice.withdrawn_fmol == pytest.approx(once.withdrawn_fmol, rel=1e-9, abs=1e-6)
