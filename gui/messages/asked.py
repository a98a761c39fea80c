"""What the window asks of the process that owns the bench."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gui.messages.bench import Value


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
class Complete:
    """Say how a piece of Python may go on at a place."""

    ticket: int
    text: str
    cursor: int


@dataclass(frozen=True, kw_only=True)
class Acknowledge:
    """The person has read that something could not be confirmed to be off; `text` says what."""

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
