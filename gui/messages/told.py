"""What the process that owns the bench says to the window."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gui.messages.arrays import Spectrum
from gui.messages.bench import DeviceState, InterlockState, Scalar


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


@dataclass(frozen=True, kw_only=True)
class Interlocks:
    """How the rules of the bench are; told when one of them changes."""

    rules: tuple[InterlockState, ...]


@dataclass(frozen=True, kw_only=True)
class Completions:
    """Answer to `Complete`: the words that may stand there, and where they begin."""

    ticket: int
    begin: int
    words: tuple[str, ...] = ()
