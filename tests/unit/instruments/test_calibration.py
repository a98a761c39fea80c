"""The calibration of a light source."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.light_sources import Emission, IrradianceCalibration, LightChannel
from instruments.light_sources.channel import LevelTable

DAY = datetime.date(2026, 11, 2)


def table(*points):
    return IrradianceCalibration(points=points, calibrated=DAY)


STEPS = st.lists(
    st.tuples(st.floats(1, 50), st.floats(0.01, 5)), min_size=2, max_size=12
).map(lambda steps: [(sum(s[0] for s in steps[:n]), sum(s[1] for s in steps[:n]))
                     for n in range(1, len(steps) + 1)])  # fmt: skip


@given(STEPS, st.floats(0, 1), st.floats(0, 1))
def test_more_level_never_gives_less_light(points, first, second):
    calibration = table(*points)
    low, high = points[0][0], points[-1][0]
    a, b = sorted((low + first * (high - low), low + second * (high - low)))
    assert calibration.irradiance_mw_cm2(a) <= calibration.irradiance_mw_cm2(b) + 1e-12
    assert points[0][1] <= calibration.irradiance_mw_cm2(a) <= points[-1][1] * (1 + 1e-12)


@given(STEPS, st.floats(0, 1))
def test_level_and_irradiance_are_inverse(points, share):
    calibration = table(*points)
    level = points[0][0] + share * (points[-1][0] - points[0][0])
    assert calibration.level_for(calibration.irradiance_mw_cm2(level)) == pytest.approx(level)


@given(STEPS, st.floats(0, 1), st.sampled_from([0.1, 1.0, 5.0]))
def test_what_is_set_is_the_nearest_step_and_never_above_the_limit(points, share, step):
    limit = points[-1][0] * 0.8
    if limit < points[0][0] + step:
        return
    channel = LightChannel(
        number=0, wavelength_nm=405, fwhm_nm=10, limit=limit, calibration=table(*points)
    )
    levels = LevelTable("light", [channel], step=step)
    low, high = levels.irradiance_range_mw_cm2(405)
    asked = low + share * (high - low)
    _, level = levels.level_for(Emission(wavelength_nm=405, irradiance_mw_cm2=asked))
    assert points[0][0] * (1 - 1e-6) <= level <= limit * (1 + 1e-6)
    assert level / step == pytest.approx(round(level / step))
    exact = channel.calibration.level_for(asked)
    assert abs(level - exact) <= step / 2 + 1e-6 or level / step == pytest.approx(
        round(exact / step)
    )


@pytest.mark.parametrize(
    ("points", "match"),
    [
        ([(0, 0)], "two points"),
        ([(0, 0), (0, 1)], "must rise"),
        ([(0, 1), (10, 1)], "must rise"),
        ([(0, 0), (10, 5), (20, 4)], "20 gives 4"),
        ([(0, 0), (10, float("nan"))], "finite"),
        ([(-1, 0), (10, 5)], ">= 0"),
    ],
)
def test_a_table_that_is_no_rising_function_is_refused(points, match):
    with pytest.raises(ValueError, match=match):
        table(*points)


def test_light_found_beyond_the_table_is_scaled_from_its_nearest_point():
    calibration = table((10.0, 1.0), (100.0, 8.0))
    assert calibration.irradiance_mw_cm2(5.0) == pytest.approx(0.5)
    assert calibration.irradiance_mw_cm2(200.0) == pytest.approx(16.0)
    assert not calibration.covers(5.0)
    assert calibration.covers(100.0)
    assert table((0.0, 0.0), (5.0, 1.0)).irradiance_mw_cm2(0.0) == 0.0


def test_the_words_name_what_was_noted():
    assert table((0.0, 0.0), (100.0, 5.0)).words("mA") == (
        "0.05 mW/cm2 per mA, calibrated 2026-11-02"
    )
