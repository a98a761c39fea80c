"""How much faster than time the sample is, and the whole stack from its bytes to its record."""

import tempfile
import time
from pathlib import Path

import numpy as np
from table import Row, cost_s

from simulators.clock import patches, virtual_time

patches.install()  # before bluesky and ophyd are imported

from plans.session import Session  # noqa: E402
from simulators.bench import SimulatedBench  # noqa: E402
from simulators.sample import (  # noqa: E402
    Beam,
    Inputs,
    PixelGrid,
    Sample,
    Throughput,
    load_sample,
)

DEMO = Path(__file__).resolve().parents[2] / "simulators" / "benches" / "demo.toml"
LIT_S, EVERY_S = 4 * 3600, 10
PIXELS_NM = np.linspace(349.5, 907.0, 2068)
EIGHT_HOURS = (
    "plateau=no", "max_time_min=480", "dark_tail_min=0", "max_dose_j_cm2=1000",
    "min_area_fraction=0",
)  # fmt: skip
EVENTS_OF_A_FRAME = 2  # the raw one and the tracked one


def rows() -> list[Row]:
    """Return simulated time against processor time."""
    # eight hours in 960 events, and in 960 frames, which are twice as many
    events_s, events_simulated_s = whole_stack_s(interval_s=30 * EVENTS_OF_A_FRAME)
    frames_s, frames_simulated_s = whole_stack_s(interval_s=30)
    return [
        Row(
            name="sample alone, 4 h",
            value=cost_s(light_run),
            unit="s",
            baseline=float(LIT_S),
            kind="speedup",
            goal=50_000.0,
        ),
        Row(
            name="whole stack, 8 h, 960 events",
            value=events_s,
            unit="s",
            baseline=events_simulated_s,
            kind="speedup",
            goal=2880.0,
        ),
        Row(
            name="whole stack, 8 h, 960 frames",
            value=frames_s,
            unit="s",
            baseline=frames_simulated_s,
            kind="speedup",
            goal=2880.0,
        ),
    ]


def light_run() -> None:
    """Light the sample for 4 h and take a spectrum every 10 s."""
    sample = Sample(load_sample("as-synthesised"), Throughput())
    grid = PixelGrid(PIXELS_NM)
    beam = Beam(wavelength_nm=405.0, fwhm_nm=12.0, irradiance_mw_cm2=20.0)
    light = Inputs(beams=(beam,))
    for _ in range(LIT_S // EVERY_S):
        sample.step(EVERY_S, light)
        sample.emission_per_s(grid, light.beams)


def whole_stack_s(*, interval_s: int) -> tuple[float, float]:
    """Run a plan of 8 h; return its processor time and the simulated time.

    From the first byte to the last line of the journal; tables and pictures are not drawn.

    Args:
        interval_s: Time from frame to frame, s.
    """
    with tempfile.TemporaryDirectory() as folder:
        session = Session(
            bench_file=DEMO,
            plan_name="light_regrowth",
            assignments=[*EIGHT_HOURS, f"interval_s={interval_s}"],
            runs_folder=Path(folder),
            say=lambda text: None,
            guarded=False,
        )
        start_s = time.process_time()
        with virtual_time() as clock, SimulatedBench(DEMO, ports="any") as simulators:
            began_s = clock.monotonic_s()
            session.run(addresses=simulators.addresses, md={"simulated": True})
            simulated_s = clock.monotonic_s() - began_s
        used_s = time.process_time() - start_s
    if session.outcome is None or session.outcome.exit_status != "success":
        raise RuntimeError(f"the plan of eight hours ended with {session.outcome}")
    return used_s, simulated_s
