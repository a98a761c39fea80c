"""Read spectra from a file or a folder, whatever wrote them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from plans.importing.binary_files import read_jcamp, read_nexus, read_spc
from plans.importing.spectrum_file import Spectrum, SpectrumFileError, SpectrumSeries
from plans.importing.text_spectra import read_text_spectra

READERS: Final[Mapping[str, Callable[[Path], SpectrumSeries]]] = {
    ".jdx": read_jcamp,
    ".dx": read_jcamp,
    ".jcamp": read_jcamp,
    ".spc": read_spc,
    ".nxs": read_nexus,
    ".nx": read_nexus,
    ".h5": read_nexus,
    ".hdf5": read_nexus,
}
"""Readers by the ending of the name; every other file is taken for text."""
TEXT_ENDINGS: Final = (".csv", ".tsv", ".txt", ".dat", ".asc", ".prn")
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_JCAMP: Final = b"##TITLE="


def read_spectra(path: Path) -> SpectrumSeries:
    """Read the spectra of a file: text of any spectrometer, JCAMP-DX, SPC, NeXus.

    Args:
        path: the file.

    Returns:
        Its spectra.

    Raises:
        SpectrumFileError: the file cannot be opened or holds no spectra.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower(), read_text_spectra)
    if reader is read_text_spectra:
        try:
            with path.open("rb") as stream:
                begin = stream.read(len(_HDF5)).upper()
        except OSError:
            begin = b""
        if begin == _HDF5:
            reader = read_nexus
        elif begin == _JCAMP:
            reader = read_jcamp
    return reader(path)


def read_folder(folder: Path) -> tuple[list[SpectrumSeries], list[SpectrumFileError]]:
    """Read all files of spectra in a folder.

    Files with one spectrum each, as an acquisition saves them, become one series in the order of
    their dates, else of their names.

    Args:
        folder: the folder; those in it are not looked into.

    Returns:
        The series, and why files that look like spectra could not be read.
    """
    endings = {*READERS, *TEXT_ENDINGS}
    names = sorted(path for path in folder.iterdir() if path.suffix.lower() in endings)
    found, failed = [], []
    for path in names:
        try:
            found.append(read_spectra(path))
        except SpectrumFileError as error:
            failed.append(error)
    single = [series for series in found if len(series.spectra) == 1]
    if len(single) < 2:
        return found, failed
    several = [series for series in found if len(series.spectra) > 1]
    return [_joined(folder, single), *several], failed


def _joined(folder: Path, single: list[SpectrumSeries]) -> SpectrumSeries:
    dates = [series.written_s for series in single]
    known = [date for date in dates if date is not None]
    if len(known) == len(single) and len(set(known)) > 1:
        pairs = sorted(zip(known, single, strict=True), key=lambda pair: pair[0])
        begin = pairs[0][0]
        spectra = [_named(series, date - begin) for date, series in pairs]
    else:
        spectra = [_named(series, series.spectra[0].time_s) for series in single]
    return SpectrumSeries(path=folder, spectra=tuple(spectra))


def _named(series: SpectrumSeries, time_s: float | None) -> Spectrum:
    return replace(series.spectra[0], name=series.path.stem, time_s=time_s)
