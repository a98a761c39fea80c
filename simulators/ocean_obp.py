"""What simulated spectrometers with the Ocean Binary Protocol share.

Message numbers: Ocean Optics SeaBreeze, ``OBPMessageTypes.h``. The frame is the same on USB, TCP
and RS-232.
"""

import collections
import struct
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simulators import obp_frame as obp
from simulators.exposures import Exposures
from simulators.instrument import JSON, SwitchLog, World, unknown_fault

VENDOR_ID = 0x2457
SET_INTEGRATION_TIME = 0x00110010
SET_TRIGGER_MODE = 0x00110110
SET_LAMP = 0x00110410

_NONLINEARITY_ORDER = 7
_QUEUE_LIMIT = 64  # requests that wait for the end of an exposure

Setter = Callable[[bytes, float], None]
Values = Mapping[int, Callable[[], bytes]]


class RefusedError(Exception):
    """Carries the error number of a refusal."""

    def __init__(self, number: int) -> None:
        super().__init__(f"error {number}")
        self.number = number


class ObpSpectrometer:
    """A spectrometer that starts an exposure when a spectrum is asked for.

    Args:
        world: Gives the light of an exposure and the detector.
        serial_number: Up to 16 characters.
        firmware_revision: Two bytes, binary coded decimal.
        integration_time_us: After switching on.
        wavelength_coefficients_nm: Polynomial of the pixel number, lowest order first.
        stale_after_change: Whether the first spectrum after a change of the integration time is
            the one from before, as real units give it.
    """

    name = "OBP spectrometer"
    product_id = 0
    pixels = 0
    dark_pixels: tuple[int, ...] = ()
    limits_us = (0, 0)
    trigger_modes: tuple[int, ...] = (0,)
    get_spectrum = 0
    fault_kinds: tuple[str, ...] = ("not-ready", "stale")

    def __init__(
        self,
        world: World,
        *,
        serial_number: str,
        firmware_revision: int,
        integration_time_us: int,
        wavelength_coefficients_nm: Sequence[float],
        stale_after_change: bool = True,
    ) -> None:
        self.serial_number = serial_number
        self._world = world
        self._firmware_revision = firmware_revision
        self._start_time_us = integration_time_us
        self._coefficients = tuple(wavelength_coefficients_nm)
        pixel = np.arange(self.pixels, dtype=np.float64)
        # what the spectrometer tells is float32, so that is where its pixels are
        stored = np.asarray(self._coefficients, dtype=np.float32).astype(np.float64)
        nm = np.polynomial.polynomial.polyval(pixel, stored)
        self.wavelength_nm: NDArray[np.float64] = np.asarray(nm, dtype=np.float64)
        self.exposures = Exposures(
            world,
            self.wavelength_nm,
            dark_pixels=self.dark_pixels,
            stale_after_change=stale_after_change,
        )
        self._reader = obp.ObpReader()
        self._queue: collections.deque[obp.Message] = collections.deque(maxlen=_QUEUE_LIMIT)
        self._log = SwitchLog()
        self._ready = True
        self._waiting: obp.Message | None = None
        self._untriggered: obp.Message | None = None
        self.reset()

    def reset(self) -> None:
        """Return to the settings of the factory."""
        self.integration_time_us = self._start_time_us
        self._trigger_mode = 0
        self._lamp = 0
        self.exposures.reset()

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies that are due."""
        return b"".join(reply for _, reply in self.transfers(data, now_s))

    def poll(self, now_s: float) -> bytes:
        """End an exposure that is over, and answer what has waited for it."""
        return self.feed(b"", now_s)

    def transfers(self, data: bytes, now_s: float) -> list[tuple[int, bytes]]:
        """Take bytes of a USB host and return the replies with their end points."""
        self._queue.extend(self._reader.feed(data))
        replies: list[bytes] = []
        while True:
            due_s = self.exposures.due_s
            if due_s is not None and now_s >= due_s:
                replies.append(self.exposed(now_s))
            if self._waiting is not None or not self._queue:
                break
            replies.append(self._answer(self._queue.popleft(), now_s))
        return [(0x81, reply) for reply in replies if reply]

    def next_event_s(self) -> float | None:
        """Return when the exposure is over."""
        return self.exposures.due_s

    def line_closed(self, now_s: float) -> None:
        """Give up an exposure whose spectrum nobody waits for."""
        self._reader.clear()
        self._queue.clear()
        self._waiting = self._untriggered = None
        self.exposures.abandon(now_s)

    def power_cycle(self, now_s: float) -> None:
        """Start with the integration time of the factory."""
        self.line_closed(now_s)
        self.reset()
        self._log.add(now_s, "power on")

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Refuse spectra ("not-ready"); give stale ones after a change ("stale", on at first)."""
        if kind not in self.fault_kinds:
            raise unknown_fault(self.name, kind, self.fault_kinds)
        if kind == "stale":
            self.exposures.stale_after_change = on
        else:
            self._ready = not on

    def state(self) -> dict[str, JSON]:
        """Return the settings. It emits nothing itself: it is safe while its lamp line is off."""
        return {
            "safe": not self._lamp,
            "exposing": self.exposures.due_s is not None,
            "integration_time_s": self.integration_time_us * 1e-6,
            "trigger_mode": self._trigger_mode,
            "spectra": self.exposures.count,
            "stale_next": self.exposures.stale_next,
            "log": self._log.entries(),
        }

    # -- exposures

    def pulse(self, now_s: float) -> None:
        """Begin the exposure that has waited for a trigger; a level ends after the pulse."""
        request, self._untriggered = self._untriggered, None
        if request is not None:
            self.expose(request, now_s)

    def expose(self, request: obp.Message, now_s: float) -> bytes:
        """Begin what a request for a spectrum asks for; the reply comes when it is over."""
        self._waiting = request
        self.exposures.start(now_s, self.integration_time_us * 1e-6)
        return b""

    def exposed(self, now_s: float) -> bytes:
        """Read an exposure out and return the reply to who has waited for it."""
        counts = self.exposures.finish(now_s)
        request, self._waiting = self._waiting, None
        assert request is not None
        return self.reply(request, self.packed(counts, now_s))

    def packed(self, counts: NDArray[np.int64], now_s: float) -> bytes:
        """Return the payload of a spectrum."""
        return counts.astype("<u2").tobytes()

    # -- messages

    def _answer(self, message: obp.Message, now_s: float) -> bytes:
        try:
            if message.damage:
                raise RefusedError(message.damage)
            if message.kind == self.get_spectrum:
                if not self._ready:
                    raise RefusedError(obp.NOT_READY)
                if self._trigger_mode == 0:
                    return self.expose(message, now_s)
                self._untriggered = message
                return b""
            setters = self.setters()
            if message.kind in setters:
                setters[message.kind](message.data, now_s)
                if not message.flags & obp.FLAG_ASKS_ACK:
                    return b""
                return self.reply(message, b"", flags=obp.FLAG_RESPONSE | obp.FLAG_ACK)
            return self.reply(message, self._value(message))
        except RefusedError as refused:
            flags = obp.FLAG_RESPONSE | obp.FLAG_NACK
            return self.reply(message, b"", flags=flags, error=refused.number)

    def reply(
        self, request: obp.Message, data: bytes, *, flags: int = obp.FLAG_RESPONSE, error: int = 0
    ) -> bytes:
        """Return the frame that answers a request."""
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

    def values(self) -> Values:
        """Return what can be asked without a parameter, by message number."""
        return {
            0x00000080: lambda: b"\x02",  # hardware revision
            0x00000090: lambda: struct.pack("<H", self._firmware_revision),
            0x00000100: lambda: self.serial_number.encode("ascii"),
            0x00000101: lambda: bytes([len(self.serial_number)]),
            0x00000E00: lambda: struct.pack("<H", VENDOR_ID),
            0x00000E01: lambda: struct.pack("<H", self.product_id),
            0x00000E11: lambda: self.name.encode("ascii"),
            0x00110000: lambda: struct.pack("<L", self.integration_time_us),
            0x00110001: lambda: struct.pack("<L", self.limits_us[0]),
            0x00110002: lambda: struct.pack("<L", self.limits_us[1]),
            0x00110100: lambda: bytes([self._trigger_mode]),
            0x00110400: lambda: bytes([self._lamp]),
            0x00180100: lambda: bytes([len(self._coefficients)]),
            0x00181100: lambda: bytes([_NONLINEARITY_ORDER + 1]),
        }

    def setters(self) -> Mapping[int, Setter]:
        """Return what can be set, by message number."""
        return {
            SET_INTEGRATION_TIME: self._set_integration_time,
            SET_TRIGGER_MODE: self._set_trigger_mode,
            SET_LAMP: self._set_lamp,
        }

    def _value(self, message: obp.Message) -> bytes:
        plain = self.values()
        if message.kind in plain:
            return plain[message.kind]()
        lists = {0x00180101: self._coefficients, 0x00181101: self._nonlinearity()}
        if message.kind not in lists:
            raise RefusedError(obp.UNKNOWN_MESSAGE)
        if len(message.data) != 1:
            raise RefusedError(obp.PAYLOAD_LENGTH)
        if message.data[0] >= len(lists[message.kind]):
            raise RefusedError(obp.NO_SUCH_VALUE)
        return struct.pack("<f", lists[message.kind][message.data[0]])

    def _nonlinearity(self) -> tuple[float, ...]:
        given = self._world.detector.nonlinearity or (1.0,)
        return (*given, *[0.0] * _NONLINEARITY_ORDER)[: _NONLINEARITY_ORDER + 1]

    def _set_integration_time(self, data: bytes, now_s: float) -> None:
        (microseconds,) = unpack("<L", data)
        if not self.limits_us[0] <= microseconds <= self.limits_us[1]:
            raise RefusedError(obp.PAYLOAD_INVALID)
        if microseconds != self.integration_time_us:
            self.integration_time_us = microseconds
            self.exposures.changed()

    def _set_trigger_mode(self, data: bytes, now_s: float) -> None:
        (mode,) = unpack("<B", data)
        if mode not in self.trigger_modes:
            raise RefusedError(obp.PAYLOAD_INVALID)
        self._trigger_mode = mode
        if mode == 0:
            self.pulse(now_s)

    def _set_lamp(self, data: bytes, now_s: float) -> None:
        (self._lamp,) = unpack("<B", data)
        self._log.add(now_s, f"lamp line {self._lamp}")


def unpack(layout: str, data: bytes) -> tuple[int, ...]:
    """Return the numbers of a payload.

    Raises:
        RefusedError: It has another length.
    """
    if len(data) != struct.calcsize(layout):
        raise RefusedError(obp.PAYLOAD_LENGTH)
    return struct.unpack(layout, data)
