"""A track as a tiny picture."""

from collections.abc import Sequence

from qtpy.QtCore import QPointF, QSize
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

SIZE = QSize(56, 16)


def thumbnail(column: Sequence[float] | None, colour: str) -> QIcon:
    """Return a tiny picture of a track.

    Args:
        column: The values, None for none; NaN where there was none.
        colour: The colour of the line.
    """
    picture = QPixmap(SIZE)
    picture.fill(QColor(0, 0, 0, 0))
    good = [value for value in column or () if value == value]
    if len(good) > 1:
        width, height = SIZE.width(), SIZE.height()
        values = good[:: max(1, len(good) // width)]
        low = min(values)
        span = max(values) - low or 1.0
        points = [
            QPointF(
                1 + (width - 2) * place / max(len(values) - 1, 1),
                height - 2 - (height - 4) * (value - low) / span,
            )
            for place, value in enumerate(values)
        ]
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colour))
        painter.drawPolyline(QPolygonF(points))
        painter.end()
    return QIcon(picture)
