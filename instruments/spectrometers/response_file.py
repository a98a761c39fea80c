"""The file that holds a spectral response."""

import datetime
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from instruments.errors import ConfigurationError
from instruments.spectrometers.driver import Counts

_WORDS: Final = ("calibration", "calibrated", "expires", "spectrometer", "pixels")
_ADVICE: Final = "save it again with: regrow response RUN FILE"


@dataclass(frozen=True, kw_only=True)
class ResponseFile:
    """What a file holds of the response of a spectrometer.

    Attributes:
        wavelength_nm: Rising axis, nm.
        factor: What counts are multiplied by to be proportional to photons; positive.
        calibration: Identifier that records carry, empty when the file does not say.
        calibrated: When it was measured, ISO 8601, empty when the file does not say.
        expires: Last day on which it may be used, ISO 8601, empty for ever.
        serial: Serial number of the spectrometer, empty when the file does not say.
    """

    wavelength_nm: Counts = field(repr=False)
    factor: Counts = field(repr=False)
    calibration: str = ""
    calibrated: str = ""
    expires: str = ""
    serial: str = ""


def write_response(path: Path, response: ResponseFile) -> None:
    """Write a response as comments in TOML and two columns; pixels without a factor are left out.

    Args:
        path: A new file.
        response: What it shall hold.

    Raises:
        ConfigurationError: Fewer than two pixels have a factor.
        OSError: It is there already, or cannot be written.
    """
    good = np.isfinite(response.factor) & (response.factor > 0.0)
    rows = list(zip(response.wavelength_nm[good], response.factor[good], strict=True))
    if len(rows) < 2:
        raise ConfigurationError(
            str(path), f"not written: {len(rows)} pixels have a factor; measure the lamp again"
        )
    about = {
        "calibration": _quoted(response.calibration),
        "calibrated": response.calibrated,
        "expires": response.expires,
        "spectrometer": _quoted(response.serial),
        "pixels": str(len(rows)),
    }
    lines = ["# Relative response of a spectrometer: counts times factor are photons."]
    lines += [f"# {word} = {value}" for word, value in about.items() if value]
    lines.append("wavelength_nm,factor")
    lines += [f"{float(nm)!r},{float(factor)!r}" for nm, factor in rows]
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


def read_response(path: Path) -> ResponseFile:
    """Read the response that `write_response` wrote, or two plain columns.

    Args:
        path: Text with wavelength in nm and factor, separated by comma, semicolon, tab or space.

    Raises:
        ConfigurationError: It cannot be read, is cut, or does not hold a response.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        words = f"cannot be read: {error.strerror or error}; correct `response`, or {_ADVICE}"
        raise ConfigurationError(str(path), words) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(path), f"is no text: {error}; {_ADVICE}") from error
    about: dict[str, Any] = {}
    rows: list[tuple[float, float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            about |= _about(path, number, line)
        elif line.strip():
            _take_row(path, number, line, rows)
    _check_whole(path, text, about, len(rows))
    axis, factor = _columns(path, rows)
    return ResponseFile(
        wavelength_nm=axis,
        factor=factor,
        calibration=_text(path, about, "calibration"),
        calibrated=_day(path, about, "calibrated"),
        expires=_day(path, about, "expires"),
        serial=_text(path, about, "spectrometer"),
    )


def _quoted(text: str) -> str:
    """Return a text in quotes of TOML, empty for none."""
    plain = "".join(c for c in text if c.isprintable()).replace("\\", "/").replace('"', "'")
    return f'"{plain}"' if plain else ""


def _about(path: Path, number: int, line: str) -> Mapping[str, Any]:
    """Return what a comment says, nothing when it is mere words."""
    words = line.lstrip("#").strip()
    if words.partition("=")[0].strip() not in _WORDS or "=" not in words:
        return {}
    try:
        return tomllib.loads(words)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            str(path), f"line {number}, {line!r}, is no TOML: {error}; {_ADVICE}"
        ) from error


def _take_row(path: Path, number: int, line: str, rows: list[tuple[float, float]]) -> None:
    parts = line.replace(",", " ").replace(";", " ").split()
    try:
        nm, factor = (float(part) for part in parts)
    except ValueError:
        if not rows and not _begins_with_number(parts):
            return  # the names of the columns
        raise ConfigurationError(
            str(path), f"line {number}, {line!r}, is no pair of wavelength and factor; {_ADVICE}"
        ) from None
    rows.append((nm, factor))


def _begins_with_number(parts: Sequence[str]) -> bool:
    try:
        float(parts[0])
    except (ValueError, IndexError):
        return False
    return True


def _check_whole(path: Path, text: str, about: Mapping[str, Any], found: int) -> None:
    """Refuse a file that says how many pixels it has and has not so many, or half a last line."""
    if "pixels" not in about:
        return
    if found != about["pixels"]:
        raise ConfigurationError(
            str(path), f"is cut: {found} of {about['pixels']!r} pixels are there; {_ADVICE}"
        )
    if not text.endswith("\n"):
        raise ConfigurationError(str(path), f"is cut: its last line has no end; {_ADVICE}")


def _columns(path: Path, rows: Sequence[tuple[float, float]]) -> tuple[Counts, Counts]:
    table = np.asarray(rows, dtype=np.float64).reshape(-1, 2)
    axis, factor = table[:, 0], table[:, 1]
    if len(rows) < 2:
        raise ConfigurationError(
            str(path), f"holds {len(rows)} pairs of wavelength and factor, needs two; {_ADVICE}"
        )
    if not (np.all(np.isfinite(axis)) and np.all(np.diff(axis) > 0.0) and axis[0] > 0.0):
        raise ConfigurationError(str(path), "its first column must be wavelengths that rise, in nm")
    if not (np.all(np.isfinite(factor)) and np.all(factor > 0.0)):
        worst = float(factor[~(np.isfinite(factor) & (factor > 0.0))][0])
        raise ConfigurationError(
            str(path), f"holds the factor {worst:g}; factors are above 0: leave such lines out"
        )
    return axis, factor


def _text(path: Path, about: Mapping[str, Any], word: str) -> str:
    value = about.get(word, "")
    if not isinstance(value, str):
        raise ConfigurationError(str(path), f"{word} must be a text in quotes, got {value!r}")
    return value


def _day(path: Path, about: Mapping[str, Any], word: str) -> str:
    value = about.get(word, "")
    if value == "":
        return ""
    if not isinstance(value, datetime.date):
        raise ConfigurationError(
            str(path), f"{word} must be a date like 2026-11-02 (no quotes), got {value!r}"
        )
    return value.isoformat()
