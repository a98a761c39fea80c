"""A dialog that asks for the values of some fields."""

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout

from gui.messages import FieldInfo, Value
from gui.presenters.form import FieldError
from gui.presenters.form import label_of as name_of
from gui.widgets.field_edit import FieldEdit
from gui.widgets.helpers import button, label

_LABEL_PX = 150


class FieldDialog(QDialog):
    """Fields below each other and a button that takes them when all are good.

    Attributes:
        given: The values.

    Args:
        title: What it is about.
        fields: What is asked.
        values: What the fields hold at first.
        take: What the button says.
        parent: The parent.
    """

    given = Signal(object)

    def __init__(
        self,
        title: str,
        fields: tuple[FieldInfo, ...],
        *,
        values: Mapping[str, Value] | None = None,
        take: str = "Save",
        parent: Any = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("field-dialog")
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        grid = QGridLayout()
        grid.setColumnMinimumWidth(0, _LABEL_PX)
        grid.setColumnStretch(1, 1)
        self.edits: dict[str, FieldEdit] = {}
        for place, field in enumerate(fields):
            edit = FieldEdit(field, prefix="dialog")
            edit.wrong.connect(self._say)
            edit.changed.connect(lambda: self._say(""))
            edit.accepted.connect(self.give)
            grid.addWidget(edit.name_label(), place, 0)
            grid.addWidget(edit, place, 1)
            self.edits[field.name] = edit
        for name, value in (values or {}).items():
            if name in self.edits:
                self.edits[name].set_value(value)
        self.problem = label(problem=True, name="dialog-problem")
        self.problem.setWordWrap(True)
        self.take = button(take, name="dialog-take", tip="Take the values (Enter)", primary=True)
        self.take.clicked.connect(self.give)
        leave = button("Cancel", name="dialog-cancel", tip="Leave everything as it is (Esc)")
        leave.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(leave)
        row.addWidget(self.take)
        column = QVBoxLayout(self)
        column.addLayout(grid)
        column.addWidget(self.problem)
        column.addStretch(1)
        column.addLayout(row)

    def give(self) -> None:
        """Hand the values on and close, if all are good."""
        try:
            values = {name: edit.value() for name, edit in self.edits.items()}
        except FieldError as error:
            self._say(str(error))
            return
        for name, edit in self.edits.items():
            if edit.field.required and values[name] in (None, ""):
                self._say(f"{name_of(edit.field)}: needs a value")
                return
        self.given.emit(values)
        self.accept()

    def _say(self, text: str) -> None:
        self.problem.setText(text)
