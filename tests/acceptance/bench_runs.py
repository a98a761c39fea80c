"""Runs of any plan on the simulated benches, with samples made for a purpose."""

import contextlib
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simulators.clock import patches, virtual_time

patches.install()  # before bluesky and ophyd are imported

from plans.records import open_run  # noqa: E402
from plans.session import Session  # noqa: E402
from simulators.bench import SimulatedBench  # noqa: E402
from simulators.sample.decay import Counter, response_counts  # noqa: E402

BENCHES = Path(__file__).resolve().parents[2] / "simulators" / "benches"
DEMO, FULL = BENCHES / "demo.toml", BENCHES / "full.toml"
VIAL = "[vial]\nvolume_ul = 3000\ncapacity_ul = 3500\n"
FILM = "[film]\nvolume_ul = 50\narea_cm2 = 1.0\ngap_mm = 5.0\nsolvent = 'toluene'\n"
COUNTER = Counter(
    bin_s=0.5e-9, bins=8000, repetition_hz=250e3, photons_per_s=5000.0, response_at_s=20e-9
)
COUNTING_S = 300.0


def crystals(concentration_nm: float, ligand_mm: float = 1.0, **more: float) -> str:
    """Return the table of nanocrystals of a sample file."""
    lines = [f"{key} = {value}" for key, value in more.items()]
    head = f"[nanocrystals]\npeak_nm = 515.0\nconcentration_nm = {concentration_nm}\n"
    return head + f"ligand_mm = {ligand_mm}\n" + "\n".join(lines) + "\n"


SAMPLES = {
    "drop": FILM + crystals(5000.0),
    "coupling": FILM + "shift_model = 'coupling'\n" + crystals(5000.0),
    "concentrated drop": FILM + crystals(15000.0),
    "warm drop": FILM + "temperature_degc = 40.0\n" + crystals(5000.0),
    "ligand-rich": VIAL + crystals(20.0, 5.0),
    "free of ligand": VIAL + crystals(20.0, 0.0) + "[kinetics]\nsticking = 0.1\n",
    "lone crystals": VIAL + crystals(2.0, trap=0.35) + "[kinetics]\nsticking = 0.0\n",
    "few crystals": VIAL + crystals(1.0, trap=0.35) + "[kinetics]\nsticking = 0.0\n",
    "lone wires": VIAL + crystals(2.0, fused=1.0, crystals_per_wire=8.0, trap=0.35),
    "only wires": VIAL + crystals(20.0, fused=1.0, crystals_per_wire=8.0),
}
for _share in (0.25, 0.5, 0.75, 1.0):
    SAMPLES[f"crystals {_share}"] = VIAL + crystals(2.4 * _share)
    _dye = f"[dye]\ndye = 'coumarin-153'\nconcentration_nm = {7000 * _share}\n"
    SAMPLES[f"dye {_share}"] = VIAL + _dye


def sample_path(folder: str | Path, name: str) -> str:
    """Return the file of a sample made for a purpose; a name of the library as it is."""
    if name not in SAMPLES:
        return name
    path = Path(folder) / f"{name}.toml"
    path.write_text(f"name = '{name}'\n{SAMPLES[name]}", encoding="utf-8")
    return str(path)


@contextlib.contextmanager
def bench_with(folder: str | Path, wells: Mapping[str, str]) -> Iterator[Path]:
    """Yield the full bench with other samples in some wells."""
    text = FULL.read_text(encoding="utf-8")
    lines = [f"{well} = '{sample_path(folder, name)}'" for well, name in wells.items()]
    head = "[simulation.plate.wells]\n"
    path = Path(folder) / "bench.toml"
    path.write_text(text.replace(head, head + "\n".join(lines) + "\n"), encoding="utf-8")
    yield path


def run_plan(
    folder: str | Path,
    plan: str,
    *assignments: str,
    bench: Path = DEMO,
    sample: str | None = None,
    counter: bool = False,
    report: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a plan through session, sockets and records; return its summary and what came of it."""
    runs = Path(folder) / f"runs of {plan}"
    runs.mkdir(parents=True, exist_ok=True)
    if counter:
        files = (f"folder={folder}/decays", f"response_file={folder}/response.dat")
        assignments = (*assignments, *files)
        (Path(folder) / "decays").mkdir(exist_ok=True)
        expected = response_counts(COUNTER, COUNTING_S)
        write_histogram(Path(folder) / "response.dat", expected.round().astype(int))
    session = Session(
        bench_file=bench,
        plan_name=plan,
        assignments=list(assignments),
        runs_folder=runs,
        say=lambda text: None,
        guarded=False,
    )
    chosen = None if sample is None else sample_path(folder, sample)
    with (
        contextlib.redirect_stdout(sys.stderr),
        virtual_time(epoch_s=1_767_261_600.0),
        SimulatedBench(bench, sample=chosen, ports="any") as simulators,
        counting(simulators, Path(folder) / "decays", wanted=counter),
    ):
        session.run(addresses=simulators.addresses, md={"simulated": True})
        truth = simulators.truth()
    outcome = session.outcome
    if outcome is None or outcome.exit_status != "success":
        raise RuntimeError(f"{plan}: {outcome}")
    if report:
        session.finish()
    newest = max(runs.glob(f"*_{plan}_*"), key=lambda path: path.stat().st_mtime_ns)
    record = open_run(newest)
    found = {name: column[0] for name, column in record.table("summary").items()}
    table = record.table("results") if "results" in record.streams else {}
    count = len(next(iter(table.values()), []))
    rows = [{name: column[row] for name, column in table.items()} for row in range(count)]
    return found, {"rows": rows, "record": record, "true_dose_j_cm2": truth["dose_j_cm2"]}


@contextlib.contextmanager
def counting(simulators: SimulatedBench, folder: Path, *, wanted: bool) -> Iterator[None]:
    """Play the TCSPC program: count again and again, and export each histogram."""
    if not wanted:
        yield
        return
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.wait(COUNTING_S):
            number += 1
            counts = simulators.decay(COUNTING_S, COUNTER)
            write_histogram(folder / f"decay{number:03d}.dat", counts)

    thread = threading.Thread(target=work, name="tcspc")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def write_histogram(path: Path, counts: Any) -> None:
    """Write a histogram as PicoQuant's programs export it."""
    head = ["#ns/channel", f"{COUNTER.bin_s * 1e9:g}", "#sync rate [Hz]"]
    head += [f"{COUNTER.repetition_hz:g}", "#acquisition time [s]", f"{COUNTING_S:g}", "#counts"]
    path.write_text("\n".join([*head, *map(str, counts)]), encoding="utf-8")
