"""Decay files that TCSPC software writes."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from plans.analysis.noise import FloatArray

_FEWEST_BINS: Final = 20
_BIN_WIDTH: Final = re.compile(
    r"(ns|ps|us)\s*/\s*(channel|bin)|(resolution|time per channel)", re.I
)
_RATE: Final = re.compile(r"(sync|repetition|rep\.?|laser)[ _]*(rate|freq)", re.IGNORECASE)
_EXPOSURE: Final = re.compile(
    r"(acquisition|acq\.?|collection|measurement|exposure)[ _]*time", re.I
)
_NUMBER: Final = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")
_NS: Final = {"s": 1e9, "ms": 1e6, "us": 1e3, "µs": 1e3, "ns": 1.0, "ps": 1e-3}
_HZ: Final = {"ghz": 1e9, "mhz": 1e6, "khz": 1e3, "hz": 1.0}


class DecayFileError(ValueError):
    """A file that holds no decay; the message says what was looked for."""


@dataclass(frozen=True, kw_only=True)
class DecayFile:
    """A histogram of single photons.

    Attributes:
        time_ns: Begin of every bin.
        counts: Photons in every bin.
        repetition_rate_hz: Pulses per second, None when the file does not say.
        exposure_s: How long was counted, None when the file does not say.
    """

    time_ns: FloatArray
    counts: FloatArray
    repetition_rate_hz: float | None
    exposure_s: float | None


def read_decay(path: Path) -> DecayFile:
    """Read the first decay of a text file, or that of a PicoQuant .ptu file.

    Two forms are understood: counts one a line under a header that names the width of a bin (the
    text export of PicoQuant's histogrammers: ``#ns/channel``, or ``#ns/bin``, then the number), and
    columns of time and counts, the time in ns unless the header names another unit. Repetition rate
    and acquisition time are taken from the header where it has them.

    Args:
        path: The file.

    Raises:
        DecayFileError: It holds no decay.
    """
    if path.suffix.lower() == ".ptu":
        from plans.importing.picoquant import read_ptu  # it needs the names of this module

        return read_ptu(path)
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DecayFileError(f"{path}: {error}") from error
    header, rows = _split(text.splitlines())
    if len(rows) < _FEWEST_BINS:
        raise DecayFileError(f"{path}: {len(rows)} lines of numbers, a decay has {_FEWEST_BINS}")
    facts = _Facts(header)
    table = np.array([row[:2] for row in rows if len(row) == len(rows[-1])], dtype=np.float64)
    if table.shape[1] == 1:
        if facts.bin_ns is None:
            raise DecayFileError(f"{path}: one column of counts, and no line 'ns/channel' above it")
        time_ns = np.arange(len(table), dtype=np.float64) * facts.bin_ns
        counts = table[:, 0]
    else:
        time_ns, counts = table[:, 0] * facts.time_unit_ns, table[:, 1]
    if np.any(counts < 0) or not np.all(np.diff(time_ns) > 0):
        raise DecayFileError(f"{path}: times must rise and counts be 0 or more")
    return DecayFile(
        time_ns=np.asarray(time_ns, dtype=np.float64),
        counts=counts,
        repetition_rate_hz=facts.repetition_rate_hz,
        exposure_s=facts.exposure_s,
    )


def _split(lines: list[str]) -> tuple[list[str], list[list[float]]]:
    """Return what stands above the longest block of numbers, and the block."""
    best: tuple[int, int] = (0, 0)
    start: int | None = None
    numbers = [_numbers(line) for line in lines]
    for index in range(len(lines) + 1):
        is_row = index < len(lines) and bool(numbers[index])
        if is_row and start is None:
            start = index
        elif not is_row and start is not None:
            if index - start > best[1] - best[0]:
                best = (start, index)
            start = None
    first, end = best
    return lines[:first], numbers[first:end]


def _numbers(line: str) -> list[float]:
    try:
        return [float(part) for part in re.split(r"[\s,;]+", line.strip()) if part]
    except ValueError:
        return []


class _Facts:
    """What a header says."""

    def __init__(self, header: list[str]) -> None:
        self.bin_ns: float | None = None
        self.repetition_rate_hz: float | None = None
        self.exposure_s: float | None = None
        self.time_unit_ns = 1.0
        for index, line in enumerate(header):
            following = header[index + 1] if index + 1 < len(header) else ""
            self._take(line, following)

    def _take(self, line: str, following: str) -> None:
        if _BIN_WIDTH.search(line):
            unit = re.search(r"\b(ns|ps|us)\b", line)
            self.bin_ns = _scaled(line, following, _NS[unit.group(1)] if unit else 1.0)
        elif _RATE.search(line):
            unit = re.search(r"\b([gmk]?hz)\b", f"{line} {following}", re.IGNORECASE)
            self.repetition_rate_hz = _scaled(
                line, following, _HZ[unit.group(1).lower()] if unit else 1.0
            )
        elif _EXPOSURE.search(line):
            unit = re.search(r"\b(ms|s)\b", line)
            self.exposure_s = _scaled(line, following, 1e-3 if unit and unit[1] == "ms" else 1.0)
        elif found := re.search(r"time\W*\b(s|ms|us|µs|ns|ps)\b", line, re.IGNORECASE):
            self.time_unit_ns = _NS[found.group(1).lower()]


def _scaled(line: str, following: str, factor: float) -> float | None:
    """Return the number after the words of a line, else that of the next one."""
    after = re.split(r"[:=]|\)|]|channel|bin|rate|time|freq\w*", line, flags=re.IGNORECASE)[-1]
    found = _NUMBER.search(after) or _NUMBER.match(following.strip())
    return None if found is None else float(found.group()) * factor
