"""Spectra from files of other instruments."""

from plans.importing.read import read_folder, read_spectra
from plans.importing.spectrum_file import Spectrum, SpectrumFileError, SpectrumSeries

__all__ = ["Spectrum", "SpectrumFileError", "SpectrumSeries", "read_folder", "read_spectra"]
