"""The queue: what is to be run next."""

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gui.presenters.run_queue import QueuedRun, RunQueue
from gui.widgets.helpers import button, icon_button, label

_SIGNS = {"waiting": "○", "running": "▶", "interrupted": "!"}
_MOST_ROWS = 4


class QueuePanel(QWidget):
    """Shows the queue and edits it.

    Attributes:
        start_wanted: The person wants the queue to run.
        edit_wanted: The run that is to be put into the form.
    """

    start_wanted = Signal()
    edit_wanted = Signal(object)

    def __init__(self, queue: RunQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queue-panel")
        self._queue = queue
        self.head = label(muted=True, name="queue-head")
        self.list = QListWidget()
        self.list.setObjectName("queue-list")
        self.list.setAccessibleName("Queue")
        self.list.setToolTip("Runs that wait. Enter puts one into the form, Del takes it out")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(lambda _: self._edit())
        self.start = button(
            "Start queue", name="start-queue", shortcut="Ctrl+Shift+R",
            tip="Run what waits, one after the other",
        )  # fmt: skip
        self.start.clicked.connect(self.start_wanted)
        self.up = icon_button("↑", name="queue-up", accessible="Move up")
        self.down = icon_button("↓", name="queue-down", accessible="Move down")
        self.again = icon_button(
            "↻", name="queue-again", accessible="Let an interrupted run wait again"
        )
        self.remove = icon_button(
            "✕", name="queue-remove", accessible="Take out", shortcut="Ctrl+Del"
        )
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.again.clicked.connect(lambda: self._each(self._queue.again))
        self.remove.clicked.connect(lambda: self._each(self._queue.remove))
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.head, 1)
        for each in (self.up, self.down, self.again, self.remove):
            row.addWidget(each)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 6)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.list)
        column.addWidget(self.start)
        self.show_queue()

    def show_queue(self) -> None:
        """Show the queue as it is."""
        chosen = self._chosen()
        self.list.clear()
        for run in self._queue:
            note = f" ({run.note})" if run.note else ""
            item = QListWidgetItem(f"{_SIGNS[run.stage]}  {run.title()}{note}")
            item.setData(Qt.ItemDataRole.UserRole, run.key)
            item.setToolTip(_details(run))
            self.list.addItem(item)
            if run.key == chosen:
                self.list.setCurrentItem(item)
        count = len(self._queue)
        row_px = self.list.sizeHintForRow(0) if count else 0
        self.list.setFixedHeight(min(_MOST_ROWS, count) * max(row_px, 18) + 8)
        self.list.setVisible(count > 0)
        waiting = len(self._queue.waiting)
        self.head.setText(f"Queue: {waiting} waiting" if count else "Queue: empty")
        self.start.setVisible(self._queue.is_held and waiting > 0)
        for each in (self.up, self.down, self.remove):
            each.setVisible(count > 0)
        self.again.setVisible(bool(self._queue.lost))

    def _chosen(self) -> int | None:
        item = self.list.currentItem()
        return None if item is None else int(item.data(Qt.ItemDataRole.UserRole))

    def _move(self, by: int) -> None:
        key = self._chosen()
        if key is not None:
            self._queue.move(key, by)

    def _each(self, work: object) -> None:
        key = self._chosen()
        if key is not None and callable(work):
            work(key)

    def _edit(self) -> None:
        key = self._chosen()
        for run in self._queue:
            if run.key == key:
                self.edit_wanted.emit(run)


def _details(run: QueuedRun) -> str:
    lines = [run.plan.replace("_", " ")]
    lines += [f"{name} = {value}" for name, value in run.values.items() if value not in (None, "")]
    return "\n".join(lines)
