"""The samples panel: what is in each vial, and what other instruments found."""

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QSplitter,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.archive_messages import SampleList, SampleRow
from gui.messages import Value
from gui.presenters import samples
from gui.session import Archive
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.field_dialog import FieldDialog
from gui.widgets.helpers import button, mark
from gui.widgets.table import table

_WIDTHS = (104, 58, 82, 80, 58, 64, 60, 68)


class SamplesPanel(QWidget):
    """Samples that are kept beside the runs.

    Attributes:
        use_wanted: Name of the sample that is to be put into the form.
        runs_wanted: Name of the sample whose runs are to be listed.
    """

    use_wanted = Signal(str)
    runs_wanted = Signal(str)

    def __init__(self, archive: Archive, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("samples-panel")
        self.rows: dict[str, SampleRow] = {}
        self.dialog: FieldDialog | None = None
        self._archive = archive
        archive.received.connect(self.take)
        tip = "What is in each vial; runs name it as their sample"
        columns = tuple(zip(samples.HEADS, _WIDTHS, strict=True))
        self.tree = table("samples-table", "Samples", tip, columns, stretched=6)
        self.tree.currentItemChanged.connect(lambda *_: self._chosen())
        self.details = QPlainTextEdit()
        self.details.setObjectName("sample-details")
        self.details.setAccessibleName("What is known of the sample")
        self.details.setToolTip("What went into the sample, and what other instruments found")
        self.details.setReadOnly(True)
        self.details.setTabChangesFocus(True)
        self.words = ElidedLabel()
        self.words.setObjectName("samples-words")
        self._make_buttons()
        self._lay_out()

    def _make_buttons(self) -> None:
        self.new = button("New …", name="new-sample", tip="Note a sample")
        self.edit = button("Edit …", name="edit-sample", tip="Change what is noted of the sample")
        self.attach = button(
            "Attach result …", name="attach-result", tip="Note what another instrument found"
        )
        self.use = button("Use", name="use-sample", tip="Put the sample into the form")
        self.runs = button("Its runs", name="sample-runs", tip="List the runs with this sample")
        self.new.clicked.connect(lambda: self._ask_for_sample({}))
        self.edit.clicked.connect(lambda: self._ask_for_sample(self.rows[self.chosen()].values))
        self.attach.clicked.connect(self._ask_for_result)
        self.use.clicked.connect(lambda: self.use_wanted.emit(self.chosen()))
        self.runs.clicked.connect(lambda: self.runs_wanted.emit(self.chosen()))
        self._show_buttons()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        for each in (self.new, self.edit, self.attach, self.use, self.runs):
            row.addWidget(each)
        row.addWidget(self.words, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("samples-splitter")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.tree)
        splitter.addWidget(self.details)
        splitter.setSizes([600, 160])
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(splitter, 1)

    def refresh(self) -> None:
        """Ask for the samples again."""
        self._archive.list_samples()

    def take(self, message: Any) -> None:
        """Take a message of the archive."""
        if not isinstance(message, SampleList):
            return
        chosen = self.chosen()
        self.rows = {row.name: row for row in message.rows}
        self.words.set_text(message.problem or ("" if self.rows else "No samples yet: New …"))
        mark(self.words, problem=bool(message.problem), muted=not message.problem)
        self.tree.clear()
        for row in message.rows:
            cells = samples.cells(row)
            item = QTreeWidgetItem(list(cells))
            for column, text in enumerate(cells):
                item.setToolTip(column, text)
            self.tree.addTopLevelItem(item)
            if row.name == chosen:
                self.tree.setCurrentItem(item)
        self._chosen()

    def chosen(self) -> str:
        """Return the name of the sample that is chosen, "" for none."""
        item = self.tree.currentItem()
        return "" if item is None else item.text(0)

    def _chosen(self) -> None:
        row = self.rows.get(self.chosen())
        self.details.setPlainText("" if row is None else samples.details(row))
        self._show_buttons()

    def _show_buttons(self) -> None:
        is_chosen = self.chosen() in self.rows
        for each in (self.edit, self.attach, self.use, self.runs):
            each.setEnabled(is_chosen)

    # -- asking

    def put(self, values: Mapping[str, Value]) -> None:
        """Note a sample."""
        self._archive.put_sample(dict(values))

    def _ask_for_sample(self, values: Mapping[str, Value]) -> None:
        title = f"Sample {values['name']}" if values else "New sample"
        dialog = FieldDialog(title, samples.SAMPLE_FIELDS, values=values, parent=self)
        dialog.given.connect(self.put)
        self._open(dialog)

    def _ask_for_result(self) -> None:
        name = self.chosen()
        dialog = FieldDialog(f"Result for {name}", samples.RESULT_FIELDS, parent=self)
        dialog.given.connect(lambda values: self._attach(name, values))
        self._open(dialog)

    def _open(self, dialog: FieldDialog) -> None:
        self.dialog = dialog
        dialog.open()

    def _attach(self, name: str, values: dict[str, Value]) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "A picture or table to keep with it, or Cancel")
        self._archive.attach(name, values, file)
