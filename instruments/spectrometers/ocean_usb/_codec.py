"""Commands of the USB2000+ and the Flame-S: values to bytes and back.

Ocean Optics Flame User Manual 225-00000-000-11-201604, chapter 8: queries and spectra page 70,
registers page 79, status page 81, integration time page 93, synchronisation byte page 97. EEPROM
slots, saturation level and firmware register: python-seabreeze 2.11, ``pyseabreeze/features``. The
first byte of a command is its number; numbers are little endian. Nothing here touches a link.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PIXEL_COUNT = 2048
SLOT_LENGTH = 17
STATUS_LENGTH = 16
REGISTER_LENGTH = 3
SPECTRUM_LENGTH = 2 * PIXEL_COUNT + 1

SERIAL_SLOT = 0
WAVELENGTH_SLOTS = range(1, 5)
FIRST_NONLINEARITY_SLOT = 6
NONLINEARITY_ORDER_SLOT = 14
SATURATION_SLOT = 17
FIRMWARE_REGISTER = 0x04

REQUEST_SPECTRUM = b"\x09"
QUERY_STATUS = b"\xfe"
LAMP_LINE_OFF = b"\x03\x00\x00"

_SYNC = 0x69
_HIGH_SPEED = 0x80
_STATUS = struct.Struct("<HLBBBBBBBBBB")
_REGISTER_ECHOES = (FIRMWARE_REGISTER, 0xFE)  # the Flame-S answers with the second


class ReplyError(ValueError):
    """Bytes that are no answer to the command."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """Answer to the status query.

    Attributes:
        pixel_count: Values of a spectrum.
        integration_time_us: As the instrument holds it.
        lamp_line_is_on: Whether the output "lamp enable" is on.
        trigger_mode: Number of the mode.
        is_high_speed: Whether it sits on a port with 480 Mbit/s.
    """

    pixel_count: int
    integration_time_us: int
    lamp_line_is_on: bool
    trigger_mode: int
    is_high_speed: bool


def set_integration_time(microseconds: int) -> bytes:
    """Return the command that sets the integration time."""
    return struct.pack("<BL", 0x02, microseconds)


def set_trigger_mode(mode: int) -> bytes:
    """Return the command that sets the trigger mode."""
    return struct.pack("<BH", 0x0A, mode)


def query_slot(slot: int) -> bytes:
    """Return the query of an EEPROM slot."""
    return bytes([0x05, slot])


def query_register(register: int) -> bytes:
    """Return the query of a register."""
    return bytes([0x6B, register])


def is_slot_answer(reply: bytes, slot: int) -> bool:
    """Tell whether bytes begin as the answer to the query of a slot."""
    return reply[:2] == bytes([0x05, slot])


def read_text(reply: bytes, slot: int) -> str:
    """Return the text in an EEPROM slot.

    Raises:
        ReplyError: Another slot, another length, or no ASCII.
    """
    data = _slot_data(reply, slot).split(b"\0", 1)[0]
    try:
        return data.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise ReplyError(f"slot {slot} holds {data!r}, which is no ASCII") from error


def read_number(reply: bytes, slot: int) -> float:
    """Return the number that is written as text in an EEPROM slot.

    Raises:
        ReplyError: It holds no number.
    """
    text = read_text(reply, slot)
    try:
        return float(text)
    except ValueError as error:
        raise ReplyError(f"slot {slot} holds {text!r}, which is no number") from error


def read_saturation(reply: bytes) -> int:
    """Return the saturation level in counts that the maker has stored, 0 for none."""
    return int.from_bytes(_slot_data(reply, SATURATION_SLOT)[4:6], "little")


def _slot_data(reply: bytes, slot: int) -> bytes:
    if len(reply) != SLOT_LENGTH or not is_slot_answer(reply, slot):
        raise ReplyError(f"slot {slot} was answered with {reply.hex(' ')}")
    return reply[2:]


def read_status(reply: bytes) -> Status:
    """Return the parts of the status that matter here.

    Raises:
        ReplyError: Another length.
    """
    if len(reply) != STATUS_LENGTH:
        raise ReplyError(f"a status is {STATUS_LENGTH} bytes, got {len(reply)}")
    fields = _STATUS.unpack(reply)
    return Status(
        pixel_count=fields[0],
        integration_time_us=fields[1],
        lamp_line_is_on=bool(fields[2]),
        trigger_mode=fields[3],
        is_high_speed=fields[10] == _HIGH_SPEED,
    )


def read_firmware(reply: bytes) -> tuple[int, int, int]:
    """Return the version in the firmware register: major, minor, patch in 4, 8 and 4 bits.

    Raises:
        ReplyError: The answer is for another register.
    """
    if len(reply) != REGISTER_LENGTH or reply[0] not in _REGISTER_ECHOES:
        raise ReplyError(f"register {FIRMWARE_REGISTER} was answered with {reply.hex(' ')}")
    value = int.from_bytes(reply[1:], "little")
    return value >> 12, value >> 4 & 0xFF, value & 0xF


def read_spectrum(reply: bytes) -> NDArray[np.float64]:
    """Return the counts of a spectrum, shape (2048,).

    Raises:
        ReplyError: Another length, or no synchronisation byte at the end: part of two spectra.
    """
    if len(reply) != SPECTRUM_LENGTH:
        raise ReplyError(f"a spectrum is {SPECTRUM_LENGTH} bytes, got {len(reply)}")
    if reply[-1] != _SYNC:
        raise ReplyError(f"a spectrum ends with {_SYNC:#x}, got {reply[-1]:#x}")
    return np.frombuffer(reply[:-1], dtype="<u2").astype(np.float64)
