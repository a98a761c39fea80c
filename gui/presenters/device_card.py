"""A device in words, for its card."""

from dataclasses import dataclass

from gui.messages import DeviceInfo, DeviceState, Reading
from gui.presenters.numbers import NOTHING, age, fixed, plain, with_unit

_STALE_S = 5.0
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
_HIDDEN = {"fault", "emission"}  # said elsewhere on the card


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


def rows_of(state: DeviceState) -> tuple[Row, ...]:
    """Return the values of a device."""
    return tuple(_row(reading) for reading in state.readings if _is_shown(reading))


def _is_shown(reading: Reading) -> bool:
    """Whether a value is worth a line: what is simply not the case is not."""
    name = reading.name.rpartition(".")[2]
    return name not in _HIDDEN and not (name.startswith("is_") and not reading.value)


def _row(reading: Reading) -> Row:
    return Row(
        name=_label(reading),
        text=_value(reading),
        age=age(reading.age_s),
        is_stale=reading.age_s is None or reading.age_s > _STALE_S,
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
    if reading.name.rpartition(".")[2].startswith("is_"):
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
    return "\n".join([*lines, *(note for note in info.notes if note)])
