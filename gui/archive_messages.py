"""What the window and the process that reads old runs say to each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gui.messages import Column, Value


@dataclass(frozen=True, kw_only=True)
class ListRuns:
    """List the runs of a folder."""

    folder: str


@dataclass(frozen=True, kw_only=True)
class ReadRun:
    """Read what is needed to draw a run."""

    path: str


@dataclass(frozen=True, kw_only=True)
class AddNote:
    """Add a note with the time of the day to a run."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write tables, picture and report of a run."""

    path: str


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run in the list.

    Attributes:
        path: Its folder.
        uid: Its unique id.
        scan_id: Its number, None when it has none.
        plan: Name of the plan.
        sample: What was measured.
        time_s: When it began, s since 1970.
        duration_s: How long it took, s; None while it is not closed.
        exit_status: "success", "abort", "fail" or "unfinished".
        reason: Why it ended.
    """

    path: str
    uid: str
    scan_id: int | None
    plan: str
    sample: str
    time_s: float
    duration_s: float | None
    exit_status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RunList:
    """Answer to `ListRuns`; `problem` is "" when the folder could be read."""

    rows: tuple[RunRow, ...]
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class RunData:
    """Answer to `ReadRun`: what was tracked, and what it takes to run it again.

    Attributes:
        path: The folder.
        columns: Tracked columns by name; "time_min" since the start.
        units: Units of the columns.
        plan: Name of the plan.
        arguments: Its parameters, devices left out.
        notes: Time (s since 1970) and text.
        ending: How it ended, in words.
        report: Path of the report, "" when there is none.
        problem: Why it cannot be read, "" when it can.
    """

    path: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    plan: str = ""
    arguments: Mapping[str, Value] = field(default_factory=dict)
    notes: tuple[tuple[float, str], ...] = ()
    ending: str = ""
    report: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """Answer to `Export`."""

    path: str
    report: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class ListSamples:
    """List the samples that are kept beside the runs of a folder."""

    folder: str


@dataclass(frozen=True, kw_only=True)
class PutSample:
    """Note a sample; one of the same name is replaced. `SampleList` comes back.

    Attributes:
        folder: The folder of all runs.
        values: "name", "batch", "made", "concentration_nm", "edge_nm", "volume_ul", "note".
    """

    folder: str
    values: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class AttachResult:
    """Attach the result of another instrument to a sample. `SampleList` comes back.

    Attributes:
        folder: The folder of all runs.
        sample: Name of the sample.
        values: "method", "quantity", "value", "uncertainty", "unit", "text", "note".
        file: Picture or table to keep with it, "" for none.
    """

    folder: str
    sample: str
    values: Mapping[str, Value]
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleRow:
    """A sample in the list.

    Attributes:
        values: As in `PutSample`.
        details: What went into it and what other instruments found, one a line.
    """

    values: Mapping[str, Value]
    details: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.values["name"])


@dataclass(frozen=True, kw_only=True)
class SampleList:
    """Answer to `ListSamples`, `PutSample`, `AttachResult`; `problem` is "" when all went well."""

    rows: tuple[SampleRow, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class LookForInstruments:
    """Look which instruments there are; nothing is set, moved or switched.

    Attributes:
        network: Whether the network is asked, too.
        taken: Names that devices of the bench have.
    """

    network: bool = False
    taken: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FoundInstrument:
    """An instrument that can be added to a bench file.

    Attributes:
        address: Where it is, "" for a model that was not found and is to be added by hand.
        what: What it says it is.
        model: Model of a bench file.
        text: Its part of a bench file.
        note: What hinders, or what to do next.
    """

    address: str
    what: str
    model: str
    text: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class FoundInstruments:
    """Answer to `LookForInstruments`; `notes` say what could not be looked at."""

    rows: tuple[FoundInstrument, ...]
    notes: tuple[str, ...] = ()
