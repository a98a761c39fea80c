"""The two framings of a New Era pump.

Basic: ``command CR`` in, ``STX data ETX`` out. Safe: ``STX length data CRC CRC ETX`` both ways,
the length counting itself and all that follows, the CRC being CRC-16/XMODEM of the data (NE-1000
manual, publication 1200-01, sections 10.2.2 and 10.2.3, pages 33-34).
"""

import binascii
from dataclasses import dataclass

_STX, _ETX, _CR = 0x02, 0x03, 0x0D
_BYTE_TIMEOUT_S = 0.5  # a packet that pauses longer between two bytes is thrown away
_COMMAND_LIMIT = 256
_SHORTEST_PACKET = 4  # length byte, two CRC bytes, ETX: no data


@dataclass(frozen=True, kw_only=True)
class Request:
    """One complete request: its text in upper case without spaces, and how it came."""

    text: str
    safe: bool
    valid: bool = True


class PumpFraming:
    """Cuts the bytes of the host into requests. In safe mode only packets count."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._last_byte_s = 0.0

    def clear(self) -> None:
        """Forget half a request."""
        self._buffer.clear()

    def feed(self, data: bytes, now_s: float, *, safe_mode: bool) -> list[Request]:
        """Take bytes and return the requests that they complete, oldest first."""
        in_packet = bool(self._buffer) and self._buffer[0] == _STX
        if in_packet and now_s - self._last_byte_s > _BYTE_TIMEOUT_S:
            self.clear()
        if data:
            self._last_byte_s = now_s
        requests = (self._take(byte, safe_mode=safe_mode) for byte in data)
        return [request for request in requests if request is not None]

    def _take(self, byte: int, *, safe_mode: bool) -> Request | None:
        buffer = self._buffer
        if buffer and buffer[0] == _STX:
            buffer.append(byte)
            return self._packet()
        if byte == _STX:
            buffer[:] = bytes([_STX])  # a packet is understood in either mode
            return None
        if safe_mode:
            return None
        if byte == _CR:
            text = _clean(bytes(buffer))
            self.clear()
            return Request(text=text, safe=False)
        if len(buffer) < _COMMAND_LIMIT:
            buffer.append(byte)
        return None

    def _packet(self) -> Request | None:
        buffer = self._buffer
        length = buffer[1]
        if length < _SHORTEST_PACKET:
            self.clear()
            return Request(text="", safe=True, valid=False)
        if len(buffer) < length + 1:
            return None
        data, crc, end = bytes(buffer[2:-3]), bytes(buffer[-3:-1]), buffer[-1]
        self.clear()
        valid = end == _ETX and binascii.crc_hqx(data, 0).to_bytes(2, "big") == crc
        return Request(text=_clean(data), safe=True, valid=valid)


def encode_basic(text: str) -> bytes:
    """Frame a reply for the basic mode."""
    return bytes([_STX]) + text.encode("ascii") + bytes([_ETX])


def encode_safe(text: str) -> bytes:
    """Frame a reply for the safe mode."""
    data = text.encode("ascii")
    crc = binascii.crc_hqx(data, 0).to_bytes(2, "big")
    return bytes([_STX, len(data) + _SHORTEST_PACKET]) + data + crc + bytes([_ETX])


def _clean(data: bytes) -> str:
    return bytes(byte for byte in data if 0x20 < byte < 0x7F).decode("ascii").upper()
