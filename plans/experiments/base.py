"""What all experiments share: checks, metadata, a safe ending.

An experiment is a frozen dataclass: its fields are the plan's parameters, each with unit, range,
default and help, and there is no second list of them. :func:`plan_of` makes the Bluesky plan.
"""

import dataclasses
import inspect
import re
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, ParamSpec, TypeVar, cast

from bluesky.preprocessors import finalize_wrapper
from bluesky.utils import Msg, MsgGenerator

from instruments.device import BenchDevice
from instruments.shutters.shutter import Shutter
from plans.logbook import Logbook, Row
from plans.parameters import ParameterError, PlanDescription, Quantity, check_values, describe_plan
from plans.preflight import Check, require
from plans.safety import ending_safe
from plans.stubs import set_and_wait

L = TypeVar("L", bound=Logbook)
P = ParamSpec("P")

_FRAME_BYTES = 24_000  # of one spectrum with what is read beside it, as stored
_plans: dict[type, Callable[..., Any]] = {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Experiment(ABC, Generic[L]):
    """One experiment with all its parameters, ready to be checked and run.

    A subclass adds its parameters as fields, says in :meth:`checks` what may forbid it, and does
    it in :meth:`steps`. Whatever devices it holds are stopped however it ends.
    """

    sample: Annotated[str, Quantity(help="what is looked at, for the record")] = ""
    shutter: Annotated[
        Shutter | None, Quantity(help="in the light path: open for the run, closed at its end")
    ] = None
    md: dict[str, Any] | None = None

    # -- what a subclass says

    @abstractmethod
    def make_logbook(self) -> L:
        """Return what the run is written with."""

    @abstractmethod
    def steps(self, log: L) -> MsgGenerator[None]:
        """Do the experiment; the dose of the sample is counted from here on.

        Args:
            log: Takes notes, results and the ending.
        """

    @abstractmethod
    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""

    def prepare(self, log: L) -> MsgGenerator[None]:
        """Do what comes before the sample is lit: settings, moves, additions.

        Args:
            log: Takes notes, results and the ending.
        """
        yield from ()

    def checks(self) -> Iterator[Check]:
        """Yield what may forbid the experiment; nothing is switched."""
        yield from ()

    def frames(self) -> int:
        """Return about how many spectra it will write, for the estimate of the disk."""
        return 0

    def needs_light(self) -> bool:
        """Return whether the shutter has to be open."""
        return True

    def details(self) -> Mapping[str, Any]:
        """Return further metadata of the run: what its report must know."""
        return {}

    # -- what they all do

    @classmethod
    def plan_name(cls) -> str:
        """Return the name of the plan: that of the class in small letters."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    def devices(self) -> dict[str, BenchDevice]:
        """Return the devices that the experiment was given, by parameter."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, BenchDevice)}

    def preflight(self) -> list[Check]:
        """Check everything that can be known before anything is switched."""
        found = list(self._check_ranges())
        if not found:
            found = list(self.checks())
        hours = self.duration_s() / 3600
        text = f"{60 * hours:.0f} min" if hours < 2 else f"{hours:.1f} h"
        return [*found, Check(name="duration", verdict="ok", detail=f"at most {text}")]

    def disk_bytes(self) -> float:
        """Return about how much the run will write."""
        return float(self.frames() * _FRAME_BYTES)

    def plan(self) -> MsgGenerator[Row]:
        """Yield the whole run: checks, metadata, the steps, a safe ending, the dose.

        Returns:
            The summary that the experiment has written.

        Raises:
            PreflightError: Before anything is switched, naming every reason.
        """
        checks = self.preflight()
        require(self.plan_name(), checks)
        log = self.make_logbook()
        yield Msg("open_run", None, **self._metadata())
        tokens = []
        for callback in log.callbacks:
            tokens.append((yield Msg("subscribe", None, callback, "all")))
        safely = ending_safe(self._whole(log, checks), tuple(self.devices().values()))
        yield from finalize_wrapper(safely, log.close)
        for token in tokens:
            yield Msg("unsubscribe", None, token=token)
        yield Msg("close_run")
        return log.summary

    def _whole(self, log: L, checks: list[Check]) -> MsgGenerator[None]:
        yield from log.say(f"{c.name}: {c.detail}" for c in checks if c.verdict == "note")
        if self.shutter is not None and self.needs_light():
            yield from set_and_wait(self.shutter, "open")
        yield from self.prepare(log)
        yield from log.begin()
        yield from self.steps(log)

    def _metadata(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        devices = describe(type(self)).devices
        unnamed = {device.name for device in devices if device.quantity.when_named}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            absent = value is None and ("Device" in str(field.type) or field.name in unnamed)
            if field.name in {"md", "sample"} or absent:
                continue
            if isinstance(value, BenchDevice):
                value = value.name
            arguments[field.name] = list(value) if isinstance(value, tuple) else value
        return {
            "plan_name": self.plan_name(),
            "plan_args": arguments,
            "sample": self.sample or "not named",
            "longest_s": self.duration_s(),
            **self.details(),
            **(self.md or {}),
        }

    def _check_ranges(self) -> Iterator[Check]:
        """Hold the parameters against the ranges that they state; a script may give anything."""
        description = describe(type(self))
        values = {p.name: getattr(self, p.name) for p in description.parameters}
        for name, value in values.items():
            try:
                check_values(description, {name: value})
            except ParameterError as error:
                yield Check(name="parameters", verdict="refused", detail=str(error))


def describe(experiment: type[Experiment[Any]]) -> PlanDescription:
    """Return what a plan takes, for forms and command lines.

    Args:
        experiment: Its class.
    """
    return describe_plan(plan_of(experiment))


def plan_of(experiment: Callable[P, Experiment[Any]]) -> Callable[P, MsgGenerator[Row]]:
    """Return the Bluesky plan of an experiment: a generator function with its parameters.

    Args:
        experiment: The class of the experiment.
    """
    cls = cast("type[Experiment[Any]]", experiment)
    if cls not in _plans:
        _plans[cls] = _make_plan(cls)
    return _plans[cls]


def _make_plan(cls: type[Experiment[Any]]) -> Callable[..., Any]:
    def plan(*args: Any, **kwargs: Any) -> MsgGenerator[Row]:
        return (yield from cls(*args, **kwargs).plan())

    hints = typing.get_type_hints(cls, include_extras=True)
    parameters = _in_order(cls, inspect.signature(cls).parameters)
    plan.__name__ = plan.__qualname__ = cls.plan_name()
    plan.__module__ = cls.__module__
    plan.__doc__ = f"{inspect.getdoc(cls)}\n\nArgs:\n{_argument_lines(parameters, hints)}"
    plan.__annotations__ = {name: hints[name] for name in parameters} | {"return": MsgGenerator}
    typed = [p.replace(annotation=hints[p.name]) for p in parameters.values()]
    plan.__signature__ = inspect.Signature(typed)  # type: ignore[attr-defined]
    return plan


def _in_order(
    cls: type, parameters: Mapping[str, inspect.Parameter]
) -> dict[str, inspect.Parameter]:
    """Put an experiment's own parameters before those that it shares with others."""
    own_first: dict[str, int] = {}
    for depth, base in enumerate(cls.__mro__):
        for name in inspect.get_annotations(base):
            own_first.setdefault(name, depth)
    last = {"shutter": 99, "sample": 100, "md": 101}

    def rank(parameter: inspect.Parameter) -> tuple[int, int]:
        keyword = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        return int(keyword), last.get(parameter.name, own_first[parameter.name]) * int(keyword)

    ordered = sorted(parameters.values(), key=rank)
    return {parameter.name: parameter for parameter in ordered}


def _argument_lines(parameters: Mapping[str, inspect.Parameter], hints: Mapping[str, Any]) -> str:
    lines = []
    for name in parameters:
        notes = getattr(hints[name], "__metadata__", ())
        quantity = next((note for note in notes if isinstance(note, Quantity)), Quantity(help=""))
        words = quantity.help or ("Further metadata" if name == "md" else "")
        unit = f", {quantity.unit}" if quantity.unit else ""
        lines.append(f"    {name}: {words[:1].upper()}{words[1:]}{unit}.")
    return "\n".join(lines)
