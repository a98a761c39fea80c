"""The strip of figures below the plots."""

from typing import TYPE_CHECKING

from qtpy.QtCore import QRect, QSize
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

from gui.widgets.helpers import label, set_text

if TYPE_CHECKING:
    from gui.presenters.run_view import RunView

_GAP_PX = 14
_SLACK_PX = 20
_WITHIN_PX = 5
_LEFT_PX = 2
_LINE_PX = 4
_MOST_ROWS = 3


class FigureStrip(QWidget):
    """Numbers of the run in as few rows as they need; it does not shrink during a run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("figure-strip")
        self._cells: list[tuple[QLabel, QLabel]] = []
        self._labels: tuple[str, ...] = ()
        self._widths: list[int] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._set_rows(1)

    def show_figures(self, view: "RunView") -> None:
        """Show the figures of a run."""
        figures = view.figures() if view.opened is not None else ()
        labels = tuple(figure.label for figure in figures)
        is_other = labels != self._labels
        if is_other:
            self._rebuild(labels)
        for place, (figure, (_, value)) in enumerate(zip(figures, self._cells, strict=True)):
            set_text(value, figure.text)
            wanted = value.sizeHint().width()
            if not 0 <= self._widths[place] - wanted <= _SLACK_PX:  # else the eye can rest
                self._widths[place], is_other = wanted, True
        if is_other:
            self._place()

    def sizeHint(self) -> QSize:
        """Return as much height as the rows need."""
        return QSize(0, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Find room for what there is."""
        super().resizeEvent(event)
        self._place()

    def _row_px(self) -> int:
        return int(self.fontMetrics().height()) + _LINE_PX

    def _set_rows(self, rows: int) -> None:
        self.setFixedHeight(rows * self._row_px())

    def _place(self) -> None:
        x, row = _LEFT_PX, 0
        height = self._row_px()
        for place, (name, value) in enumerate(self._cells):
            first, second = name.sizeHint().width(), self._widths[place]
            whole = first + _WITHIN_PX + second
            if x > _LEFT_PX and x + whole > self.width():
                x, row = _LEFT_PX, row + 1
            name.setGeometry(QRect(x, row * height, first, height))
            value.setGeometry(QRect(x + first + _WITHIN_PX, row * height, second, height))
            for each in (name, value):
                each.setVisible(row < _MOST_ROWS)
            x += whole + _GAP_PX
        self._set_rows(min(row + 1, _MOST_ROWS))

    def _rebuild(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        for cell in self._cells:
            for widget in cell:
                widget.hide()
                widget.deleteLater()
        self._cells = []
        for text in labels:
            name, value = label(text, muted=True), label(strong=True, name=f"figure-{text}")
            for each in (name, value):
                each.setParent(self)
            self._cells.append((name, value))
        self._widths = [0] * len(labels)
