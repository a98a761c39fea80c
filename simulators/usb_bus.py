"""A virtual USB for simulated spectrometers.

``VirtualUsbBus`` is a pyusb backend: whatever uses pyusb, python-seabreeze above all, finds the
simulated instruments on it by ``pyusb_backend=bus.name``. Packets have the sizes of the end points,
so that a read of the wrong length fails as it does on a cable.
"""

import array
import contextlib
import errno
import itertools
import sys
import threading
import time
import types
from collections.abc import Iterator
from types import SimpleNamespace

import usb.backend
import usb.core

from simulators.usb_port import UsbPort

_GET_DESCRIPTOR, _STRING = 6, 3
_ENGLISH = b"\x04\x03\x09\x04"
_BULK = 2
_numbers = itertools.count(1)


class _Handle:
    """What ``open_device`` gives: a port as long as it is not replugged."""

    def __init__(self, port: UsbPort) -> None:
        self.port = port
        self.plugs = port.plugs
        self.configuration = 1
        self.used = False

    def check(self) -> UsbPort:
        if self.plugs != self.port.plugs or not self.port.plugged:
            raise _error("No such device (it may have been disconnected)", errno.ENODEV)
        return self.port


class VirtualUsbBus(usb.backend.IBackend):  # type: ignore[misc] # pyusb has no types
    """A pyusb backend with simulated instruments; see ``usb.backend.IBackend``.

    Attributes:
        name: Name under which pyusb finds it as a backend while :meth:`registered` is in force.
        changed: Guards the end points and tells that something has arrived or gone.
        is_simulated: Tells virtual time that no instrument of the real one is on it.
    """

    is_simulated = True

    def __init__(self) -> None:
        super().__init__()
        number = next(_numbers)
        self.name = f"virtual{number}"
        self.changed = threading.Condition(threading.Lock())
        self._ports: list[UsbPort] = []
        self._addresses: dict[UsbPort, int] = {}
        self._next_address = itertools.count(1)
        self._bus_number = number

    @contextlib.contextmanager
    def registered(self) -> Iterator[None]:
        """Let ``usb.backend.<name>`` be this bus."""
        module = types.ModuleType(f"usb.backend.{self.name}", "A simulated bus.")
        module.get_backend = lambda find_library=None: self  # type: ignore[attr-defined]
        sys.modules[module.__name__] = module
        try:
            yield
        finally:
            del sys.modules[module.__name__]

    def add(self, port: UsbPort) -> None:
        """Plug an instrument in, at the next free address."""
        self._addresses[port] = next(self._next_address)
        self._ports.append(port)

    def remove(self, port: UsbPort) -> None:
        """Pull an instrument's cable."""
        self._ports.remove(port)

    # -- what pyusb asks: descriptors

    def enumerate_devices(self) -> list[UsbPort]:
        """Return what is plugged in."""
        return list(self._ports)

    def get_parent(self, dev: UsbPort) -> None:
        """Return nothing: there are no hubs."""

    def get_device_descriptor(self, dev: UsbPort) -> SimpleNamespace:
        """Return the device descriptor."""
        about = dev.instrument.usb
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x0200, bDeviceClass=0, bDeviceSubClass=0,
            bDeviceProtocol=0, bMaxPacketSize0=64, idVendor=about.vendor_id,
            idProduct=about.product_id, bcdDevice=0x0100, iManufacturer=1, iProduct=2,
            iSerialNumber=3 if about.serial else 0, bNumConfigurations=1,
            bus=self._bus_number, address=self._addresses.get(dev, 0), port_number=None,
            port_numbers=None, speed=3,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: UsbPort, config: int) -> SimpleNamespace:
        """Return the only configuration."""
        if config:
            raise IndexError(f"no configuration {config}")
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=46, bNumInterfaces=1, bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0x80, bMaxPower=50, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(
        self, dev: UsbPort, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        """Return the only interface."""
        if intf or alt or config:
            raise IndexError(f"no interface {intf}, setting {alt}")
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0,
            bNumEndpoints=len(dev.instrument.usb.packet_bytes), bInterfaceClass=0xFF,
            bInterfaceSubClass=0, bInterfaceProtocol=0, iInterface=0, extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(
        self, dev: UsbPort, ep: int, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        """Return a bulk end point."""
        end_points = list(dev.instrument.usb.packet_bytes.items())
        if ep >= len(end_points):
            raise IndexError(f"no end point {ep}")
        address, size = end_points[ep]
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=address, bmAttributes=_BULK,
            wMaxPacketSize=size, bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    # -- what pyusb asks: handles

    def open_device(self, dev: UsbPort) -> _Handle:
        """Open a device; several may."""
        handle = _Handle(dev)
        handle.check()
        return handle

    def close_device(self, dev_handle: _Handle) -> None:
        """Close it, and let its interface go."""
        self.release_interface(dev_handle, 0)
        if dev_handle.used and dev_handle.plugs == dev_handle.port.plugs:
            dev_handle.used = False
            dev_handle.port.released(dev_handle.plugs)

    def set_configuration(self, dev_handle: _Handle, config_value: int) -> None:
        """Choose the configuration."""
        port = dev_handle.check()
        if port.claimed_by not in (None, dev_handle):
            raise _error("Resource busy", errno.EBUSY)
        dev_handle.configuration = config_value

    def get_configuration(self, dev_handle: _Handle) -> int:
        """Return the configuration."""
        dev_handle.check()
        return dev_handle.configuration

    def set_interface_altsetting(self, dev_handle: _Handle, intf: int, altsetting: int) -> None:
        """Choose the only setting."""
        dev_handle.check()

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Reserve the interface for a handle."""
        port = dev_handle.check()
        if port.claimed_by not in (None, dev_handle):
            raise _error("Resource busy", errno.EBUSY)
        port.claimed_by = dev_handle

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Let the interface go."""
        if dev_handle.port.claimed_by is dev_handle:
            dev_handle.port.claimed_by = None

    def reset_device(self, dev_handle: _Handle) -> None:
        """Reset the device: closing it does the rest."""
        dev_handle.check()

    def clear_halt(self, dev_handle: _Handle, ep: int) -> None:
        """Do nothing: no end point ever stalls."""
        dev_handle.check()

    def is_kernel_driver_active(self, dev_handle: _Handle, intf: int) -> bool:
        """Return False: no other driver wants it."""
        dev_handle.check()
        return False

    # -- what pyusb asks: transfers

    def bulk_write(
        self, dev_handle: _Handle, ep: int, intf: int, data: "array.array[int]", timeout: int
    ) -> int:
        """Send bytes to the instrument."""
        port = dev_handle.check()
        dev_handle.used = True
        port.written(data.tobytes(), dev_handle.plugs)
        return len(data)

    def bulk_read(
        self, dev_handle: _Handle, ep: int, intf: int, buff: "array.array[int]", timeout: int
    ) -> int:
        """Fill a buffer until it is full, a short packet ends the transfer, or time is up."""
        end_s = None if not timeout else time.monotonic() + timeout * 1e-3
        got = bytearray()
        with self.changed:
            port = dev_handle.check()
            size = port.instrument.usb.packet_bytes[ep]
            while len(got) < len(buff):
                packets = port.packets[ep]
                if not packets:
                    left_s = None if end_s is None else end_s - time.monotonic()
                    if left_s is not None and left_s <= 0:
                        break
                    self.changed.wait(left_s)
                    dev_handle.check()
                    continue
                packet = packets.popleft()
                if len(got) + len(packet) > len(buff):
                    raise _error("Overflow", errno.EOVERFLOW)
                got += packet
                if len(packet) < size:
                    break
        if not got:
            raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        buff[: len(got)] = array.array("B", bytes(got))
        return len(got)

    def ctrl_transfer(
        self,
        dev_handle: _Handle,
        bmRequestType: int,  # noqa: N803 - pyusb's names
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: "array.array[int]",
        timeout: int,
    ) -> int:
        """Answer a request for a string descriptor; no other is known."""
        about = dev_handle.check().instrument.usb
        kind, index = wValue >> 8, wValue & 0xFF
        if bRequest != _GET_DESCRIPTOR or kind != _STRING:
            raise _error("Pipe error", errno.EPIPE)
        texts = {1: about.manufacturer, 2: about.product, 3: about.serial}
        reply = _ENGLISH
        if index:
            text = texts.get(index, "").encode("utf-16-le")
            reply = bytes([2 + len(text), _STRING]) + text
        count = min(len(reply), len(data))
        data[:count] = array.array("B", reply[:count])
        return count


def _error(text: str, number: int) -> usb.core.USBError:
    return usb.core.USBError(text, -number, number)
