"""What is fuzzed: everything that reads what we did not write ourselves.

A target takes a random generator and a scratch folder, feeds damaged data and raises when anything
but the documented error comes out.
"""

import contextlib
import math
import random
import shutil
import tomllib
from pathlib import Path

import h5py
import numpy as np

from instruments.bench import load_bench
from instruments.errors import ConfigurationError
from instruments.guard import read_reports
from plans.analysis import fit_peak
from plans.catalogue import PLANS, find_plan
from plans.experiments.calibrate_spectrum import read_certificate
from plans.experiments.conditions import DESIGNS, make_conditions
from plans.importing import SpectrumFileError, read_spectra
from plans.importing.decay_file import DecayFileError, read_decay
from plans.parameters import ParameterError, describe_plan, parse_assignments
from plans.records import RecordError, RunRecorder, list_runs, open_run, repair_run, verify_run
from plans.samples import SampleStore, SampleStoreError
from plans.samples.cards import Batch, Sample
from simulators.bench import SimulatedBench, SimulationError
from simulators.sample.sample_file import library_names, load_tables
from simulators.sample.world import World
from tests.fuzz import mutations
from tests.fuzz.wires import BENCHES, ROOT, Target, wire_targets
from tests.system.quick_plans import write_decay
from tests.unit.plans.records.synthetic import Regrowth

SPECTRA = sorted((ROOT / "tests" / "data").rglob("*.csv"))


def bench_file(rng: random.Random, folder: Path) -> None:
    """A bench file is understood, or refused with words."""
    source = rng.choice(BENCHES).read_bytes()
    path = folder / "bench.toml"
    if rng.random() < 0.3:
        path.write_bytes(mutations.text(rng, source))
    else:
        changed = mutations.tree(rng, tomllib.loads(source.decode()))
        path.write_text(mutations.toml(changed), encoding="utf-8", errors="replace")
    with contextlib.suppress(ConfigurationError):
        load_bench(path)


def simulated_bench(rng: random.Random, folder: Path) -> None:
    """So do the simulators."""
    table = mutations.tree(rng, tomllib.loads(rng.choice(BENCHES).read_text(encoding="utf-8")))
    with contextlib.suppress(SimulationError):
        SimulatedBench(table, ports="any")


def sample_file(rng: random.Random, folder: Path) -> None:
    """A sample file gives a sample that can be advanced, or is refused with words."""
    name = rng.choice(library_names())
    values, _ = load_tables(name)
    path = folder / "sample.toml"
    if rng.random() < 0.3:
        path.write_bytes(mutations.text(rng, mutations.toml(values).encode()))
    else:
        path.write_text(mutations.toml(mutations.tree(rng, values)), errors="replace")
    with contextlib.suppress(ValueError):  # SampleConfigurationError is one
        world = World.from_config({"sample": str(path)}, 1, folder)
        world.advance(10.0)
        truth = world.truth(10.0)
        assert truth["dose_j_cm2"] == 0.0


def record(rng: random.Random, folder: Path) -> None:
    """A damaged record opens, or says why not."""
    run = _recorded(folder)
    for original in run.iterdir():
        target = folder / "copy" / original.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(original.read_bytes())
    damaged = rng.choice(["run.jsonl", "run.jsonl", "arrays.h5"])
    path = folder / "copy" / damaged
    data = path.read_bytes()
    path.write_bytes(
        mutations.text(rng, data) if rng.random() < 0.8 else data[: rng.randrange(len(data))]
    )
    with contextlib.suppress(RecordError):
        opened = open_run(folder / "copy")
        for stream in opened.streams:
            opened.table(stream)
            opened.configuration(stream)
        assert math.isfinite(opened.last_time_s)
        for _ in opened.documents(filled=True):
            pass
    list_runs(folder)


def _recorded(folder: Path) -> Path:
    place = folder.parent / "recorded"
    if not place.exists():
        recorder = RunRecorder(place)
        for name, document in Regrowth(exposure=6, pixels=32).documents():
            recorder(name, document)
        recorder.close()
    return next(path for path in place.iterdir() if path.is_dir())


def repaired_record(rng: random.Random, folder: Path) -> None:
    """A damaged record is verified and repaired; after that it can be read."""
    copy = folder / "copy"
    shutil.copytree(_recorded(folder), copy)
    path = copy / rng.choice(["run.jsonl", "run.jsonl", "arrays.h5"])
    path.write_bytes(mutations.text(rng, path.read_bytes()))
    with contextlib.suppress(RecordError):
        verify_run(copy)
        repair_run(copy)
        before = open_run(copy).event_count("primary")
        verify_run(copy)
        assert open_run(copy).event_count("primary") == before


def index_of_runs(rng: random.Random, folder: Path) -> None:
    """A damaged index is built again, or the run goes on without it."""
    shutil.copytree(_recorded(folder), folder / "runs" / "a")
    list_runs(folder / "runs")
    for path in (folder / "runs").glob("*.sqlite*"):
        path.write_bytes(mutations.text(rng, path.read_bytes()))
    with contextlib.suppress(RecordError):
        list_runs(folder / "runs")


def sample_cards(rng: random.Random, folder: Path) -> None:
    """A damaged store of samples says so."""
    store = SampleStore(folder)
    store.put(Batch(name="b"))
    store.put(Sample(name="s", batch="b"))
    for path in folder.glob("*.sqlite*"):
        path.write_bytes(mutations.text(rng, path.read_bytes()))
    with contextlib.suppress(SampleStoreError):
        SampleStore(folder).samples()
        SampleStore(folder).card("s")


def decay_file(rng: random.Random, folder: Path) -> None:
    """A file of a decay is read, or refused with words."""
    path = folder / "decay.dat"
    write_decay(path, seed=1)
    path.write_bytes(mutations.text(rng, path.read_bytes()[: rng.choice((400, 20_000))]))
    with contextlib.suppress(DecayFileError):
        read_decay(path)


def binary_spectra(rng: random.Random, folder: Path) -> None:
    """So are NeXus files and JCAMP-DX files."""
    axis = np.linspace(400.0, 700.0, 40)
    if rng.random() < 0.5:
        path = folder / "spectrum.nxs"
        with h5py.File(path, "w") as file:
            data = file.create_group("entry/data")
            file.attrs["default"], file["entry"].attrs["default"] = "entry", "data"
            data.attrs.update({"signal": "counts", "axes": "wavelength", "NX_class": "NXdata"})
            data["counts"], data["wavelength"] = np.arange(40.0), axis
            data["wavelength"].attrs["units"] = "nm"
    else:
        path = folder / "spectrum.jdx"
        rows = "\n".join(f"{x:.3f} {n}" for n, x in enumerate(axis))
        path.write_text(
            "##TITLE=a\n##JCAMP-DX=4.24\n##DATA TYPE=UV/VIS SPECTRUM\n##XUNITS=NANOMETERS\n"
            f"##YUNITS=ARBITRARY UNITS\n##NPOINTS=40\n##XYPOINTS=(XY..XY)\n{rows}\n##END=\n"
        )
    path.write_bytes(mutations.text(rng, path.read_bytes()))
    with contextlib.suppress(SpectrumFileError):
        read_spectra(path)


def table_of_conditions(rng: random.Random, folder: Path) -> None:
    """A table of conditions or a certificate is understood, or refused with words."""
    path = folder / "table.csv"
    path.write_bytes(mutations.text(rng, b"irradiance_mw_cm2,max_time_min\n10,1\n20,2\n5,1e1\n"))
    plan = describe_plan(find_plan("light_regrowth"))
    axes = mutations.text(rng, b"irradiance_mw_cm2=5..50 log; max_time_min=1,2,3")
    design = rng.choice(DESIGNS)
    with contextlib.suppress(ParameterError):
        make_conditions(plan, axes.decode(errors="replace"), design=design, cells=4, seed=1,
                        table=str(path))  # fmt: skip
    path.write_bytes(mutations.text(rng, b"nm,photons\n400,1.0\n500,2.0\n600,1.5\n"))
    with contextlib.suppress(ValueError):
        read_certificate(str(path))


def guard_report(rng: random.Random, folder: Path) -> None:
    """A damaged report of a guard is left out."""
    line = (
        b'{"bench": "b", "time_s": 1.0, "cause": "hung", "program": 3, "killed": true,'
        b' "attempt": 1, "took_s": 0.1, "confirmed": ["light"], "not_confirmed": {}}\n'
    )
    (folder / "guard.jsonl").write_bytes(mutations.text(rng, line * 3))
    read_reports(folder)


def spectrum_file(rng: random.Random, folder: Path) -> None:
    """A text file of spectra is read, or refused with words; its spectra are judged."""
    data = rng.choice(SPECTRA).read_bytes()[: rng.choice((2000, 20_000))]
    path = folder / "spectra.csv"
    path.write_bytes(mutations.text(rng, data))
    with contextlib.suppress(SpectrumFileError):
        for spectrum in read_spectra(path).spectra[:2]:
            fit_peak(spectrum.wavelength_nm, spectrum.counts)


def peak_fit(rng: random.Random, folder: Path) -> None:
    """Any array is judged without an exception."""
    size = rng.choice((0, 1, 2, 3, 10, 100, 1000))
    draw = np.random.default_rng(rng.randrange(2**32))
    axis = np.linspace(rng.uniform(-10, 600), rng.uniform(400, 1100), size)
    counts = draw.normal(100, 10 ** rng.uniform(-3, 8), size)
    counts += 10 ** rng.uniform(0, 6) * np.exp(-(((axis - rng.uniform(400, 700)) / 15) ** 2))
    for array in (axis, counts):
        for _ in range(rng.choice((0, 0, 1, 5))):
            if size:
                array[rng.randrange(size)] = rng.choice((math.nan, math.inf, -1e308, 1e308, 0.0))
    fit_peak(axis, counts)


def assignments(rng: random.Random, folder: Path) -> None:
    """Parameters typed by a person are taken, or refused with words."""
    plan = describe_plan(find_plan(rng.choice(sorted(PLANS))))
    names = [p.name for p in (*plan.parameters, *plan.devices)] + ["md", "x"]
    texts = [f"{rng.choice(names)}={mutations.value(rng)}" for _ in range(rng.randrange(4))]
    with contextlib.suppress(ParameterError):
        parse_assignments(plan, texts)


def all_targets() -> dict[str, Target]:
    """Return every target by its name."""
    functions = (
        bench_file, simulated_bench, sample_file, record, repaired_record, index_of_runs,
        sample_cards, guard_report, spectrum_file, decay_file, binary_spectra, peak_fit,
        assignments, table_of_conditions,
    )  # fmt: skip
    return {function.__name__: function for function in functions} | wire_targets()
