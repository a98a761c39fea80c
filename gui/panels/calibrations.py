"""The calibrations panel: what the values of the bench rest on, and how old that is."""

from collections.abc import Mapping
from datetime import datetime

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import (
    QHBoxLayout,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.messages import Calibration, DeviceState
from gui.presenters.device_card import calibration_age
from gui.theme import Theme
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.helpers import button
from gui.widgets.table import table

_COLUMNS = (("instrument", 130), ("what", 150), ("day", 100), ("holds until", 100), ("age", 220))
_PLAN = Qt.ItemDataRole.UserRole


class CalibrationsPanel(QWidget):
    """Calibrations of the bench, the doubtful ones marked.

    Attributes:
        calibrate_wanted: Plan and device that are to be put into the form.
        runs_wanted: Words for which the runs are to be searched.
    """

    calibrate_wanted = Signal(str, str)
    runs_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("calibrations-panel")
        self._shown: dict[str, tuple[Calibration, ...]] = {}
        self._theme: Theme | None = None
        tip = "What the values of the instruments rest on"
        self.tree = table("calibrations-table", "Calibrations", tip, _COLUMNS)
        self.tree.currentItemChanged.connect(lambda *_: self._show_buttons())
        self.words = ElidedLabel("Calibrations are known when the instruments are connected")
        self.words.setObjectName("calibrations-words")
        self.words.setProperty("muted", True)
        self.calibrate = button(
            "Calibrate …", name="calibrate", tip="Put the plan that does it again into the form"
        )
        self.calibrate.clicked.connect(self._calibrate)
        self.runs = button(
            "Calibration runs", name="calibration-runs", tip="List the runs that calibrated"
        )
        self.runs.clicked.connect(lambda: self.runs_wanted.emit("calibrate"))
        row = QHBoxLayout()
        row.addWidget(self.calibrate)
        row.addWidget(self.runs)
        row.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.tree, 1)
        self._show_buttons()

    def dress(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self._fill()

    def show_states(self, states: Mapping[str, DeviceState]) -> None:
        """Take the state of the devices; draws only when a calibration has changed."""
        found = {name: state.calibrations for name, state in states.items() if state.calibrations}
        if found != self._shown:
            self._shown = found
            self._fill()

    def _fill(self) -> None:
        today = datetime.now().astimezone().date()
        self.tree.clear()
        bad = 0
        for device, calibrations in self._shown.items():
            for each in calibrations:
                age = calibration_age(each, today)
                bad += age.is_bad
                item = QTreeWidgetItem(
                    [device, each.what, each.day or "–", each.until or "–", age.text]
                )
                item.setData(0, _PLAN, each.plan)
                if age.is_bad and self._theme is not None:
                    item.setForeground(4, QBrush(QColor(self._theme.warning)))
                    item.setText(4, f"! {age.text}")
                self.tree.addTopLevelItem(item)
        if self._shown:
            self.words.set_text(f"{bad} to be looked at" if bad else "all in order")
        self._show_buttons()

    def _show_buttons(self) -> None:
        item = self.tree.currentItem()
        self.calibrate.setEnabled(item is not None and bool(item.data(0, _PLAN)))

    def _calibrate(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self.calibrate_wanted.emit(str(item.data(0, _PLAN)), item.text(0))
