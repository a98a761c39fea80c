"""Spectra from files of other instruments."""

from plans.importing.text_spectra import (
    Spectrum,
    SpectrumFileError,
    SpectrumSeries,
    read_spectra,
)

__all__ = ["Spectrum", "SpectrumFileError", "SpectrumSeries", "read_spectra"]
