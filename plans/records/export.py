"""Tables of a run for a spreadsheet, and all files that a closed run gets.

Numbers have a point, columns a comma, files UTF-8, whatever the language of the computer.
"""

import csv
import io
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from plans.records.answer import Columns, tables
from plans.records.arrays import Array
from plans.records.course import PRIMARY, TRACKED, read_course
from plans.records.errors import RecordError
from plans.records.files import write_text
from plans.records.folder import RunFolder, local_time
from plans.records.run import Run, open_run

Progress = Callable[[str, float], None]
logger = logging.getLogger(__name__)


def write_exports(folder: RunFolder, progress: Progress | None = None) -> RunFolder:
    """Write tables, picture and report into the folder of a run.

    Args:
        folder: The folder; its journal may be cut.
        progress: Called with what is being written and the share done, 0 to 1.

    Returns:
        The folder.

    Raises:
        RecordError: A file cannot be written; the other ones are.
    """
    from plans.records.figure import write_overview  # matplotlib takes a second to import
    from plans.records.nexus import write_nexus
    from plans.records.report import report_page

    def tell(what: str, share: float) -> None:
        if progress is not None:
            progress(what, share)

    run = open_run(folder.path)
    steps: list[tuple[Path, Callable[[Path], None]]] = [
        (folder.tracked_csv, lambda path: write_tracked(run, path)),
        (folder.spectra_csv, lambda path: write_spectra(run, path)),
        *(
            (folder.table_csv(stream), partial(write_table, columns))
            for stream, columns in tables(run).items()
        ),
        (folder.nexus, lambda path: write_nexus(run, path)),
        (folder.overview_png, lambda path: write_overview(run, path)),
        (folder.report_html, lambda path: write_text(path, [report_page(run)])),
    ]
    failures: list[RecordError] = []
    for number, (path, write) in enumerate(steps):
        tell(path.name, number / len(steps))
        try:
            write(path)
        except RecordError as error:
            logger.warning("%s", error)
            failures.append(error)
    tell("done", 1.0)
    if failures:
        raise failures[0]
    return folder


def write_report(path: Path | str) -> Path:
    """Write the report of a run again.

    Args:
        path: The folder of the run, or a file in it.

    Returns:
        The HTML file.

    Raises:
        RecordError: The run cannot be read, or the file not be written.
    """
    from plans.records.report import report_page

    run = open_run(path)
    write_text(run.folder.report_html, [report_page(run)])
    return run.folder.report_html


def write_tracked(run: Run, path: Path) -> None:
    """Write the values of each frame as a table, one row per frame.

    Args:
        run: The run.
        path: The CSV file. A value that is not there is an empty cell.

    Raises:
        RecordError: The file cannot be written.
    """
    columns = tracked_columns(run)
    rows = zip(*columns.values(), strict=True)
    write_text(path, _lines([list(columns), *([_cell(v) for v in row] for row in rows)]))


def write_table(columns: Columns, path: Path) -> None:
    """Write a table of results.

    Args:
        columns: Its columns.
        path: The CSV file.

    Raises:
        RecordError: The file cannot be written.
    """
    rows = zip(*columns.values(), strict=True)
    write_text(path, _lines([list(columns), *([_cell(v) for v in row] for row in rows)]))


def tracked_columns(run: Run) -> dict[str, Array]:
    """Return everything of a frame that is one value: light, phase and tracked quantities.

    Args:
        run: The run.
    """
    primary, tracked = run.table(PRIMARY), run.table(TRACKED)
    frames = primary or tracked
    columns: dict[str, Array] = {"seq_num": frames.get("seq_num", np.empty(0))}
    times = [local_time(t).isoformat(timespec="milliseconds") for t in frames.get("time", ())]
    columns["time"] = np.array(times, dtype=object)
    columns["elapsed_s"] = read_course(run).time_s
    columns |= {k: v for k, v in primary.items() if v.ndim == 1 and k not in columns}
    row_of = {int(n): row for row, n in enumerate(tracked.get("seq_num", ()))}
    for key, column in tracked.items():
        name = key.removeprefix("tracker_")
        if name not in columns and column.ndim == 1:
            picked = [row_of.get(int(n)) for n in columns["seq_num"]]
            values = [None if row is None else column[row] for row in picked]
            columns[name] = np.array(values, dtype=object)
    return columns


def write_spectra(run: Run, path: Path) -> None:
    """Write the spectra as recorded: wavelengths in the first column, then one column per frame.

    Args:
        run: The run.
        path: The CSV file. Without a spectrum it has the heading of the first column only.

    Raises:
        RecordError: The file cannot be written.
    """
    course = read_course(run)
    spectra = course.spectra
    if spectra is None:
        write_text(path, _lines([["wavelength_nm"]]))
        return
    first = "wavelength_nm" if spectra.has_wavelength else "pixel"
    heading = [first, *(f"{t:.3f} s ({spectra.units})" for t in course.time_s)]
    write_text(path, _spectra_lines(heading, spectra.wavelength_nm, spectra.raw_counts))


def _spectra_lines(heading: list[str], wavelength_nm: Array, counts: Array) -> Iterator[str]:
    yield from _lines([heading])
    for pixel, wavelength in enumerate(wavelength_nm):
        cells = ["" if math.isnan(v) else f"{v:.10g}" for v in counts[:, pixel].tolist()]
        yield ",".join([f"{wavelength:.10g}", *cells]) + "\r\n"


def _lines(rows: Iterable[list[Any]]) -> Iterator[str]:
    for row in rows:
        text = io.StringIO(newline="")
        csv.writer(text).writerow(row)
        yield text.getvalue()


def _cell(value: Any) -> Any:
    match value:
        case None:
            return ""
        case float() | np.floating():
            return "" if math.isnan(value) else f"{value:.10g}"
        case _:
            return value
