"""Plans as the window's form needs them."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from gui.messages import FieldInfo, PlanInfo
from instruments.bench import Bench
from plans.parameters import Parameter, ParameterError, PlanDescription, describe_plan


def plan_info(plan: Callable[..., Any], bench: Bench) -> PlanInfo:
    """Describe a plan for the window.

    Args:
        plan: The plan.
        bench: Its devices are what a plan may be given.
    """
    description = describe_plan(plan)
    return PlanInfo(
        name=description.name,
        summary=description.summary,
        description=inspect.getdoc(plan) or "",
        devices=tuple(_device_field(parameter, bench) for parameter in description.devices),
        parameters=tuple(_field(parameter) for parameter in description.parameters),
    )


def devices_for(
    description: PlanDescription, bench: Bench, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Choose the devices of a plan.

    Args:
        description: The plan.
        bench: The bench.
        wanted: Names by parameter; without one the only device of the kind is taken.

    Raises:
        ParameterError: There is none, or more than one.
    """
    found: dict[str, Any] = {}
    for parameter in description.devices:
        of_kind: list[Any] = bench.of_kind(parameter.device) if parameter.device else []
        name = wanted.get(parameter.name)
        names = [device.name for device in of_kind]
        if name is not None:
            if name not in names:
                raise ParameterError(
                    f"{description.name}: {bench.name} has no {parameter.kind} {name!r}"
                )
            found[parameter.name] = of_kind[names.index(name)]
        elif not parameter.required and (parameter.name in wanted or parameter.quantity.when_named):
            found[parameter.name] = None  # deliberately without
        elif len(of_kind) == 1:
            found[parameter.name] = of_kind[0]
        elif not parameter.required and not of_kind:
            found[parameter.name] = None
        else:
            there = ", ".join(names) or "none"
            raise ParameterError(
                f"{description.name}: say which {parameter.kind} is the {parameter.name}; "
                f"{bench.name} has {there}"
            )
    return found


def _device_field(parameter: Parameter, bench: Bench) -> FieldInfo:
    of_kind: list[Any] = bench.of_kind(parameter.device) if parameter.device else []
    names = tuple(device.name for device in of_kind)
    return FieldInfo(
        name=parameter.name,
        kind=parameter.kind,
        help=parameter.quantity.help or f"the {parameter.kind} to use",
        default=names[0] if names and not parameter.quantity.when_named else None,
        required=parameter.required,
        optional=not parameter.required,
        choices=names,
    )


def _field(parameter: Parameter) -> FieldInfo:
    quantity = parameter.quantity
    return FieldInfo(
        name=parameter.name,
        kind=parameter.kind,
        help=quantity.help,
        unit=quantity.unit,
        default=None if parameter.required else parameter.default,
        required=parameter.required,
        optional=parameter.optional,
        minimum=quantity.minimum,
        maximum=quantity.maximum,
        choices=quantity.choices,
    )
