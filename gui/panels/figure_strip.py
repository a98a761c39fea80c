"""The strip of figures below the plots."""

from typing import TYPE_CHECKING

from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from gui.widgets.helpers import label, set_text

if TYPE_CHECKING:
    from gui.presenters.run_view import RunView


class FigureStrip(QWidget):
    """Numbers of the run in a row; those that do not fit are left out at the end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("figure-strip")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2, 0, 2, 0)
        self._row.setSpacing(18)
        self._cells: list[tuple[QWidget, QLabel]] = []
        self._labels: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_figures(self, view: "RunView") -> None:
        """Show the figures of a run."""
        figures = view.figures() if view.opened is not None else ()
        labels = tuple(figure.label for figure in figures)
        if labels != self._labels:
            self._rebuild(labels)
        for figure, (_, value) in zip(figures, self._cells, strict=True):
            set_text(value, figure.text)
        self._show_what_fits()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave out what does not fit."""
        super().resizeEvent(event)
        self._show_what_fits()

    def _show_what_fits(self) -> None:
        left_px = self.width()
        for cell, _ in self._cells:
            left_px -= cell.sizeHint().width() + self._row.spacing()
            cell.setVisible(left_px > 0)

    def _rebuild(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._cells = []
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for text in labels:
            cell = QWidget()
            row = QHBoxLayout(cell)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(5)
            value = label(strong=True, name=f"figure-{text}")
            row.addWidget(label(text, muted=True))
            row.addWidget(value)
            self._row.addWidget(cell)
            self._cells.append((cell, value))
        self._row.addStretch(1)
