"""Read spectra from text files of spectrometers."""

import datetime
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import HC_EV_NM
from plans.importing.header import Rows, read_header, read_rows
from plans.importing.spectrum_file import Spectrum, SpectrumFileError, SpectrumSeries
from plans.importing.table import Table, decode, find_table

_LARGEST_FILE_BYTES: Final = 500_000_000
_FEWEST_ROWS: Final = 3
_TIME: Final = re.compile(
    r"(?<![\w.])(\d+(?:[.,]\d+)?)\s*(ms|s|secs?|seconds?|min|mins|minutes?|h|hrs?|hours?)(?![a-z])",
    re.IGNORECASE,
)
_SECONDS: Final = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_AXIS: Final = re.compile(r"wave|lambda|λ|energy|\bnm\b|\bev\b|cm-1|cm\^-1", re.IGNORECASE)


def read_text_spectra(path: Path) -> SpectrumSeries:
    """Read the spectra of a text file.

    The first column is the axis (nm, eV or cm-1, as its heading says), every other column is a
    spectrum; columns whose heading names an axis start a new axis. Ragged rows, decimal commas,
    settings before and text after the numbers are coped with.

    Args:
        path: the file.

    Returns:
        Its spectra.

    Raises:
        SpectrumFileError: the file cannot be opened or holds no table of numbers.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise SpectrumFileError(f"{path}: larger than 500 MB, this is no file of spectra")
        text = decode(path.read_bytes())
    except OSError as error:
        why = error.strerror or str(error)
        raise SpectrumFileError(f"{path}: cannot be read ({why}); check the name") from error
    header = read_header(text)
    rows = read_rows(text)
    if rows is not None:
        return SpectrumSeries(
            path=path,
            spectra=_spectra_of_rows(rows, header.integration_time_s),
            written_s=header.written_s,
        )
    table = find_table(text)
    if table is None or len(table.rows) < _FEWEST_ROWS:
        raise SpectrumFileError(
            f"{path}: no table of numbers found; expected lines of wavelength and one or more "
            "intensities, separated by comma, semicolon, tab or blanks"
        )
    spectra = _spectra_of(table)
    if not spectra:
        raise SpectrumFileError(f"{path}: the table has an axis and no column of values")
    axis = spectra[0].wavelength_nm
    if len(spectra) == 1 and not table.header:
        spectra = [replace(spectra[0], name=path.stem, time_s=time_of(path.stem))]
    return SpectrumSeries(
        path=path,
        spectra=tuple(
            replace(spectrum, integration_time_s=header.integration_time_s) for spectrum in spectra
        ),
        descending=bool(axis[0] > axis[-1]),
        skipped_lines=max(0, table.skipped - bool(table.header)),
        written_s=header.written_s,
    )


def _spectra_of_rows(rows: Rows, integration_time_s: float | None) -> tuple[Spectrum, ...]:
    return tuple(
        Spectrum(
            name=f"{time_s:.3f} s" if np.isfinite(time_s) else f"spectrum {number}",
            wavelength_nm=rows.wavelength_nm,
            counts=counts,
            time_s=float(time_s) if np.isfinite(time_s) else None,
            integration_time_s=integration_time_s,
        )
        for number, (counts, time_s) in enumerate(
            zip(rows.counts, rows.time_s, strict=True), start=1
        )
    )


def _spectra_of(table: Table) -> list[Spectrum]:
    width = max(len(row) for row in table.rows)
    block = np.full((len(table.rows), width), np.nan)
    for index, row in enumerate(table.rows):
        block[index, : len(row)] = row
    names = [*table.header, *[""] * width][:width]
    axis = _axis_nm(block[:, 0], names[0])
    spectra: list[Spectrum] = []
    days: list[datetime.datetime | None] = []
    for column in range(1, width):
        values = block[:, column]
        if not np.any(np.isfinite(values)):
            continue
        if _AXIS.search(names[column]):
            axis = _axis_nm(values, names[column])
            continue
        name = names[column] or f"spectrum {len(spectra) + 1}"
        spectra.append(Spectrum(name=name, wavelength_nm=axis, counts=values, time_s=time_of(name)))
        days.append(_moment(name))
    return _with_moments(spectra, days)


def _axis_nm(values: FloatArray, heading: str) -> FloatArray:
    """Return an axis in nm; without a unit, values below 12 can only be energies in eV."""
    heading = heading.lower()
    with np.errstate(divide="ignore", invalid="ignore"):
        if "cm-1" in heading or "cm^-1" in heading or "wavenumber" in heading:
            return np.asarray(1e7 / values)
        named = re.search(r"\bev\b|energy", heading) is not None
        finite = values[np.isfinite(values)]
        if named or ("nm" not in heading and finite.size and 0.0 < float(np.max(finite)) < 12.0):
            return np.asarray(HC_EV_NM / values)
    return values


def time_of(name: str) -> float | None:
    """Return the time in s that a heading such as "90 s reaction" or "1.5 h" gives."""
    match = _TIME.search(name)
    if match is None:
        return None
    unit = match[2].lower()
    factor = _SECONDS["ms"] if unit == "ms" else _SECONDS[unit[0]]
    return float(match[1].replace(",", ".")) * factor


def _moment(name: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(name.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=None)


def _with_moments(spectra: list[Spectrum], days: list[datetime.datetime | None]) -> list[Spectrum]:
    """Give spectra whose headings are all dates the time since the first."""
    known = [day for day in days if day is not None]
    if not known or len(known) < len(spectra):
        return spectra
    return [
        Spectrum(
            name=spectrum.name,
            wavelength_nm=spectrum.wavelength_nm,
            counts=spectrum.counts,
            time_s=(day - known[0]).total_seconds(),
        )
        for spectrum, day in zip(spectra, known, strict=True)
    ]
