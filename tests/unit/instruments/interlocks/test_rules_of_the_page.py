"""The rules that the documentation offers can be loaded, and trip on what they are for."""

import re
from pathlib import Path

import pytest

from instruments.bench import load_bench

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "how-to" / "set-interlocks.md").read_text("utf-8")
RULES = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
DEVICES = {  # name on the page: an example bench and the name there
    "door": ("thorlabs-sc10", "shutter"),
    "lamp": ("omnicure-s2000", "light"),
    "plate": ("ika-plate", "plate"),
    "pump": ("newera-ne1000", "pump"),
    "gas": ("alicat-mc", "gas"),
    "spectrometer": ("ocean-hdx", "spectrometer"),
}
CASES = {  # what is well, what is not
    "door": (0, 1),
    "interlock of the lamp": (0, 1),
    "lamp too old": (1999.0, 2001.0),
    "head too hot": (0, 1),
    "plate too hot": (59.0, 61.0),
    "solvent nearly used up": (201.0, 199.0),
    "nitrogen bottle empty": (400.0, 101.0),
    "nitrogen lost": (50.0, 0.3),
    "spectrometer saturated by the actinic light": (60_000.0, 65_535.0),
}


def device_table(name):
    example, there = DEVICES[name]
    text = (ROOT / "examples" / "benches" / f"{example}.toml").read_text("utf-8")
    text = text.split("[simulation]")[0].split("[[simulation")[0]
    begin = text.index("[device.")
    return re.sub(rf"device\.{there}\b", f"device.{name}", text[begin:]).replace(
        "ASRL", f"ASRL{len(name)}{ord(name[0])}"
    )


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "bench.toml"
    path.write_text("\n".join([*map(device_table, DEVICES), RULES[-1]]), encoding="utf-8")
    return {rule.name: rule for rule in load_bench(path).interlocks}


def test_the_first_example_is_one_of_them(rules):
    assert 'name = "plate too hot"' in RULES[0]
    assert set(rules) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_of_the_page_trips_on_what_it_is_for(rules, name):
    well, ill = CASES[name]
    assert rules[name].judge(well, 1.0) == ""
    assert rules[name].judge(ill, 1.0)
