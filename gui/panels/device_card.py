"""A card of the bench panel: how a device is, and what can be done with it by hand."""

from datetime import datetime
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.messages import ActionInfo, DeviceInfo, DeviceState
from gui.panels.action_form import ActionForm
from gui.presenters import device_card
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.helpers import button, icon_button, label, mark, set_text

_NOBODY = DeviceState(condition="off")


class DeviceCard(QFrame):
    """One device: how it is, its values, and what can be done by hand."""

    act_wanted = Signal(str, str, object)
    connect_wanted = Signal(str, bool)
    wire_wanted = Signal(str)

    def __init__(self, info: DeviceInfo, icons: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.info = info
        self.setObjectName(f"card-{info.name}")
        self.setProperty("card", True)
        self._is_running = False
        self._is_connected = False
        self._can_act = False
        self._rows: list[tuple[ElidedLabel, ElidedLabel, Any]] = []
        self.condition = label(name=f"condition-{info.name}", strong=True)
        self.words = label(problem=True, name=f"words-{info.name}")
        self.words.setWordWrap(True)
        self.words.setVisible(False)
        self.answer = ElidedLabel()
        self.answer.setObjectName(f"answer-{info.name}")
        self.answer.setVisible(False)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._buttons: dict[str, Any] = {}
        self._opened: ActionForm | None = None
        self._icons = icons
        self._lay_out()

    def _lay_out(self) -> None:
        from superqt import QFlowLayout  # takes its time; there are no cards in the first picture

        column = QVBoxLayout(self)
        column.setContentsMargins(8, 5, 6, 6)
        column.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(5)
        self.icon = label()
        self.dress(self._icons)
        name = ElidedLabel(self.info.name)
        name.setProperty("strong", True)
        name.setToolTip(device_card.detail_text(self.info, _NOBODY))
        self.name = name
        head.addWidget(self.icon)
        head.addWidget(name, 1)
        head.addWidget(self.condition)
        head.addWidget(self._menu_button())
        column.addLayout(head)
        column.addWidget(self.words)
        column.addLayout(self._grid)
        self.limits = ElidedLabel(device_card.limits_text(self.info))
        self.limits.setObjectName(f"limits-{self.info.name}")
        self.limits.setProperty("muted", True)
        self.limits.setToolTip("\n".join(self.info.limits))
        self.limits.setVisible(bool(self.info.limits))
        self.calibrated = label(name=f"calibrated-{self.info.name}", muted=True)
        self.calibrated.setVisible(False)
        column.addWidget(self.limits)
        column.addWidget(self.calibrated)
        self._form_place = QVBoxLayout()
        column.addLayout(self._form_place)
        row = QFlowLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setHorizontalSpacing(4)
        row.setVerticalSpacing(4)
        for action in self.info.actions:
            made = button(
                action.label + (" …" if action.fields else ""),
                name=f"action-{self.info.name}-{action.name}",
                tip=action.help,
            )
            made.setAccessibleName(f"{self.info.name}: {action.label}")
            made.clicked.connect(lambda _=False, chosen=action: self._choose(chosen))
            made.setEnabled(False)
            self._buttons[action.name] = made
            row.addWidget(made)
        column.addLayout(row)
        column.addWidget(self.answer)

    def _menu_button(self) -> Any:
        menu = QMenu(self)
        self._connect = QAction("Connect", self)
        menu.addAction(self._connect)
        self._connect.triggered.connect(
            lambda: self.connect_wanted.emit(self.info.name, not self._is_connected)
        )
        self._again = QAction("Try to connect now", self)
        self._again.setEnabled(False)
        menu.addAction(self._again)
        self._again.triggered.connect(lambda: self.connect_wanted.emit(self.info.name, True))
        wire = QAction("Look at the wire log", self)
        menu.addAction(wire)
        wire.triggered.connect(lambda: self.wire_wanted.emit(self.info.name))
        made = icon_button(
            "⋯",
            name=f"menu-{self.info.name}",
            accessible=f"{self.info.name}: more",
            tip="Connect, disconnect, try again, wire log",
        )
        made.setMenu(menu)
        self.setFocusProxy(made)
        made.setPopupMode(made.ToolButtonPopupMode.InstantPopup)
        return made

    def dress(self, icons: Any) -> None:
        """Take the icon of a theme."""
        self.icon.setPixmap(icons(device_card.icon_name(self.info)).pixmap(16, 16))

    # -- showing

    def show_state(self, state: DeviceState) -> None:
        """Show how the device is."""
        set_text(self.condition, device_card.condition_text(state))
        mark(
            self.condition,
            problem=state.condition in ("fault", "lost"),
            good=state.condition == "ok" and not state.emission,
            muted=state.condition in ("off", "connecting"),
        )
        mark(self, trouble=state.condition in ("fault", "lost"), lit=bool(state.emission))
        set_text(self.words, state.words)
        self.words.setVisible(bool(state.words))
        self.name.setToolTip(device_card.detail_text(self.info, state))
        self._connect.setText("Disconnect" if state.condition != "off" else "Connect")
        self._again.setEnabled(state.condition == "lost")
        self._is_connected = state.condition != "off"
        self._can_act = state.condition in ("ok", "fault")
        is_polled = self.info.kind != "Spectrometer"  # a spectrum is taken when one is wanted
        self._show_rows(device_card.rows_of(state, is_polled=is_polled))
        self._show_calibrations(state)
        self._enable()

    def _show_calibrations(self, state: DeviceState) -> None:
        today = datetime.now().astimezone().date()
        line = device_card.calibration_line(state.calibrations, today)
        set_text(self.calibrated, line.text)
        self.calibrated.setToolTip(line.detail)
        self.calibrated.setVisible(bool(line.text))
        mark(self.calibrated, stale=line.is_bad, muted=not line.is_bad)

    def _show_rows(self, rows: tuple[device_card.Row, ...]) -> None:
        while len(self._rows) < len(rows):
            name, value, old = ElidedLabel(), ElidedLabel(), label(muted=True)
            name.setProperty("muted", True)
            for each in (name, value):  # as wide as they are, unless there is not so much room
                each.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            value.setAlignment(right)  # type: ignore[arg-type] # PyQt5 says int
            old.setAlignment(right)  # type: ignore[arg-type]
            old.setMinimumWidth(34)
            place = len(self._rows)
            for column, widget in enumerate((name, value, old)):
                self._grid.addWidget(widget, place, column)
            self._rows.append((name, value, old))
        for place, (name, value, old) in enumerate(self._rows):
            is_shown = place < len(rows)
            for widget in (name, value):
                widget.setVisible(is_shown)
            if not is_shown:
                old.setVisible(False)
            if is_shown:
                row = rows[place]
                name.set_text(row.name)
                name.setToolTip(row.doc or row.name)
                value.set_text(row.text)
                set_text(old, row.age)
                if old.isHidden() == bool(row.age):  # a value without an age has its room, too
                    old.setVisible(bool(row.age))
                    self._grid.addWidget(value, place, 1, 1, 1 if row.age else 2)
                old.setToolTip("Age of the value" + (", it is old" if row.is_stale else ""))
                mark(old, problem=False, stale=row.is_stale)

    def show_answer(self, text: str, *, is_problem: bool) -> None:
        """Show what came of an action."""
        self.answer.set_text(text)
        self.answer.setVisible(bool(text))
        mark(self.answer, problem=is_problem, muted=not is_problem)

    def set_running(self, running: bool) -> None:
        """Allow only what makes safe while a run is going on."""
        self._is_running = running
        self._enable()

    def _enable(self) -> None:
        for action in self.info.actions:
            allowed = self._can_act and (action.stops or not self._is_running)
            self._buttons[action.name].setEnabled(allowed)
        if self._is_running and self._opened is not None:
            self._close_form()

    # -- acting

    def _choose(self, action: ActionInfo) -> None:
        if not action.fields:
            self._ask_and_act(action, {})
            return
        if self._opened is not None and self._opened.action == action:
            self._close_form()
            return
        self._close_form()
        form = ActionForm(self.info.name, action)
        form.given.connect(lambda values: self._ask_and_act(action, values))
        form.left.connect(self._close_form)
        self._form_place.addWidget(form)
        self._opened = form
        form.setFocus()

    def _close_form(self) -> None:
        if self._opened is not None:
            self._form_place.removeWidget(self._opened)
            self._opened.hide()
            self._opened.deleteLater()
            self._opened = None

    def _ask_and_act(self, action: ActionInfo, values: dict[str, Any]) -> None:
        if action.confirm and not self._confirmed(action):
            return
        self.show_answer("pending …", is_problem=False)
        self.act_wanted.emit(self.info.name, action.name, values)

    def _confirmed(self, action: ActionInfo) -> bool:
        box = QMessageBox(self)
        box.setWindowTitle(f"{self.info.name}: {action.label}")
        box.setText(action.confirm)
        box.setIcon(QMessageBox.Icon.Warning)
        yes = box.addButton(action.label, QMessageBox.ButtonRole.AcceptRole)
        no = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.exec()
        return box.clickedButton() is yes
