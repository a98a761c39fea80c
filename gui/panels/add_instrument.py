"""Adding an instrument: what was found, and what could be added by hand."""

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QTreeWidgetItem,
    QVBoxLayout,
)

from gui.archive_messages import FoundInstrument, FoundInstruments
from gui.widgets.helpers import button, label
from gui.widgets.table import table

_COLUMNS = (("address", 230), ("model", 160), ("what", 300))


class AddInstrumentDialog(QDialog):
    """Lists instruments; the chosen one goes into the bench file, which is shown before saving.

    Attributes:
        look_wanted: Look again; whether the network is to be asked, too.
        chosen: The part of a bench file that is to be added.
    """

    look_wanted = Signal(bool)
    chosen = Signal(str)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.setObjectName("add-instrument-dialog")
        self.setWindowTitle("Add an instrument")
        self.resize(740, 460)
        self._rows: tuple[FoundInstrument, ...] = ()
        tip = "What was found first, then every model that can be added by hand"
        self.tree = table("found-instruments", "Instruments", tip, _COLUMNS)
        self.tree.currentItemChanged.connect(lambda *_: self._show_choice())
        self.tree.itemActivated.connect(lambda *_: self._take())
        self.words = label("looking …", muted=True, name="found-words")
        self.words.setWordWrap(True)
        self.network = QCheckBox("ask the network, too")
        self.network.setObjectName("ask-network")
        self.network.setAccessibleName("Ask the network, too")
        self.network.setToolTip("Ask the network for spectrometers: one datagram to their group")
        self.again = button("Look again", name="look-again", tip="Look at all ports again")
        self.again.clicked.connect(self.look)
        self.take_it = button(
            "Add to the bench file …", name="add-to-bench", primary=True,
            tip="Show the bench file with this instrument in it; nothing is saved yet",
        )  # fmt: skip
        self.take_it.clicked.connect(self._take)
        leave = button("Cancel", name="leave-found", tip="Leave the bench as it is (Esc)")
        leave.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.again)
        row.addWidget(self.network)
        row.addStretch(1)
        row.addWidget(leave)
        row.addWidget(self.take_it)
        column = QVBoxLayout(self)
        column.addWidget(self.tree, 1)
        column.addWidget(self.words)
        column.addLayout(row)
        self._show_choice()

    def look(self) -> None:
        """Ask for the list."""
        self.words.setText("looking …")
        self.look_wanted.emit(self.network.isChecked())

    def show_found(self, found: FoundInstruments) -> None:
        """Show what was found."""
        self._rows = found.rows
        self.tree.clear()
        for place, row in enumerate(found.rows):
            item = QTreeWidgetItem([row.address or "–", row.model or "not recognised", row.what])
            item.setData(0, Qt.ItemDataRole.UserRole, place)
            item.setToolTip(2, row.note or row.what)
            self.tree.addTopLevelItem(item)
        count = len({row.address for row in found.rows if row.address})
        self.words.setText("; ".join((f"{count} found", *found.notes)))
        self._show_choice()

    def _row(self) -> FoundInstrument | None:
        item = self.tree.currentItem()
        return None if item is None else self._rows[int(item.data(0, Qt.ItemDataRole.UserRole))]

    def _show_choice(self) -> None:
        row = self._row()
        self.take_it.setEnabled(row is not None and bool(row.text))
        if row is not None and row.note:
            self.words.setText(row.note)

    def _take(self) -> None:
        row = self._row()
        if row is not None and row.text:
            self.chosen.emit(row.text)
            self.accept()
