"""Clients that others wrote for filter wheels, shutters and gas flow."""

import asyncio

import pytest

from tests.third_party.aside import aside, run_aside
from tests.third_party.served import needs_pty, served

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@needs_pty
def test_python_microscope_turns_our_filter_wheel():
    wheels = pytest.importorskip("microscope.filterwheels.thorlabs")
    with served("thorlabs-fw102c") as ours:
        wheel = wheels.ThorlabsFilterWheel(com=ours.pty, timeout=10.0)
        assert wheel.n_positions == 6
        wheel.position = 3
        assert wheel.position == 3
        assert ours.state["position"] == 4  # they count from 0


def test_alicat_sets_our_flow():
    alicat = pytest.importorskip("alicat")

    async def talk(address):
        async with alicat.FlowController(address) as controller:
            before = await controller.get()
            await controller.set_flow_rate(42.5)
            await asyncio.sleep(1.0)
            return before, await controller.get(), await controller.get_firmware()

    with served("alicat-mc") as ours:
        before, after, firmware = asyncio.run(talk(f"{ours.host}:{ours.port}"))
        assert ours.state["setpoint"] == 42.5
    assert before["mass_flow"] == 0.0
    assert after["setpoint"] == 42.5
    assert after["mass_flow"] == pytest.approx(42.5, abs=0.1)
    assert after["gas"] == "N2"
    assert "8v17" in firmware


# Micro-Manager's adapter reads the prompt "> ", InstrumentKit ">", which leaves a blank before the
# next echo. The manual prints no blank and no bytes: two clients and the wheel's manual have it.
# InstrumentKit sets "ens=1"; the manual has "ens" alone, which changes one state into the other.
SC10 = """
from instruments.thorlabs import SC10
shutter = SC10.open_tcpip("127.0.0.1", int(sys.argv[1]))
shutter.prompt = "> "
print(shutter.name)
print(int(shutter.mode), shutter.enable, shutter.closed, shutter.interlock)
shutter.sendcmd("ens")
print(shutter.enable, shutter.closed)
shutter.sendcmd("ens")
print(shutter.enable, shutter.closed)
"""


@aside("instrumentkit")
def test_instrumentkit_opens_our_shutter():
    with served("thorlabs-sc10") as ours:
        lines = run_aside("instrumentkit", SC10, ours.port).split("\n")
        assert not ours.state["open"]
    assert "SC10" in lines[0]
    assert lines[1:4] == ["1 False True False", "True False", "False True"]
