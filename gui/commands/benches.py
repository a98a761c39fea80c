"""The simulated bench that commands and window run on."""

import contextlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.bench import SimulatedBench

DEMO_BENCH = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"
"""The bench of a first run."""


@contextlib.contextmanager
def simulated_bench(
    bench_file: Path, *, seed: int | None = None, replay: str | None = None
) -> "Iterator[SimulatedBench]":
    """Serve a bench's instruments on free ports of this machine.

    Args:
        bench_file: The bench.
        seed: Of the simulated noise; None takes that of the file.
        replay: File of measured spectra that takes the place of the sample.
    """
    from simulators.bench import SimulatedBench

    bench: dict[str, Any] | Path = bench_file
    if replay is not None:
        bench = tomllib.loads(bench_file.read_text(encoding="utf-8"))
        simulation = bench.setdefault("simulation", {})
        simulation.pop("sample", None)
        simulation["replay"] = {"file": str(Path(replay).resolve())}
    with SimulatedBench(bench, seed=seed, ports="any") as simulators:
        yield simulators
