"""The list of runs: search, colours, words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gui.archive_messages import RunData, RunRow
from gui.presenters.numbers import duration, fixed

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6a00", "#8c564b")
"""Of runs that are laid over each other; colour-blind safe, and the list shows the same."""

_STATUS = {
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
    """All runs of a folder, those read so far with their tracks."""

    def __init__(self) -> None:
        self.rows: tuple[RunRow, ...] = ()
        self.data: dict[str, RunData] = {}
        self._search = ""
        self._overlay: list[str] = []

    def set_rows(self, rows: tuple[RunRow, ...]) -> None:
        """Take a list; what was read of runs that have changed since is forgotten."""
        before = {row.path: row for row in self.rows}
        self.data = {path: data for path, data in self.data.items() if before.get(path) in rows}
        self.rows = rows

    def set_search(self, text: str) -> None:
        """Show only runs in which every word occurs somewhere."""
        self._search = text.lower()

    def found(self) -> tuple[RunRow, ...]:
        """Return the runs that the search lets through, the latest first."""
        words = self._search.split()
        return tuple(row for row in self.rows if all(word in _searched(row) for word in words))

    def line(self, row: RunRow) -> RunLine:
        """Return a run in words."""
        data = self.data.get(row.path)
        return RunLine(
            path=row.path,
            when=_when(row.time_s),
            plan=row.plan.replace("_", " "),
            sample=row.sample,
            status=_STATUS.get(row.exit_status, row.exit_status),
            took="" if row.duration_s is None else duration(row.duration_s),
            peak="" if data is None else _peaks(data),
            ending=(data.ending if data is not None else "") or row.reason,
        )

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

    def colour(self, path: str) -> str:
        """Return the colour of a run in the picture, "" when it is not in it."""
        if path not in self._overlay:
            return ""
        return COLOURS[self._overlay.index(path) % len(COLOURS)]

    def overlaid(self) -> tuple[str, ...]:
        """Return the runs in the picture."""
        return tuple(self._overlay)


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


def _searched(row: RunRow) -> str:
    status = _STATUS.get(row.exit_status, "")
    when = datetime.fromtimestamp(row.time_s).astimezone().strftime("%Y-%m-%d")
    return f"{row.plan} {row.sample} {status} {row.exit_status} {when} {row.reason}".lower()


def _peaks(data: RunData) -> str:
    peaks = data.columns.get("tracker_peak_nm")
    if peaks is None:
        return ""
    good = peaks[peaks == peaks]
    if not good.size:
        return "no peak"
    return f"{fixed(float(good[0]), 2)} → {fixed(float(good[-1]), 2)}\N{THIN SPACE}nm"
