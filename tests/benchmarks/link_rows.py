"""What our layers add to a query, and python-seabreeze and they to a spectrum.

The simulators of the queries run in a process of their own, as an instrument would.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from pymeasure.adapters import VISAAdapter
from table import Row

from instruments.bench import load_bench
from simulators.bench import SimulatedBench

METER = """
[device.meter]
model = "thorlabs-pm100d"
address = "TCPIP::127.0.0.1::{port}::SOCKET"
wavelength_nm = 405
aperture_area_cm2 = 0.709
"""
QUERY = "SENS:CORR:WAV?"
ROUNDS, QUERIES = 60, 50
EXPOSURE_S, SPECTRA = 0.1, 60
MODELS = {
    "usb2000plus": ("ocean-usb2000plus", "USB2+H04242"),
    "qepro": ("ocean-qepro", "QEP03738"),
    "flame": ("ocean-flame", "FLMS00042"),
}


@contextlib.contextmanager
def served_meter(folder: Path) -> Iterator[Path]:
    """Serve a power meter in another process."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bench = folder / "meter.toml"
    bench.write_text(METER.format(port=port), encoding="utf-8")
    root = Path(__file__).resolve().parents[2]
    words = [sys.executable, str(root / "regrow.py"), "simulate", str(bench), "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout is not None
            json.loads(server.stdout.readline())
            yield bench
        finally:
            server.terminate()


def seconds(function: Callable[[], object], times: int) -> float:
    """Return the mean time of some calls."""
    start = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - start) / times


def undisturbed(values: Iterable[float]) -> float:
    """Return what a tenth of the values are below: a busy machine only adds to the others."""
    ordered = sorted(values)
    return ordered[len(ordered) // 10]


def query_row() -> Row:
    """Ask the same thing of the same server: through all layers, and bare."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served_meter(Path(folder)) as path,
        load_bench(path, addresses={}) as bench,
    ):
        signal = bench["meter"].wavelength_nm
        address = bench["meter"]._driver.link.address
        adapter = VISAAdapter(
            address, visa_library="@py", read_termination="\n", write_termination="\n"
        )

        def bare() -> None:
            adapter.write(QUERY)
            float(adapter.read())

        pairs = []
        for _ in range(ROUNDS):  # side by side, so that both see the same load
            pairs.append((seconds(bare, QUERIES), seconds(signal.get, QUERIES)))
        adapter.close()
    return Row(
        name="query_through_layers",
        value=1e6 * undisturbed(ours for _, ours in pairs),
        baseline=1e6 * undisturbed(bare for bare, _ in pairs),
        unit="us",
        kind="cost",
        goal=1.5,
    )


def exposure_row(name: str, take: Callable[[], object], goal: float) -> Row:
    """Return what a spectrum takes, against its integration time."""
    return Row(
        name=name,
        value=1e3 * undisturbed(seconds(take, 1) for _ in range(SPECTRA)),
        baseline=1e3 * EXPOSURE_S,
        unit="ms",
        kind="cost",
        goal=goal,
    )


class ConstantLight:
    """Stands in for the sample, whose physics would be counted as if it were ours."""

    def open_exposure(self, now_s: float, wavelength_nm: np.ndarray) -> int:
        """Begin."""
        self._photons = np.full(wavelength_nm.size, 1000.0)
        return 0

    def close_exposure(self, now_s: float, handle: int) -> np.ndarray:
        """End."""
        return self._photons

    def exposure_rng(self, handle: int) -> None:
        """Return nothing: there is no noise."""

    @property
    def detector(self) -> "ConstantLight":
        """The detector."""
        return self

    def counts(self, photons: np.ndarray, seconds: float, rng: None) -> np.ndarray:
        """Return counts."""
        return photons


def spectrum_rows() -> list[Row]:
    """Take spectra on the virtual USB in real time; each costs its exposure and little more."""
    table = {
        "device": {
            name: {
                "model": model,
                "address": f"seabreeze::{serial}",
                "integration_time_s": EXPOSURE_S,
            }
            for name, (model, serial) in MODELS.items()
        }
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.toml"
        path.write_text(
            "".join(
                f"[device.{name}]\n"
                + "".join(f"{key} = {json.dumps(value)}\n" for key, value in device.items())
                for name, device in table["device"].items()
            ),
            encoding="utf-8",
        )
        with (
            SimulatedBench(path, ports="any") as simulators,
            load_bench(path, addresses=simulators.addresses) as bench,
        ):
            for name in MODELS:
                simulators._instruments[name].exposures._world = ConstantLight()
                device = bench[name]
                device.trigger().wait(10)
                rows.append(
                    exposure_row(f"spectrum_{name}", device._spectrometer.take_spectrum, 1.02)
                )
            rows.append(exposure_row("triggered_spectrum", lambda: device.trigger().wait(10), 1.03))
    return rows


def rows() -> list[Row]:
    """Measure everything."""
    return [query_row(), *spectrum_rows()]
