"""Editing the bench file: text, a check, and saving."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from gui.messages import Done
from gui.widgets.helpers import button, fixed_font, label, mark


class BenchFileDialog(QDialog):
    """The bench file as text; what is saved has been understood before.

    Attributes:
        check_wanted: The text that is to be checked.
        saved: The file that was written; the bench is to be loaded from it.

    Args:
        path: The file.
        may_overwrite: Whether it is a file of the person's, not one that came with the program.
        parent: The parent.
    """

    check_wanted = Signal(str)
    saved = Signal(str)

    def __init__(self, path: Path, *, may_overwrite: bool, parent: Any = None) -> None:
        super().__init__(parent)
        self.setObjectName("bench-file-dialog")
        self.setWindowTitle(f"Bench file {path.name}")
        self.resize(760, 560)
        self.path = path
        self._ticket = 0
        self._save_to: Path | None = None
        self.text = QPlainTextEdit(path.read_text(encoding="utf-8"))
        self.text.setObjectName("bench-text")
        self.text.setAccessibleName("Bench file")
        self.text.setToolTip("One [device.NAME] table an instrument; Check says what is wrong")
        self.text.setFont(fixed_font())
        self.text.setTabChangesFocus(True)
        self.words = label("Changes take effect when the file is saved.", muted=True)
        self.words.setWordWrap(True)
        self.check = button("Check", name="check-bench", tip="Say what is wrong with the text")
        self.save = button(
            "Save and reload", name="save-bench", primary=True,
            tip="Check, save, make safe, and load the bench from the file",
        )  # fmt: skip
        self.save_as = button(
            "Save as …", name="save-bench-as", tip="Save under another name and load it from there"
        )
        self.leave = button("Cancel", name="leave-bench", tip="Leave without saving")
        self.save.setEnabled(may_overwrite)
        if not may_overwrite:
            self.save.setToolTip("This file came with the program; save it under another name")
        self.check.clicked.connect(lambda: self._ask(None))
        self.save.clicked.connect(lambda: self._ask(self.path))
        self.save_as.clicked.connect(self._choose_name)
        self.leave.clicked.connect(self.reject)
        row = QHBoxLayout()
        for each in (self.check, self.save_as):
            row.addWidget(each)
        row.addStretch(1)
        row.addWidget(self.leave)
        row.addWidget(self.save)
        column = QVBoxLayout(self)
        column.addWidget(self.text, 1)
        column.addWidget(self.words)
        column.addLayout(row)

    def expect(self, ticket: int) -> None:
        """Note which answer belongs to the check."""
        self._ticket = ticket

    def show_done(self, done: Done) -> None:
        """Show what the check says; save if that was wanted and nothing is wrong."""
        if done.ticket != self._ticket:
            return
        mark(self.words, problem=bool(done.error), good=not done.error, muted=False)
        self.words.setText(done.error or done.text)
        if done.error or self._save_to is None:
            return
        target, self._save_to = self._save_to, None
        try:
            target.write_text(self.text.toPlainText(), encoding="utf-8")
        except OSError as error:
            mark(self.words, problem=True, good=False)
            self.words.setText(f"It was not saved: {error}")
            return
        self.saved.emit(str(target))
        self.accept()

    def _choose_name(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the bench file", "", "Bench (*.toml)")
        if name:
            self._ask(Path(name))

    def _ask(self, save_to: Path | None) -> None:
        self._save_to = save_to
        mark(self.words, problem=False, good=False, muted=True)
        self.words.setText("checking …")
        self.check_wanted.emit(self.text.toPlainText())
