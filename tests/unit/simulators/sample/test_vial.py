import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.sample import Vial

VIAL = Vial(volume_ul=3000, concentration_nm=20, ligand_mm=1, capacity_ul=3500, unreachable_ul=50)


def test_what_flows_in_dilutes():
    after = VIAL.after(60.0, 5.0, 10.0)
    assert after.volume_ul == pytest.approx(3300)
    assert after.concentration_nm == pytest.approx(20 * 3000 / 3300)
    assert after.ligand_mm == pytest.approx((3000 * 1 + 300 * 10) / 3300)
    assert after.infused_ul == pytest.approx(300)


def test_what_is_withdrawn_leaves_the_concentrations():
    after = VIAL.after(60.0, -5.0, 10.0)
    assert after == replace(VIAL, volume_ul=2700, withdrawn_ul=300)


def test_a_full_vial_spills_and_is_washed_out():
    full = replace(VIAL, volume_ul=3500)
    after = full.after(700.0, 5.0, 10.0)
    assert after.volume_ul == 3500
    assert after.spilled_ul == pytest.approx(3500)
    assert after.concentration_nm == pytest.approx(20 / math.e)
    assert after.ligand_mm == pytest.approx(10 - 9 / math.e)


def test_the_last_drops_cannot_be_withdrawn():
    dry = replace(VIAL, volume_ul=50)
    assert dry.after(10.0, -5.0, 0.0) == dry
    assert dry.seconds_to_limit(-5.0) == math.inf


def test_withdrawing_does_not_change_the_mixture():
    assert VIAL.mixture_after(60.0, -5.0, 10.0) == (20, 1)


def test_the_limits_are_seen_coming():
    assert VIAL.seconds_to_limit(5.0) == pytest.approx(100)
    assert VIAL.seconds_to_limit(-5.0) == pytest.approx(590)
    assert VIAL.seconds_to_limit(0.0) == math.inf


def test_without_flow_nothing_changes():
    assert VIAL.after(1e6, 0.0, 10.0) is VIAL


@given(
    volume_ul=st.floats(100, 3000),
    rate_ul_s=st.floats(-1.0, 1.0),
    duration_s=st.floats(0, 90),
    liquid_ligand_mm=st.floats(0, 100),
)
def test_no_amount_is_made_or_lost(volume_ul, rate_ul_s, duration_s, liquid_ligand_mm):
    before = replace(VIAL, volume_ul=volume_ul)
    after = before.after(duration_s, rate_ul_s, liquid_ligand_mm)
    taken_ul = after.withdrawn_ul
    crystals = after.volume_ul * after.concentration_nm + taken_ul * 20
    ligand = after.volume_ul * after.ligand_mm + taken_ul * 1
    assert crystals == pytest.approx(volume_ul * 20, rel=1e-12)
    assert ligand == pytest.approx(volume_ul + after.infused_ul * liquid_ligand_mm, rel=1e-12)


def test_a_step_past_the_last_drops_takes_only_what_is_there():
    after = VIAL.after(1000.0, -5.0, 0.0)
    assert (after.volume_ul, after.withdrawn_ul) == (50, 2950)


@given(
    part=st.floats(0.01, 0.99),
    full=st.booleans(),
    duration_s=st.floats(1, 90),
)
def test_a_flow_may_be_divided_in_time(part, full, duration_s):
    start = replace(VIAL, volume_ul=3500) if full else VIAL
    once = start.after(duration_s, 2.0, 10.0)
    twice = start.after(part * duration_s, 2.0, 10.0).after((1 - part) * duration_s, 2.0, 10.0)
    assert twice.concentration_nm == pytest.approx(once.concentration_nm, rel=1e-12)
    assert twice.ligand_mm == pytest.approx(once.ligand_mm, rel=1e-12)
