"""Hostile arrays and mutated files against the analysis; prints what was found.

Every array goes through the single fit, the batch, the tracker or the mixture. No exception is
allowed, no number without a peak, no result that is not finite where there is one. Files are
measured ones with bytes changed, cut, doubled and put in another order; a reader may refuse them
with `SpectrumFileError` and nothing else. The numbers on the command
line are how many arrays and files, and the first seed.
"""

import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1])]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads that wait for each other seem slow

import numpy as np  # noqa: E402 - found only after the line above

from plans.analysis import fit_peak, fit_peaks, fit_two_lines, unmix_spectrum  # noqa: E402
from plans.analysis.chain import CorrectionChain  # noqa: E402
from plans.analysis.corrections import (  # noqa: E402
    Nonlinearity,
    SpectralResponse,
    StrayLight,
    WavelengthOffset,
)
from plans.analysis.decay import fit_decay  # noqa: E402
from plans.analysis.peak_result import NUMBERS, PeakResult  # noqa: E402
from plans.importing import SpectrumFileError, apart, read_spectra  # noqa: E402
from plans.importing.analyse import analyse_series  # noqa: E402
from plans.importing.decay_file import DecayFile, DecayFileError, read_decay  # noqa: E402
from plans.live.end_product import EndProduct  # noqa: E402
from plans.live.quantities import LiveMeasure  # noqa: E402
from plans.live.tracker import PLTracker  # noqa: E402
from tests.analysis_fuzz.kinds import DECAYS, write_kinds  # noqa: E402

ARRAYS, FILES = 100_000, 10_000
SLOWEST_S = 10.0
apart._PATIENCE_S = 5.0  # a file that hangs its library is refused before it counts as slow
DATA = HERE.parent / "data"
SIZES = (0, 1, 2, 3, 5, 17, 64, 128, 256, 512)
HUGE = (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 0.0, -1.0, 65535.0, 2.0**63)


def axis_of(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return a wavelength axis, mostly a good one."""
    good = np.linspace(*np.sort(rng.uniform(200, 1100, 2)), size)
    kind = rng.integers(10)
    if kind == 0:
        return good[::-1]
    if kind == 1:
        return rng.permutation(good)
    if kind == 2:
        return np.full(size, 515.0)
    if kind == 3 and size:
        good[rng.integers(size)] = rng.choice(HUGE)
    elif kind == 4:
        return rng.normal(size=size) * 10 ** rng.uniform(-300, 300)
    return np.linspace(350, 900, size) if kind > 6 else good


def counts_of(rng: np.random.Generator, axis: np.ndarray) -> np.ndarray:
    """Return counts of some kind: lines, noise, steps, constants, powers of ten, spoilt pixels."""
    size, kind = axis.size, rng.integers(9)
    counts = rng.normal(size=size) * 30.0
    if kind < 4:
        middle, width = rng.uniform(300, 900), 10 ** rng.uniform(-1, 2.3)
        with np.errstate(all="ignore"):
            away = np.minimum(((axis - middle) / width) ** 2, 700.0)
            counts = counts + 10 ** rng.uniform(0, 6) * np.exp(-away)
    elif kind == 4:
        counts = np.full(size, rng.choice(HUGE))
    elif kind == 5:
        counts = counts * 10 ** rng.uniform(-320, 300)
    elif kind == 6:
        counts = np.cumsum(counts)
    elif kind == 7:
        counts = np.where(np.arange(size) < rng.integers(size + 1), 0.0, 1e5)
    if size and rng.integers(3) == 0:
        spoilt = rng.integers(size, size=int(rng.integers(1, 1 + max(1, size // 4))))
        counts[spoilt] = rng.choice(HUGE, size=spoilt.size)
    if rng.integers(4) == 0:
        counts = np.clip(np.round(np.nan_to_num(counts)), 0, 65535)
    return counts if rng.integers(50) else counts[: size // 2]


def judge(peak: PeakResult) -> str:
    """Say what is wrong with a result, "" for nothing."""
    numbers = np.array([getattr(peak, name) or np.nan for name in NUMBERS[1:]], dtype=np.float64)
    if peak.peak_nm is None:
        if np.any(np.isfinite(numbers)):
            return "a number without a peak"
        return "" if peak.reason and "no_peak" in peak.flags else "no peak and no reason"
    known = np.isfinite(peak.peak_nm) and np.isfinite(peak.peak_nm_se) and peak.peak_nm_se >= 0.0
    return "" if known else "a peak that is not a number with an uncertainty"


def settings_of(rng: np.random.Generator) -> dict[str, Any]:
    """Return settings of all kinds, mostly none."""
    if rng.integers(3):
        return {}
    bands = (None, (450.0, 650.0), (700.0, 300.0), (np.nan, 1.0))
    return {
        "excitation_nm": (float(rng.choice([405.0, np.nan, -1.0, 515.0])),),
        "dark_noise": float(rng.choice([*HUGE, 30.0])),
        "full_scale_counts": float(rng.choice([*HUGE, 65535.0])),
        "resolution_nm": float(rng.choice([*HUGE, 1.4])),
        "band_nm": bands[int(rng.integers(4))],
    }


def stretched(rng: np.random.Generator, axis: np.ndarray) -> np.ndarray:
    """Return an axis in the infrared now and then, where widths compare with energies."""
    return axis if rng.integers(8) else axis * 10 ** rng.uniform(0.3, 1.5)


def single(rng: np.random.Generator, axis: np.ndarray, counts: np.ndarray) -> str:
    """Read one spectrum, with settings of all kinds."""
    settings = settings_of(rng)
    with np.errstate(all="ignore"):
        axis = stretched(rng, axis)
    return judge(fit_peak(axis, counts, **settings))


def several(rng: np.random.Generator, axis: np.ndarray, counts: np.ndarray) -> str:
    """Read the same spectrum among others."""
    if counts.size != axis.size:
        return ""
    stack = np.array([counts, counts[::-1], np.zeros(axis.size)])
    settings = settings_of(rng)
    with np.errstate(all="ignore"):
        axis = stretched(rng, axis)
        kinds = (np.float64, np.float64, np.float32, np.int32)
        stack = stack.astype(kinds[int(rng.integers(4))])
    found = fit_peaks(axis, stack, **settings)
    return next((bad for row in range(3) if (bad := judge(found.result(row)))), "")


def mixed(rng: np.random.Generator, axis: np.ndarray, counts: np.ndarray) -> str:
    """Unmix it, against itself turned round, and split it."""
    with_end = unmix_spectrum(axis, counts, first_counts=counts, end_counts=counts[::-1])
    split = fit_two_lines(axis, counts)
    for share, reason in (
        (with_end.end_fraction, with_end.reason),
        (split.red_fraction, split.reason),
    ):
        if share is None and not reason:
            return "no share and no reason"
        if share is not None and not 0.0 <= share <= 1.0 + 1e-9:
            return f"a share of {share}"
    return ""


class Live:
    """A tracker that goes on through everything, with corrections that do not fit."""

    def __init__(self) -> None:
        bent = Nonlinearity(name="bent", coefficients=(1.0, -1e-6))
        flat = SpectralResponse(
            name="flat", wavelength_nm=np.array([400.0, 800.0]), factor=np.array([1.0, 2.0])
        )
        chain = CorrectionChain(
            nonlinearity=bent,
            boxcar_px=1,
            stray_light=StrayLight(name="red end", dark_nm=((780.0, 800.0),)),
            response=flat,
            wavelength=WavelengthOffset(name="lamp", offset_nm=0.3),
        )
        nm = np.linspace(350, 900, 512)
        end = 1e4 * np.exp(-(((nm - 535) / 12) ** 2))
        measure = LiveMeasure(end=EndProduct(name="end", wavelength_nm=nm, counts=end))
        self._tracker = PLTracker(chain=chain, measure=measure, lamp_monitor="meter")
        self._number = 0

    def __call__(self, rng: np.random.Generator, axis: np.ndarray, counts: np.ndarray) -> str:
        """Track a spectrum as an event of a run of its own or of the one before."""
        if self._number % 50 == 0:
            self._tracker("start", {"uid": "run", "time": 0.0})
            for name in ("primary", "dark", "absorbance"):
                self._tracker("descriptor", {"uid": name, "name": name})
        self._number += 1
        data = {
            "spectrometer_spectrum_counts": counts,
            "spectrometer_wavelength_nm": axis,
            "spectrometer_integration_time_s": float(rng.choice([0.1, 0.1, *HUGE])),
            "light_wavelength_nm": float(rng.choice([405.0, np.nan, 0.0])),
            "absorbance_wavelength_nm": axis,
            "absorbance": counts,
        }
        for key in ("full_scale_counts", "resolution_nm", "electric_dark_counts"):
            data[f"spectrometer_{key}"] = float(rng.choice([65535.0, np.nan, *HUGE]))
        data["meter"] = float(rng.choice([1.0, 1.1, *HUGE]))
        streams = ("primary", "dark", "absorbance")
        stream = streams[int(rng.choice(3, p=(0.85, 0.125, 0.025)))]
        event = {"descriptor": stream, "seq_num": self._number, "time": float(self._number)}
        self._tracker("event", {**event, "data": data, "timestamps": {}})
        values = self._tracker.read()
        self._tracker.describe()
        latest = self._tracker.latest
        if latest is None or stream != "primary":
            return ""
        if latest.peak.peak_nm is None and np.isfinite(values["tracker_peak_nm"]["value"]):
            return "a tracked number without a peak"
        return judge(latest.peak)


def mutated(rng: np.random.Generator, content: bytes, *, whole: bool = False) -> bytes:
    """Return a file that something happened to, cut somewhere unless it shall stay whole."""
    held = bytearray(content)
    if not whole:
        del held[1 + int(rng.integers(min(len(content), 60_000))) :]
    for _ in range(int(rng.integers(1, 6))):
        kind, at = rng.integers(6), int(rng.integers(len(held) + 1))
        length = int(rng.integers(1, 400))
        if kind == 0:
            del held[at : at + length]
        elif kind == 1:
            held[at:at] = held[at : at + length]
        elif kind == 2:
            held[at:at] = rng.bytes(int(rng.integers(1, 40)))
        elif kind == 3 and at < len(held):
            held[at] = int(rng.integers(256))
        elif kind == 4:
            held[at:at] = rng.choice([b",", b"\n", b"\t", b";", b"nan", b"1e400", b"-", b"\0"])
        else:
            held = bytearray(bytes(held).replace(b",", rng.choice([b";", b"\t", b" ", b",,"])))
        held = held or bytearray(b"\n")
    return bytes(held)


def read_mutated(rng: np.random.Generator, path: Path, seeds: list[tuple[str, bytes]]) -> str:
    """Read a mutated file and analyse what it holds."""
    ending, content = seeds[int(rng.integers(len(seeds)))]
    target = path.with_suffix(ending)
    whole = ending != ".csv" and bool(rng.integers(2))
    target.write_bytes(mutated(rng, content, whole=whole))
    try:
        if ending in DECAYS:
            return judge_decay(read_decay(target))
        series = read_spectra(target)
    except (SpectrumFileError, DecayFileError):
        return ""
    finally:
        target.unlink()
    few = replace(series, spectra=series.spectra[:2])
    return next((bad for item in analyse_series(few) if (bad := judge(item.peak))), "")


class Campaign:
    """Counts what went wrong and keeps the first seeds of each kind."""

    def __init__(self) -> None:
        self.problems: Counter[str] = Counter()
        self.seeds: dict[str, int] = {}
        self.slowest_s = 0.0

    def ask(self, seed: int, what: str, question: Callable[[], str]) -> None:
        """Ask once; exceptions, warnings and slow answers are problems, too."""
        begin = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                problem = question()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked for
            problem = f"{type(error).__name__}: {error}"
        took_s = time.process_time() - begin
        self.slowest_s = max(self.slowest_s, took_s)
        if took_s > SLOWEST_S:
            problem = problem or "slow"
        if problem:
            key = f"{what}: {problem}"
            if key not in self.problems:
                print(f"seed {seed}: {key}", flush=True)
            self.problems[key] += 1
            self.seeds.setdefault(key, seed)


def judge_decay(found: DecayFile) -> str:
    """Fit a decay; say what is wrong with the result, "" for nothing."""
    result = fit_decay(found.time_ns, found.counts)
    if not result.lifetimes_ns:
        return "" if result.reason else "no lifetime and no reason"
    return "" if np.all(np.isfinite(result.lifetimes_ns)) else "a lifetime that is no number"


def measured_files() -> list[tuple[str, bytes]]:
    """Return the measured spectra of the repository."""
    return [(".csv", path.read_bytes()) for path in sorted(DATA.rglob("*.csv"))]


def seed_files(folder: Path) -> list[tuple[str, bytes]]:
    """Return the files that are mutated: measured ones, and one of every other kind."""
    write_kinds(folder)
    made = [(path.suffix, path.read_bytes()) for path in sorted(folder.iterdir())]
    return [*measured_files(), *made]


def main() -> int:
    """Run the campaign; return 1 when anything was found."""
    given = [int(word) for word in sys.argv[1:]]
    arrays, files, first = (*given, *(ARRAYS, FILES, 0)[len(given) :])
    campaign, live = Campaign(), Live()
    ways = (("fit_peak", single), ("fit_peaks", several), ("tracker", live), ("mixture", mixed))
    weights = (0.55, 0.2, 0.2, 0.05)
    for seed in range(first, first + arrays):
        rng = np.random.default_rng(seed)
        axis = axis_of(rng, int(rng.choice(SIZES)))
        counts = counts_of(rng, axis)
        name, way = ways[int(rng.choice(len(ways), p=weights))]
        campaign.ask(seed, name, lambda: way(rng, axis, counts))  # noqa: B023 - called at once
    print(f"{arrays} arrays, slowest {campaign.slowest_s:.2f} s, {len(campaign.problems)} problems")
    with tempfile.TemporaryDirectory() as folder:
        seeds = seed_files(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + files):
            rng = np.random.default_rng(10**9 + seed)
            path = Path(folder, "file")
            campaign.ask(seed, "file", lambda: read_mutated(rng, path, seeds))  # noqa: B023
    print(f"{files} files of {len(seeds)}, slowest {campaign.slowest_s:.2f} s")
    for problem, count in campaign.problems.most_common():
        print(f"  {count} x {problem} (first seed {campaign.seeds[problem]})")
    return 1 if campaign.problems else 0


if __name__ == "__main__":
    sys.exit(main())
