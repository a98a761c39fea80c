"""A list to choose from that the wheel does not change."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from gui.widgets.field_edit import WheelGuard


def combo(name: str, accessible: str, tip: str, *, letters: int = 0) -> QComboBox:
    """Return a list to choose from.

    Args:
        name: Object name.
        accessible: What it is, read aloud.
        tip: What it does.
        letters: It is as wide as so many letters, whatever it holds; 0 for as wide as needed.
    """
    made = QComboBox()
    made.setObjectName(name)
    made.setAccessibleName(accessible)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.installEventFilter(WheelGuard(made))
    if letters:
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        made.setSizeAdjustPolicy(policy)
        made.setMinimumContentsLength(letters)
    return made
