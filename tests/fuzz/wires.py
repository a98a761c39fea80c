"""What is fuzzed on the wire: simulators, drivers and codecs."""

import contextlib
import importlib
import inspect
import pkgutil
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import instruments
from instruments import bench_models
from instruments.bench_file import Table, read_bench_file
from instruments.errors import InstrumentError
from instruments.links import Link
from instruments.spectrometers import obp
from simulators.models import MODELS as SIMULATED
from tests.fuzz import mutations
from tests.unit.simulators.build import MODELS as BUILT
from tests.unit.simulators.build import simulator, transcript

ROOT = Path(__file__).parents[2]
BENCHES = sorted((ROOT / "simulators" / "benches").glob("*.toml"))
Target = Callable[[random.Random, Path], None]


def _replies(model: str) -> list[bytes]:
    return [
        bytes.fromhex(e["reply_hex"]) if "reply_hex" in e else e.get("reply", "").encode("latin-1")
        for e in transcript(model)["exchange"]
    ]


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

    def is_gone(self) -> bool:
        return False

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


def _driver(model: str, table: dict) -> Target:
    replies = _replies(model)
    about = bench_models.MODELS[model]

    def fuzz(rng: random.Random, folder: Path) -> None:
        """Whatever is answered, a device raises one of our errors or returns."""
        link = Link(
            "SCRIPTED", name="fuzzed", timeout_s=0.002, reconnect_delays_s=(),
            read_termination=about.read_termination, write_termination=about.write_termination,
            opener=lambda timeout_s: _Wire(rng, replies),
        )  # fmt: skip
        device = about.build("fuzzed", link, Table("fuzz", "device.fuzzed", table))
        driver = device._driver
        calls = [device.read, device.read_configuration, device.prepare, driver.identify,
                 driver.make_safe]  # fmt: skip
        for call in rng.sample(calls, k=len(calls)):
            with contextlib.suppress(InstrumentError):
                call()

    return fuzz


def _codec_functions() -> Iterator[tuple[str, Callable[..., object]]]:
    for module in pkgutil.walk_packages(instruments.__path__, "instruments."):
        if module.name.endswith(("._codec", ".obp")):
            codec = importlib.import_module(module.name)
            for name, function in vars(codec).items():
                if name.startswith(("decode", "parse", "read_")) and inspect.isfunction(function):
                    yield f"{module.name.split('.')[-2]}.{name}", function


def _codec(functions: list[Callable[..., object]], seeds: list[bytes]) -> Target:
    def fuzz(rng: random.Random, folder: Path) -> None:
        """Bytes from the wire are understood, or a ValueError says what is wrong."""
        for _ in range(50):
            data = mutations.text(rng, rng.choice(seeds)[:3000])
            function = rng.choice(functions)
            first, *more = inspect.signature(function).parameters.values()
            takes_text = str(first.annotation) in ("str", "<class 'str'>")
            with contextlib.suppress(ValueError, InstrumentError):
                if function is obp.decode:
                    header = obp.decode_header(data[:44])
                    function(header, data[44:])
                else:
                    numbers = [rng.randrange(300) for p in more if p.default is p.empty]
                    function(data.decode("latin-1") if takes_text else data, *numbers)

    return fuzz


def _codecs() -> dict[str, Target]:
    seeds = [reply for model in sorted(BUILT) for reply in _replies(model) if reply]
    by_place: dict[str, list[Callable[..., object]]] = {}
    for name, function in _codec_functions():
        by_place.setdefault(name.split(".")[0], []).append(function)
    return {f"codec {place}": _codec(found, seeds) for place, found in by_place.items()}


def wire_targets() -> dict[str, Target]:
    """Return the targets of all protocols by name."""
    targets: dict[str, Target] = {}
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
