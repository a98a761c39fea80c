"""Bytes in and out of a USB spectrometer, by python-seabreeze.

python-seabreeze (its pure Python half on pyusb) finds the instrument, opens it, and knows its end
points; the protocol on top is our drivers'. An address is ``seabreeze::<serial number>``, or
``seabreeze@<backend>::<serial number>`` for another pyusb backend than its first choice, as in
``seabreeze@libusb0::FLMS00042``.

What is done here and not by ``seabreeze.list_devices()``: it resets every spectrometer on the bus,
the ones in use too, whenever it looks around, and opens all of them to learn one serial number.
"""

import contextlib
import errno
import re
import threading
import time
from dataclasses import dataclass
from typing import Any

from instruments.errors import ConfigurationError
from instruments.links.seabreeze_replies import ObpReplies, OoiReplies, Replies

_ADDRESS = re.compile(r"seabreeze(?:@(\w+))?::([^:\s]+)\Z", re.IGNORECASE)
_SLICE_S = 0.2  # a read waits no longer than this before it looks whether it was interrupted
_FLUSH_S = 0.005
_ACCESS_DENIED, _BUSY = 13, 16
_GET_STATUS = (0x80, 0x00, 0, 0, 2)  # of the device; USB 2.0, 9.4.5: every one answers at any time
_STATUS_MS = 100

_open_lock = threading.Lock()
_open_places: set[tuple[int, int]] = set()


def is_seabreeze_address(address: str) -> bool:
    """Tell whether an address is one of a USB spectrometer."""
    return address.lower().startswith("seabreeze")


@dataclass(frozen=True, kw_only=True)
class UsbSpectrometer:
    """A spectrometer on the USB, not opened.

    Attributes:
        model: python-seabreeze's name; the USB2000+ and the Flame-S share one.
        vendor_id: USB vendor id.
        product_id: USB product id.
        bus: Number of the USB.
        address: Number on it.
        serial: From its string descriptor, empty where it has none or it cannot be read.
        device: The pyusb device.
    """

    model: str
    vendor_id: int
    product_id: int
    bus: int
    address: int
    serial: str
    device: Any

    @property
    def place(self) -> tuple[int, int]:
        """Bus and address."""
        return self.bus, self.address


def attached_spectrometers(backend: str | None = None) -> list[UsbSpectrometer]:
    """Return the spectrometers on the USB that python-seabreeze knows; opens and resets none.

    Args:
        backend: Name of a pyusb backend; None for the first that works.

    Raises:
        ConfigurationError: python-seabreeze, pyusb or the USB library of the system is missing.
    """
    try:
        import usb.core
        from seabreeze.pyseabreeze import devices  # noqa: F401 - it fills the table of models
        from seabreeze.pyseabreeze.transport import USBTransport
    except ImportError as error:
        raise ConfigurationError(
            "USB", f"spectrometers need python-seabreeze and pyusb: install regrow[usb] ({error})"
        ) from error
    models: dict[tuple[int, int], str] = USBTransport.vendor_product_ids
    try:
        found = list(
            usb.core.find(
                find_all=True,
                custom_match=lambda device: (device.idVendor, device.idProduct) in models,
                backend=pyusb_backend(backend),
            )
        )
    except (usb.core.NoBackendError, RuntimeError) as error:
        raise ConfigurationError(
            "USB",
            f"no USB library was found ({error}): install libusb 1.0 or the package "
            "libusb-package; on Windows the WinUSB driver too (seabreeze_os_setup)",
        ) from error
    return [
        UsbSpectrometer(
            model=models[device.idVendor, device.idProduct],
            vendor_id=device.idVendor,
            product_id=device.idProduct,
            bus=device.bus,
            address=device.address,
            serial=_serial_text(device),
            device=device,
        )
        for device in found
    ]


def pyusb_backend(name: str | None) -> Any:
    """Return a pyusb backend.

    Args:
        name: As in ``usb.backend``; None takes the library of the package libusb-package if that is
            there, else whatever pyusb finds on the system.

    Raises:
        RuntimeError: There is none of this name.
    """
    from seabreeze.pyseabreeze.transport import get_pyusb_backend_from_name

    if name is not None:
        return get_pyusb_backend_from_name(name)
    try:
        import libusb_package
    except ImportError:
        return None
    return libusb_package.get_libusb1_backend()


def _serial_text(device: Any) -> str:
    """Return the serial number in the descriptor; reading it disturbs nobody."""
    if not device.iSerialNumber:
        return ""
    import usb.util

    try:
        return str(usb.util.get_string(device, device.iSerialNumber) or "").strip("\0 ")
    except (OSError, ValueError, NotImplementedError):
        return ""
    finally:
        usb.util.dispose_resources(device)


def open_seabreeze(address: str) -> "SeabreezeWire":
    """Open the spectrometer at an address.

    Raises:
        ConfigurationError: No such address, or a package is missing.
        OSError: There is no such spectrometer, or it cannot be opened.
    """
    match = _ADDRESS.match(address)
    if match is None:
        raise ConfigurationError(
            "USB", f"address {address!r} is none of a USB spectrometer: seabreeze::<serial number>"
        )
    backend, serial = match.groups()
    notes: list[str] = []
    with _open_lock:
        # The one whose descriptor says so first: the others need not be opened then.
        found = sorted(attached_spectrometers(backend), key=lambda one: one.serial != serial)
        for candidate in found:
            if candidate.place in _open_places:
                notes.append(f"{candidate.model} in use by this program")
                continue
            device = _open_if_free(candidate, notes)
            if device is None:
                continue
            if device.serial_number == serial:
                _open_places.add(candidate.place)
                return SeabreezeWire(device, candidate)
            notes.append(f"{candidate.model} {device.serial_number}")
            with contextlib.suppress(OSError):
                device.close()
    there = "; ".join(notes) or "none at all"
    raise ConnectionError(f"no spectrometer {serial} on the USB; there is {there}")


def ask_who(candidate: UsbSpectrometer) -> tuple[str, str]:
    """Open a spectrometer that nobody uses, ask who it is, and close it.

    Returns:
        Serial number, and python-seabreeze's name of the model.

    Raises:
        OSError: It is in use, or cannot be opened.
    """
    notes: list[str] = []
    with _open_lock:
        if candidate.place in _open_places:
            raise ConnectionError("in use by this program")
        device = _open_if_free(candidate, notes)
        if device is None:
            raise ConnectionError("; ".join(notes))
        with contextlib.suppress(OSError):
            device.close()
        return str(device.serial_number), str(device.model)


def _open_if_free(candidate: UsbSpectrometer, notes: list[str]) -> Any:
    """Return the opened device, or None and a note why not."""
    import usb.util
    from seabreeze.pyseabreeze import SeaBreezeDevice
    from seabreeze.pyseabreeze.transport import USBTransportHandle

    try:
        # python-seabreeze resets what it cannot open; whoever uses it would notice.
        usb.util.claim_interface(candidate.device, 0)
        usb.util.dispose_resources(candidate.device)
    except OSError as error:
        notes.append(f"{candidate.model} {_why(error)}")
        return None
    device: Any = SeaBreezeDevice(USBTransportHandle(candidate.device))
    try:
        device.open()
    except Exception as error:  # noqa: BLE001 - it raises from assert to struct.error
        notes.append(f"{candidate.model} does not open: {type(error).__name__}: {error}")
        with contextlib.suppress(OSError):
            device.close()
        return None
    return device


def _why(error: OSError) -> str:
    if error.errno == _BUSY:
        return "in use by another program"
    if error.errno == _ACCESS_DENIED:
        return "that this user may not open (on Linux run seabreeze_os_setup once)"
    return f"that does not open: {error}"


class SeabreezeWire:
    """An open USB spectrometer; see `instruments.links.visa.Wire`.

    Args:
        device: python-seabreeze's device, open.
        attached: Where it is on the USB.
    """

    def __init__(self, device: Any, attached: UsbSpectrometer) -> None:
        from seabreeze.pyseabreeze.protocol import OBPProtocol

        protocol = device.features["raw_usb_bus_access"][0].protocol
        self._device = device
        self._attached = attached
        self._transport = protocol.transport
        self._replies: Replies = ObpReplies() if isinstance(protocol, OBPProtocol) else OoiReplies()
        self._interrupted = False

    def send(self, data: bytes, timeout_s: float) -> None:
        """Send all bytes; see `Wire.send`."""
        if self._replies.stray is not None:
            while self._read(*self._replies.stray, timeout_s=_FLUSH_S):
                pass  # or it would become the answer to the next request for a spectrum
        self._replies.asked(data)
        try:
            self._transport.write(data, timeout_ms=_milliseconds(timeout_s))
        except OSError as error:
            if _is_timeout(error):
                raise TimeoutError(f"the spectrometer takes no bytes: {error}") from error
            raise

    def receive(self, timeout_s: float) -> bytes:
        """Return what has arrived; see `Wire.receive`. Without time to wait it does not look."""
        end_s = time.monotonic() + timeout_s
        while (left_s := end_s - time.monotonic()) > 0:
            if self._interrupted:
                raise ConnectionAbortedError("interrupted")
            data = self._read(*self._replies.expected(), timeout_s=min(left_s, _SLICE_S))
            if data:
                self._replies.came(data)
                return data
        return b""

    def _read(self, mode: str, length: int, *, timeout_s: float) -> bytes:
        """Return one transfer, nothing when none came in time."""
        try:
            data: bytes = self._transport.read(
                size=length, timeout_ms=_milliseconds(timeout_s), mode=mode
            )
        except OSError as error:
            if _is_timeout(error):
                return b""
            raise
        return data

    def interrupt(self) -> None:
        """Make the call in progress end within a fifth of a second."""
        self._interrupted = True

    def is_gone(self) -> bool:
        """Tell whether it has left the bus; see `Wire.is_gone`."""
        try:  # the system answers in its place when it is no longer there
            self._attached.device.ctrl_transfer(*_GET_STATUS, timeout=_STATUS_MS)
        except OSError as error:
            return error.errno == errno.ENODEV
        return False

    def close(self) -> None:
        """Close the spectrometer."""
        with _open_lock:
            _open_places.discard(self._attached.place)
        self._device.close()


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))  # 0 would wait for ever


def _is_timeout(error: OSError) -> bool:
    import usb.core

    return isinstance(error, usb.core.USBTimeoutError)
