"""Spectrometers."""

from instruments.spectrometers.cooled import CooledSpectrometer, CooledSpectrometerDriver
from instruments.spectrometers.spectrometer import (
    Spectrometer,
    SpectrometerDriver,
    WavelengthOffset,
)

__all__ = [
    "CooledSpectrometer",
    "CooledSpectrometerDriver",
    "Spectrometer",
    "SpectrometerDriver",
    "WavelengthOffset",
]
