"""Channels of a light source in a bench file."""

import datetime
import math
from pathlib import Path

import pytest

from instruments.bench import load_bench
from instruments.errors import ConfigurationError

EXAMPLES = Path(__file__).parents[3] / "examples" / "benches"


def bench_of(model):
    return load_bench(EXAMPLES / f"{model}.toml", addresses={})


def changed(tmp_path, model, old, new):
    text = (EXAMPLES / f"{model}.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "bench.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_both_forms_of_a_calibration_are_read():
    short, long = bench_of("thorlabs-dc4100")["light"].channels
    assert short.calibration.points == ((0.0, 0.0), (700.0, pytest.approx(35.0)))
    assert short.calibration.expires == datetime.date(2027, 11, 2)
    assert short.calibration.distance_mm == 50
    assert short.calibration.meter_serial == "P0024871"
    assert long.calibration.points[1] == (100.0, 5.7)
    assert long.calibration.points[-1] == (1000.0, 57.2)
    (plain,) = bench_of("thorlabs-dc2100")["light"].channels
    assert plain.number == 0
    assert plain.calibration.expires is None
    assert math.isnan(plain.calibration.distance_mm)


def test_a_source_in_percent_has_a_limit_in_percent():
    first, white = bench_of("coolled-pe300")["light"].channels
    assert (first.unit, first.limit, first.geometry) == ("%", 60.0, "right-angle")
    assert (white.number, white.geometry) == (2, "transmission")
    light = bench_of("coolled-pe300")["light"]
    assert light.irradiance_range_mw_cm2(365) == pytest.approx((0.4, 24.0))
    assert light.channels_in("transmission") == (light.channels[1],)


@pytest.mark.parametrize(
    ("model", "old", "new", "match"),
    [
        ("thorlabs-dc4100", "[10, 100,", "[100, 10,", "must rise"),
        ("thorlabs-dc4100", "[10, 100,", "[10,", "4 levels, but 5 irradiances"),
        ("thorlabs-dc4100", "[10, 100,", '["10", 100,', "current_ma no. 1 must be a number"),
        ("thorlabs-dc4100", "current_ma = [10, 100, 300, 600, 1000]", "current_ma = 10", "array"),
        ("thorlabs-dc4100", "current_ma = [", "percent = [", "current_ma must be an array|missing"),
        ("thorlabs-dc4100", "limit_ma = 1000", "limit_ma = 5", "begins at 10 mA, above the limit"),
        ("thorlabs-dc4100", "limit_ma = 700", "limit_percent = 70", "limit_ma is missing"),
        ("coolled-pe300", "limit_percent = 60", "limit_percent = 101", "must be 1 to 100"),
        ("coolled-pe300", '"transmission"', '"sideways"', "geometry must be one of right-angle"),
        ("coolled-pe300", "number = 2", "number = 3", "must be 0 to 2"),
        ("coolled-pe4000", "wavelength_nm = 405", "wavelength_nm = 470", "channel 0 of a pE-4000"),
        ("alicat-mc", '"sccm"', '"scfh"', "flow_unit must be one of sccm, slpm"),
        ("alicat-mc", 'unit_id = "A"', 'unit_id = "AB"', "letter A to Z"),
        ("alicat-mc", "limit_sccm = 200", "limit_sccm = 501", "must be 0 to 500"),
        ("alicat-mc", "saturation = 0.8", "saturation = 80", "must be 0 to 1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path, model, old, new, match):
    with pytest.raises(ConfigurationError, match=match):
        load_bench(changed(tmp_path, model, old, new), addresses={})
