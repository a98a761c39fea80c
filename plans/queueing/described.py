"""Plans as a queue server can describe and check them.

A queue server knows plain types, ranges and the names of devices. Everything it needs stands in the
signature of a plan already; here it is only said in the server's words.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from bluesky.utils import MsgGenerator

from instruments.bench import Bench
from plans.parameters import Parameter, describe_plan

PlanFunction = Callable[..., MsgGenerator[Any]]
_LISTS = {"floats": "typing.List[float]", "strs": "typing.List[str]"}
_REQUIRED = inspect.Parameter.empty


def plans_for_queue(plans: Mapping[str, PlanFunction], bench: Bench) -> dict[str, PlanFunction]:
    """Return the plans that a bench has the devices for, described for a queue server.

    Args:
        plans: Plans by name.
        bench: The bench whose devices they may use.

    Returns:
        Generator functions that yield the messages of the plans unchanged. A device that the bench
        has only once is the default of its parameter.
    """
    described = {name: _for_queue(plan, bench) for name, plan in plans.items()}
    return {name: plan for name, plan in described.items() if plan is not None}


def _for_queue(plan: PlanFunction, bench: Bench) -> PlanFunction | None:
    """Return one plan, None when the bench misses a device that it needs."""
    description = describe_plan(plan)
    signature = inspect.signature(plan)
    annotations: dict[str, dict[str, Any]] = {}
    parameters: dict[str, inspect.Parameter] = dict(signature.parameters)
    defaults: dict[str, Any] = {}
    for device in description.devices:
        names = _names(bench, device)
        if device.required and not names:
            return None
        annotations[device.name] = _device_annotation(device, names)
        defaults[device.name] = bench[names[0]] if len(names) == 1 else device.default
        if len(names) == 1:
            annotations[device.name]["default"] = names[0]
    for parameter in description.parameters:
        annotations[parameter.name] = _annotation(parameter)
    for name, written in parameters.items():
        parameters[name] = written.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=inspect.Parameter.empty,
            default=defaults.get(name, written.default),
        )

    given = {name: value for name, value in defaults.items() if value is not _REQUIRED}

    @functools.wraps(plan)
    def described(**values: Any) -> MsgGenerator[Any]:
        asked = {**given, **values}
        for device in description.devices:  # a default comes from the server as a name
            if isinstance(asked.get(device.name), str):
                asked[device.name] = bench[asked[device.name]]
        return (yield from plan(**asked))

    described.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=list(parameters.values()), return_annotation=inspect.Signature.empty
    )
    described.__annotations__ = {}
    annotations["md"] = {"description": "further metadata", "annotation": "typing.Optional[dict]"}
    described._custom_parameter_annotation_ = {  # type: ignore[attr-defined]
        "description": description.summary,
        "parameters": {name: annotations[name] for name in parameters if name in annotations},
    }
    return described


def _names(bench: Bench, parameter: Parameter) -> list[str]:
    """Return the names of the devices that a parameter takes."""
    kind: Any = parameter.device
    return [device.name for device in bench.of_kind(kind)]


def _device_annotation(device: Parameter, names: list[str]) -> dict[str, Any]:
    """Return the names that a device parameter takes, in the server's words."""
    kind = f"{device.kind}s"
    annotation = f"typing.Optional[{kind}]" if not device.required else kind
    if not names:
        annotation = "typing.Optional[str]"
    found: dict[str, Any] = {
        "description": f"a {device.kind} of the bench",
        "annotation": annotation,
    }
    if names:
        found["devices"] = {kind: names}
    return found


def _annotation(parameter: Parameter) -> dict[str, Any]:
    """Return type, range and choices of a parameter, in the server's words."""
    quantity = parameter.quantity
    unit = f", {quantity.unit}" if quantity.unit else ""
    kind = _LISTS.get(parameter.kind, parameter.kind)
    found: dict[str, Any] = {"description": f"{quantity.help}{unit}"}
    texts = [choice for choice in quantity.choices if isinstance(choice, str)]
    if texts:
        kind = f"Choice_{parameter.name}"
        found["enums"] = {kind: texts}
    elif quantity.choices:
        found["description"] += f"; one of {parameter.allowed()}"
        numbers = [float(choice) for choice in quantity.choices]
        found["min"], found["max"] = min(numbers), max(numbers)
    for key, limit in (("min", quantity.minimum), ("max", quantity.maximum)):
        if limit is not None:
            found[key] = limit
    found["annotation"] = f"typing.Optional[{kind}]" if parameter.optional else kind
    return found
