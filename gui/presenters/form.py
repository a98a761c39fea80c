"""A form made from what a plan or an action takes."""

import math
from collections.abc import Iterable, Mapping

from gui.messages import FieldInfo, PlanInfo, Value
from gui.presenters.units import UnitError, parse, pretty

FIRST = 6
"""So many parameters are shown at once; the others are a click away."""


class FieldError(ValueError):
    """What was typed is no value of the field; the message is for the person."""


def label_of(field: FieldInfo) -> str:
    """Return a field's name in words, without the unit that stands beside it.

    Args:
        field: The field.
    """
    words = field.name.split("_")
    if field.unit:
        drop = pretty(field.unit).lower().replace("²", "2").replace("µ", "u").replace("°", "deg")
        tail = [part for part in drop.replace("/", " ").split() if part]
        while tail and words and words[-1] == tail[-1] and len(words) > 1:
            words.pop()
            tail.pop()
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def text_of(field: FieldInfo, value: Value) -> str:
    """Return a value as the field shows it."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(text_of(field, each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.8g}"
    return str(value)


def value_of(field: FieldInfo, text: str) -> Value:
    """Read what was typed into a field.

    Args:
        field: The field.
        text: What stands in it.

    Raises:
        FieldError: It is no value, or outside the limits.
    """
    text = text.strip()
    if field.kind in ("floats", "strs"):
        return _list(field, text)
    if not text or text.lower() == "none":
        if field.optional:
            return None
        if field.kind == "str":
            return ""
        raise FieldError(f"{label_of(field)}: a value is needed{_limits_in_brackets(field)}")
    if field.kind not in ("float", "int"):
        return _choice(field, text)
    return _number(field, text)


def _number(field: FieldInfo, text: str) -> float | int:
    try:
        number = parse(text, field.unit)
    except UnitError as error:
        raise FieldError(f"{label_of(field)}: {error}") from error
    if field.kind == "int":
        if not number.is_integer():
            raise FieldError(f"{label_of(field)}: a whole number is needed, not {text}")
        number = int(number)
    if field.choices:
        if number not in field.choices:
            raise FieldError(f"{label_of(field)}: {limits_of(field)}, not {text}")
        return number
    low, high = field.minimum, field.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise FieldError(f"{label_of(field)}: {limits_of(field)}, not {text}")
    return number


def _list(field: FieldInfo, text: str) -> tuple[float | str, ...] | None:
    """Read a list: its parts are separated by commas, or by semicolons where commas are decimal."""
    if not text or text.lower() == "none":
        return None if field.default is None and field.optional else ()
    parts = [part.strip() for part in text.split(";" if ";" in text else ",")]
    if field.kind == "strs":
        return tuple(str(_choice(field, part)) for part in parts if part)
    return tuple(_number(field, part) for part in parts if part)


def _choice(field: FieldInfo, text: str) -> Value:
    if field.kind == "bool":
        return text in ("yes", "true", "1")
    if field.choices and text not in field.choices:
        raise FieldError(f"{label_of(field)}: {limits_of(field)}, not {text}")
    return text


def limits_of(field: FieldInfo) -> str:
    """Return what a field takes, in words; "" when it takes anything."""
    unit = f" {pretty(field.unit)}" if field.unit else ""
    if field.choices:
        return "one of " + ", ".join(text_of(field, choice) for choice in field.choices) + unit
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        return f"{low:g} to {high:g}{unit}"
    if low is not None:
        return f"at least {low:g}{unit}"
    return "" if high is None else f"at most {high:g}{unit}"


def help_of(field: FieldInfo) -> str:
    """Return what a tooltip says: meaning, limits, default."""
    lines = [field.help[:1].upper() + field.help[1:] if field.help else label_of(field)]
    limits = limits_of(field)
    if limits:
        lines.append(limits[:1].upper() + limits[1:])
    if field.kind in ("float", "int") and field.unit:
        lines.append("Other units may be typed, such as " + _example(field.unit))
    if field.default is not None:
        unit = f" {pretty(field.unit)}" if field.unit else ""
        lines.append(f"Usually {text_of(field, field.default)}{unit}")
    elif field.optional:
        lines.append("May be left empty")
    return "\n".join(lines)


def defaults_of(fields: Iterable[FieldInfo]) -> dict[str, Value]:
    """Return the defaults of fields by name."""
    return {field.name: field.default for field in fields}


def fields_of(plan: PlanInfo) -> tuple[FieldInfo, ...]:
    """Return all fields of a plan, what one is asked first at the front.

    A sample's name comes first; devices of which there is only one to choose come last.
    """
    sample = tuple(f for f in plan.parameters if f.name == "sample")
    others = tuple(f for f in plan.parameters if f.name != "sample")
    chosen = tuple(f for f in plan.devices if len(f.choices) > 1)
    given = tuple(f for f in plan.devices if len(f.choices) <= 1)
    return (*sample, *chosen, *others, *given)


def changed(fields: Iterable[FieldInfo], values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values that are not what they usually are."""
    usual = defaults_of(fields)
    return {name: value for name, value in values.items() if usual.get(name) != value}


def _limits_in_brackets(field: FieldInfo) -> str:
    limits = limits_of(field)
    return f" ({limits})" if limits else ""


def _example(unit: str) -> str:
    examples = {
        "min": "90 s or 2 h", "s": "200 ms or 1.5 min", "h": "30 min", "µL": "1.5 mL",
        "µL/min": "1.5 mL/min", "mW/cm²": "0.02 W/cm²", "J/cm²": "300 mJ/cm²", "nm": "0.532 µm",
        "mm": "250 µm", "°C": "300 K",
    }  # fmt: skip
    return examples.get(pretty(unit), f"1 {pretty(unit)}")


def stepped(field: FieldInfo, value: float, direction: int) -> float:
    """Return a number a small step up or down, within the limits.

    Args:
        field: The field.
        value: Where from.
        direction: +1 or -1.
    """
    if field.kind == "int":
        step = 1.0
    else:
        step = 10.0 ** (math.floor(math.log10(abs(value))) - 1) if value else 0.1
    moved = round(value / step + direction) * step
    if field.minimum is not None:
        moved = max(moved, field.minimum)
    if field.maximum is not None:
        moved = min(moved, field.maximum)
    return int(moved) if field.kind == "int" else float(f"{moved:.9g}")
