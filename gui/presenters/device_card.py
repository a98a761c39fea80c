"""A device in words, for its card."""

import math
from dataclasses import dataclass
from datetime import date

from gui.messages import Calibration, DeviceInfo, DeviceState, Reading
from gui.presenters.numbers import NOTHING, age, fixed, plain, with_unit

_STALE_S = 5.0
_OLD_DAYS = 366  # meters and lamps are calibrated once a year
_NEVER_DAYS = 10**6
_KINDS = {
    "LightSource": "light source",
    "SyringePump": "syringe pump",
    "PowerMeter": "power meter",
    "FilterWheel": "filter wheel",
    "Thermostat": "hotplate",
}
_ICONS = {
    "Spectrometer": "mdi6.chart-bell-curve",
    "LightSource": "mdi6.lightbulb-on-outline",
    "SyringePump": "mdi6.needle",
    "Stage": "mdi6.axis-arrow",
    "PowerMeter": "mdi6.gauge",
    "Thermostat": "mdi6.thermometer",
    "Balance": "mdi6.scale-balance",
    "Shutter": "mdi6.camera-iris",
    "FilterWheel": "mdi6.hexagon-multiple-outline",
}
_CONDITIONS = {
    "off": "not connected",
    "connecting": "connecting …",
    "ok": "ok",
    "fault": "fault",
    "lost": "lost",
}
_HIDDEN = {"fault", "emission", "emits", "is_on"}  # said elsewhere on the card
_YES_OR_NO = ("is_", "has_", "refill_needed")
_WHERE_THERE_IS = {"electric_dark_counts"}  # not every instrument has such a thing


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the card: name, value with unit, age, and whether the value is old."""

    name: str
    text: str
    age: str
    is_stale: bool
    doc: str


def kind_text(info: DeviceInfo) -> str:
    """Return the kind of a device in the words of the bench."""
    return _KINDS.get(info.kind, info.kind.lower())


def icon_name(info: DeviceInfo) -> str:
    """Return the name of the icon of a kind."""
    return _ICONS.get(info.kind, "mdi6.tune-vertical")


def condition_text(state: DeviceState) -> str:
    """Return how a device is, in a word or two; when it is lost, when it is tried again."""
    text = _CONDITIONS[state.condition]
    if state.condition == "ok" and state.emission:
        return "LIGHT ON"
    if state.condition == "ok" and state.active:
        return state.active
    if state.condition == "lost" and state.retry_in_s is not None:
        return f"{text}, next try in {state.retry_in_s:.0f} s"
    return text


def rows_of(state: DeviceState, *, is_polled: bool = True) -> tuple[Row, ...]:
    """Return what a device was asked for and the values that it says.

    Args:
        state: The device.
        is_polled: Whether it is read all the time, so that an old value is a sign of trouble.
    """
    rows = tuple(_row(each, is_polled) for each in state.readings if _is_shown(each))
    if not state.set_point:
        return rows
    asked = Row(name="set", text=state.set_point, age="", is_stale=False, doc="What was asked for")
    return (asked, *rows)


def limits_text(info: DeviceInfo) -> str:
    """Return the limits of a device in a line, "" for none."""
    return f"limits {'; '.join(info.limits)}" if info.limits else ""


@dataclass(frozen=True, kw_only=True)
class CalibrationLine:
    """How old what the values rest on is.

    Attributes:
        text: The oldest, in a few words; "" when there is nothing to calibrate.
        detail: All, one a line.
        is_bad: Whether one has expired or was never made.
    """

    text: str
    detail: str
    is_bad: bool


def calibration_line(calibrations: tuple[Calibration, ...], today: date) -> CalibrationLine:
    """Return how old the calibrations of a device are.

    Args:
        calibrations: They.
        today: The day of looking.
    """
    ages = [calibration_age(each, today) for each in calibrations]
    if not ages:
        return CalibrationLine(text="", detail="", is_bad=False)
    detail = "\n".join(
        f"{each.what}: {age.text}" for each, age in zip(calibrations, ages, strict=True)
    )
    worst = max(ages, key=lambda age: (age.is_bad, age.days))
    return CalibrationLine(text=worst.text, detail=detail, is_bad=worst.is_bad)


@dataclass(frozen=True, kw_only=True)
class CalibrationAge:
    """The age of one calibration: in words, in days, and whether it is not to be relied on."""

    text: str
    days: int
    is_bad: bool


def calibration_age(calibration: Calibration, today: date) -> CalibrationAge:
    """Return how old a calibration is.

    Args:
        calibration: It.
        today: The day of looking.
    """
    if not calibration.day:
        return CalibrationAge(text="calibration not dated", days=_NEVER_DAYS, is_bad=True)
    days = (today - date.fromisoformat(calibration.day)).days
    if calibration.until and today > date.fromisoformat(calibration.until):
        text = f"calibration expired {calibration.until}"
        return CalibrationAge(text=text, days=days, is_bad=True)
    return CalibrationAge(text=f"calibrated {_ago(days)}", days=days, is_bad=days > _OLD_DAYS)


def _ago(days: int) -> str:
    if days <= 0:
        return "today"
    if days < 60:
        return f"{days} d ago"
    return f"{days / 30.44:.0f} months ago" if days < 700 else f"{days / 365.25:.1f} years ago"


def _is_shown(reading: Reading) -> bool:
    """Whether a value is worth a line: what is simply not the case is not."""
    name = reading.name.rpartition(".")[2]
    is_number = isinstance(reading.value, int | float) and math.isfinite(reading.value)
    if name in _WHERE_THERE_IS and not is_number:
        return False
    return name not in _HIDDEN and not (name.startswith(_YES_OR_NO) and not reading.value)


def _row(reading: Reading, is_polled: bool) -> Row:
    return Row(
        name=_label(reading),
        text=_value(reading),
        age=age(reading.age_s),
        is_stale=is_polled and (reading.age_s is None or reading.age_s > _STALE_S),
        doc=reading.doc,
    )


def _label(reading: Reading) -> str:
    words = reading.name.replace(".", " ").split("_")
    units = {"nm", "ma", "ul", "min", "mm", "s", "w", "g", "degc", "rpm", "mw", "cm2", "j"}
    while len(words) > 1 and words[-1] in units and reading.unit:
        words.pop()
    return " ".join(words)


def _value(reading: Reading) -> str:
    value = reading.value
    if value is None or value == "":
        return NOTHING
    name = reading.name.rpartition(".")[2]
    if name == "wavelength_nm" and value == 0:
        return NOTHING  # the light is off
    if name.startswith(_YES_OR_NO):
        return "yes" if value else "no"
    if isinstance(value, bool | str):
        return str(value)
    if reading.precision is not None and abs(value) < 1e6 and reading.precision <= 4:
        return with_unit(fixed(float(value), reading.precision), reading.unit)
    return with_unit(plain(float(value)), reading.unit)


def detail_text(info: DeviceInfo, state: DeviceState) -> str:
    """Return all that does not change, for the tooltip."""
    lines = [f"{info.name}: {kind_text(info)}, {info.model}", info.address]
    if state.identity:
        lines.append(state.identity)
    return "\n".join([*lines, *(note for note in (*info.notes, *info.limits) if note)])
