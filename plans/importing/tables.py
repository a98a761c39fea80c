"""What was found in a series of spectra: lines, table, report."""

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from plans.analysis import flags as flag_words
from plans.analysis.photometry import colour

if TYPE_CHECKING:
    from plans.importing.analyse import AnalysedSpectrum

COLUMNS: Final = (
    *("file", "column", "time_s", "peak_nm", "peak_nm_se", "fwhm_nm"),
    *("area", "snr", "flags"),
)
_MORE: Final = ("peak_ev", "moment_fwhm_nm", "centroid_nm", "asymmetry", "shoulder", "chi2_red")
_COLOUR: Final = ("cie_x", "cie_y", "rec2020_distance")
_COLOUR_FWHM: Final = 2.5  # to each side of the peak; what lies beyond is no colour of the line
_LONGEST_TABLE: Final = 120
_ENDS: Final = 20
Against = tuple[str, "tuple[AnalysedSpectrum, ...]"] | None


def json_row(path: Path, item: "AnalysedSpectrum") -> dict[str, Any]:
    """Return what a line of JSON holds."""
    peak = item.peak
    return {
        "file": str(path),
        "column": item.spectrum.name,
        "time_s": finite(item.spectrum.time_s),
        "peak_nm": finite(peak.peak_nm),
        "peak_nm_se": finite(peak.peak_nm_se),
        "fwhm_nm": finite(peak.fwhm_nm),
        "area": finite(peak.area),
        "snr": finite(peak.snr),
        "flags": list(peak.flags),
    }


def finite(value: float | None) -> float | None:
    """Return a number that JSON can hold, None for everything else."""
    return float(value) if value is not None and math.isfinite(value) else None


def lines_of(path: Path, found: Sequence["AnalysedSpectrum"], against: Against = None) -> list[str]:
    """Return the table for a person; of a long series its two ends."""
    with_line = sum(item.peak.peak_nm is not None for item in found)
    width = max(10, *(len(item.spectrum.name.strip()) for item in found))
    lines = [
        f"{path.name}: {with_line} of {len(found)} spectra show a PL line",
        f"  {'spectrum':<{width}}  {'peak nm':>8} {'±':>7} {'width nm':>9} {'area':>10} "
        f"{'S/N':>7}  remarks",
    ]
    if len(found) > _LONGEST_TABLE:
        lines += [_line(item, width) for item in found[:_ENDS]]
        lines.append(f"  ... {len(found) - 2 * _ENDS} more: --out writes all of them ...")
        lines += [_line(item, width) for item in found[-_ENDS:]]
    else:
        lines += [_line(item, width) for item in found]
    if against is not None:
        lines.append(f"  {comparison(found, against)}")
    return lines


def _line(item: "AnalysedSpectrum", width: int) -> str:
    peak, name = item.peak, item.spectrum.name.strip()
    if peak.peak_nm is None:
        return f"  {name:<{width}}  {'no peak':>8}  {peak.reason}"
    remarks = ", ".join(flag for flag in peak.flags if flag != flag_words.NO_PEAK)
    return (
        f"  {name:<{width}}  {peak.peak_nm:8.2f} {peak.peak_nm_se:7.3f} {peak.fwhm_nm:9.2f} "
        f"{peak.area:10.4g} {peak.snr:7.4g}  {remarks}".rstrip()
    )


def comparison(found: Sequence["AnalysedSpectrum"], against: Against) -> str:
    """Say how start, end and shift differ from another series."""
    if against is None:
        return ""
    name, other = against
    here, there = _ends(found), _ends(other)
    if here is None or there is None:
        return f"against {name}: one of the two has no peak to compare"
    return (
        f"against {name}: start {here[0] - there[0]:+.2f} nm, end {here[1] - there[1]:+.2f} nm, "
        f"shift {here[1] - here[0]:+.2f} instead of {there[1] - there[0]:+.2f} nm"
    )


def _ends(found: Sequence["AnalysedSpectrum"]) -> tuple[float, float] | None:
    peaks = [item.peak.peak_nm for item in found if item.peak.peak_nm is not None]
    if not peaks:
        return None
    count = max(1, min(5, len(peaks) // 5))
    return float(np.mean(peaks[:count])), float(np.mean(peaks[-count:]))


def write_results(
    out_dir: Path,
    name: str,
    path: Path,
    found: Sequence["AnalysedSpectrum"],
    against: Against,
    report: Callable[[str], None],
    *,
    split: str = "",
) -> bool:
    """Write table, picture and report of a series.

    Args:
        out_dir: the folder, made if it is not there.
        name: begin of the names.
        path: where the spectra came from.
        found: the spectra with their peaks.
        against: a series to lay it over.
        report: is told what was written, or why not.
        split: how the shift splits, for the report.

    Returns:
        True when all was written.
    """
    from plans.importing.picture import draw_series
    from plans.importing.series_report import series_page

    table, page = out_dir / f"{name}.peaks.csv", out_dir / f"{name}.report.html"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with table.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow((*COLUMNS, *_MORE, *_COLOUR))
            for item in found:
                writer.writerow(_cells(path, item))
        picture = draw_series(name, found, out_dir / f"{name}.peaks.png", against=against)
        words = series_page(path, found, picture.read_bytes(), against, split=split)
        page.write_text(words, encoding="utf-8")
    except OSError as error:
        why = error.strerror or str(error)
        report(f"{out_dir}: cannot be written ({why}); choose another folder")
        return False
    report(f"  wrote {table}, {picture.name} and {page.name}")
    return True


def _cells(path: Path, item: "AnalysedSpectrum") -> list[Any]:
    row = json_row(path, item)
    cells = [" ".join(row[key]) if key == "flags" else row[key] for key in COLUMNS]
    return [*cells, *(finite(getattr(item.peak, key)) for key in _MORE), *_colour(item)]


def _colour(item: "AnalysedSpectrum") -> tuple[float | None, ...]:
    """Return CIE 1931 x and y of the line, and its distance to the green of Rec. 2020."""
    peak, line = item.peak, item.peak.line
    if peak.peak_nm is None or line is None:
        return (None,) * len(_COLOUR)
    axis = item.spectrum.wavelength_nm
    near = np.abs(axis - peak.peak_nm) <= _COLOUR_FWHM * line.fwhm_nm
    found = colour(axis[near], item.spectrum.counts[near] - line.baseline(axis[near]))
    return found.x, found.y, found.rec2020_distance
