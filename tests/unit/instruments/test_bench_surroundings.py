"""Hotplate, balances, shutter and filter wheel in a bench file."""

import pytest

from instruments.balances import Balance
from instruments.bench import load_bench
from instruments.errors import ConfigurationError
from instruments.shutters import FilterWheel, Shutter
from instruments.thermal import Thermostat

BENCH = """
[device.plate]
model = "ika-plate"
address = "ASRL1::INSTR"
limit_degc = 80

[device.mettler]
model = "mt-sics"
address = "ASRL2::INSTR"

[device.sartorius]
model = "sartorius-sbi"
address = "ASRL3::INSTR"
stability_timeout_s = 30

[device.shutter]
model = "thorlabs-sc10"
address = "ASRL4::INSTR"

[device.wheel]
model = "thorlabs-fw102c"
address = "ASRL5::INSTR"

[device.wheel.filters]
none = 1
nd10 = 2
"""


def load(tmp_path, old="", new=""):
    assert old in BENCH
    path = tmp_path / "bench.toml"
    path.write_text(BENCH.replace(old, new, 1), encoding="utf-8")
    return load_bench(path)


def test_all_are_made_as_the_file_says(tmp_path):
    bench = load(tmp_path)
    assert [d.name for d in bench.of_kind(Balance)] == ["mettler", "sartorius"]
    assert len(bench.of_kind(Shutter)) == 1
    plate = bench.of_kind(Thermostat)[0]
    assert (plate.heating.limit_degc, plate.heating.hold_s) == (80.0, 60.0)
    assert bench.of_kind(FilterWheel)[0].filters == {"none": 1, "nd10": 2}


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("limit_degc = 80", "", r"\[device.plate\] limit_degc is missing"),
        ("limit_degc = 80", "limit_degc = 800", r"limit_degc must be 1 to 500"),
        ("limit_degc = 80", "limit_degc = 80\nwatchdog_s = 5", r"watchdog_s must be 20 to 1500"),
        ("limit_degc = 80", 'limit_degc = 80\nprobe = "air"', r"probe must be 'external' or"),
        ("limit_degc = 80", "limit_degc = 80\nhold = 5", r"did you mean 'hold_s'"),
        ("stability_timeout_s = 30", "stability_timeout_s = -1", r"must be 0 to 3600"),
        ("nd10 = 2", "nd10 = 1", r"two filters have the same position"),
        ("nd10 = 2", "nd10 = 2.5", r"the positions of filters are whole numbers"),
        ("nd10 = 2", "nd10 = 13", r"nd10 must be 1 to 12"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(tmp_path, old, new, match):
    with pytest.raises(ConfigurationError, match=match):
        load(tmp_path, old, new)
