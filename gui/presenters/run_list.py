"""The list of runs: search, colours, words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gui.archive_messages import RunData, RunRow
from gui.presenters.numbers import duration, fixed

ENDINGS = {
    "success": "done",
    "abort": "aborted",
    "fail": "failed",
    "unfinished": "not closed",
}


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """A run as the table shows it."""

    path: str
    when: str
    plan: str
    sample: str
    status: str
    took: str
    peak: str
    ending: str


class RunList:
    """All runs of a folder, those read so far with their tracks.

    Attributes:
        running: Folder of the run that is going on, "" for none.
    """

    def __init__(self) -> None:
        self.rows: tuple[RunRow, ...] = ()
        self.data: dict[str, RunData] = {}
        self._search = ""
        self._ending = ""
        self.running = ""
        self._overlay: list[str] = []

    def set_rows(self, rows: tuple[RunRow, ...]) -> None:
        """Take a list; what was read of runs that have changed since is forgotten."""
        before = {row.path: row for row in self.rows}
        self.data = {path: data for path, data in self.data.items() if before.get(path) in rows}
        self.rows = rows

    def set_search(self, text: str) -> None:
        """Show only runs in which every word occurs somewhere."""
        self._search = text.lower()

    def set_ending(self, exit_status: str) -> None:
        """Show only runs that ended in a way, "" for all."""
        self._ending = exit_status

    def found(self) -> tuple[RunRow, ...]:
        """Return the runs that search and filter let through, the latest first."""
        words = self._search.split()
        return tuple(row for row in self.rows if self._ending in ("", row.exit_status)
                     and all(word in self._searched(row) for word in words))  # fmt: skip

    def _searched(self, row: RunRow) -> str:
        """Return all in which a word is looked for; notes of the runs that have been read."""
        data = self.data.get(row.path)
        notes = () if data is None else tuple(text for _, text in data.notes)
        return " ".join((_words_of(row), *notes)).lower()

    def line(self, row: RunRow) -> RunLine:
        """Return a run in words."""
        data = self.data.get(row.path)
        return RunLine(
            path=row.path,
            when=_when(row.time_s),
            plan=row.plan.replace("_", " "),
            sample=row.sample,
            status="running" if self._is_running(row) else _status(row),
            took="" if row.duration_s is None else duration(row.duration_s),
            peak="" if data is None else _peaks(data),
            ending=(data.ending if data is not None else "") or row.reason,
        )

    def _is_running(self, row: RunRow) -> bool:
        """Whether a run goes on; the bench may name the folder of all runs otherwise."""
        return bool(self.running) and Path(row.path).name == Path(self.running).name

    # -- runs that are laid over each other

    def toggle(self, path: str) -> None:
        """Lay a run over the others, or take it away."""
        if path in self._overlay:
            self._overlay.remove(path)
        else:
            self._overlay.append(path)

    def is_overlaid(self, path: str) -> bool:
        """Whether a run is laid over."""
        return path in self._overlay

    def place(self, path: str) -> int | None:
        """Return the place of a run among those of the picture, None when it is not in it."""
        return self._overlay.index(path) if path in self._overlay else None

    def clear_overlay(self) -> None:
        """Take every run out of the picture."""
        self._overlay.clear()

    def overlaid(self) -> tuple[str, ...]:
        """Return the runs in the picture."""
        return tuple(self._overlay)


def _status(row: RunRow) -> str:
    return ENDINGS.get(row.exit_status, row.exit_status)


def columns_of(data: Iterable[RunData]) -> tuple[str, ...]:
    """Return the columns that can be laid over, those of the peak first."""
    names = {name: None for each in data for name in each.columns}
    first = [name for name in ("tracker_peak_nm", "tracker_fwhm_nm", "tracker_area")
             if name in names]  # fmt: skip
    skip = ("_se", "_progress", "time_min", "elapsed_s", "frame")
    return (*first, *(n for n in names if n not in first and not n.endswith(skip)))


def _when(time_s: float) -> str:
    """Return day and time of day, with the year when it is another one."""
    then = datetime.fromtimestamp(time_s).astimezone()
    is_this_year = then.year == datetime.now().astimezone().year
    return then.strftime("%d %b %H:%M" if is_this_year else "%d %b %Y")


def notes_text(data: RunData) -> str:
    """Return all notes of a run, one a line, each with the time at which it was made."""
    lines = []
    for time_s, text in data.notes:
        when = datetime.fromtimestamp(time_s).astimezone().strftime("%d %b %H:%M")
        lines.append(f"{when}  {text}")
    return "\n".join(lines)


def _words_of(row: RunRow) -> str:
    status = ENDINGS.get(row.exit_status, "")
    when = datetime.fromtimestamp(row.time_s).astimezone().strftime("%Y-%m-%d")
    return f"{row.plan} {row.sample} {status} {row.exit_status} {when} {row.reason}"


def _peaks(data: RunData) -> str:
    peaks = data.columns.get("tracker_peak_nm")
    if peaks is None:
        return ""
    good = peaks[peaks == peaks]
    if not good.size:
        return "no peak"
    return f"{fixed(float(good[0]), 2)} → {fixed(float(good[-1]), 2)}"
