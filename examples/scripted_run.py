"""A regrowth from a script: the same bench, devices and plan that the command line uses.

Run it from anywhere: ``python examples/scripted_run.py``. On a real bench, leave the clock and the
simulators out and give ``load_bench`` your own bench file.
"""

from pathlib import Path

from simulators.clock import virtual_time  # before bluesky and ophyd

# isort: split
from instruments.bench import load_bench
from plans.engine import Engine
from plans.experiments.light_regrowth import light_regrowth
from plans.records import RunRecorder, open_run
from simulators.bench import SimulatedBench

BENCH = Path(__file__).parents[1] / "simulators" / "benches" / "demo.toml"


def main() -> None:
    """Expose one sample twice, weakly and strongly, and print where its peak went."""
    recorder = RunRecorder(Path("runs"))
    with (
        virtual_time(),
        SimulatedBench(BENCH, ports="any") as simulators,
        load_bench(BENCH, addresses=simulators.addresses) as bench,
        Engine(callbacks=[recorder]) as engine,
    ):
        for irradiance_mw_cm2 in (10.0, 40.0):
            engine.run(
                light_regrowth(
                    bench["spectrometer"],  # type: ignore[arg-type] # the bench file says what it is
                    bench["light"],  # type: ignore[arg-type]
                    stage=bench["stage"],  # type: ignore[arg-type]
                    irradiance_mw_cm2=irradiance_mw_cm2,
                    max_time_min=10.0,
                    dark_tail_min=0.0,
                )
            )
            folder = recorder.run_folder
            if folder is not None:
                peak_nm = open_run(folder.path).table("tracked")["tracker_peak_nm"]
                print(f"{irradiance_mw_cm2:g} mW/cm²: {peak_nm[0]:.2f} -> {peak_nm[-1]:.2f} nm")
    recorder.finish()


if __name__ == "__main__":
    main()
