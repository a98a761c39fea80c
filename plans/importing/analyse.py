"""Track the PL peak through files of spectra."""

import csv
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from plans.analysis import flags as flag_words
from plans.analysis.peak import PeakResult, fit_peak
from plans.importing.text_spectra import (
    Spectrum,
    SpectrumFileError,
    SpectrumSeries,
    read_spectra,
)

_COLUMNS: Final = (
    "file",
    "column",
    "time_s",
    "peak_nm",
    "peak_nm_se",
    "fwhm_nm",
    "area",
    "snr",
    "flags",
)


@dataclass(frozen=True, kw_only=True)
class AnalysedSpectrum:
    """A spectrum of a file with its peak.

    Attributes:
        spectrum: the column.
        peak: what the fit made of it.
    """

    spectrum: Spectrum
    peak: PeakResult


def analyse_series(
    series: SpectrumSeries,
    *,
    excitation_nm: Sequence[float] = (),
    band_nm: tuple[float, float] | None = None,
) -> tuple[AnalysedSpectrum, ...]:
    """Fit the PL peak of every spectrum of a file.

    Args:
        series: the spectra.
        excitation_nm: lines of the light that was on, when known.
        band_nm: where the peak may be; None is everywhere.
    """
    return tuple(
        AnalysedSpectrum(
            spectrum=spectrum,
            peak=fit_peak(
                spectrum.wavelength_nm,
                spectrum.counts,
                excitation_nm=excitation_nm,
                band_nm=band_nm,
            ),
        )
        for spectrum in series.spectra
    )


def analyse_files(
    paths: Sequence[Path],
    *,
    out_dir: Path | None = None,
    json_lines: Callable[[str], None] | None = None,
    report: Callable[[str], None],
    excitation_nm: Sequence[float] = (),
    band_nm: tuple[float, float] | None = None,
) -> int:
    """Read files, fit every spectrum and say what was found.

    Args:
        paths: the files.
        out_dir: where a table (CSV) and a picture (PNG) of each file go; None writes nothing.
        json_lines: receives one JSON object a spectrum; without it `report` receives a table.
        report: receives lines for a person.
        excitation_nm: lines of the light that was on, when known.
        band_nm: where the peak may be; None is everywhere.

    Returns:
        0 when every file could be read and written, else 1.
    """
    failed = 0
    taken: set[str] = set()
    for path in map(Path, paths):
        try:
            series = read_spectra(path)
        except SpectrumFileError as error:
            report(str(error))
            failed += 1
            continue
        found = analyse_series(series, excitation_nm=excitation_nm, band_nm=band_nm)
        rows = [_row(path, item) for item in found]
        if json_lines is None:
            for line in _table(path, found):
                report(line)
        else:
            for row in rows:
                json_lines(json.dumps(row, ensure_ascii=False, allow_nan=False))
        if out_dir is not None:
            failed += not _write(Path(out_dir), _free_name(path.stem, taken), rows, found, report)
    return 1 if failed else 0


def _row(path: Path, item: AnalysedSpectrum) -> dict[str, Any]:
    peak = item.peak
    return {
        "file": str(path),
        "column": item.spectrum.name,
        "time_s": _finite(item.spectrum.time_s),
        "peak_nm": _finite(peak.peak_nm),
        "peak_nm_se": _finite(peak.peak_nm_se),
        "fwhm_nm": _finite(peak.fwhm_nm),
        "area": _finite(peak.area),
        "snr": _finite(peak.snr),
        "flags": list(peak.flags),
    }


def _finite(value: float | None) -> float | None:
    """Return a number that JSON can hold, None for everything else."""
    return float(value) if value is not None and math.isfinite(value) else None


def _table(path: Path, found: Sequence[AnalysedSpectrum]) -> list[str]:
    with_line = sum(item.peak.peak_nm is not None for item in found)
    width = max(10, *(len(item.spectrum.name.strip()) for item in found))
    lines = [
        f"{path.name}: {with_line} of {len(found)} spectra show a PL line",
        f"  {'spectrum':<{width}}  {'peak nm':>8} {'±':>7} {'width nm':>9} {'area':>10} "
        f"{'S/N':>7}  remarks",
    ]
    for item in found:
        peak, name = item.peak, item.spectrum.name.strip()
        remarks = ", ".join(flag for flag in peak.flags if flag != flag_words.NO_PEAK)
        if peak.peak_nm is None:
            lines.append(f"  {name:<{width}}  {'no peak':>8}  {peak.reason}")
            continue
        lines.append(
            f"  {name:<{width}}  {peak.peak_nm:8.2f} {peak.peak_nm_se:7.3f} {peak.fwhm_nm:9.2f} "
            f"{peak.area:10.4g} {peak.snr:7.4g}  {remarks}".rstrip()
        )
    return lines


def _free_name(stem: str, taken: set[str]) -> str:
    """Keep two files of one name in different folders apart."""
    name, number = stem, 2
    while name.casefold() in taken:
        name = f"{stem} ({number})"
        number += 1
    taken.add(name.casefold())
    return name


def _write(
    out_dir: Path,
    name: str,
    rows: Sequence[dict[str, Any]],
    found: Sequence[AnalysedSpectrum],
    report: Callable[[str], None],
) -> bool:
    from plans.importing.picture import draw_series

    table = out_dir / f"{name}.peaks.csv"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with table.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(_COLUMNS)
            for row in rows:
                writer.writerow(
                    " ".join(row[key]) if key == "flags" else row[key] for key in _COLUMNS
                )
        picture = draw_series(name, found, out_dir / f"{name}.peaks.png")
    except OSError as error:
        why = error.strerror or str(error)
        report(f"{out_dir}: cannot be written ({why}); choose another folder")
        return False
    report(f"  wrote {table} and {picture.name}")
    return True
