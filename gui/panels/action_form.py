"""What an action by hand has to be given."""

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QGridLayout, QWidget

from gui.messages import ActionInfo
from gui.presenters.form import FieldError
from gui.widgets.field_edit import FieldEdit
from gui.widgets.helpers import button, label


class ActionForm(QFrame):
    """What an action has to be given, inside its card.

    Attributes:
        given: The values; Enter or the button.
        left: Esc.
    """

    given = Signal(object)
    left = Signal()

    def __init__(self, device: str, action: ActionInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.action = action
        self.edits = {
            field.name: FieldEdit(field, prefix=f"act-{device}-{action.name}")
            for field in action.fields
        }
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self._problem = label(problem=True)
        self._problem.setWordWrap(True)
        self._problem.setVisible(False)
        for place, edit in enumerate(self.edits.values()):
            edit.unit.setFixedWidth(50)
            edit.wrong.connect(self._say)
            edit.changed.connect(lambda: self._say(""))
            edit.accepted.connect(self.give)
            grid.addWidget(edit.name_label(), place, 0)
            grid.addWidget(edit, place, 1)
        self.apply = button(
            action.label, name=f"apply-{device}-{action.name}", tip=f"{action.help} (Enter)",
            primary=True,
        )  # fmt: skip
        self.apply.clicked.connect(self.give)
        grid.addWidget(self._problem, len(self.edits), 0, 1, 2)
        grid.addWidget(self.apply, len(self.edits) + 1, 0, 1, 2)
        self.setFocusProxy(next(iter(self.edits.values())))

    def give(self) -> None:
        """Hand the values on if they are good."""
        try:
            values = {name: edit.value() for name, edit in self.edits.items()}
        except FieldError as error:
            self._say(str(error))
            return
        self.given.emit(values)

    def _say(self, text: str) -> None:
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def keyPressEvent(self, event: Any) -> None:
        """Leave on Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
