"""The parameters that a search may change, and how far."""

from dataclasses import dataclass

from plans.parameters import ParameterError, PlanDescription, check_values


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One parameter of a search.

    Attributes:
        name: Name of the plan's parameter.
        low: Smallest value, in the parameter's unit.
        high: Largest value.
        logarithmic: Whether equal ratios, not equal differences, are equally interesting.
        whole: Whether only whole numbers are allowed.
    """

    name: str
    low: float
    high: float
    logarithmic: bool = False
    whole: bool = False


def parse_axes(description: PlanDescription, text: str) -> tuple[Axis, ...]:
    """Read ``name=low..high; name=low..high log``.

    Args:
        description: Of the plan whose parameters are searched.
        text: The axes.

    Raises:
        ParameterError: Naming the axis and what is wrong with it.
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    axes = tuple(_axis(description, part) for part in parts)
    if not axes:
        raise ParameterError("a search needs axes, such as irradiance_mw_cm2=5..50 log")
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise ParameterError(f"axis {name} is given twice")
    return axes


def _axis(description: PlanDescription, text: str) -> Axis:
    name, _, span = (part.strip() for part in text.partition("="))
    parameter = description.parameter(name)
    words = span.split()
    logarithmic = words[1:] == ["log"]
    low_text, dots, high_text = words[0].partition("..") if words else ("", "", "")
    try:
        low, high = float(low_text), float(high_text)
    except ValueError:
        dots = ""
        low = high = 0.0
    if not dots or (words[1:] and not logarithmic):
        raise ParameterError(f"axis {text!r} is not understood; write {name}=low..high or ... log")
    if parameter.kind not in {"float", "int"} or parameter.quantity.choices:
        raise ParameterError(f"axis {name}: only a number that may lie anywhere can be searched")
    if not low < high:
        raise ParameterError(f"axis {name}: {low:g} must be below {high:g}")
    if logarithmic and low <= 0:
        raise ParameterError(f"axis {name}: log needs a low end above 0, got {low:g}")
    whole = parameter.kind == "int"
    for value in (low, high):
        check_values(description, {name: round(value) if whole else value})
    return Axis(name=name, low=low, high=high, logarithmic=logarithmic, whole=whole)
