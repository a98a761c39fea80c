"""A simulated Ocean HDX spectrometer (Ocean Binary Protocol).

Message numbers: Ocean Optics SeaBreeze, ``OBPMessageTypes.h``. Pixels, limits and trigger modes:
python-seabreeze 2.11.0, ``pyseabreeze/devices.py``, class HDX.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.instrument import World
from simulators.ocean_obp import VENDOR_ID, ObpSpectrometer
from simulators.usb_description import UsbDescription, serial_of

PIXELS = 2068
# 350 nm to 925 nm with the slight curvature of a grating spectrometer
WAVELENGTH_COEFFICIENTS_NM = (349.5, 0.3, -1.0e-5, -1.0e-10)


class OceanHDX(ObpSpectrometer):
    """The spectrometer; arguments as for :class:`ObpSpectrometer`."""

    name = "HDX"
    product_id = 0x2003
    pixels = PIXELS
    limits_us = (6_000, 10_000_000)
    trigger_modes = (0, 1, 3, 255)
    get_spectrum = 0x00101000

    def __init__(
        self,
        world: World,
        *,
        serial_number: str = "HDX00342",
        firmware_revision: int = 0x0112,
        integration_time_us: int = 100_000,
        wavelength_coefficients_nm: Sequence[float] = WAVELENGTH_COEFFICIENTS_NM,
        stale_after_change: bool = True,
    ) -> None:
        super().__init__(
            world,
            serial_number=serial_number,
            firmware_revision=firmware_revision,
            integration_time_us=integration_time_us,
            wavelength_coefficients_nm=wavelength_coefficients_nm,
            stale_after_change=stale_after_change,
        )

    @property
    def usb(self) -> UsbDescription:
        """What it is on a USB; the packet size is a guess."""
        return UsbDescription(
            vendor_id=VENDOR_ID,
            product_id=self.product_id,
            manufacturer="Ocean Optics",
            product="HDX",
            serial=self.serial_number,
            packet_bytes={0x01: 64, 0x81: 64, 0x82: 64, 0x86: 64},
        )


def from_table(table: Mapping[str, Any], world: World) -> OceanHDX:
    """Make the spectrometer of a ``[device.*]`` table of a bench file."""
    return OceanHDX(world, serial_number=serial_of(table, "HDX00342"))
