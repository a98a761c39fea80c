"""Track the PL peak through files of spectra."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from plans.analysis.batch import fit_peaks
from plans.analysis.other_lines import SHAPES, Shape, in_shape
from plans.analysis.peak import PeakResult, fit_peak
from plans.importing.read import read_folder, read_spectra
from plans.importing.recorded import is_run, read_run
from plans.importing.spectrum_file import Spectrum, SpectrumFileError, SpectrumSeries
from plans.importing.split_series import split_series
from plans.importing.tables import json_row, lines_of, write_results

Say = Callable[[str], None]
_TOGETHER: Final = 1000


@dataclass(frozen=True, kw_only=True)
class AnalysedSpectrum:
    """A spectrum of a file with its peak.

    Attributes:
        spectrum: the column.
        peak: what the fit made of it.
        shape: of the line that the peak was read with.
    """

    spectrum: Spectrum
    peak: PeakResult
    shape: Shape = SHAPES[0]


Analysed = tuple[AnalysedSpectrum, ...]


def analyse_series(
    series: SpectrumSeries,
    *,
    excitation_nm: Sequence[float] = (),
    band_nm: tuple[float, float] | None = None,
    shape: Shape = SHAPES[0],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[AnalysedSpectrum, ...]:
    """Fit the PL peak of every spectrum of a file.

    Args:
        series: the spectra.
        excitation_nm: lines of the light that was on, when known.
        band_nm: where the peak may be; None is everywhere.
        shape: of the line that the peak is read with.
        progress: is told how many spectra of how many are read, after every thousand.
    """
    spectra, done = series.spectra, 0
    found: list[AnalysedSpectrum] = []
    for first, last in _with_one_axis(spectra):
        for start in range(first, last, _TOGETHER):
            part = spectra[start : min(start + _TOGETHER, last)]
            found += _analysed(part, excitation_nm, band_nm, shape)
            done += len(part)
            if progress is not None:
                progress(done, len(spectra))
    return tuple(found)


def _with_one_axis(spectra: Sequence[Spectrum]) -> Iterator[tuple[int, int]]:
    """Split spectra where the axis changes."""
    first = 0
    for row in range(1, len(spectra) + 1):
        if row < len(spectra):
            here, before = spectra[row].wavelength_nm, spectra[row - 1].wavelength_nm
            if here is before or np.array_equal(here, before, equal_nan=True):
                continue
        yield first, row
        first = row


def _analysed(
    spectra: Sequence[Spectrum],
    excitation_nm: Sequence[float],
    band_nm: tuple[float, float] | None,
    shape: Shape,
) -> list[AnalysedSpectrum]:
    axis = spectra[0].wavelength_nm
    settings = {"excitation_nm": tuple(excitation_nm), "band_nm": band_nm}
    if len(spectra) == 1:
        peaks = [fit_peak(axis, spectra[0].counts, **settings)]  # type: ignore[arg-type]
    else:
        counts = np.array([spectrum.counts for spectrum in spectra])
        batch = fit_peaks(axis, counts, **settings)  # type: ignore[arg-type]
        peaks = [batch.result(row) for row in range(len(batch))]
    return [
        AnalysedSpectrum(
            spectrum=spectrum, peak=in_shape(peak, axis, spectrum.counts, shape), shape=shape
        )
        for spectrum, peak in zip(spectra, peaks, strict=True)
    ]


def read_all(path: Path) -> tuple[list[SpectrumSeries], list[SpectrumFileError]]:
    """Read a file, a folder of files, or the folder of a recorded run.

    Args:
        path: any of them.

    Returns:
        The series, and why others could not be read.
    """
    if is_run(path):
        return [read_run(path)], []
    if not path.is_dir():
        return [read_spectra(path)], []
    found, failed = read_folder(path)
    if not found and not failed:
        raise SpectrumFileError(f"{path}: the folder holds no file of spectra")
    return found, failed


def analyse_files(
    paths: Sequence[Path],
    *,
    out_dir: Path | None = None,
    json_lines: Say | None = None,
    report: Say,
    excitation_nm: Sequence[float] = (),
    band_nm: tuple[float, float] | None = None,
    shape: Shape = SHAPES[0],
    against: Path | None = None,
    end: Path | None = None,
    progress: Say | None = None,
) -> int:
    """Read files, fit every spectrum and say what was found.

    Args:
        paths: files, folders of files, or folders of recorded runs.
        out_dir: where table (CSV), picture (PNG) and report (HTML) of each series go; None writes
            nothing.
        json_lines: receives one JSON object a spectrum; without it `report` receives a table.
        report: receives lines for a person.
        excitation_nm: lines of the light that was on, when known.
        band_nm: where the peak may be; None is everywhere.
        shape: of the line that the peak is read with.
        against: an earlier run or file; every series is laid over it.
        end: a run or file that ends with the spectrum of the product alone; the shift of every
            series is split into what the product's share did and what the lines did.
        progress: receives how far a long series is.

    Returns:
        0 when every file could be read and written, else 1.
    """
    work = _Analysis(
        lambda series, told: analyse_series(
            series, excitation_nm=excitation_nm, band_nm=band_nm, shape=shape, progress=told
        ),
        out_dir,
        json_lines,
        report,
        progress,
        band_nm,
    )
    if against is not None:
        work.compare_with(Path(against))
    if end is not None:
        work.split_with(Path(end))
    for path in map(Path, paths):
        work.analyse(path)
    return 1 if work.failed else 0


class _Analysis:
    def __init__(
        self,
        peaks: Callable[[SpectrumSeries, Callable[[int, int], None]], Analysed],
        out_dir: Path | None,
        json_lines: Say | None,
        report: Say,
        progress: Say | None,
        band_nm: tuple[float, float] | None,
    ) -> None:
        self.failed = 0
        self._band_nm = band_nm
        self._end: Analysed | None = None
        self._peaks_of = peaks
        self._out_dir = None if out_dir is None else Path(out_dir)
        self._json_lines, self._report, self._say_progress = json_lines, report, progress
        self._taken: set[str] = set()
        self._against: tuple[str, Analysed] | None = None

    def compare_with(self, path: Path) -> None:
        """Lay everything over the first series of a file, a folder or a run."""
        for series in self._read(path)[:1]:
            self._against = (series.path.name, self._peaks(series))

    def split_with(self, path: Path) -> None:
        """Split every shift with the end of the first series of a file, a folder or a run."""
        for series in self._read(path)[:1]:
            self._end = self._peaks(series)

    def analyse(self, path: Path) -> None:
        """Read one path and say, and write, what is in it."""
        for series in self._read(path):
            found = self._peaks(series)
            split = self._split(path, found)
            if self._json_lines is None:
                for line in lines_of(series.path, found, self._against):
                    self._report(line)
            else:
                for item in found:
                    row = json_row(series.path, item)
                    self._json_lines(json.dumps(row, ensure_ascii=False, allow_nan=False))
            if split:
                self._report(f"  {split}")
            if self._out_dir is not None:
                name = _free_name(series.path.stem, self._taken)
                self.failed += not write_results(
                    self._out_dir,
                    name,
                    series.path,
                    found,
                    self._against,
                    self._report,
                    split=split,
                )

    def _split(self, path: Path, found: Analysed) -> str:
        """Say how the shift splits, "" where nobody asks: for files without a reference."""
        if self._end is None and not is_run(path):
            return ""
        return f"split by population: {split_series(found, self._end, self._band_nm).text}"

    def _read(self, path: Path) -> list[SpectrumSeries]:
        try:
            found, problems = read_all(path)
        except SpectrumFileError as error:
            found, problems = [], [error]
        for problem in problems:
            self._report(str(problem))
        self.failed += len(problems)
        return found

    def _peaks(self, series: SpectrumSeries) -> Analysed:
        return self._peaks_of(series, lambda done, of: self._tell(series.path.name, done, of))

    def _tell(self, name: str, done: int, of: int) -> None:
        if self._say_progress is not None and of > _TOGETHER:
            self._say_progress(f"{name}: {done} of {of} spectra")


def _free_name(stem: str, taken: set[str]) -> str:
    """Keep two files of one name in different folders apart."""
    name, number = stem, 2
    while name.casefold() in taken:
        name = f"{stem} ({number})"
        number += 1
    taken.add(name.casefold())
    return name
