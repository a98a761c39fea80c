"""An integration time that fills the detector with PL, and never chases anything else."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.analysis import advise_exposure

AXIS = np.linspace(350, 900, 2068)
FULL = 65535.0


def counts(seconds, *, pl_per_s=30000.0, leak_per_s=0.0, offset=1500.0):
    line = np.exp(-(((AXIS - 516.0) / 8.5) ** 2))
    leak = np.exp(-(((AXIS - 405.0) / 7.0) ** 2))
    return np.minimum(offset + seconds * (pl_per_s * line + leak_per_s * leak), FULL)


def advise(seconds, **kwargs):
    seen = counts(seconds, **kwargs)
    return advise_exposure(
        AXIS, seen, integration_time_s=seconds, full_scale_counts=FULL, excitation_nm=405.0
    )


def search(start_s, **kwargs):
    seconds = start_s
    for _ in range(8):
        advice = advise(seconds, **kwargs)
        if advice.is_settled:
            return seconds, advice
        seconds = advice.integration_time_s
    raise AssertionError("it hunts")


@settings(deadline=None)
@given(st.floats(0.006, 10.0), st.floats(2e4, 3e6))
def test_the_search_ends_with_the_pl_at_40_to_90_percent(start_s, pl_per_s):
    seconds, advice = search(start_s, pl_per_s=pl_per_s)
    assert 0.4 <= advice.level <= 0.9 or seconds in {0.006, 10.0}


def test_scattered_light_is_not_chased():
    seconds, advice = search(0.02, pl_per_s=30000.0, leak_per_s=3e6)
    assert 0.8 < seconds < 1.8
    assert 0.4 < advice.level < 0.9
    assert advice.reason.startswith("the PL fills")


def test_saturation_divides_by_four():
    advice = advise(4.0, pl_per_s=1e6)
    assert (advice.integration_time_s, advice.reason) == (1.0, "saturated")
    shortest = advise(0.006, pl_per_s=1e9)
    assert shortest.is_settled
    assert "less light" in shortest.reason


def test_a_good_time_is_kept():
    assert advise(1.2).is_settled
    assert advise(10.0, pl_per_s=100.0).reason.endswith("no more is allowed")


def test_without_a_pl_band_nothing_is_changed():
    advice = advise_exposure(
        np.array([300.0, 301.0]), np.zeros(2), integration_time_s=0.1, full_scale_counts=FULL
    )
    assert advice.is_settled
    assert advice.integration_time_s == 0.1
