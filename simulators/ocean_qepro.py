"""A simulated Ocean QE Pro spectrometer (Ocean Binary Protocol over USB).

Message numbers: Ocean Optics SeaBreeze, ``OBPMessageTypes.h``. Pixels, limits, trigger modes and
dark pixels: python-seabreeze 2.11.0, ``pyseabreeze/devices.py``, class QEPRO. Metadata: QE Pro Data
Sheet 891-00000-000-05, pages 11 and 12, as quoted in SeaBreeze's ``demo-qepro-api.c``. USB
descriptor: printed from a real unit in DCC-Lab/PyHardwareLibrary, "Chronicles of QEPro".
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators import obp_frame as obp
from simulators.instrument import JSON, World
from simulators.ocean_obp import (
    VENDOR_ID,
    ObpSpectrometer,
    RefusedError,
    Setter,
    Values,
    unpack,
)
from simulators.thermal_lag import ThermalLag
from simulators.usb_description import UsbDescription, serial_of

PIXELS = 1044
FULL_SCALE_COUNTS = 2**18 - 1
WAVELENGTH_COEFFICIENTS_NM = (348.2, 0.79, -3.0e-5, -1.0e-9)

_AMBIENT_DEGC = 24.0
_COOLING_TIME_S = 30.0  # time constant of the detector's temperature, a guess
_STABLE_WITHIN_DEGC = 0.3
_STEPS = FULL_SCALE_COUNTS // 65535  # of this converter for one of a 16-bit one
_METADATA = struct.Struct("<LQLHB13x")


class OceanQePro(ObpSpectrometer):
    """The spectrometer. It exposes ahead and keeps the spectrum for whoever asks next.

    Args:
        world: Gives the light of an exposure and the detector.
        serial_number: Up to 15 characters.
        firmware_revision: Two bytes, binary coded decimal.
        integration_time_us: After switching on.
        wavelength_coefficients_nm: Polynomial of the pixel number, lowest order first.
        stale_after_change: Whether the first spectrum after a change is the one from before.
        free_running: Whether it begins the next exposure by itself (python-seabreeze #38).
    """

    name = "QE-PRO"
    product_id = 0x4004
    pixels = PIXELS
    dark_pixels = (0, 1, 2, 3, 1040, 1041, 1042, 1043)
    limits_us = (8_000, 1_600_000_000)
    trigger_modes = (0, 1, 2, 3)
    get_spectrum = 0x00100928
    fault_kinds = ("not-ready", "stale", "free-running", "hot")

    def __init__(
        self,
        world: World,
        *,
        serial_number: str = "QEP03738",
        firmware_revision: int = 0x0067,
        integration_time_us: int = 8_000,
        wavelength_coefficients_nm: Sequence[float] = WAVELENGTH_COEFFICIENTS_NM,
        stale_after_change: bool = True,
        free_running: bool = True,
    ) -> None:
        self.free_running = free_running
        super().__init__(
            world,
            serial_number=serial_number,
            firmware_revision=firmware_revision,
            integration_time_us=integration_time_us,
            wavelength_coefficients_nm=wavelength_coefficients_nm,
            stale_after_change=stale_after_change,
        )

    def reset(self) -> None:
        """Return to the settings of the factory: warm, nothing buffered."""
        super().reset()
        self._buffer: list[bytes] = []
        self._exposed_us = self.integration_time_us
        self._cooling = False
        self._setpoint_degc = -10.0
        self._detector = ThermalLag(_AMBIENT_DEGC, time_constant_s=_COOLING_TIME_S)
        self._now_s = 0.0

    @property
    def usb(self) -> UsbDescription:
        """What it is on a USB."""
        return UsbDescription(
            vendor_id=VENDOR_ID,
            product_id=self.product_id,
            manufacturer="Ocean Optics",
            product="QE-PRO",
            serial=self.serial_number,
            packet_bytes={0x01: 64, 0x81: 64, 0x02: 64, 0x82: 64},
        )

    def transfers(self, data: bytes, now_s: float) -> list[tuple[int, bytes]]:
        """Take bytes of a USB host and return the replies with their end points."""
        self._now_s = now_s
        return super().transfers(data, now_s)

    def line_closed(self, now_s: float) -> None:
        """Give up what nobody waits for."""
        super().line_closed(now_s)
        self._buffer = []

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Switch a fault; "hot" keeps the detector from reaching its set point."""
        if kind == "free-running":
            self.free_running = on
        elif kind == "hot":
            self._detector.aim(now_s, _AMBIENT_DEGC + 10.0 if on else self._target_degc())
        else:
            super().set_fault(kind, on=on, now_s=now_s, channel=channel)

    def state(self) -> dict[str, JSON]:
        """Return the settings."""
        return {
            **super().state(),
            "buffered": len(self._buffer),
            "cooling": self._cooling,
            "setpoint_degc": self._setpoint_degc,
            "detector_degc": self._detector.value(self._now_s),
        }

    # -- exposures

    def expose(self, request: obp.Message, now_s: float) -> bytes:
        """Give the spectrum that is kept, or let the request wait for the next."""
        if self._buffer:
            kept = self._buffer.pop(0)
            self._expose_ahead(now_s)
            return self.reply(request, kept)
        self._waiting = request
        if self.exposures.due_s is None:
            self._start(now_s)
        return b""

    def exposed(self, now_s: float) -> bytes:
        """Read an exposure out: for who has waited for it, or to be kept."""
        payload = self.packed(self.exposures.finish(now_s), now_s)
        request, self._waiting = self._waiting, None
        if request is None:
            self._buffer.append(payload)
            return b""
        self._expose_ahead(now_s)
        return self.reply(request, payload)

    def _expose_ahead(self, now_s: float) -> None:
        if self.free_running and self._trigger_mode == 0 and self.exposures.due_s is None:
            self._start(now_s)

    def _start(self, now_s: float) -> None:
        self._exposed_us = self.integration_time_us
        self.exposures.start(now_s, self.integration_time_us * 1e-6)

    def packed(self, counts: NDArray[np.int64], now_s: float) -> bytes:
        """Return 32 bytes of metadata and the counts of the 18-bit converter."""
        metadata = _METADATA.pack(
            self.exposures.count, round(now_s * 1e6), self._exposed_us, 0, self._trigger_mode
        )
        fine = np.random.default_rng(self.exposures.count).integers(0, _STEPS, counts.size)
        steps = np.minimum(_STEPS * counts + fine, FULL_SCALE_COUNTS)
        steps[counts >= 65535] = FULL_SCALE_COUNTS
        return bytes(metadata + steps.astype("<u4").tobytes())

    # -- messages

    def values(self) -> Values:
        """Return what can be asked without a parameter, by message number."""
        return {
            **super().values(),
            0x00100900: lambda: struct.pack("<L", len(self._buffer)),
            0x00420000: lambda: bytes([self._cooling]),
            0x00420001: lambda: struct.pack("<f", self._setpoint_degc),
            0x00420003: lambda: bytes([self._is_stable()]),
            0x00420004: lambda: struct.pack("<f", self._detector.value(self._now_s)),
        }

    def setters(self) -> Mapping[int, Setter]:
        """Return what can be set, by message number."""
        return {
            **super().setters(),
            0x00100830: self._clear_buffer,
            0x00420010: self._set_cooling,
            0x00420011: self._set_setpoint,
        }

    def _clear_buffer(self, data: bytes, now_s: float) -> None:
        self._buffer = []

    def _set_trigger_mode(self, data: bytes, now_s: float) -> None:
        self._buffer = []  # what it has exposed ahead, nobody has triggered
        if self._waiting is None:
            self.exposures.abandon(now_s)
        super()._set_trigger_mode(data, now_s)

    def _set_cooling(self, data: bytes, now_s: float) -> None:
        (on,) = unpack("<B", data)
        if on > 1:
            raise RefusedError(obp.PAYLOAD_INVALID)
        self._cooling = bool(on)
        self._detector.aim(now_s, self._target_degc())

    def _set_setpoint(self, data: bytes, now_s: float) -> None:
        (self._setpoint_degc,) = unpack("<f", data)
        self._detector.aim(now_s, self._target_degc())

    def _target_degc(self) -> float:
        return self._setpoint_degc if self._cooling else _AMBIENT_DEGC

    def _is_stable(self) -> bool:
        away = abs(self._detector.value(self._now_s) - self._setpoint_degc)
        return self._cooling and away <= _STABLE_WITHIN_DEGC


def from_table(table: Mapping[str, Any], world: World) -> OceanQePro:
    """Make the spectrometer of a ``[device.*]`` table of a bench file."""
    return OceanQePro(world, serial_number=serial_of(table, "QEP03738"))
