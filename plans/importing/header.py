"""What the lines above the numbers say: date, exposure, a series."""

import datetime
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from plans.analysis.noise import FloatArray

_HEADER_LINES: Final = 60
_EXPOSURE: Final = re.compile(
    r"(?:integration|exposure|acq(?:uisition|\.)?|dwell)\s*time\s*"
    r"[\[(]?\s*(?P<unit>[a-zµ]*)\s*[\])]?\s*[:=,\t ]\s*(?P<value>[\d.,]+(?:e[-+]?\d+)?)",
    re.IGNORECASE,
)
_SECONDS: Final = {"usec": 1e-6, "us": 1e-6, "µs": 1e-6, "msec": 1e-3, "ms": 1e-3}
_DATE: Final = re.compile(r"^\W*(?:date|acquired|timestamp)\b[^:=,\t]*[:=,\t]\s*(.+)$", re.I)
_FORMATS: Final = (
    "%a %b %d %H:%M:%S %Y", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
)  # fmt: skip
_ZONE: Final = re.compile(r"\s+[A-Z]{2,5}(?=\s+\d{4}$)")
_BEGIN: Final = ">>>>>begin"
_FEWEST_PIXELS: Final = 16


@dataclass(frozen=True, kw_only=True)
class Header:
    """Settings above the numbers.

    Attributes:
        integration_time_s: exposure, None when it is not named.
        written_s: date in s since the epoch as if it were UTC, None without one.
    """

    integration_time_s: float | None = None
    written_s: float | None = None


def read_header(text: str) -> Header:
    """Read settings as OceanView, SpectraSuite, Horiba and Edinburgh programs write them."""
    exposure_s: float | None = None
    written_s: float | None = None
    for line in text.splitlines()[:_HEADER_LINES]:
        if line.lower().startswith(_BEGIN):
            break
        if exposure_s is None and (match := _EXPOSURE.search(line)) is not None:
            exposure_s = _seconds(match["value"], match["unit"])
        if written_s is None and (match := _DATE.match(line)) is not None:
            written_s = _moment(match[1])
    return Header(integration_time_s=exposure_s, written_s=written_s)


def _seconds(value: str, unit: str) -> float | None:
    try:
        number = float(value.strip(".,").replace(",", "."))
    except ValueError:
        return None
    seconds = number * _SECONDS.get(unit.lower(), 1.0)
    return seconds if 0.0 < seconds < 1e6 else None


def _moment(words: str) -> float | None:
    plain = _ZONE.sub("", words.strip().strip('",'))
    for form in _FORMATS:
        try:
            moment = datetime.datetime.strptime(plain, form).replace(tzinfo=datetime.UTC)
        except ValueError:
            continue
        return moment.timestamp()
    return None


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A series with one spectrum a row.

    Attributes:
        wavelength_nm: the axis.
        counts: spectra x pixels.
        time_s: since the first.
    """

    wavelength_nm: FloatArray
    counts: FloatArray
    time_s: FloatArray


def read_rows(text: str) -> Rows | None:
    """Read the series that OceanView saves: wavelengths in the first row, then a row a spectrum.

    Every row begins with a date and the time in ms since the epoch.

    Returns:
        The series, None when the text holds none.
    """
    lines = iter(text.splitlines())
    for line in lines:
        if line.lower().startswith(_BEGIN):
            break
    axis = _numbers(next(lines, "").split("\t"))
    if axis is None or axis.size < _FEWEST_PIXELS:
        return None
    spectra, times = [], []
    for line in lines:
        cells = line.split("\t")
        values = _numbers(cells[-axis.size :])
        if len(cells) <= axis.size or values is None or values.size != axis.size:
            continue
        stamp = _numbers(cells[len(cells) - axis.size - 1 : len(cells) - axis.size])
        times.append(float(stamp[0]) / 1000.0 if stamp is not None and stamp.size else np.nan)
        spectra.append(values)
    if not spectra:
        return None
    time_s = np.array(times)
    return Rows(wavelength_nm=axis, counts=np.array(spectra), time_s=time_s - time_s[0])


def _numbers(cells: list[str]) -> FloatArray | None:
    """Return the numbers of cells without the empty ones, None when one is a word."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    try:
        return np.array([float(cell.replace(",", ".")) for cell in filled], dtype=np.float64)
    except ValueError:
        return None
