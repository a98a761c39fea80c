"""Ocean Binary Protocol frames: bytes to messages and back.

Layout (Ocean Optics "OBP" as spoken by the STS, QE Pro and HDX; field order as in python-seabreeze
2.11, ``pyseabreeze/protocol.py``): 44 bytes of header, the payload, 16 of checksum, 4 of footer.
A payload of at most 16 bytes travels inside the header as immediate data. All fields are little
endian. Nothing in this file touches a link or a clock.
"""

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray

_HEADER = struct.Struct("<HHHHLL6sBB16sL")
_START = 0xC0C1
_FOOTER = struct.pack("<L", 0xC2C3C4C5)
_PROTOCOL_VERSION = 0x1100
_CHECKSUM_LENGTH = 16
_TAIL_LENGTH = _CHECKSUM_LENGTH + len(_FOOTER)
_IMMEDIATE_LENGTH = 16

HEADER_LENGTH = _HEADER.size
"""Bytes to read before the length of the rest is known."""

MAX_PAYLOAD_LENGTH = 1 << 20
"""Longest payload believed; a longer one is a garbled header, and nobody should wait for it."""


class MessageType(IntEnum):
    """Message numbers that the drivers use."""

    FIRMWARE_REVISION = 0x00000090
    SERIAL_NUMBER = 0x00000100
    PRODUCT_ID = 0x00000E01
    GET_INTEGRATION_TIME_US = 0x00110000
    INTEGRATION_TIME_US = 0x00110010
    TRIGGER_MODE = 0x00110110
    LAMP_ENABLE = 0x00110410
    RAW_SPECTRUM = 0x00101000
    WAVELENGTH_COEFFICIENT_COUNT = 0x00180100
    WAVELENGTH_COEFFICIENT = 0x00180101
    NONLINEARITY_COEFFICIENT_COUNT = 0x00181100
    NONLINEARITY_COEFFICIENT = 0x00181101
    CLEAR_BUFFER = 0x00100830
    BUFFERED_SPECTRUM = 0x00100928
    DETECTOR_SETPOINT = 0x00420001
    DETECTOR_IS_STABLE = 0x00420003
    DETECTOR_TEMPERATURE = 0x00420004
    SET_COOLER = 0x00420010
    SET_DETECTOR_SETPOINT = 0x00420011


class Flag(IntFlag):
    """Bits of the header's flag field."""

    RESPONSE = 1
    ACK = 2
    REQUEST_ACK = 4
    NACK = 8
    HARDWARE_EXCEPTION = 16
    PROTOCOL_DEPRECATED = 32


class ChecksumType(IntEnum):
    """How the 16 checksum bytes are made."""

    NONE = 0
    MD5 = 1


ERROR_TEXTS = {
    0: "no error",
    1: "invalid or unsupported protocol",
    2: "unknown message type",
    3: "bad checksum",
    4: "message too large",
    5: "payload length does not fit the message",
    6: "payload data invalid",
    7: "device not ready",
    8: "unknown checksum type",
    9: "device was reset",
    10: "too many buses",
    11: "out of memory",
    12: "no such value",
    13: "internal error",
    100: "firmware error 100",
    101: "firmware error 101",
    102: "firmware error 102",
    103: "firmware error 103",
    104: "firmware error 104",
    255: "answer is deferred",
}


class FrameError(ValueError):
    """Bytes that are not a frame of this protocol."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message, in either direction.

    Attributes:
        message_type: Number of the message, see :class:`MessageType`.
        payload: The data, whether it travels in the header or behind it.
        flags: Bits of :class:`Flag`.
        error_number: Key of ``ERROR_TEXTS``; 0 is no error.
        regarding: Free number of the host.
        checksum_type: How the frame is protected.
    """

    message_type: int
    payload: bytes = b""
    flags: int = 0
    error_number: int = 0
    regarding: int = 0
    checksum_type: int = ChecksumType.NONE

    @property
    def refused(self) -> bool:
        """Whether the device says that it did not do what was asked."""
        return bool(self.flags & (Flag.NACK | Flag.HARDWARE_EXCEPTION)) or self.error_number != 0

    @property
    def error_text(self) -> str:
        """What the error number means."""
        return ERROR_TEXTS.get(self.error_number, f"unlisted error {self.error_number}")


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first 44 bytes of a frame.

    Attributes:
        message: The message with its immediate data; a longer payload is still to come.
        bytes_remaining: How many bytes follow the header: payload, checksum and footer.
        raw: The header as received, which the checksum covers.
    """

    message: Message
    bytes_remaining: int
    raw: bytes


def encode(message: Message) -> bytes:
    """Return the frame of a message.

    Args:
        message: What to send.

    Returns:
        Header, payload when longer than 16 bytes, checksum and footer.
    """
    payload = message.payload
    immediate = payload if len(payload) <= _IMMEDIATE_LENGTH else b""
    behind = b"" if len(payload) <= _IMMEDIATE_LENGTH else payload
    header = _HEADER.pack(
        _START,
        _PROTOCOL_VERSION,
        message.flags,
        message.error_number,
        message.message_type,
        message.regarding,
        b"",
        message.checksum_type,
        len(immediate),
        immediate,
        len(behind) + _TAIL_LENGTH,
    )
    return header + behind + _checksum(message.checksum_type, header + behind) + _FOOTER


def decode_header(data: bytes) -> Header:
    """Read the header of a frame.

    Args:
        data: Exactly ``HEADER_LENGTH`` bytes.

    Returns:
        The header, which says how many bytes to read next.

    Raises:
        FrameError: The bytes are no header of this protocol.
    """
    if len(data) != HEADER_LENGTH:
        raise FrameError(f"a header is {HEADER_LENGTH} bytes, got {len(data)}")
    (
        start,
        _version,
        flags,
        error,
        kind,
        regarding,
        _reserved,
        check,
        count,
        immediate,
        remaining,
    ) = _HEADER.unpack(data)
    if start != _START:
        raise FrameError(f"a frame starts with c1 c0, got {data[:2].hex(' ')}")
    if not _TAIL_LENGTH <= remaining <= MAX_PAYLOAD_LENGTH + _TAIL_LENGTH:
        raise FrameError(f"header announces {remaining} more bytes, which no message has")
    if count > _IMMEDIATE_LENGTH:
        raise FrameError(f"header announces {count} bytes of immediate data, at most 16 fit")
    message = Message(
        message_type=kind,
        payload=immediate[:count],
        flags=flags,
        error_number=error,
        regarding=regarding,
        checksum_type=check,
    )
    return Header(message=message, bytes_remaining=remaining, raw=data)


def decode(header: Header, rest: bytes) -> Message:
    """Join a header and the bytes behind it into a message.

    Args:
        header: What ``decode_header`` returned.
        rest: Exactly ``header.bytes_remaining`` bytes.

    Returns:
        The message with its whole payload.

    Raises:
        FrameError: Wrong length, footer or checksum.
    """
    if len(rest) != header.bytes_remaining:
        raise FrameError(f"{header.bytes_remaining} bytes follow the header, got {len(rest)}")
    if rest[-len(_FOOTER) :] != _FOOTER:
        raise FrameError(f"a frame ends with c5 c4 c3 c2, got {rest[-4:].hex(' ')}")
    behind, received = rest[:-_TAIL_LENGTH], rest[-_TAIL_LENGTH : -len(_FOOTER)]
    message = header.message
    if message.checksum_type not in (ChecksumType.NONE, ChecksumType.MD5):
        raise FrameError(f"unknown checksum type {message.checksum_type}")
    if message.checksum_type == ChecksumType.MD5:
        expected = _checksum(ChecksumType.MD5, header.raw + behind)
        if expected != received:
            raise FrameError(f"checksum is {received.hex()}, the bytes give {expected.hex()}")
    if behind and message.payload:
        raise FrameError("the frame has both immediate data and a payload")
    return Message(
        message_type=message.message_type,
        payload=behind or message.payload,
        flags=message.flags,
        error_number=message.error_number,
        regarding=message.regarding,
        checksum_type=message.checksum_type,
    )


def _checksum(checksum_type: int, data: bytes) -> bytes:
    if checksum_type == ChecksumType.MD5:
        # A transmission check that the protocol prescribes, nothing secret.
        return hashlib.md5(data, usedforsecurity=False).digest()
    return bytes(_CHECKSUM_LENGTH)


def integration_time_payload(integration_time_us: int) -> bytes:
    """Return the integration time as the device wants it: microseconds, uint32."""
    return struct.pack("<L", integration_time_us)


def float32_payload(value: float) -> bytes:
    """Return a number as a little-endian float32."""
    return struct.pack("<f", value)


def read_uint8(payload: bytes) -> int:
    """Return the one unsigned byte of a payload.

    Raises:
        FrameError: The payload has another length.
    """
    if len(payload) != 1:
        raise FrameError(f"expected 1 byte, got {len(payload)}")
    return payload[0]


def read_uint32(payload: bytes) -> int:
    """Return the one little-endian uint32 of a payload.

    Raises:
        FrameError: The payload has another length.
    """
    if len(payload) != 4:
        raise FrameError(f"expected 4 bytes, got {len(payload)}")
    return int.from_bytes(payload, "little")


def read_revision(payload: bytes) -> str:
    """Return a revision of two bytes BCD as text, such as ``1.12``.

    Raises:
        FrameError: The payload has another length.
    """
    if len(payload) != 2:
        raise FrameError(f"expected the 2 bytes of a revision, got {len(payload)}")
    return f"{payload[1]:x}.{payload[0]:02x}"


def read_float32(payload: bytes) -> float:
    """Return the one little-endian float of a payload.

    Raises:
        FrameError: The payload has another length.
    """
    if len(payload) != 4:
        raise FrameError(f"expected the 4 bytes of a float, got {len(payload)}")
    (value,) = struct.unpack("<f", payload)
    return float(value)


def read_text(payload: bytes) -> str:
    """Return the ASCII text of a payload without its padding.

    Raises:
        FrameError: The payload is not ASCII.
    """
    try:
        return payload.split(b"\0", 1)[0].decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise FrameError(f"expected ASCII text, got {payload.hex(' ')}") from error


def read_spectrum(payload: bytes, pixel_count: int) -> NDArray[np.float64]:
    """Return the counts of a raw spectrum.

    Args:
        payload: ``pixel_count`` little-endian uint16.
        pixel_count: Pixels of the detector.

    Returns:
        Counts, shape ``(pixel_count,)``.

    Raises:
        FrameError: The payload has another length.
    """
    if len(payload) != 2 * pixel_count:
        raise FrameError(f"a spectrum is {2 * pixel_count} bytes, got {len(payload)}")
    return np.frombuffer(payload, dtype="<u2").astype(np.float64)


@dataclass(frozen=True, kw_only=True)
class SpectrumMetadata:
    """What the QE Pro says of a spectrum.

    Attributes:
        spectrum_count: Number of the spectrum since switching on.
        tick_us: Clock of the instrument at the spectrum.
        integration_time_us: With which it was exposed.
        trigger_mode: With which it was triggered.
    """

    spectrum_count: int
    tick_us: int
    integration_time_us: int
    trigger_mode: int


_METADATA = struct.Struct("<LQLHB13x")


def read_spectrum_with_metadata(
    payload: bytes, pixel_count: int
) -> tuple[SpectrumMetadata, NDArray[np.float64]]:
    """Return metadata and counts of a spectrum of the QE Pro.

    Args:
        payload: 32 bytes of metadata and ``pixel_count`` little-endian uint32.
        pixel_count: Pixels of the detector.

    Raises:
        FrameError: The payload has another length.
    """
    length = _METADATA.size + 4 * pixel_count
    if len(payload) != length:
        raise FrameError(f"a spectrum with metadata is {length} bytes, got {len(payload)}")
    count, tick_us, integration_time_us, _reserved, trigger_mode = _METADATA.unpack_from(payload)
    metadata = SpectrumMetadata(
        spectrum_count=count,
        tick_us=tick_us,
        integration_time_us=integration_time_us,
        trigger_mode=trigger_mode,
    )
    counts = np.frombuffer(payload, dtype="<u4", offset=_METADATA.size).astype(np.float64)
    return metadata, counts
