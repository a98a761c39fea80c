"""Reads a measured series of spectra from a CSV file.

The first column holds the wavelengths, each further one the spectrum taken at the time in its
title, such as "60 s reaction" or "2 min". Byte-order marks, rows of differing length, empty cells
and the text that instruments append below the numbers are coped with.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulators.sample.optics import Floats
from simulators.sample.tables import SampleConfigurationError

_TITLE = re.compile(r"\s*(\d+(?:\.\d*)?)\s*(s|sec|min|h)\b")
_SECONDS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True, kw_only=True)
class Series:
    """Spectra of one sample at several times.

    Args:
        wavelength_nm: Rising wavelengths, shape [n].
        time_s: Rising times, shape [m].
        signal: The spectra in the file's own units, shape [m, n].
    """

    wavelength_nm: Floats
    time_s: Floats
    signal: Floats

    def at(self, time_s: float) -> Floats:
        """Return the spectrum at a time, interpolated; the first or last one beyond the ends."""
        after = int(np.searchsorted(self.time_s, time_s, side="right"))
        if after == 0:
            first: Floats = self.signal[0]
            return first
        if after == self.time_s.size:
            last: Floats = self.signal[-1]
            return last
        before_s, after_s = self.time_s[after - 1], self.time_s[after]
        part = (time_s - before_s) / (after_s - before_s)
        spectrum: Floats = (1.0 - part) * self.signal[after - 1] + part * self.signal[after]
        return spectrum


def read_series(path: Path) -> Series:
    """Read a series.

    Args:
        path: The CSV file.

    Raises:
        SampleConfigurationError: When the file is not there or holds no series.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        message = f"{path}: the series cannot be read: {error.strerror}"
        raise SampleConfigurationError(message) from error
    times = _column_times(rows[0] if rows else [])
    if not times:
        message = f"{path}: no column has a time in its title, such as '60 s'"
        raise SampleConfigurationError(message)
    numbers = _number_rows(rows[1:], times)
    if len(numbers) < 2:
        message = f"{path}: fewer than two complete rows of numbers below the titles"
        raise SampleConfigurationError(message)
    table = np.array(sorted(numbers))
    table = table[np.concatenate(([True], np.diff(table[:, 0]) > 0.0))]
    order = sorted(range(len(times)), key=lambda n: times[n][1])
    time_s = np.array([times[n][1] for n in order])
    if np.any(np.diff(time_s) <= 0.0):
        message = f"{path}: two columns have the same time"
        raise SampleConfigurationError(message)
    signal = np.ascontiguousarray(table[:, 1:].T[order])
    return Series(wavelength_nm=table[:, 0].copy(), time_s=time_s, signal=signal)


def _column_times(titles: list[str]) -> list[tuple[int, float]]:
    """Return number and time in s of the columns whose title holds a time."""
    times = []
    for column, title in enumerate(titles):
        match = _TITLE.match(title)
        if column > 0 and match:
            times.append((column, float(match[1]) * _SECONDS[match[2]]))
    return times


def _number_rows(rows: list[list[str]], times: list[tuple[int, float]]) -> list[list[float]]:
    """Return wavelength and signals of the rows that are complete."""
    columns = [0, *(column for column, _ in times)]
    numbers = []
    for row in rows:
        try:
            values = [float(row[column]) for column in columns]
        except (ValueError, IndexError):
            continue
        if all(math.isfinite(value) for value in values):
            numbers.append(values)
    return numbers
