"""A track as a tiny picture."""

from collections.abc import Sequence

from qtpy.QtCore import QPointF, QSize
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

SIZE = QSize(46, 16)
_SHARP = 2.0  # pixels a point: it is sharp on a screen of 200 %, too
_LINE_PX = 1.4


def thumbnail(column: Sequence[float] | None, colour: str, *, selected: str) -> QIcon:
    """Return a tiny picture of a track.

    Args:
        column: The values, None for none; NaN where there was none.
        colour: The colour of the line.
        selected: Its colour where the row is selected, on the colour of the selection.
    """
    good = [value for value in column or () if value == value]
    made = QIcon()
    for mode, each in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Selected, selected)):
        made.addPixmap(_picture(good, each), mode)
    return made


def _picture(good: Sequence[float], colour: str) -> QPixmap:
    picture = QPixmap(SIZE * _SHARP)
    picture.setDevicePixelRatio(_SHARP)
    picture.fill(QColor(0, 0, 0, 0))
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
        painter.setPen(QPen(QColor(colour), _LINE_PX))
        painter.drawPolyline(QPolygonF(points))
        painter.end()
    return picture
