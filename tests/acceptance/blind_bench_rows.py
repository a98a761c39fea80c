"""Rate constants that are hidden in the sample of a simulated bench, a hundred times.

Here the whole stack stands between truth and fit: detector, sockets, drivers, plan, dose, record.
"""

import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread a process

import numpy as np
from bench_runs import DEMO, VIAL, crystals, run_plan
from blind_rows import DRAWS, counted_rows
from table import Row

from gui.commands.fit_kinetics import recording_of
from simulators.fitting import DEFAULT_FREE, Draw, fit_kinetics
from simulators.fitting.blind import RUNS, hide
from simulators.sample import load_sample

LIGHT = (
    "max_time_min=180", "dark_tail_min=60", "interval_s=60", "plateau=no", "max_dose_j_cm2=1000",
    "min_area_fraction=0",
)  # fmt: skip


def rows(folder: str) -> list[Row]:
    """Return how many of 100 draws were found within their uncertainty of 95 %."""
    del folder
    context = multiprocessing.get_context("spawn")  # each begins with a clock of its own
    with ProcessPoolExecutor(mp_context=context) as pool:
        return counted_rows("B2", "benches", list(pool.map(draw_on_a_bench, range(DRAWS))))


def draw_on_a_bench(seed: int) -> Draw:
    """Hide constants in a sample, run it on a bench of its own noise, fit the records."""
    rng = np.random.default_rng((seed, 5))
    truth = hide(load_sample("as-synthesised").kinetics, rng, DEFAULT_FREE)
    constants = [f"{name} = {getattr(truth, name)}" for name in DEFAULT_FREE]
    recordings = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (irradiance_mw_cm2, ligand_mm) in enumerate(RUNS):
            told = folder / "told.toml"
            told.write_text(f"name = 'told'\n{VIAL}{crystals(20.0, ligand_mm)}", encoding="utf-8")
            preparation = load_sample(str(told))
            sample = folder / "hidden.toml"
            head = told.read_text(encoding="utf-8") + "[kinetics]\n"
            sample.write_text(head + "\n".join(constants) + "\n", encoding="utf-8")
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
    return Draw(truth=truth, fit=fit_kinetics(recordings), free=DEFAULT_FREE)
