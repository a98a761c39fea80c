"""A simulated bench in a cell of a notebook, in a kernel of its own, printing while it runs."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"
CELL = f"""
from simulators.clock import virtual_time  # first
import time
from instruments.bench import load_bench
from plans.engine import Engine
from plans.experiments.light_regrowth import light_regrowth
from simulators.bench import SimulatedBench

bench_file = {str(DEMO)!r}
frames = []

def listen(name, document):
    if name == "event_page" or name == "event":
        frames.append(document)
        print("frame", len(frames), flush=True)

with (
    virtual_time() as clock,
    SimulatedBench(bench_file, ports="any") as simulators,
    load_bench(bench_file, addresses=simulators.addresses) as bench,
    Engine(callbacks=[listen]) as engine,
):
    began_s = clock.now_s
    print("before", flush=True)
    assert clock.now_s == began_s
    engine.run(
        light_regrowth(
            bench["spectrometer"], bench["light"], stage=bench["stage"],
            max_time_min=10, dark_tail_min=0, plateau=False,
        )
    )
    took_s = clock.now_s - began_s
print("took", round(took_s))
"""


def told(text):
    cells = [nbformat.v4.new_code_cell(text), nbformat.v4.new_code_cell("print(len(frames))")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return ["".join(each["text"] for each in cell.outputs if "text" in each) for cell in cells]


def test_what_a_cell_prints_costs_no_virtual_time():
    printing, frames = told(CELL)
    silent, _ = told(CELL.replace('print("frame"', '("frame"').replace(", flush=True)", ")"))
    assert int(frames) > 60
    assert f"frame {int(frames)}" in printing
    assert printing.split("took")[1] == silent.split("took")[1]
