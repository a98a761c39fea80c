"""What is fuzzed: everything that reads what we did not write ourselves.

A target takes a random generator and a scratch folder, feeds damaged data and raises when anything
but the documented error comes out.
"""

import contextlib
import importlib
import inspect
import math
import pkgutil
import random
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np

import instruments
from instruments import bench_models
from instruments.bench import load_bench
from instruments.bench_file import Table, read_bench_file
from instruments.errors import ConfigurationError, InstrumentError
from instruments.guard import read_reports
from instruments.links import Link
from plans.analysis import fit_peak
from plans.catalogue import PLANS, find_plan
from plans.importing.text_spectra import SpectrumFileError, read_spectra
from plans.parameters import ParameterError, describe_plan, parse_assignments
from plans.records import RecordError, RunRecorder, list_runs, open_run
from simulators.bench import MODELS as SIMULATED
from simulators.bench import SimulatedBench, SimulationError
from simulators.sample.sample_file import library_names, load_tables
from simulators.sample.world import World
from tests.fuzz import mutations
from tests.unit.plans.records.synthetic import Regrowth
from tests.unit.simulators.build import MODELS as BUILT
from tests.unit.simulators.build import simulator, transcript

ROOT = Path(__file__).parents[2]
BENCHES = sorted((ROOT / "simulators" / "benches").glob("*.toml"))
SPECTRA = sorted((ROOT / "tests" / "data").rglob("*.csv"))
Target = Callable[[random.Random, Path], None]


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


def _simulator(model: str) -> Target:
    requests = [
        bytes.fromhex(e["send_hex"]) if "send_hex" in e else e["send"].encode("latin-1")
        for e in transcript(model)["exchange"]
    ]

    def fuzz(rng: random.Random, folder: Path) -> None:
        """Whatever arrives, a simulator answers with bytes and can be asked for its state."""
        instrument = simulator(model)
        now_s = 1000.0
        for _ in range(30):
            data = rng.choice(requests)
            if rng.random() < 0.7:
                data = mutations.text(rng, data)
            assert isinstance(instrument.feed(data, now_s), bytes)
            until_s = now_s + rng.choice((0.0, 0.1, 3.0, 60.0))
            for _ in range(1000):
                due_s = instrument.next_event_s()
                if due_s is None or due_s > until_s:
                    break
                now_s = max(now_s, due_s)
                assert isinstance(instrument.poll(now_s), bytes)
            else:
                raise AssertionError("the simulator always has something to do")
            now_s = until_s
        if rng.random() < 0.2:
            instrument.line_closed(now_s)
        assert isinstance(instrument.state()["safe"], bool)

    return fuzz


class _Wire:
    """A line whose other side says anything; no waiting for what does not come."""

    def __init__(self, rng: random.Random, replies: list[bytes]) -> None:
        self._rng, self._replies = rng, replies
        self._waiting: list[bytes] = []

    def send(self, data: bytes, timeout_s: float) -> None:
        if self._rng.random() < 0.02:
            raise ConnectionResetError("the cable is out")
        for _ in range(self._rng.choice((0, 1, 1, 1, 1, 2))):
            reply = self._rng.choice(self._replies)
            if self._rng.random() < 0.6:
                reply = mutations.text(self._rng, reply[:3000])
            self._waiting.append(reply)

    def receive(self, timeout_s: float) -> bytes:
        return self._waiting.pop(0) if self._waiting else b""

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


def _driver(model: str, table: dict) -> Target:
    replies = [
        bytes.fromhex(e["reply_hex"]) if "reply_hex" in e else e.get("reply", "").encode("latin-1")
        for e in transcript(model)["exchange"]
    ]
    about = bench_models.MODELS[model]

    def fuzz(rng: random.Random, folder: Path) -> None:
        """Whatever is answered, a device raises one of our errors or returns."""
        link = Link(
            "SCRIPTED", name="fuzzed", timeout_s=0.002, reconnect_delays_s=(),
            read_termination=about.read_termination, write_termination=about.write_termination,
        )  # fmt: skip
        link._open_wire = lambda: _Wire(rng, replies)
        link._port._opener = link._open_wire
        device = about.build("fuzzed", link, Table("fuzz", "device.fuzzed", table))
        driver = device._driver
        calls = [device.read, device.read_configuration, device.prepare, driver.identify,
                 driver.make_safe]  # fmt: skip
        for call in rng.sample(calls, k=len(calls)):
            with contextlib.suppress(InstrumentError):
                call()

    return fuzz


def _codecs() -> dict[str, Target]:
    found = {}
    for module in pkgutil.walk_packages(instruments.__path__, "instruments."):
        if module.name.endswith("._codec"):
            codec = importlib.import_module(module.name)
            for name, function in vars(codec).items():
                if name.startswith(("decode", "parse", "read_")) and inspect.isfunction(function):
                    found[f"codec {module.name.split('.')[-2]}.{name}"] = _codec(function)
    return found


def _codec(function: Callable[..., object]) -> Target:
    parameters = list(inspect.signature(function).parameters.values())
    takes_text = str(parameters[0].annotation) in ("str", "<class 'str'>")
    simple = len([p for p in parameters if p.default is p.empty]) == 1

    def fuzz(rng: random.Random, folder: Path) -> None:
        """Bytes from the wire are understood, or a ValueError says what is wrong."""
        seeds = (b"", b"@01 0 OK IDLE -- 123\r\n", b"00S1.00UM", b"I12.5W0.0ML", b"1.000 UM",
                 b"\x01\x02\x00\x55\x03\xffP", b"\xc1\xc0" + rng.randbytes(62))  # fmt: skip
        data = mutations.text(rng, rng.choice(seeds))
        if not simple or str(parameters[0].annotation).endswith(("Header", "Message")):
            return
        with contextlib.suppress(ValueError):
            function(data.decode("latin-1") if takes_text else data)

    return fuzz


def all_targets() -> dict[str, Target]:
    """Return every target by its name."""
    targets: dict[str, Target] = {
        function.__name__: function
        for function in (
            bench_file, simulated_bench, sample_file, record, guard_report, spectrum_file,
            peak_fit, assignments,
        )
    }  # fmt: skip
    tables: dict[str, dict] = {}
    for path in [*BENCHES, *sorted((ROOT / "examples").rglob("*.toml"))]:
        for _, table in read_bench_file(path).table("device").items():
            tables.setdefault(table.text("model"), dict(table._data))
    for model in sorted(set(SIMULATED) & set(BUILT)):
        targets[f"simulator {model}"] = _simulator(model)
    for model in sorted(set(bench_models.MODELS) & set(BUILT) & set(tables)):
        plain = {k: v for k, v in tables[model].items() if k not in ("model", "address")}
        targets[f"driver {model}"] = _driver(model, plain)
    targets.update(_codecs())
    return targets
