"""A bench of simulated USB spectrometers."""

import contextlib

from instruments.bench import load_bench
from simulators.bench import SimulatedBench

BENCH = """
[device.plus]
model = "ocean-usb2000plus"
address = "seabreeze::USB2+H04242"
integration_time_s = 0.1

[device.flame]
model = "ocean-flame"
address = "seabreeze::FLMS00042"
integration_time_s = 0.1
wavelength_offset_nm = 0.25
wavelength_calibrated = 2026-11-02

[device.qepro]
model = "ocean-qepro"
address = "seabreeze::QEP03738"
integration_time_s = 0.1
detector_setpoint_degc = -10

[device.hdx]
model = "ocean-hdx"
address = "seabreeze::HDX00342"
integration_time_s = 0.1
"""
NAMES = ("plus", "flame", "qepro", "hdx")


class UsbLab:
    """Simulators, and the devices in front of them."""

    def __init__(self, simulators, bench):
        self.simulators = simulators
        self.bench = bench

    def __getitem__(self, name):
        return self.bench[name]

    def exposures(self, name):
        """Return what counts the exposures of a simulator."""
        return self.simulators._instruments[name].exposures

    def last_counts(self, name):
        """Return the counts of the last exposure that was read out, as a 16-bit converter."""
        return self.exposures(name)._last

    def take(self, name, timeout_s=60.0):
        """Trigger and return the spectrum."""
        device = self.bench[name]
        device.trigger().wait(timeout_s)
        return device.read()[f"{name}_spectrum_counts"]["value"]


@contextlib.contextmanager
def usb_lab(tmp_path, text=BENCH):
    """Serve and connect a bench."""
    path = tmp_path / "bench.toml"
    path.write_text(text, encoding="utf-8")
    with (
        SimulatedBench(path, ports="any") as simulators,
        load_bench(path, addresses=simulators.addresses) as bench,
    ):
        yield UsbLab(simulators, bench)
