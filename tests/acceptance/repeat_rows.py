"""One seed, one story: the documents of a run but for their names, twenty times."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from bench_runs import DEMO
from table import Row

from instruments.bench import load_bench
from plans.engine import Engine
from plans.experiments.light_regrowth import light_regrowth
from simulators.bench import SimulatedBench
from simulators.clock import virtual_time

RUNS = 20
NAMES = ("uid", "run_start", "descriptor", "versions", "python", "datum_id", "resource")


def rows(folder: str) -> list[Row]:
    """Return in how many of 20 runs the documents are those of the first."""
    del folder
    stories = [story() for _ in range(RUNS)]
    same = stories.count(stories[0])
    print(f"documents: {stories[0]}")
    return [
        Row(id="R1", quantity="of 20 runs alike", value=float(same), target=RUNS, tolerance=0.0)
    ]


def story() -> str:
    """Return the hash of all documents of a plan of 8 h, 960 frames and four instruments."""
    told = hashlib.sha256()

    def listen(name: str, document: dict[str, Any]) -> None:
        told.update(json.dumps([name, without_names(document)], sort_keys=True).encode())

    with (
        virtual_time(epoch_s=1_767_261_600.0),
        SimulatedBench(DEMO, ports="any") as simulators,
        load_bench(DEMO, addresses=simulators.addresses) as bench,
        Engine(callbacks=[listen]) as engine,
    ):
        engine.run(
            light_regrowth(
                bench["spectrometer"],
                bench["light"],
                stage=bench["stage"],
                pump=bench["pump"],
                max_time_min=480.0,
                interval_s=30.0,
                max_dose_j_cm2=1000.0,
                min_area_fraction=0.0,
                dark_tail_min=0.0,
                plateau=False,
            )
        )
    return told.hexdigest()


def without_names(value: Any) -> Any:
    """Return a document as plain data, without what a run draws at random."""
    if isinstance(value, dict):
        return {
            key: without_names(each)
            for key, each in value.items()
            if key not in NAMES and not key.endswith("uid")
        }
    if isinstance(value, list | tuple):
        return [without_names(each) for each in value]
    if isinstance(value, np.ndarray):
        return hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, np.generic):
        return value.item()
    return str(value) if isinstance(value, Path) else value
