"""Clients and a simulator that others wrote for Thorlabs power meters."""

import contextlib

import pytest
import pyvisa
from pymeasure.instruments.thorlabs import ThorlabsPM100USB

from instruments.errors import LimitError
from instruments.links import Link
from instruments.power_meters.thorlabs_pm100 import ThorlabsPm100
from tests.third_party.served import port_of, served

MODELS = ("thorlabs-pm100d", "thorlabs-pm100d2")
pytestmark = pytest.mark.filterwarnings("ignore:It is not known whether:FutureWarning")


@contextlib.contextmanager
def pymeasure_meter(model):
    with served(model) as (simulated, name):
        meter = ThorlabsPM100USB(
            simulated.addresses[name],
            visa_library="@py",
            read_termination="\n",
            write_termination="\n",
        )
        try:
            yield meter
        finally:
            meter.adapter.close()


def test_pymeasure_reads_and_sets_our_meter():
    with pymeasure_meter("thorlabs-pm100d") as meter:
        assert meter.id.startswith("THORLABS,PM100D,")
        meter.wavelength = 405
        assert meter.wavelength == 405
        assert meter.power == pytest.approx(0.0, abs=1e-9)


def test_pymeasure_clips_a_wavelength_that_our_driver_refuses():
    # The manual knows no clipping: the meter refuses with -222. pymeasure asks for limits first.
    with pymeasure_meter("thorlabs-pm100d") as meter:
        meter.wavelength = 5000
        assert meter.wavelength == 1100
    with served("thorlabs-pm100d") as (simulated, name):
        link = Link(simulated.addresses[name], name=name)
        with contextlib.closing(link), pytest.raises(LimitError):
            ThorlabsPm100(link).set_wavelength_nm(5000)


def test_pymeasure_takes_the_flags_of_the_newer_generation_for_the_older():
    # Bit 0 is "power" in the old dialect and "auto-range" in the new, bit 5 "wavelength" and
    # "bandwidth"; the documentation of PM100D2 decides, and our driver reads it.
    with served("thorlabs-pm100d2") as (simulated, name):
        link = Link(simulated.addresses[name], name=name)
        with contextlib.closing(link):
            sensor = ThorlabsPm100(link).sensor()
    assert sensor.measures_power
    assert sensor.has_wavelength
    assert not sensor.has_temperature


@pytest.mark.parametrize("model", MODELS)
def test_the_thorlabspm100_package_works_with_our_meter(model):
    package = pytest.importorskip("ThorlabsPM100")
    with served(model) as (simulated, name):
        manager = pyvisa.ResourceManager("@py")
        instrument = manager.open_resource(
            simulated.addresses[name], read_termination="\n", write_termination="\n"
        )
        try:
            meter = package.ThorlabsPM100(inst=instrument)
            meter.sense.correction.wavelength = 532
            assert meter.sense.correction.wavelength == 532
            meter.sense.average.count = 5
            assert meter.sense.average.count == 5
            assert meter.read == pytest.approx(0.0, abs=1e-9)
        finally:
            instrument.close()


@pytest.mark.parametrize("model", MODELS)
def test_the_driver_of_labmcp_works_with_our_meter(model):
    driver = pytest.importorskip("labmcp_thorlabs_pm.driver")
    tcp = pytest.importorskip("labmcp.transports.tcp")
    with served(model) as (simulated, name):
        transport = tcp.TCPTransport("127.0.0.1", port_of(simulated, name))
        try:
            meter = driver.ThorlabsPowerMeter(transport)
            assert meter.identify()["model"].startswith("PM100D")
            assert meter.sensor().name == "S120VC"
            assert meter.set_wavelength_nm(405) == 405
            assert meter.set_averaging(3) == 3
            assert meter.power_w() == pytest.approx(0.0, abs=1e-9)
        finally:
            transport.close()


class SimulatorOfOthers:
    """labmcp's simulated meter as the other side of a link."""

    def __init__(self, simulator):
        self._simulator = simulator
        self._waiting = b""
        self._line = b""

    def send(self, data, timeout_s):
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            reply = self._simulator.handle(line.decode())
            if reply is not None:
                self._waiting += f"{reply}\n".encode()

    def receive(self, timeout_s):
        waiting, self._waiting = self._waiting, b""
        return waiting

    def interrupt(self):
        pass

    def close(self):
        pass


@pytest.mark.parametrize("head", ["S120C", "S120VC", "S425C"])
def test_our_driver_works_with_the_simulator_of_labmcp(head):
    simulator = pytest.importorskip("labmcp_thorlabs_pm.simulator")
    if head not in simulator.SENSORS:
        pytest.skip(f"labmcp has no {head}")

    class WithReference(simulator.ThorlabsPMSimulator):
        """It lacks the delta mode, which the manual has (SENS:POW:REF:STAT): that decides."""

        def command(self, key, arg):
            if key == "SENS:POW:REF:STAT":
                return None
            return "0" if key == "SENS:POW:REF:STAT?" else super().command(key, arg)

    wire = SimulatorOfOthers(WithReference(sensor=head))
    link = Link("LABMCP", name="meter", opener=lambda timeout_s: wire)
    meter = ThorlabsPm100(link)
    assert meter.identify().model == "PM100D"
    sensor = meter.prepare(wavelength_nm=633, averages=4)
    assert sensor.name == head
    assert meter.averages() == 4
    assert meter.read_power().power_w == pytest.approx(simulator.LASER_W, rel=0.5)
    with pytest.raises(LimitError):
        meter.set_wavelength_nm(99_999)
