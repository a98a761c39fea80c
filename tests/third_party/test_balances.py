"""Other people's clients and simulators of balances."""

import asyncio
import importlib.util

import pytest

from instruments.balances.mt_sics import MtSics
from instruments.balances.sartorius_sbi import SartoriusSbi
from instruments.errors import ProtocolError
from tests.third_party.aside import aside, run_aside
from tests.third_party.lines import link_to
from tests.third_party.served import needs_pty, served

# -- Mettler Toledo


def test_our_driver_weighs_on_the_labmcp_balance():
    simulator = pytest.importorskip("labmcp_mettler_toledo.simulator").MTSICSSimulator(load_g=10.0)
    driver = MtSics(link_to(simulator, "mt-sics"))
    assert driver.identify().serial == "B123456789"
    assert driver.read_weight().mass_g == pytest.approx(10.0, abs=0.001)
    driver.tare()
    assert driver.read_weight().mass_g == pytest.approx(0.0, abs=0.001)
    simulator.load_g += 0.5
    assert driver.read_weight().mass_g == pytest.approx(0.5, abs=0.001)


def test_the_labmcp_driver_weighs_on_our_balance():
    driver = pytest.importorskip("labmcp_mettler_toledo.driver")
    tcp = pytest.importorskip("labmcp.transports.tcp")
    with served("mt-sics") as ours:
        transport = tcp.TCPTransport(
            ours.host, ours.port, read_termination="\r\n", write_termination="\r\n"
        )
        try:
            balance = driver.MTSICSBalance(transport)
            assert balance.identify()["serial"] == "B021002593"
            loaded = balance.weight()
            assert loaded.unit == "g"
            assert balance.weight(stable=False).value == pytest.approx(loaded.value, abs=0.01)
            assert balance.tare().value == pytest.approx(loaded.value, abs=0.01)
            assert balance.weight().value == pytest.approx(0.0, abs=0.01)
            assert balance.preset_tare(1.25, "g").value == 1.25
            balance.clear_tare()
            assert balance.tare_value().value == 0.0
            balance.reset()
        finally:
            balance.close()


@needs_pty
def test_pylabrobot_weighs_on_our_balance():
    backend = pytest.importorskip("pylabrobot.scales.mettler_toledo_backend")

    async def weigh(path):
        balance = backend.MettlerToledoWXS205SDUBackend(port=path)
        await balance.setup()
        try:
            assert balance.serial_number == "B021002593"
            loaded_g = await balance.read_stable_weight()
            await balance.tare("stable")
            assert await balance.request_tare_weight() == pytest.approx(loaded_g, abs=0.01)
            assert await balance.read_weight_value_immediately() == pytest.approx(0.0, abs=0.01)
            # Not in levels 0 and 1 of the manual, nor on the balance that it was written with.
            with pytest.raises(backend.MettlerToledoError, match="Syntax error"):
                await balance.tare(2.0)
            await balance.clear_tare()
            return loaded_g
        finally:
            await balance.stop()

    with served("mt-sics") as ours:
        loaded_g = asyncio.run(weigh(ours.pty))
        assert ours.state["gross_g"] == pytest.approx(loaded_g, abs=0.01)
        assert ours.state["tare_g"] == 0.0


def test_the_mt_sics_emulator_is_no_judge():
    """It answers SI with "SI S ..."; by the manual (11780711) the answer begins with S."""
    engine = pytest.importorskip("mtsics.protocol.engine")
    scales = pytest.importorskip("mtsics.core.state")

    class Emulator:
        def __init__(self):
            config = scales.ScaleConfig(capacity=220.0, graduation=0.001, unit="g")
            self.state = scales.ScaleState(config)
            self.state.set_weight(10.0, stable=True)
            self._engine = engine.MTSICSEngine(self.state)

        def handle(self, command):
            return self._engine.handle(command).removesuffix("\r\n").split("\r\n")

    emulator = Emulator()
    driver = MtSics(link_to(emulator, "mt-sics"))
    assert driver.identify().maker == "Mettler Toledo"
    with pytest.raises(ProtocolError, match="SI S"):
        driver.read_weight()
    driver.tare()
    assert emulator.state.net == pytest.approx(0.0)


def test_mettler_toledo_device_does_not_import():
    """Version 1.5.0, of 2018 and the last, needs what its serial_interface has no more."""
    if importlib.util.find_spec("mettler_toledo_device") is None:
        pytest.skip("mettler_toledo_device is not installed")
    with pytest.raises(ImportError, match=r"WriteFrequencyError|pkg_resources"):
        importlib.import_module("mettler_toledo_device")


# -- Sartorius


def test_our_driver_weighs_on_the_labmcp_sartorius():
    simulator = pytest.importorskip("labmcp_sartorius.simulator").SBISimulator(load_g=10.0)
    driver = SartoriusSbi(link_to(simulator, "sartorius-sbi"))
    assert driver.identify().maker == "Sartorius"
    assert driver.read_weight().mass_g == pytest.approx(10.0, abs=0.001)


def test_the_labmcp_driver_weighs_on_our_sartorius():
    driver = pytest.importorskip("labmcp_sartorius.driver")
    tcp = pytest.importorskip("labmcp.transports.tcp")
    with served("sartorius-sbi") as ours:
        transport = tcp.TCPTransport(
            ours.host, ours.port, read_termination="\r\n", write_termination="\r\n"
        )
        try:
            balance = driver.SBIBalance(transport)
            assert balance.identify()["model"] == "QUINTIX224-1S"
            balance.tare()
            reading = balance.weight()
            assert reading.unit == "g"
            assert reading.value == pytest.approx(0.0, abs=0.01)
        finally:
            transport.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_sartorius_client_reads_our_balance():
    sartorius = pytest.importorskip("sartorius")

    async def read(host, port):
        async with sartorius.Scale(ip=f"{host}:{port}", timeout=3.0) as scale:
            return await scale.get_info(), await scale.get()

    with served("sartorius-sbi") as ours:
        info, reading = asyncio.run(read(ours.host, ours.port))
    assert info["model"] == "QUINTIX224-1S"
    assert reading["measurement"] == "net"
    assert reading["mass"] == pytest.approx(0.0, abs=200.0)


MATTERLAB_CLIENT = """
from matterlab_balances import SartoriusBalance
balance = SartoriusBalance(sys.argv[1], bytesize=8, parity="none")
balance.tare()
print(balance.weigh(stable=True, wait_time=0.5))
"""


@needs_pty
@aside("matterlab")
def test_the_matterlab_client_weighs_on_our_sartorius():
    with served("sartorius-sbi") as ours:
        weight_g = float(run_aside("matterlab", MATTERLAB_CLIENT, ours.pty))
        assert weight_g == pytest.approx(0.0, abs=0.01)


MATTERLAB_SIMULATOR = """
from matterlab_balances.sim import create_sartorius_sim_transport_factory
print(create_sartorius_sim_transport_factory(weight=10.0)(None)._protocol(b"\\x1bP\\r\\n").decode())
"""


@aside("matterlab")
def test_the_matterlab_sartorius_prints_another_line_than_the_manual():
    """By the manual (WSE6004) a line has 16 or 22 characters; it prints 10, our driver refuses."""
    line = run_aside("matterlab", MATTERLAB_SIMULATOR).strip()
    assert line == "x 10.000 g"

    class Simulator:
        def handle(self, command):
            return line if command == "\x1bP" else None

    with pytest.raises(ProtocolError, match=line):
        SartoriusSbi(link_to(Simulator(), "sartorius-sbi")).read_weight()
