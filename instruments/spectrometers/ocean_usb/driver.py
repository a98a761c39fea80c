"""Driver of the Ocean USB2000+ and Flame-S.

Limits and dark pixels: python-seabreeze 2.11, ``pyseabreeze/devices.py``, classes ``USB2000PLUS``
and ``FLAMES``. Steps of the integration time: Flame manual page 93, for the Flame-T.
"""

import contextlib
import functools
from collections.abc import Callable
from types import MappingProxyType
from typing import TypeVar

from instruments.driver import Identity
from instruments.errors import DeviceFaultError, LinkTimeoutError, ProtocolError
from instruments.links import Link
from instruments.spectrometers.driver import Counts
from instruments.spectrometers.ocean import FREE, OceanSpectrometer
from instruments.spectrometers.ocean_usb import _codec

T = TypeVar("T")

_FLAME_FIRMWARE = 3  # major version from which it is a Flame
_FLAME_TRIGGER_MODES = {FREE: 0, "level": 2, "edge": 4}  # python-seabreeze #97
_FINE_BELOW_US, _FINE_US, _COARSE_US = 655_000, 10, 1_000
_MAX_NONLINEARITY_ORDER = 7
_MAX_LATE_ANSWERS = 4


class OceanUsb(OceanSpectrometer):
    """The spectrometer.

    It never says that it did not understand: what was set is read back.

    Args:
        link: To ``seabreeze::<serial number>``.
        discard_after_change: Spectra thrown away after a change.
    """

    pixel_count = _codec.PIXEL_COUNT
    integration_limits_s = (0.001, 655.35)
    dark_pixels = tuple(range(6, 21))
    trigger_modes = MappingProxyType({FREE: 0, "edge": 3})  # pyseabreeze, TriggerMode.HARDWARE

    def __init__(self, link: Link, *, discard_after_change: int = 1) -> None:
        super().__init__(link, discard_after_change=discard_after_change)
        self.full_scale_counts = 65535.0
        self._spectrum_owed = False

    # -- exchanges

    def _ask(self, command: bytes, length: int, understand: Callable[[bytes], T]) -> T:
        with self.link.exchange():
            self.link.write_bytes(command)
            return self._understood(command, self.link.read_bytes(length), understand)

    def _understood(self, command: bytes, reply: bytes, understand: Callable[[bytes], T]) -> T:
        try:
            return understand(reply)
        except _codec.ReplyError as error:
            raise ProtocolError(
                self.link.name, f"command {command.hex(' ')}: {error}", reply=reply
            ) from error

    def _slot(self, slot: int) -> str:
        read = functools.partial(_codec.read_text, slot=slot)
        return self._ask(_codec.query_slot(slot), _codec.SLOT_LENGTH, read)

    def _slot_number(self, slot: int) -> float:
        read = functools.partial(_codec.read_number, slot=slot)
        return self._ask(_codec.query_slot(slot), _codec.SLOT_LENGTH, read)

    def _status(self) -> _codec.Status:
        return self._ask(_codec.QUERY_STATUS, _codec.STATUS_LENGTH, _codec.read_status)

    def _resynchronise(self) -> None:
        """Let a spectrum that was asked for come, then ask for the serial number.

        Spectra and answers come from two end points and in no order.
        """
        mode = _codec.set_trigger_mode(self.trigger_modes[self._trigger_mode])
        if self._spectrum_owed:
            self._spectrum_owed = False
            # One that waits for a trigger comes when it has to wait no longer.
            self.link.write_bytes(_codec.set_trigger_mode(self.trigger_modes[FREE]))
            with contextlib.suppress(LinkTimeoutError):
                self.link.read_bytes(_codec.SPECTRUM_LENGTH, timeout_s=self._exposing_timeout_s)
            self.link.flush_read_buffer()
            self.link.write_bytes(mode)
        self.link.write_bytes(_codec.query_slot(_codec.SERIAL_SLOT))
        for _ in range(_MAX_LATE_ANSWERS):
            reply = self.link.read_bytes(_codec.SLOT_LENGTH)
            if _codec.is_slot_answer(reply, _codec.SERIAL_SLOT):
                return
        raise ProtocolError(
            self.link.name, f"{_MAX_LATE_ANSWERS} late answers, and the awaited one not among them"
        )

    def _restore(self) -> None:
        self._spectrum_owed = False
        super()._restore()

    # -- what it is

    def identify(self) -> Identity:
        """Return maker, model, serial number and firmware version.

        Raises:
            DeviceFaultError: It sits on a USB port that is too slow.
        """
        with self.link.exchange():
            serial = self._slot(_codec.SERIAL_SLOT)
            firmware = self._ask(
                _codec.query_register(_codec.FIRMWARE_REGISTER),
                _codec.REGISTER_LENGTH,
                _codec.read_firmware,
            )
            if not self._status().is_high_speed:
                raise DeviceFaultError(
                    self.link.name, "sits on a USB 1 port or hub: connect it to a USB 2 port"
                )
            saturation = self._ask(
                _codec.query_slot(_codec.SATURATION_SLOT),
                _codec.SLOT_LENGTH,
                _codec.read_saturation,
            )
        self.full_scale_counts = float(saturation or 65535)
        model = "USB2000+"
        if firmware[0] >= _FLAME_FIRMWARE:
            model = "Flame-S"
            self.trigger_modes = MappingProxyType(_FLAME_TRIGGER_MODES)
        return Identity(
            maker="Ocean Optics",
            model=model,
            serial=serial,
            firmware=".".join(map(str, firmware)),
        )

    def _read_wavelength_coefficients(self) -> list[float]:
        with self.link.exchange():
            return [self._slot_number(slot) for slot in _codec.WAVELENGTH_SLOTS]

    def _read_nonlinearity(self) -> list[float]:
        with self.link.exchange():
            order = self._slot_number(_codec.NONLINEARITY_ORDER_SLOT)
            if order != int(order) or not 0 <= order <= _MAX_NONLINEARITY_ORDER:
                raise ProtocolError(self.link.name, f"reports a nonlinearity of order {order:g}")
            first = _codec.FIRST_NONLINEARITY_SLOT
            return [self._slot_number(slot) for slot in range(first, first + int(order) + 1)]

    # -- exposure

    def _write_trigger_mode(self, number: int) -> None:
        with self.link.exchange():
            self.link.write_bytes(_codec.set_trigger_mode(number))
            mode = self._status().trigger_mode
        if mode != number:
            raise DeviceFaultError(
                self.link.name,
                f"stays in trigger mode {mode}: pull its USB cable and put it back",
            )

    def _switch_lamp_line_off(self) -> None:
        with self.link.exchange():
            self.link.write_bytes(_codec.LAMP_LINE_OFF)
            is_on = self._status().lamp_line_is_on
        if is_on:
            raise DeviceFaultError(
                self.link.name, "its lamp line stays on: switch off what it switches by hand"
            )

    def _resolution_us(self, microseconds: int) -> int:
        return _FINE_US if microseconds < _FINE_BELOW_US else _COARSE_US

    def _write_integration_time_us(self, microseconds: int) -> None:
        self.link.write_bytes(_codec.set_integration_time(microseconds))

    def _read_integration_time_us(self) -> int:
        return self._status().integration_time_us

    def _raw_spectrum(self) -> Counts:
        with self.link.exchange():
            self._spectrum_owed = True
            self.link.write_bytes(_codec.REQUEST_SPECTRUM)
            reply = self.link.read_bytes(_codec.SPECTRUM_LENGTH, timeout_s=self.spectrum_timeout_s)
            self._spectrum_owed = False
            return self._understood(_codec.REQUEST_SPECTRUM, reply, _codec.read_spectrum)
