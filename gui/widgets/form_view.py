"""A form made from the fields of a plan."""

from collections.abc import Mapping

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QToolButton, QVBoxLayout, QWidget

from gui.messages import FieldInfo, PlanInfo, Value
from gui.presenters import form
from gui.widgets.field_edit import FieldEdit


class FormView(QWidget):
    """The fields that are asked first, and the others behind a button.

    Attributes:
        changed: A value was changed, and all are good.
        wrong: A field holds no value; the text says what is wanted.
    """

    changed = Signal()
    wrong = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("form")
        self.edits: dict[str, FieldEdit] = {}
        self._fields: tuple[FieldInfo, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 6, 0)
        self._column.setSpacing(4)
        self._first = QWidget()
        self._rest = QWidget()
        self.more = QToolButton()
        self.more.setObjectName("more-settings")
        self.more.setProperty("flat", True)
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setToolTip("Show the settings that are seldom changed (Space)")
        self.more.toggled.connect(self._unfold)
        self.more.setVisible(False)
        self._column.addWidget(self._first)
        self._column.addWidget(self.more)
        self._column.addWidget(self._rest)
        self._column.addStretch(1)

    def set_plan(self, plan: PlanInfo) -> None:
        """Show the fields of a plan with what is usual."""
        self._fields = form.fields_of(plan)
        self.edits = {}
        first = self._made(self._fields[: form.FIRST])
        rest = self._made(self._fields[form.FIRST :])
        for old, new in ((self._first, first), (self._rest, rest)):
            self._column.replaceWidget(old, new)
            old.deleteLater()
        self._first, self._rest = first, rest
        count = max(0, len(self._fields) - form.FIRST)
        text = f"{count} more settings"
        self.more.setText(text)
        self.more.setAccessibleName(text)
        self.more.setVisible(count > 0)
        rest.setVisible(self.more.isChecked())

    def _made(self, fields: tuple[FieldInfo, ...]) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(8)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 6)
        for place, field in enumerate(fields):
            edit = FieldEdit(field)
            edit.changed.connect(self._one_changed)
            edit.wrong.connect(self.wrong)
            self.edits[field.name] = edit
            name = edit.name_label()
            name.setMinimumWidth(40)
            name.setWordWrap(True)  # a long name is read whole
            grid.addWidget(name, place, 0)
            grid.addWidget(edit, place, 1)
        return holder

    def _unfold(self, on: bool) -> None:
        self._rest.setVisible(on)
        self.more.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)

    def _one_changed(self) -> None:
        if self.values() is not None:
            self.changed.emit()

    def values(self) -> dict[str, Value] | None:
        """Return all values, None when one is wrong; then `wrong` was emitted."""
        found: dict[str, Value] = {}
        for name, edit in self.edits.items():
            try:
                found[name] = edit.value()
            except form.FieldError as error:
                self.wrong.emit(str(error))
                return None
        return found

    def changed_values(self) -> dict[str, Value]:
        """Return the values that are not what they usually are."""
        return form.changed(self._fields, self.values() or {})

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Show values; those of unknown fields are passed over."""
        for name, value in values.items():
            if name in self.edits:
                self.edits[name].set_value(value)

    def reset(self) -> None:
        """Show what is usual."""
        self.set_values(form.defaults_of(self._fields))
