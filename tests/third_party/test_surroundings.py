"""Other people's clients and simulators of hotplates and balances."""

import asyncio
import sys

import pytest

from instruments.balances.mt_sics import MtSics
from instruments.balances.sartorius_sbi import SartoriusSbi
from instruments.errors import ProtocolError
from instruments.thermal.ika_plate import IkaPlate
from tests.third_party.lines import host_and_port, link_to, served

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


def test_our_driver_heats_the_labmcp_plate():
    simulator = pytest.importorskip("labmcp_ika.simulator").IKASimulator()
    driver = IkaPlate(link_to(simulator, "ika-plate"), watchdog_s=60)
    assert driver.identify().model == "RCT digital"
    driver.prepare(80.0)
    driver.heat_to(60.0)
    assert simulator.heating
    assert (simulator.wd_mode, simulator.wd_time_s) == (1, 60.0)
    assert driver.setpoint_degc() == 60.0
    driver.set_speed_rpm(300)
    assert simulator.motor
    driver.stop_heating()
    assert not simulator.heating
    assert simulator.wd_mode is None


def test_our_driver_weighs_on_the_labmcp_balance():
    simulator = pytest.importorskip("labmcp_mettler_toledo.simulator").MTSICSSimulator(load_g=10.0)
    driver = MtSics(link_to(simulator, "mt-sics"))
    assert driver.identify().serial == "B123456789"
    assert driver.read_weight().mass_g == pytest.approx(10.0, abs=0.001)
    driver.tare()
    assert driver.read_weight().mass_g == pytest.approx(0.0, abs=0.001)
    simulator.load_g += 0.5
    assert driver.read_weight().mass_g == pytest.approx(0.5, abs=0.001)


def test_our_driver_weighs_on_the_labmcp_sartorius():
    simulator = pytest.importorskip("labmcp_sartorius.simulator").SBISimulator(load_g=10.0)
    driver = SartoriusSbi(link_to(simulator, "sartorius-sbi"))
    assert driver.identify().maker == "Sartorius"
    assert driver.read_weight().mass_g == pytest.approx(10.0, abs=0.001)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_sartorius_client_reads_our_balance():
    sartorius = pytest.importorskip("sartorius")

    async def read(host, port):
        async with sartorius.Scale(ip=f"{host}:{port}", timeout=3.0) as scale:
            return await scale.get_info(), await scale.get()

    with served("sartorius-sbi") as (row, _):
        info, reading = asyncio.run(read(*host_and_port(row)))
    assert info["model"] == "QUINTIX224-1S"
    assert reading["measurement"] == "net"
    assert reading["mass"] == pytest.approx(0.0, abs=200.0)


@needs_pty
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_ika_client_heats_our_plate():
    stirrer = pytest.importorskip("ika.magnetic_stirrer")
    serial = pytest.importorskip("serial")
    with served("ika-plate") as (row, bench), pytest.MonkeyPatch.context() as patch:
        # Linux gives a pseudo-terminal no frame: 7E1, which the client insists on, is left out.
        opened = serial.Serial
        patch.setattr("ika.abc.Serial", lambda port, *frame: opened(port, 9600))
        plate = stirrer.MagneticStirrer(row["pty"])
        plate.set_target_temperature(50)
        assert plate.target_temperature() == 50.0
        assert 10 < plate.hotplate_sensor_temperature() < 40
        plate.start_heating()
        plate.set_target_stir_rate(200)
        assert plate.target_stir_rate() == 200.0
        plate.stop_heating()
        assert plate.target_stir_rate() == 200.0  # answered in order: the heater is off
        assert not bench.state("device")["heating"]
        plate._ser.close()


def test_the_mt_sics_emulator_is_no_judge():
    """It answers SI with "SI S ..."; by the manual (11780711) the answer begins with S."""

    class AsTheEmulator:
        def handle(self, command):
            return {"SI": "SI S    10.0000 g", "S": "S S    10.0000 g"}.get(command, "ES")

    driver = MtSics(link_to(AsTheEmulator(), "mt-sics"))
    with pytest.raises(ProtocolError):
        driver.read_weight()
