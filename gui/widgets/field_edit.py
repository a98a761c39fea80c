"""An input for one value of a form, with its unit, limits and help."""

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from gui.messages import FieldInfo, Value
from gui.presenters import form
from gui.presenters.units import pretty
from gui.widgets.helpers import label, mark


class WheelGuard(QObject):
    """An event filter: the wheel over an input scrolls the form and changes nothing."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Pass the wheel on to the parent."""
        if event is not None and event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False


class FieldEdit(QWidget):
    """One value.

    Attributes:
        changed: The person has changed the value, and it is a good one.
        wrong: What is in the field is no value; the text says what is wanted.

    Args:
        field: What the value is.
        parent: The parent.
        prefix: Start of the object name.
    """

    changed = Signal()
    wrong = Signal(str)
    accepted = Signal()

    def __init__(
        self, field: FieldInfo, parent: QWidget | None = None, *, prefix: str = "field"
    ) -> None:
        super().__init__(parent)
        self.field = field
        self._guard = WheelGuard(self)
        self._good: Value = field.default
        self.input = self._make_input()
        self.input.setObjectName(f"{prefix}-{field.name}")
        unit = f", {pretty(field.unit)}" if field.unit else ""
        self.input.setAccessibleName(form.label_of(field) + unit)
        self.input.setToolTip(form.help_of(field))
        self.input.installEventFilter(self._guard)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.input, 1)
        self.unit = label(pretty(field.unit), muted=True)
        self.unit.setFixedWidth(56)
        row.addWidget(self.unit)
        if field.kind == "str" or (field.choices and not field.unit):
            self.unit.setVisible(False)
        self.setFocusProxy(self.input)

    def _make_input(self) -> Any:
        field = self.field
        if field.kind == "bool":
            box = QCheckBox()
            box.setChecked(bool(field.default))
            box.toggled.connect(self._edited)
            return box
        if field.choices and field.kind not in ("floats", "strs"):
            combo = QComboBox()
            combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            if field.optional:
                combo.addItem("none", None)
            for choice in field.choices:
                combo.addItem(form.text_of(field, choice), choice)
            self._select(combo, field.default)
            combo.currentIndexChanged.connect(self._edited)
            return combo
        edit = _StepEdit(self)
        edit.setText(form.text_of(field, field.default))
        edit.setPlaceholderText("none" if field.optional else "")
        edit.textEdited.connect(self._edited)
        edit.editingFinished.connect(self._tidy)
        edit.returnPressed.connect(self.accepted)
        if field.kind in ("float", "int"):
            edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        return edit

    @staticmethod
    def _select(combo: QComboBox, value: Value) -> None:
        index = combo.findData(value)
        combo.setCurrentIndex(max(index, 0))

    def value(self) -> Value:
        """Return the value.

        Raises:
            FieldError: What stands in the field is none.
        """
        if isinstance(self.input, QCheckBox):
            return self.input.isChecked()
        if isinstance(self.input, QComboBox):
            found: Value = self.input.currentData()
            return found
        return form.value_of(self.field, self.input.text())

    def set_value(self, value: Value) -> None:
        """Show a value; nobody is told that it has changed."""
        self.input.blockSignals(True)
        if isinstance(self.input, QCheckBox):
            self.input.setChecked(bool(value))
        elif isinstance(self.input, QComboBox):
            self._select(self.input, value)
        else:
            self.input.setText(form.text_of(self.field, value))
            self.input.setCursorPosition(0)
            mark(self.input, wrong=False)
            self.input.setToolTip(form.help_of(self.field))
        self.input.blockSignals(False)

    def step(self, direction: int) -> None:
        """Move a number by one in its first digit but one, within its limits."""
        if self.field.kind not in ("float", "int"):
            return
        try:
            value = self.value()
        except form.FieldError:
            return
        if isinstance(value, int | float):
            self.input.setText(form.text_of(self.field, form.stepped(self.field, value, direction)))
            self._edited()

    def _edited(self, *_: object) -> None:
        try:
            self._good = self.value()
        except form.FieldError as error:
            mark(self.input, wrong=True)
            self.input.setToolTip(f"{error}\n\n{form.help_of(self.field)}")
            self.wrong.emit(str(error))
            return
        mark(self.input, wrong=False)
        self.input.setToolTip(form.help_of(self.field))
        self.changed.emit()

    def _tidy(self) -> None:
        """Show what was understood: "1.5 mL/min" becomes 1500, beside µL/min."""
        try:
            value = self.value()
        except form.FieldError:
            return
        if isinstance(self.input, QLineEdit):
            self.input.setText(form.text_of(self.field, value))

    def set_enabled(self, enabled: bool) -> None:
        """Let the field be edited or not."""
        self.input.setEnabled(enabled)

    def name_label(self) -> QLabel:
        """Return a label with the name, bound to the field."""
        made = label(form.label_of(self.field))
        made.setBuddy(self.input)
        made.setToolTip(form.help_of(self.field))
        return made


class _StepEdit(QLineEdit):
    """A line whose arrow keys step a number."""

    def __init__(self, owner: FieldEdit) -> None:
        super().__init__()
        self._owner = owner

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Step on the arrow keys."""
        if event is None:
            return
        if event.key() == Qt.Key.Key_Up:
            self._owner.step(+1)
        elif event.key() == Qt.Key.Key_Down:
            self._owner.step(-1)
        else:
            super().keyPressEvent(event)
