"""A simulated USB2000+ or Flame-S spectrometer (the older Ocean protocol).

Commands: Ocean Optics Flame User Manual 225-00000-000-11-201604, chapter 8 (queries and spectra
page 70, registers page 79, status page 81, integration time page 93, synchronisation byte page 97);
end points, EEPROM slots, firmware register, limits and dark pixels: python-seabreeze 2.11.0,
``pyseabreeze/devices.py`` and ``features/``. Both models have the same product id; the firmware
tells them apart.
"""

import collections
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulators.exposures import Exposures
from simulators.instrument import JSON, SwitchLog, World, unknown_fault
from simulators.usb_description import UsbDescription, serial_of

PIXELS = 2048
WAVELENGTH_COEFFICIENTS_NM = (344.1, 0.3612, -1.21e-5, -1.1e-10)

_OUT, _REPLIES, _SPECTRA, _SPECTRA_ALSO = 0x01, 0x81, 0x82, 0x86
_SHORTEST_US, _LONGEST_US = 1_000, 655_350_000
_FINE_BELOW_US, _FINE_US, _COARSE_US = 655_000, 10, 1_000
_SYNC = b"\x69"
_SLOT_BYTES = 15
_HIGH_SPEED, _FULL_SPEED = 0x80, 0x00
_STATUS = struct.Struct("<HLBBBBBBBBBB")
_TRIGGER_MODES = (0, 1, 2, 3, 4)
_LENGTHS = {
    0x01: 1, 0x02: 5, 0x03: 3, 0x05: 2, 0x06: 17, 0x09: 1, 0x0A: 3, 0x6A: 4, 0x6B: 2, 0xFE: 1,
}  # fmt: skip
_QUEUE_LIMIT = 64


@dataclass(frozen=True, kw_only=True)
class OoiModel:
    """What tells the models apart.

    Attributes:
        name: For messages.
        product: String descriptor.
        firmware: Version in register 4: major, minor, patch in 4, 8 and 4 bits.
        register_echo: First byte of the answer to a register query, None for the register's number.
    """

    name: str
    product: str
    firmware: int
    register_echo: int | None = None


USB2000PLUS = OoiModel(name="USB2000+", product="Ocean Optics USB2000+", firmware=0x2031)
FLAME_S = OoiModel(
    name="Flame-S", product="Ocean Optics FLAME", firmware=0x3004, register_echo=0xFE
)


class OceanOoi:
    """The spectrometer. An exposure starts when a spectrum is asked for.

    Args:
        world: Gives the light of an exposure and the detector.
        model: Which of the two.
        serial_number: Up to 15 characters.
        integration_time_us: After switching on.
        wavelength_coefficients_nm: Polynomial of the pixel number, lowest order first, as printed
            in the EEPROM.
        nonlinearity: Coefficients in the EEPROM, lowest order first; None takes the detector's own.
        saturation_counts: What slot 17 of the EEPROM says, 0 for nothing.
        stale_after_change: Whether the first spectrum after a change is the one from before.
    """

    fault_kinds = ("stale", "full-speed")

    def __init__(
        self,
        world: World,
        *,
        model: OoiModel = USB2000PLUS,
        serial_number: str = "USB2+H04242",
        integration_time_us: int = 100_000,
        wavelength_coefficients_nm: Sequence[float] = WAVELENGTH_COEFFICIENTS_NM,
        nonlinearity: Sequence[float] | None = None,
        saturation_counts: int = 0,
        stale_after_change: bool = True,
    ) -> None:
        self.serial_number = serial_number
        self._model = model
        self._start_time_us = integration_time_us
        self._slots = _eeprom(
            serial_number,
            wavelength_coefficients_nm,
            world.detector.nonlinearity if nonlinearity is None else nonlinearity,
            saturation_counts,
        )
        stored = [float(self._slots[slot].split(b"\0")[0]) for slot in range(1, 5)]
        nm = np.polynomial.polynomial.polyval(np.arange(PIXELS, dtype=np.float64), stored)
        self.exposures = Exposures(
            world,
            np.asarray(nm, dtype=np.float64),
            dark_pixels=range(6, 21),
            stale_after_change=stale_after_change,
        )
        self._log = SwitchLog()
        self._buffer = bytearray()
        self._queue: collections.deque[bytes] = collections.deque(maxlen=_QUEUE_LIMIT)
        self._speed = _HIGH_SPEED
        self._reset()

    def _reset(self) -> None:
        self._integration_time_us = self._start_time_us
        self._trigger_mode = 0
        self._lamp = 0
        self._untriggered = False
        self.exposures.reset()

    @property
    def usb(self) -> UsbDescription:
        """What it is on a USB; it has no serial number there."""
        return UsbDescription(
            vendor_id=0x2457,
            product_id=0x101E,
            manufacturer="Ocean Optics Inc.",
            product=self._model.product,
            serial="",
            packet_bytes={_OUT: 64, _REPLIES: 64, _SPECTRA: 512, _SPECTRA_ALSO: 512},
        )

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies that are due."""
        return b"".join(reply for _, reply in self.transfers(data, now_s))

    def poll(self, now_s: float) -> bytes:
        """End an exposure that is over, and answer what has waited for it."""
        return self.feed(b"", now_s)

    def transfers(self, data: bytes, now_s: float) -> list[tuple[int, bytes]]:
        """Take bytes of the host and return the replies with their end points."""
        self._buffer += data
        self._cut()
        replies: list[tuple[int, bytes]] = []
        while True:
            due_s = self.exposures.due_s
            if due_s is not None:
                if now_s < due_s:
                    break
                counts = self.exposures.finish(now_s).astype("<u2")
                replies.append((_SPECTRA, counts.tobytes() + _SYNC))
            if not self._queue:
                break
            reply = self._answer(self._queue.popleft(), now_s)
            if reply:
                replies.append((_REPLIES, reply))
        return replies

    def next_event_s(self) -> float | None:
        """Return when the exposure is over."""
        return self.exposures.due_s

    def line_closed(self, now_s: float) -> None:
        """Give up an exposure whose spectrum nobody waits for."""
        self._buffer.clear()
        self._queue.clear()
        self._untriggered = False
        self.exposures.abandon(now_s)

    def power_cycle(self, now_s: float) -> None:
        """Start with the integration time of the factory."""
        self.line_closed(now_s)
        self._reset()
        self._log.add(now_s, "power on")

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Give stale spectra after a change ("stale", on at first); sit on a slow USB port."""
        if kind not in self.fault_kinds:
            raise unknown_fault(self._model.name, kind, self.fault_kinds)
        if kind == "stale":
            self.exposures.stale_after_change = on
        else:
            self._speed = _FULL_SPEED if on else _HIGH_SPEED

    def state(self) -> dict[str, JSON]:
        """Return the settings. Its lamp line is not used here, so it is safe while that is off."""
        return {
            "safe": not self._lamp,
            "exposing": self.exposures.due_s is not None,
            "integration_time_s": self._integration_time_us * 1e-6,
            "trigger_mode": self._trigger_mode,
            "spectra": self.exposures.count,
            "stale_next": self.exposures.stale_next,
            "log": self._log.entries(),
        }

    def pulse(self, now_s: float) -> None:
        """Begin the exposure that has waited for a trigger; a level ends after the pulse."""
        if self._untriggered:
            self._untriggered = False
            self.exposures.start(now_s, self._integration_time_us * 1e-6)

    # -- commands

    def _cut(self) -> None:
        """Cut what came into commands; what none begins with is ignored."""
        while self._buffer:
            length = _LENGTHS.get(self._buffer[0])
            if length is None:
                del self._buffer[:1]
                continue
            if len(self._buffer) < length:
                return
            self._queue.append(bytes(self._buffer[:length]))
            del self._buffer[:length]

    def _answer(self, command: bytes, now_s: float) -> bytes:
        code = command[0]
        if code == 0x01:
            self._trigger_mode = 0
            self._untriggered = False
        elif code == 0x02:
            self._set_integration_time(int.from_bytes(command[1:], "little"))
        elif code == 0x03:
            self._lamp = int.from_bytes(command[1:], "little")
        elif code == 0x0A:
            mode = int.from_bytes(command[1:], "little")
            if mode in _TRIGGER_MODES:  # any other leaves the mode as it is
                self._trigger_mode = mode
                if mode == 0:
                    self.pulse(now_s)
        elif code == 0x05:
            return bytes([0x05, command[1]]) + self._slots.get(command[1], bytes(_SLOT_BYTES))
        elif code == 0x09:
            self._untriggered = True
            if self._trigger_mode == 0:
                self.pulse(now_s)
        elif code == 0x6B:
            return self._register(command[1])
        elif code == 0xFE:
            return self._status()
        return b""

    def _set_integration_time(self, microseconds: int) -> None:
        if not _SHORTEST_US <= microseconds <= _LONGEST_US:
            return  # outside the range the value is unchanged
        step = _FINE_US if microseconds < _FINE_BELOW_US else _COARSE_US
        counted = microseconds // step * step
        if counted != self._integration_time_us:
            self._integration_time_us = counted
            self.exposures.changed()

    def _register(self, number: int) -> bytes:
        value = self._model.firmware if number == 0x04 else 0
        echo = number if self._model.register_echo is None else self._model.register_echo
        return struct.pack("<BH", echo, value)

    def _status(self) -> bytes:
        acquiring = int(self.exposures.due_s is not None)
        packets = 9 if self._speed == _HIGH_SPEED else 65
        return _STATUS.pack(
            PIXELS, self._integration_time_us, self._lamp & 1, self._trigger_mode, acquiring,
            packets, 1, 0, 0, 0, self._speed, 0,
        )  # fmt: skip


def _eeprom(
    serial_number: str,
    wavelength_nm: Sequence[float],
    nonlinearity: Sequence[float],
    saturation_counts: int,
) -> dict[int, bytes]:
    """Return the slots, 15 bytes each: text that a zero byte ends."""
    coefficients = (*(nonlinearity or (1.0,)), *[0.0] * 8)[:8]
    texts = {0: serial_number, 5: "0.0", 14: "7"}
    texts.update({slot: f"{value:.7e}" for slot, value in enumerate(wavelength_nm, start=1)})
    texts.update({slot: f"{value:.7e}" for slot, value in enumerate(coefficients, start=6)})
    slots = {slot: text.encode("ascii").ljust(_SLOT_BYTES, b"\0") for slot, text in texts.items()}
    slots[17] = bytes(4) + struct.pack("<H", saturation_counts) + bytes(9)
    return slots


def from_usb2000plus_table(table: Mapping[str, Any], world: World) -> OceanOoi:
    """Make the USB2000+ of a ``[device.*]`` table of a bench file."""
    return OceanOoi(world, serial_number=serial_of(table, "USB2+H04242"))


def from_flame_table(table: Mapping[str, Any], world: World) -> OceanOoi:
    """Make the Flame-S of a ``[device.*]`` table of a bench file."""
    return OceanOoi(world, model=FLAME_S, serial_number=serial_of(table, "FLMS00042"))
