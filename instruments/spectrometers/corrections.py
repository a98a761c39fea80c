"""Corrections of a spectrometer that its table names.

The spectrometer only carries them in its configuration; it never changes a count.
"""

import datetime
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from instruments.bench_file import Table
from instruments.errors import ConfigurationError
from instruments.spectrometers.driver import Counts
from instruments.spectrometers.response_file import read_response

_LEAST_COVERED: Final = 0.5
_LARGEST_GAP_NM: Final = 25.0
"""Between two factors farther apart than this nothing is known."""
_LEAST_DARK_PX: Final = 3
_LIMITS_NM: Final = (100.0, 5000.0)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a correction comes from.

    Attributes:
        calibration: Identifier that records carry.
        calibrated: When it was measured, ISO 8601.
        expires: Last day on which it may be used, ISO 8601, empty for ever.
    """

    calibration: str
    calibrated: str
    expires: str = ""


@dataclass(frozen=True, kw_only=True)
class Response:
    """Relative response of grating, fibre and detector.

    Attributes:
        source: Where it comes from.
        file: The file it was read from, for messages.
        wavelength_nm: Rising axis, nm.
        factor: What counts are multiplied by to be proportional to photons.
        serial: Serial number of the spectrometer it was measured with, empty when not known.
    """

    source: Source
    file: str
    wavelength_nm: Counts = field(repr=False)
    factor: Counts = field(repr=False)
    serial: str = ""

    def check(self, axis_nm: Counts, serial: str) -> None:
        """Refuse a response that is another spectrometer's or reaches too few pixels.

        Args:
            axis_nm: Wavelength of every pixel.
            serial: Serial number of the spectrometer that is there.

        Raises:
            ConfigurationError: It does not fit.
        """
        first, last = float(self.wavelength_nm[0]), float(self.wavelength_nm[-1])
        if self.serial and serial and self.serial != serial:
            raise ConfigurationError(
                self.file,
                f"is the response of spectrometer {self.serial}, but {serial} is on the bench: "
                "measure this one with calibrate_spectral_response",
            )
        covered = self._covered(axis_nm)
        if covered < _LEAST_COVERED:
            raise ConfigurationError(
                self.file,
                f"holds {self.factor.size} factors from {first:.1f} to {last:.1f} nm; without gaps "
                f"above {_LARGEST_GAP_NM:g} nm they are {covered:.0%} of the axis of "
                f"{axis_nm.min():.1f} to {axis_nm.max():.1f} nm and must be half of it: measure "
                "over the whole axis with calibrate_spectral_response, with a lamp of all colours",
            )

    def _covered(self, axis_nm: Counts) -> float:
        """Return the part of the axis that lies between neighbouring factors."""
        after = np.searchsorted(self.wavelength_nm, axis_nm)
        last = self.wavelength_nm.size - 1
        gap_nm = (
            self.wavelength_nm[after.clip(1, last)] - self.wavelength_nm[after.clip(1, last) - 1]
        )
        inside = (axis_nm >= self.wavelength_nm[0]) & (axis_nm <= self.wavelength_nm[-1])
        return float(np.mean(inside & (gap_nm <= _LARGEST_GAP_NM)))


@dataclass(frozen=True, kw_only=True)
class StrayLightWindows:
    """Windows that no light reaches but stray light.

    Attributes:
        source: Where they come from.
        file: The bench file, for messages.
        dark_nm: First and last wavelength of each window, nm.
    """

    source: Source
    file: str
    dark_nm: tuple[tuple[float, float], ...]

    def check(self, axis_nm: Counts) -> None:
        """Refuse a window that holds no pixels.

        Args:
            axis_nm: Wavelength of every pixel.

        Raises:
            ConfigurationError: One does not lie on the axis.
        """
        for first, last in self.dark_nm:
            inside = int(np.count_nonzero((axis_nm >= first) & (axis_nm <= last)))
            if inside < _LEAST_DARK_PX:
                raise ConfigurationError(
                    self.file,
                    f"stray_light_dark_nm: {inside} pixels from {first:g} to {last:g} nm on an "
                    f"axis of {axis_nm.min():.1f} to {axis_nm.max():.1f} nm; give a window of "
                    f"{_LEAST_DARK_PX} pixels or more",
                )


@dataclass(frozen=True, kw_only=True)
class Corrections:
    """What a bench file names for one spectrometer; None is not corrected."""

    response: Response | None = None
    stray_light: StrayLightWindows | None = None

    def check(self, axis_nm: Counts, serial: str) -> None:
        """Refuse what does not fit the spectrometer.

        Args:
            axis_nm: Wavelength of every pixel.
            serial: Serial number of the spectrometer that is there.

        Raises:
            ConfigurationError: With the file, what it holds and what to do.
        """
        if self.response is not None:
            self.response.check(axis_nm, serial)
        if self.stray_light is not None:
            self.stray_light.check(axis_nm)

    def read(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the readings of the configuration.

        Args:
            name: That of the spectrometer, with which the keys begin.
        """
        now_s = time.time()
        return {
            f"{name}_{key}": {"value": value, "timestamp": now_s}
            for key, value in self._values().items()
        }

    def describe(self, name: str) -> dict[str, dict[str, Any]]:
        """Describe the keys of :meth:`read`.

        Args:
            name: That of the spectrometer, with which the keys begin.
        """
        keys: dict[str, dict[str, Any]] = {}
        for key, value in self._values().items():
            is_text = isinstance(value, str)
            keys[f"{name}_{key}"] = {
                "source": f"bench:{name}: {key.replace('_', ' ')}",
                "dtype": "string" if is_text else "array",
                "shape": [] if is_text else [len(value)],
                **({"units": "nm"} if key.endswith("_nm") else {}),
            }
        return keys

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if self.response is not None:
            values["response_wavelength_nm"] = self.response.wavelength_nm
            values["response_factor"] = self.response.factor
            values |= _words("response", self.response.source)
        if self.stray_light is not None:
            values["stray_light_dark_nm"] = np.asarray(self.stray_light.dark_nm).ravel()
            values |= _words("stray_light", self.stray_light.source)
        return values


def read_corrections(table: Table) -> Corrections | None:
    """Return the corrections that a table names, None when it names none.

    Args:
        table: That of a spectrometer. Files are looked for beside the bench file.

    Raises:
        ConfigurationError: A file or a value that makes no sense, or one without its date.
    """
    response = _response(table) if "response" in table else None
    stray_light = _stray_light(table) if "stray_light_dark_nm" in table else None
    if response is None and stray_light is None:
        return None
    return Corrections(response=response, stray_light=stray_light)


def _response(table: Table) -> Response:
    path = Path(table.file).parent / table.text("response")
    found = read_response(path)
    known = Source(
        calibration=found.calibration or path.name,
        calibrated=found.calibrated,
        expires=found.expires,
    )
    return Response(
        source=_source(table, "response", known),
        file=str(path),
        wavelength_nm=found.wavelength_nm,
        factor=found.factor,
        serial=found.serial,
    )


def _stray_light(table: Table) -> StrayLightWindows:
    low, high = _LIMITS_NM
    ends = table.series("stray_light_dark_nm", minimum=low, maximum=high)
    windows = tuple(zip(ends[::2], ends[1::2], strict=False))
    if not ends or len(ends) % 2 or any(first >= last for first, last in windows):
        raise table.error(
            "stray_light_dark_nm must be first and last wavelength of one or more windows, "
            f"such as [430, 450, 700, 750], got {list(ends)}"
        )
    spelled = ", ".join(f"{first:g}-{last:g} nm" for first, last in windows)
    known = Source(calibration=f"dark at {spelled}", calibrated="")
    source = _source(table, "stray_light", known)
    return StrayLightWindows(source=source, file=table.file, dark_nm=windows)


def _source(table: Table, name: str, known: Source) -> Source:
    """Return where a correction comes from: the table's keys, else what the file says."""
    calibration = table.text(f"{name}_id", known.calibration)
    calibrated, expires = known.calibrated, known.expires
    if f"{name}_calibrated" in table or not calibrated:
        calibrated = table.date(f"{name}_calibrated").isoformat()
    if f"{name}_expires" in table:
        expires = table.date(f"{name}_expires").isoformat()
    if expires and _day(expires) < _day(calibrated):
        raise table.error(
            f"{name}_expires is {expires}, before it was calibrated on {calibrated}: correct one"
        )
    return Source(calibration=calibration, calibrated=calibrated, expires=expires)


def _day(date: str) -> datetime.date:
    return datetime.datetime.fromisoformat(date).date()


def _words(name: str, source: Source) -> Mapping[str, str]:
    return {
        f"{name}_calibration": source.calibration,
        f"{name}_calibrated": source.calibrated,
        f"{name}_expires": source.expires,
    }
