"""A simulated Ocean HDX spectrometer (Ocean Binary Protocol).

Message numbers: Ocean Optics SeaBreeze, ``OBPMessageTypes.h``. Pixels, limits and trigger modes:
python-seabreeze 2.11.0, ``pyseabreeze/devices.py``, class HDX. That the first spectrum after a
change of the integration time may be an old one is reported for several models of the maker
(python-seabreeze #38, #110, #177 and #298).
"""

import collections
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators import obp_frame as obp
from simulators.instrument import JSON, SwitchLog, World, unknown_fault

PIXELS = 2068
SHORTEST_US, LONGEST_US = 6_000, 10_000_000
# 350 nm to 925 nm with the slight curvature of a grating spectrometer
WAVELENGTH_COEFFICIENTS_NM = (349.5, 0.3, -1.0e-5, -1.0e-10)
_NONLINEARITY_ORDER = 7
_TRIGGER_MODES = (0, 1, 3, 255)
_PRODUCT_ID, _VENDOR_ID = 0x2003, 0x2457
_QUEUE_LIMIT = 64  # requests that wait for the end of an exposure

_GET_SPECTRUM = 0x00101000
_SET_INTEGRATION_TIME = 0x00110010
_SET_TRIGGER_MODE = 0x00110110


class _RefusedError(Exception):
    """Carries the error number of a refusal."""

    def __init__(self, number: int) -> None:
        super().__init__(f"error {number}")
        self.number = number


class OceanHDX:
    """The spectrometer. An exposure starts when a spectrum is asked for.

    Args:
        world: Gives the light of an exposure and the detector.
        serial_number: Up to 16 characters.
        firmware_revision: Two bytes, binary coded decimal.
        integration_time_us: After switching on.
        wavelength_coefficients_nm: Polynomial of the pixel number, lowest order first.
        stale_after_change: Whether the first spectrum after a change of the integration time is
            the one from before, as real units give it.
    """

    fault_kinds = ("not-ready", "stale")

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
        self._world = world
        self._serial_number = serial_number
        self._firmware_revision = firmware_revision
        self._start_time_us = integration_time_us
        self._coefficients = tuple(wavelength_coefficients_nm)
        self.stale_after_change = stale_after_change
        pixel = np.arange(PIXELS, dtype=np.float64)
        # what the spectrometer tells is float32, so that is where its pixels are
        stored = np.asarray(self._coefficients, dtype=np.float32).astype(np.float64)
        nm = np.polynomial.polynomial.polyval(pixel, stored)
        self.wavelength_nm: NDArray[np.float64] = np.asarray(nm, dtype=np.float64)
        self._reader = obp.ObpReader()
        self._queue: collections.deque[obp.Message] = collections.deque(maxlen=_QUEUE_LIMIT)
        self._log = SwitchLog()
        self._ready = True
        self._spectra = 0
        self._exposing: tuple[obp.Message, int, float, float] | None = None
        self._reset()

    def _reset(self) -> None:
        self._integration_time_us = self._start_time_us
        self._trigger_mode = 0
        self._stale = False
        self._last_counts: NDArray[np.uint16] | None = None

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies that are due."""
        self._queue.extend(self._reader.feed(data))
        return self.poll(now_s)

    def poll(self, now_s: float) -> bytes:
        """End an exposure that is over, and answer what has waited for it."""
        out = bytearray()
        while True:
            if self._exposing is not None:
                if now_s < self._exposing[3]:
                    break
                out += self._read_out(now_s)
            if not self._queue:
                break
            out += self._answer(self._queue.popleft(), now_s)
        return bytes(out)

    def next_event_s(self) -> float | None:
        """Return when the exposure is over."""
        return None if self._exposing is None else self._exposing[3]

    def line_closed(self, now_s: float) -> None:
        """Give up an exposure whose spectrum nobody waits for."""
        self._reader.clear()
        self._queue.clear()
        self._abandon(now_s)

    def power_cycle(self, now_s: float) -> None:
        """Start with the integration time of the factory."""
        self.line_closed(now_s)
        self._reset()
        self._log.add(now_s, "power on")

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Refuse spectra ("not-ready"); give stale ones after a change ("stale", on at first)."""
        if kind not in self.fault_kinds:
            raise unknown_fault("HDX", kind, self.fault_kinds)
        if kind == "stale":
            self.stale_after_change = on
        else:
            self._ready = not on

    def state(self) -> dict[str, JSON]:
        """Return the settings. A spectrometer emits nothing, so it is always safe."""
        return {
            "safe": True,
            "exposing": self._exposing is not None,
            "integration_time_s": self._integration_time_us * 1e-6,
            "trigger_mode": self._trigger_mode,
            "spectra": self._spectra,
            "stale_next": self._stale,
            "log": self._log.entries(),
        }

    # -- exposures

    def _expose(self, request: obp.Message, now_s: float) -> None:
        handle = self._world.open_exposure(now_s, self.wavelength_nm)
        seconds = self._integration_time_us * 1e-6
        self._exposing = (request, handle, now_s, now_s + seconds)

    def _read_out(self, now_s: float) -> bytes:
        assert self._exposing is not None
        request, handle, opened_s, due_s = self._exposing
        self._exposing = None
        photons = self._world.close_exposure(now_s, handle)
        seconds = due_s - opened_s
        if now_s > due_s:  # read out late: the shutter of a real one is electronic
            photons = photons * (seconds / (now_s - opened_s))
        counts = self._world.detector.counts(photons, seconds, self._world.exposure_rng(handle))
        sent = counts
        if self._stale and self._last_counts is not None:
            sent = self._last_counts
        self._stale = False
        self._last_counts = counts
        self._spectra += 1
        return self._reply(request, sent.astype("<u2").tobytes())

    def _abandon(self, now_s: float) -> None:
        if self._exposing is not None:
            self._world.close_exposure(now_s, self._exposing[1])
            self._exposing = None

    # -- messages

    def _answer(self, message: obp.Message, now_s: float) -> bytes:
        try:
            if message.damage:
                raise _RefusedError(message.damage)
            if message.kind == _GET_SPECTRUM:
                if not self._ready:
                    raise _RefusedError(obp.NOT_READY)
                if self._trigger_mode == 0:
                    self._expose(message, now_s)
                return b""  # in the other modes it waits for a trigger that never comes
            if message.kind in self._setters:
                self._setters[message.kind](self, message.data)
                if not message.flags & obp.FLAG_ASKS_ACK:
                    return b""
                return self._reply(message, b"", flags=obp.FLAG_RESPONSE | obp.FLAG_ACK)
            return self._reply(message, self._value(message))
        except _RefusedError as refused:
            flags = obp.FLAG_RESPONSE | obp.FLAG_NACK
            return self._reply(message, b"", flags=flags, error=refused.number)

    def _reply(
        self, request: obp.Message, data: bytes, *, flags: int = obp.FLAG_RESPONSE, error: int = 0
    ) -> bytes:
        return obp.encode(
            obp.Message(
                kind=request.kind,
                data=data,
                flags=flags,
                regarding=request.regarding,
                error=error,
                md5=request.md5,
            )
        )

    def _value(self, message: obp.Message) -> bytes:
        plain: Mapping[int, Callable[[], bytes]] = {
            0x00000080: lambda: b"\x02",  # hardware revision
            0x00000090: lambda: struct.pack("<H", self._firmware_revision),
            0x00000100: lambda: self._serial_number.encode("ascii"),
            0x00000101: lambda: bytes([len(self._serial_number)]),
            0x00000E00: lambda: struct.pack("<H", _VENDOR_ID),
            0x00000E01: lambda: struct.pack("<H", _PRODUCT_ID),
            0x00000E11: lambda: b"HDX",
            0x00110000: lambda: struct.pack("<L", self._integration_time_us),
            0x00110001: lambda: struct.pack("<L", SHORTEST_US),
            0x00110002: lambda: struct.pack("<L", LONGEST_US),
            0x00110100: lambda: bytes([self._trigger_mode]),
            0x00180100: lambda: bytes([len(self._coefficients)]),
            0x00181100: lambda: bytes([_NONLINEARITY_ORDER + 1]),
        }
        if message.kind in plain:
            return plain[message.kind]()
        lists = {0x00180101: self._coefficients, 0x00181101: self._nonlinearity()}
        if message.kind not in lists:
            raise _RefusedError(obp.UNKNOWN_MESSAGE)
        if len(message.data) != 1:
            raise _RefusedError(obp.PAYLOAD_LENGTH)
        if message.data[0] >= len(lists[message.kind]):
            raise _RefusedError(obp.NO_SUCH_VALUE)
        return struct.pack("<f", lists[message.kind][message.data[0]])

    def _nonlinearity(self) -> tuple[float, ...]:
        given = self._world.detector.nonlinearity or (1.0,)
        return (*given, *[0.0] * _NONLINEARITY_ORDER)[: _NONLINEARITY_ORDER + 1]

    def _set_integration_time(self, data: bytes) -> None:
        if len(data) != 4:
            raise _RefusedError(obp.PAYLOAD_LENGTH)
        (microseconds,) = struct.unpack("<L", data)
        if not SHORTEST_US <= microseconds <= LONGEST_US:
            raise _RefusedError(obp.PAYLOAD_INVALID)
        if microseconds != self._integration_time_us:
            self._integration_time_us = microseconds
            self._stale = self.stale_after_change

    def _set_trigger_mode(self, data: bytes) -> None:
        if len(data) != 1:
            raise _RefusedError(obp.PAYLOAD_LENGTH)
        if data[0] not in _TRIGGER_MODES:
            raise _RefusedError(obp.PAYLOAD_INVALID)
        self._trigger_mode = data[0]

    _setters: Mapping[int, Callable[["OceanHDX", bytes], None]] = {
        _SET_INTEGRATION_TIME: _set_integration_time,
        _SET_TRIGGER_MODE: _set_trigger_mode,
    }


def from_table(table: Mapping[str, Any], world: World) -> OceanHDX:
    """Make the spectrometer of a ``[device.*]`` table of a bench file."""
    return OceanHDX(world)
