"""A Python console beside the bench; the code runs in the process of the bench."""

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QFontDatabase, QKeyEvent
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from gui.messages import Done
from gui.widgets.helpers import label

_HELLO = (
    "Python with the devices and plans of this bench. Try: light.read(), or bench.read_all()\n"
    "What is typed here acts on the bench at once, also while a run is going on.\n"
)


class ConsolePanel(QWidget):
    """An input line with a history, and what came of it.

    Attributes:
        code_wanted: A piece of code that is to be run.
    """

    code_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("console-panel")
        self._history: list[str] = []
        self._place = 0
        self._tickets: set[int] = set()
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.output = QPlainTextEdit(_HELLO)
        self.output.setObjectName("console-output")
        self.output.setAccessibleName("Console output")
        self.output.setToolTip("What the code printed")
        self.output.setReadOnly(True)
        self.output.setTabChangesFocus(True)
        self.output.setMaximumBlockCount(5000)
        self.output.setFont(font)
        self.input = _HistoryEdit(self)
        self.input.setObjectName("console-input")
        self.input.setAccessibleName("Console input")
        self.input.setToolTip("Python; Enter runs it, the arrow keys bring back what was typed")
        self.input.setFont(font)
        self.input.returnPressed.connect(self._enter)
        row = QHBoxLayout()
        row.addWidget(label(">>>", muted=True))
        row.addWidget(self.input, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(4)
        column.addWidget(self.output, 1)
        column.addLayout(row)

    def _enter(self) -> None:
        text = self.input.text()
        if not text.strip():
            return
        self._history.append(text)
        self._place = len(self._history)
        self.output.appendPlainText(f">>> {text}")
        self.input.clear()
        self.code_wanted.emit(text)

    def recall(self, by: int) -> None:
        """Bring back what was typed before (-1) or after (+1)."""
        self._place = min(max(self._place + by, 0), len(self._history))
        is_new = self._place == len(self._history)
        self.input.setText("" if is_new else self._history[self._place])

    def expect(self, ticket: int) -> None:
        """Note that an answer belongs here."""
        self._tickets.add(ticket)

    def show_done(self, done: Done) -> None:
        """Show what came of a piece of code."""
        if done.ticket in self._tickets:
            self._tickets.remove(done.ticket)
            text = (done.error or done.text).rstrip()
            if text:
                self.output.appendPlainText(text)


class _HistoryEdit(QLineEdit):
    """A line whose arrow keys go through a history."""

    def __init__(self, owner: ConsolePanel) -> None:
        super().__init__()
        self._owner = owner

    def keyPressEvent(self, event: QKeyEvent | Any) -> None:
        """Go through the history on the arrow keys."""
        if event.key() == Qt.Key.Key_Up:
            self._owner.recall(-1)
        elif event.key() == Qt.Key.Key_Down:
            self._owner.recall(+1)
        else:
            super().keyPressEvent(event)
