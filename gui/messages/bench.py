"""What there is on a bench: devices, actions, plans, and how they are."""

from dataclasses import dataclass
from typing import Literal

Scalar = float | int | str | bool | None
Value = Scalar | tuple[float | str, ...]
"""What a field of a form holds; a list only where the plan takes one."""


@dataclass(frozen=True, kw_only=True)
class FieldInfo:
    """One value that a person may give.

    Attributes:
        name: Name of the parameter.
        kind: "float", "int", "str", "bool", "floats" or "strs" (lists), or the kind of device
            whose name is wanted.
        help: What it is, in words.
        unit: Its unit, "" for none.
        default: What it is unless given; None also stands for "needs a value" when `required`.
        required: Whether it must be given.
        optional: Whether None is a value.
        minimum: Smallest value.
        maximum: Largest value.
        choices: The only values, empty for any.
    """

    name: str
    kind: str = "float"
    help: str = ""
    unit: str = ""
    default: Value = None
    required: bool = False
    optional: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[float | int | str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlanInfo:
    """A plan as the form shows it.

    Attributes:
        name: Name of the plan.
        summary: One sentence.
        description: The whole docstring.
        devices: The instruments that it takes; `choices` are names on this bench.
        parameters: All else.
    """

    name: str
    summary: str
    description: str
    devices: tuple[FieldInfo, ...]
    parameters: tuple[FieldInfo, ...]


@dataclass(frozen=True, kw_only=True)
class ActionInfo:
    """Something a person may ask of a device by hand.

    Attributes:
        name: Name for the host.
        label: What the button says.
        help: What happens.
        fields: What has to be given.
        confirm: The question to ask before, "" when nothing emits, heats or moves.
        stops: Whether it makes the device safe, so that it is allowed during a run.
    """

    name: str
    label: str
    help: str
    fields: tuple[FieldInfo, ...] = ()
    confirm: str = ""
    stops: bool = False


@dataclass(frozen=True, kw_only=True)
class DeviceInfo:
    """A device of the bench, as far as it does not change.

    Attributes:
        name: Name on the bench.
        kind: Such as "LightSource".
        model: Model name of the bench file.
        address: Address in use.
        actions: What can be done by hand.
        limits: What it can be asked for, one a line, such as "405 nm: 0.06 to 57 mW/cm²".
        notes: What else one must know of it, one a line.
    """

    name: str
    kind: str
    model: str
    address: str
    actions: tuple[ActionInfo, ...] = ()
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the values of a device rest on.

    Attributes:
        what: What was calibrated, such as "405 nm".
        day: When, ISO 8601; "" when nobody knows.
        until: Last day on which it holds, ISO 8601; "" for no such day.
        plan: Plan that does it again, "" when there is none.
    """

    what: str
    day: str = ""
    until: str = ""
    plan: str = ""


@dataclass(frozen=True, kw_only=True)
class InterlockState:
    """A rule of the bench now.

    Attributes:
        name: What the person knows it by.
        watched: The signal that it reads.
        reaction: What happens when it trips, in words.
        cause: Why it trips, "" when all is well.
    """

    name: str
    watched: str
    reaction: str
    cause: str = ""


@dataclass(frozen=True, kw_only=True)
class BenchInfo:
    """The bench, told once it is loaded.

    Attributes:
        name: Name of the bench.
        file: The bench file.
        simulated: Whether the instruments are simulated.
        speed: Simulated seconds a second; 1 on a real bench.
        runs_folder: Where runs are recorded.
        devices: The devices.
        plans: The plans that can be run.
        holder: Who holds the bench when it is not this process, else "".
        not_confirmed: What an earlier run could not confirm to be off, not acknowledged yet.
    """

    name: str
    file: str
    simulated: bool
    speed: float
    runs_folder: str
    devices: tuple[DeviceInfo, ...]
    plans: tuple[PlanInfo, ...]
    holder: str = ""
    not_confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A value of a device.

    Attributes:
        name: Its name without that of the device.
        value: What was read.
        unit: Its unit.
        precision: Digits after the point worth showing, None when unknown.
        age_s: Age of the value, seconds of the person's time; None when it was never read.
        doc: What it is.
    """

    name: str
    value: Scalar
    unit: str = ""
    precision: int | None = None
    age_s: float | None = None
    doc: str = ""


DeviceCondition = Literal["off", "connecting", "ok", "fault", "lost"]


@dataclass(frozen=True, kw_only=True)
class DeviceState:
    """A device now.

    Attributes:
        condition: "off" (not connected), "connecting", "ok", "fault" or "lost".
        words: What is wrong and what to do, "" for nothing.
        readings: Values with their ages.
        set_point: What it was asked for and is at, "" where a reading says it or nothing was.
        emission: Light that is on as far as is known, "" for dark.
        active: What else is going on: "pumping", "heating", "moving".
        identity: Maker, model, serial number.
        retry_in_s: Time until the next attempt to connect, None when there is none.
        calibrations: What its values rest on, as far as is known.
    """

    condition: DeviceCondition
    words: str = ""
    readings: tuple[Reading, ...] = ()
    set_point: str = ""
    emission: str = ""
    active: str = ""
    identity: str = ""
    retry_in_s: float | None = None
    calibrations: tuple[Calibration, ...] = ()
