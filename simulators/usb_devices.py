"""Which devices of a simulated bench hang on a USB."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, cast

from simulators.faults import Faults
from simulators.instrument import Instrument
from simulators.server import LoopClock
from simulators.usb_description import UsbInstrument, usb_serial

if TYPE_CHECKING:
    from simulators.usb_bus import VirtualUsbBus
    from simulators.usb_port import UsbPort


class UsbDevices:
    """The USB of one bench, made when the first device asks for it: pyusb is needed then."""

    def __init__(self) -> None:
        self._serials: dict[str, str] = {}
        self._bus: VirtualUsbBus | None = None

    def __contains__(self, name: str) -> bool:
        """Return whether a device hangs on it."""
        return name in self._serials

    def add(self, name: str, address: str, instrument: Instrument) -> None:
        """Note a device.

        Raises:
            ValueError: It cannot hang on a USB, or not at this address.
        """
        serial = usb_serial(address)
        if serial is None:
            raise ValueError(
                f"address {address!r} is none of a USB spectrometer: seabreeze::<serial number>"
            )
        if not hasattr(instrument, "usb"):
            raise ValueError("this model has no USB that could be simulated")
        if serial in self._serials.values():
            raise ValueError(f"there is another {serial} on the USB")
        if self._bus is None:
            try:
                from simulators.usb_bus import VirtualUsbBus
            except ImportError as error:
                raise ValueError(
                    f"a simulated USB needs pyusb: install regrow[usb] ({error})"
                ) from error
            self._bus = VirtualUsbBus()
        self._serials[name] = serial

    def address(self, name: str) -> str:
        """Return the address of a device, which names the bus it hangs on."""
        assert self._bus is not None
        return f"seabreeze@{self._bus.name}::{self._serials[name]}"

    def registered(self) -> contextlib.AbstractContextManager[None]:
        """Let pyusb find the bus."""
        return contextlib.nullcontext() if self._bus is None else self._bus.registered()

    def port(
        self,
        name: str,
        instrument: Instrument,
        *,
        faults: Faults,
        clock: LoopClock,
        loop: asyncio.AbstractEventLoop,
    ) -> "UsbPort":
        """Return the port of a device."""
        from simulators.usb_port import UsbPort

        assert self._bus is not None
        on_usb = cast("UsbInstrument", instrument)  # looked at when it was added
        return UsbPort(name, on_usb, faults=faults, clock=clock, loop=loop, bus=self._bus)
