"""Tables of which one row is chosen."""

from collections.abc import Sequence

from qtpy.QtWidgets import QAbstractItemView, QTreeWidget

_LEAST_PX = 40


def table(
    name: str,
    accessible: str,
    tip: str,
    columns: Sequence[tuple[str, int]],
    *,
    stretched: int | None = None,
) -> QTreeWidget:
    """Return a table without rows.

    Args:
        name: Object name.
        accessible: What it holds, read aloud.
        tip: What one can do with it.
        columns: Heads and widths.
        stretched: The column that takes what room is left, so that no scroll bar is needed; the
            last one when None.
    """
    made = QTreeWidget()
    made.setObjectName(name)
    made.setAccessibleName(accessible)
    made.setToolTip(tip)
    made.setHeaderLabels([head for head, _ in columns])
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setAlternatingRowColors(True)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    header = made.header()
    assert header is not None
    header.setMinimumSectionSize(_LEAST_PX)
    for place, (_, width) in enumerate(columns):
        made.setColumnWidth(place, width)
    if stretched is not None:
        header.setStretchLastSection(False)
        header.setSectionResizeMode(stretched, header.ResizeMode.Stretch)
    return made
