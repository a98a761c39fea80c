"""A simulated laboratory: every instrument over its socket, on the virtual clock."""

import contextlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from instruments.bench import load_bench
from plans.engine import Engine
from simulators.bench import SimulatedBench

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"
DOOR = """
[device.door]
model = "thorlabs-sc10"
address = "TCPIP::127.0.0.1::57375::SOCKET"

[[interlock]]
name = "door"
watch = "door.is_interlock_open"
above = 0.5
"""


@dataclass
class Lab:
    """The bench, the simulators behind it and an engine."""

    bench: object
    simulators: object
    engine: Engine
    documents: list = field(default_factory=list)

    def devices(self, *names):
        return {name: self.bench[key] for name, key in zip(names, names, strict=True)}

    def lamp_is_off(self):
        return not self.simulators.state("light")["emitting"]

    def pump_is_stopped(self):
        return not self.simulators.state("pump")["pumping"]

    def stream(self, name):
        uids = {
            doc["uid"]
            for kind, doc in self.documents
            if kind == "descriptor" and doc["name"] == name
        }
        return [
            doc["data"]
            for kind, doc in self.documents
            if kind == "event" and doc["descriptor"] in uids
        ]

    @property
    def stop(self):
        return next(doc for kind, doc in self.documents if kind == "stop")


@contextlib.contextmanager
def open_lab(folder, changes, file=DEMO):
    """Yield the demo bench, or another file's, with changes; virtual time must be on.

    Changes: sample, lamp_factor (what the lamp gives over its calibration), stands (samples by
    the name of the stage position that they get), extra (further text of the bench file).
    """
    text = file.read_text(encoding="utf-8") + changes.get("extra", "")
    table = tomllib.loads(text)
    simulation = table["simulation"]
    simulation["sample"] = changes.get("sample", simulation["sample"])
    for channel in simulation["light"]["channel"]:
        channel["irradiance_mw_cm2_per_ma"] *= changes.get("lamp_factor", 1.0)
    positions = {name: 20.0 + 5.0 * number for number, name in enumerate(changes.get("stands", {}))}
    for name, holds in changes.get("stands", {}).items():
        spot = {"x_mm": positions[name], "radius_mm": 2.0, "holds": str(holds)}
        simulation["spot"].append(spot)
    bench_file = Path(folder) / "bench.toml"
    bench_file.write_text(text, encoding="utf-8")
    documents = []
    with (
        SimulatedBench(table, ports="any") as simulators,
        load_bench(bench_file, addresses=simulators.addresses) as bench,
        Engine(callbacks=[lambda name, doc: documents.append((name, doc))]) as engine,
    ):
        bench["stage"].positions.update({name: {"x": x} for name, x in positions.items()})
        yield Lab(bench, simulators, engine, documents)


@pytest.fixture
def lab(request, virtual_clock, capfd, tmp_path):
    """The demo bench; an indirect parameter changes it as `open_lab` says."""
    with open_lab(tmp_path, getattr(request, "param", {})) as opened:
        yield opened
