"""The spectrometer tells light from darkness, and says when it cannot."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plans.analysis.darkness import judge_darkness

NM = np.linspace(340.0, 1028.0, 2068)


def spectrum(seed, *, height=0.0, at_nm=515.0, offset=1000.0):
    rng = np.random.default_rng(seed)
    line = height * np.exp(-(((NM - at_nm) / 10.0) ** 2))
    return offset + line + rng.normal(0.0, 5.0, NM.size)


def judge(left, *, at_nm=515.0, lit=20_000.0, offset=1000.0, seed=3):
    return judge_darkness(
        NM,
        spectrum(seed, height=left, at_nm=at_nm, offset=offset),
        dark=spectrum(seed + 1),
        lit=spectrum(seed + 2, height=lit),
    )


@given(seed=st.integers(0, 10_000), offset=st.floats(900.0, 1100.0))
def test_darkness_is_dark_whatever_the_offset_drifts(seed, offset):
    found = judge(0.0, seed=seed, offset=offset)
    assert found.can_see
    assert found.is_dark


@given(seed=st.integers(0, 10_000), share=st.floats(0.12, 1.0), at_nm=st.floats(380.0, 980.0))
def test_light_is_seen_wherever_it_is(seed, share, at_nm):
    found = judge(share * 20_000.0, at_nm=at_nm, seed=seed)
    assert found.can_see
    assert not found.is_dark
    assert abs(found.at_nm - at_nm) < 15.0


def test_what_never_stood_out_cannot_be_missed():
    assert not judge(0.0, lit=10.0).can_see


def test_arrays_that_do_not_belong_together_say_nothing():
    assert not judge_darkness(NM, NM[1:], dark=NM, lit=NM).can_see
    assert not judge_darkness(NM[:5], NM[:5], dark=NM[:5], lit=NM[:5]).can_see
    broken = np.full(NM.size, np.nan)
    assert not judge_darkness(NM, broken, dark=NM, lit=NM + 5).can_see
    assert not judge_darkness(NM, NM, dark=NM, lit=broken).can_see
