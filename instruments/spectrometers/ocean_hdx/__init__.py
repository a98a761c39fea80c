"""Ocean HDX spectrometer on the network."""

from instruments.spectrometers.ocean_hdx.driver import OceanHdx

__all__ = ["OceanHdx"]
