"""The log: what happened, by level, and what went over each line."""

import logging
from collections import deque
from datetime import datetime

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from gui.messages import LogLine, WireText
from gui.widgets.combo import combo
from gui.widgets.helpers import fixed_font

_MOST = 5000
_FOLLOW_MS = 1000
_LEVELS = (("all", logging.INFO), ("warnings", logging.WARNING), ("errors", logging.ERROR))
_WORDS = {logging.WARNING: "warning", logging.ERROR: "ERROR", logging.CRITICAL: "ERROR"}


class LogPanel(QWidget):
    """Messages of the bench, or the bytes of one line.

    Attributes:
        wire_wanted: Device whose wire log is to be shown.
    """

    wire_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("log-panel")
        self._lines: deque[LogLine] = deque(maxlen=_MOST)
        self.source = combo(
            "log-source", "What is shown", "Messages, or the bytes of one line", letters=20
        )
        self.source.addItem("messages", "")
        self.source.activated.connect(lambda _: self._source_chosen())
        self.level = combo("log-level", "Level", "Which messages are shown")
        for text, level in _LEVELS:
            self.level.addItem(text, level)
        self.level.activated.connect(lambda _: self._show_all())
        self.filter = QLineEdit()
        self.filter.setObjectName("log-filter")
        self.filter.setAccessibleName("Filter")
        self.filter.setPlaceholderText("only lines with …")
        self.filter.setToolTip("Only lines that hold this text")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(lambda _: self._show_all())
        self._wire: WireText | None = None
        self._follow = QTimer(self)
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._ask_again)
        self.text = QPlainTextEdit()
        self.text.setObjectName("log-text")
        self.text.setAccessibleName("Log")
        self.text.setToolTip("What happened, newest last")
        self.text.setReadOnly(True)
        self.text.setFont(fixed_font())
        self.text.setTabChangesFocus(True)
        self.text.setMaximumBlockCount(_MOST)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        bar = self.text.verticalScrollBar()
        assert bar is not None
        self._bar, self._is_at_end = bar, True
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._grown)
        row = QHBoxLayout()
        row.addWidget(self.source)
        row.addWidget(self.level)
        row.addWidget(self.filter, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.text, 1)

    def set_devices(self, names: tuple[str, ...]) -> None:
        """Offer the wire logs of devices."""
        while self.source.count() > 1:
            self.source.removeItem(1)
        for name in names:
            self.source.addItem(f"wire of {name}", name)

    def add(self, line: LogLine) -> None:
        """Add a message."""
        self._lines.append(line)
        if not self.source.currentData() and self._passes(line):
            self.text.appendPlainText(_as_text(line))

    def show_wire(self, wire: WireText) -> None:
        """Show a wire log if it is the one that is wanted; it follows what goes on."""
        if wire.device == self.source.currentData():
            self._wire = wire
            self._show_lines()

    def _scrolled(self, value: int) -> None:
        self._is_at_end = value >= self._bar.maximum()

    def _grown(self, _: int, highest: int) -> None:
        """Follow what comes, also while nobody sees it, unless one looks at what was before."""
        if self._is_at_end:
            self._bar.setValue(highest)

    def _show_lines(self) -> None:
        wanted = self.filter.text().lower()
        rows = [] if self._wire is None else self._wire.text.splitlines()
        shown = "\n".join(row for row in rows if wanted in row.lower())
        shown = shown or "nothing went over this line yet"
        if shown == self.text.toPlainText():
            return
        bar = self._bar
        place, is_at_end = bar.value(), self._is_at_end
        self.text.setPlainText(shown)
        bar.setValue(bar.maximum() if is_at_end else place)

    def _ask_again(self) -> None:
        """Ask for the wire log again, unless nobody sees it or something in it is selected."""
        if self.text.isVisible() and not self.text.textCursor().hasSelection():
            self.wire_wanted.emit(str(self.source.currentData()))

    def choose_wire(self, device: str) -> None:
        """Show the wire log of a device."""
        index = self.source.findData(device)
        if index >= 0:
            self.source.setCurrentIndex(index)
            self._source_chosen()

    def _source_chosen(self) -> None:
        device = str(self.source.currentData() or "")
        self.level.setEnabled(not device)
        if device:
            self._wire = None
            self.text.clear()
            self._follow.start()
            self.wire_wanted.emit(device)
        else:
            self._follow.stop()
            self._show_all()

    def _show_all(self) -> None:
        if self.source.currentData():
            self._show_lines()
            return
        shown = (_as_text(line) for line in self._lines if self._passes(line))
        self.text.setPlainText("\n".join(shown))
        self._to_end()

    def _to_end(self) -> None:
        self._bar.setValue(self._bar.maximum())
        self._is_at_end = True

    def _passes(self, line: LogLine) -> bool:
        wanted = self.filter.text().lower()
        return line.level >= int(self.level.currentData()) and (
            wanted in line.text.lower() or wanted in line.source.lower()
        )


def _as_text(line: LogLine) -> str:
    when = datetime.fromtimestamp(line.time_s).astimezone().strftime("%H:%M:%S")
    word = _WORDS.get(line.level, "")
    source = line.source.rpartition(".")[2]
    return f"{when}  {f'{word}: ' if word else ''}{source}: {line.text}"
