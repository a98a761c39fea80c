"""Reads the spectrum of an end product from a run or a file."""

from pathlib import Path

import numpy as np

from plans.importing.analyse import analyse_series, read_all
from plans.importing.spectrum_file import SpectrumFileError
from plans.importing.split_series import mean_on, shining_at_the_end
from plans.live.end_product import EndProduct


def read_end_product(path: Path | str) -> EndProduct:
    """Return the mean of the last spectra with a peak.

    Args:
        path: A file of spectra, or the folder of a recorded run, that ends with the product alone.

    Raises:
        SpectrumFileError: It cannot be read, holds no peak, or not enough of the spectrum.
    """
    series = read_all(Path(path))[0]
    shining = shining_at_the_end(analyse_series(series[0])) if series else []
    if not shining:
        raise SpectrumFileError(f"{path}: no spectrum in it has a peak")
    axis = np.sort(shining[-1].spectrum.wavelength_nm)
    counts = mean_on(axis, shining)
    known = np.isfinite(axis) & np.isfinite(counts)
    try:
        return EndProduct(name=str(path), wavelength_nm=axis[known], counts=counts[known])
    except ValueError as error:
        raise SpectrumFileError(str(error)) from error
