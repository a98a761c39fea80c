"""A simulated instrument and the device in front of it."""

import shutil
import tempfile
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from instruments.bench import load_bench
from instruments.links.seabreeze import is_seabreeze_address
from simulators.bench import SimulatedBench

BENCHES = Path(__file__).parents[2] / "examples" / "benches"


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A simulated instrument and the device in front of it."""

    name: str
    simulated: SimulatedBench
    device: object

    @property
    def faults(self):
        """Its switches."""
        return self.simulated.faults(self.name)

    def state(self):
        """Its ledger."""
        return self.simulated.state(self.name)


def bench_file(model: str) -> Path:
    """Return the example bench of a model."""
    return BENCHES / f"{model}.toml"


def device_name(model: str) -> str:
    """Return what the model is called in its example bench."""
    tables = tomllib.loads(bench_file(model).read_text(encoding="utf-8"))["device"]
    return next(name for name, table in tables.items() if table["model"] == model)


def on_usb(model: str) -> bool:
    """Return whether the model of the example bench hangs on a USB of its own protocol."""
    tables = tomllib.loads(bench_file(model).read_text(encoding="utf-8"))["device"]
    return is_seabreeze_address(tables[device_name(model)]["address"])


@contextmanager
def rig(model: str):
    """A fresh instrument, switched on, and a device that is not connected yet."""
    name = device_name(model)
    with tempfile.TemporaryDirectory() as folder:
        # A copy of its own: the account of a syringe is kept beside the bench file.
        path = Path(shutil.copy(bench_file(model), folder))
        with SimulatedBench(path, ports="any", seed=7) as simulated:
            # How many exposures are taken depends on the fault, and the noise must not.
            simulated.world.exposure_rng = lambda exposure: np.random.default_rng(7)
            bench = load_bench(path, addresses=simulated.addresses)
            try:
                yield Rig(name=name, simulated=simulated, device=bench[name])
            finally:
                bench.close()


def fault_kinds(model: str) -> tuple[str, ...]:
    """Return the faults that the simulated instrument itself knows."""
    with rig(model) as each:
        return each.simulated._instruments[each.name].fault_kinds
