"""Spectrometers."""

from instruments.spectrometers.cooled import CooledSpectrometer, CooledSpectrometerDriver
from instruments.spectrometers.driver import SpectrometerDriver
from instruments.spectrometers.exposure import WavelengthOffset
from instruments.spectrometers.spectrometer import Spectrometer

__all__ = [
    "CooledSpectrometer",
    "CooledSpectrometerDriver",
    "Spectrometer",
    "SpectrometerDriver",
    "WavelengthOffset",
]
