"""Plan parameters: units, ranges and defaults, read off.

A plan states what it takes in its own signature: ``Annotated[float, Quantity(unit="nm", ...)]``.
The command line, the window's form and a queue server all read that one place.
"""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


class ParameterError(ValueError):
    """A parameter of a plan is unknown, missing, of the wrong type or outside its range."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What a number or a choice means to the person who sets it.

    Attributes:
        help: One line for the person.
        unit: Unit as printed, "" for a pure number or a name.
        minimum: Smallest allowed value, None if there is none.
        maximum: Largest allowed value, None if there is none.
        choices: The allowed values, empty if the range alone decides.
        when_named: An instrument that is used only when it is named, never for being the only one
            of its kind.
    """

    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[float | str, ...] = ()
    when_named: bool = False


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a plan.

    Attributes:
        name: Name as in the signature.
        kind: "float", "int", "str", "bool", "floats" or "strs" (lists, given with commas); for an
            instrument the name of its device class.
        quantity: Unit, range, choices and help.
        default: Default value; ``inspect.Parameter.empty`` if one must be given.
        optional: Whether None is allowed.
        device: The device class if the parameter is an instrument, else None.
    """

    name: str
    kind: str
    quantity: Quantity
    default: Any
    optional: bool
    device: type | None = None

    @property
    def required(self) -> bool:
        """Whether the plan cannot run without it."""
        return self.default is inspect.Parameter.empty

    def default_text(self) -> str:
        """Return the default as one types it, "none" for nothing."""
        if self.default is None or self.default == ():
            return "none"
        if isinstance(self.default, tuple):
            return ",".join(f"{v:g}" if isinstance(v, float) else str(v) for v in self.default)
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def allowed(self) -> str:
        """Return the allowed values in words, "" if anything goes."""
        quantity = self.quantity
        if quantity.choices:
            return ", ".join(f"{choice:g}" if isinstance(choice, float) else str(choice)
                             for choice in quantity.choices)  # fmt: skip
        low, high = quantity.minimum, quantity.maximum
        if low is not None and high is not None:
            return f"{low:g} to {high:g}"
        if low is not None:
            return f"at least {low:g}"
        return "" if high is None else f"at most {high:g}"


@dataclass(frozen=True, kw_only=True)
class PlanDescription:
    """What a person or a form must know of a plan.

    Attributes:
        name: Name of the plan.
        summary: First line of its docstring.
        devices: Its parameters that are instruments.
        parameters: The other parameters, in the order of the signature.
    """

    name: str
    summary: str
    devices: tuple[Parameter, ...]
    parameters: tuple[Parameter, ...]

    def parameter(self, name: str) -> Parameter:
        """Return a parameter by name.

        Raises:
            ParameterError: If the plan has none of that name.
        """
        for parameter in (*self.devices, *self.parameters):
            if parameter.name == name:
                return parameter
        known = ", ".join(p.name for p in (*self.devices, *self.parameters))
        raise ParameterError(f"{self.name}: has no parameter {name!r}; it takes {known}")


def describe_plan(plan: Callable[..., Any]) -> PlanDescription:
    """Read what a plan takes off its signature.

    Args:
        plan: The plan function, its parameters annotated.
    """
    hints = typing.get_type_hints(plan, include_extras=True)
    devices: list[Parameter] = []
    parameters: list[Parameter] = []
    for parameter in inspect.signature(plan).parameters.values():
        if parameter.name == "md":
            continue
        described = _describe(parameter, hints[parameter.name])
        (devices if described.device is not None else parameters).append(described)
    summary = (inspect.getdoc(plan) or "").split("\n", 1)[0]
    return PlanDescription(
        name=getattr(plan, "__name__", "plan"),
        summary=summary,
        devices=tuple(devices),
        parameters=tuple(parameters),
    )


def parse_assignments(description: PlanDescription, assignments: Iterable[str]) -> dict[str, Any]:
    """Read ``name=value`` texts into values of the right type, checked.

    Args:
        description: The plan's description.
        assignments: Texts like ``irradiance_mw_cm2=20`` or ``target_nm=none``; instruments are left
            as names.

    Raises:
        ParameterError: Naming the parameter, what was given and what is allowed.
    """
    values: dict[str, Any] = {}
    for text in assignments:
        name, separator, value = text.partition("=")
        if not separator:
            raise ParameterError(
                f"{description.name}: {text!r} is no parameter; write name=value, for example "
                f"{description.parameters[0].name}={description.parameters[0].default}"
            )
        parameter = description.parameter(name.strip())
        if parameter.name in values:
            raise ParameterError(f"{description.name}: {parameter.name} is given twice")
        values[parameter.name] = _parse(description.name, parameter, value.strip())
    check_values(description, values)
    return values


def check_values(description: PlanDescription, values: Mapping[str, Any]) -> None:
    """Check values against the ranges and choices that the plan states.

    Raises:
        ParameterError: Naming the parameter, what was given and what is allowed.
    """
    for name, value in values.items():
        parameter = description.parameter(name)
        if value is None:
            if not parameter.optional:
                raise ParameterError(f"{description.name}: {name} needs a value, got none")
            continue
        if parameter.device is None and not _allowed(parameter, value):
            unit = f" {parameter.quantity.unit}" if parameter.quantity.unit else ""
            raise ParameterError(
                f"{description.name}: {name} must be {parameter.allowed()}{unit}, got {value}"
            )


def _allowed(parameter: Parameter, value: Any) -> bool:
    quantity = parameter.quantity
    if isinstance(value, (tuple, list)):
        one = dataclasses.replace(parameter, kind=parameter.kind.removesuffix("s"))
        return all(_allowed(one, item) for item in value)
    if quantity.choices:
        return value in quantity.choices
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value != value:  # NaN compares unequal to itself
            return False
        above = quantity.minimum is None or value >= quantity.minimum
        return above and (quantity.maximum is None or value <= quantity.maximum)
    return True


_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_LISTS = {tuple[float, ...]: "floats", tuple[str, ...]: "strs"}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def _parse(plan: str, parameter: Parameter, text: str) -> Any:
    if parameter.optional and text.lower() in {"none", ""}:
        return None
    if parameter.kind in _LISTS.values():
        one = dataclasses.replace(parameter, kind=parameter.kind.removesuffix("s"), optional=False)
        return tuple(_parse(plan, one, part.strip()) for part in text.split(",") if part.strip())
    if parameter.device is not None or parameter.kind == "str":
        return text
    if parameter.kind == "bool":
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise ParameterError(f"{plan}: {parameter.name} must be yes or no, got {text!r}")
    if not _NUMBER.fullmatch(text) or (parameter.kind == "int" and not float(text).is_integer()):
        wanted = "a whole number" if parameter.kind == "int" else "a number"
        unit = f" in {parameter.quantity.unit}" if parameter.quantity.unit else ""
        raise ParameterError(
            f"{plan}: {parameter.name} must be {wanted}{unit} without the unit, got {text!r}"
        )
    return int(float(text)) if parameter.kind == "int" else float(text)


def _describe(parameter: inspect.Parameter, hint: Any) -> Parameter:
    quantity = Quantity(help="")
    if typing.get_origin(hint) is typing.Annotated:
        hint, *notes = typing.get_args(hint)
        quantity = next((note for note in notes if isinstance(note, Quantity)), quantity)
    optional = False
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        optional = len(members) < len(typing.get_args(hint))
        hint = members[0]
    plain = hint in {float, int, str, bool} or hint in _LISTS
    return Parameter(
        name=parameter.name,
        kind=_LISTS.get(hint) or hint.__name__,
        quantity=quantity,
        default=parameter.default,
        optional=optional,
        device=None if plain else hint,
    )
