"""Rate constants that are hidden in the sample of a simulated bench, a hundred times.

Here the whole stack stands between truth and fit: detector, sockets, drivers, plan, dose, record.
"""

import math
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread a process

import numpy as np
from bench_runs import DEMO, VIAL, crystals, run_plan
from table import Row

from gui.commands.fit_kinetics import recording_of
from simulators.fitting import DEFAULT_FREE, Draw, fit_kinetics
from simulators.fitting.blind import counted
from simulators.sample import load_sample

DRAWS = 100
RUNS = ((20.0, 1.0), (5.0, 1.0), (20.0, 5.0))
"""Irradiance in mW/cm² and ligand in mmol/L of the runs of a draw."""
LIGHT = (
    "max_time_min=180", "dark_tail_min=60", "interval_s=60", "plateau=no", "max_dose_j_cm2=1000",
    "min_area_fraction=0",
)  # fmt: skip


def rows(folder: str) -> list[Row]:
    """Return how many of 100 draws were found within their uncertainty of 95 %."""
    del folder
    context = multiprocessing.get_context("spawn")  # each begins with a clock of its own
    with ProcessPoolExecutor(mp_context=context) as pool:
        result = counted(list(pool.map(draw_on_a_bench, range(DRAWS))))
    found = {"all together": result.joint_hits, **result.hits}
    return [
        Row(id="B2", quantity=f"of 100 benches: {name}", value=hits, target=95, tolerance=5)
        for name, hits in found.items()
    ]


def draw_on_a_bench(seed: int) -> Draw:
    """Hide constants in a sample, run it on a bench of its own noise, fit the records."""
    rng = np.random.default_rng((seed, 5))
    factors = np.exp(rng.uniform(-math.log(2.0), math.log(2.0), len(DEFAULT_FREE)))
    recordings = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (irradiance_mw_cm2, ligand_mm) in enumerate(RUNS):
            told = folder / "told.toml"
            told.write_text(f"name = 'told'\n{VIAL}{crystals(20.0, ligand_mm)}", encoding="utf-8")
            preparation = load_sample(str(told))
            usual = preparation.kinetics
            hidden = {
                constant: getattr(usual, constant) * factor
                for constant, factor in zip(DEFAULT_FREE, factors.tolist(), strict=True)
            }
            lines = [f"{constant} = {value}" for constant, value in hidden.items()]
            sample = folder / "hidden.toml"
            head = told.read_text(encoding="utf-8") + "[kinetics]\n"
            sample.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
            bench = folder / f"bench{number}.toml"
            noise = f"seed = {1000 * seed + number}\n"
            text = DEMO.read_text(encoding="utf-8").replace("seed = 20220101\n", noise)
            bench.write_text(text, encoding="utf-8")
            light = f"irradiance_mw_cm2={irradiance_mw_cm2}"
            _, more = run_plan(
                folder / f"run{number}", "light_regrowth", light, *LIGHT,
                bench=bench, sample=str(sample),
            )  # fmt: skip
            recordings.append(recording_of(more["record"], preparation, 0.005))
    truth = replace(usual, **hidden)
    return Draw(truth=truth, fit=fit_kinetics(recordings), free=DEFAULT_FREE)
