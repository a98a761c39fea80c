"""A simulated laboratory: every instrument over its socket, on the virtual clock."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from instruments.bench import load_bench
from plans.engine import Engine
from simulators.bench import SimulatedBench

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"


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


@pytest.fixture
def lab(request, virtual_clock, capfd):
    """The demo bench; an indirect parameter changes its [simulation]: sample, lamp_factor."""
    changes = getattr(request, "param", {})
    table = tomllib.loads(DEMO.read_text(encoding="utf-8"))
    simulation = table["simulation"]
    simulation["sample"] = changes.get("sample", simulation["sample"])
    for channel in simulation["light"]["channel"]:
        channel["irradiance_mw_cm2_per_ma"] *= changes.get("lamp_factor", 1.0)
    documents = []
    with (
        SimulatedBench(table, ports="any") as simulators,
        load_bench(DEMO, addresses=simulators.addresses) as bench,
        Engine(callbacks=[lambda name, doc: documents.append((name, doc))]) as engine,
    ):
        yield Lab(bench, simulators, engine, documents)
