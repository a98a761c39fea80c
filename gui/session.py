"""The one bridge between Qt and the bench: starts its process and carries messages.

The window's thread never waits for a device: what it asks for is written into a pipe, what comes
back is taken out of a queue by a timer and handed on as one signal a message.
"""

import itertools
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject

from gui import archive_messages, messages
from gui.peer import Peer

_BEAT_S = 1.0


@dataclass(frozen=True, kw_only=True)
class HostOptions:
    """How the process of the bench is started.

    Attributes:
        bench_file: The bench.
        simulated: Whether its instruments are simulated.
        speed: Simulated seconds per second.
        runs_folder: Where runs are recorded.
        seed: Of the simulated noise, None for that of the file.
        plans: Module with further plans.
    """

    bench_file: Path
    simulated: bool = True
    speed: float = 60.0
    runs_folder: Path = Path("runs")
    seed: int | None = None
    plans: str | None = None

    def command(self) -> list[str]:
        """Return the command line of the process."""
        line = [sys.executable, "-m", "gui.host", str(self.bench_file)]
        line += ["--runs", str(self.runs_folder)]
        if self.simulated:
            line += ["--simulated", "--speed", f"{self.speed:g}"]
        if self.seed is not None:
            line += ["--seed", str(self.seed)]
        if self.plans is not None:
            line += ["--plans", self.plans]
        return line


class Session(Peer):
    """The bench's process as the window sees it.

    Args:
        options: How it is started.
        parent: The parent.
    """

    def __init__(self, options: HostOptions, parent: QObject | None = None) -> None:
        super().__init__(options.command(), "bench", parent)
        self.options = options
        self._tickets = itertools.count(1)
        self._beat_at_s = 0.0

    def drain(self) -> None:
        """Show a sign of life, and hand on what has come."""
        now_s = time.monotonic()
        if now_s - self._beat_at_s >= _BEAT_S:
            self._beat_at_s = now_s
            self.send(messages.Beat())
        super().drain()

    def end(self) -> bool:
        """Let the process make safe and end; True when it has."""
        return self.close(messages.Shutdown())

    # -- what may be asked for; each returns at once

    def safe_stop(self, reason: str = "Safe stop in the window") -> None:
        """Switch everything off, whatever else goes on."""
        self.send(messages.SafeStop(reason=reason))

    def preflight(self, plan: str, values: dict[str, messages.Value]) -> int:
        """Check a plan; a `PreflightTable` with the ticket comes back."""
        ticket = next(self._tickets)
        self.send(messages.Preflight(ticket=ticket, plan=plan, values=values))
        return ticket

    def run(
        self, plan: str, values: dict[str, messages.Value], md: dict[str, Any] | None = None
    ) -> int:
        """Run a plan; a `RunEnded` with the ticket comes back."""
        ticket = next(self._tickets)
        self.send(messages.Run(ticket=ticket, plan=plan, values=values, md=md or {}))
        return ticket

    def pause(self) -> None:
        """Pause the run."""
        self.send(messages.Control(what="pause"))

    def resume(self) -> None:
        """Go on with the paused run."""
        self.send(messages.Control(what="resume"))

    def stop_run(self) -> None:
        """End the run early, as a success."""
        self.send(messages.Control(what="stop"))

    def abort_run(self, reason: str) -> None:
        """End the run as aborted."""
        self.send(messages.Control(what="abort", reason=reason))

    def act(self, device: str, action: str, values: dict[str, messages.Value]) -> int:
        """Do something by hand; a `Done` with the ticket comes back."""
        ticket = next(self._tickets)
        self.send(messages.Act(ticket=ticket, device=device, action=action, values=values))
        return ticket

    def connect_device(self, device: str, *, on: bool) -> None:
        """Connect or disconnect a device."""
        self.send(messages.Connect(device=device, on=on))

    def set_speed(self, speed: float) -> None:
        """Let simulated time run at another speed."""
        self.send(messages.SetSpeed(speed=speed))

    def check_bench(self, text: str, folder: str) -> int:
        """Check the text of a bench file; a `Done` with the ticket comes back."""
        ticket = next(self._tickets)
        self.send(messages.CheckBench(ticket=ticket, text=text, folder=folder))
        return ticket

    def ask_wire_log(self, device: str) -> None:
        """Ask for what went over a line; a `WireText` comes back."""
        self.send(messages.WireLog(device=device))

    def complete(self, text: str, cursor: int) -> int:
        """Ask how a piece of Python may go on; `Completions` come back."""
        ticket = next(self._tickets)
        self.send(messages.Complete(ticket=ticket, text=text, cursor=cursor))
        return ticket

    def acknowledge(self, text: str) -> None:
        """Say that the person has read what could not be confirmed to be off."""
        self.send(messages.Acknowledge(text=text))

    def run_code(self, text: str) -> int:
        """Run Python beside the bench; a `Done` with the ticket comes back."""
        ticket = next(self._tickets)
        self.send(messages.Code(ticket=ticket, text=text))
        return ticket


class Archive(Peer):
    """The process that reads old runs, as the window sees it.

    Args:
        folder: The folder of all runs.
        parent: The parent.
    """

    may_be_cut_off = True  # a report that it has begun can be written again

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__([sys.executable, "-m", "gui.archive"], "archive", parent)
        self.folder = folder

    def list_runs(self) -> None:
        """Ask for the list; a `RunList` comes back."""
        self.send(archive_messages.ListRuns(folder=str(self.folder)))

    def look_for_instruments(self, taken: tuple[str, ...], *, network: bool) -> None:
        """Ask which instruments there are; `FoundInstruments` come back."""
        self.send(archive_messages.LookForInstruments(network=network, taken=taken))

    def list_samples(self) -> None:
        """Ask for the samples; a `SampleList` comes back."""
        self.send(archive_messages.ListSamples(folder=str(self.folder)))

    def put_sample(self, values: dict[str, messages.Value]) -> None:
        """Note a sample; a `SampleList` comes back."""
        self.send(archive_messages.PutSample(folder=str(self.folder), values=values))

    def attach(self, sample: str, values: dict[str, messages.Value], file: str) -> None:
        """Attach the result of another instrument to a sample; a `SampleList` comes back."""
        self.send(
            archive_messages.AttachResult(
                folder=str(self.folder), sample=sample, values=values, file=file
            )
        )

    def read(self, path: str) -> None:
        """Ask for a run; a `RunData` comes back."""
        self.send(archive_messages.ReadRun(path=path))

    def add_note(self, path: str, text: str) -> None:
        """Add a note to a run; its `RunData` comes back."""
        self.send(archive_messages.AddNote(path=path, text=text))

    def export(self, path: str) -> None:
        """Write tables, picture and report of a run; `Exported` comes back."""
        self.send(archive_messages.Export(path=path))
