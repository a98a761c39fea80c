"""Instruments on the USB, by their ids.

Only devices whose ids are known are looked at. Of a spectrometer without a serial number in its
descriptor it is asked for, unless another program has it open.
"""

from instruments.discovery.finding import Finding
from instruments.errors import ConfigurationError
from instruments.links.seabreeze import (
    UsbSpectrometer,
    ask_who,
    attached_spectrometers,
    pyusb_backend,
)

_SPECTROMETERS = {
    "USB2000PLUS": ("ocean-usb2000plus",),
    "FLAMES": ("ocean-flame",),
    "QEPRO": ("ocean-qepro",),
    "HDX": ("ocean-hdx",),
}
"""Models of a bench file by python-seabreeze's names."""

_UNOPENED = {**_SPECTROMETERS, "USB2000PLUS": ("ocean-usb2000plus", "ocean-flame")}
"""The same before the firmware was asked: two models share their ids."""

_USBTMC = {
    (0x1313, 0x8078): ("Thorlabs PM100D", ("thorlabs-pm100d",)),
    (0x1313, 0x80C8): ("Thorlabs DC2200", ("thorlabs-dc2200",)),
}
"""Instruments that VISA opens, by vendor and product id."""


def usb_instruments(backend: str | None = None) -> tuple[list[Finding], list[str]]:
    """Return what is on the USB, and what hinders looking.

    Args:
        backend: Name of a pyusb backend; None for the first that works.
    """
    try:
        spectrometers = attached_spectrometers(backend)
    except ConfigurationError as error:
        return [], [error.message]
    found = [_spectrometer(one, backend) for one in spectrometers]
    return found + _visa_instruments(backend), []


def _spectrometer(one: UsbSpectrometer, backend: str | None) -> Finding:
    model, serial, note = one.model, one.serial, ""
    models = _UNOPENED.get(model, ())
    if models and (not serial or len(models) > 1):
        try:
            serial, model = ask_who(one)
            models = _SPECTROMETERS.get(model, models)
        except OSError as error:
            note = str(error)
    if not models:
        note = "python-seabreeze knows it, regrow has no driver for it"
    bus = "seabreeze" if backend is None else f"seabreeze@{backend}"
    return Finding(
        bus="USB",
        address=f"{bus}::{serial or 'SERIAL_NUMBER'}",
        what=f"Ocean spectrometer {model}",
        models=models,
        serial=serial,
        note=note,
    )


def _visa_instruments(backend: str | None) -> list[Finding]:
    import usb.core
    import usb.util

    found = []
    for device in usb.core.find(
        find_all=True,
        custom_match=lambda device: (device.idVendor, device.idProduct) in _USBTMC,
        backend=pyusb_backend(backend),
    ):
        what, models = _USBTMC[device.idVendor, device.idProduct]
        try:
            serial, note = str(usb.util.get_string(device, device.iSerialNumber) or ""), ""
        except (OSError, ValueError) as error:
            serial, note = "", f"its serial number cannot be read: {error}"
        finally:
            usb.util.dispose_resources(device)
        ids = f"0x{device.idVendor:04X}::0x{device.idProduct:04X}"
        found.append(
            Finding(
                bus="USB",
                address=f"USB0::{ids}::{serial or 'SERIAL_NUMBER'}::INSTR",
                what=what,
                models=models,
                serial=serial,
                note=note,
            )
        )
    return found
