"""Driver of the Ocean HDX spectrometer, on the network or on a USB.

Limits, pixel count and trigger modes: python-seabreeze 2.11, ``pyseabreeze/devices.py``, class
``HDX``.
"""

from types import MappingProxyType

from instruments.spectrometers.obp_driver import ObpSpectrometer
from instruments.spectrometers.ocean import FREE


class OceanHdx(ObpSpectrometer):
    """The spectrometer; arguments as for :class:`OceanSpectrometer`."""

    model = "HDX"
    pixel_count = 2068
    full_scale_counts = 65535.0
    integration_limits_s = (0.006, 10.0)
    trigger_modes = MappingProxyType({FREE: 0, "edge": 1, "level": 3})
