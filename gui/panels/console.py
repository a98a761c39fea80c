"""A Python console beside the bench; the code runs in the process of the bench."""

from typing import Any

from qtpy.QtCore import QStringListModel, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QCompleter, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.messages import Completions, Done
from gui.widgets.helpers import fixed_font, label, set_text

_HELLO = (
    "IPython with the devices and plans of this bench, loaded when it is first used. Try:\n"
    '    light.read()        run("light_regrowth", max_time_min=2)        pump?\n'
    "What is typed here acts on the bench at once, also while a run is going on.\n"
)
_MOST_LINES = 6


class ConsolePanel(QWidget):
    """An input with a history and completion, and what came of it.

    Attributes:
        code_wanted: A piece of code that is to be run.
        completion_wanted: A piece of code and the place in it that is to go on.
    """

    code_wanted = Signal(str)
    completion_wanted = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("console-panel")
        self._history: list[str] = []
        self._place = 0
        self._tickets: set[int] = set()
        self._count = 1
        font = fixed_font()
        self.output = QPlainTextEdit(_HELLO)
        self.output.setObjectName("console-output")
        self.output.setAccessibleName("Console output")
        self.output.setToolTip("What the code printed")
        self.output.setReadOnly(True)
        self.output.setTabChangesFocus(True)
        self.output.setMaximumBlockCount(5000)
        self.output.setFont(font)
        self.input = CodeEdit(self)
        self.input.setFont(font)
        self.input.entered.connect(self._enter)
        self.input.completion_wanted.connect(self.completion_wanted)
        self.prompt = label("In [1]:", muted=True, name="console-prompt")
        row = QHBoxLayout()
        row.addWidget(self.prompt, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.input, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(4)
        column.addWidget(self.output, 1)
        column.addLayout(row)

    def _enter(self) -> None:
        text = self.input.toPlainText()
        if not text.strip():
            return
        self._history.append(text)
        self._place = len(self._history)
        shown = text.replace("\n", "\n   ...: ")
        self.output.appendPlainText(f"In [{self._count}]: {shown}")
        self._count += 1
        set_text(self.prompt, f"In [{self._count}]:")
        self.input.clear()
        self.code_wanted.emit(text)

    def recall(self, by: int) -> None:
        """Bring back what was typed before (-1) or after (+1)."""
        self._place = min(max(self._place + by, 0), len(self._history))
        is_new = self._place == len(self._history)
        self.input.take("" if is_new else self._history[self._place])

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

    def show_completions(self, found: Completions) -> None:
        """Offer how the code may go on, or let it go on when there is one way only."""
        if found.ticket in self._tickets:
            self._tickets.remove(found.ticket)
            self.input.offer(found.begin, found.words)


class CodeEdit(QPlainTextEdit):
    """A piece of code: Enter runs it, Shift+Enter begins a line, Tab completes, arrows recall.

    Attributes:
        entered: Enter was pressed.
        completion_wanted: Text and cursor.
    """

    entered = Signal()
    completion_wanted = Signal(str, int)

    def __init__(self, owner: ConsolePanel) -> None:
        super().__init__()
        self._owner = owner
        self._begin = 0
        self.setObjectName("console-input")
        self.setAccessibleName("Console input")
        self.setToolTip(
            "Python. Enter runs it, Shift+Enter begins a line, Tab completes a name, "
            "the arrow keys bring back what was typed, Ctrl+Tab leaves"
        )
        self._words = QStringListModel(self)
        self.completer = QCompleter(self._words, self)
        self.completer.setWidget(self)
        self.completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.completer.activated[str].connect(self._insert)
        self.textChanged.connect(self._fit)
        self._fit()

    def take(self, text: str) -> None:
        """Hold a text, the cursor at its end."""
        self.setPlainText(text)
        cursor = self.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        self.setTextCursor(cursor)

    def offer(self, begin: int, words: tuple[str, ...]) -> None:
        """Offer words in place of what stands between a place and the cursor."""
        self._begin = begin
        typed = self.toPlainText()[begin : self.textCursor().position()]
        common = _common(words)
        if common and (len(words) == 1 or len(common) > len(typed)):
            self._insert(common)
        if len(words) > 1:
            self._words.setStringList(list(words))
            self.completer.setCompletionPrefix("")
            box = self.cursorRect()
            popup = self.completer.popup()
            if popup is not None:
                box.setWidth(popup.sizeHintForColumn(0) + 40)
            self.completer.complete(box)

    def _insert(self, word: str) -> None:
        cursor = self.textCursor()
        cursor.setPosition(self._begin, cursor.MoveMode.KeepAnchor)
        cursor.insertText(word)
        self.setTextCursor(cursor)

    def _fit(self) -> None:
        lines = min(max(self.blockCount(), 1), _MOST_LINES)
        policy = Qt.ScrollBarPolicy
        is_long = self.blockCount() > _MOST_LINES
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if is_long else policy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 18)

    def keyPressEvent(self, event: QKeyEvent | Any) -> None:
        """Run, complete, recall."""
        popup = self.completer.popup()
        keys = Qt.Key
        if popup is not None and popup.isVisible():
            if event.key() in (keys.Key_Enter, keys.Key_Return, keys.Key_Escape, keys.Key_Tab):
                event.ignore()  # for the popup
                return
            popup.hide()
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        is_single = self.blockCount() == 1
        if event.key() in (keys.Key_Enter, keys.Key_Return):
            if is_shifted:
                self.textCursor().insertBlock()
            else:
                self.entered.emit()
        elif event.key() == keys.Key_Tab and self.toPlainText().strip():
            self.completion_wanted.emit(self.toPlainText(), self.textCursor().position())
        elif event.key() in (keys.Key_Tab, keys.Key_Backtab):
            self.focusNextPrevChild(event.key() == keys.Key_Tab)
        elif event.key() == keys.Key_Up and is_single:
            self._owner.recall(-1)
        elif event.key() == keys.Key_Down and is_single:
            self._owner.recall(+1)
        else:
            super().keyPressEvent(event)


def _common(words: tuple[str, ...]) -> str:
    """Return with what all words begin."""
    if not words:
        return ""
    first, last = min(words), max(words)
    pairs = zip(first, last, strict=False)
    length = next((place for place, (a, b) in enumerate(pairs) if a != b), len(first))
    return first[:length]
