"""What a device can be asked for, and what its values rest on, in words for its card."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from gui.messages import Calibration
from instruments.device import BenchDevice
from instruments.gas import GasFlow
from instruments.light_sources import LightSource
from instruments.power_meters import PowerMeter
from instruments.pumps import SyringePump
from instruments.spectrometers import Spectrometer
from instruments.stages import Stage
from instruments.thermal import Thermostat

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_NAMED = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")


def limits_of(device: BenchDevice) -> tuple[str, ...]:
    """Return what a device can be asked for, one limit a line.

    Args:
        device: A device of the bench; it need not be connected.
    """
    for kind, words in _LIMITS:
        if isinstance(device, kind):
            return words(device)
    return ()


def calibrations_of(device: BenchDevice) -> tuple[Calibration, ...]:
    """Return what the values of a device rest on.

    Args:
        device: A device of the bench, connected.
    """
    if isinstance(device, LightSource):
        return tuple(
            Calibration(
                what=f"{channel.wavelength_nm:g} nm",
                day=channel.calibration.calibrated.isoformat(),
                until=_iso(channel.calibration.expires),
                plan="calibrate_irradiance",
            )
            for channel in device.channels
        )
    if isinstance(device, Spectrometer):
        day = iso_day(str(device.wavelength_calibrated.get()))
        return (Calibration(what="wavelength axis", day=day, plan="calibrate_wavelength"),)
    if isinstance(device, PowerMeter):
        sensor = str(device.sensor.get())
        name, _, _ = sensor.partition(",")
        return (Calibration(what=name, day=iso_day(sensor)),) if sensor else ()
    return ()


def iso_day(text: str) -> str:
    """Return the first date in a text as ISO 8601, "" when there is none.

    Args:
        text: Such as "2026-06-02" or "S120VC no. 1, calibrated 02-JUN-2026".
    """
    found = _ISO.search(text)
    if found:
        return found.group(0)
    found = _NAMED.search(text)
    if found and found.group(2).upper() in _MONTHS:
        month = _MONTHS.index(found.group(2).upper()) + 1
        return f"{found.group(3)}-{month:02d}-{int(found.group(1)):02d}"
    return ""


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _light(light: LightSource) -> tuple[str, ...]:
    def words(wavelength_nm: float) -> str:
        low, high = light.irradiance_range_mw_cm2(wavelength_nm)
        return f"{wavelength_nm:g} nm: {low:.3g} to {high:.3g} mW/cm²"

    return tuple(words(channel.wavelength_nm) for channel in light.channels)


def _pump(pump: SyringePump) -> tuple[str, ...]:
    return (f"syringe of {pump.syringe.capacity_ul:g} µL",)


def _stage(stage: Stage) -> tuple[str, ...]:
    ranges = {name: axis.limits_mm for name, axis in stage.axes.items()}
    return tuple(f"{name}: {low:g} to {high:g} mm" for name, (low, high) in ranges.items())


def _thermostat(thermostat: Thermostat) -> tuple[str, ...]:
    heating = thermostat.heating
    return (f"at most {heating.limit_degc:g} °C", f"at most {heating.stirring_limit_rpm:g} rpm")


def _gas(gas: GasFlow) -> tuple[str, ...]:
    return (f"0 to {gas.limit_sccm:g} cm³/min",)


def _spectrometer(spectrometer: Spectrometer) -> tuple[str, ...]:
    shortest_s, longest_s = spectrometer.integration_limits_s
    return (f"integration {1000 * shortest_s:g} ms to {longest_s:g} s",)


_LIMITS: tuple[tuple[type[BenchDevice], Callable[[Any], tuple[str, ...]]], ...] = (
    (LightSource, _light),
    (SyringePump, _pump),
    (Stage, _stage),
    (Thermostat, _thermostat),
    (GasFlow, _gas),
    (Spectrometer, _spectrometer),
)
