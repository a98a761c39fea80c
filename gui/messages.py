"""What the window and the process that owns the bench say to each other.

Only plain values and arrays: the window must be able to read them without importing bluesky, ophyd
or an instrument.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Spectrum = NDArray[np.float32]
Scalar = float | int | str | bool | None
Value = Scalar | tuple[float | str, ...]
"""What a field of a form holds; a list only where the plan takes one."""

# -- what there is


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
        notes: Limits and calibrations, one a line.
    """

    name: str
    kind: str
    model: str
    address: str
    actions: tuple[ActionInfo, ...] = ()
    notes: tuple[str, ...] = ()


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
    """

    name: str
    file: str
    simulated: bool
    speed: float
    runs_folder: str
    devices: tuple[DeviceInfo, ...]
    plans: tuple[PlanInfo, ...]
    holder: str = ""


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
        emission: Light that is on as far as is known, "" for dark.
        active: What else is going on: "pumping", "heating", "moving".
        identity: Maker, model, serial number.
        retry_in_s: Time until the next attempt to connect, None when there is none.
    """

    condition: DeviceCondition
    words: str = ""
    readings: tuple[Reading, ...] = ()
    emission: str = ""
    active: str = ""
    identity: str = ""
    retry_in_s: float | None = None


# -- from the host to the window


@dataclass(frozen=True, kw_only=True)
class Devices:
    """The state of all devices, a few times a second."""

    states: Mapping[str, DeviceState]
    bench_time_s: float


@dataclass(frozen=True, kw_only=True)
class Starting:
    """What the host is doing before the bench is ready."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The host cannot go on; `text` says why and what to do."""

    text: str


EngineWord = Literal["idle", "running", "pausing", "paused", "ending"]


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """What the engine does."""

    word: EngineWord


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """A line of the preflight table: verdict is "ok", "note" or "refused"."""

    name: str
    verdict: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class PreflightTable:
    """Answer to `Preflight`.

    Attributes:
        ticket: The number of the question.
        checks: The table.
        longest_s: Longest duration of the run, bench seconds; None when the plan does not say.
        error: Why there is no table, "" when there is one.
    """

    ticket: int
    checks: tuple[CheckRow, ...] = ()
    longest_s: float | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class RunOpened:
    """A run has begun."""

    uid: str
    scan_id: int
    plan: str
    sample: str
    arguments: Mapping[str, Any]
    time_s: float
    longest_s: float | None
    folder: str = ""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The wavelengths of the spectra that follow, in nm."""

    wavelength_nm: Spectrum


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One spectrum.

    Attributes:
        number: Its number in the run, from 1.
        time_s: Bench time since the run began.
        counts_s: Counts per second, dark corrected where there was a dark spectrum.
        dose_j_cm2: Dose so far, None when it is not known.
        peak_share: Largest raw count over the full scale, None when not known.
        has_dark: Whether a dark spectrum was subtracted.
    """

    number: int
    time_s: float
    counts_s: Spectrum
    dose_j_cm2: float | None = None
    peak_share: float | None = None
    has_dark: bool = False


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The line through the spectrum of a frame, for showing.

    Attributes:
        number: The frame.
        curve: Fitted counts per second at every pixel, empty when there is no line.
        text: Peak with its uncertainty, or why there is none.
    """

    number: int
    curve: Spectrum
    text: str


@dataclass(frozen=True, kw_only=True)
class Values:
    """The scalar values of an event.

    Attributes:
        stream: Name of the stream.
        time_s: Bench time since the run began.
        values: By data key.
        units: Units of the data keys, told with the first event of a stream.
    """

    stream: str
    time_s: float
    values: Mapping[str, Scalar]
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunClosed:
    """A run has ended.

    Attributes:
        uid: The run.
        exit_status: "success", "abort" or "fail".
        reason: Why, in words.
        folder: Its folder.
    """

    uid: str
    exit_status: str
    reason: str
    folder: str = ""


@dataclass(frozen=True, kw_only=True)
class RunEnded:
    """A request to run has been dealt with, with or without a run.

    Attributes:
        ticket: The number of the request.
        exit_status: "success", "abort" or "fail".
        reason: Why, in words.
        folder: Folder of the run, "" when there is none.
        not_confirmed: What could not be confirmed to be off.
    """

    ticket: int
    exit_status: str
    reason: str
    folder: str = ""
    not_confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SafeLine:
    """What came of making one device safe."""

    device: str
    confirmed: bool
    message: str


@dataclass(frozen=True, kw_only=True)
class SafeReport:
    """Answer to `SafeStop`: what was confirmed, and how long it took in seconds."""

    lines: tuple[SafeLine, ...]
    took_s: float
    final: bool


@dataclass(frozen=True, kw_only=True)
class Done:
    """Answer to a request with a ticket; `error` is "" when it was done."""

    ticket: int
    text: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A record of the log; `level` as in logging."""

    time_s: float
    level: int
    source: str
    text: str


@dataclass(frozen=True, kw_only=True)
class WireText:
    """Answer to `WireLog`."""

    device: str
    text: str


# -- from the window to the host


@dataclass(frozen=True, kw_only=True)
class Beat:
    """The window is alive."""


@dataclass(frozen=True, kw_only=True)
class SafeStop:
    """Switch everything off at once, then end the run."""

    reason: str = "Safe stop in the window"


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """Check a plan without switching anything."""

    ticket: int
    plan: str
    values: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Run a plan."""

    ticket: int
    plan: str
    values: Mapping[str, Value]
    md: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Control:
    """Pause, resume, stop or abort the run."""

    what: Literal["pause", "resume", "stop", "abort"]
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Act:
    """Do something with a device by hand."""

    ticket: int
    device: str
    action: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Connect:
    """Connect or disconnect a device."""

    device: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class SetSpeed:
    """Let the simulated time run at another pace."""

    speed: float


@dataclass(frozen=True, kw_only=True)
class Code:
    """Run a piece of Python in the console of the host."""

    ticket: int
    text: str


@dataclass(frozen=True, kw_only=True)
class CheckBench:
    """Say what is wrong with the text of a bench file, as if it lay in a folder."""

    ticket: int
    text: str
    folder: str


@dataclass(frozen=True, kw_only=True)
class WireLog:
    """Send what went over the line of a device."""

    device: str


@dataclass(frozen=True, kw_only=True)
class Shutdown:
    """Make safe, close everything and end."""
