"""Simulators on pseudo-terminals, opened as serial ports; in real time, without waiting."""

import os

import pytest

from instruments.bench import load_bench
from simulators.bench import SimulatedBench

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs pseudo-terminals")

BENCH = """
[device.pump]
model = "newera-ne1000"
address = "TCPIP::127.0.0.1::57801::SOCKET"
pump_address = 0
syringe = "BD plastic 10 mL"
loaded_volume_ul = 8000

[device.second]
model = "newera-ne1000"
address = "TCPIP::127.0.0.1::57801::SOCKET"
pump_address = 1
syringe = "BD plastic 10 mL"
loaded_volume_ul = 8000

[device.plate]
model = "ika-plate"
address = "TCPIP::127.0.0.1::57802::SOCKET"
limit_degc = 80

[device.spectrometer]
model = "ocean-hdx"
address = "TCPIP::127.0.0.1::57803::SOCKET"

[simulation]
seed = 1
sample = "as-synthesised"
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "bench.toml"
    file.write_text(BENCH, encoding="utf-8")
    return file


def test_drivers_talk_over_pseudo_terminals(path):
    with SimulatedBench(path, ports="any", pty=True) as simulated:
        rows = {row["name"]: row for row in simulated.describe()}
        assert rows["pump"]["pty"] == rows["second"]["pty"]
        assert rows["spectrometer"]["pty"] is None  # it has no serial port
        ports = {name: f"ASRL{row['pty']}::INSTR" for name, row in rows.items() if row["pty"]}
        bench = load_bench(path, addresses=ports)
        for _ in range(2):  # a client may leave and come back
            for name in ports:
                bench[name].connect()
                assert bench[name].read()
            for name in ports:
                bench[name].disconnect()
        assert bench["second"]._driver.link.line is bench["pump"]._driver.link.line


def test_a_socket_and_a_pseudo_terminal_lead_to_the_same_instrument(path):
    with SimulatedBench(path, ports="any", pty=True) as simulated:
        row = simulated.describe()[2]
        over_socket = load_bench(path, addresses=simulated.addresses)["plate"]
        over_pty = load_bench(path, addresses={"plate": f"ASRL{row['pty']}::INSTR"})["plate"]
        for plate in (over_socket, over_pty):
            plate.connect()
        over_socket._driver.heat_to(50.0)
        assert over_pty.setpoint_degc.get() == 50.0
        for plate in (over_socket, over_pty):
            plate.make_safe()
            plate.disconnect()


def test_without_being_asked_for_there_is_none(path):
    with SimulatedBench(path, ports="any") as simulated:
        assert {row["pty"] for row in simulated.describe()} == {None}


def test_an_unplugged_pseudo_terminal_is_gone(path):
    with SimulatedBench(path, ports="any", pty=True) as simulated:
        pty = simulated.describe()[2]["pty"]
        assert os.path.exists(pty)  # noqa: PTH110 - a device, not a file
        simulated.unplug("plate")
        assert simulated.describe()[2]["pty"] is None


def test_a_line_whose_pseudo_terminal_is_unplugged_is_known_to_be_gone(path):
    with SimulatedBench(path, ports="any", pty=True) as simulated:
        pty = simulated.describe()[2]["pty"]
        with load_bench(path, addresses={**simulated.addresses, "plate": f"ASRL{pty}::INSTR"}) as b:
            assert not b["plate"].link.is_gone
            simulated.unplug("plate")
            assert b["plate"].link.is_gone
