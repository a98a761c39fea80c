"""The frame of the Ocean Binary Protocol, from the spectrometer's side.

44 bytes of header with up to 16 bytes of immediate data, a payload if there is more, 16 bytes of
checksum and a footer; little endian. Layout, flags and error numbers: python-seabreeze 2.11.0,
``pyseabreeze/protocol.py``.
"""

import hashlib
import struct
from dataclasses import dataclass

START, VERSION = 0xC0C1, 0x1100
FLAG_RESPONSE, FLAG_ACK, FLAG_ASKS_ACK, FLAG_NACK = 0x01, 0x02, 0x04, 0x08
BAD_PROTOCOL, UNKNOWN_MESSAGE, BAD_CHECKSUM = 1, 2, 3
PAYLOAD_LENGTH, PAYLOAD_INVALID, NOT_READY, NO_SUCH_VALUE = 5, 6, 7, 12

_HEADER = struct.Struct("<HHHHLL6sBB16sL")
_FOOTER = struct.pack("<L", 0xC2C3C4C5)
_CHECKSUM_LENGTH = 16
_TAIL_LENGTH = _CHECKSUM_LENGTH + len(_FOOTER)
_IMMEDIATE_LENGTH = 16
_CHECKSUM_MD5 = 1
_LARGEST_REQUEST = 4096
_START_BYTES = struct.pack("<H", START)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message: its type, its data and what the host wants to hear.

    Args:
        kind: Message type.
        data: Immediate data or payload.
        flags: Flags of the header.
        regarding: Number that the host wants back in the reply.
        error: Error number in the header, 0 for none.
        md5: Whether the message is, or shall be, protected by a checksum.
        damage: Error number of what is wrong with the frame itself, 0 for nothing.
    """

    kind: int
    data: bytes = b""
    flags: int = 0
    regarding: int = 0
    error: int = 0
    md5: bool = False
    damage: int = 0


class ObpReader:
    """Cuts the bytes of the host into messages, and finds the next header after rubbish."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def clear(self) -> None:
        """Forget half a message."""
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes and return the messages that they complete, oldest first."""
        self._buffer += data
        messages: list[Message] = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> Message | None:
        buffer = self._buffer
        while True:
            self._skip_to_start()
            if len(buffer) < _HEADER.size:
                return None
            fields = _HEADER.unpack_from(buffer)
            remaining = int(fields[10])
            immediate_length = int(fields[8])
            if _TAIL_LENGTH <= remaining <= _LARGEST_REQUEST:
                break
            del buffer[:1]  # not a header after all
        total = _HEADER.size + remaining
        if len(buffer) < total:
            return None
        raw = bytes(buffer[:total])
        del buffer[:total]
        payload = raw[_HEADER.size : -_TAIL_LENGTH]
        data = bytes(fields[9])[: min(immediate_length, _IMMEDIATE_LENGTH)] or payload
        md5 = fields[7] == _CHECKSUM_MD5
        return Message(
            kind=int(fields[4]),
            data=data,
            flags=int(fields[2]),
            regarding=int(fields[5]),
            error=int(fields[3]),
            md5=md5,
            damage=_damage(raw, version=int(fields[1]), md5=md5),
        )

    def _skip_to_start(self) -> None:
        at = self._buffer.find(_START_BYTES)
        if at < 0:
            keep = 1 if self._buffer[-1:] == _START_BYTES[:1] else 0
            at = len(self._buffer) - keep
        del self._buffer[:at]


def encode(message: Message) -> bytes:
    """Frame a message."""
    fits = len(message.data) <= _IMMEDIATE_LENGTH
    immediate, payload = (message.data, b"") if fits else (b"", message.data)
    header = _HEADER.pack(
        START,
        VERSION,
        message.flags,
        message.error,
        message.kind,
        message.regarding,
        b"",
        _CHECKSUM_MD5 if message.md5 else 0,
        len(immediate),
        immediate,
        len(payload) + _TAIL_LENGTH,
    )
    body = header + payload
    checksum = hashlib.md5(body).digest() if message.md5 else bytes(_CHECKSUM_LENGTH)
    return body + checksum + _FOOTER


def _damage(raw: bytes, *, version: int, md5: bool) -> int:
    if version != VERSION or raw[-len(_FOOTER) :] != _FOOTER:
        return BAD_PROTOCOL
    body, checksum = raw[:-_TAIL_LENGTH], raw[-_TAIL_LENGTH : -len(_FOOTER)]
    if md5 and hashlib.md5(body).digest() != checksum:
        return BAD_CHECKSUM
    return 0
