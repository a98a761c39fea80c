"""Clients that others wrote for light sources, filter wheels, shutters and gas flow.

python-microscope, InstrumentKit and alicat are under the GPL or AGPL: they serve as oracles here
and are never imported by the product. InstrumentKit calls itself ``instruments``, too, and runs in
a process of its own: install it with ``pip install --no-deps --target FOLDER instrumentkit`` and
give the folder as REGROW_INSTRUMENTKIT.
"""

import asyncio
import os
import subprocess
import sys

import pytest

from tests.third_party.served import port_of, pty_of, served

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@needs_pty
@pytest.mark.parametrize("model", ["coolled-pe300", "coolled-pe4000"])
def test_python_microscope_switches_our_coolled(model):
    coolled = pytest.importorskip("microscope.controllers.coolled")
    with served(model, pty=True) as (simulated, name):
        controller = coolled.CoolLED(port=pty_of(simulated, name))
        assert list(controller.devices) == list("ABC" if model == "coolled-pe300" else "ABCD")
        light = controller.devices["B"]
        light.power = 0.4
        assert simulated.state(name)["channels"]["B"] == "BXF040"
        light.enable()
        assert simulated.state(name)["channels"]["B"] == "BSN040"
        assert simulated.state(name)["emitting"]
        assert light.get_is_on()
        light.disable()
        assert not simulated.state(name)["emitting"]


@needs_pty
def test_python_microscope_turns_our_filter_wheel():
    wheels = pytest.importorskip("microscope.filterwheels.thorlabs")
    with served("thorlabs-fw102c", pty=True) as (simulated, name):
        wheel = wheels.ThorlabsFilterWheel(com=pty_of(simulated, name), timeout=10.0)
        assert wheel.n_positions == 6
        wheel.position = 3
        assert wheel.position == 3
        assert simulated.state(name)["position"] == 4  # they count from 0


def test_alicat_sets_our_flow():
    alicat = pytest.importorskip("alicat")

    async def talk(address):
        async with alicat.FlowController(address) as controller:
            before = await controller.get()
            await controller.set_flow_rate(42.5)
            await asyncio.sleep(1.0)
            return before, await controller.get(), await controller.get_firmware()

    with served("alicat-mc") as (simulated, name):
        before, after, firmware = asyncio.run(talk(f"127.0.0.1:{port_of(simulated, name)}"))
        assert simulated.state(name)["setpoint"] == 42.5
    assert before["mass_flow"] == 0.0
    assert after["setpoint"] == 42.5
    assert after["mass_flow"] == pytest.approx(42.5, abs=0.1)
    assert after["gas"] == "N2"
    assert "8v17" in firmware


# Micro-Manager's adapter reads the prompt "> ", InstrumentKit ">", which leaves a blank before the
# next echo. The manual prints no blank and no bytes: two clients and the wheel's manual have it.
# InstrumentKit sets "ens=1"; the manual has "ens" alone, which changes one state into the other.
INSTRUMENTKIT = os.environ.get("REGROW_INSTRUMENTKIT", "")
SC10 = """
import sys
sys.path.insert(0, sys.argv[1])
from instruments.thorlabs import SC10
shutter = SC10.open_tcpip("127.0.0.1", int(sys.argv[2]))
shutter.prompt = "> "
print(shutter.name)
print(int(shutter.mode), shutter.enable, shutter.closed, shutter.interlock)
shutter.sendcmd("ens")
print(shutter.enable, shutter.closed)
shutter.sendcmd("ens")
print(shutter.enable, shutter.closed)
"""


@pytest.mark.skipif(not INSTRUMENTKIT, reason="give the folder of InstrumentKit")
def test_instrumentkit_opens_our_shutter():
    with served("thorlabs-sc10") as (simulated, name):
        done = subprocess.run(
            [sys.executable, "-c", SC10, INSTRUMENTKIT, str(port_of(simulated, name))],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=INSTRUMENTKIT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not simulated.state(name)["open"]
    lines = done.stdout.split("\n")
    assert "SC10" in lines[0]
    assert lines[1:4] == ["1 False True False", "True False", "False True"]
