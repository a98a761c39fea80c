"""Spectrometers."""

from instruments.spectrometers.spectrometer import Spectrometer, SpectrometerDriver

__all__ = ["Spectrometer", "SpectrometerDriver"]
