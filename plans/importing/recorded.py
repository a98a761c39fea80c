"""The spectra of a recorded run, to be analysed again."""

from pathlib import Path

import numpy as np

from plans.importing.spectrum_file import Spectrum, SpectrumFileError, SpectrumSeries
from plans.records.course import read_course
from plans.records.errors import RecordError
from plans.records.folder import RunFolder
from plans.records.run import open_run


def is_run(path: Path) -> bool:
    """Tell whether a path is the folder of a recorded run."""
    return path.is_dir() and RunFolder(path=path).journal.exists()


def read_run(path: Path) -> SpectrumSeries:
    """Read the spectra of a run, dark subtracted where it recorded a dark.

    Args:
        path: the folder of the run.

    Raises:
        SpectrumFileError: the run cannot be read or holds no spectra.
    """
    try:
        course = read_course(open_run(path))
    except (RecordError, OSError) as error:
        raise SpectrumFileError(f"{path}: cannot be read as a recorded run ({error})") from error
    spectra = course.spectra
    if spectra is None or not spectra.has_wavelength:
        raise SpectrumFileError(f"{path}: the run recorded no spectra with a wavelength axis")
    return SpectrumSeries(
        path=path,
        spectra=tuple(
            Spectrum(
                name=f"{phase or 'frame'} {number}",
                wavelength_nm=spectra.wavelength_nm,
                counts=np.asarray(counts, dtype=np.float64),
                time_s=float(time_s) if np.isfinite(time_s) else None,
            )
            for number, phase, counts, time_s in zip(
                course.seq_num, course.phase, spectra.counts, course.time_s, strict=True
            )
        ),
    )
