"""A simulated instrument for clients of others, in real time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from simulators.bench import SimulatedBench
from simulators.faults import Faults
from tests.driver_campaign.rig import bench_file, device_name

needs_pty = pytest.mark.skipif("sys.platform == 'win32'", reason="needs a pseudo-terminal")


@dataclass(frozen=True, kw_only=True)
class Served:
    """One instrument of a running bench and the ways to it."""

    bench: SimulatedBench
    name: str

    @property
    def address(self) -> str:
        """VISA address."""
        return self.bench.addresses[self.name]

    @property
    def host(self) -> str:
        """Host of the socket."""
        return self.address.split("::")[1]

    @property
    def port(self) -> int:
        """Port of the socket."""
        return int(self.address.split("::")[2])

    @property
    def pty(self) -> str:
        """Pseudo-terminal."""
        path = next(each["pty"] for each in self.bench.describe() if each["name"] == self.name)
        assert path is not None
        return path

    @property
    def state(self) -> dict:
        """What the instrument itself says."""
        return self.bench.state(self.name)

    @property
    def faults(self) -> Faults:
        """Its switches."""
        return self.bench.faults(self.name)


@contextmanager
def served(model: str, **keys: object) -> Iterator[Served]:
    """Serve a model, of its example bench or, with keys, of a device table that has these."""
    table = {"model": model, "address": "TCPIP::127.0.0.1::1::SOCKET", **keys}
    bench = {"device": {"device": table}, "simulation": {"sample": "as-synthesised"}}
    with SimulatedBench(bench if keys else bench_file(model), ports="any", pty=True) as simulated:
        yield Served(bench=simulated, name="device" if keys else device_name(model))
