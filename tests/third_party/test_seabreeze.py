"""Unmodified python-seabreeze against the simulated spectrometers."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from instruments.spectrometers.ocean_qepro import OceanQePro
from instruments.spectrometers.ocean_usb import OceanUsb
from simulators.bench import SimulatedBench

seabreeze = pytest.importorskip("seabreeze")
pytest.importorskip("usb")
# its search for network instruments leaves a socket to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

MODELS = {
    "plus": ("ocean-usb2000plus", "USB2+H04242", "USB2000PLUS", 2048),
    "flame": ("ocean-flame", "FLMS00042", "FLAMES", 2048),
    "qepro": ("ocean-qepro", "QEP03738", "QEPRO", 1044),
    "hdx": ("ocean-hdx", "HDX00342", "HDX", 2068),
}


@pytest.fixture(scope="module")
def bench():
    table = {
        "device": {
            name: {"model": model, "address": f"seabreeze::{serial}"}
            for name, (model, serial, _, _) in MODELS.items()
        }
    }
    with SimulatedBench(table, ports="any") as simulators:
        yield simulators


@pytest.fixture(scope="module")
def spectrometers(bench):
    """The spectrometers as python-seabreeze lists and opens them."""
    backend = bench.addresses["plus"].split("@")[1].split("::")[0]
    seabreeze.use("pyseabreeze", pyusb_backend=backend)
    from seabreeze.spectrometers import Spectrometer, list_devices

    devices = {device.serial_number: device for device in list_devices()}
    assert set(devices) == {serial for _, serial, _, _ in MODELS.values()}
    opened = {name: Spectrometer(devices[MODELS[name][1]]) for name in MODELS}
    yield opened
    for spectrometer in opened.values():
        spectrometer.close()


def exposures(bench, name):
    return bench._instruments[name].exposures


@pytest.mark.parametrize("name", MODELS)
def test_it_knows_the_model(spectrometers, name):
    _, serial, model, pixels = MODELS[name]
    assert spectrometers[name].model == model
    assert spectrometers[name].serial_number == serial
    assert spectrometers[name].pixels == pixels


@pytest.mark.parametrize("name", MODELS)
def test_it_reads_the_same_wavelength_axis(bench, spectrometers, name):
    ours = exposures(bench, name)._wavelength_nm
    assert spectrometers[name].wavelengths() == pytest.approx(ours, abs=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_it_reads_the_counts_of_the_detector(bench, spectrometers, name):
    spectrometers[name].integration_time_micros(20_000)
    for _ in range(3):  # the first are stale
        counts = spectrometers[name].intensities()
    if name == "qepro":  # exposes ahead: what comes is not the last
        assert counts.min() > 4000
        return
    assert np.array_equal(counts, exposures(bench, name)._last)


@pytest.mark.parametrize("name", ["plus", "flame"])
def test_it_reads_dark_pixels_and_corrects_the_dark(spectrometers, name):
    spectrometers[name].integration_time_micros(10_000)
    counts = spectrometers[name].intensities(correct_dark_counts=True)
    assert abs(np.mean(counts[6:21])) < 1e-9


def test_it_refuses_the_nonlinearity_of_a_constant_polynomial(spectrometers):
    """python-seabreeze 2.11 takes a polynomial of order 0 for none; regrow keeps its own."""
    with pytest.raises(Exception, match="nonlinearity"):
        spectrometers["qepro"].intensities(correct_nonlinearity=True)


@pytest.mark.parametrize(
    ("name", "low_us"), [("plus", 1000), ("flame", 1000), ("qepro", 8000), ("hdx", 6000)]
)
def test_it_has_the_same_limits(spectrometers, name, low_us):
    from instruments.bench_models import MODELS as OURS

    low, high = spectrometers[name].integration_time_micros_limits
    module = sys.modules[OURS[MODELS[name][0]].build.__module__]
    driver = next(
        found
        for key, found in vars(module).items()
        if key in ("OceanUsb", "OceanQePro", "OceanHdx")
    )
    assert driver.integration_limits_s == pytest.approx((low * 1e-6, high * 1e-6))
    assert low == low_us


def test_it_reads_an_hdx_on_the_network():
    """In a process of its own, which can be ended: with the line gone it never returns."""
    table = {"device": {"hdx": {"model": "ocean-hdx", "address": "TCPIP::127.0.0.1::1::SOCKET"}}}
    script = textwrap.dedent("""
        import sys
        from seabreeze.pyseabreeze import SeaBreezeDevice
        from seabreeze.pyseabreeze.transport import IPv4Transport, IPv4TransportHandle

        port = int(sys.argv[1])
        IPv4Transport.register_model("HDX", ipv4_address="127.0.0.1", ipv4_port=port)
        device = SeaBreezeDevice(IPv4TransportHandle("127.0.0.1", port))
        device.open()
        spectrometer = device.f.spectrometer
        spectrometer.set_integration_time_micros(20_000)
        counts = spectrometer.get_intensities()
        print(device.serial_number, len(counts), int(counts.min()) > 1000)
        device.close()
    """)
    with SimulatedBench(table, ports="any") as simulators:
        port = simulators.addresses["hdx"].split("::")[2]
        done = subprocess.run(
            [sys.executable, "-c", script, port],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.stdout.split() == ["HDX00342", "2068", "True"], done.stderr


def test_the_labmcp_driver_takes_spectra_of_ours(spectrometers):
    """It corrects as python-seabreeze does; our spectra stay raw and keep what corrects them."""
    driver = pytest.importorskip("labmcp_ocean_spectrometer.driver")
    spectrometer = driver.OceanSpectrometer(spectrometers["plus"], backend="pyseabreeze")
    spectrometer.set_integration_time_ms(20.0)
    taken = spectrometer.acquire(1, correct_dark_counts=True)
    assert taken.wavelengths_nm == pytest.approx(spectrometers["plus"].wavelengths())
    assert abs(np.mean(taken.counts[6:21])) < 1e-6
    assert taken.electric_dark_counts > 0
    assert taken.peak_raw_counts < 65_535


@pytest.mark.parametrize(
    ("model", "ours"), [("USB2000PLUS", OceanUsb), ("QE-PRO", OceanQePro)], ids=["plus", "qepro"]
)
def test_our_drivers_agree_with_the_labmcp_spectrometer(model, ours):
    """It stands in for python-seabreeze itself, not for a wire: only constants can be compared."""
    fake = pytest.importorskip("labmcp_ocean_spectrometer.simulator").FakeSpectrometer(model)
    assert fake.pixels == ours.pixel_count
    assert tuple(fake.f.spectrometer.get_electric_dark_pixel_indices()) == ours.dark_pixels
    low_us, high_us = fake.integration_time_micros_limits
    assert ours.integration_limits_s == pytest.approx((low_us * 1e-6, high_us * 1e-6))
    assert fake.max_intensity == getattr(ours, "full_scale_counts", 65_535.0)
