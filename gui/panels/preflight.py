"""The preflight as a table: what was checked, and what it says."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QGridLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from gui.messages import PreflightTable
from gui.widgets.helpers import label, mark

_MARKS = {"ok": "✓", "note": "!", "refused": "✕"}
_MOST_HEIGHT = 150


class PreflightView(QFrame):
    """A line that sums up, and the table behind it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("preflight")
        self.setProperty("card", True)
        self.is_refused = False
        self.head = QToolButton()
        self.head.setObjectName("preflight-head")
        self.head.setProperty("flat", True)
        self.head.setCheckable(True)
        self.head.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setArrowType(Qt.ArrowType.RightArrow)
        self.head.setAccessibleName("Preflight")
        self.head.setToolTip("Show what was checked (Space)")
        self.head.toggled.connect(self._unfold)
        self._problem = label(problem=True, name="preflight-problem")
        self._problem.setWordWrap(True)
        self._problem.setVisible(False)
        self._body = QWidget()
        self._grid = QGridLayout(self._body)
        self._grid.setContentsMargins(6, 2, 6, 2)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._body)
        self._area.setMaximumHeight(_MOST_HEIGHT)
        self._area.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 3, 4, 3)
        column.setSpacing(2)
        column.addWidget(self.head)
        column.addWidget(self._problem)
        column.addWidget(self._area)
        self._sum_up("Preflight: not checked yet")

    def show_table(self, table: PreflightTable) -> None:
        """Show a table."""
        if table.error:
            self.show_problem(table.error)
            return
        refused = [row for row in table.checks if row.verdict == "refused"]
        notes = [row for row in table.checks if row.verdict == "note"]
        self.is_refused = bool(refused)
        self._problem.setVisible(bool(refused))
        self._problem.setText("\n".join(f"{row.name}: {row.detail}" for row in refused))
        if refused:
            self._sum_up(f"Preflight: refused, {_count(len(refused), 'reason')}")
        else:
            more = f", {_count(len(notes), 'note')}" if notes else ""
            self._sum_up(f"Preflight: {_count(len(table.checks), 'check')} ok{more}")
        mark(self, trouble=self.is_refused)
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for place, row in enumerate(table.checks):
            sign = label(_MARKS.get(row.verdict, row.verdict), strong=True)
            sign.setAccessibleName(row.verdict)
            mark(sign, good=row.verdict == "ok", problem=row.verdict == "refused")
            detail = label(f"{row.name}: {row.detail}")
            detail.setWordWrap(True)  # what was checked is read whole
            self._grid.addWidget(sign, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(detail, place, 1)
        self._area.setMinimumHeight(min(_MOST_HEIGHT, 21 * max(1, len(table.checks)) + 8))

    def show_problem(self, text: str) -> None:
        """Show why nothing can be checked."""
        self.is_refused = True
        self._problem.setText(text)
        self._problem.setVisible(True)
        mark(self, trouble=True)
        self._sum_up("Preflight: cannot be run like this")

    def _sum_up(self, text: str) -> None:
        self.head.setText(text)
        self.head.setAccessibleName(text)

    def _unfold(self, on: bool) -> None:
        self._area.setVisible(on)
        self.head.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
