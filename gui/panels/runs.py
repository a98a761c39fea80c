"""The runs panel: search, overlay, run again, notes, export, report."""

from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt, QUrl, Signal
from qtpy.QtGui import QColor, QDesktopServices
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui import archive_messages as messages
from gui.presenters.labels import track_label
from gui.presenters.run_list import ENDINGS, RunList, columns_of, notes_text
from gui.session import Archive
from gui.theme import LIGHT, Theme
from gui.widgets.combo import combo
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.helpers import button, fill, icon_button, placeholder
from gui.widgets.table import table
from gui.widgets.thumbnail import SIZE, thumbnail

if TYPE_CHECKING:
    from gui.plots.overlay import OverlayPlot

_COLUMNS = (("overlay", 72), ("started", 100), ("plan", 98), ("sample", 96), ("peak (nm)", 120),
            ("ended", 62), ("took", 62), ("why", 120))  # fmt: skip
_SELDOM = (6, 7)  # hidden where there is no room; the tooltip of the row says them, too
_WIDE_PX = 730
_ENDING_PX = 76
_READ_AHEAD = 30
_PATH = Qt.ItemDataRole.UserRole


class RunsPanel(QWidget):
    """Old runs.

    Attributes:
        again_wanted: Plan and parameters that are to be put into the form.
    """

    again_wanted = Signal(str, object)

    def __init__(self, archive: Archive, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runs-panel")
        self.runs = RunList()
        self._archive = archive
        self._theme: Theme | None = None
        self._asked: set[str] = set()
        self._is_filling = False
        archive.received.connect(self.take)
        archive.ended.connect(lambda text: self.words.set_text(text))
        self.search = QLineEdit()
        self.search.setObjectName("runs-search")
        self.search.setAccessibleName("Search runs")
        self.search.setPlaceholderText("search: plan, sample, date, how it ended (Ctrl+F)")
        self.search.setToolTip("Only runs in which every word occurs (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._searched)
        self.tree = self._make_tree()
        self.quantity = combo(
            "overlay-quantity", "Quantity that is laid over", "What the picture shows of the runs"
        )
        self.quantity.addItem("peak", "tracker_peak_nm")
        self.quantity.activated.connect(lambda _: self._draw())
        self.ending = self._make_ending()
        self._picture = placeholder()
        self.words = ElidedLabel()
        self.words.setObjectName("runs-words")
        self.words.setProperty("muted", True)
        self._make_buttons()
        self._lay_out()

    def _make_tree(self) -> QTreeWidget:
        tip = "Space ticks a run for the overlay"
        tree = table("runs-table", "Runs", tip, _COLUMNS, stretched=3)
        tree.setIconSize(SIZE)
        inside = tree.viewport()
        assert inside is not None
        inside.installEventFilter(self)
        tree.itemChanged.connect(self._ticked)
        tree.currentItemChanged.connect(lambda *_: self._chosen())
        return tree

    def _make_buttons(self) -> None:
        self.again = button(
            "Again", name="run-again", tip="Put the parameters of this run into the form"
        )
        self.note = button("Note …", name="add-note", tip="Add a note with the time of the day")
        self.export = button(
            "Export", name="export-run", tip="Write tables, picture and report into its folder"
        )
        self.report = button("Report", name="open-report", tip="Open the report in the browser")
        self.folder = button("Folder", name="open-folder", tip="Open the folder of the run")
        self.clear = icon_button(
            "✕", name="clear-overlay", accessible="Clear the picture",
            tip="Take all ticked runs out of the picture",
        )  # fmt: skip
        self.clear.clicked.connect(self._clear)
        self.again.clicked.connect(self._run_again)
        self.note.clicked.connect(self._ask_for_note)
        self.export.clicked.connect(self._export)
        self.report.clicked.connect(lambda: self._open("report"))
        self.folder.clicked.connect(lambda: self._open("folder"))
        self._show_buttons()

    def _make_ending(self) -> QComboBox:
        made = combo("runs-ending", "Only runs that ended so", "Only runs that ended so", letters=3)
        made.setMaximumWidth(_ENDING_PX)
        made.addItem("all", "")
        for status, word in ENDINGS.items():
            made.addItem(word, status)
        made.activated.connect(lambda _: self._ending_chosen())
        return made

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.search.setMinimumWidth(90)
        row.addWidget(self.search, 1)
        row.addWidget(self.ending)
        for each in (self.again, self.note, self.export, self.report, self.folder):
            row.addWidget(each)
        column.addLayout(row)
        column.addWidget(self.tree, 1)
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(4)
        top = QHBoxLayout()
        top.addWidget(self.quantity)
        top.addWidget(self.clear)
        top.addWidget(self.words, 1)
        side.addLayout(top)
        side.addWidget(self._picture, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("runs-splitter")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([580, 180])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 4, 6, 4)
        outer.addWidget(splitter)

    @cached_property
    def overlay(self) -> "OverlayPlot":
        """The picture of several runs; built when it is first needed."""
        from gui.plots.overlay import OverlayPlot

        made = OverlayPlot()
        if self._theme is not None:
            made.dress(self._theme)
        made.show_runs((), "", hint=self._hint)
        fill(self._picture, made.plot)
        return made

    def dress(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        if "overlay" in vars(self):
            self.overlay.dress(theme)
            self._draw()
        self._fill()

    # -- messages

    def refresh(self) -> None:
        """Look at the folder again."""
        if not self._archive.is_alive:
            self._archive.start()
        self._archive.list_runs()

    def take(self, message: Any) -> None:
        """Take a message of the archive."""
        if isinstance(message, messages.RunList):
            self.runs.set_rows(message.rows)
            self._asked &= set(self.runs.data)
            self.words.set_text(message.problem)
            self._read_ahead()
            self._fill()
            if "overlay" in vars(self):
                self._draw()
        elif isinstance(message, messages.RunData):
            self.runs.data[message.path] = message
            if message.problem:
                self.words.set_text(message.problem)
            self._offer()
            self._fill_one(message.path)
            self._draw()
            self._chosen()
        elif isinstance(message, messages.Exported):
            self.words.set_text(message.problem or f"written: {message.report}")
            self._ask(message.path, again=True)

    def _ask(self, path: str, *, again: bool = False) -> None:
        if again or path not in self._asked:
            self._asked.add(path)
            self._archive.read(path)

    def _read_ahead(self) -> None:
        for row in self.runs.found()[:_READ_AHEAD]:
            if row.path not in self.runs.data:
                self._ask(row.path)

    def _offer(self) -> None:
        known = {self.quantity.itemData(place) for place in range(self.quantity.count())}
        for name in columns_of(self.runs.data.values()):
            if name not in known:
                self.quantity.addItem(track_label(name), name)

    # -- showing

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Leave out the columns that one can do without where there is no room for all."""
        if event is not None and event.type() == QEvent.Type.Resize:
            viewport = self.tree.viewport()
            is_narrow = viewport is not None and viewport.width() < _WIDE_PX
            for column in _SELDOM:
                self.tree.setColumnHidden(column, is_narrow)
        return super().eventFilter(watched, event)

    def _ending_chosen(self) -> None:
        self.runs.set_ending(str(self.ending.currentData()))
        self._fill()
        self._read_ahead()

    def _clear(self) -> None:
        self.runs.clear_overlay()
        self._fill()
        self._draw()

    def _searched(self, text: str) -> None:
        self.runs.set_search(text)
        self._fill()
        self._read_ahead()

    def _fill(self) -> None:
        chosen = self.chosen_path()
        self._is_filling = True
        self.tree.clear()
        for row in self.runs.found():
            item = QTreeWidgetItem()
            item.setData(0, _PATH, row.path)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            self.tree.addTopLevelItem(item)
            self._dress_item(item, row)
            if row.path == chosen:
                self.tree.setCurrentItem(item)
        self._is_filling = False
        self._show_buttons()

    def _fill_one(self, path: str) -> None:
        rows = {row.path: row for row in self.runs.rows}
        self._is_filling = True
        for place in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(place)
            if item is not None and item.data(0, _PATH) == path and path in rows:
                self._dress_item(item, rows[path])
        self._is_filling = False

    def _dress_item(self, item: QTreeWidgetItem, row: messages.RunRow) -> None:
        line = self.runs.line(row)
        data = self.runs.data.get(row.path)
        notes = "" if data is None else notes_text(data)
        took = f"took {line.took}" if line.took else ""
        more = "\n".join(each for each in (took, line.ending, notes) if each)
        texts = ("", line.when, line.plan, line.sample, line.peak, line.status, line.took,
                 line.ending)  # fmt: skip
        for column, text in enumerate(texts):
            item.setText(column, text)
            item.setToolTip(column, f"{text}\n{more}".strip())
        on = self.runs.is_overlaid(row.path)
        item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        colour, _ = self._look(row.path)
        selected = "#ffffff" if self._theme is None else self._theme.accent_text
        peaks = None if data is None else data.columns.get("tracker_peak_nm")
        item.setIcon(
            0, thumbnail(None if peaks is None else peaks.tolist(), colour, selected=selected)
        )
        if on:
            item.setForeground(1, QColor(colour))

    def _draw(self) -> None:
        paths = list(self.runs.overlaid())
        chosen = self.chosen_path()
        if chosen and chosen not in paths:
            paths.append(chosen)
        shown = [
            (self.runs.data[path], *self._look(path, alone=True))
            for path in paths
            if path in self.runs.data
        ]
        self.overlay.show_runs(shown, str(self.quantity.currentData()), hint=self._hint)

    @property
    def _hint(self) -> str:
        return "Tick runs to lay them over each other" if self.runs.rows else "No runs yet"

    def _look(self, path: str, *, alone: bool = False) -> tuple[str, bool]:
        """Return colour of a run, and whether its line is dashed: each colour is used twice."""
        place = self.runs.place(path)
        theme = self._theme or LIGHT
        if place is None:
            return theme.accent if alone else theme.muted, False
        count = len(theme.overlay)
        return theme.overlay[place % count], place // count % 2 == 1

    def chosen_path(self) -> str:
        """Return the folder of the run that is chosen, "" for none."""
        item = self.tree.currentItem()
        return "" if item is None else str(item.data(0, _PATH))

    def _ticked(self, item: QTreeWidgetItem, column: int) -> None:
        if self._is_filling or column != 0:
            return
        path = str(item.data(0, _PATH))
        on = item.checkState(0) == Qt.CheckState.Checked
        if on != self.runs.is_overlaid(path):
            self.runs.toggle(path)
            self._ask(path)
            self._fill_one(path)
            self._draw()

    def _chosen(self) -> None:
        if self._is_filling:
            return
        path = self.chosen_path()
        if path:
            self._ask(path)
            self._draw()
        data = self.runs.data.get(path)
        if data is not None and data.notes:
            when, text = data.notes[-1]
            clock = datetime.fromtimestamp(when).astimezone().strftime("%H:%M")
            more = f" (+{len(data.notes) - 1})" if len(data.notes) > 1 else ""
            self.words.set_text(f"note {clock}: {text}{more}")
            self.words.setToolTip(notes_text(data))
        self._show_buttons()

    def _show_buttons(self) -> None:
        path = self.chosen_path()
        data = self.runs.data.get(path)
        self.again.setEnabled(data is not None and bool(data.plan))
        for each in (self.note, self.export, self.folder):
            each.setEnabled(bool(path))
        self.report.setEnabled(data is not None and bool(data.report))

    # -- acting

    def _run_again(self) -> None:
        data = self.runs.data.get(self.chosen_path())
        if data is not None:
            self.again_wanted.emit(data.plan, dict(data.arguments))

    def _ask_for_note(self) -> None:
        text, is_given = QInputDialog.getText(self, "Note", "Note on this run:")
        if is_given and text.strip():
            self.add_note(text.strip())

    def add_note(self, text: str, path: str = "") -> None:
        """Add a note to a run, the chosen one unless another is named."""
        path = path or self.chosen_path()
        if path:
            self._archive.add_note(path, text)

    def _export(self) -> None:
        path = self.chosen_path()
        self.words.set_text("writing …")
        self._archive.export(path)

    def _open(self, what: str) -> None:
        path = self.chosen_path()
        data = self.runs.data.get(path)
        target = data.report if what == "report" and data is not None else path
        if target and Path(target).exists():
            QDesktopServices.openUrl(QUrl.fromLocalFile(target))
