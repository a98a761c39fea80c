"""The spectra of a recorded run, to be analysed again."""

from math import nan
from pathlib import Path

import numpy as np

from plans.analysis.chain import CorrectionChain
from plans.importing.spectrum_file import Spectrum, SpectrumFileError, SpectrumSeries
from plans.live.bench_corrections import corrections_of
from plans.live.dark_library import Dark
from plans.records.arrays import Array
from plans.records.course import PRIMARY, SPECTRUM_ENDING, Course, read_course, spectrum_key
from plans.records.errors import RecordError
from plans.records.folder import RunFolder
from plans.records.run import Run, open_run


def is_run(path: Path) -> bool:
    """Tell whether a path is the folder of a recorded run."""
    return path.is_dir() and RunFolder(path=path).journal.exists()


def read_run(path: Path) -> SpectrumSeries:
    """Read the spectra of a run: without dark where it recorded one, and corrected as it was.

    Args:
        path: the folder of the run.

    Raises:
        SpectrumFileError: the run cannot be read or holds no spectra.
    """
    try:
        run = open_run(path)
        course = read_course(run)
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
                course.seq_num,
                course.phase,
                corrected_counts(run, course),
                course.time_s,
                strict=True,
            )
        ),
    )


def corrected_counts(run: Run, course: Course) -> Array:
    """Return the counts after the corrections with which the run itself was read.

    These are what the bench named for the spectrometer when the run was made: nonlinearity, stray
    light and spectral response. The record keeps the counts as the detector gave them.

    Args:
        run: The run.
        course: The same as arrays; it has spectra.

    Returns:
        Counts, shape [frames, pixels].
    """
    spectra = course.spectra
    assert spectra is not None
    device = str(spectrum_key(run.table(PRIMARY))).removesuffix(SPECTRUM_ENDING)
    settings = {
        key: value
        for configuration in run.configuration(PRIMARY).values()
        for key, value in configuration.get("data", {}).items()
    }
    begun_s = float(run.start["time"])
    chain = corrections_of(device, settings, begun_s).fill(CorrectionChain())
    if chain == CorrectionChain():
        return spectra.counts
    corrected = [
        chain.apply(
            spectra.wavelength_nm,
            raw,
            dark=_dark(raw - counts, time_s) if has_dark else None,
            integration_time_s=nan,  # they stay counts
            now_s=time_s,
        ).counts_s
        for raw, counts, has_dark, time_s in zip(
            spectra.raw_counts,
            spectra.counts,
            spectra.has_dark,
            begun_s + course.time_s,
            strict=True,
        )
    ]
    return np.array(corrected)


def _dark(counts: Array, time_s: float) -> Dark:
    return Dark(counts=counts, noise=None, frames=1, time_s=time_s)
