"""Ocean USB2000+ and Flame-S spectrometers on the USB."""

from instruments.spectrometers.ocean_usb.driver import OceanUsb

__all__ = ["OceanUsb"]
