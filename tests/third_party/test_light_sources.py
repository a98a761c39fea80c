"""Clients that others wrote for light sources.

The maker's own examples for the Thorlabs controllers are in no package registry. They are run
unchanged out of a clone of github.com/Thorlabs/Current_And_Temperature_Controller_Examples, given
as REGROW_THORLABS_EXAMPLES.
"""

import os
import runpy
from pathlib import Path

import pytest
import pyvisa

from tests.third_party.served import needs_pty, served

EXAMPLES = os.environ.get("REGROW_THORLABS_EXAMPLES", "")
needs_examples = pytest.mark.skipif(not EXAMPLES, reason="no folder REGROW_THORLABS_EXAMPLES")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@needs_pty
@pytest.mark.parametrize("model", ["coolled-pe300", "coolled-pe4000"])
def test_python_microscope_switches_our_coolled(model):
    coolled = pytest.importorskip("microscope.controllers.coolled")
    with served(model) as ours:
        controller = coolled.CoolLED(port=ours.pty)
        assert list(controller.devices) == list("ABC" if model == "coolled-pe300" else "ABCD")
        light = controller.devices["B"]
        light.power = 0.4
        assert ours.state["channels"]["B"] == "BXF040"
        light.enable()
        assert ours.state["channels"]["B"] == "BSN040"
        assert ours.state["emitting"]
        assert light.get_is_on()
        light.disable()
        assert not ours.state["emitting"]


@needs_pty
@needs_examples
def test_the_makers_example_switches_our_dc4100(monkeypatch, capsys):
    serial = pytest.importorskip("serial")
    opened = serial.Serial
    with served("thorlabs-dc4100") as ours:
        monkeypatch.setattr(
            serial, "Serial", lambda port, **settings: opened(port=ours.pty, **settings)
        )
        monkeypatch.setattr("builtins.input", lambda question: "5")
        runpy.run_path(
            str(Path(EXAMPLES) / "Python/DC410x LED Controllers/DC410x with PySerial.py")
        )
        said = capsys.readouterr().out
        assert "Item number:  DC4100" in said
        assert "Set operation mode: 0" in said
        assert "Current limit [mA] for LED 1: 10" in said
        assert "Current setpoint [mA] for LED 1: 5" in said
        assert "channel 0 on" in [text for _, text in ours.state["log"]]
        # The example closes the port behind its last command, which has no answer. What is asked
        # after it on the same line is answered after it.
        with opened(port=ours.pty, baudrate=115200, timeout=10) as again:
            again.write(b"O? 0\n")
            assert again.readline().strip() == b"0"
        assert ours.state["safe"]


@needs_examples
def test_the_makers_example_switches_our_dc2200(monkeypatch, capsys):
    """It ends with pulses; our driver lights without, so that the simulator knows none of them."""
    opened = pyvisa.ResourceManager.open_resource
    with served("thorlabs-dc2200") as ours:
        monkeypatch.setattr(
            pyvisa.ResourceManager,
            "open_resource",
            lambda manager, name: opened(
                manager, ours.address, read_termination="\n", write_termination="\n"
            ),
        )
        monkeypatch.setenv("PYVISA_LIBRARY", "@py")
        runpy.run_path(str(Path(EXAMPLES) / "Python/DC2200 LED Controllers/DC2200 with PyVISA.py"))
        said = capsys.readouterr().out
        assert "Used device: Thorlabs,DC2200" in said
        assert float(said.split("Applied LED current [A]:")[1].split()[0]) == pytest.approx(0.01)
        assert any("on" in text for _, text in ours.state["log"])
        assert ours.state["mode"] == "PWM"
