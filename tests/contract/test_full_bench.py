"""The bench with everything on it: every instrument answers, every place is on the stage."""

from pathlib import Path

import pytest

from instruments.bench import load_bench
from simulators.bench import SimulatedBench

FULL = Path(__file__).parents[2] / "simulators" / "benches" / "full.toml"
NAMES = {
    "spectrometer", "light", "pump", "antisolvent_pump", "waste_pump", "stage", "hotplate",
    "balance", "meter", "shutter", "filter_wheel",
}  # fmt: skip


@pytest.fixture
def simulated(virtual_clock):
    with SimulatedBench(FULL, ports="any") as simulators:
        yield simulators


def test_every_instrument_of_the_full_bench_answers_its_driver(simulated):
    with load_bench(FULL, addresses=simulated.addresses) as bench:
        assert set(bench) == NAMES
        readings = bench.read_all()
    assert set(readings) == NAMES
    assert all(readings.values())


def test_every_well_is_where_the_sample_of_its_name_stands(simulated):
    bench = load_bench(FULL, addresses=simulated.addresses)
    positions = bench["stage"].positions
    wells = {f"{row}{column}" for row in "ABCD" for column in range(1, 7)}
    assert wells | {"sample", "meter", "empty", "hg_ar"} == set(positions)
    vials = simulated.truth()["vials"]
    assert wells - {"A1"} <= set(vials)


def test_the_white_lamp_is_measured_through_the_sample(simulated):
    bench = load_bench(FULL, addresses=simulated.addresses)
    geometry = {each.wavelength_nm: each.geometry for each in bench["light"].channels}
    assert geometry[560] == "transmission"
    assert geometry[405] == "right-angle"
