"""The bench panel: a card for every device."""

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui.messages import DeviceInfo, DeviceState, Done
from gui.panels.device_card import DeviceCard
from gui.widgets.helpers import button, label


class BenchPanel(QWidget):
    """Cards in a column.

    Attributes:
        act_wanted: Device, action and values.
        connect_wanted: Device and whether it is to be connected.
        wire_wanted: Device whose line one wants to look at.
        edit_wanted: The bench file is to be edited.
        find_wanted: An instrument is to be added.
    """

    act_wanted = Signal(str, str, object)
    connect_wanted = Signal(str, bool)
    wire_wanted = Signal(str)
    edit_wanted = Signal()
    find_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bench-panel")
        self.cards: dict[str, DeviceCard] = {}
        self._tickets: dict[int, str] = {}
        self._holder = QWidget()
        self._column = QVBoxLayout(self._holder)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(6)
        self._empty = label("The bench is starting …", muted=True)
        self._empty.setWordWrap(True)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._holder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 4, 6)
        outer.addWidget(area, 1)
        self.edit = button(
            "Edit bench …", name="edit-bench", tip="Add, change or take out instruments"
        )
        self.edit.clicked.connect(self.edit_wanted)
        self.add = button(
            "Add …", name="add-instrument", tip="Look for instruments and add one to the bench"
        )
        self.add.clicked.connect(self.find_wanted)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addWidget(self.edit, 1)
        outer.addLayout(row)

    def set_devices(self, devices: tuple[DeviceInfo, ...], icons: Any) -> None:
        """Make the cards.

        Args:
            devices: The devices.
            icons: Makes an icon from its name.
        """
        for card in self.cards.values():
            self._column.removeWidget(card)
            card.deleteLater()
        self.cards = {}
        self._empty.setVisible(not devices)
        for place, info in enumerate(devices):
            card = DeviceCard(info, icons)
            card.act_wanted.connect(self.act_wanted)
            card.connect_wanted.connect(self.connect_wanted)
            card.wire_wanted.connect(self.wire_wanted)
            self._column.insertWidget(place, card)
            self.cards[info.name] = card

    def show_states(self, states: dict[str, DeviceState]) -> None:
        """Show how the devices are."""
        for name, state in states.items():
            if name in self.cards:
                self.cards[name].show_state(state)

    def expect(self, ticket: int, device: str) -> None:
        """Note to which card an answer belongs."""
        self._tickets[ticket] = device

    def show_done(self, done: Done) -> None:
        """Show what came of an action."""
        card = self.cards.get(self._tickets.pop(done.ticket, ""))
        if card is not None:
            card.show_answer(done.error or done.text, is_problem=bool(done.error))

    def set_running(self, running: bool) -> None:
        """Allow only what makes safe while a run is going on."""
        for card in self.cards.values():
            card.set_running(running)

    def dress(self, icons: Any) -> None:
        """Take the icons of a theme."""
        for card in self.cards.values():
            card.dress(icons)

    def focus_first(self) -> None:
        """Put the focus on the first card."""
        for card in self.cards.values():
            card.setFocus()
            return
        self.edit.setFocus()

    def say(self, text: str) -> None:
        """Say why there are no cards."""
        self._empty.setText(text)
        self._empty.setVisible(not self.cards)
