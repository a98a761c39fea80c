"""Ocean QE Pro spectrometer on the USB."""

from instruments.spectrometers.ocean_qepro.driver import OceanQePro

__all__ = ["OceanQePro"]
