"""Clients and a simulator that others wrote for Thorlabs power meters."""

import contextlib
import importlib.util
from pathlib import Path

import pytest
import pyvisa
from pymeasure.instruments.thorlabs import ThorlabsPM100USB

from instruments.errors import LimitError
from instruments.links import Link
from instruments.power_meters.thorlabs_pm100 import ThorlabsPm100
from tests.third_party.lines import link_to
from tests.third_party.served import served

MODELS = ("thorlabs-pm100d", "thorlabs-pm100d2")
pytestmark = pytest.mark.filterwarnings("ignore:It is not known whether:FutureWarning")


@contextlib.contextmanager
def pymeasure_meter(model):
    with served(model) as ours:
        meter = ThorlabsPM100USB(
            ours.address, visa_library="@py", read_termination="\n", write_termination="\n"
        )
        try:
            yield meter
        finally:
            meter.adapter.close()


@contextlib.contextmanager
def our_meter(model):
    with served(model) as ours:
        link = Link(ours.address, name=ours.name)
        with contextlib.closing(link):
            yield ThorlabsPm100(link)


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
    with our_meter("thorlabs-pm100d") as driver, pytest.raises(LimitError):
        driver.set_wavelength_nm(5000)


def test_pymeasure_takes_the_flags_of_the_newer_generation_for_the_older():
    # Bit 0 is "power" in the old dialect and "auto-range" in the new, bit 5 "wavelength" and
    # "bandwidth"; the documentation of PM100D2 decides, and our driver reads it.
    with our_meter("thorlabs-pm100d2") as driver:
        sensor = driver.sensor()
    assert sensor.measures_power
    assert sensor.has_wavelength
    assert not sensor.has_temperature


@pytest.mark.parametrize("model", MODELS)
def test_the_thorlabspm100_package_works_with_our_meter(model):
    package = pytest.importorskip("ThorlabsPM100")
    with served(model) as ours:
        manager = pyvisa.ResourceManager("@py")
        instrument = manager.open_resource(
            ours.address, read_termination="\n", write_termination="\n"
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


def pythorlabspm100x():
    """Load its driver alone: where PyQt5 is, the package itself wants its own window, too."""
    package = importlib.util.find_spec("pyThorlabsPM100x")
    if package is None:
        pytest.skip("pyThorlabsPM100x is not installed")
    path = Path(package.submodule_search_locations[0]) / "driver.py"
    spec = importlib.util.spec_from_file_location("pythorlabspm100x_driver", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def only_resource(monkeypatch):
    """Lets pyvisa find one socket only, where it would look for meters on the USB."""

    class Resources:
        def __init__(self, address):
            self._address = address
            self._manager = pyvisa_manager("@py")

        def list_resources(self):
            return (self._address,)

        def open_resource(self, name):
            resource = self._manager.open_resource(
                name, read_termination="\n", write_termination="\n"
            )
            resource.control_ren = lambda mode: None  # a socket has no such line
            return resource

    pyvisa_manager = pyvisa.ResourceManager

    def make(address):
        monkeypatch.setattr(pyvisa, "ResourceManager", lambda: Resources(address))

    return make


def test_pythorlabspm100x_knows_the_name_of_the_older_generation_in_other_letters(only_resource):
    """It looks for ``Thorlabs,PM100D``; pymeasure's and labmcp's meters say ``THORLABS,PM100D``.

    Both names exist (newer firmware writes the first), and our driver takes either.
    """
    package = pythorlabspm100x()
    with served("thorlabs-pm100d") as ours:
        only_resource(ours.address)
        meter = package.ThorlabsPM100x()
        assert meter.list_devices() == []
        meter.model_identifiers = [["PM100D", "THORLABS,PM100D"]]
        read_and_set(meter, ours.address)


def test_pythorlabspm100x_reads_and_sets_a_meter_of_the_newer_generation(only_resource):
    package = pythorlabspm100x()
    with served("thorlabs-pm100d2") as ours:
        only_resource(ours.address)
        read_and_set(package.ThorlabsPM100x(), ours.address)


def read_and_set(meter, address):
    message, connected = meter.connect_device(address)
    assert connected, message
    assert meter.power_units == "W"
    assert meter.power[0] == pytest.approx(0.0, abs=1e-9)
    meter.wavelength = 405
    assert meter.wavelength == 405
    with pytest.raises(ValueError, match="must be between"):
        meter.wavelength = 5000
    meter.auto_power_range = False
    assert not meter.auto_power_range
    meter.power_range = 1e-3
    assert meter.power_range >= 1e-3
    assert meter.set_zero() == 1
    assert meter.disconnect_device() == ("Successfully disconnected.", 1)


@pytest.mark.parametrize("model", MODELS)
def test_the_driver_of_labmcp_works_with_our_meter(model):
    driver = pytest.importorskip("labmcp_thorlabs_pm.driver")
    tcp = pytest.importorskip("labmcp.transports.tcp")
    with served(model) as ours:
        transport = tcp.TCPTransport(ours.host, ours.port)
        try:
            meter = driver.ThorlabsPowerMeter(transport)
            assert meter.identify()["model"].startswith("PM100D")
            assert meter.sensor().name == "S120VC"
            assert meter.set_wavelength_nm(405) == 405
            assert meter.set_averaging(3) == 3
            assert meter.power_w() == pytest.approx(0.0, abs=1e-9)
        finally:
            transport.close()


def test_our_driver_works_with_the_simulator_of_labmcp():
    simulator = pytest.importorskip("labmcp_thorlabs_pm.simulator")

    class WithReference(simulator.ThorlabsPMSimulator):
        """It lacks the delta mode, which the manual has (SENS:POW:REF:STAT): that decides."""

        def command(self, key, arg):
            if key == "SENS:POW:REF:STAT":
                return None
            return "0" if key == "SENS:POW:REF:STAT?" else super().command(key, arg)

    for head in simulator.SENSORS:
        meter = ThorlabsPm100(link_to(WithReference(sensor=head), "thorlabs-pm100d"))
        assert meter.identify().model == "PM100D"
        sensor = meter.sensor()
        assert sensor.name == head
        if not sensor.measures_power:
            continue
        meter.prepare(wavelength_nm=633, averages=4)
        assert meter.averages() == 4
        assert meter.read_power().power_w == pytest.approx(simulator.LASER_W, rel=0.5)
        with pytest.raises(LimitError):
            meter.set_wavelength_nm(99_999)
